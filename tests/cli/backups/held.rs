//! Several runs of one profile at once: one waits, or says that it cannot.

use std::fs::File;
use std::process::{Child, Stdio};

use rustix::fs::{FlockOperation, flock};

use super::Site;
use crate::environment::Ran;
use crate::interrupt::until;

/// Holds a profile as another run would.
fn hold(site: &Site) -> File {
    let lock = File::open(site.state("clinic", "lock")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    lock
}

fn start(site: &Site, line: &str) -> Child {
    let mut command = site.env.exeat();
    command
        .args(["--config-dir", "host", "backup"])
        .args(line.split(' '));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until it has opened the file that it cannot lock.
fn until_it_waits(site: &Site, child: &mut Child) {
    let lock = site.state("clinic", "lock").canonicalize().unwrap();
    let folder = format!("/proc/{}/fd", child.id());
    until("run that waits", || {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "it did not wait: {ended:?}");
        let items = std::fs::read_dir(&folder).ok()?;
        let mut items = items.flatten().map(|item| std::fs::read_link(item.path()));
        items
            .any(|target| target.is_ok_and(|target| target == lock))
            .then_some(())
    });
}

#[test]
fn the_second_one_ends_at_once_or_waits() {
    let site = Site::with_clinic("keep = { last = 1 }");
    site.night("clinic");
    site.of_files("other", "to = \"../other\"");
    std::fs::create_dir(site.env.path("other")).unwrap();
    let held = hold(&site);
    for line in ["run clinic", "prune clinic", "prune clinic --dry-run"] {
        let ran = site.backup(line).ends(6);
        ran.says("another run of this profile is under way")
            .says("wait until it ends, or pass --wait 10m");
    }
    assert_eq!(site.numbers("to"), [1]);
    // Whoever only looks is not kept waiting, and neither is another profile.
    site.backup("list clinic").ends(0);
    site.backup("status clinic").ends(0);
    site.night("other");
    let mut waiting = start(&site, "run clinic --wait 10m");
    until_it_waits(&site, &mut waiting);
    drop(held);
    let output = waiting.wait_with_output().unwrap();
    Ran::from_output("run --wait".into(), &output).ends(0);
    assert_eq!(site.json("list clinic", 0)["packages"][0]["sequence"], 2);
    site.comes_back();
}

#[test]
fn one_that_waits_can_be_stopped() {
    let site = Site::with_clinic("");
    site.night("clinic");
    let _held = hold(&site);
    let mut waiting = start(&site, "run clinic --wait 10m");
    until_it_waits(&site, &mut waiting);
    let mut kill = std::process::Command::new("/bin/sh");
    let line = format!("kill -TERM {}", waiting.id());
    Ran::of(kill.args(["-c", &line])).ends(0);
    let output = waiting.wait_with_output().unwrap();
    Ran::from_output("run --wait".into(), &output).ends(143);
    assert_eq!(site.numbers("to"), [1]);
}

/// Started together, each has a number of its own and none is lost.
#[test]
fn many_at_once() {
    let site = Site::with_clinic("");
    let runs: Vec<_> = (0..6)
        .map(|_| start(&site, "run clinic --wait 10m"))
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        Ran::from_output("run --wait".into(), &output).ends(0);
    }
    assert_eq!(site.numbers("to"), [1, 2, 3, 4, 5, 6]);
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
}
