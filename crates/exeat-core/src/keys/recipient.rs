//! Recipients: for whom a package is sealed, and the lists they are named in.

use std::fmt;

use age::secrecy::{ExposeSecret, SecretString};

use super::{KeyError, MAX_RECIPIENTS};

/// One who will be able to open a package.
#[derive(Clone)]
pub struct Recipient {
    key: age::x25519::Recipient,
    name: Option<String>,
    expires: Option<jiff::civil::Date>,
}

impl Recipient {
    /// Reads a recipient string, `age1…`.
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
                true => "AGE-SECRET-KEY-…".into(),
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
        let key = text.parse().map_err(|reason: &'static str| match reason {
            _ if text.starts_with("ssh-") => "SSH keys are not supported as recipients yet",
            _ if text.starts_with("age1pq1") || text.starts_with("age1tag") => {
                "keys of this kind are not supported yet"
            }
            _ if !text.starts_with("age1") => "it does not begin with 'age1'",
            "invalid Bech32 encoding" => "a character is missing or mistyped",
            "incorrect HRP" => "keys of age plugins are not supported yet",
            _ => "it has the wrong length",
        })?;
        Ok(Self {
            key,
            name: None,
            expires: None,
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

    pub(super) fn key(&self) -> &dyn age::Recipient {
        &self.key
    }

    /// The last day on which it may be used.
    #[must_use]
    pub fn expires(&self) -> Option<jiff::civil::Date> {
        self.expires
    }
}

fn is_secret(text: &str) -> bool {
    text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-")
}

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
    /// [`KeyError::TooManyRecipients`].
    pub fn keys(mut keys: Vec<Recipient>) -> Result<Self, KeyError> {
        let mut seen = std::collections::HashSet::new();
        keys.retain(|recipient| seen.insert(recipient.key.clone()));
        if keys.len() > MAX_RECIPIENTS {
            return Err(KeyError::TooManyRecipients(keys.len()));
        }
        Ok(Self::Keys(keys))
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
