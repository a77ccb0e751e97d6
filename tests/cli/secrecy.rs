//! What a package tells whoever finds it: nothing. And what it tells whoever
//! may open it: from whom, for whom, what for.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::Value;

use crate::environment::{Env, Ran};
use crate::tree::unchanged;

const LABEL: &str = "Quarterly-extract-Q3";
const PURPOSE: &str = "National-audit-of-stroke";

/// Whether any member of the package holds these words.
fn is_public(env: &Env, package: &str, words: &str) -> bool {
    let members = fs::read_dir(env.path(package)).unwrap();
    let mut members = members.map(|item| item.unwrap().path());
    members.any(|path| {
        let bytes = fs::read(&path).unwrap();
        bytes.windows(words.len()).any(|w| w == words.as_bytes())
    })
}

/// Everything that an outsider could learn is looked for, in uncompressed and
/// compressed packages.
#[test]
fn the_public_members_say_nothing() {
    let env = Env::with_people();
    env.sample("stroke-clinic");
    let key = env.read("recipient/recipient.txt");
    let book = format!(
        "[[recipient]]\nname = \"Northern-registry\"\nkey = \"{}\"\n\
         organisation = \"Example-University\"\nexpires = 2999-12-31\n",
        key.trim()
    );
    env.write("sender/recipients.toml", book);
    for how in ["none", "zstd"] {
        let export = format!(
            "export stroke-clinic --to . --name {how} -r Northern-registry --compress {how} \
             --label {LABEL} --purpose {PURPOSE} --volume-size 1M"
        );
        env.by("sender", &export).ends(0);
        let package = format!("{how}.exeat");
        for words in [
            LABEL,
            PURPOSE,
            "Northern-registry",
            "Example-University",
            key.trim(),
            "sender@clinic.example",
            "stroke-clinic",
            "patients.csv",
            "scan.raw",
            "nhs_number",
            "9990000018",
            "Dear Dr",
            "AGE-SECRET-KEY",
        ] {
            assert!(!is_public(&env, &package, words), "{words} in {package}");
        }
        // The search finds what is there.
        assert!(is_public(&env, &package, "volume-00001.age"));

        let listed = env.by("recipient", &format!("list {package}")).ends(0);
        let listed = listed
            .says(&format!("label {LABEL}"))
            .says(&format!("purpose {PURPOSE}"))
            .says(&format!("for Northern-registry {}", key.trim()))
            .says("signed by sender@clinic.example");
        assert!(listed.out.contains("stroke-clinic/patients.csv"));
        let json = env.by("recipient", &format!("list {package} --json"));
        let document: Value = serde_json::from_str(&json.ends(0).out).unwrap();
        assert_eq!(document["result"]["label"], LABEL);
        assert_eq!(document["result"]["purpose"], PURPOSE);
        assert_eq!(
            document["result"]["recipients"][0]["name"],
            "Northern-registry"
        );
        assert_eq!(document["result"]["recipients"][0]["key"], key.trim());
    }
}

/// The same content sealed twice has not one volume in common.
#[test]
fn nothing_tells_that_two_packages_hold_the_same() {
    let env = Env::with_people();
    env.sample("data");
    for name in ["a", "b"] {
        env.package("data", name, "--compress none --volume-size 1M");
    }
    for item in fs::read_dir(env.path("out/a.exeat")).unwrap() {
        let name = item.unwrap().file_name().into_string().unwrap();
        let (a, b) = (
            fs::read(env.path("out/a.exeat").join(&name)).unwrap(),
            fs::read(env.path("out/b.exeat").join(&name)).unwrap(),
        );
        assert_eq!(a == b, name == "README.txt", "{name}");
    }
}

#[test]
fn a_default_name_says_nothing() {
    let env = Env::with_people();
    env.sample("stroke-clinic");
    fs::create_dir(env.path("out")).unwrap();
    for _ in 0..2 {
        let export = "export stroke-clinic --to out -R recipient/recipient.txt --label Stroke";
        env.by("sender", export).ends(0);
    }
    let names: Vec<_> = fs::read_dir(env.path("out"))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2);
    for name in names {
        // A day and eight hexadecimal digits.
        let stem = name.strip_suffix(".exeat").unwrap();
        let (day, number) = stem.rsplit_once('-').unwrap();
        let is_digit = |c: char| c.is_ascii_digit() || c == '-';
        assert!(day.len() == 10 && day.chars().all(is_digit), "{name}");
        assert!(number.len() == 8 && number.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(
            !env.read(format!("out/{name}/manifest.json"))
                .contains("troke")
        );
    }
}

/// Ciphertext may be copied by those whom the umask lets in; what was opened
/// is its owner's alone.
#[test]
fn who_may_read_what_was_written() {
    let env = Env::with_people();
    env.sample("data");
    let program = env!("CARGO_BIN_EXE_exeat");
    for (umask, package, member) in [("022", 0o755, 0o644), ("077", 0o700, 0o600)] {
        let mut command = env.command("sh");
        let line = format!(
            "umask {umask}; \"$0\" --config-dir sender export data --to . --name p{umask} \
             -R recipient/recipient.txt && \
             \"$0\" --config-dir recipient open p{umask}.exeat --to new{umask}"
        );
        Ran::of(command.args(["-c", &line, program])).ends(0);
        let mode = |path: String| fs::metadata(env.path(path)).unwrap().mode() & 0o7777;
        assert_eq!(mode(format!("p{umask}.exeat")), package);
        for name in ["volume-00001.age", "key.age", "manifest.json.sig"] {
            assert_eq!(mode(format!("p{umask}.exeat/{name}")), member, "{name}");
        }
        assert_eq!(mode(format!("new{umask}")), 0o700);
        assert_eq!(mode(format!("new{umask}/data/patients.csv")) & 0o007, 0);
    }
}

#[test]
fn recipients_by_name_and_by_key() {
    let env = Env::with_people();
    env.person("second");
    env.write("letter.txt", "Dear Dr Example\n");
    let (first, second) = (
        env.read("recipient/recipient.txt"),
        env.read("second/recipient.txt"),
    );
    let book = format!(
        "[[recipient]]\nname = \"North\"\nkey = \"{}\"\n\
         [[recipient]]\nname = \"South\"\nkey = \"{}\"\nexpires = 2999-12-31\n",
        first.trim(),
        second.trim()
    );
    env.write("sender/recipients.toml", book);
    env.write("both", format!("# both\n{second}\n  {first}\n"));
    for (number, (given, count)) in [
        ("-r North -r South", 2),
        ("-r North -r North", 1),
        ("-R both", 2),
        ("-R both -r South -R recipient/recipient.txt", 2),
        (&*format!("-r {}", first.trim()), 1),
    ]
    .iter()
    .enumerate()
    {
        let export = format!("export letter.txt --to . --name p{number} {given}");
        env.by("sender", &export).ends(0);
        let json = env.by("recipient", &format!("list p{number}.exeat --json"));
        let document: Value = serde_json::from_str(&json.ends(0).out).unwrap();
        let recipients = document["result"]["recipients"].as_array().unwrap();
        assert_eq!(recipients.len(), *count, "{given}");
        // Whoever is named can open it, and nobody else: not the sender.
        env.by("sender", &format!("list p{number}.exeat")).ends(1);
        let list = format!("list p{number}.exeat -i second/identity.txt");
        env.by("recipient", &list).ends(i32::from(*count == 1));
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    let export = "export data --to out --name p -R recipient/recipient.txt --dry-run \
                  --volume-size 1M --exclude *.raw";
    unchanged(&env, || {
        let ran = env.by("sender", export).ends(0);
        assert!(ran.out.contains("would seal 3 files"), "{ran}");
        assert!(ran.out.contains("into out/p.exeat"), "{ran}");
        assert!(
            ran.out.contains("left out     2 entries by --exclude"),
            "{ran}"
        );
        assert!(ran.out.contains("nothing was written"), "{ran}");
        let json = env.by("sender", &format!("{export} --json")).ends(0);
        let document: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(document["result"]["written"], false);
        assert_eq!(document["result"]["manifest_sha256"], Value::Null);
    });
    // What it says is what happens.
    let real = export.replace("--dry-run", "--json --compress none");
    let dry = env.by("sender", &format!("{export} --json")).ends(0).out;
    let real = env.by("sender", &real).ends(0).out;
    for field in ["volumes", "files", "entries", "bytes", "excluded", "path"] {
        let of = |text: &str| -> Value {
            let document: Value = serde_json::from_str(text).unwrap();
            document["result"][field].clone()
        };
        assert_eq!(of(&dry), of(&real), "{field}");
    }
}
