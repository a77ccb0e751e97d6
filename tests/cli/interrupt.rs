//! Runs that are stopped in the middle: by Ctrl-C, by a service manager, by
//! the power, by a source that changes, by another run that was faster.
//!
//! To be surely in the middle, a run is held (SIGSTOP) as soon as its
//! temporary folder has some bytes in it, and let go after the test has done
//! what it wants to do meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal};

use crate::environment::{Env, Ran};
use crate::tree::{assert_nothing_partial, assert_same, look_at_content, partial};

/// How long anything here may take before the test gives up.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits for a condition, which is asked for again and again.
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "still no {what}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A run of exeat that stands still in the middle of its work.
pub(crate) struct Held {
    child: Option<Child>,
    pid: u32,
    line: String,
}

impl Held {
    /// Starts a run and holds it once `is_in_the_middle`, which is given the
    /// process' number.
    pub(crate) fn when(env: &Env, line: &str, is_in_the_middle: impl Fn(u32) -> bool) -> Self {
        let mut command = env.exeat();
        command.args(line.split_whitespace());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().unwrap();
        let pid = child.id();
        let mut held = Self {
            child: Some(child),
            pid,
            line: line.to_owned(),
        };
        until("work in progress", || {
            let ended = held.child.as_mut()?.try_wait().unwrap();
            assert!(ended.is_none(), "'{line}' is over already: {ended:?}");
            is_in_the_middle(pid).then_some(())
        });
        held.signal(Signal::STOP);
        until("stop", || (stat(pid)?.0 == "T").then_some(()));
        held
    }

    /// Holds it once it has written something into a temporary folder.
    pub(crate) fn writing(env: &Env, line: &str, folder: &Path) -> Self {
        let known = partial(folder);
        Self::when(env, line, |_| {
            let mut new = partial(folder).into_iter().filter(|p| !known.contains(p));
            new.any(|staging| has_bytes(&staging))
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        rustix::process::kill_process(pid.unwrap(), signal).unwrap();
    }

    /// Lets it go on, to its end.
    #[track_caller]
    pub(crate) fn go_on(mut self) -> Ran {
        self.signal(Signal::CONT);
        let mut child = self.child.take().unwrap();
        until("end", || child.try_wait().unwrap());
        let output = child.wait_with_output().unwrap();
        Ran::from_output(self.line.clone(), &output)
    }

    /// Lets it go on while somebody presses Ctrl-C again and again.
    #[track_caller]
    fn go_on_interrupted(mut self) -> Ran {
        self.signal(Signal::INT);
        self.signal(Signal::CONT);
        let mut child = self.child.take().unwrap();
        until("end", || {
            self.signal(Signal::INT);
            child.try_wait().unwrap()
        });
        let output = child.wait_with_output().unwrap();
        Ran::from_output(self.line.clone(), &output)
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        let status = self.child.take().unwrap().wait().unwrap();
        assert_eq!(status.signal(), Some(9));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// State and ticks of processor time of a process.
fn stat(pid: u32) -> Option<(String, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some((fields.first()?.to_string(), ticks(11)? + ticks(12)?))
}

/// Whether a process has done more than begin.
pub(crate) fn works(pid: u32) -> bool {
    stat(pid).is_some_and(|(_, ticks)| ticks >= 5)
}

fn has_bytes(folder: &Path) -> bool {
    let items = fs::read_dir(folder).into_iter().flatten().flatten();
    items.into_iter().any(|item| {
        let meta = item.metadata();
        meta.is_ok_and(|meta| meta.is_file() && meta.len() > 0)
    })
}

/// A file of that many bytes without a block on the disk.
fn sparse(env: &Env, name: &str, bytes: u64) -> PathBuf {
    let path = env.write(name, "");
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(bytes))
        .unwrap();
    path
}

/// People and a source that takes minutes to seal.
fn with_a_long_export() -> Env {
    let env = Env::with_people();
    sparse(&env, "data/scan.raw", 64 << 30);
    env.write("data/letter.txt", "Dear Dr Example\n");
    fs::create_dir(env.path("out")).unwrap();
    env
}

const EXPORT: &str = "--config-dir sender export data --to out --name p \
                      -R recipient/recipient.txt --compress zstd";

#[test]
fn an_interrupted_export_leaves_nothing() {
    let env = with_a_long_export();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        for options in ["", "--json"] {
            let before = look_at_content(&env.path(""));
            let held = Held::writing(&env, &format!("{EXPORT} {options}"), &env.path("out"));
            held.signal(signal);
            let ran = held.go_on().ends(code).says("interrupted");
            assert_same(&before, &look_at_content(&env.path("")));
            match options {
                "" => assert!(ran.out.is_empty(), "{ran}"),
                _ => assert!(ran.out.contains(&format!("\"exit\":{code},")), "{ran}"),
            }
        }
    }
}

/// What lies in staging when somebody is impatient may be plaintext.
#[test]
fn ctrl_c_again_and_again_leaves_nothing_either() {
    let env = Env::with_people();
    for number in 0..3000 {
        env.write(format!("data/{number}"), "Dear Dr Example\n");
    }
    env.package("data", "p", "");
    let before = look_at_content(&env.path(""));
    let open = "--config-dir recipient open out/p.exeat --to new";
    let held = Held::when(&env, open, |_| {
        let mut staged = partial(&env.path("")).into_iter();
        staged.any(|staging| has_bytes(&staging.join("data")))
    });
    held.go_on_interrupted().ends(130).says("interrupted");
    assert_same(&before, &look_at_content(&env.path("")));
}

/// A package whose content is large, and the package small.
pub(crate) fn with_a_large_package() -> Env {
    let env = Env::with_people();
    sparse(&env, "scan.raw", 768 << 20);
    env.package("scan.raw", "p", "--compress zstd");
    env
}

#[test]
fn interrupted_opening_and_checking_leave_nothing() {
    let env = with_a_large_package();
    let before = look_at_content(&env.path(""));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let open = "--config-dir recipient open out/p.exeat --to new";
        let held = Held::writing(&env, open, &env.path(""));
        held.signal(signal);
        let ran = held.go_on().ends(code).says("interrupted");
        assert!(ran.out.is_empty(), "{ran}");
        assert_same(&before, &look_at_content(&env.path("")));

        let verify = "--config-dir recipient verify out/p.exeat -i recipient/identity.txt";
        let held = Held::when(&env, verify, works);
        held.signal(signal);
        let ran = held.go_on().ends(code).says("interrupted");
        assert!(ran.out.is_empty(), "{ran}");
        assert_same(&before, &look_at_content(&env.path("")));
    }
}

pub(crate) fn backdate(folder: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let folder = File::open(folder).unwrap();
    folder.set_modified(hour_ago).unwrap();
}

#[test]
fn what_a_killed_run_left_the_next_one_clears_away() {
    let env = with_a_long_export();
    let out = env.path("out");
    Held::writing(&env, EXPORT, &out).kill();
    let left = partial(&out);
    assert_eq!(left.len(), 1);
    // No key was ever written to what was left.
    assert!(!left[0].join("key.age").exists() && !left[0].join("manifest.json").exists());
    backdate(&left[0]);
    // What a person called something like it stays.
    env.write("out/partial/x", "x");
    env.package("data/letter.txt", "p", "");
    assert_nothing_partial(&out);
    assert!(out.join("p.exeat").exists() && out.join("partial/x").exists());
    env.by("recipient", "verify out/p.exeat").ends(0);
}

#[test]
fn a_living_run_is_spared() {
    let env = with_a_long_export();
    let out = env.path("out");
    let held = Held::writing(&env, EXPORT, &out);
    backdate(&partial(&out)[0]);
    env.package("data/letter.txt", "other", "");
    assert_eq!(partial(&out).len(), 1);
    held.signal(Signal::TERM);
    held.go_on().ends(143);
    assert_nothing_partial(&out);
    env.by("recipient", "verify out/other.exeat").ends(0);
}

/// What is done to a file while it is exported.
type Change = (&'static str, fn(&Path));

#[test]
fn a_source_that_changes_stops_the_export() {
    let env = with_a_long_export();
    let scan = env.path("data/scan.raw");
    let changes: [Change; 5] = [
        ("appended to", |scan| {
            let mut file = OpenOptions::new().append(true).open(scan).unwrap();
            file.write_all(b"x").unwrap();
        }),
        ("written to", |scan| {
            let mut file = OpenOptions::new().write(true).open(scan).unwrap();
            file.write_all(b"x").unwrap();
        }),
        ("cut short", |scan| {
            let file = OpenOptions::new().write(true).open(scan).unwrap();
            file.set_len(1 << 20).unwrap();
        }),
        ("replaced", |scan| {
            fs::remove_file(scan).unwrap();
            fs::write(scan, "another").unwrap();
        }),
        ("removed", |scan| fs::remove_file(scan).unwrap()),
    ];
    // Noticed before the next part of the file, and after the only one.
    for (bytes, options) in [(64 << 30, ""), (512 << 20, "--volume-size 1G")] {
        for (how, change) in changes {
            eprintln!("{how}, {options}");
            sparse(&env, "data/scan.raw", bytes);
            let line = format!("{EXPORT} {options}");
            let held = Held::writing(&env, &line, &env.path("out"));
            change(&scan);
            let words = "'data/scan.raw' changed while it was being exported";
            let ran = held.go_on().ends(1).says(words);
            ran.says("nothing was delivered");
            assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
        }
    }
}

#[test]
fn of_two_exports_of_one_name_one_wins() {
    let env = Env::with_people();
    sparse(&env, "data/scan.raw", 512 << 20);
    env.write("letter.txt", "Dear Dr Example\n");
    fs::create_dir(env.path("out")).unwrap();
    let held = Held::writing(&env, EXPORT, &env.path("out"));
    let winner = env.package("letter.txt", "p", "");
    let before = look_at_content(&winner);
    held.go_on()
        .ends(1)
        .says("out/p.exeat was made by somebody else meanwhile")
        .says("nothing was overwritten");
    assert_same(&before, &look_at_content(&winner));
    assert_nothing_partial(&env.path("out"));
    let listed = env.by("recipient", "list out/p.exeat").ends(0);
    assert!(listed.out.contains("letter.txt"), "{listed}");
}

#[test]
fn of_two_openings_into_one_place_one_wins() {
    let env = with_a_large_package();
    env.write("letter.txt", "Dear Dr Example\n");
    env.package("letter.txt", "small", "");
    for exists in [false, true] {
        let new = env.path("new");
        if exists {
            fs::remove_dir_all(&new).unwrap();
            fs::create_dir(&new).unwrap();
        }
        let open = "--config-dir recipient open out/p.exeat --to new";
        let held = Held::writing(&env, open, &env.path(""));
        env.by("recipient", "open out/small.exeat --to new").ends(0);
        let before = look_at_content(&new);
        held.go_on().ends(1).says("new exists already");
        assert_same(&before, &look_at_content(&new));
        assert_nothing_partial(&env.path(""));
    }
}
