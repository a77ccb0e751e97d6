//! Small documents that somebody signs: that an entry is in the ledger, that
//! something may leave, that it has arrived.
//!
//! Such a document is one line of JSON, [`Signed`]: what is said, as the exact
//! text that was signed, and an OpenSSH signature over it. So it goes by mail or
//! inside a package, and stock tools can check it:
//!
//! ```sh
//! jq -j .statement FILE > statement
//! jq -j .signature FILE > statement.sig
//! ssh-keygen -Y verify -f allowed_signers -I NAME -n exeat.receipt.v1 -s statement.sig < statement
//! ```
//!
//! To hold one is to know that the signature fits the text and which key made
//! it. Whether that key is trusted is another question, [`Signed::trusted`].

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;
use crate::path::Escaped;
use crate::signature::{
    self, AllowedSigners, Fingerprint, PublicKey, SignatureError, Signer, SigningKey,
};

/// What can be signed in such a document.
///
/// Its fields are in alphabetical order and unknown ones are errors, so that
/// there is one way to say a thing.
pub trait Statement: Serialize + DeserializeOwned {
    /// The document's `format`, such as `exeat-receipt/1`.
    const FORMAT: &'static str;
    /// What a signature over it is good for.
    const NAMESPACE: &'static str;
    /// What it is called, with its article, such as `a receipt`.
    const NAME: &'static str;
    /// The largest document that is read, in bytes.
    const MAX_BYTES: usize = 64 << 10;

    /// What the types of its fields cannot say: that they do not contradict one
    /// another.
    ///
    /// # Errors
    /// How they do, as a part of a sentence.
    fn check(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// A statement, and a signature that fits it.
#[derive(Debug, Clone)]
pub struct Signed<S> {
    statement: S,
    text: String,
    signature: String,
    key: PublicKey,
}

/// A document as it is written; nobody has checked its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    format: String,
    signature: String,
    statement: String,
}

impl Document {
    /// One of a text and a signature that lie beside each other.
    #[must_use]
    pub fn of<S: Statement>(statement: String, signature: String) -> Self {
        let format = S::FORMAT.to_owned();
        Self {
            format,
            signature,
            statement,
        }
    }

    /// Checks that the signature fits.
    ///
    /// # Errors
    /// It is of another kind, altered, or not in its one form.
    pub fn check<S: Statement>(self) -> Result<Signed<S>, StatementError> {
        Signed::of(self)
    }

    /// What it says, whoever says it.
    pub(crate) fn unchecked<S: Statement>(&self) -> Option<S> {
        serde_json::from_str(&self.statement).ok()
    }
}

/// Why bytes are not such a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Something else altogether, or cut off.
    #[error("this is not {what}: {reason}")]
    NotOne {
        /// What it should be, with its article.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Another document of exeat, or one of a later version.
    #[error("this is not {what} that this version reads, but '{found}'")]
    Format {
        /// What it should be, with its article.
        what: &'static str,
        /// The format it names, escaped.
        found: String,
    },
    /// The signature does not fit.
    #[error(transparent)]
    Signature(SignatureError),
    /// The signature is good, and what it signs is not what the format asks.
    #[error("what was signed is not {what}: {reason}")]
    Malformed {
        /// What it should be, with its article.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for StatementError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOne { .. } => "statement-malformed",
            Self::Format { .. } => "statement-format",
            Self::Signature(error) => error.code(),
            Self::Malformed { .. } => "statement-contradictory",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotOne { .. } | Self::Malformed { .. } => Fault::Package,
            Self::Format { .. } => Fault::Request,
            // A good signature that belongs to another text.
            Self::Signature(SignatureError::Altered) => Fault::Package,
            Self::Signature(error) => error.fault(),
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotOne { .. } => "ask for the file again, sent as an attachment",
            Self::Format { .. } => "name the right file, or install a version that reads it",
            Self::Signature(SignatureError::Altered) => {
                "it was changed after it was signed: ask whoever signed it for another"
            }
            Self::Signature(error) => return error.help(),
            Self::Malformed { .. } => {
                "whoever signed it used a program that does not keep to the format: tell them"
            }
        }))
    }
}

impl<S: Statement> Signed<S> {
    /// Signs a statement. Who may, and on what grounds, each kind of statement
    /// says in its own module.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(crate) fn sign(statement: S, key: &SigningKey) -> Result<Self, SignatureError> {
        let text = text_of(&statement);
        let signature = key.sign(S::NAMESPACE, text.as_bytes())?;
        Ok(Self {
            statement,
            text,
            signature,
            key: key.public(),
        })
    }

    /// Reads a document, and checks that its signature fits.
    ///
    /// # Errors
    /// It is none, of another kind, altered, or not in its one form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let not_one = |reason: String| StatementError::NotOne {
            what: S::NAME,
            reason,
        };
        if bytes.len() > S::MAX_BYTES {
            return Err(not_one(format!(
                "it is larger than {} KiB",
                S::MAX_BYTES >> 10
            )));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| not_one(why(&error)))?;
        Self::of(document)
    }

    /// The bytes of the document.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a document has nothing JSON cannot say");
        bytes.push(b'\n');
        bytes
    }

    fn of(document: Document) -> Result<Self, StatementError> {
        if document.format != S::FORMAT {
            let found: String = document.format.chars().take(80).collect();
            return Err(StatementError::Format {
                what: S::NAME,
                found: Escaped(found.as_bytes()).to_string(),
            });
        }
        let Document {
            signature,
            statement: text,
            ..
        } = document;
        let key = signature::made_by(signature.as_bytes(), S::NAMESPACE, text.as_bytes())
            .map_err(StatementError::Signature)?;
        let malformed = |reason: String| StatementError::Malformed {
            what: S::NAME,
            reason,
        };
        let statement: S = serde_json::from_str(&text).map_err(|error| malformed(why(&error)))?;
        if text_of(&statement) != text {
            return Err(malformed("it is not in its one form".into()));
        }
        statement
            .check()
            .map_err(|reason| malformed(reason.into()))?;
        Ok(Self {
            statement,
            text,
            signature,
            key,
        })
    }

    /// What is said. It is worth as much as whoever signed it.
    #[must_use]
    pub fn statement(&self) -> &S {
        &self.statement
    }

    /// The document as it is written.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            format: S::FORMAT.to_owned(),
            signature: self.signature.clone(),
            statement: self.text.clone(),
        }
    }

    /// The text that was signed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text that was signed.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// The OpenSSH signature.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The key that signed it.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The fingerprint of the key that signed it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.fingerprint()
    }

    /// Who signed it, if that is somebody trusted with such statements at that
    /// time; with `wanted`, if it is that principal.
    ///
    /// # Errors
    /// Nobody vouches for the key: [`signature::verify`] says how.
    pub fn trusted(
        &self,
        allowed: &AllowedSigners,
        at: Timestamp,
        wanted: Option<&str>,
    ) -> Result<Signer, SignatureError> {
        let (signature, text) = (self.signature.as_bytes(), self.text.as_bytes());
        signature::verify(signature, S::NAMESPACE, text, allowed, at, wanted)
    }
}

/// Two are equal if the same key signed the same text; a signature need not be
/// the same twice.
impl<S> PartialEq for Signed<S> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.key.fingerprint() == other.key.fingerprint()
    }
}

impl<S> Eq for Signed<S> {}

impl<S: Statement> Serialize for Signed<S> {
    fn serialize<T: serde::Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        self.document().serialize(to)
    }
}

impl<'de, S: Statement> Deserialize<'de> for Signed<S> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(from)?;
        Self::of(document).map_err(serde::de::Error::custom)
    }
}

fn text_of(statement: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string(statement).expect("a statement has nothing JSON cannot say");
    text.push('\n');
    text
}

/// What is wrong with JSON; what stands there is not repeated.
fn why(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "a field is missing, unknown or of another kind",
        _ => "it is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::AllowedSigner;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Said {
        a: u64,
        b: String,
    }

    impl Statement for Said {
        const FORMAT: &'static str = "exeat-said/1";
        const NAMESPACE: &'static str = "exeat.said.v1";
        const NAME: &'static str = "something said";
    }

    fn signed(key: &SigningKey) -> Signed<Said> {
        let said = Said {
            a: 1,
            b: "é\n\"".into(),
        };
        Signed::sign(said, key).expect("signs")
    }

    fn code(text: &str) -> &'static str {
        let read = Signed::<Said>::from_bytes(text.as_bytes());
        read.expect_err("not good").code()
    }

    /// A document that says `text`, rightly signed.
    fn saying(key: &SigningKey, text: &str) -> String {
        let signature = key.sign(Said::NAMESPACE, text.as_bytes()).expect("signs");
        let document = Document {
            format: Said::FORMAT.into(),
            signature,
            statement: text.into(),
        };
        serde_json::to_string(&document).expect("JSON")
    }

    #[test]
    fn what_is_signed_comes_back_and_says_by_whom() {
        let key = SigningKey::generate("ada");
        let first = signed(&key);
        let read = Signed::<Said>::from_bytes(&first.to_bytes()).expect("good");
        assert_eq!(
            (read.statement().a, read.statement().b.as_str()),
            (1, "é\n\"")
        );
        assert_eq!(read, first);
        assert_eq!(read.fingerprint(), key.public().fingerprint());
        let inside: Signed<Said> =
            serde_json::from_slice(first.to_bytes().trim_ascii_end()).expect("good");
        assert_eq!(inside, first);
        let now = Timestamp::UNIX_EPOCH;
        let line = |namespace| AllowedSigner::new("ada", &[namespace], key.public());
        let list = |namespace| {
            let mut list = AllowedSigners::empty();
            list.push(line(namespace).expect("a line"));
            list
        };
        let trusted = read.trusted(&list(Said::NAMESPACE), now, None);
        assert_eq!(trusted.expect("trusted").principal(), "ada");
        let other = read.trusted(&list("exeat.package.v1"), now, None);
        assert_eq!(other.expect_err("not for that").code(), "signer-namespace");
    }

    #[test]
    fn nothing_else_is_taken_for_one() {
        let key = SigningKey::generate("ada");
        let good = String::from_utf8(signed(&key).to_bytes()).expect("UTF-8");
        for (what, text, expected) in [
            ("nothing", String::new(), "statement-malformed"),
            ("no JSON", "-----BEGIN".into(), "statement-malformed"),
            (
                "cut off",
                good[..good.len() / 2].into(),
                "statement-malformed",
            ),
            ("twice", format!("{good}{good}"), "statement-malformed"),
            (
                "a field more",
                good.replacen('{', "{\"a\":1,", 1),
                "statement-malformed",
            ),
            (
                "another kind",
                good.replace("exeat-said/1", "exeat-said/2"),
                "statement-format",
            ),
            (
                "another word",
                good.replace("\\\"a\\\":1", "\\\"a\\\":2"),
                "signature-mismatch",
            ),
            (
                "large",
                format!("{good}{}", " ".repeat(Said::MAX_BYTES)),
                "statement-malformed",
            ),
            (
                "no end of line",
                saying(&key, "{\"a\":1,\"b\":\"\"}"),
                "statement-contradictory",
            ),
            (
                "spaces",
                saying(&key, "{\"a\": 1,\"b\":\"\"}\n"),
                "statement-contradictory",
            ),
            (
                "less",
                saying(&key, "{\"a\":1}\n"),
                "statement-contradictory",
            ),
            (
                "more",
                saying(&key, "{\"a\":1,\"b\":\"\",\"c\":1}\n"),
                "statement-contradictory",
            ),
        ] {
            assert_eq!(code(&text), expected, "{what}");
        }
        let other = SigningKey::generate("bob");
        let stolen = good.replace(
            &serde_json::to_string(signed(&key).signature()).expect("JSON"),
            &serde_json::to_string(&other.sign("file", b"x").expect("signs")).expect("JSON"),
        );
        assert_eq!(code(&stolen), "signature-namespace");
    }
}
