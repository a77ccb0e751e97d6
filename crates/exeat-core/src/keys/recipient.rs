//! Recipients: for whom a package is sealed, and the lists they are named in.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use age::secrecy::{ExposeSecret, SecretString};

use super::hybrid;
use super::plugin::{self, Talk};
use super::{KeyError, MAX_KEYS, MAX_RECIPIENTS};

/// Kinds of key that age has of its own, and that are no plugins'.
const NOT_YET: [&str; 2] = ["age1tag1", "age1tagpq1"];
/// The longest recipient string, in bytes: an RSA key of 4096 bits has 724.
pub(crate) const MAX_RECIPIENT: usize = 4096;
/// The longest key that is shown in full: an Ed25519 one of SSH has 80.
const LONG: usize = 128;
/// How the public keys of SSH begin, those that only sign among them.
const SSH_KINDS: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// One who will be able to open a package.
#[derive(Clone)]
pub struct Recipient {
    key: Key,
    name: Option<String>,
    expires: Option<jiff::civil::Date>,
    talk: Option<Arc<dyn Talk>>,
}

/// The key itself.
#[derive(Clone)]
enum Key {
    X25519(age::x25519::Recipient),
    Hybrid(Box<hybrid::Recipient>),
    #[cfg(feature = "ssh")]
    Ssh(Box<age::ssh::Recipient>),
    Plugin(age::plugin::Recipient),
}

impl Key {
    fn read(text: &str) -> Result<Self, &'static str> {
        if SSH_KINDS.iter().any(|kind| text.starts_with(kind)) {
            return Self::read_ssh(text);
        }
        if text.starts_with(hybrid::PREFIX) {
            return hybrid::Recipient::parse(text).map(|key| Self::Hybrid(Box::new(key)));
        }
        if text.parse::<age::x25519::Recipient>() == Err("incorrect HRP")
            && text.starts_with("age1")
            && !NOT_YET.iter().any(|kind| text.starts_with(kind))
        {
            return super::plugin::recipient(text).map(Self::Plugin);
        }
        let key = text.parse().map_err(|reason: &'static str| match reason {
            _ if NOT_YET.iter().any(|kind| text.starts_with(kind)) => {
                "keys of this kind are not supported yet"
            }
            _ if !text.starts_with("age1") => "it does not begin with 'age1' or 'ssh-'",
            "invalid Bech32 encoding" => "a character is missing or mistyped",
            _ => "it has the wrong length",
        });
        key.map(Self::X25519)
    }

    #[cfg(feature = "ssh")]
    fn read_ssh(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with("ssh-") || text.starts_with("ssh-dss") {
            return Err(
                "SSH keys of this kind only sign; those that begin with 'ssh-ed25519' or \
                        'ssh-rsa' encrypt, too",
            );
        }
        super::ssh::recipient(text).map(|key| Self::Ssh(Box::new(key)))
    }

    #[cfg(not(feature = "ssh"))]
    fn read_ssh(_: &str) -> Result<Self, &'static str> {
        Err("SSH keys are not supported: this program was built without them")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X25519(key) => key.fmt(f),
            Self::Hybrid(key) => key.fmt(f),
            #[cfg(feature = "ssh")]
            Self::Ssh(key) => key.fmt(f),
            Self::Plugin(key) => key.fmt(f),
        }
    }
}

impl Recipient {
    /// Whether a text is meant as a key, rather than as somebody's name in a
    /// recipients file: it begins as one does.
    #[must_use]
    pub fn is_like_key(text: &str) -> bool {
        let text = text.trim();
        text.starts_with("age1")
            || SSH_KINDS.iter().any(|kind| text.starts_with(kind))
            || is_secret(text)
    }

    /// Reads a recipient string: `age1…`, of which `age1pq1…` is post-quantum, or
    /// a public SSH key, `ssh-ed25519 …` or `ssh-rsa …`, whose comment does not
    /// count.
    ///
    /// # Errors
    /// What is wrong with it, in the case of a secret key without repeating it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        Self::read(text).map_err(|reason| {
            let end = text
                .char_indices()
                .nth(80)
                .map_or(text.len(), |(end, _)| end);
            let shown = match is_secret(text) {
                true => format!("{}…", &text[..11]),
                false => crate::path::Escaped(&text.as_bytes()[..end]).to_string(),
            };
            KeyError::Recipient {
                text: shown,
                reason,
            }
        })
    }

    /// The same; of what is none, only the reason.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        if is_secret(text) {
            return Err("it is a secret key; send it to nobody");
        }
        if text.len() > MAX_RECIPIENT {
            return Err("it is longer than 4096 bytes");
        }
        let key = Key::read(text)?;
        Ok(Self {
            key,
            name: None,
            expires: None,
            talk: None,
        })
    }

    /// The recipients of a file with one a line, `#` for comments, as `age -R`
    /// reads it.
    ///
    /// # Errors
    /// The first line that is none, or that there is no recipient at all.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, KeyError> {
        let mut found = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |reason| KeyError::RecipientLine {
                line: number,
                reason,
            };
            found.push(Self::read(line).map_err(error)?);
        }
        if found.is_empty() {
            return Err(KeyError::NoRecipients);
        }
        Ok(found)
    }

    /// The same recipient under the name it has in a recipients file, and the
    /// last day on which it may be used.
    #[must_use]
    pub fn named(mut self, name: &str, expires: Option<jiff::civil::Date>) -> Self {
        self.name = Some(name.to_owned());
        self.expires = expires;
        self
    }

    /// The name, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it is known that a quantum computer cannot open what is encrypted
    /// to it. Of a plugin's keys that is not known.
    #[must_use]
    pub fn is_post_quantum(&self) -> bool {
        matches!(self.key, Key::Hybrid(_))
    }

    /// What encrypts to it without another program.
    pub(super) fn key(&self) -> Option<&dyn age::Recipient> {
        match &self.key {
            Key::X25519(key) => Some(key),
            Key::Hybrid(key) => Some(&**key),
            #[cfg(feature = "ssh")]
            Key::Ssh(key) => Some(&**key),
            Key::Plugin(_) => None,
        }
    }

    /// What a plugin encrypts to.
    pub(super) fn plugin_key(&self) -> Option<&age::plugin::Recipient> {
        match &self.key {
            Key::Plugin(key) => Some(key),
            _ => None,
        }
    }

    /// The last day on which it may be used.
    #[must_use]
    pub fn expires(&self) -> Option<jiff::civil::Date> {
        self.expires
    }
}

/// A key as people are shown it: of a long one the beginning and the end.
#[must_use]
pub fn shortened(key: &str) -> Cow<'_, str> {
    match (key.get(..32), key.get(key.len().saturating_sub(16)..)) {
        (Some(begin), Some(end)) if key.len() > LONG => Cow::Owned(format!("{begin}…{end}")),
        _ => Cow::Borrowed(key),
    }
}

fn is_secret(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    text.starts_with("AGE-SECRET-KEY-") || text.starts_with("AGE-PLUGIN-")
}

/// The key as one text, whatever was around it where it was read.
impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {:?})", self.key, self.name)
    }
}

/// For whom a package is sealed. Made by [`Recipients::keys`], or from a
/// passphrase.
#[derive(Debug)]
#[non_exhaustive]
pub enum Recipients {
    /// The holders of these keys.
    #[non_exhaustive]
    Keys(Vec<Recipient>),
    /// Whoever knows the passphrase.
    #[non_exhaustive]
    Passphrase(SecretString),
}

impl Recipients {
    /// The holders of these keys, each counted once.
    ///
    /// # Errors
    /// [`KeyError::TooManyRecipients`], [`KeyError::KeysTooLong`], and
    /// [`KeyError::NotAllPostQuantum`], which a plugin's keys may be or not.
    pub fn keys(mut keys: Vec<Recipient>) -> Result<Self, KeyError> {
        let mut seen = std::collections::HashSet::new();
        keys.retain(|recipient| seen.insert(recipient.to_string()));
        if keys.len() > MAX_RECIPIENTS {
            return Err(KeyError::TooManyRecipients(keys.len()));
        }
        let bytes = seen.iter().map(String::len).sum();
        if bytes > MAX_KEYS {
            return Err(KeyError::KeysTooLong(bytes));
        }
        // age says no, too, but at the end of an export.
        let (hybrid, others): (Vec<_>, Vec<_>) = keys
            .iter()
            .filter(|recipient| recipient.plugin_key().is_none())
            .partition(|recipient| recipient.is_post_quantum());
        if !hybrid.is_empty() && !others.is_empty() {
            return Err(KeyError::NotAllPostQuantum);
        }
        Ok(Self::Keys(keys))
    }

    /// The same, and what plugins have to say or ask goes through `talk`;
    /// without it nobody hears of it, and what they ask has no answer.
    #[must_use]
    pub fn talking(mut self, talk: &Arc<dyn Talk>) -> Self {
        if let Self::Keys(keys) = &mut self {
            keys.iter_mut()
                .for_each(|key| key.talk = Some(Arc::clone(talk)));
        }
        self
    }

    /// Whether the plugins that will be needed are there, to be asked before
    /// the work begins; none is run.
    ///
    /// # Errors
    /// [`KeyError::PluginMissing`].
    pub fn find_plugins(&self) -> Result<(), KeyError> {
        match self {
            Self::Keys(keys) => wrappers(keys).map(drop),
            Self::Passphrase(_) => Ok(()),
        }
    }

    /// Whoever knows the passphrase.
    ///
    /// # Errors
    /// [`KeyError::EmptyPassphrase`].
    pub fn passphrase(passphrase: SecretString) -> Result<Self, KeyError> {
        if passphrase.expose_secret().is_empty() {
            return Err(KeyError::EmptyPassphrase);
        }
        Ok(Self::Passphrase(passphrase))
    }
}

/// The plugins that some of these keys need.
pub(super) fn wrappers(keys: &[Recipient]) -> Result<Vec<plugin::Wrapper>, KeyError> {
    let talk = keys.iter().find_map(|key| key.talk.as_ref());
    plugin::wrappers(keys.iter().filter_map(Recipient::plugin_key), talk)
}
