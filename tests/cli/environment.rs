//! A hermetic place for tests of the binary: a folder of its own, an empty
//! environment, made-up people, a sample tree, a package.
//!
//! Nothing outside the folder is read or written, so that the tests neither
//! use nor touch the keys of whoever runs them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The folder of one test. Every command runs in its subfolder `here`; what
/// exeat keeps for a user, the ledger, is in `state` beside it, so that a test
/// can demand that `here` did not change and the ledger did.
pub(crate) struct Env {
    dir: TempDir,
}

impl Env {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let dir = TempDir::with_prefix("exeat-test-").unwrap();
        for name in ["here", "here/home", "here/tmp", "state"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    /// With a sender and a recipient who trusts the sender, their settings in
    /// the folders of these names.
    pub(crate) fn with_people() -> Self {
        let env = Self::new();
        env.person("sender");
        env.person("recipient");
        env.by("recipient", "trust sender/signer.txt").ends(0);
        env
    }

    /// With people, the sample tree `data`, and `out/p.exeat`, a package of it
    /// in several volumes.
    pub(crate) fn with_package() -> Self {
        let env = Self::with_people();
        env.sample("data");
        env.package("data", "p", "--volume-size 1M");
        env
    }

    /// A path in the folder that commands run in.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join("here").join(name)
    }

    /// A command with nothing in its environment but what it needs.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/.config"))
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("TMPDIR", self.path("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .current_dir(self.path(""))
            .stdin(Stdio::null());
        command
    }

    /// `exeat`, yet without arguments.
    pub(crate) fn exeat(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_exeat"))
    }

    /// Runs `exeat` with these words, split at blanks.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(self.exeat().args(line.split_whitespace()))
    }

    /// Runs `exeat` with the keys and settings of `person`.
    pub(crate) fn by(&self, person: &str, line: &str) -> Ran {
        self.run(&format!("--config-dir {person} {line}"))
    }

    /// Runs another program with these words; it has to succeed.
    pub(crate) fn tool(&self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let mut command = self.command(words.next().unwrap());
        Ran::of(command.args(words)).ends(0).out
    }

    /// Makes the keys of `name`, who is `NAME@clinic.example`, and the folder
    /// of that name.
    pub(crate) fn person(&self, name: &str) {
        self.by(name, &format!("init --name {name}@clinic.example"))
            .ends(0);
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Reads a text file.
    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Makes a small tree of everything a package can hold: one file spans
    /// volumes of 1 MiB.
    pub(crate) fn sample(&self, name: &str) {
        let dir = self.path(name);
        fs::create_dir_all(dir.join("empty folder")).unwrap();
        self.write(dir.join("letters/Zoë.txt"), "Dear Dr Example,\n");
        self.write(dir.join("letters/old/none.txt"), "");
        self.write(dir.join("patients.csv"), "nhs_number\n9990000018\n");
        self.write(dir.join("scans/scan.raw"), noise(2_500_000));
        self.write(dir.join("scans/zero.raw"), vec![0; 700_000]);
        symlink("letters/Zoë.txt", dir.join("latest")).unwrap();
        for (path, mode) in [("patients.csv", 0o640), ("letters/old", 0o750)] {
            fs::set_permissions(dir.join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    /// Seals `source` for the recipient: `out/NAME.exeat`.
    pub(crate) fn package(&self, source: &str, name: &str, options: &str) -> PathBuf {
        fs::create_dir_all(self.path("out")).unwrap();
        self.by(
            "sender",
            &format!("export {source} --to out --name {name} -R recipient/recipient.txt {options}"),
        )
        .ends(0);
        self.path(format!("out/{name}.exeat"))
    }

    /// The fingerprint of the key that `person` signs with.
    pub(crate) fn fingerprint(&self, person: &str) -> String {
        let shown = self.by(person, "init --show --json").ends(0);
        let document: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
        document["result"]["fingerprint"].as_str().unwrap().into()
    }

    /// Signs a file as `person` with the real ssh-keygen: `FILE.sig`, anew.
    pub(crate) fn ssh_sign(&self, person: &str, namespace: &str, file: &Path) {
        let mut signature = file.as_os_str().to_owned();
        signature.push(".sig");
        let _ = fs::remove_file(signature);
        let key = self.path(person).join("signing_key");
        let mut command = self.command("ssh-keygen");
        command
            .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
            .arg(key)
            .arg(file);
        Ran::of(&mut command).ends(0);
    }
}

/// How a program ended and what it said.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// The command line, for messages of failing tests.
    line: String,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let program = Path::new(command.get_program());
        let mut line = program.file_name().unwrap_or_default().to_owned();
        for word in command.get_args() {
            line.push(" ");
            line.push(word);
        }
        let line = line.to_string_lossy().into_owned();
        let output = command.output().expect(&line);
        Self::from_output(line, &output)
    }

    /// What a command that was run some other way had to say.
    pub(crate) fn from_output(line: String, output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            line,
        }
    }

    /// Demands this exit code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of\n{self}");
        self
    }

    /// Demands these words on standard error.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "no {words:?} in\n{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            out,
            err,
            line,
        } = self;
        write!(f, "$ {line}\n=> {code:?}\n{out}\n--\n{err}")
    }
}

/// Bytes that do not compress, the same at every run (xorshift).
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// Copies a package, which is a flat folder of files.
pub(crate) fn copy_package(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        fs::copy(item.path(), to.join(item.file_name())).unwrap();
    }
}

/// Changes one bit in the middle of a file.
pub(crate) fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Whether all of these programs are installed; says so where one is not, and
/// the test should end.
pub(crate) fn require(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &&&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    match programs.iter().find(|program| !is_there(program)) {
        None => true,
        Some(missing) => {
            skipped(&format!("{missing} is not installed"));
            false
        }
    }
}

/// Says, past the capture of the test harness, that a test was not run.
pub(crate) fn skipped(why: &str) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: {why}");
}
