//! Signatures that are none, or are somebody else's, or of something else, byte by
//! byte.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ssh_key::PrivateKey;

use crate::forge::{Workshop, sign, signature};
use crate::runner::{ALL, Case, INSIDE};

const NONE: &str = "manifest.json.sig: not an OpenSSH signature";
const ALTERED: &str = "manifest.json is not what was signed";

/// The fields of an OpenSSH signature (PROTOCOL.sshsig).
#[derive(Clone)]
struct Fields {
    magic: Vec<u8>,
    version: u32,
    key: Vec<u8>,
    namespace: Vec<u8>,
    reserved: Vec<u8>,
    hash: Vec<u8>,
    algorithm: Vec<u8>,
    raw: Vec<u8>,
    behind: Vec<u8>,
}

impl Fields {
    /// Those of the sender's signature of the manifest.
    fn good(workshop: &Workshop) -> Self {
        let manifest = workshop.genuine("plain");
        let made = signature(
            &workshop.sender,
            crate::forge::PACKAGE,
            manifest.get("manifest.json"),
        );
        Self {
            magic: b"SSHSIG".to_vec(),
            version: 1,
            key: blob(&workshop.sender),
            namespace: crate::forge::PACKAGE.into(),
            reserved: Vec::new(),
            hash: b"sha512".to_vec(),
            algorithm: b"ssh-ed25519".to_vec(),
            raw: made.signature_bytes().to_vec(),
            behind: Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let signature = [string(&self.algorithm), string(&self.raw)].concat();
        [
            self.magic.clone(),
            self.version.to_be_bytes().to_vec(),
            string(&self.key),
            string(&self.namespace),
            string(&self.reserved),
            string(&self.hash),
            string(&signature),
            self.behind.clone(),
        ]
        .concat()
    }
}

/// A field: its length and its bytes.
fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A public key as OpenSSH has it.
fn blob(key: &PrivateKey) -> Vec<u8> {
    key.public_key().to_bytes().unwrap()
}

/// The armour around the bytes of a signature.
fn armour(bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(70);
    let lines: String = lines
        .map(|line| format!("{}\n", std::str::from_utf8(line).unwrap()))
        .collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = texts();
    cases.extend(fields());
    cases.extend(whose());
    cases
}

fn with_signature(workshop: &Workshop, text: Vec<u8>) -> crate::forge::Members {
    workshop.damaged(|members| members.put("manifest.json.sig", text))
}

/// Texts that hold no signature, or more than one.
fn texts() -> Vec<Case> {
    type Edit = fn(String) -> Vec<u8>;
    let table: [(&str, &str, Edit); 18] = [
        ("in words", NONE, |_| b"signed, honestly\n".to_vec()),
        ("of its first line alone", NONE, |_| {
            b"-----BEGIN SSH SIGNATURE-----\n".to_vec()
        }),
        ("of its two lines alone", NONE, |_| {
            b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n".to_vec()
        }),
        ("without its first line", NONE, |text| {
            text.split_once('\n').unwrap().1.into()
        }),
        ("without its last line", NONE, |text| {
            text.replace("-----END SSH SIGNATURE-----\n", "").into()
        }),
        ("with text before it", NONE, |text| {
            format!("trust me\n{text}").into()
        }),
        ("with text behind it", NONE, |text| {
            format!("{text}trust me\n").into()
        }),
        ("twice", NONE, |text| format!("{text}{text}").into()),
        ("of a mail", NONE, |text| text.replace("SSH", "PGP").into()),
        ("as a certificate", NONE, |text| {
            text.replace("SSH SIGNATURE", "CERTIFICATE").into()
        }),
        ("with a letter that is no base64", NONE, |text| {
            text.replacen("U1NI", "U1N!", 1).into()
        }),
        ("with a zero width space", NONE, |text| {
            text.replacen("U1NI", "U1NI\u{200b}", 1).into()
        }),
        ("with padding in the middle", NONE, |text| {
            text.replacen("U1NI", "U1NI====", 1).into()
        }),
        ("cut in half", NONE, |text| {
            let text = text.replace("-----END SSH SIGNATURE-----\n", "");
            format!("{}\n-----END SSH SIGNATURE-----\n", &text[..text.len() / 2]).into()
        }),
        ("not armoured", NONE, |_| b"SSHSIG\0\0\0\x01".to_vec()),
        ("not UTF-8", NONE, |_| vec![0xff; 300]),
        ("of minisign", NONE, |_| {
            b"untrusted comment: signature\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n".to_vec()
        }),
        ("of a public key", NONE, |_| {
            b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8RB6E7Tl6yvdcOVVn3E0c7Uq2bbqyPZzYCr5Zz1F4a x\n"
                .to_vec()
        }),
    ];
    let case = |(how, words, edit): (&str, &str, Edit)| {
        Case::new(
            format!("signature {how}"),
            "what is no signature vouches for nothing",
            ALL,
            8,
            words,
            move |workshop, _| {
                let members = workshop.genuine("plain");
                let text = String::from_utf8(members.get("manifest.json.sig").to_vec()).unwrap();
                let edited = edit(text.clone());
                assert!(edited != text.as_bytes(), "nothing was changed");
                with_signature(workshop, edited)
            },
        )
    };
    table.map(case).into()
}

/// Signatures one field of which is another.
fn fields() -> Vec<Case> {
    type Edit = fn(&Workshop, &mut Fields);
    let table: [(&str, &str, i64, &str, Edit); 31] = [
        (
            "with another beginning",
            "it says that it is something else",
            8,
            NONE,
            |_, f| f.magic = b"SSHSIQ".to_vec(),
        ),
        (
            "of version 0",
            "nobody knows what that means",
            8,
            "signature format version 0",
            |_, f| f.version = 0,
        ),
        (
            "of version 2",
            "nobody knows yet what that means",
            8,
            "signature format version 2",
            |_, f| f.version = 2,
        ),
        (
            "for files in general",
            "a signature of a mail or a commit is none of a package",
            8,
            "for the namespace \"file\"",
            |_, f| {
                f.namespace = b"file".to_vec();
            },
        ),
        (
            "for git",
            "a signature of a commit is none of a package",
            8,
            "for the namespace \"git\"",
            |_, f| {
                f.namespace = b"git".to_vec();
            },
        ),
        (
            "for a rekey",
            "one purpose is not the other",
            8,
            "for the namespace \"exeat.rekey.v1\"",
            |_, f| {
                f.namespace = b"exeat.rekey.v1".to_vec();
            },
        ),
        (
            "for a receipt",
            "one purpose is not the other",
            8,
            "for the namespace \"exeat.receipt.v1\"",
            |_, f| {
                f.namespace = b"exeat.receipt.v1".to_vec();
            },
        ),
        (
            "for no purpose",
            "a signature for nothing is for anything",
            8,
            "its namespace is empty",
            |_, f| f.namespace.clear(),
        ),
        (
            "for another version's packages",
            "one format is not the other",
            8,
            "for the namespace",
            |_, f| {
                f.namespace = b"exeat.package.v10".to_vec();
            },
        ),
        (
            "for the purpose in capitals",
            "names of purposes are compared byte by byte",
            8,
            "for the namespace",
            |_, f| {
                f.namespace = b"EXEAT.PACKAGE.V1".to_vec();
            },
        ),
        (
            "for the purpose with NUL behind",
            "names of purposes are compared byte by byte",
            8,
            "for the namespace",
            |_, f| {
                f.namespace = b"exeat.package.v1\0".to_vec();
            },
        ),
        (
            "for a purpose that is not UTF-8",
            "no name of a purpose is",
            8,
            NONE,
            |_, f| f.namespace = vec![0xff; 16],
        ),
        (
            "for a purpose of 40 KiB",
            "a message is not filled by a stranger",
            8,
            "for the namespace",
            |_, f| {
                f.namespace = vec![b'n'; 40 << 10];
            },
        ),
        (
            "with something in the reserved field",
            "nobody says yet what that means",
            8,
            NONE,
            |_, f| f.reserved = b"x".to_vec(),
        ),
        (
            "with something behind its fields",
            "it is not covered by anything",
            8,
            NONE,
            |_, f| f.behind = b"x".to_vec(),
        ),
        (
            "with an MD5 digest",
            "MD5 holds nothing together",
            8,
            "\"md5\" digests are not supported",
            |_, f| {
                f.hash = b"md5".to_vec();
            },
        ),
        (
            "with a SHA-1 digest",
            "SHA-1 is broken",
            8,
            "\"sha1\" digests are not supported",
            |_, f| f.hash = b"sha1".to_vec(),
        ),
        (
            "with no digest",
            "the format has two digests",
            8,
            "\"\" digests are not supported",
            |_, f| f.hash.clear(),
        ),
        (
            "said to be over the other digest",
            "the digest is what was signed",
            4,
            ALTERED,
            |_, f| f.hash = b"sha256".to_vec(),
        ),
        ("of 63 bytes", "such a signature has 64", 8, NONE, |_, f| {
            f.raw.pop();
        }),
        ("of 65 bytes", "such a signature has 64", 8, NONE, |_, f| {
            f.raw.push(0)
        }),
        ("of no bytes", "such a signature has 64", 8, NONE, |_, f| {
            f.raw.clear()
        }),
        (
            "of zeros",
            "a point and a number that fit anything in a lax verifier",
            4,
            ALTERED,
            |_, f| f.raw.fill(0),
        ),
        (
            "with its number beyond the order of the group",
            "two signatures of one message: one of them by a stranger",
            4,
            ALTERED,
            |_, f| {
                add_order(&mut f.raw[32..]);
            },
        ),
        (
            "of another kind than its key",
            "which of the two was checked?",
            8,
            NONE,
            |_, f| {
                f.algorithm = b"ecdsa-sha2-nistp256".to_vec();
            },
        ),
        (
            "of RSA and SHA-1",
            "such signatures can be forged",
            8,
            NONE,
            |_, f| f.algorithm = b"ssh-rsa".to_vec(),
        ),
        (
            "by an RSA key in its key field",
            "the key is none of the allowed kinds",
            8,
            "\"ssh-rsa\" keys are not supported",
            |_, f| {
                f.key = [string(b"ssh-rsa"), string(&[1, 0, 1]), string(&[7; 256])].concat();
            },
        ),
        (
            "by a certificate",
            "nobody vouches for whoever issued it",
            8,
            "keys are not supported",
            |_, f| {
                let kind = b"ssh-ed25519-cert-v01@openssh.com";
                f.key = [string(kind), f.key[15..].to_vec()].concat();
            },
        ),
        (
            "by a key of zeros",
            "a point that fits any message in a lax verifier",
            4,
            ALTERED,
            |_, f| {
                let end = f.key.len();
                f.key[end - 32..].fill(0);
            },
        ),
        (
            "by the neutral point",
            "a point that fits any message, and nobody trusts it",
            8,
            "which is not among the allowed signers",
            |_, f| {
                let end = f.key.len();
                f.key[end - 32..].fill(0);
                f.key[end - 32] = 1;
                f.raw.fill(0);
                f.raw[0] = 1;
            },
        ),
        (
            "by a key cut short",
            "such a key has 32 bytes",
            8,
            NONE,
            |_, f| {
                f.key.pop();
            },
        ),
    ];
    let case = |(how, why, code, words, edit): (&str, &str, i64, &str, Edit)| {
        Case::new(
            format!("signature {how}"),
            why,
            ALL,
            code,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let mut fields = Fields::good(workshop);
                edit(workshop, &mut fields);
                with_signature(workshop, armour(&fields.bytes()).into())
            },
        )
    };
    table.map(case).into()
}

/// Adds the order of the group of Ed25519 to a number, little end first.
fn add_order(number: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0_u16;
    for (digit, add) in number.iter_mut().zip(ORDER) {
        let sum = u16::from(*digit) + u16::from(add) + carry;
        *digit = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

/// Sound signatures by the wrong people, or of the wrong thing.
fn whose() -> Vec<Case> {
    const UNKNOWN: &str = "which is not among the allowed signers";
    type Edit = fn(&Workshop) -> crate::forge::Members;
    let table: [(&str, &str, i64, &str, Edit); 7] = [
        ("by a stranger", "nobody trusts them", 8, UNKNOWN, |w| {
            w.damaged(|m| m.sign(&w.stranger))
        }),
        (
            "by a stranger, of another manifest",
            "nobody trusts them",
            8,
            UNKNOWN,
            |w| {
                let mut members = w.manifest(|manifest| manifest["generator"] = "exeat 9".into());
                members.sign(&w.stranger);
                members
            },
        ),
        (
            "by a stranger who says to be the sender",
            "the key is a claim that the signature has to fit",
            4,
            ALTERED,
            |w| {
                let members = w.genuine("plain");
                let raw = signature(
                    &w.stranger,
                    crate::forge::PACKAGE,
                    members.get("manifest.json"),
                );
                let mut fields = Fields::good(w);
                fields.raw = raw.signature_bytes().to_vec();
                with_signature(w, armour(&fields.bytes()).into())
            },
        ),
        (
            "of another package by the sender",
            "a signature belongs to its bytes",
            4,
            ALTERED,
            |w| {
                w.damaged(|m| {
                    m.put(
                        "manifest.json.sig",
                        w.genuine("other").get("manifest.json.sig"),
                    )
                })
            },
        ),
        (
            "of a message by the sender",
            "what a person signed in a chat is no package",
            8,
            "for the namespace \"file\"",
            |w| {
                w.damaged(|m| {
                    let text = sign(&w.sender, "file", m.get("manifest.json"));
                    m.put("manifest.json.sig", text);
                })
            },
        ),
        (
            "of the digest of the manifest",
            "a signature is of the bytes",
            4,
            ALTERED,
            |w| {
                w.damaged(|m| {
                    let digest = crate::forge::sha256(m.get("manifest.json"));
                    let text = sign(&w.sender, crate::forge::PACKAGE, digest.as_bytes());
                    m.put("manifest.json.sig", text);
                })
            },
        ),
        (
            "of nothing",
            "a signature is of the bytes",
            4,
            ALTERED,
            |w| {
                w.damaged(|m| {
                    m.put(
                        "manifest.json.sig",
                        sign(&w.sender, crate::forge::PACKAGE, b""),
                    )
                })
            },
        ),
    ];
    let case = |(how, why, code, words, edit): (&str, &str, i64, &str, Edit)| {
        Case::new(
            format!("signature {how}"),
            why,
            ALL,
            code,
            words,
            move |workshop: &Workshop, _: &std::path::Path| edit(workshop),
        )
    };
    let mut cases: Vec<Case> = table.map(case).into();
    cases.push(Case::new(
        "signature by the recipient",
        "to receive is not to vouch: the inventory names who sealed it",
        INSIDE,
        4,
        "belongs to another package, or to one by another signer",
        |workshop, _| workshop.damaged(|members| members.sign(&workshop.recipient_signs)),
    ));
    cases
}
