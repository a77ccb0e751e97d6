//! Private keys in the folder that an export is to go to: a package beside the
//! key that opens it is not encrypted for whoever finds both.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::inspect::private_key;
use crate::path::Escaped;

/// How much of each file is looked at, in bytes; a private key with its
/// comments is smaller.
const LOOKED_AT: usize = 64 << 10;
/// How many are named.
const NAMED: usize = 5;

/// Files that are or may be private keys, directly in `folder`; not in the
/// folders below it. Links to files are followed. What cannot be looked into
/// may be a key, and is named with the reason. Escaped for people.
pub(super) fn find(folder: &OwnedFd) -> Vec<String> {
    let mut found = First::default();
    let items = match Dir::read_from(folder) {
        Ok(items) => items,
        Err(error) => return vec![unread(b".", error)],
    };
    for item in items {
        let name = match &item {
            Ok(item) => item.file_name().to_bytes(),
            Err(error) => {
                found.add(unread(b".", *error));
                break;
            }
        };
        match is_key(folder, name) {
            Ok(true) => found.add(Escaped(name).to_string()),
            Ok(false) => {}
            Err(error) => found.add(unread(name, error)),
        }
    }
    found.0.into_iter().collect()
}

/// The first few in the order of their letters, whatever the order of the
/// folder.
#[derive(Default)]
struct First(BTreeSet<String>);

impl First {
    fn add(&mut self, name: String) {
        self.0.insert(name);
        if self.0.len() > NAMED {
            self.0.pop_last();
        }
    }
}

fn unread(name: &[u8], error: impl Into<io::Error>) -> String {
    let name = Escaped(name);
    format!("{name} (cannot be looked into: {})", error.into())
}

/// Whether the name leads to a file with a private key in it.
fn is_key(folder: &OwnedFd, name: &[u8]) -> io::Result<bool> {
    // A name is resolved as any other program would do it, links too: it is
    // only read, and nothing that is read goes anywhere.
    let stat = match rustix::fs::statat(folder, name, AtFlags::empty()) {
        // It has gone, or is a link that leads nowhere.
        Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => return Ok(false),
        other => other?,
    };
    // Opening a device may do something to it.
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Ok(false);
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(false),
        other => other?,
    };
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
        return Ok(false);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LOOKED_AT));
    let mut file = File::from(file).take(LOOKED_AT as u64);
    file.read_to_end(&mut bytes)?;
    Ok(private_key(&bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn found(dir: &Path) -> Vec<String> {
        find(&crate::destination::open_folder(dir).expect("a folder"))
    }

    fn key() -> String {
        let header = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
        format!("{header}{}\n", "b3Bl".repeat(17))
    }

    #[test]
    fn among_thousands_of_others() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for number in 0..3000 {
            fs::write(dir.path().join(format!("{number}")), "").expect("written");
        }
        assert!(found(dir.path()).is_empty());
        for number in 0..20 {
            fs::write(dir.path().join(format!("key{number:02}")), key()).expect("written");
        }
        let expected = ["key00", "key01", "key02", "key03", "key04"];
        assert_eq!(found(dir.path()), expected);
    }

    #[test]
    fn behind_links_and_before_much_else() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (out, home) = (dir.path().join("out"), dir.path().join("home"));
        for folder in [&out, &home, &out.join("below")] {
            fs::create_dir(folder).expect("made");
        }
        fs::write(home.join("id"), key()).expect("written");
        fs::write(out.join("below/id"), key()).expect("written");
        for (target, name) in [
            ("../home/id", "link"),
            ("nowhere", "broken"),
            ("loop", "loop"),
            ("/dev/zero", "device"),
            ("below", "folder"),
            ("/etc/hostname/x", "through a file"),
        ] {
            symlink(target, out.join(name)).expect("made");
        }
        let long = key() + &"\n".repeat(1 << 20);
        fs::write(out.join("large"), long).expect("written");
        assert_eq!(found(&out), ["large", "link"]);
    }

    #[test]
    fn what_cannot_be_read_may_be_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // A name that resolves to something that everybody's reading fails for.
        symlink("/proc/self/mem", dir.path().join("unreadable")).expect("made");
        let [said] = &found(dir.path())[..] else {
            panic!("{:?}", found(dir.path()));
        };
        assert!(
            said.starts_with("unreadable (cannot be looked into: "),
            "{said}"
        );
    }
}
