//! A volume while it is written: compressed, encrypted, hashed, into a member of the
//! package; the last two on another thread where it is shared.

use std::io::{self, Write};
use std::thread::Scope;

use super::relay::{Relay, Stopped};
use super::volume::Sealer;
use super::{SealError, Stage};
use crate::codec::Encoder;
use crate::digest::{Digest, HashingWriter};
use crate::keys::encrypt_to;
use crate::layout::volume_name;
use crate::manifest::Volume;

impl<S: Stage> Sealer<'_, S> {
    /// Begins volume `index`, counted from 0; what becomes of it is hashed and written
    /// on another thread of the scope, if there is one.
    pub(super) fn begin<'s>(
        &self,
        index: usize,
        scope: Option<&'s Scope<'s, '_>>,
    ) -> Result<Output<'s, S::Member>, SealError>
    where
        S::Member: 's,
    {
        let name = volume_name(index + 1);
        let begun = self.stage.create(&name).and_then(|member| {
            let mut encrypted = encrypt_to(&self.recipient, Ciphertext::new(member, scope))?;
            // Whoever looks sees that it has begun, however little comes at first.
            encrypted.flush()?;
            Encoder::new(encrypted, self.level)
        });
        match begun {
            Ok(out) => Ok(Output { name, out }),
            Err(error) => Err(write_error(&name, error)),
        }
    }
}

/// A volume while it is written: compressed, encrypted, hashed.
pub(super) struct Output<'s, M: Write> {
    name: String,
    out: Encoder<age::stream::StreamWriter<Ciphertext<'s, M>>>,
}

impl<M: Write> Output<'_, M> {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        let written = self.out.write_all(bytes);
        written.map_err(|error| write_error(&self.name, error))
    }

    /// Ends the volume.
    pub(super) fn finish(self, stage: &impl Stage<Member = M>) -> Result<Volume, SealError> {
        let Self { name, out } = self;
        let finished = out.finish().and_then(|out| {
            let (member, sha256, bytes) = out.finish()?.finish()?;
            stage.close(member)?;
            Ok((sha256, bytes))
        });
        match finished {
            Ok((sha256, bytes)) => Ok(Volume {
                bytes,
                name,
                sha256,
            }),
            Err(error) => Err(write_error(&name, error)),
        }
    }
}

#[cfg(test)]
impl<'s, M: Write + Send + 's> Output<'s, M> {
    /// A volume of no package.
    pub(super) fn alone(
        member: M,
        recipient: &age::x25519::Recipient,
        scope: &'s Scope<'s, '_>,
    ) -> Result<Self, SealError> {
        let name = volume_name(1);
        let encrypted = encrypt_to(recipient, Ciphertext::new(member, Some(scope)));
        match encrypted.and_then(|encrypted| Encoder::new(encrypted, None)) {
            Ok(out) => Ok(Self { name, out }),
            Err(error) => Err(write_error(&name, error)),
        }
    }

    pub(super) fn into_member(self) -> Result<M, SealError> {
        let Self { name, out } = self;
        let finished = out.finish().and_then(|out| out.finish()?.finish());
        match finished {
            Ok((member, ..)) => Ok(member),
            Err(error) => Err(write_error(&name, error)),
        }
    }
}

type Hashed<'s, M> = Relay<'s, HashingWriter<M>, io::Error>;

/// What age makes, hashed and written on this thread or on another one.
enum Ciphertext<'s, M> {
    Here(HashingWriter<M>),
    /// `None` once that thread has failed.
    Elsewhere(Option<Hashed<'s, M>>),
}

impl<'s, M: Write + Send + 's> Ciphertext<'s, M> {
    fn new(member: M, scope: Option<&'s Scope<'s, '_>>) -> Self {
        let hashing = HashingWriter::new(member);
        let Some(scope) = scope else {
            return Self::Here(hashing);
        };
        match Relay::new(scope, hashing, HashingWriter::write_all) {
            Ok(relay) => Self::Elsewhere(Some(relay)),
            Err(hashing) => Self::Here(hashing),
        }
    }
}

impl<M: Write> Ciphertext<'_, M> {
    /// The member with its digest and its bytes.
    fn finish(self) -> io::Result<(M, Digest, u64)> {
        let hashing = match self {
            Self::Here(hashing) => hashing,
            Self::Elsewhere(relay) => relay.ok_or(io::ErrorKind::BrokenPipe)?.finish()?,
        };
        Ok(hashing.finish())
    }
}

impl<M: Write> Write for Ciphertext<'_, M> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Here(hashing) => hashing.write(bytes),
            Self::Elsewhere(relay) => {
                handed(relay, |relay| relay.write(bytes))?;
                Ok(bytes.len())
            }
        }
    }

    /// Keeps nothing back; what is handed over need not be written yet.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Here(hashing) => hashing.flush(),
            Self::Elsewhere(relay) => handed(relay, Relay::send_rest),
        }
    }
}

/// Hands something over; the error is that of the thread which does not go on.
fn handed<'s, M: Write>(
    relay: &mut Option<Hashed<'s, M>>,
    hand_over: impl FnOnce(&mut Hashed<'s, M>) -> Result<(), Stopped>,
) -> io::Result<()> {
    match relay.as_mut().map(hand_over) {
        Some(Ok(())) => Ok(()),
        Some(Err(Stopped)) => {
            let failed = relay.take().and_then(|relay| relay.finish().err());
            Err(failed.unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()))
        }
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

pub(super) fn write_error(member: &str, source: io::Error) -> SealError {
    SealError::Write {
        member: member.to_owned(),
        source,
    }
}
