//! Packages that are damaged, altered or mixed up.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::environment::{Env, Ran, copy_package, flip};
use crate::tree::unchanged;

/// The commands that look at a package and not at its volumes' content.
pub(crate) const LOOK: &[&str] = &[
    "verify q.exeat",
    "verify q.exeat -i recipient/identity.txt",
    "list q.exeat",
    "open q.exeat --to new",
    "receipt q.exeat",
];
/// The commands that read the volumes.
const READ: &[&str] = &[
    "verify q.exeat",
    "verify q.exeat -i recipient/identity.txt",
    "open q.exeat --to new",
    "receipt q.exeat",
];

/// One way to spoil a package, and what is said of it.
struct Spoilt {
    how: &'static str,
    spoil: fn(&Env, &Path),
    commands: &'static [&'static str],
    code: i32,
    words: &'static str,
}

/// Makes a fresh copy `q.exeat` of the package and spoils it.
pub(crate) fn spoilt(env: &Env, spoil: impl FnOnce(&Env, &Path)) {
    let copy = env.path("q.exeat");
    if copy.exists() {
        fs::remove_dir_all(&copy).unwrap();
    }
    copy_package(&env.path("out/p.exeat"), &copy);
    spoil(env, &copy);
}

/// Runs the command as the recipient; it has to fail and to leave everything
/// as it was.
#[track_caller]
pub(crate) fn refused(env: &Env, command: &str, code: i32, words: &str) -> Ran {
    let ran = unchanged(env, || env.by("recipient", command));
    assert!(ran.out.is_empty(), "{ran}");
    ran.ends(code).says(words)
}

#[track_caller]
fn check(env: &Env, table: &[Spoilt]) {
    for case in table {
        spoilt(env, case.spoil);
        for command in case.commands {
            eprintln!("{}: {command}", case.how);
            refused(env, command, case.code, case.words);
        }
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn cut(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
}

fn swap(a: &Path, b: &Path) {
    let bytes = fs::read(a).unwrap();
    fs::copy(b, a).unwrap();
    fs::write(b, bytes).unwrap();
}

/// Puts a link to the true file in a member's place.
fn link(env: &Env, member: &Path) {
    fs::remove_file(member).unwrap();
    let name = member.file_name().unwrap();
    symlink(env.path("out/p.exeat").join(name), member).unwrap();
}

fn from_another(env: &Env, package: &Path, member: &str) {
    fs::copy(
        env.path("out/other.exeat").join(member),
        package.join(member),
    )
    .unwrap();
}

/// The package of the recipient and another one of the same size.
fn with_another() -> Env {
    let env = Env::with_package();
    env.package("data", "other", "--volume-size 1M");
    env
}

#[test]
fn volumes() {
    let env = with_another();
    check(
        &env,
        &[
            Spoilt {
                how: "missing",
                spoil: |_, p| fs::remove_file(p.join("volume-00002.age")).unwrap(),
                commands: LOOK,
                code: 4,
                words: "volume-00002.age is missing",
            },
            Spoilt {
                how: "cut short",
                spoil: |_, p| cut(&p.join("volume-00002.age")),
                commands: LOOK,
                code: 4,
                words: "volume-00002.age is cut short (",
            },
            Spoilt {
                how: "extended",
                spoil: |_, p| append(&p.join("volume-00002.age"), b"x"),
                commands: LOOK,
                code: 4,
                words: "volume-00002.age is too long (",
            },
            Spoilt {
                how: "emptied",
                spoil: |_, p| fs::write(p.join("volume-00001.age"), "").unwrap(),
                commands: LOOK,
                code: 4,
                words: "volume-00001.age is cut short (0 of ",
            },
            Spoilt {
                how: "one bit changed",
                spoil: |_, p| flip(&p.join("volume-00003.age")),
                commands: READ,
                code: 4,
                words: "volume-00003.age is not what was signed",
            },
            Spoilt {
                how: "two of about one size swapped",
                spoil: |_, p| swap(&p.join("volume-00002.age"), &p.join("volume-00003.age")),
                commands: READ,
                code: 4,
                words: "damaged or altered: volume-0000",
            },
            Spoilt {
                how: "two of different size swapped",
                spoil: |_, p| swap(&p.join("volume-00001.age"), &p.join("volume-00002.age")),
                commands: LOOK,
                code: 4,
                words: "volume-00001.age is volume-00002.age of the package; volume-00002.age is",
            },
            Spoilt {
                how: "renamed",
                spoil: |_, p| {
                    fs::rename(p.join("volume-00001.age"), p.join("volume-00009.age")).unwrap();
                },
                commands: LOOK,
                code: 4,
                words: "volume-00001.age is missing; 'volume-00009.age' does not belong",
            },
            Spoilt {
                how: "from another package",
                spoil: |env, p| from_another(env, p, "volume-00002.age"),
                commands: READ,
                code: 4,
                words: "volume-00002.age is ",
            },
            Spoilt {
                how: "one more",
                spoil: |_, p| {
                    fs::copy(p.join("volume-00001.age"), p.join("volume-00099.age")).unwrap();
                },
                commands: LOOK,
                code: 4,
                words: "'volume-00099.age' does not belong in the package",
            },
        ],
    );
}

#[test]
fn two_spoilt_volumes_are_both_named() {
    let env = Env::with_package();
    spoilt(&env, |_, p| {
        flip(&p.join("volume-00001.age"));
        flip(&p.join("volume-00004.age"));
    });
    let words = "volume-00001.age is not what was signed; volume-00004.age is not what was signed";
    refused(&env, "verify q.exeat", 4, words);
}

#[test]
fn other_members() {
    let env = with_another();
    check(
        &env,
        &[
            Spoilt {
                how: "manifest altered",
                spoil: |_, p| flip(&p.join("manifest.json")),
                commands: LOOK,
                code: 4,
                words: "manifest.json is not what was signed",
            },
            Spoilt {
                how: "manifest from another package",
                spoil: |env, p| from_another(env, p, "manifest.json"),
                commands: LOOK,
                code: 4,
                words: "manifest.json is not what was signed",
            },
            Spoilt {
                how: "manifest missing",
                spoil: |_, p| fs::remove_file(p.join("manifest.json")).unwrap(),
                commands: LOOK,
                code: 4,
                words: "the package has no manifest.json: it was never finished, or not copied",
            },
            Spoilt {
                how: "manifest and its signature from another package",
                spoil: |env, p| {
                    from_another(env, p, "manifest.json");
                    from_another(env, p, "manifest.json.sig");
                },
                commands: LOOK,
                code: 4,
                words: "the package is damaged or altered: ",
            },
            Spoilt {
                how: "envelope altered",
                spoil: |_, p| flip(&p.join("key.age")),
                commands: LOOK,
                code: 4,
                words: "key.age is not what was signed",
            },
            Spoilt {
                how: "envelope from another package",
                spoil: |env, p| from_another(env, p, "key.age"),
                commands: LOOK,
                code: 4,
                words: "key.age is not what was signed",
            },
            Spoilt {
                how: "envelope enormous",
                spoil: |_, p| append(&p.join("key.age"), &[b'x'; 100_000]),
                commands: LOOK,
                code: 4,
                words: "key.age is too long",
            },
            Spoilt {
                how: "sums altered",
                spoil: |_, p| flip(&p.join("SHA256SUMS")),
                commands: LOOK,
                code: 4,
                words: "SHA256SUMS is not what was signed",
            },
            Spoilt {
                how: "README altered",
                spoil: |_, p| flip(&p.join("README.txt")),
                commands: LOOK,
                code: 4,
                words: "README.txt is not what was signed",
            },
            Spoilt {
                how: "README missing",
                spoil: |_, p| fs::remove_file(p.join("README.txt")).unwrap(),
                commands: LOOK,
                code: 4,
                words: "README.txt is missing",
            },
            Spoilt {
                how: "inventory altered",
                spoil: |_, p| flip(&p.join("inventory.age")),
                commands: LOOK,
                code: 4,
                words: "inventory.age is not what was signed",
            },
            Spoilt {
                how: "inventory from another package",
                spoil: |env, p| from_another(env, p, "inventory.age"),
                commands: LOOK,
                code: 4,
                words: "inventory.age is ",
            },
            Spoilt {
                how: "a file that nobody knows",
                spoil: |_, p| fs::write(p.join("run\x1b[me"), "x").unwrap(),
                commands: LOOK,
                code: 4,
                words: r"'run\x1b[me' does not belong in the package",
            },
            Spoilt {
                how: "a folder that nobody knows",
                spoil: |_, p| fs::create_dir(p.join("more")).unwrap(),
                commands: LOOK,
                code: 4,
                words: "more is not a regular file",
            },
        ],
    );
}

#[test]
fn members_that_are_no_files() {
    let env = with_another();
    check(
        &env,
        &[
            Spoilt {
                how: "a link to the true envelope",
                spoil: |env, p| link(env, &p.join("key.age")),
                commands: LOOK,
                code: 4,
                words: "key.age is not a regular file",
            },
            Spoilt {
                how: "a link to the true volume",
                spoil: |env, p| link(env, &p.join("volume-00002.age")),
                commands: LOOK,
                code: 4,
                words: "volume-00002.age is not a regular file",
            },
            Spoilt {
                how: "a folder for a volume",
                spoil: |_, p| {
                    fs::remove_file(p.join("volume-00002.age")).unwrap();
                    fs::create_dir(p.join("volume-00002.age")).unwrap();
                },
                commands: LOOK,
                code: 4,
                words: "volume-00002.age is not a regular file",
            },
        ],
    );
}

#[test]
fn a_manifest_or_signature_that_is_no_file() {
    let env = Env::with_package();
    for member in ["manifest.json", "manifest.json.sig"] {
        spoilt(&env, |env, p| link(env, &p.join(member)));
        let words = format!("{member} is not a regular file");
        refused(&env, "verify q.exeat", 4, &words);
        spoilt(&env, |_, p| {
            fs::remove_file(p.join(member)).unwrap();
            fs::create_dir(p.join(member)).unwrap();
        });
        refused(&env, "open q.exeat --to new", 4, &words);
    }
}

/// The name of a package's folder is nobody's promise.
#[test]
fn a_package_may_be_renamed() {
    let env = Env::with_package();
    fs::rename(env.path("out/p.exeat"), env.path("what came by post")).unwrap();
    let mut command = env.exeat();
    command.args(["--config-dir", "recipient", "open", "what came by post"]);
    Ran::of(command.args(["--to", "new"])).ends(0);
}

#[test]
fn what_is_no_package() {
    let env = Env::with_package();
    fs::create_dir(env.path("empty")).unwrap();
    for (package, words) in [
        ("nowhere", "cannot open nowhere: No such file"),
        ("empty", "empty is not an exeat package"),
        ("data", "data is not an exeat package"),
        (
            "data/patients.csv",
            "data/patients.csv is not an exeat package",
        ),
        ("out", "out is not an exeat package"),
        (
            "out/p.exeat/manifest.json",
            "manifest.json is not an exeat package",
        ),
    ] {
        for command in ["verify P", "list P", "open P --to new"] {
            refused(&env, &command.replace('P', package), 1, words);
        }
    }
}

#[test]
fn a_spoilt_package_is_not_opened_in_part() {
    let env = Env::with_package();
    // Altered where none of the chosen files is: those are whole.
    spoilt(&env, |_, p| flip(&p.join("volume-00004.age")));
    let letters = "open q.exeat data/letters --to letters";
    env.by("recipient", letters).ends(0);
    let words = "volume-00004.age is not what was signed";
    refused(&env, "open q.exeat --to new", 4, words);
}
