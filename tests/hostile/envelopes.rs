//! Envelopes that hold something other than the package key, or are none of an age
//! file that a reader should take; each in a package that the trusted sender signed.

use age::secrecy::SecretString;

use crate::forge::{Members, Workshop, encrypt, encrypt_to, new_key};
use crate::runner::{Case, INSIDE, LIST, OPEN, VERIFY_ALL};

const HEADER: &str = "the age header is malformed";
const ENVELOPE: &str = "the envelope does not hold a package key";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = contents();
    cases.extend(files());
    cases.extend(passphrases());
    cases
}

/// Envelopes for a passphrase, with which an attacker could have a reader spend a gibibyte:
/// whoever gives an identity, or has no terminal to be asked at, spends nothing.
fn passphrases() -> Vec<Case> {
    type Edit = fn(&Workshop, Vec<u8>) -> Vec<u8>;
    let table: [(&str, Edit); 3] = [
        (
            "for a passphrase, of the greatest work that is accepted",
            |_, _| scrypt_header(20),
        ),
        (
            "for a passphrase, with a recipient's stanza beside",
            |_, f| {
                let (header, rest) = parts(&f);
                let stanza = "-> scrypt bBjlhJVYZeE4aqUdmtRHfw 10\n\
                          gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n-> ";
                joined((header.replacen("-> ", stanza, 1), rest))
            },
        ),
        ("for a passphrase that is known to all", |_, _| {
            let mut recipient = age::scrypt::Recipient::new(SecretString::from("guess".to_owned()));
            recipient.set_work_factor(2);
            let to = std::iter::once(&recipient as &dyn age::Recipient);
            let encryptor = age::Encryptor::with_recipients(to).unwrap();
            let mut file = Vec::new();
            let mut writer = encryptor.wrap_output(&mut file).unwrap();
            std::io::Write::write_all(&mut writer, b"x").unwrap();
            writer.finish().unwrap();
            file
        }),
    ];
    let mut cases = Vec::new();
    for (how, edit) in table {
        for (commands, code, words) in [
            (
                &[VERIFY_ALL][..],
                2,
                "sealed with a passphrase, not for identities",
            ),
            (
                &[LIST, OPEN][..],
                1,
                "no terminal to ask for a passphrase at",
            ),
        ] {
            cases.push(Case::new(
                format!("envelope {how}: {}", commands[0]),
                "whoever has an identity is not asked to guess, and no memory is spent",
                commands,
                code,
                words,
                move |workshop, _| {
                    let file = edit(workshop, workshop.genuine("plain").get("key.age").to_vec());
                    with_envelope(workshop, file)
                },
            ));
        }
    }
    cases
}

/// The header of an age file for a passphrase, of this work, and something behind it.
fn scrypt_header(work: u8) -> Vec<u8> {
    format!(
        "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw {work}\n\
         gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n\
         --- {}\n{}",
        "A".repeat(43),
        "x".repeat(100)
    )
    .into()
}

fn with_envelope(workshop: &Workshop, file: Vec<u8>) -> Members {
    workshop.outer(|members| members.put("key.age", file))
}

/// What is inside.
fn contents() -> Vec<Case> {
    type Content = fn(&str) -> Vec<u8>;
    let table: [(&str, &str, Content); 18] = [
        ("nothing", ENVELOPE, |_| Vec::new()),
        ("a newline", ENVELOPE, |_| b"\n".to_vec()),
        ("the key and a second newline", ENVELOPE, |key| {
            format!("{key}\n\n").into()
        }),
        ("the key and a carriage return", ENVELOPE, |key| {
            format!("{key}\r\n").into()
        }),
        ("the key behind a blank", ENVELOPE, |key| {
            format!(" {key}\n").into()
        }),
        ("the key behind a comment", ENVELOPE, |key| {
            format!("# key\n{key}\n").into()
        }),
        ("two keys", ENVELOPE, |key| {
            format!("{key}\n{}\n", new_key()).into()
        }),
        ("the key and sixty kibibytes", ENVELOPE, |key| {
            [key.as_bytes(), &vec![b'x'; 60 << 10]].concat()
        }),
        ("the key in small letters", ENVELOPE, |key| {
            key.to_lowercase().into()
        }),
        ("the key with one letter wrong", ENVELOPE, |key| {
            let mut key = key.to_owned().into_bytes();
            let last = key.len() - 1;
            key[last] = if key[last] == b'Q' { b'P' } else { b'Q' };
            key
        }),
        ("the key without its last letter", ENVELOPE, |key| {
            key[..key.len() - 1].into()
        }),
        ("the public half", ENVELOPE, |key| {
            let key: age::x25519::Identity = key.parse().unwrap();
            format!("{}\n", key.to_public()).into()
        }),
        (
            "an identity of a plugin, which would run a program",
            ENVELOPE,
            |_| b"AGE-PLUGIN-YUBIKEY-1Q9SUGZQTZGV2PPXRLW6\n".to_vec(),
        ),
        ("a post-quantum key", ENVELOPE, |_| {
            b"AGE-SECRET-KEY-PQ-1QQQQQQQQQQQQQQQQQQQQ\n".to_vec()
        }),
        ("an SSH key", ENVELOPE, |_| {
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n".to_vec()
        }),
        ("the name of a file", ENVELOPE, |_| {
            b"/etc/passwd\n".to_vec()
        }),
        ("bytes that are not UTF-8", ENVELOPE, |_| vec![0xff; 74]),
        (
            "the key of another package",
            "the envelope holds the key of another package",
            |_| new_key().into(),
        ),
    ];
    let case = |(what, words, content): (&str, &str, Content)| {
        Case::new(
            format!("envelope with {what}"),
            "an envelope holds one package key, the one that the manifest promises, and \
             nothing that is used before that is known",
            INSIDE,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let content = content(&workshop.draft("plain").key);
                with_envelope(workshop, workshop.to_recipient(&content))
            },
        )
    };
    table.map(case).into()
}

/// The header of an age file, and what follows it.
fn parts(file: &[u8]) -> (String, Vec<u8>) {
    let at = file.windows(4).position(|four| four == b"\n---").unwrap() + 1;
    let end = at + file[at..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let header = String::from_utf8(file[..end].to_vec()).unwrap();
    (header, file[end..].to_vec())
}

fn joined((header, rest): (String, Vec<u8>)) -> Vec<u8> {
    [header.into_bytes(), rest].concat()
}

/// The file itself.
fn files() -> Vec<Case> {
    type Edit = fn(&Workshop, Vec<u8>) -> Vec<u8>;
    const MAC: &str = "its authentication code is wrong";
    /// One that is edited in its header.
    fn header(file: &[u8], edit: impl FnOnce(String) -> String) -> Vec<u8> {
        let (header, rest) = parts(file);
        let edited = edit(header.clone());
        assert_ne!(edited, header, "nothing was changed");
        joined((edited, rest))
    }
    let table: [(&str, &str, i64, &str, Edit); 32] = [
        (
            "for somebody else",
            "it is not for whoever reads it",
            1,
            "none of the given identities opens",
            |_, _| {
                let other = age::x25519::Identity::generate();
                encrypt(&other.to_public(), b"AGE-SECRET-KEY-1\n")
            },
        ),
        (
            "of no bytes",
            "nothing opens the package",
            4,
            HEADER,
            |_, _| Vec::new(),
        ),
        (
            "in the clear",
            "a key that anybody can read protects nothing",
            4,
            HEADER,
            |w, _| format!("{}\n", w.draft("plain").key).into(),
        ),
        (
            "armoured",
            "one way to write an envelope is enough",
            4,
            HEADER,
            |_, file| armoured(&file),
        ),
        (
            "of a later version of age",
            "nobody knows what that means",
            4,
            "not an age file of version 1",
            |_, f| header(&f, |h| h.replace("/v1", "/v2")),
        ),
        (
            "of age with a blank behind the version",
            "one way to write it",
            4,
            "not an age file of version 1",
            |_, f| header(&f, |h| h.replace("/v1", "/v1 ")),
        ),
        (
            "with carriage returns",
            "one way to write it",
            4,
            "not an age file of version 1",
            |_, f| header(&f, |h| h.replace('\n', "\r\n")),
        ),
        (
            "without stanzas",
            "nobody can open it",
            4,
            HEADER,
            |_, f| {
                header(&f, |h| {
                    let mac = h.lines().last().unwrap();
                    format!("age-encryption.org/v1\n{mac}\n")
                })
            },
        ),
        (
            "cut in its header",
            "the rest is not there",
            4,
            "it is cut short",
            |_, f| f[..60].to_vec(),
        ),
        (
            "that ends with its header",
            "no payload follows",
            4,
            "the age header is malformed: it is not what the age format asks for",
            |_, f| {
                let (header, _) = parts(&f);
                header.into()
            },
        ),
        (
            "cut in the nonce of its payload",
            "the rest is not there",
            4,
            "the age header is malformed: it is not what the age format asks for",
            |_, f| {
                let (header, rest) = parts(&f);
                joined((header, rest[..8].to_vec()))
            },
        ),
        (
            "cut in its payload",
            "the rest is not there",
            4,
            ENVELOPE,
            |_, f| f[..f.len() - 1].to_vec(),
        ),
        (
            "with a byte behind its payload",
            "what follows was sealed by nobody",
            4,
            ENVELOPE,
            |_, mut f| {
                f.push(b'x');
                f
            },
        ),
        (
            "with a bit of its payload flipped",
            "one bit is enough",
            4,
            ENVELOPE,
            |_, mut f| {
                let last = f.len() - 1;
                f[last] ^= 1;
                f
            },
        ),
        (
            "with another authentication code",
            "its header was altered",
            4,
            MAC,
            |_, f| {
                header(&f, |h| {
                    let at = h.find("--- ").unwrap() + 4;
                    let other = if h.as_bytes()[at] == b'A' { "B" } else { "A" };
                    format!("{}{other}{}", &h[..at], &h[at + 1..])
                })
            },
        ),
        (
            "with an authentication code cut short",
            "its header was altered",
            4,
            HEADER,
            |_, f| header(&f, |h| format!("{}\n", &h[..h.len() - 3])),
        ),
        (
            "without an authentication code",
            "its header may have been altered",
            4,
            "the age header is malformed: it is not what the age format asks for",
            |_, f| header(&f, |h| format!("{}---\n", &h[..h.find("---").unwrap()])),
        ),
        (
            "with a stanza that was added",
            "its header was altered",
            4,
            MAC,
            |_, f| header(&f, |h| h.replacen("-> ", "-> zz-grease 1\n\n-> ", 1)),
        ),
        (
            "with a stanza without a name",
            "no stanza is like that",
            4,
            HEADER,
            |_, f| header(&f, |h| h.replacen("-> X25519 ", "->  X25519 ", 1)),
        ),
        (
            "with an argument too many",
            "its stanza says what nobody reads",
            4,
            "the age header is malformed: it is not what the age format asks for",
            |_, f| header(&f, |h| h.replacen("-> X25519 ", "-> X25519 more ", 1)),
        ),
        (
            "with a control character in a stanza",
            "its stanza is not text",
            4,
            HEADER,
            |_, f| header(&f, |h| h.replacen("-> X25519 ", "-> X25519\x07 ", 1)),
        ),
        (
            "with a stanza whose body is too long a line",
            "one way to write it",
            4,
            HEADER,
            |_, f| {
                header(&f, |h| {
                    h.replacen("-> ", &format!("-> x\n{}\n\n-> ", "A".repeat(68)), 1)
                })
            },
        ),
        (
            "with a stanza whose body is no base64",
            "one way to write it",
            4,
            HEADER,
            |_, f| header(&f, |h| h.replacen("-> ", "-> x\n!!!!\n-> ", 1)),
        ),
        (
            "with a stanza whose body has padding",
            "one way to write it",
            4,
            HEADER,
            |_, f| header(&f, |h| h.replacen("-> ", "-> x\nAAA=\n-> ", 1)),
        ),
        (
            "with a share of zeros",
            "the secret would be the same for everybody",
            4,
            "the age header is malformed: it is not what the age format asks for",
            |_, f| {
                header(&f, |h| {
                    let at = h.find("-> X25519 ").unwrap() + 10;
                    format!("{}{}{}", &h[..at], "A".repeat(43), &h[at + 43..])
                })
            },
        ),
        (
            "with 129 stanzas",
            "their number is bounded: reading takes time that grows with its square",
            4,
            "more than 128 stanzas",
            |w, _| {
                let to = w.identity.to_public();
                let others: Vec<_> = (0..129).map(|_| &to).collect();
                encrypt_to(&others, b"x")
            },
        ),
        (
            "with five thousand small stanzas",
            "their number is bounded",
            4,
            "more than 128 stanzas",
            |_, f| {
                header(&f, |h| {
                    h.replacen("-> ", &format!("{}-> ", "-> x\n\n".repeat(5000)), 1)
                })
            },
        ),
        (
            "with a stanza of 64 KiB",
            "a header is bounded before it is read",
            4,
            "its authentication code is wrong",
            |_, f| {
                let body = "A".repeat(64) + "\n";
                header(&f, |h| {
                    h.replacen("-> ", &format!("-> x\n{}\n-> ", body.repeat(1000)), 1)
                })
            },
        ),
        (
            "with one line of 64 KiB",
            "a header is bounded before it is read",
            4,
            "it is larger than 64 KiB",
            |_, f| {
                header(&f, |h| {
                    h.replacen("-> ", &format!("-> {}\n\n-> ", "x".repeat(65_536)), 1)
                })
            },
        ),
        ("that is a zip", "it is no age file", 4, HEADER, |_, _| {
            b"PK\x03\x04".repeat(20)
        }),
        (
            "that is the volume",
            "what opens the package is not inside of it",
            1,
            "none of the given identities opens",
            |w, _| w.genuine("plain").get("volume-00001.age").to_vec(),
        ),
        (
            "that is the envelope of another package",
            "it holds another key",
            4,
            "the envelope holds the key of another package",
            |w, _| w.genuine("other").get("key.age").to_vec(),
        ),
    ];
    let case = |(how, why, code, words, edit): (&str, &str, i64, &str, Edit)| {
        Case::new(
            format!("envelope {how}"),
            why,
            INSIDE,
            code,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let file = edit(workshop, workshop.genuine("plain").get("key.age").to_vec());
                with_envelope(workshop, file)
            },
        )
    };
    table.map(case).into()
}

fn armoured(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer =
        age::armor::ArmoredWriter::wrap_output(&mut out, age::armor::Format::AsciiArmor).unwrap();
    std::io::Write::write_all(&mut writer, file).unwrap();
    writer.finish().unwrap();
    out
}
