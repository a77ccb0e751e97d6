//! Keys that encrypt: recipients, identities, and the package key in its
//! envelope. Everything here is age's own cryptography, but for the KEM of its
//! post-quantum keys, which is put together in `hybrid`; this module bounds
//! what age is given to read and says plainly what went wrong.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::iter;
use std::path::Path;

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use zeroize::{Zeroize, Zeroizing};

use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;

mod book;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod hybrid;
mod identity;
mod new_file;
mod plugin;
mod recipient;
#[cfg(feature = "ssh")]
mod ssh;

pub use book::{BookError, BookProblem, RecipientBook};
#[cfg(test)]
pub(crate) use hybrid::pair as post_quantum_pair;
pub use identity::{EncryptedIdentities, Identities, IdentityFile, IdentityPair};
pub use new_file::{sync_folder_of, write_new_file, write_secret_file};
pub use plugin::Talk;
pub(crate) use recipient::MAX_RECIPIENT;
pub use recipient::{Recipient, Recipients, shortened};

/// The work factor of scrypt in what exeat writes, the one of the reference
/// `age`: 2^18, which takes 256 MiB and about a second.
const SCRYPT_WRITE: u8 = 18;
/// The largest work factor taken from a package, which may be an attacker's:
/// 2^20, which takes 1 GiB.
const SCRYPT_READ: u8 = 20;
/// How long a line of a stanza is that another one follows, in characters
/// (age-encryption.org/v1, "wrapped at 64 columns").
const FULL_LINE: usize = 64;
/// The longest age header a reader takes, in bytes.
const MAX_HEADER: u64 = 64 << 10;
/// The most stanzas (recipients) in an age header that a reader takes.
const MAX_STANZAS: usize = 128;
/// The most recipients of a package; age may add stanzas of its own.
pub const MAX_RECIPIENTS: usize = 100;
/// The most bytes that their keys have together, as text. In an age header an
/// SSH key or a post-quantum one takes about as much room as its text, and there,
/// as in the first line of the inventory, names and much else share 64 KiB with
/// them.
const MAX_KEYS: usize = 24 << 10;
/// What stands for a passphrase where recipients are listed.
pub(crate) const PASSPHRASE: &str = "passphrase";
/// The largest envelope a reader takes: a header and one line.
pub(crate) const MAX_ENVELOPE: u64 = MAX_HEADER + 1024;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a recipient.
    #[error("'{text}' is not a recipient: {reason}")]
    Recipient {
        /// What was given, escaped and cut short.
        text: String,
        /// Why not.
        reason: &'static str,
    },
    /// A line of a recipients file is not a recipient.
    #[error("line {line} is not a recipient: {reason}")]
    RecipientLine {
        /// The line, counted from 1; its text is not for showing.
        line: usize,
        /// Why not.
        reason: &'static str,
    },
    /// A recipients file without one.
    #[error("it names no recipient")]
    NoRecipients,
    /// More recipients than a package may have.
    #[error("{0} recipients are more than the {MAX_RECIPIENTS} a package can have")]
    TooManyRecipients(usize),
    /// Keys that are too long for the header of a package.
    #[error(
        "the keys of the recipients have {0} bytes together, and a package has room for {MAX_KEYS}"
    )]
    KeysTooLong(usize),
    /// Not an identity file.
    #[error("it is not an identity file: {reason}")]
    Identity {
        /// Why not; never any of its content.
        reason: String,
    },
    /// An SSH key that opens nothing.
    #[error("it is an SSH key that cannot open packages: {algorithm}{fault}")]
    SshIdentity {
        /// OpenSSH's name for the kind of key.
        algorithm: String,
        /// Why not.
        fault: SshFault,
    },
    /// The plugin of a key is not installed.
    #[error("the program '{program}' is not there")]
    PluginMissing {
        /// The name of the program.
        program: String,
    },
    /// The plugin of a key did not do its work.
    #[error("the age plugin '{program}' failed: {reason}")]
    Plugin {
        /// The name of the program.
        program: String,
        /// What went wrong, escaped where it is the plugin's words.
        reason: String,
    },
    /// A plugin asked something, and there was no answer.
    #[error("the age plugin '{program}' asked something, and had no answer")]
    PluginUnanswered {
        /// The name of the program.
        program: String,
    },
    /// A plugin forbids that its keys stand beside others.
    #[error("these recipients cannot be in one package: a plugin's keys do not mix with others")]
    Incompatible,
    /// Keys that a quantum computer opens beside keys that it does not.
    #[error("these recipients cannot be in one package: some are post-quantum, others are not")]
    NotAllPostQuantum,
    /// A passphrase that everybody knows.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase does not open it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It would take too much memory to try the passphrase.
    #[error("it asks for 2^{required} units of work to try a passphrase, which is too much")]
    ExcessiveWork {
        /// The work factor it asks for.
        required: u8,
    },
    /// None of the identities opens it.
    #[error("none of the given identities opens this package")]
    NoMatch,
    /// It is for a passphrase, and there is none.
    #[error("this package was sealed with a passphrase")]
    PassphraseNeeded,
    /// The header of an age file is not what the age format asks for.
    #[error("the age header is malformed: {reason}")]
    Header {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The envelope holds something other than a package key.
    #[error("the envelope does not hold a package key")]
    Envelope,
    /// The envelope holds another key than the manifest promises.
    #[error("the envelope holds the key of another package")]
    Commitment,
    /// A member is encrypted to another key than the package's.
    #[error("a volume or the inventory is encrypted to another key than the package's")]
    ForeignMember,
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why an SSH key opens nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SshFault {
    /// Such keys sign and do nothing else.
    #[error(" keys only sign")]
    Kind,
    /// The key is in a hardware token.
    #[error(" keys are in a hardware token, which only signs with them")]
    Hardware,
    /// An RSA key that is larger than age takes.
    #[error(" keys of more than 4096 bits are not supported")]
    TooLarge,
    /// Encrypted in an unusual way.
    #[error(", encrypted with a cipher that is not supported")]
    Cipher,
    /// It would take too long to try the passphrase.
    #[error(", which asks for {0} rounds of work to try a passphrase, too much")]
    Rounds(u32),
}

impl Explain for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Recipient { .. } | Self::RecipientLine { .. } => "recipient-malformed",
            Self::NoRecipients => "no-recipient",
            Self::TooManyRecipients(_) | Self::KeysTooLong(_) => "too-many-recipients",
            Self::Identity { .. } => "identity-malformed",
            Self::SshIdentity { .. } => "identity-unsupported",
            Self::PluginMissing { .. } => "plugin-missing",
            Self::Plugin { .. } => "plugin-failed",
            Self::PluginUnanswered { .. } => "plugin-unanswered",
            Self::Incompatible | Self::NotAllPostQuantum => "recipients-incompatible",
            Self::EmptyPassphrase => "empty-passphrase",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::ExcessiveWork { .. } => "excessive-work",
            Self::NoMatch => "wrong-key",
            Self::PassphraseNeeded => "passphrase-needed",
            Self::Header { .. } => "age-header-malformed",
            Self::Envelope => "envelope-malformed",
            Self::Commitment => "envelope-foreign",
            Self::ForeignMember => "member-foreign",
            Self::Io(_) => "io",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Header { .. }
            | Self::Envelope
            | Self::Commitment
            | Self::ForeignMember
            | Self::ExcessiveWork { .. } => Fault::Package,
            Self::PluginMissing { .. } | Self::Plugin { .. } | Self::Io(_) => Fault::Environment,
            _ => Fault::Request,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Recipient { .. } | Self::RecipientLine { .. } => {
                "a recipient is the line beginning with 'age1' that the other side's \
                 'exeat init' (or 'age-keygen -y') printed, their public SSH key \
                 ('ssh-ed25519 …' or 'ssh-rsa …'), or a name from your recipients.toml"
            }
            Self::NoRecipients => "put one recipient on a line",
            Self::TooManyRecipients(_) => "make several packages",
            Self::KeysTooLong(_) => {
                "make several packages, or ask for keys that 'exeat init' makes, which are short"
            }
            Self::Identity { .. } => {
                "give the file that 'exeat init' or 'age-keygen' made; it has a line \
                 beginning with 'AGE-SECRET-KEY-'; or a private SSH key"
            }
            Self::SshIdentity { fault, .. } => match fault {
                SshFault::Hardware => {
                    "give the identity that an age plugin made for the token, or one that \
                     'exeat init' made, and send its 'age1' line to the sender"
                }
                SshFault::Kind | SshFault::TooLarge => {
                    "give an Ed25519 key, which 'ssh-keygen -t ed25519' makes, or an identity \
                     that 'exeat init' made, and send its public line to the sender"
                }
                SshFault::Cipher | SshFault::Rounds(_) => {
                    "'ssh-keygen -p -f FILE' encrypts the key anew in the usual way"
                }
            },
            Self::PluginMissing { .. } => {
                "the key is one of this age plugin's; install the plugin, so that the program is \
                 in a folder of the PATH, or use another key"
            }
            Self::Plugin { .. } => {
                "try the plugin by itself with 'age'; AGEDEBUG=plugin shows what it is asked and \
                 answers, secrets included"
            }
            Self::PluginUnanswered { .. } => {
                "run it on a terminal, without --json, and answer what the plugin asks"
            }
            Self::Incompatible => "make a package of its own for the keys of that plugin",
            Self::NotAllPostQuantum => {
                "all or none of the recipients have to be post-quantum ('age1pq1…'): make a \
                 package for each kind, or ask the others for such a key, which 'age-keygen -pq' \
                 of age 1.3 makes"
            }
            Self::EmptyPassphrase => "give one, or have one made",
            Self::WrongPassphrase => "try again; capital letters and spaces count",
            Self::NoMatch => {
                "give the identity whose recipient line you sent to the sender, or ask them \
                 to export it again for the one you have"
            }
            Self::PassphraseNeeded => {
                "run it on a terminal, with --passphrase where the command has that option, \
                 to be asked for it"
            }
            Self::ExcessiveWork { .. }
            | Self::Header { .. }
            | Self::Envelope
            | Self::ForeignMember
            | Self::Commitment => "do not use this package; ask the sender for another one",
            Self::Io(error) => return crate::diagnostic::io_help(error),
        }))
    }
}

/// The key that volumes and inventory of one package are encrypted to; made
/// fresh for each package and kept in memory alone until its envelope is
/// written.
pub(crate) struct PackageKey(age::x25519::Identity);

impl PackageKey {
    pub(crate) fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// What encrypts to it; needs no secret.
    pub(crate) fn recipient(&self) -> age::x25519::Recipient {
        self.0.to_public()
    }

    /// What the manifest says of it: SHA-256 of the recipient string.
    pub(crate) fn commitment(&self) -> Digest {
        Digest::of(self.recipient().to_string().as_bytes())
    }

    /// The bytes of `key.age`: this key for the recipients.
    ///
    /// # Errors
    /// What plugins did wrong.
    pub(crate) fn envelope(&self, recipients: &Recipients) -> Result<Vec<u8>, KeyError> {
        let mut line = Zeroizing::new(String::with_capacity(96));
        line.push_str(self.0.to_string().expose_secret());
        line.push('\n');
        encrypt_for(recipients, line.as_bytes())
    }

    /// Opens an envelope, `key.age`, with the first identity that fits.
    ///
    /// # Errors
    /// No identity fits; the passphrase is wrong; or the envelope holds
    /// anything but one package key.
    pub(crate) fn from_envelope(bytes: &[u8], identities: &Identities) -> Result<Self, KeyError> {
        let kind = EnvelopeKind::of(bytes)?;
        if kind == EnvelopeKind::Passphrase && !identities.has_passphrase() {
            return Err(KeyError::PassphraseNeeded);
        }
        let decryptor = Decryptor::new_buffered(bytes).map_err(|e| decrypt_error(e, kind))?;
        let (unwrappers, missing) = identities.unwrappers();
        let plugins = unwrappers.iter().map(|one| one as &dyn age::Identity);
        let mut reader = decryptor
            .decrypt(identities.iter().chain(plugins))
            .map_err(|error| match error {
                // After a plugin gave a key: it was another's.
                DecryptError::NoMatchingKeys | DecryptError::InvalidMac => {
                    let failed = unwrappers.iter().find_map(plugin::Unwrapper::error);
                    failed.or(missing).unwrap_or(decrypt_error(error, kind))
                }
                error => decrypt_error(error, kind),
            })?;
        let mut line = Zeroizing::new([0_u8; 96]);
        let mut filled = 0;
        loop {
            match reader
                .read(&mut line[filled..])
                .map_err(|_| KeyError::Envelope)?
            {
                0 => break,
                count => filled += count,
            }
            if filled == line.len() {
                return Err(KeyError::Envelope);
            }
        }
        let text = std::str::from_utf8(&line[..filled]).map_err(|_| KeyError::Envelope)?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let key: age::x25519::Identity = text.parse().map_err(|_| KeyError::Envelope)?;
        // One way to write it: no spaces, no lower case.
        if key.to_string().expose_secret() != text {
            return Err(KeyError::Envelope);
        }
        Ok(Self(key))
    }

    /// Reads an age file for this key, its header bounded first.
    pub(crate) fn decrypt<R: Read + Seek>(
        &self,
        file: R,
    ) -> Result<age::stream::StreamReader<BufReader<R>>, KeyError> {
        let mut reader = BufReader::with_capacity(1 << 16, file);
        scan_header(&mut reader)?;
        reader.rewind()?;
        let decryptor =
            Decryptor::new_buffered(reader).map_err(|e| decrypt_error(e, EnvelopeKind::Keys))?;
        decryptor
            .decrypt(iter::once(&self.0 as &dyn age::Identity))
            .map_err(|e| match decrypt_error(e, EnvelopeKind::Keys) {
                KeyError::NoMatch => KeyError::ForeignMember,
                other => other,
            })
    }
}

impl fmt::Debug for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PackageKey(…)")
    }
}

/// What opens an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeKind {
    /// An identity.
    Keys,
    /// A passphrase.
    Passphrase,
}

impl EnvelopeKind {
    /// What opens the envelope with these bytes, from its header alone.
    ///
    /// # Errors
    /// A header that is malformed or larger than a reader takes.
    pub(crate) fn of(mut bytes: &[u8]) -> Result<Self, KeyError> {
        scan_header(&mut bytes)
    }
}

/// Bounds the header of an age file before age parses it: its parser takes
/// time that grows with the square of the number of stanzas. And every stanza has
/// to end as the specification says, with a line that is not full; the crate takes
/// some without, of its own early versions.
///
/// Reads to the end of the header, and says what opens the file.
fn scan_header(reader: &mut impl BufRead) -> Result<EnvelopeKind, KeyError> {
    let error = |reason| KeyError::Header { reason };
    let mut limited = reader.take(MAX_HEADER);
    let mut line = Vec::new();
    let mut stanzas = 0;
    let mut kind = EnvelopeKind::Keys;
    // Whether a stanza has begun whose last line has not come yet.
    let mut is_open = false;
    for number in 0.. {
        line.clear();
        limited.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(error(if limited.limit() == 0 {
                "it is larger than 64 KiB"
            } else {
                "it is cut short"
            }));
        }
        if number == 0 {
            if line != b"age-encryption.org/v1" {
                return Err(error("it is not an age file of version 1"));
            }
        } else if is_open && line.starts_with(b"-") {
            return Err(error("a stanza in it has no end"));
        } else if line.starts_with(b"-> ") {
            is_open = true;
            stanzas += 1;
            if stanzas > MAX_STANZAS {
                return Err(error("it has more than 128 stanzas"));
            }
            if line[3..].split(|&byte| byte == b' ').next() == Some(b"scrypt") {
                kind = EnvelopeKind::Passphrase;
            }
        } else if line.starts_with(b"---") {
            break;
        } else {
            is_open = is_open && line.len() == FULL_LINE;
        }
    }
    Ok(kind)
}

/// An age file for the recipients, in memory.
fn encrypt_for(recipients: &Recipients, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
    let (encryptor, wrappers) = match recipients {
        Recipients::Keys(keys) => {
            let wrappers = recipient::wrappers(keys)?;
            let plugins = wrappers.iter().map(|one| one as &dyn age::Recipient);
            let all = keys.iter().filter_map(Recipient::key).chain(plugins);
            let encryptor = Encryptor::with_recipients(all).map_err(|error| {
                let failed = wrappers.iter().find_map(plugin::Wrapper::error);
                failed.unwrap_or(match error {
                    EncryptError::IncompatibleRecipients { l_labels, r_labels } => {
                        match l_labels
                            .union(&r_labels)
                            .any(|label| label == hybrid::LABEL)
                        {
                            true => KeyError::NotAllPostQuantum,
                            false => KeyError::Incompatible,
                        }
                    }
                    error => KeyError::Io(io::Error::other(error)),
                })
            })?;
            (encryptor, wrappers)
        }
        Recipients::Passphrase(passphrase) => (passphrase_encryptor(passphrase), Vec::new()),
    };
    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes)?;
    writer.write_all(plaintext)?;
    writer.finish()?;
    // What a plugin adds may be of any size and kind.
    if let Some(wrapper) = wrappers.first()
        && !matches!(EnvelopeKind::of(&bytes), Ok(EnvelopeKind::Keys))
    {
        return Err(wrapper.failed("what it made is more than a package has room for"));
    }
    Ok(bytes)
}

fn passphrase_encryptor(passphrase: &SecretString) -> Encryptor {
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(SCRYPT_WRITE);
    Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
        .expect("a passphrase alone is a complete set of recipients")
}

/// Encrypts to the package key whatever is written, until `finish`.
pub(crate) fn encrypt_to<W: Write>(
    recipient: &age::x25519::Recipient,
    output: W,
) -> io::Result<age::stream::StreamWriter<W>> {
    Encryptor::with_recipients(iter::once(recipient as &dyn age::Recipient))
        .map_err(io::Error::other)?
        .wrap_output(output)
}

fn decrypt_error(error: DecryptError, kind: EnvelopeKind) -> KeyError {
    match error {
        DecryptError::NoMatchingKeys => KeyError::NoMatch,
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed
            if kind == EnvelopeKind::Passphrase =>
        {
            KeyError::WrongPassphrase
        }
        DecryptError::ExcessiveWork { required, .. } => KeyError::ExcessiveWork { required },
        DecryptError::InvalidMac => KeyError::Header {
            reason: "its authentication code is wrong",
        },
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            KeyError::Io(error)
        }
        _ => KeyError::Header {
            reason: "it is not what the age format asks for",
        },
    }
}

/// Reads a small file that may hold a secret, at most `limit` bytes, without
/// leaving copies of it in memory.
///
/// # Errors
/// What the system says, or that it is larger.
pub fn read_secret_file(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_secret(File::open(path)?, limit)
}

/// The same of what is open already, or comes through a pipe.
///
/// # Errors
/// What the system says, or that there is more.
pub fn read_secret(mut file: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; limit + 1]);
    let mut filled = 0;
    loop {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("larger than {limit} bytes"),
            ));
        }
    }
    bytes[filled..].zeroize();
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
