//! What was sealed, in the words of the approvals.
//!
//! A request speaks of whole files, and sealing hashes a file that spans
//! volumes in parts, each on a thread of its own. Such a file is read once more
//! here, and its parts have to be those that were sealed: so the digest that is
//! compared with the approved one is that of what is in the package.

use super::complete::{Place, walk};
use super::volume::BUFFER;
use super::{PayloadKind, SealError};
use crate::approval::ContentHasher;
use crate::digest::{Digest, Hasher};
use crate::layout;
use crate::manifest::{Content, Part};
use crate::progress::Progress;
use crate::source::{Entry, Listing, Source, SourceError};

pub(super) fn content(
    source: &Source,
    listing: &Listing,
    contents: &[layout::Content],
    digests: &[Digest],
    progress: &dyn Progress,
) -> Result<Content, SealError> {
    let mut hasher = ContentHasher::default();
    walk(
        PayloadKind::Tar,
        listing,
        contents,
        digests,
        |entry, place| {
            let digest = match place {
                // Of what an earlier package holds nothing was read now.
                Place::LeftOut(_) | Place::Held(..) | Place::At(..) => None,
                Place::Whole(_, _, digest) => Some(digest),
                Place::Parts(parts) => Some(whole(source, entry, parts, progress)?),
            };
            hasher.entry(entry, digest);
            Ok::<_, SealError>(())
        },
    )?;
    Ok(hasher.finish())
}

/// The digest of a file whose parts were sealed.
fn whole(
    source: &Source,
    entry: &Entry<'_>,
    parts: &[Part],
    progress: &dyn Progress,
) -> Result<Digest, SealError> {
    progress.current(&entry.path());
    let mut reader = source.read_file(entry, 0..entry.bytes())?;
    let mut buffer = vec![0; BUFFER];
    let mut whole = Hasher::default();
    for part in parts {
        let mut hasher = Hasher::default();
        let mut left = part.bytes;
        while left > 0 {
            if progress.cancelled() {
                return Err(SourceError::Interrupted.into());
            }
            let want = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
            let data = reader.next(&mut buffer[..want])?;
            if data.is_empty() {
                break;
            }
            whole.update(data);
            hasher.update(data);
            left -= data.len() as u64;
        }
        if left > 0 || hasher.finish().0 != part.sha256 {
            return Err(changed(entry));
        }
    }
    // Says so if it has changed meanwhile.
    match reader.next(&mut buffer)? {
        [] => Ok(whole.finish().0),
        _ => Err(changed(entry)),
    }
}

fn changed(entry: &Entry<'_>) -> SealError {
    let path = entry.path().to_string();
    SourceError::Changed { path }.into()
}
