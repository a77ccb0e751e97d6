//! Signatures that are absent, foreign, re-made, for something else, or sound
//! over a manifest that this version does not read.
//!
//! Whoever meets an untrusted signature has to be told whose key it is and to
//! ask the sender another way, never how to trust what is at hand.

use std::fs;
use std::path::Path;

use crate::bad_package::{LOOK, refused, spoilt};
use crate::environment::{Env, Ran, require};
use crate::partners::SIGNS;

/// Signs the manifest of a package anew.
fn sign(env: &Env, person: &str, namespace: &str, package: &Path) {
    env.ssh_sign(person, namespace, &package.join("manifest.json"));
}

fn edit(package: &Path, from: &str, to: &str) {
    let path = package.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[track_caller]
fn untrusted(env: &Env, command: &str, words: &str) -> Ran {
    let ran = refused(env, command, 8, words);
    assert!(!ran.err.contains("exeat trust"), "{ran}");
    ran
}

#[test]
fn absent() {
    let env = Env::with_package();
    spoilt(&env, |_, p| {
        fs::remove_file(p.join("manifest.json.sig")).unwrap();
    });
    for command in LOOK {
        let words = "the package is not signed: manifest.json.sig is missing";
        untrusted(&env, command, words).says("ask the sender");
    }
}

#[test]
fn unreadable() {
    let env = Env::with_package();
    let huge = "x".repeat(1 << 20);
    for text in ["", "signed, honestly", "-----BEGIN SSH SIGNATURE-----\n"] {
        spoilt(&env, |_, p| {
            fs::write(p.join("manifest.json.sig"), text).unwrap();
        });
        // It says which member is meant, and what to do.
        untrusted(&env, "verify q.exeat", "manifest.json.sig").says("\n  ");
    }
    spoilt(&env, |_, p| {
        fs::write(p.join("manifest.json.sig"), &huge).unwrap();
    });
    refused(&env, "verify q.exeat", 4, "manifest.json.sig is too long");
}

#[test]
fn by_a_stranger() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    env.person("stranger");
    let whose = env.fingerprint("stranger");
    let words = format!("signed by {whose}, which is not among the allowed signers");
    // Over the very bytes that the sender signed, and over altered ones.
    for edited in [false, true] {
        spoilt(&env, |env, p| {
            if edited {
                edit(p, "\"compression\":\"", "\"compression\":\"x");
            }
            sign(env, "stranger", "exeat.package.v1", p);
        });
        for command in LOOK {
            untrusted(&env, command, &words)
                .says("ask the sender for their signer line by another way")
                .says("telephone");
        }
    }
}

#[test]
fn a_package_of_a_stranger() {
    let env = Env::with_package();
    env.person("stranger");
    env.by(
        "stranger",
        "export data --to . --name q -R recipient/recipient.txt",
    )
    .ends(0);
    let whose = env.fingerprint("stranger");
    for command in LOOK {
        untrusted(&env, command, &whose);
    }
    // Nobody is trusted where there is no list of the trusted.
    let nobody = "--config-dir nobody verify q.exeat";
    env.run(nobody).ends(8).says(&whose);
}

/// The sender's signature of something else, such as a mail or a commit.
#[test]
fn by_the_sender_for_something_else() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    for namespace in ["file", "exeat.rekey.v1"] {
        spoilt(&env, |env, p| sign(env, "sender", namespace, p));
        for command in LOOK {
            let words = format!("namespace \"{namespace}\"");
            untrusted(&env, command, &words);
        }
    }
}

/// Whose key it is helps people to ask the right person.
#[test]
fn a_signature_for_something_else_names_its_key() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    spoilt(&env, |env, p| sign(env, "sender", "file", p));
    untrusted(&env, "verify q.exeat", &env.fingerprint("sender"));
}

#[test]
fn by_another_than_the_one_demanded() {
    let env = Env::with_package();
    spoilt(&env, |_, _| ());
    let whose = env.fingerprint("sender");
    for who in ["stranger@clinic.example", "sender", "SENDER@clinic.example"] {
        for command in LOOK {
            untrusted(&env, &format!("{command} --signer {who}"), &whose);
        }
    }
    let right = "verify q.exeat --signer sender@clinic.example";
    let ran = env.by("recipient", right).ends(0);
    assert!(ran.out.contains("signed by sender@clinic.example"));
}

#[test]
fn by_a_key_that_may_not_or_no_longer() {
    let env = Env::with_package();
    spoilt(&env, |_, _| ());
    let whose = env.fingerprint("sender");
    let line = env.read("sender/signer.txt");
    let options = SIGNS;
    for (other, words) in [
        ("namespaces=\"file\"", "not allowed to sign for"),
        ("valid-before=\"20200101\"", "valid only before 2020-01-01"),
        ("valid-after=\"20990101\"", "valid only after 2099-01-01"),
        ("cert-authority", "only as a certificate authority"),
    ] {
        env.write("signers", line.replace(options, other));
        let command = "verify q.exeat --allowed-signers signers";
        // It says what to do, too.
        untrusted(&env, command, &whose).says(words).says("\n  ");
    }
    env.write("signers", line.replace(options, ""));
    let any = "verify q.exeat --allowed-signers signers";
    env.by("recipient", any).ends(0);
}

/// The signer signs another's package: whoever can look inside notices.
#[test]
fn by_another_trusted_person() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    env.person("stranger");
    env.by("recipient", "trust stranger/signer.txt").ends(0);
    spoilt(&env, |env, p| sign(env, "stranger", "exeat.package.v1", p));
    for command in [
        "list q.exeat",
        "open q.exeat --to new",
        "verify q.exeat -i recipient/identity.txt",
    ] {
        refused(&env, command, 4, "inventory");
    }
}

#[test]
fn a_newer_format() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    spoilt(&env, |env, p| {
        edit(p, "\"exeat/1\"", "\"exeat/2\"");
        sign(env, "sender", "exeat.package.v1", p);
    });
    for command in LOOK {
        refused(&env, command, 1, "the package has the format 'exeat/2'")
            .says("install a version of exeat that reads this format");
    }
    // Without the sender's signature it is not even read.
    spoilt(&env, |_, p| edit(p, "\"exeat/1\"", "\"exeat/2\""));
    let words = "manifest.json is not what was signed";
    refused(&env, "verify q.exeat", 4, words);
}

#[test]
fn a_manifest_that_breaks_the_format() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    for (from, to, words) in [
        ("{\"created\"", "{\"aim\":1,\"created\"", "unknown field"),
        ("\"format\"", " \"format\"", "canonical"),
        (
            "volume-00001.age",
            "../../outside.age",
            "not named in order",
        ),
        ("\"series\":null,", "", "canonical"),
        (",\"sums\"", ",\"sum\"", "unknown field"),
        ("\"kind\":\"tar\"", "\"kind\":\"cpio\"", "unknown variant"),
        ("{\"created\"", "[{\"created\"", "manifest.json is not what"),
    ] {
        spoilt(&env, |env, p| {
            edit(p, from, to);
            sign(env, "sender", "exeat.package.v1", p);
        });
        refused(&env, "open q.exeat --to new", 4, words).says("tell them");
    }
}

#[test]
fn lists_of_signers_that_are_none() {
    let env = Env::with_package();
    spoilt(&env, |_, _| ());
    env.write(
        "signers",
        "# ours\nsender@clinic.example\n\nx ssh-ed25519 AAAA\n",
    );
    for (file, code, words) in [
        ("nowhere", 1, "cannot read nowhere: No such file"),
        ("data", 1, "cannot read data: Is a directory"),
        ("signers", 5, "signers: line 2: "),
        ("signers", 5, "line 4: "),
        ("recipient/recipient.txt", 5, "line 1: "),
    ] {
        let command = format!("verify q.exeat --allowed-signers {file}");
        refused(&env, &command, code, words);
    }
}
