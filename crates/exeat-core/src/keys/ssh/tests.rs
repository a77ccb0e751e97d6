//! SSH keys as recipients and identities; what the real ssh-keygen and age make
//! of them is tried in `tests/cli/interop.rs`.

use super::*;
use crate::diagnostic::Explain as _;
use crate::encoded::base64;
use crate::keys::{IdentityFile, MAX_KEYS, PackageKey, Recipient, Recipients};

/// Made by ssh-keygen for these tests, and of no use to anybody.
const PLAIN: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBsYbqliGS3AmD6atQ5olThc/jAoULSEB+A6qv92cVy7gAAAJjalL+C2pS/
ggAAAAtzc2gtZWQyNTUxOQAAACBsYbqliGS3AmD6atQ5olThc/jAoULSEB+A6qv92cVy7g
AAAEAC5031kJUbBPBOwejHeYIDXAEYto40wMD2S+WWTI5AKWxhuqWIZLcCYPpq1DmiVOFz
+MChQtIQH4Dqq/3ZxXLuAAAADm1hZGUgZm9yIHRlc3RzAQIDBAUGBw==
-----END OPENSSH PRIVATE KEY-----
";
/// The same key behind the passphrase `passphrase`, with 4 rounds of work.
const LOCKED: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDPkRbnLD
fH5dL2R20NpiuGAAAABAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIGxhuqWIZLcCYPpq
1DmiVOFz+MChQtIQH4Dqq/3ZxXLuAAAAoAPoukr/q/lgTopmlU8nPdkONixdE2dI/3aEo4
MSroABVjOh3pN5VHTg8L4Xbj4YmZCYuDt0XkXIO7FODKmdvPlKw5z5Lw1lu2h7/bIatkAb
6ziNxW2ggB1cNWI7ahbX3sF7tKh0GZsvTKir7/uyCmIk5tSvBobp8fy+EwlfBFnIu6u9aI
YIuEtNVI4r9AAYeIa77LSd75+/wdyzblUFbpQ=
-----END OPENSSH PRIVATE KEY-----
";
const ECDSA: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTih+Bk3KN9+J+r/+3gBSW8CmF65q2/
8al67AUoYgp1fAyZS8StyNiJ5vKCBabkX1jXTISHXgZ8H5MHDwCBmuO7AAAAoGekts9npL
bPAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOKH4GTco334n6v/
7eAFJbwKYXrmrb/xqXrsBShiCnV8DJlLxK3I2Inm8oIFpuRfWNdMhIdeBnwfkwcPAIGa47
sAAAAhAM09KbN9p1dJnLHVdlWKnJfGNIldI6rn4gRtNlHa1aN0AAAAAXQBAgMEBQY=
-----END OPENSSH PRIVATE KEY-----
";
const PUBLIC: &str = "ssh-ed25519 \
    AAAAC3NzaC1lZDI1NTE5AAAAIGxhuqWIZLcCYPpq1DmiVOFz+MChQtIQH4Dqq/3ZxXLu";
const ECDSA_PUBLIC: &str = "ecdsa-sha2-nistp256 \
    AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOKH4GTco334n6v/7eAFJbwKYXrmrb/xqXrsBShiCnV8DJlLxK3I2Inm8oIFpuRfWNdMhIdeBnwfkwcPAIGa47s= t";

/// A public key line of the fields in `blob`.
fn line(kind: &str, fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in [kind.as_bytes()].iter().chain(fields) {
        blob.extend_from_slice(&u32::try_from(field.len()).expect("short").to_be_bytes());
        blob.extend_from_slice(field);
    }
    format!("{kind} {}", base64(&blob))
}

/// A line that looks like an RSA key of so many bits; nobody knows its factors.
fn rsa(bits: usize, end: u8) -> String {
    let mut modulus = vec![0xff; bits / 8 + 1];
    modulus[0] = 0;
    modulus[bits / 8] = end;
    line("ssh-rsa", &[&[1, 0, 1], &modulus])
}

fn file(text: &str) -> Result<IdentityFile, KeyError> {
    IdentityFile::parse(Zeroizing::new(text.as_bytes().to_vec()))
}

#[test]
fn a_key_has_one_text_without_its_comment() {
    for given in [
        PUBLIC.to_owned(),
        format!("{PUBLIC} somebody@a machine\n"),
        PUBLIC.replace(' ', " \t "),
    ] {
        let read = Recipient::parse(&given).expect(&given);
        assert_eq!(read.to_string(), PUBLIC);
    }
    for bits in [2048, 3072, 4096] {
        let given = rsa(bits, 0xff);
        let read = Recipient::parse(&format!("{given} x")).expect("an RSA key");
        assert_eq!(read.to_string(), given);
    }
    let twice = format!("{PUBLIC} at home\n{PUBLIC} at work\n");
    let twice = Recipient::parse_file(&twice).expect("two lines");
    let Ok(Recipients::Keys(once)) = Recipients::keys(twice) else {
        panic!("keys");
    };
    assert_eq!(once.len(), 1);
}

#[test]
fn lines_that_are_no_recipient() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let cut = &PUBLIC[..PUBLIC.len() - 4];
    let longer = line("ssh-rsa", &[&[1, 0, 1], &[0x7f; 256], b"more"]);
    for (bad, reason) in [
        ("ssh-ed25519", "it is not a kind of key, then base64"),
        (cut, "its key is damaged"),
        (&PUBLIC.replacen("ed25519", "rsa", 1), "not of the kind"),
        (&longer, "its key is damaged"),
        (&rsa(1024, 0xff), "fewer than 2048 bits"),
        (&rsa(2040, 0xff), "fewer than 2048 bits"),
        (&rsa(4104, 0xff), "more than 4096 bits"),
        (&line("ssh-ed25519", &[&identity]), "everybody can open"),
        (ECDSA_PUBLIC, "only sign"),
        ("sk-ssh-ed25519@openssh.com AAAA", "only sign"),
        ("ssh-dss AAAA", "only sign"),
        (&format!("ssh-rsa {}", "A".repeat(5000)), "longer than 4096"),
    ] {
        let error = Recipient::parse(bad).expect_err(bad).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn keys_that_are_too_long_together_are_refused() {
    let keys = |count: u8| {
        // Any odd end makes another key.
        let lines = (0..count).map(|number| rsa(4096, 2 * number + 1));
        Recipients::keys(lines.map(|l| Recipient::parse(&l).expect("good")).collect())
    };
    let fits = u8::try_from(MAX_KEYS / rsa(4096, 1).len()).expect("few");
    let most = keys(fits).expect("the most");
    let envelope = PackageKey::generate().envelope(&most).expect("memory");
    crate::keys::EnvelopeKind::of(&envelope).expect("within what a reader takes");
    let error = keys(fits + 1).expect_err("too many");
    assert_eq!(error.code(), "too-many-recipients");
}

#[test]
fn what_is_sealed_for_a_key_opens_with_it() {
    let recipient = Recipient::parse(PUBLIC).expect("good");
    let key = PackageKey::generate();
    let sealed = Recipients::keys(vec![recipient]).expect("one");
    let envelope = key.envelope(&sealed).expect("memory");
    let Ok(IdentityFile::Plain(plain)) = file(&format!("\n{PLAIN}\n")) else {
        panic!("not encrypted");
    };
    let Ok(IdentityFile::Encrypted(locked)) = file(LOCKED) else {
        panic!("encrypted");
    };
    for wrong in ["", "wrong"] {
        let error = locked.unlock(wrong.into()).expect_err("wrong");
        assert_eq!(error.code(), "wrong-passphrase");
    }
    let locked = locked.unlock("passphrase".into()).expect("opens");
    for identities in [plain, locked] {
        assert!(identities.include(PUBLIC));
        let opened = PackageKey::from_envelope(&envelope, &identities).expect("opens");
        assert_eq!(opened.commitment(), key.commitment());
    }
}

#[test]
fn files_that_are_no_identity() {
    // The rounds stand between the salt and the number of keys, 16 bytes of
    // salt and all: 4 becomes 2^24 + 4.
    let greedy = LOCKED.replacen("GAAAABAAAAAEAAAAz", "GAQAABAAAAAEAAAAz", 1);
    assert_ne!(greedy, LOCKED);
    for (bad, code, reason) in [
        (
            ECDSA,
            "identity-unsupported",
            "ecdsa-sha2-nistp256 keys only sign",
        ),
        (&greedy, "identity-unsupported", "rounds of work"),
        (&PLAIN[..200], "identity-malformed", "it is "),
        (
            &PLAIN.replacen('x', "y", 1),
            "identity-malformed",
            "damaged",
        ),
        (&format!("{PLAIN}{PLAIN}"), "identity-malformed", "it is "),
        (
            &format!("# mine\n{PLAIN}"),
            "identity-malformed",
            "alone in its file",
        ),
        (
            PUBLIC,
            "identity-malformed",
            "the public half of an SSH key",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----",
            "identity-malformed",
            "'ssh-keygen -p -f FILE' rewrites it",
        ),
    ] {
        let error = file(bad).expect_err(reason);
        let message = error.to_string();
        assert!(message.contains(reason), "{message}");
        assert_eq!(error.code(), code, "{message}");
        assert!(!message.contains("b3BlbnNz"), "{message}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?}{:?}", file(PLAIN), file(LOCKED));
    assert_eq!(
        shown,
        "Ok(Plain(Identities(1)))Ok(Encrypted(EncryptedIdentities(…)))"
    );
}
