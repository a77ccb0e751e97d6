//! Recipients, identities and envelopes: what opens what, and what is refused
//! before age sees it.

use super::*;

/// age's own test key, whose secret half is public.
const KEY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

fn code(error: &KeyError) -> &'static str {
    error.code()
}

fn keys(pairs: &[&IdentityPair]) -> Recipients {
    let keys = pairs.iter().map(|pair| Recipient::parse(&pair.recipient()));
    Recipients::keys(keys.collect::<Result<_, _>>().expect("recipients")).expect("few")
}

#[test]
fn an_envelope_opens_for_each_recipient_and_for_nobody_else() {
    let [a, b, other] = [(); 3].map(|()| IdentityPair::generate());
    let key = PackageKey::generate();
    let envelope = key.envelope(&keys(&[&a, &b])).expect("memory");
    for pair in [&a, &b] {
        let opened = PackageKey::from_envelope(&envelope, &pair.identities()).expect("opens");
        assert_eq!(opened.commitment(), key.commitment());
    }
    let error = PackageKey::from_envelope(&envelope, &other.identities()).expect_err("another's");
    assert_eq!(code(&error), "wrong-key");
    let mut both = other.identities();
    both.extend(b.identities());
    PackageKey::from_envelope(&envelope, &both).expect("the second opens it");
}

#[test]
fn an_envelope_holds_one_package_key_and_nothing_else() {
    let pair = IdentityPair::generate();
    let secret = age::x25519::Identity::generate().to_string();
    let secret = secret.expose_secret();
    let opens = |plaintext: &[u8]| {
        let envelope = encrypt_for(&keys(&[&pair]), plaintext).expect("memory");
        PackageKey::from_envelope(&envelope, &pair.identities())
    };
    opens(secret.as_bytes()).expect("without a newline");
    opens(format!("{secret}\n").as_bytes()).expect("with a newline");
    for bad in [
        "",
        "\n",
        &secret.to_lowercase(),
        &format!("{secret}\n\n"),
        &format!(" {secret}\n"),
        &format!("{secret}\r\n"),
        &format!("{secret}\n{secret}\n"),
        &format!("# comment\n{secret}\n"),
        KEY,
        &"A".repeat(200),
        &"A".repeat(96),
    ] {
        let error = opens(bad.as_bytes()).expect_err("refused");
        assert_eq!(code(&error), "envelope-malformed", "{bad:?}");
    }
}

#[test]
fn a_passphrase_opens_what_it_sealed() {
    // One envelope serves both tests: a try costs a second.
    let passphrase = SecretString::from("correct horse battery staple");
    let key = PackageKey::generate();
    let sealed = Recipients::Passphrase(passphrase.clone());
    let envelope = key.envelope(&sealed).expect("memory");
    assert_eq!(
        EnvelopeKind::of(&envelope).expect("a header"),
        EnvelopeKind::Passphrase
    );
    let none = IdentityPair::generate().identities();
    let error = PackageKey::from_envelope(&envelope, &none).expect_err("no passphrase");
    assert_eq!(code(&error), "passphrase-needed");
    PackageKey::from_envelope(&envelope, &Identities::passphrase(passphrase)).expect("opens");
    let wrong = Identities::passphrase(SecretString::from("wrong"));
    let error = PackageKey::from_envelope(&envelope, &wrong).expect_err("wrong");
    assert_eq!(code(&error), "wrong-passphrase");
    // Somebody else's envelope may ask for any amount of work.
    let header = String::from_utf8_lossy(&envelope).into_owned();
    let at = header.find(" 18\n").expect("the work factor");
    let mut greedy = envelope.clone();
    greedy[at + 1..at + 3].copy_from_slice(b"21");
    let any = Identities::passphrase(SecretString::from("any"));
    let error = PackageKey::from_envelope(&greedy, &any).expect_err("too much");
    assert_eq!(code(&error), "excessive-work");
}

#[test]
fn a_stanza_for_a_passphrase_is_told_by_its_name_alone() {
    let header = |stanza: &str| format!("age-encryption.org/v1\n-> {stanza}\nAAAA\n--- AAAA\n");
    for (stanza, kind) in [
        ("scrypt bBjlhJVYZeE4aqUdmtRHfw 10", EnvelopeKind::Passphrase),
        // Without the arguments that it needs, it is age that refuses it.
        ("scrypt", EnvelopeKind::Passphrase),
        ("scrypts a", EnvelopeKind::Keys),
        ("a scrypt", EnvelopeKind::Keys),
    ] {
        let found = EnvelopeKind::of(header(stanza).as_bytes()).expect("within bounds");
        assert_eq!(found, kind, "{stanza}");
    }
}

#[test]
fn headers_are_bounded_before_age_sees_them() {
    let scan = |text: &str| scan_header(&mut text.as_bytes());
    let stanza = "-> X25519 AAAA\nAAAA\n";
    let header =
        |count: usize| format!("age-encryption.org/v1\n{}--- AAAA\n", stanza.repeat(count));
    assert_eq!(scan(&header(1)).expect("one"), EnvelopeKind::Keys);
    assert_eq!(scan(&header(128)).expect("the most"), EnvelopeKind::Keys);
    // A full line, and one that ends it, which may be empty.
    for end in ["", "AAAA"] {
        let long = header(1).replace("\nAAAA\n", &format!("\n{}\n{end}\n", "A".repeat(64)));
        assert_eq!(scan(&long).expect("it ends"), EnvelopeKind::Keys);
    }
    for (bad, reason) in [
        (header(129), "it has more than 128 stanzas"),
        (
            header(1).replace("/v1", "/v2"),
            "it is not an age file of version 1",
        ),
        (header(1).replace("---", "-"), "it is cut short"),
        (
            header(2).replacen("AAAA\nAAAA\n", "AAAA\n", 1),
            "a stanza in it has no end",
        ),
        (
            header(1).replace("\nAAAA\n", &format!("\n{}\n", "A".repeat(64))),
            "a stanza in it has no end",
        ),
        (String::new(), "it is cut short"),
        (
            format!("age-encryption.org/v1\n-> x {}\n", "A".repeat(70_000)),
            "it is larger than 64 KiB",
        ),
        ("A".repeat(70_000), "it is larger than 64 KiB"),
    ] {
        match scan(&bad) {
            Err(KeyError::Header { reason: found }) => assert_eq!(found, reason),
            other => panic!("{other:?} for {reason}"),
        }
    }
}

#[test]
fn recipients_and_why_not() {
    assert_eq!(
        Recipient::parse(&format!(" {KEY}\n"))
            .expect("good")
            .to_string(),
        KEY
    );
    for (bad, reason) in [
        ("", "does not begin with 'age1'"),
        ("bob", "does not begin with 'age1'"),
        (&KEY[..KEY.len() - 1], "missing or mistyped"),
        (&KEY.replace('r', "x"), "missing or mistyped"),
        #[cfg(not(feature = "ssh"))]
        ("ssh-ed25519 AAAA", "SSH keys are not supported"),
        ("age1pq1qqqq", "missing or mistyped"),
        ("age1tag1qqqq", "not supported yet"),
    ] {
        let error = Recipient::parse(bad).expect_err(bad).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let secret = IdentityPair::generate().to_file("2026-11-22T10:00:00Z".parse().expect("a time"));
    let secret = String::from_utf8_lossy(&secret);
    let line = secret.lines().last().expect("the key");
    let error = Recipient::parse(line).expect_err("a secret").to_string();
    assert!(
        !error.contains(&line[16..]) && error.contains("secret key"),
        "{error}"
    );
}

#[test]
fn recipients_files() {
    let text = format!("# partners\n\n{KEY}\n  {KEY}  \n");
    assert_eq!(Recipient::parse_file(&text).expect("good").len(), 2);
    let error = Recipient::parse_file("# none\n").expect_err("none");
    assert_eq!(code(&error), "no-recipient");
    let error = Recipient::parse_file(&format!("{KEY}\nrubbish\n")).expect_err("line 2");
    // What stands there may be anything, and is not repeated.
    let message = "line 2 is not a recipient: it does not begin with 'age1' or 'ssh-'";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_recipient_counts_once_and_there_are_limits() {
    let once = Recipients::keys(vec![Recipient::parse(KEY).expect("good"); 3]).expect("one");
    assert!(matches!(once, Recipients::Keys(keys) if keys.len() == 1));
    let many = |count: usize| {
        let pairs = (0..count).map(|_| IdentityPair::generate().recipient());
        Recipients::keys(pairs.map(|r| Recipient::parse(&r).expect("good")).collect())
    };
    let most = many(MAX_RECIPIENTS).expect("the most");
    let envelope = PackageKey::generate().envelope(&most).expect("memory");
    assert!(envelope.len() as u64 <= MAX_ENVELOPE);
    EnvelopeKind::of(&envelope).expect("within what a reader takes");
    assert_eq!(
        code(&many(MAX_RECIPIENTS + 1).expect_err("too many")),
        "too-many-recipients"
    );
}

#[test]
fn identity_files_and_why_not() {
    let parse = |text: &str| IdentityFile::parse(Zeroizing::new(text.as_bytes().to_vec()));
    let pair = IdentityPair::generate();
    let file = pair.to_file("2026-11-22T10:00:00Z".parse().expect("a time"));
    let text = String::from_utf8(file.to_vec()).expect("ASCII");
    let key = PackageKey::generate();
    let envelope = key.envelope(&keys(&[&pair])).expect("memory");
    match parse(&text).expect("an identity file") {
        IdentityFile::Plain(ids) => {
            PackageKey::from_envelope(&envelope, &ids).expect("opens");
        }
        IdentityFile::Encrypted(_) => panic!("not encrypted"),
    }
    let secret = text.lines().last().expect("the key");
    for (bad, reason) in [
        (String::new(), "it holds no identity"),
        ("# nothing\n".into(), "it holds no identity"),
        (KEY.into(), "line 1 is a recipient"),
        (format!("{secret}\nx"), "line 2 is not an identity"),
        #[cfg(not(feature = "ssh"))]
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----".into(),
            "SSH keys are not supported",
        ),
        ("AGE-PLUGIN-YUBIKEY-1".into(), "mistyped identity"),
        (
            "AGE-SECRET-KEY-PQ-1".into(),
            "mistyped post-quantum identity",
        ),
        (
            "age-encryption.org/v1\nrubbish".into(),
            "its age header is malformed",
        ),
        // More stanzas than age should see: it would take half a minute.
        (
            format!("age-encryption.org/v1\n{}", "-> a\n\n".repeat(9_000)),
            "its age header is malformed",
        ),
    ] {
        let error = parse(&bad).expect_err("refused");
        assert_eq!(code(&error), "identity-malformed");
        let message = error.to_string();
        assert!(message.contains(reason), "{message}");
        assert!(!message.contains(&secret[20..]), "{message}");
    }
    assert!(parse("\u{fffd}").is_err());
}

#[test]
fn a_protected_identity_file_opens_with_its_passphrase_alone() {
    let pair = IdentityPair::generate();
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    let file = pair
        .to_encrypted_file(now, &"a long passphrase".into())
        .expect("memory");
    assert!(file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let Ok(IdentityFile::Encrypted(file)) = IdentityFile::parse(Zeroizing::new(file)) else {
        panic!("encrypted");
    };
    assert_eq!(
        code(&file.unlock("wrong".into()).expect_err("wrong")),
        "wrong-passphrase"
    );
    let identities = file.unlock("a long passphrase".into()).expect("opens");
    let envelope = PackageKey::generate()
        .envelope(&keys(&[&pair]))
        .expect("memory");
    PackageKey::from_envelope(&envelope, &identities).expect("the same identity");
}

#[test]
fn nothing_secret_is_shown() {
    let pair = IdentityPair::generate();
    let key = PackageKey::generate();
    for shown in [
        format!("{pair:?}"),
        format!("{key:?}"),
        format!("{:?}", pair.identities()),
    ] {
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[test]
fn secret_files_are_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("key");
    write_secret_file(&path, b"one").expect("new");
    let error = write_secret_file(&path, b"two").expect_err("exists");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    let mode = std::fs::metadata(&path)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        read_secret_file(&path, 3).expect("small").as_slice(),
        b"one"
    );
    let error = read_secret_file(&path, 2).expect_err("larger");
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

/// Keys of a plugin that nobody has; the name of the third has 65 bytes.
const ABSENT: &str = "age1absent10qyjreut";
const TOY: &str = "age1toy1vys8getnwss8qmr4va5kuxfufar";
const LONG_NAME: &str =
    "age1nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn10qcqtctu";
const TOY_IDENTITY: &str = "AGE-PLUGIN-TOY-1VYS8GETNWSS8QMR4VA5KUWJXE2Z";

#[test]
fn keys_of_plugins_are_read_and_the_plugin_is_missed() {
    let absent = Recipient::parse(ABSENT).expect("a recipient");
    assert_eq!(absent.to_string(), ABSENT);
    for (bad, reason) in [
        (LONG_NAME, "no age plugin has such a name"),
        (&ABSENT.replacen('q', "p", 1), "missing or mistyped"),
        (TOY_IDENTITY, "a secret key"),
    ] {
        let error = Recipient::parse(bad).expect_err(bad).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let sealed = Recipients::keys(vec![Recipient::parse(KEY).expect("good"), absent]);
    let sealed = sealed.expect("two");
    let error = sealed.find_plugins().expect_err("missing");
    assert_eq!(code(&error), "plugin-missing");
    assert!(error.to_string().contains("'age-plugin-absent'"), "{error}");
    let error = PackageKey::generate()
        .envelope(&sealed)
        .expect_err("missing");
    assert_eq!(code(&error), "plugin-missing");
}

#[test]
fn a_missing_plugin_matters_only_where_nothing_else_opens_it() {
    let pair = IdentityPair::generate();
    let key = PackageKey::generate();
    let envelope = key.envelope(&keys(&[&pair])).expect("memory");
    let text = format!("# the plugin's own words\n{TOY_IDENTITY}\n");
    let Ok(IdentityFile::Plain(mut toy)) = IdentityFile::parse(Zeroizing::new(text.into())) else {
        panic!("an identity file");
    };
    assert!(!toy.is_empty() && toy.include(TOY) && !toy.include(ABSENT));
    let error = PackageKey::from_envelope(&envelope, &toy).expect_err("missing");
    assert_eq!(code(&error), "plugin-missing");
    toy.extend(pair.identities());
    PackageKey::from_envelope(&envelope, &toy).expect("the other opens it");
}
