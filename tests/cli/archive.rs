//! Packages in one file, as stock `tar` makes them of a package's members, and
//! through pipes.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileTypeExt as _;
use std::process::{Command, Stdio};

use crate::environment::{Env, Ran, flip};
use crate::mounts::Mounted;
use crate::terminal::Terminal;
use crate::tree::unchanged;

/// Everything of `FOLDER` in `q.exeat.tar`, flat.
fn pack(env: &Env, folder: &str) {
    let names = fs::read_dir(env.path(folder)).unwrap();
    let names = names.map(|item| item.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    // As its writer orders them: what opens it, last.
    names.sort_by_key(|name| {
        (
            name.starts_with("key") || name.starts_with("man"),
            name.clone(),
        )
    });
    env.tool(&format!(
        "tar -cf q.exeat.tar -C {folder} {}",
        names.join(" ")
    ));
}

/// Runs `exeat` as the recipient with a file as its standard input.
fn piped(env: &Env, file: &str, line: &str) -> Ran {
    let mut command = env.exeat();
    command.args(["--config-dir", "recipient"]);
    command.args(line.split_whitespace());
    command.stdin(File::open(env.path(file)).unwrap());
    Ran::of(&mut command)
}

#[test]
fn an_archive_is_as_good_as_its_folder() {
    let env = Env::with_package();
    pack(&env, "out/p.exeat");
    for line in ["verify", "verify -i recipient/identity.txt", "list"] {
        let folder = env.by("recipient", &format!("{line} out/p.exeat")).ends(0);
        let archive = env.by("recipient", &format!("{line} q.exeat.tar")).ends(0);
        let pipe = piped(&env, "q.exeat.tar", &format!("{line} -")).ends(0);
        assert_eq!(archive.out, folder.out);
        assert_eq!(pipe.out, folder.out);
    }
    env.by("recipient", "open q.exeat.tar --to file").ends(0);
    piped(&env, "q.exeat.tar", "open - --to pipe").ends(0);
    piped(&env, "q.exeat.tar", "open - --to one data/patients.csv").ends(0);
    for opened in ["file", "pipe"] {
        env.tool(&format!("diff -r --no-dereference data {opened}/data"));
    }
    env.tool("cmp data/patients.csv one/data/patients.csv");
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
}

#[test]
fn the_order_of_members_means_nothing() {
    let env = Env::with_package();
    env.tool("tar -cf q.exeat.tar -C out/p.exeat key.age manifest.json.sig manifest.json");
    let rest = fs::read_dir(env.path("out/p.exeat")).unwrap();
    for item in rest {
        let name = item.unwrap().file_name().into_string().unwrap();
        if !name.starts_with("key") && !name.starts_with("man") {
            env.tool(&format!("tar -rf q.exeat.tar -C out/p.exeat {name}"));
        }
    }
    env.by("recipient", "open q.exeat.tar --to new").ends(0);
    piped(&env, "q.exeat.tar", "verify -").ends(0);
}

/// The file and the pipe both refuse it, and leave nothing.
#[track_caller]
fn refused(env: &Env, code: i32, words: &str) {
    for line in ["verify", "open --to new", "list"] {
        let ran = unchanged(env, || env.by("recipient", &format!("{line} q.exeat.tar")));
        assert!(ran.out.is_empty(), "{ran}");
        ran.ends(code).says(words);
        let ran = unchanged(env, || piped(env, "q.exeat.tar", &format!("{line} -")));
        assert!(ran.out.is_empty(), "{ran}");
        ran.ends(code).says(words);
    }
}

#[test]
fn damaged_archives() {
    let env = Env::with_package();
    pack(&env, "out/p.exeat");
    let path = env.path("q.exeat.tar");
    let good = fs::read(&path).unwrap();
    let spoil = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
    // In the middle of a volume, within a header, and without its end.
    spoil(&good[..good.len() / 2]);
    refused(
        &env,
        4,
        "the archive is damaged or altered: it ends too early",
    );
    spoil(&good[..700]);
    refused(&env, 4, "it ends too early");
    let end = good.iter().rposition(|&byte| byte != 0).unwrap();
    spoil(&good[..(end + 1).next_multiple_of(512)]);
    refused(&env, 4, "it ends too early");
    let mut longer = good.clone();
    longer.extend_from_slice(b"something else");
    spoil(&longer);
    refused(&env, 4, "something follows its end");
    let mut header = good.clone();
    let second = 512 + 512 * usize::div_ceil(member_size(&good), 512);
    header[second + 10] ^= 1;
    spoil(&header);
    refused(&env, 4, "a header in it is damaged");
    spoil(&good);
    flip(&path);
    let verify = env.by("recipient", "verify q.exeat.tar").ends(4);
    verify.says("is not what was signed");
    piped(&env, "q.exeat.tar", "open - --to new").ends(4);
    assert!(!env.path("new").exists());
}

/// The size that the first header of an archive says.
fn member_size(archive: &[u8]) -> usize {
    let digits = std::str::from_utf8(&archive[124..135]).unwrap();
    usize::from_str_radix(digits, 8).unwrap()
}

#[test]
fn archives_with_what_does_not_belong_there() {
    let env = Env::with_package();
    let add = |what: &str| {
        pack(&env, "out/p.exeat");
        env.tool(&format!("tar -rf q.exeat.tar {what}"));
    };
    env.write("extra.txt", "something");
    add("extra.txt");
    refused(&env, 4, "'extra.txt' does not belong in it");
    add("-C out/p.exeat README.txt");
    refused(&env, 4, "README.txt is in it twice");
    std::os::unix::fs::symlink("/etc/passwd", env.path("key-2.age")).unwrap();
    add("key-2.age");
    refused(&env, 4, "'key-2.age' is not a plain file in it");
    // With its folder, as people pack things.
    env.tool("tar -cf q.exeat.tar -C out p.exeat");
    refused(&env, 4, "'p.exeat/' does not belong in it");
    let ran = env.by("recipient", "verify q.exeat.tar");
    ran.says("unpack it with 'tar -xf' into an empty folder");
    // A member that the manifest does not know, and one that is missing.
    crate::environment::copy_package(&env.path("out/p.exeat"), &env.path("r"));
    fs::copy(
        env.path("r/volume-00001.age"),
        env.path("r/volume-00099.age"),
    )
    .unwrap();
    pack(&env, "r");
    refused(&env, 4, "'volume-00099.age' does not belong in the package");
    fs::remove_file(env.path("r/volume-00099.age")).unwrap();
    fs::remove_file(env.path("r/volume-00002.age")).unwrap();
    pack(&env, "r");
    refused(&env, 4, "volume-00002.age is missing");
    fs::remove_file(env.path("r/manifest.json")).unwrap();
    pack(&env, "r");
    refused(&env, 4, "it was never finished, or not copied completely");
}

#[test]
fn what_is_no_archive() {
    let env = Env::with_package();
    for content in [
        &b""[..],
        b"a letter",
        &[0; 10240],
        &crate::environment::noise(9000),
    ] {
        env.write("q.exeat.tar", content);
        refused(&env, 1, "is not an exeat package");
    }
    env.tool("mkfifo fifo");
    assert!(
        fs::metadata(env.path("fifo"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    let ran = env.by("recipient", "verify fifo").ends(1);
    ran.says("is not an exeat package");
}

#[test]
fn a_pipe_that_breaks_off_and_a_terminal() {
    let env = Env::with_package();
    pack(&env, "out/p.exeat");
    let mut command = env.exeat();
    command
        .args(["--config-dir", "recipient", "verify", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = fs::read(env.path("q.exeat.tar")).unwrap();
    pipe.write_all(&bytes[..bytes.len() / 3]).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let ran = Ran::from_output("verify -".into(), &output).ends(4);
    ran.says("it ends too early");
    let ran = Terminal::run(&env, "$EXEAT --config-dir recipient verify -").ends(2);
    ran.says("standard input is a terminal");
}

#[test]
fn two_at_once() {
    let env = Env::with_package();
    pack(&env, "out/p.exeat");
    let start = |to: &str| -> std::process::Child {
        let mut command: Command = env.exeat();
        command
            .args(["--config-dir", "recipient", "open", "-", "--to", to])
            .stdin(File::open(env.path("q.exeat.tar")).unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let (mut one, mut other) = (start("one"), start("other"));
    assert!(one.wait().unwrap().success());
    assert!(other.wait().unwrap().success());
    env.tool("diff -r --no-dereference one other");
}

#[test]
fn no_room_for_what_is_received() {
    let env = Env::with_package();
    pack(&env, "out/p.exeat");
    let Some(_disk) = Mounted::memory(&env, "tmp", "size=1m") else {
        return;
    };
    let ran = piped(&env, "q.exeat.tar", "verify -").ends(1);
    ran.says("cannot keep what is received in ")
        .says("No space left on device")
        .says("set TMPDIR to a folder with more room");
    // A file needs none.
    env.by("recipient", "verify q.exeat.tar").ends(0);
}
