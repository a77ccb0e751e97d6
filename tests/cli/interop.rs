//! Whoever has no exeat can check and open a package all the same: the
//! commands in its README.txt, run by Debian's own `age`, `tar`, `zstd`,
//! `sha256sum` and `ssh-keygen`; and their keys and signatures, used by exeat.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and makes and breaks files of its own"
)]

mod environment;
mod plugins;
mod terminal;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use environment::{Env, Ran, copy_package, flip, noise, require};
use terminal::Terminal;

const TOOLS: &[&str] = &[
    "age",
    "tar",
    "zstd",
    "sha256sum",
    "ssh-keygen",
    "bash",
    "diff",
];

/// The shell block of a package's README.txt with this reader's settings in
/// the place of the examples.
fn script(env: &Env, package: &Path, new: &Path) -> String {
    let readme = fs::read_to_string(package.join("README.txt")).unwrap();
    let mut parts = readme.split("----8<----\n");
    let mut block = parts.nth(1).unwrap().to_owned();
    let settings = [
        (
            "SIGNERS=~/allowed_signers",
            format!(
                "SIGNERS={}",
                env.path("recipient/allowed_signers").display()
            ),
        ),
        (
            "SIGNER=sender@example.org",
            "SIGNER=sender@clinic.example".to_owned(),
        ),
        (
            "IDENTITY=~/identity.txt",
            format!("IDENTITY={}", env.path("recipient/identity.txt").display()),
        ),
        ("NEW=~/opened", format!("NEW={}", new.display())),
    ];
    for (example, mine) in settings {
        // What a passphrase opens needs no identity.
        let least = usize::from(!example.starts_with("IDENTITY"));
        let count = block.matches(example).count();
        assert!((least..=1).contains(&count), "{example} in {block}");
        block = block.replace(example, &mine);
    }
    block
}

/// Does what README.txt says, in the folder of the package.
fn by_hand(env: &Env, package: &Path, new: &str) -> Ran {
    let script = env.write("by-hand.sh", script(env, package, &env.path(new)));
    let mut command = env.command("bash");
    Ran::of(command.arg(script).current_dir(package))
}

/// Demands that `new` holds exactly what was exported.
#[track_caller]
fn same(env: &Env, source: &str, new: &str) {
    let mut command = env.command("diff");
    command.args(["-r", "--no-dereference", source, new]);
    let ran = Ran::of(&mut command).ends(0);
    assert!(ran.out.is_empty(), "{ran}");
}

/// Names that tar has to take another way, or that mislead a shell.
fn odd_names(env: &Env, folder: &str) {
    let dir = env.path(folder);
    let long = "n".repeat(99);
    let folders = "a folder with a name of some length/".repeat(8);
    let mut bytes = format!("{long}\n{long}").into_bytes();
    bytes.extend_from_slice(b"\xff\xfe");
    let names = [
        OsString::from("-rf"),
        OsString::from("$(touch gone) `x` 'y' \"z\""),
        OsString::from("two\nlines \x1b[31m\\n"),
        OsString::from(" blanks "),
        OsString::from("*"),
        OsString::from("Zoë Müller-Ærø.txt"),
        OsString::from_vec(b"latin-1 \xe9t\xe9".to_vec()),
        OsString::from_vec(bytes),
        OsString::from(format!("{long}.txt")),
        OsString::from("m".repeat(255)),
        OsString::from(format!("{folders}{long}")),
    ];
    for (number, name) in names.iter().enumerate() {
        env.write(dir.join(name), format!("content {number}"));
    }
    fs::create_dir(dir.join("e".repeat(200))).unwrap();
    symlink("t".repeat(150), dir.join("to a long name")).unwrap();
    symlink("two\nlines", dir.join("l".repeat(120))).unwrap();
    symlink("/nowhere/at all", dir.join("outside")).unwrap();
}

#[test]
fn the_readme_opens_every_kind_of_package() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_people();
    env.sample("data");
    odd_names(&env, "data/odd");
    for (number, options) in [
        "--compress none",
        "--compress zstd:9",
        "--compress none --volume-size 1M",
        "--compress zstd --volume-size 1M",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("p{number}");
        let package = env.package("data", &name, options);
        let ran = by_hand(&env, &package, &name).ends(0);
        assert!(ran.out.contains("opened into"), "{ran}");
        same(&env, "data", &format!("{name}/data"));
        assert!(!env.path("gone").exists() && !package.join("gone").exists());
        // Neither the package key nor anything else stays in a package or in
        // the folder for temporary files.
        assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
        env.by("recipient", &format!("verify out/{name}.exeat"))
            .ends(0);
    }
}

/// Whatever the umask of whoever runs it: what was encrypted is theirs alone.
#[test]
fn what_the_readme_opens_is_private() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_package();
    let package = env.path("out/p.exeat");
    let script = env.write("by-hand.sh", script(&env, &package, &env.path("new")));
    let mut command = env.command("bash");
    command
        .args(["-c", "umask 022; exec bash \"$0\""])
        .arg(script);
    Ran::of(command.current_dir(package)).ends(0);
    let mode = fs::metadata(env.path("new")).unwrap().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_file_alone_and_nothing_at_all() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_people();
    env.write("one.csv", "nhs_number\n");
    fs::create_dir(env.path("nothing")).unwrap();
    for (source, name) in [("one.csv", "p1"), ("nothing", "p2")] {
        let package = env.package(source, name, "");
        by_hand(&env, &package, name).ends(0);
        same(&env, source, &format!("{name}/{source}"));
    }
}

#[test]
fn the_readme_opens_a_package_with_a_passphrase() {
    if !require(TOOLS) || !require(&["script"]) {
        return;
    }
    let env = Env::with_people();
    env.sample("data");
    let typed = "correct horse battery\n";
    let export = "export data --to out --name p --passphrase";
    fs::create_dir(env.path("out")).unwrap();
    Terminal::exeat(&env, "sender", export)
        .answer("Passphrase for the package", typed)
        .answer("The same again: ", typed)
        .ends(0);
    let package = env.path("out/p.exeat");
    env.write("by-hand.sh", script(&env, &package, &env.path("new")));
    Terminal::run(&env, "cd out/p.exeat && exec bash ../../by-hand.sh")
        .answer("Enter passphrase", typed)
        .ends(0);
    same(&env, "data", "new/data");
}

/// One way to spoil a package, which the stock tools notice too.
type Spoil = (&'static str, fn(&Env, &Path));

#[test]
fn the_readme_refuses_what_is_spoilt() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_package();
    env.package("data", "other", "--volume-size 1M");
    env.person("stranger");
    let table: &[Spoil] = &[
        ("a volume removed", |_, p| {
            fs::remove_file(p.join("volume-00002.age")).unwrap();
        }),
        ("a volume damaged", |_, p| flip(&p.join("volume-00003.age"))),
        ("a volume exchanged", |env, p| {
            let other = env.path("out/other.exeat/volume-00001.age");
            fs::copy(other, p.join("volume-00001.age")).unwrap();
        }),
        ("two volumes swapped", |env, p| {
            let from = env.path("out/p.exeat");
            fs::copy(from.join("volume-00002.age"), p.join("volume-00003.age")).unwrap();
            fs::copy(from.join("volume-00003.age"), p.join("volume-00002.age")).unwrap();
        }),
        ("the inventory damaged", |_, p| {
            flip(&p.join("inventory.age"))
        }),
        ("the sums edited", |_, p| {
            // Whoever drops a volume and its sum.
            fs::remove_file(p.join("volume-00005.age")).unwrap();
            let sums = fs::read_to_string(p.join("SHA256SUMS")).unwrap();
            let kept: Vec<_> = sums.lines().filter(|l| !l.contains("00005")).collect();
            fs::write(p.join("SHA256SUMS"), kept.join("\n") + "\n").unwrap();
        }),
        ("the sums emptied", |_, p| {
            fs::write(p.join("SHA256SUMS"), "").unwrap();
        }),
        ("the sums removed", |_, p| {
            fs::remove_file(p.join("SHA256SUMS")).unwrap();
        }),
        ("the envelope of another package", |env, p| {
            fs::copy(env.path("out/other.exeat/key.age"), p.join("key.age")).unwrap();
        }),
        ("the manifest edited", |_, p| {
            let text = fs::read_to_string(p.join("manifest.json")).unwrap();
            fs::write(p.join("manifest.json"), text.replace("tar", "raw")).unwrap();
        }),
        ("the signature removed", |_, p| {
            fs::remove_file(p.join("manifest.json.sig")).unwrap();
        }),
        ("signed by a stranger", |env, p| {
            env.ssh_sign("stranger", "exeat.package.v1", &p.join("manifest.json"));
        }),
        ("signed for something else", |env, p| {
            env.ssh_sign("sender", "file", &p.join("manifest.json"));
        }),
    ];
    for (number, (how, spoil)) in table.iter().enumerate() {
        let package = env.path(format!("q{number}"));
        copy_package(&env.path("out/p.exeat"), &package);
        // README.txt itself is what the reader holds already.
        spoil(&env, &package);
        let new = format!("new{number}");
        let ran = by_hand(&env, &package, &new);
        assert_ne!(ran.code, Some(0), "{how}: {ran}");
        // All of it is noticed before anything is decrypted.
        assert!(!env.path(&new).exists(), "{how}: {ran}");
        // exeat says the same.
        let ran = env.by("recipient", &format!("verify q{number}"));
        assert!(matches!(ran.code, Some(4 | 8)), "{how}: {ran}");
    }
}

/// A volume that the sums do not name.
#[test]
fn the_readme_never_decrypts_a_volume_too_many() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_package();
    let package = env.path("out/p.exeat");
    fs::copy(
        package.join("volume-00001.age"),
        package.join("volume-00006.age"),
    )
    .unwrap();
    let ran = by_hand(&env, &package, "new");
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(!env.path("new").exists(), "{ran}");
    env.by("recipient", "verify out/p.exeat").ends(4);
}

#[test]
fn somebody_else_cannot_open_it_by_hand() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_package();
    env.person("stranger");
    fs::copy(
        env.path("stranger/identity.txt"),
        env.path("recipient/identity.txt"),
    )
    .unwrap();
    let ran = by_hand(&env, &env.path("out/p.exeat"), "new");
    assert_ne!(ran.code, Some(0), "{ran}");
    let made = fs::read_dir(env.path("new")).map_or(0, Iterator::count);
    assert_eq!(made, 0);
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
}

#[test]
fn keys_made_by_age() {
    if !require(&["age", "age-keygen"]) {
        return;
    }
    let env = Env::with_people();
    env.sample("data");
    env.tool("age-keygen -o ann.txt");
    env.tool("age-keygen -o ben.txt");
    for name in ["ann", "ben"] {
        let key = env.tool(&format!("age-keygen -y {name}.txt"));
        env.write(format!("{name}.pub"), key);
    }
    let ann = env.read("ann.pub");
    let to = format!(
        "export data --to out --name p -r {} -R ben.pub --volume-size 1M",
        ann.trim()
    );
    // Not beside the private keys: that is refused.
    env.by("sender", &to.replace("--to out", "--to .")).ends(3);
    fs::create_dir(env.path("out")).unwrap();
    env.by("sender", &to).ends(0);
    let (mut opened, mut keys) = (Vec::new(), Vec::new());
    for name in ["ann", "ben"] {
        let open = format!("open out/p.exeat -i {name}.txt --to {name}");
        env.by("recipient", &open).ends(0);
        same(&env, "data", &format!("{name}/data"));
        opened.push(name);
        keys.push(env.tool(&format!("age -d -i {name}.txt out/p.exeat/key.age")));
    }
    assert_eq!(keys[0], keys[1]);
    let list = "list out/p.exeat -i ann.txt -i ben.txt --json";
    let listed = env.by("recipient", list).ends(0).out;
    for name in opened {
        assert!(listed.contains(env.read(format!("{name}.pub")).trim()));
    }
    // Nobody else, the recipient of other packages among them.
    env.by("recipient", "open out/p.exeat --to no").ends(1);
}

/// A stream has no tar around it: its README.txt says what to do instead.
#[test]
fn a_stream_opens_with_stock_tools() {
    if !require(TOOLS) {
        return;
    }
    let env = Env::with_people();
    env.write("stream", noise(2_500_001));
    fs::create_dir(env.path("out")).unwrap();
    for (name, options) in [("plain", "--compress none"), ("zstd", "--compress zstd")] {
        let mut command = env.exeat();
        command
            .args(["--config-dir", "sender", "export", "-", "--to", "out"])
            .args(["-R", "recipient/recipient.txt", "--volume-size", "1M"])
            .args(["--name", name])
            .args(options.split(' '))
            .stdin(fs::File::open(env.path("stream")).unwrap());
        Ran::of(&mut command).ends(0);
        let package = env.path(format!("out/{name}.exeat"));
        let new = format!("new-{name}");
        by_hand(&env, &package, &new).ends(0);
        env.tool(&format!("cmp stream {new}"));
        // What is there is not overwritten.
        by_hand(&env, &package, &new).ends(1).says("STOPPED");
        fs::remove_file(env.path(&new)).unwrap();
        flip(&package.join("volume-00003.age"));
        by_hand(&env, &package, &new).ends(1).says("STOPPED");
        assert!(!env.path(&new).exists());
    }
}

/// `key.age` holds the package key in one line, and nothing else.
#[test]
fn the_envelope_is_one_line() {
    if !require(&["age", "age-keygen"]) {
        return;
    }
    let env = Env::with_package();
    let key = env.tool("age -d -i recipient/identity.txt out/p.exeat/key.age");
    assert!(key.starts_with("AGE-SECRET-KEY-1") && key.ends_with('\n'));
    assert_eq!(key.lines().count(), 1);
    // The manifest is committed to that very key.
    env.write("package.key", &key);
    let public = env.tool("age-keygen -y package.key");
    env.write("public", public.trim());
    let commitment = env.tool("sha256sum public")[..64].to_owned();
    let manifest = env.read("out/p.exeat/manifest.json");
    assert!(manifest.contains(&format!("{{\"commitment\":\"{commitment}\"")));
    // And publishes it nowhere.
    for member in fs::read_dir(env.path("out/p.exeat")).unwrap() {
        let bytes = fs::read(member.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(public.trim()) && !text.contains(key.trim()));
    }
}

#[test]
fn signatures_are_those_of_openssh() {
    if !require(&["ssh-keygen", "sha256sum"]) {
        return;
    }
    let env = Env::with_package();
    let verify = |signer: &str, namespace: &str| {
        let mut command = env.command("ssh-keygen");
        command
            .args(["-Y", "verify", "-f", "recipient/allowed_signers"])
            .args(["-s", "out/p.exeat/manifest.json.sig"])
            .args(["-I", signer, "-n", namespace])
            .stdin(fs::File::open(env.path("out/p.exeat/manifest.json")).unwrap());
        Ran::of(&mut command)
    };
    verify("sender@clinic.example", "exeat.package.v1").ends(0);
    verify("recipient@clinic.example", "exeat.package.v1").ends(255);
    verify("sender@clinic.example", "exeat.rekey.v1").ends(255);
    // The fingerprint that exeat shows is the one that ssh-keygen shows.
    let printed = env.tool("ssh-keygen -l -f sender/signing_key.pub");
    let fingerprint = printed.split_whitespace().nth(1).unwrap();
    assert_eq!(env.fingerprint("sender"), fingerprint);
    let mut sums = env.command("sha256sum");
    sums.args(["--strict", "-c", "SHA256SUMS"])
        .current_dir(env.path("out/p.exeat"));
    Ran::of(&mut sums).ends(0);
    // Signed anew by ssh-keygen with the same key, as from a hardware token.
    let manifest = env.path("out/p.exeat/manifest.json");
    env.ssh_sign("sender", "exeat.package.v1", &manifest);
    env.by("recipient", "verify out/p.exeat").ends(0);
}

#[test]
fn signing_keys_made_by_openssh() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_people();
    env.write("scan.raw", noise(1000));
    fs::create_dir(env.path("out")).unwrap();
    for kind in ["ed25519", "ecdsa"] {
        let key = format!("id_{kind}");
        let mut command = env.command("ssh-keygen");
        command.args(["-q", "-t", kind, "-N", "", "-C", "made there", "-f", &key]);
        Ran::of(&mut command).ends(0);
        let export = format!(
            "export scan.raw --to out --name {kind} -R recipient/recipient.txt --signing-key {key}"
        );
        env.by("sender", &export).ends(0);
        let public = env.read(format!("{key}.pub"));
        // The two ways to list a signer: for everything, and for packages.
        for options in ["", "namespaces=\"exeat.package.v1\" "] {
            env.write(
                "signers",
                format!("# ours\nann@x.example {options}{public}"),
            );
            let verify = format!("verify out/{kind}.exeat --allowed-signers signers");
            let ran = env.by("recipient", &verify).ends(0);
            assert!(ran.out.contains("signed by ann@x.example"), "{ran}");
        }
        let verify = format!("verify out/{kind}.exeat");
        env.by("recipient", &verify).ends(8);
    }
    // One of a kind that cannot be used.
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "id_rsa"]);
    Ran::of(&mut command).ends(0);
    let export =
        "export scan.raw --to out --name rsa -R recipient/recipient.txt --signing-key id_rsa";
    let ran = env.by("sender", export).ends(1);
    assert!(ran.says("Ed25519").err.contains("id_rsa"));
    assert!(!env.path("out/rsa.exeat").exists());
}

/// Makes an SSH key `NAME` and its public half `NAME.pub`.
fn ssh_key(env: &Env, name: &str, kind: &str, passphrase: &str) {
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-C", "made for a test", "-N", passphrase, "-f", name]);
    Ran::of(command.args(kind.split(' '))).ends(0);
}

#[test]
fn ssh_keys_open_what_was_sealed_for_them() {
    if !require(&["age", "ssh-keygen", "diff"]) {
        return;
    }
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    for (name, kind) in [
        ("ed25519", "-t ed25519"),
        ("rsa2048", "-t rsa -b 2048"),
        ("rsa3072", "-t rsa -b 3072"),
    ] {
        ssh_key(&env, name, kind, "");
        let export = format!("export data --to out --name {name} -R {name}.pub --json");
        let ran = env.by("sender", &export).ends(0);
        let public = env.read(format!("{name}.pub"));
        let key = public.strip_suffix(" made for a test\n").unwrap();
        let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["result"]["recipients"][0]["key"], key);
        // The real age opens the envelope to the same package key.
        let by_age = env.tool(&format!("age -d -i {name} out/{name}.exeat/key.age"));
        assert!(by_age.starts_with("AGE-SECRET-KEY-1"), "{by_age}");
        let open = format!("open out/{name}.exeat -i {name} --to opened-{name}");
        let ran = env.by("recipient", &open).ends(0);
        assert!(!ran.err.contains("did not list"), "{ran}");
        same(&env, "data", &format!("opened-{name}/data"));
        let list = format!("list out/{name}.exeat -i {name}");
        let ran = env.by("recipient", &list).ends(0);
        assert!(ran.out.contains("patients.csv"), "{ran}");
        let verify = format!("verify out/{name}.exeat -i {name}");
        let ran = env.by("recipient", &verify).ends(0);
        assert!(ran.out.contains("every one as it was sealed"), "{ran}");
        // Another key does not open it, and says so.
        let other = format!("open out/{name}.exeat --to none");
        env.by("recipient", &other)
            .ends(1)
            .says("none of the given");
    }
    // An envelope that age made for an SSH key is read, too.
    let key = env.path("out/rsa2048.exeat/key.age");
    let opened = env.tool("age -d -i rsa2048 out/rsa2048.exeat/key.age");
    env.write("package.key", opened);
    env.tool("age -R ed25519.pub -o foreign.age package.key");
    fs::copy(env.path("foreign.age"), key).unwrap();
    env.by("recipient", "open out/rsa2048.exeat -i ed25519 --to none")
        .ends(4)
        .says("key.age");
}

#[test]
fn ssh_keys_with_a_passphrase_ask_for_it() {
    if !require(&["age", "ssh-keygen", "diff", "script"]) {
        return;
    }
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    for (name, kind) in [
        ("ed25519", "-t ed25519"),
        ("gcm", "-t ed25519 -Z aes256-gcm@openssh.com"),
        ("rsa", "-t rsa -b 2048"),
    ] {
        ssh_key(&env, name, kind, "a long passphrase");
        let export = format!("export data --to out --name {name} -R {name}.pub");
        env.by("sender", &export).ends(0);
        let open = format!("open out/{name}.exeat -i {name} --to opened-{name}");
        env.by("recipient", &open).ends(1).says("no terminal");
        let prompt = format!("Passphrase of {name}: ");
        Terminal::exeat(&env, "recipient", &open)
            .answer(&prompt, "wrong\n")
            .ends(1)
            .says("the passphrase is wrong");
        Terminal::exeat(&env, "recipient", &open)
            .answer(&prompt, "a long passphrase\n")
            .ends(0);
        same(&env, "data", &format!("opened-{name}/data"));
    }
}

#[test]
fn ssh_keys_that_open_nothing_are_refused_by_name() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    ssh_key(&env, "ecdsa", "-t ecdsa", "");
    ssh_key(
        &env,
        "chacha",
        "-t ed25519 -Z chacha20-poly1305@openssh.com",
        "passphrase",
    );
    ssh_key(&env, "pem", "-t rsa -b 2048 -m PEM", "");
    ssh_key(&env, "weak", "-t rsa -b 1024", "");
    let open = |key: &str| env.by("recipient", &format!("open out/p.exeat --to none -i {key}"));
    open("ecdsa")
        .ends(1)
        .says("ecdsa-sha2-nistp256 keys only sign");
    open("chacha").ends(1).says("ssh-keygen -p -f FILE");
    open("pem").ends(1).says("ssh-keygen -p -f FILE");
    open("ecdsa.pub").ends(1).says("is not an identity");
    open("chacha.pub")
        .ends(1)
        .says("give the file without '.pub'");
    let seal = |key: &str| {
        let line = format!("export data --to out --name none -R {key}.pub");
        env.by("sender", &line)
    };
    seal("ecdsa").ends(1).says("only sign");
    seal("weak").ends(1).says("fewer than 2048 bits");
    assert!(!env.path("out/none.exeat").exists() && !env.path("none").exists());
}
