//! The reader of allowed signers; `tests/ssh_keygen.rs` compares it with the
//! real one.

use super::*;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBM9Q0mh1mR0pxx73nTcxP7Ddz9Qhd44hGXqqNfQ8re7";

/// Reads a line in which `KEY` stands for a key.
fn line(text: &str) -> Result<AllowedSigner, LineProblem> {
    AllowedSigner::parse(&text.replace("KEY", KEY))
}

#[test]
fn good_lines_have_one_canonical_form() {
    #[rustfmt::skip]
    let cases = [
        ("ada KEY", "ada KEY"),
        ("\u{feff} ada\t KEY  ada's  \"new\" key \r\n", "ada KEY ada's  \"new\" key"),
        ("ada,*@b.example,!c?@d KEY", "ada,*@b.example,!c?@d KEY"),
        ("\"ada\" KEY", "ada KEY"),
        ("\"ada lovelace\" KEY", "\"ada lovelace\" KEY"),
        ("\"#1\" KEY", "\"#1\" KEY"),
        ("zoë KEY", "zoë KEY"),
        ("AAAA KEY", "AAAA KEY"),
        ("ada CERT-authority KEY", "ada cert-authority KEY"),
        ("ada Namespaces=\"a, b,!c\" KEY", "ada namespaces=\"a, b,!c\" KEY"),
        ("ada namespaces=\"a\\\"\\ b\\\\\"\" KEY", "ada namespaces=\"a\\\"\\ b\\\\\"\" KEY"),
        ("ada valid-before=\"20261122\" KEY", "ada valid-before=\"20261122000000Z\" KEY"),
        ("ada valid-before=\"202611221030z\" KEY", "ada valid-before=\"20261122103000Z\" KEY"),
        ("ada VALID-after=\"20240229235959utc\" KEY", "ada valid-after=\"20240229235959Z\" KEY"),
        ("ada valid-before=\"20270101\",cert-authority,valid-after=\"20260101\",namespaces=\"x\" KEY",
         "ada cert-authority,namespaces=\"x\",valid-after=\"20260101000000Z\",valid-before=\"20270101000000Z\" KEY"),
    ];
    for (text, canonical) in cases {
        let read = line(text).unwrap();
        let canonical = canonical.replace("KEY", KEY);
        assert_eq!(read.to_string(), canonical, "{text:?}");
        assert_eq!(line(&canonical).as_ref(), Ok(&read), "{text:?}");
        assert_eq!(read.key().to_openssh(), KEY);
    }
    assert_eq!(line("ada KEY one"), line("ada KEY other"));
    for other in [
        "bob KEY",
        "ada cert-authority KEY",
        "ada namespaces=\"a\" KEY",
        "ada valid-after=\"20260101\" KEY",
    ] {
        assert_ne!(line("ada KEY"), line(other), "{other}");
    }
    assert_ne!(line("ada KEY"), line(&format!("ada {P256_PUBLIC}")));
}

#[test]
fn bad_lines_are_refused_for_what_is_wrong() {
    let (long, near) = ("x".repeat(8 * 1024 + 1), "x".repeat(1023));
    #[rustfmt::skip]
    let cases = [
        ("", "no entry"),
        (" \t\r\n", "no entry"),
        ("# ada KEY", "no entry"),
        (long.as_str(), "line is longer than 8192 bytes"),
        ("ada KEY\nbob KEY", "control character"),
        ("ada\u{b} KEY", "control character"),
        ("ada\0 KEY", "control character"),
        ("ada", "key is missing"),
        ("ada ssh-ed25519", "key is missing"),
        ("ada namespaces=\"file\"", "key is missing"),
        ("\"ada KEY", "quotation mark missing or out of place"),
        ("\"ada\"x KEY", "quotation mark missing or out of place"),
        ("a\"da\" KEY", "quotation mark missing or out of place"),
        ("ada namespaces=\"file KEY", "quotation mark missing or out of place"),
        ("\"\" KEY", "list of principals is empty or has an empty pattern"),
        ("ada, KEY", "list of principals is empty or has an empty pattern"),
        ("ada,!,bob KEY", "list of principals is empty or has an empty pattern"),
        ("NEAR KEY", "list of principals has a pattern longer than 1022 bytes"),
        ("ada namespaces=\"\" KEY", "list of namespaces is empty or has an empty pattern"),
        ("ada namespaces=\"a,\" KEY", "list of namespaces is empty or has an empty pattern"),
        ("ada namespaces=file KEY", "option \"namespaces\" needs a value in double quotes"),
        ("ada namespaces KEY", "option \"namespaces\" needs a value in double quotes"),
        ("ada valid-after,cert-authority KEY", "option \"valid-after\" needs a value in double quotes"),
        ("ada namespace=\"a\" KEY", "unknown option \"namespace\""),
        ("ada no-pty KEY", "unknown option \"no-pty\""),
        ("ada cert-authority, KEY", "unknown option \"\""),
        ("ada ,cert-authority KEY", "unknown option \"\""),
        ("ada cert-authority=\"\" KEY", "unknown option \"cert-authority=\\\"\\\"\""),
        ("ada cert-authority,cert-authority KEY", "option \"cert-authority\" is there twice"),
        ("ada namespaces=\"a\",Namespaces=\"a\" KEY", "option \"namespaces\" is there twice"),
        ("ada valid-before=\"20260230Z\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"2026-11-22\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"2026112210\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"20261122T\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"20261122240000\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"2026112é\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-before=\"Z\" KEY", "\"valid-before\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-after=\"19700101\" KEY", "\"valid-after\" is not a time as in 20261122Z or 20261122103000Z"),
        ("ada valid-after=\"20261122\",valid-before=\"20261122\" KEY", "\"valid-before\" is not later than \"valid-after\""),
        ("ada ssh-rsa AAAAC3NzaC1lZDI1NTE5", "not an OpenSSH public key: it is not of the kind its line begins with"),
        ("ada ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "not an OpenSSH public key: its key is damaged, or of an unknown kind"),
        ("ada ssh-ed25519 AAAAC3NzaC1lZDI1NTE", "not an OpenSSH public key: what should be its base64 is none"),
        ("KEY", "key is missing"),
    ];
    for (text, expected) in cases {
        let refused = line(&text.replace("NEAR", &near)).unwrap_err();
        assert_eq!(refused.to_string(), expected, "{text:.80?}");
    }
}

#[test]
fn all_bad_lines_are_reported_with_their_numbers() {
    let text = format!("\u{feff}# signers\r\n\r\nada {KEY}\r\nbob\r\ncarol x {KEY}\r\n\tdan {KEY}");
    let errors = AllowedSigners::parse(&text).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        ["line 4: key is missing", "line 5: unknown option \"x\""]
    );

    let text = text.replace("bob\r\ncarol x", "carol");
    let signers = AllowedSigners::parse(&text).unwrap();
    let found: Vec<_> = signers
        .iter()
        .map(|line| (line.principals().as_str(), line.line()))
        .collect();
    assert_eq!(
        found,
        [("ada", Some(3)), ("carol", Some(4)), ("dan", Some(5))]
    );
    assert!(AllowedSigners::parse("").unwrap().is_empty());
}

#[test]
fn files_have_limits() {
    let problem = |text: &str| AllowedSigners::parse(text).map(|signers| signers.len());
    let error = |line, problem| Err(vec![LineError { line, problem }]);

    assert_eq!(problem(&"\n".repeat(10_000)), Ok(0));
    assert_eq!(
        problem(&"\n".repeat(10_001)),
        error(10_001, LineProblem::ManyLines)
    );

    let comment = format!("#{}\n", "x".repeat(1022));
    assert_eq!(problem(&comment.repeat(1024)), Ok(0));
    assert_eq!(
        problem(&format!("{}#", comment.repeat(1024))),
        error(1025, LineProblem::LargeFile)
    );

    let comment = |bytes: usize| format!("ada {KEY}\n#{}", "x".repeat(bytes - 1));
    assert_eq!(problem(&comment(8192)), Ok(1));
    assert_eq!(problem(&comment(8193)), error(2, LineProblem::LongLine));
}

#[test]
fn lines_are_found_by_key_and_principal() {
    let key = PublicKey::parse(KEY).unwrap();
    let mut signers = AllowedSigners::parse(&format!(
        "ada {P256_PUBLIC}\na* cert-authority {KEY}\nada {KEY}"
    ))
    .unwrap();
    signers.push(AllowedSigner::new("ada", &["a"], key.clone()).unwrap());
    let numbers = |lines: Vec<&AllowedSigner>| {
        lines
            .into_iter()
            .map(AllowedSigner::line)
            .collect::<Vec<_>>()
    };
    assert_eq!(signers.len(), 4);
    assert_eq!(
        numbers(signers.of_key(&key).collect()),
        [Some(2), Some(3), None]
    );
    assert_eq!(numbers(signers.of_principal("abe").collect()), [Some(2)]);
    assert_eq!(signers.into_iter().count(), 4);
}

#[test]
fn new_lines_hold_plain_names_only() {
    let key = || PublicKey::parse(&format!("{KEY} desk")).unwrap();
    let line = AllowedSigner::new("ada+x@clinic.example", &["a.v1", "b"], key()).unwrap();
    assert_eq!(
        line.to_string(),
        format!("ada+x@clinic.example namespaces=\"a.v1,b\" {KEY} desk")
    );
    assert!(line.permits("b") && !line.permits("c") && !line.is_cert_authority());
    assert_eq!(
        (line.valid_after(), line.valid_before(), line.line()),
        (None, None, None)
    );

    assert!(AllowedSigner::new(&"x".repeat(255), &["a"], key()).is_ok());
    let long = "x".repeat(256);
    for bad in [
        "", " ", "a b", "a\tb", "a\nb", "a\u{a0}b", "a\0", "a\"", "a\\", "a,b", "*", "a*", "a?",
        "!a", "#a", &long,
    ] {
        let refused = AllowedSigner::new(bad, &["a"], key()).unwrap_err();
        assert!(
            matches!(
                refused,
                LineProblem::BadName {
                    field: "principal",
                    ..
                }
            ),
            "{bad:?}"
        );
        let refused = AllowedSigner::new("ada", &["a", bad], key()).unwrap_err();
        assert!(
            matches!(
                refused,
                LineProblem::BadName {
                    field: "namespace",
                    ..
                }
            ),
            "{bad:?}"
        );
    }
    let refused = AllowedSigner::new("ada", &[], key()).unwrap_err();
    assert!(matches!(
        refused,
        LineProblem::BadPattern {
            field: "namespaces",
            ..
        }
    ));
}

#[test]
fn a_narrowed_line_has_one_name_and_the_given_purposes() {
    let narrow = |text| line(text).unwrap().narrowed(&[PACKAGE_NAMESPACE]);
    let expected = line("ada namespaces=\"exeat.package.v1\" KEY");
    for given in [
        "ada KEY",
        "ada namespaces=\"file\" KEY",
        "ada namespaces=\"*\" KEY",
    ] {
        assert_eq!(narrow(given), expected, "{given}");
    }
    for claim in [
        "* KEY",
        "ada,bob KEY",
        "a?a KEY",
        "!bob,* KEY",
        "\"ada bob\" KEY",
        "a\u{202e}da KEY",
    ] {
        let refused = narrow(claim).unwrap_err();
        assert!(matches!(refused, LineProblem::BadName { .. }), "{claim}");
    }
}

#[test]
fn patterns_match_as_in_openssh() {
    for (list, text, expected) in [
        ("ada", "ada", true),
        ("ada", "Ada", false),
        ("ada", "ad", false),
        ("ada", "adam", false),
        ("*", "", true),
        ("?", "", false),
        ("?", "a", true),
        ("??", "é", true),
        ("?", "é", false),
        ("a*", "a", true),
        ("*a", "ba", true),
        ("*a", "ab", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*ab", "aab", true),
        ("*a?b*", "xaab", true),
        ("a**b", "ab", true),
        ("*@x,ada", "ada", true),
        ("bob,ada", "bob,ada", false),
        ("!ada", "bob", false),
        ("!ada,*", "bob", true),
        ("!ada,*", "ada", false),
        ("*,!a*", "ada", false),
        ("!!ada,*", "!ada", false),
        ("!!ada,*", "ada", true),
    ] {
        let read = line(&format!("{list} KEY")).unwrap();
        assert_eq!(
            read.principals().matches(text),
            expected,
            "{list} on {text:?}"
        );
    }
    // Would take ages by trying every way the stars could share the text.
    let read = line(&format!("{}b KEY", "*a".repeat(400))).unwrap();
    assert!(!read.principals().matches(&"a".repeat(8000)));
}
