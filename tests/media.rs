//! Where things are, on file systems that are really mounted: loop device,
//! tmpfs, overlay, bind mounts, FUSE.
//!
//! Mounting takes root. All of it happens in a mount and process namespace of
//! its own, in which this program runs itself once more: when it ends, however
//! it ends, the kernel takes mounts, loop devices and the FUSE program away.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exeat_core::destination::{Medium, Place};
use rustix::fs::{Mode, OFlags};

/// Names the folder to work in, and says that this is the inner run.
const INSIDE: &str = "EXEAT_TEST_MEDIA";

const NAMESPACE: [&str; 7] = [
    "--mount",
    "--propagation=private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--",
];

#[test]
fn mounted() {
    if let Some(folder) = env::var_os(INSIDE) {
        return inside(Path::new(&folder));
    }
    if !rustix::process::geteuid().is_root() {
        return skipped("mounting takes root");
    }
    if !runs(Command::new("unshare").args(NAMESPACE).arg("true")) {
        return skipped("no namespace can be made here (unshare of util-linux, CAP_SYS_ADMIN)");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let status = Command::new("unshare")
        .args(NAMESPACE)
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", "mounted", "--nocapture"])
        .env(INSIDE, dir.path())
        .stdout(Stdio::null())
        .status()
        .expect("started before");
    assert!(status.success(), "see above");
}

fn inside(dir: &Path) {
    let memory = folder(dir, "memory");
    mount(&["-t", "tmpfs", "exeat"], &memory);
    is(&memory, Medium::Memory, "tmpfs");

    overlay(dir, &memory);
    loop_devices(dir, &memory);
    fuse(dir, &memory);
}

fn overlay(dir: &Path, memory: &Path) {
    let [lower, upper, work] = ["lower", "upper", "work"].map(|name| folder(memory, name));
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    fs::write(lower.join("from-below"), "").expect("written");
    let merged = folder(dir, "overlay");
    mount(&["-t", "overlay", "exeat", "-o", &options], &merged);
    is(&merged, Medium::Unrecognised, "overlay");
    // A file that is only read has the device number of the layer below it.
    let place = Place::of(File::open(merged.join("from-below")).expect("opens"));
    assert_eq!(place.medium(), Medium::Unrecognised, "{}", place.why());
}

fn loop_devices(dir: &Path, memory: &Path) {
    if !Path::new("/dev/loop-control").exists() {
        return skipped("this kernel or container has no loop devices");
    }
    for (parent, name) in [(memory, "in-memory"), (dir, "on-disk")] {
        let image = parent.join(format!("{name}.img"));
        let file = File::create(&image).expect("made");
        file.set_len(4 << 20).expect("sparse");
        if !runs(Command::new("mkfs.ext4").arg("-q").arg(&image)) {
            return skipped("mkfs.ext4 (e2fsprogs) is not installed");
        }
        let on_loop = folder(dir, name);
        mount(&["-o", "loop", text(&image)], &on_loop);
        let below = Place::of(&file);
        let place = is(&on_loop, below.medium(), "ext4");
        assert!(place.device().is_some_and(|name| name.starts_with("loop")));
        assert_eq!(place.encrypted(), below.encrypted());
        assert!(place.why().contains(below.why()), "{}", place.why());
        // The block device itself says the same; looked at, not opened.
        let device = Path::new("/dev").join(place.device().expect("just seen"));
        let device = rustix::fs::open(&device, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        let device = Place::of(device.expect("a node"));
        assert_eq!(device.medium(), below.medium(), "{}", device.why());
        assert_eq!(device.filesystem(), None);
    }
    // Another file system over a mount: who opened the folder before is still
    // on the one below.
    let on_loop = dir.join("on-disk");
    let before = File::open(&on_loop).expect("opens");
    mount(&["-t", "tmpfs", "exeat"], &on_loop);
    assert_eq!(Place::of(before).filesystem(), Some("ext4"));
    assert_eq!(
        Place::of(File::open(&on_loop).expect("opens")).medium(),
        Medium::Memory
    );
}

fn fuse(dir: &Path, memory: &Path) {
    let served = folder(dir, "fuse");
    // It returns when the file system is mounted, and goes on behind.
    let mut bindfs = Command::new("bindfs");
    bindfs.arg(memory).arg(&served);
    if !Path::new("/dev/fuse").exists() || !runs(bindfs.stderr(Stdio::inherit())) {
        return skipped("bindfs is not installed, or this kernel has no FUSE");
    }
    let place = is(&served, Medium::Unrecognised, "fuse");
    assert!(place.why().starts_with("a file system run by a program"));
}

/// Checks the folder, a file in it, and both through a bind mount.
fn is(mounted: &Path, medium: Medium, filesystem: &str) -> Place {
    let bound = folder(
        mounted.parent().expect("a folder"),
        "bound to a path with spaces",
    );
    mount(&["--bind", text(mounted)], &bound);
    for point in [bound.as_path(), mounted] {
        let file = File::create(point.join("file")).expect("made");
        for fd in [File::open(point).expect("opens"), file] {
            let place = Place::of(fd);
            assert_eq!(place.medium(), medium, "{}", place.why());
            let found = place.filesystem().expect("on one");
            assert!(found.starts_with(filesystem), "{}", place.why());
            assert_eq!(place.mount_point(), Some(point), "{}", place.why());
        }
    }
    let status = Command::new("umount").arg(&bound).status().expect("umount");
    assert!(status.success());
    Place::of(File::open(mounted).expect("opens"))
}

fn mount(arguments: &[impl AsRef<OsStr>], at: &Path) {
    let mut mount = Command::new("mount");
    mount.args(arguments).arg(at).stderr(Stdio::inherit());
    assert!(runs(&mut mount), "{mount:?}");
}

fn folder(parent: &Path, name: &str) -> PathBuf {
    let path = parent.join(name);
    fs::create_dir_all(&path).expect("made");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder's name")
}

fn runs(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Says so past the test harness, which keeps what passing tests print.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: media: {why}");
}
