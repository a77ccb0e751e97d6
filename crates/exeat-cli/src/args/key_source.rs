//! Where a secret key is: in a file, or in what whoever starts exeat hands to
//! it, where a service has no file of its own.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use exeat_core::path::{Escaped, shown};

use crate::render;

/// The longest name of a credential, in bytes: that of a file.
const MAX_NAME: usize = 255;
/// The highest number that a descriptor may have: Linux' own limit.
const MAX_DESCRIPTOR: i32 = 1 << 30;

/// Where a key is read from. Never the command line or the environment itself:
/// both show to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file.
    File(PathBuf),
    /// A descriptor that was open when exeat was started.
    Descriptor(i32),
    /// A credential of the systemd unit.
    Credential(String),
}

impl KeySource {
    /// Reads `fd:N`, `credential:NAME`, or else a path; an error is the reason
    /// why it is none of them.
    pub(crate) fn parse(given: OsString) -> Result<Self, String> {
        let Some(text) = given.to_str() else {
            return Ok(Self::File(given.into()));
        };
        if text.is_empty() {
            return Err("the name of a file is not empty".to_owned());
        }
        if let Some(number) = text.strip_prefix("fd:") {
            return descriptor(number).map(Self::Descriptor);
        }
        match text.strip_prefix("credential:") {
            Some(name) if is_name(name) => Ok(Self::Credential(name.to_owned())),
            Some(_) => Err(
                "after 'credential:' stands the name that the unit gave it, without a slash; \
                 a file that is called so is ./credential:…"
                    .to_owned(),
            ),
            None => Ok(Self::File(given.into())),
        }
    }

    /// The same as it is typed in a shell.
    pub(crate) fn word(&self) -> String {
        render::shell(&match self {
            Self::File(path) => path.display().to_string(),
            other => other.to_string(),
        })
    }
}

fn descriptor(text: &str) -> Result<i32, String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(1 | 2) => Err("descriptors 1 and 2 are for output; use 3 or more".to_owned()),
        Ok(number) if is_number && number <= MAX_DESCRIPTOR => Ok(number),
        _ => Err(
            "after 'fd:' stands the number of a descriptor, such as fd:3; a file that is \
             called so is ./fd:…"
                .to_owned(),
        ),
    }
}

/// systemd's rule for the names of credentials, which are names of files.
fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| c != '/' && c != ':' && !c.is_control();
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name.chars().all(is_allowed)
        && !name.bytes().all(|b| b == b'.')
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", shown(path)),
            Self::Descriptor(number) => write!(f, "fd:{number}"),
            Self::Credential(name) => write!(f, "credential:{}", Escaped(name.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KeySource, String> {
        KeySource::parse(text.into())
    }

    #[test]
    fn what_is_neither_is_a_file() {
        use std::os::unix::ffi::OsStringExt as _;
        for path in ["identity.txt", "./fd:3", "/a/credential:b", "FD:3", "fd"] {
            assert_eq!(parse(path), Ok(KeySource::File(path.into())), "{path}");
        }
        assert!(parse("").is_err());
        let path = OsString::from_vec(b"fd:\xff".to_vec());
        assert_eq!(
            KeySource::parse(path.clone()),
            Ok(KeySource::File(path.into()))
        );
    }

    #[test]
    fn descriptors() {
        for (text, number) in [("fd:0", 0), ("fd:3", 3), ("fd:1000", 1000)] {
            assert_eq!(parse(text), Ok(KeySource::Descriptor(number)), "{text}");
        }
        for bad in [
            "fd:",
            "fd:-1",
            "fd:+3",
            "fd:3x",
            "fd: 3",
            "fd:99999999999",
            "fd:1",
            "fd:2",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials() {
        for name in ["exeat", "exeat.key", "..a", "a b"] {
            let text = format!("credential:{name}");
            assert_eq!(parse(&text), Ok(KeySource::Credential(name.to_owned())));
        }
        let long = "a".repeat(256);
        for bad in [
            "", ".", "..", "...", "a/b", "/a", "../a", "a\nb", "a:b", &long,
        ] {
            assert!(parse(&format!("credential:{bad}")).is_err(), "{bad:?}");
        }
    }
}
