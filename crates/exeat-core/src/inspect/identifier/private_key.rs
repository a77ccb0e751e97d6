//! Private keys of age and SSH, and others in PEM: what opens sealed data must
//! not travel with it.
//!
//! Code that merely speaks of them must not match: an age identity is asked
//! for in its full length, and a PEM header with its first line of base64.

use memchr::memmem;

/// age, "age-encryption.org/v1", X25519 and hybrid identities: Bech32 of 32
/// bytes, 52 characters, and 6 of checksum.
const AGE_DATA: usize = 58;
/// A line of PEM has 64 characters, one of OpenSSH's 70; the last line of the
/// shortest key is not the first.
const LEAST_BASE64: usize = 40;

/// Whether there is a private key anywhere in `bytes`.
pub(crate) fn private_key(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"PRIVATE KEY").any(|at| pem_end(bytes, at).is_some())
        || memmem::find_iter(bytes, b"AGE-SECRET-KEY-").any(|at| age_end(bytes, at).is_some())
        || memmem::find_iter(bytes, b"age-secret-key-").any(|at| age_end(bytes, at).is_some())
        || memmem::find_iter(bytes, b"PuTTY-User-Key-File-")
            .any(|at| putty_end(bytes, at).is_some())
}

/// The end of the age identity at `at`.
pub(super) fn age_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let lower = rest.first()? == &b'a';
    let prefix = if lower {
        &b"age-secret-key-"[..]
    } else {
        b"AGE-SECRET-KEY-"
    };
    let rest = rest.strip_prefix(prefix)?;
    let hybrid = if lower { &b"pq-"[..] } else { b"PQ-" };
    let data = rest
        .strip_prefix(hybrid)
        .unwrap_or(rest)
        .strip_prefix(b"1")?;
    let start = bytes.len() - data.len();
    let is_data = |byte: &u8| {
        byte.is_ascii_lowercase() == (lower && byte.is_ascii_alphabetic())
            && b"qpzry9x8gf2tvdw0s3jn54khce6mua7l".contains(&byte.to_ascii_lowercase())
    };
    let good = data.get(..AGE_DATA)?.iter().all(is_data)
        && !data.get(AGE_DATA).is_some_and(u8::is_ascii_alphanumeric);
    good.then_some(start + AGE_DATA)
}

/// The end of the first line of a PEM private key with `PRIVATE KEY` at `at`
/// (RFC 7468; OpenSSH's PROTOCOL.key; OpenPGP's armour).
pub(super) fn pem_end(bytes: &[u8], at: usize) -> Option<usize> {
    let label = at.saturating_sub(32);
    memmem::rfind(&bytes[label..at], b"-----BEGIN ")?;
    let rest = bytes.get(at..)?.strip_prefix(b"PRIVATE KEY")?;
    let rest = rest.strip_prefix(b" BLOCK").unwrap_or(rest);
    let rest = rest.strip_prefix(b"-----")?;
    let start = bytes.len() - rest.len();
    base64_line(bytes, start)
}

/// The end of a PuTTY key file's header at `at`, if the private part follows.
pub(super) fn putty_end(bytes: &[u8], at: usize) -> Option<usize> {
    const WITHIN: usize = 8192;
    let start = at + b"PuTTY-User-Key-File-".len();
    let file = bytes.get(start..bytes.len().min(start + WITHIN))?;
    let lines = memmem::find(file, b"Private-Lines: ")?;
    base64_line(bytes, start + lines)
}

/// The end of the first line of base64 after `at`, within the next few lines:
/// headers such as `Proc-Type: 4,ENCRYPTED` may come first. Line ends may be
/// written as `\n`, as in JSON and program text.
fn base64_line(bytes: &[u8], at: usize) -> Option<usize> {
    const WITHIN: usize = 400;
    let part = bytes.get(at..bytes.len().min(at + WITHIN))?;
    let mut run = 0;
    for (place, byte) in part.iter().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') {
            run += 1;
            if run == LEAST_BASE64 {
                return Some(at + place + 1);
            }
        } else if *byte == b'-' && part[place..].starts_with(b"-----") {
            return None;
        } else {
            run = 0;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn age(prefix: &str) -> String {
        format!(
            "{prefix}1{}",
            "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
                .repeat(2)
                .split_at(AGE_DATA)
                .0
        )
    }

    #[test]
    fn keys_are_found() {
        let line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
        for text in [
            age("AGE-SECRET-KEY-"),
            age("AGE-SECRET-KEY-PQ-"),
            age("AGE-SECRET-KEY-").to_lowercase(),
            format!(
                "# created\n# public key: age1…\n{}\n",
                age("AGE-SECRET-KEY-")
            ),
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{line}\n"),
            format!("-----BEGIN PRIVATE KEY-----\r\n{line}\r\n"),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0\n\n{line}\n"
            ),
            format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{line}\n"),
            format!("{{\"key\": \"-----BEGIN EC PRIVATE KEY-----\\n{line}\\n\"}}"),
            format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{line}\n"),
            format!(
                "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n{line}\n"
            ),
        ] {
            assert!(private_key(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn words_about_keys_are_none() {
        let short = age("AGE-SECRET-KEY-");
        for text in [
            "AGE-SECRET-KEY-1".to_owned(),
            "const PREFIX: &str = \"AGE-SECRET-KEY-\";".to_owned(),
            short[..short.len() - 1].to_owned(),
            format!("{short}Q"),
            short.replace('Z', "B"),
            short.replace("AGE", "age"),
            "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
            "if text.starts_with(\"-----BEGIN PRIVATE KEY-----\") { return true; }".to_owned(),
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----".to_owned(),
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".to_owned(),
            String::new(),
        ] {
            assert!(!private_key(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0_usize..120) {
            let _ = (private_key(&bytes), age_end(&bytes, at), putty_end(&bytes, at));
            if at <= bytes.len() {
                let _ = pem_end(&bytes, at);
            }
        }
    }
}
