//! Identities: what opens a package, and the files they are kept in.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use age::Decryptor;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::hybrid;
use super::plugin::{self, Talk};
#[cfg(feature = "ssh")]
use super::ssh::PrivateKey;
use super::{EnvelopeKind, KeyError, PASSPHRASE, SCRYPT_READ, decrypt_error, passphrase_encryptor};

/// The largest identity file, in bytes.
const MAX_FILE: usize = 64 << 10;
/// What an age file begins with.
const AGE_MAGIC: &[u8] = b"age-encryption.org/";
/// The largest work factor of one's own identity file: the reference `age`'s.
const SCRYPT_OWN: u8 = 22;

/// Everything that is tried on an envelope.
#[derive(Default)]
pub struct Identities {
    all: Vec<Box<dyn age::Identity + Send + Sync>>,
    /// What the inventory calls them, as far as that is known.
    names: Vec<String>,
    has_passphrase: bool,
    /// Those that need another program, tried after the others.
    plugins: Vec<age::plugin::Identity>,
    talk: Option<Arc<dyn Talk>>,
}

impl Identities {
    /// The one that stands for a passphrase.
    #[must_use]
    pub fn passphrase(passphrase: SecretString) -> Self {
        let mut identity = age::scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(SCRYPT_READ);
        Self {
            all: vec![Box::new(identity)],
            names: vec![PASSPHRASE.to_owned()],
            has_passphrase: true,
            ..Self::default()
        }
    }

    /// One identity and what the inventory calls it.
    #[cfg(feature = "ssh")]
    pub(super) fn one(identity: Box<dyn age::Identity + Send + Sync>, name: String) -> Self {
        Self {
            all: vec![identity],
            names: vec![name],
            ..Self::default()
        }
    }

    /// Adds others to these.
    pub fn extend(&mut self, others: Self) {
        self.all.extend(others.all);
        self.names.extend(others.names);
        self.has_passphrase |= others.has_passphrase;
        self.plugins.extend(others.plugins);
        self.talk = self.talk.take().or(others.talk);
    }

    /// The same, and what plugins have to say or ask goes through `talk`;
    /// without it nobody hears of it, and what they ask has no answer.
    #[must_use]
    pub fn talking(mut self, talk: &Arc<dyn Talk>) -> Self {
        self.talk = Some(Arc::clone(talk));
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.plugins.is_empty()
    }

    /// Whether one of them is the recipient with this key. Which recipient an
    /// identity of a plugin belongs to is known to the plugin alone: any of that
    /// plugin's is taken for it.
    pub(crate) fn include(&self, key: &str) -> bool {
        let mut plugins = self.plugins.iter();
        self.names.iter().any(|name| name == key)
            || plugins.any(|one| key.starts_with(&format!("age1{}1", one.plugin())))
    }

    /// The plugins that may open it, and the first that is missing.
    pub(super) fn unwrappers(&self) -> (Vec<plugin::Unwrapper>, Option<KeyError>) {
        plugin::unwrappers(&self.plugins, self.talk.as_ref())
    }

    pub(super) fn has_passphrase(&self) -> bool {
        self.has_passphrase
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.all.iter().map(|i| &**i as &dyn age::Identity)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({})", self.all.len() + self.plugins.len())
    }
}

/// An identity file as it was found.
#[derive(Debug)]
pub enum IdentityFile {
    /// Ready to use.
    Plain(Identities),
    /// Protected by a passphrase.
    Encrypted(EncryptedIdentities),
}

/// An identity file that a passphrase protects.
pub struct EncryptedIdentities(Locked);

enum Locked {
    /// The age file, not armored, its header bounded.
    File(Zeroizing<Vec<u8>>),
    #[cfg(feature = "ssh")]
    Ssh(super::ssh::LockedKey),
}

impl IdentityFile {
    /// Reads an identity file: lines of `AGE-SECRET-KEY-1…`, post-quantum
    /// `AGE-SECRET-KEY-PQ-1…` or, for plugins, `AGE-PLUGIN-NAME-1…`, and comments, or
    /// such a file encrypted with a passphrase, armored or not; or a private
    /// SSH key of the kind `ssh-ed25519` or `ssh-rsa` as `ssh-keygen` writes it.
    ///
    /// # Errors
    /// [`KeyError::Identity`] or [`KeyError::SshIdentity`], never with any of
    /// the content.
    pub fn parse(bytes: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if bytes.starts_with(AGE_MAGIC)
            || bytes
                .trim_ascii_start()
                .starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
        {
            return EncryptedIdentities::read(&bytes).map(Self::Encrypted);
        }
        #[cfg(feature = "ssh")]
        if super::ssh::is_private(&bytes) {
            return Ok(match super::ssh::private(&bytes)? {
                PrivateKey::Open(identities) => Self::Plain(identities),
                PrivateKey::Locked(key) => Self::Encrypted(EncryptedIdentities(Locked::Ssh(key))),
            });
        }
        parse_plain(&bytes).map(Self::Plain)
    }

    /// The largest identity file that is read, in bytes.
    pub const MAX_BYTES: usize = MAX_FILE;
}

impl EncryptedIdentities {
    fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut file = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        if bytes.starts_with(AGE_MAGIC) {
            file.extend_from_slice(bytes);
        } else {
            let read = ArmoredReader::new(bytes).read_to_end(&mut file);
            read.map_err(|_| malformed("it is damaged"))?;
        }
        match EnvelopeKind::of(&file) {
            Ok(EnvelopeKind::Passphrase) => Ok(Self(Locked::File(file))),
            Ok(EnvelopeKind::Keys) => Err(malformed("it is encrypted, but not with a passphrase")),
            Err(_) => Err(malformed("its age header is malformed")),
        }
    }

    /// Opens the file.
    ///
    /// # Errors
    /// A wrong passphrase, or content that is no identity file.
    pub fn unlock(&self, passphrase: SecretString) -> Result<Identities, KeyError> {
        let file = match &self.0 {
            Locked::File(file) => file,
            #[cfg(feature = "ssh")]
            Locked::Ssh(key) => return key.unlock(passphrase),
        };
        let decryptor = Decryptor::new_buffered(&file[..])
            .map_err(|_| malformed("its age header is malformed"))?;
        let mut identity = age::scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(SCRYPT_OWN);
        let reader = decryptor
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .map_err(
                |error| match decrypt_error(error, EnvelopeKind::Passphrase) {
                    KeyError::WrongPassphrase => KeyError::WrongPassphrase,
                    KeyError::ExcessiveWork { required } => malformed(&format!(
                        "trying a passphrase takes 2^{required} units of work, which is too much"
                    )),
                    _ => malformed("it is damaged"),
                },
            )?;
        // Room for all of it from the start: a growing buffer leaves copies.
        let mut plain = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        reader
            .take(MAX_FILE as u64)
            .read_to_end(&mut plain)
            .map_err(|_| malformed("it is damaged"))?;
        parse_plain(&plain)
    }
}

impl fmt::Debug for EncryptedIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedIdentities(…)")
    }
}

pub(super) fn malformed(reason: &str) -> KeyError {
    KeyError::Identity {
        reason: reason.into(),
    }
}

fn parse_plain(bytes: &[u8]) -> Result<Identities, KeyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not a text file"))?;
    let mut found = Identities::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("AGE-PLUGIN-") {
            let identity = plugin::identity(line).ok_or_else(|| {
                malformed(&format!(
                    "line {number} is a mistyped identity of an age plugin"
                ))
            })?;
            found.plugins.push(identity);
            continue;
        }
        if line.starts_with(hybrid::SECRET_PREFIX) {
            let identity = hybrid::Identity::parse(line).ok_or_else(|| {
                malformed(&format!(
                    "line {number} is a mistyped post-quantum identity"
                ))
            })?;
            found.names.push(identity.to_public().to_string());
            found.all.push(Box::new(identity));
            continue;
        }
        let identity: age::x25519::Identity = line.parse().map_err(|_| {
            let what = if line.starts_with("age1") {
                "a recipient, which only encrypts"
            } else if line.starts_with("ssh-") {
                "the public half of an SSH key; give the file without '.pub'"
            } else if line.starts_with("-----BEGIN OPENSSH PRIVATE KEY") {
                match cfg!(feature = "ssh") {
                    true => "an SSH key, which has to be alone in its file",
                    false => {
                        "an SSH key, and SSH keys are not supported: this program was built \
                              without them"
                    }
                }
            } else if line.starts_with("-----BEGIN ") && line.contains(" PRIVATE KEY") {
                "a key in another format than OpenSSH's; 'ssh-keygen -p -f FILE' rewrites it"
            } else {
                "not an identity"
            };
            malformed(&format!("line {number} is {what}"))
        })?;
        found.names.push(identity.to_public().to_string());
        found.all.push(Box::new(identity));
    }
    if found.is_empty() {
        return Err(malformed("it holds no identity"));
    }
    Ok(found)
}

/// A new identity and its recipient.
pub struct IdentityPair(age::x25519::Identity);

impl IdentityPair {
    /// Makes one from the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// The recipient string to give to senders.
    #[must_use]
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    /// The identity, ready to use.
    #[must_use]
    pub fn identities(&self) -> Identities {
        Identities {
            all: vec![Box::new(self.0.clone())],
            names: vec![self.recipient()],
            ..Identities::default()
        }
    }

    /// The text of an identity file, as `age-keygen` writes it.
    #[must_use]
    pub fn to_file(&self, created: jiff::Timestamp) -> Zeroizing<Vec<u8>> {
        let secret = self.0.to_string();
        let mut file = Zeroizing::new(Vec::with_capacity(512));
        for part in [
            "# created: ",
            &created.to_string(),
            "\n# public key: ",
            &self.recipient(),
            "\n",
            secret.expose_secret(),
            "\n",
        ] {
            file.extend_from_slice(part.as_bytes());
        }
        file
    }

    /// The same, encrypted with a passphrase and armored; `age` reads it too.
    ///
    /// # Errors
    /// None but what memory gives; the writer is one of memory.
    pub fn to_encrypted_file(
        &self,
        created: jiff::Timestamp,
        passphrase: &SecretString,
    ) -> io::Result<Vec<u8>> {
        let mut file = Vec::new();
        let armor = ArmoredWriter::wrap_output(&mut file, Format::AsciiArmor)?;
        let mut writer = passphrase_encryptor(passphrase).wrap_output(armor)?;
        writer.write_all(&self.to_file(created))?;
        writer.finish()?.finish()?;
        Ok(file)
    }
}

impl fmt::Debug for IdentityPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityPair({}, …)", self.recipient())
    }
}
