//! Runs exeat on hostile packages, and measures: what it said, how it ended, what it
//! left, how long it took and how much memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::forge::{Members, Workshop};
use crate::tree::{Tree, look_at_content};

/// What every package is called; it may be a folder or a file.
pub(crate) const NAME: &str = "q";

/// Whoever has no key.
pub(crate) const VERIFY: &str = "verify q";
/// From outside and inside, to the last byte.
pub(crate) const VERIFY_ALL: &str = "verify q -i recipient/identity.txt";
/// What is inside.
pub(crate) const LIST: &str = "list q";
/// All of it, into a new folder.
pub(crate) const OPEN: &str = "open q --to new";
/// That it has arrived, which is said of nothing that was not read to the last byte.
pub(crate) const RECEIPT: &str = "receipt q";
/// For one more recipient.
pub(crate) const REKEY: &str = "rekey q -R third/recipient.txt";
/// The first word of a command that gets the package through a pipe.
const PIPED: &str = "<q ";
/// What the first word of a command by somebody else than the recipient begins with.
const BY: char = '@';

/// What is wrong from outside.
pub(crate) const ALL: &[&str] = &[VERIFY, VERIFY_ALL, LIST, OPEN, RECEIPT, REKEY];
/// What only a look inside shows.
pub(crate) const INSIDE: &[&str] = &[VERIFY_ALL, LIST, OPEN, RECEIPT, REKEY];
/// What only reading the volumes shows.
pub(crate) const CONTENT: &[&str] = &[VERIFY_ALL, OPEN, RECEIPT];
/// What `list` does not read, and whoever has no key can see.
pub(crate) const VOLUMES: &[&str] = &[VERIFY, VERIFY_ALL, OPEN, RECEIPT];
/// An archive, as a file and through a pipe.
pub(crate) const ARCHIVE: &[&str] = &[
    VERIFY,
    VERIFY_ALL,
    LIST,
    OPEN,
    "<q verify -",
    "<q open - --to new",
];

/// By somebody to whom the package was passed on.
pub(crate) const THIRDS: &[&str] = &[
    "@third verify q -i third/identity.txt",
    "@third list q",
    "@third open q --to new",
];

/// What a case puts in the package's place.
pub(crate) enum Made {
    Folder(Members),
    File(Vec<u8>),
    /// It has put it there itself.
    There,
}

impl From<Members> for Made {
    fn from(members: Members) -> Self {
        Self::Folder(members)
    }
}

impl From<Vec<u8>> for Made {
    fn from(bytes: Vec<u8>) -> Self {
        Self::File(bytes)
    }
}

type Make = Box<dyn Fn(&Workshop, &Path) -> Made + Send + Sync>;

/// One hostile package.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Why it has to be refused.
    pub(crate) why: String,
    pub(crate) commands: &'static [&'static str],
    pub(crate) code: i64,
    /// A part of what is said.
    pub(crate) words: String,
    make: Make,
}

impl Case {
    pub(crate) fn new<M: Into<Made>>(
        name: impl Into<String>,
        why: impl Into<String>,
        commands: &'static [&'static str],
        code: i64,
        words: impl Into<String>,
        make: impl Fn(&Workshop, &Path) -> M + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            why: why.into(),
            commands,
            code,
            words: words.into(),
            make: Box::new(move |workshop, path| make(workshop, path).into()),
        }
    }
}

/// What one run of exeat came to.
pub(crate) struct Run {
    pub(crate) code: i64,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) seconds: f64,
    pub(crate) kib: u64,
}

/// A process that starts others and waits for them with `wait4`, which tells how
/// much memory they took; it is of another language because that call is unsafe
/// here.
pub(crate) struct Meter {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Meter {
    pub(crate) fn start(workshop: &Workshop) -> Self {
        let mut command = workshop.env.command("python3");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/meter.py");
        command.arg("-S").arg(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 is installed");
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Runs `exeat` with these words, as the recipient where nobody else is named.
    pub(crate) fn run(&mut self, line: &str) -> Run {
        let (stdin, line) = match line.strip_prefix(PIPED) {
            Some(line) => (NAME, line),
            None => ("/dev/null", line),
        };
        let by = line.strip_prefix(BY).and_then(|line| line.split_once(' '));
        let (person, line) = by.unwrap_or(("recipient", line));
        let exeat = env!("CARGO_BIN_EXE_exeat");
        let words: Vec<_> = [exeat, "--config-dir", person]
            .into_iter()
            .chain(line.split_whitespace())
            .collect();
        let request = json!({ "argv": words, "stdin": stdin });
        writeln!(self.input, "{request}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).expect("the meter answers");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        Run {
            code: answer["code"].as_i64().unwrap(),
            out: text("out"),
            err: text("err"),
            seconds: answer["seconds"].as_f64().unwrap(),
            kib: answer["kib"].as_u64().unwrap(),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The figures of many runs.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) packages: usize,
    pub(crate) runs: usize,
    pub(crate) accepted: usize,
    pub(crate) outside: usize,
    pub(crate) slowest: (f64, String),
    pub(crate) largest: (u64, String),
}

impl Figures {
    fn count(&mut self, case: &Case, run: &Run, line: &str) {
        let name = || format!("{}: {line}", case.name);
        self.runs += 1;
        self.accepted += usize::from(run.code == 0);
        if run.seconds > self.slowest.0 {
            self.slowest = (run.seconds, name());
        }
        if run.kib > self.largest.0 {
            self.largest = (run.kib, name());
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.packages += other.packages;
        self.runs += other.runs;
        self.accepted += other.accepted;
        self.outside += other.outside;
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        if other.largest.0 > self.largest.0 {
            self.largest = other.largest;
        }
    }
}

/// Makes the package of a case, lets every command of it loose on it, and takes it
/// away again. What is not as it should be is returned.
pub(crate) fn run_case(
    workshop: &Workshop,
    meter: &mut Meter,
    case: &Case,
    figures: &mut Figures,
) -> Vec<String> {
    let path = workshop.env.path(NAME);
    match (case.make)(workshop, &path) {
        Made::Folder(members) => members.write(&path),
        Made::File(bytes) => fs::write(&path, bytes).unwrap(),
        Made::There => {}
    }
    let mut problems = Vec::new();
    let mut before = everything(workshop);
    figures.packages += 1;
    for line in case.commands {
        let run = meter.run(line);
        figures.count(case, &run, line);
        let mut problem = |what: String| {
            let Run { code, out, err, .. } = &run;
            problems.push(format!(
                "{}: {line}: {what}\n  why: {}\n  ended with {code}: {out}{err}",
                case.name, case.why
            ));
        };
        if run.code != case.code {
            problem(format!("it should end with {}", case.code));
        } else if case.words.is_empty() || !run.err.contains(&case.words) {
            problem(format!("it should say {:?}", case.words));
        } else if run.err.contains("\u{1b}") {
            problem("it gives the terminal a command".to_owned());
        }
        if !run.out.is_empty() {
            problem("it prints something".to_owned());
        }
        let after = everything(workshop);
        if let Some(change) = difference(&before, &after) {
            figures.outside += 1;
            problem(change);
            tidy(workshop);
            before = everything(workshop);
        }
    }
    remove(&path);
    problems
}

/// The test's folder, and where an absolute path or one too many `..` would lead.
fn everything(workshop: &Workshop) -> Tree {
    let here = workshop.env.path("");
    let mut tree = look_at_content(&here);
    let around = fs::read_dir(here.parent().unwrap()).unwrap();
    for item in around {
        tree.insert(item.unwrap().path(), "beside".to_owned());
    }
    for outside in [OUTSIDE, "/tmp/exeat-hostile-folder"] {
        if Path::new(outside).symlink_metadata().is_ok() {
            tree.insert(PathBuf::from(outside), "outside".to_owned());
        }
    }
    tree
}

/// Where hostile paths and links lead; nobody else makes it.
pub(crate) const OUTSIDE: &str = "/tmp/exeat-hostile-outside";

fn difference(before: &BTreeMap<PathBuf, String>, after: &Tree) -> Option<String> {
    let changed = before
        .iter()
        .find(|(path, what)| after.get(*path) != Some(what));
    if let Some((path, _)) = changed {
        return Some(format!("{} is not what it was", path.display()));
    }
    let new = after.keys().find(|path| !before.contains_key(*path));
    new.map(|path| format!("it leaves {}", path.display()))
}

/// Takes away what a command leaves that was not refused.
pub(crate) fn tidy(workshop: &Workshop) {
    let _ = fs::remove_dir_all(workshop.env.path("new"));
    let _ = fs::remove_file(workshop.env.path("q.receipt.json"));
}

fn remove(path: &Path) {
    let removed = match path.symlink_metadata().unwrap().is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    removed.unwrap();
}
