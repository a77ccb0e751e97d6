//! File systems that are mounted for a test and taken away with it. Mounting
//! takes root; without it the test says that it was skipped.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment::{Env, Ran, require, skipped};

/// Something mounted in the folder of a test; unmounted when this is dropped.
/// Declare it after the `Env` it is in.
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    /// A disk in memory.
    pub(crate) fn memory(env: &Env, at: &str, options: &str) -> Option<Self> {
        Self::new(env, at, ["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    /// Folders laid over one another, as in a container: exeat cannot know
    /// what is below.
    pub(crate) fn overlay(env: &Env, at: &str) -> Option<Self> {
        let layer = |name: &str| {
            let path = env.path("../layers").join(at).join(name);
            fs::create_dir_all(&path).unwrap();
            path.display().to_string()
        };
        let [lower, upper, work] = ["lower", "upper", "work"].map(layer);
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        Self::new(env, at, ["-t", "overlay", "-o", &options, "overlay"])
    }

    /// An ext4 file system in a file, through a loop device.
    pub(crate) fn image(env: &Env, at: &str) -> Option<Self> {
        if !require(&["mkfs.ext4"]) {
            return None;
        }
        if !Path::new("/dev/loop-control").exists() {
            skipped("there are no loop devices here");
            return None;
        }
        let image = env.path(format!("../{at}.img"));
        let made = fs::File::create(&image).unwrap();
        made.set_len(16 << 20).unwrap();
        env.tool(&format!("mkfs.ext4 -q {}", image.display()));
        let image = image.into_os_string();
        Self::new(env, at, [OsStr::new("-o"), OsStr::new("loop"), &image])
    }

    /// A second way to a folder that is there.
    pub(crate) fn bind(env: &Env, of: &str, at: &str) -> Option<Self> {
        let of = env.path(of).into_os_string();
        Self::new(env, at, [OsStr::new("--bind"), &of])
    }

    /// Mounts at a new folder; nothing where that is not allowed.
    fn new<S: AsRef<OsStr>>(
        env: &Env,
        at: &str,
        words: impl IntoIterator<Item = S>,
    ) -> Option<Self> {
        if !require(&["mount", "umount"]) {
            return None;
        }
        let path = env.path(at);
        fs::create_dir_all(&path).unwrap();
        if fs::metadata(&path).unwrap().uid() != 0 {
            skipped("only root can mount a disk");
            return None;
        }
        let mut command = env.command("mount");
        let ran = Ran::of(command.args(words).arg(&path));
        if ran.code != Some(0) {
            skipped(&format!("no disk can be mounted here: {}", ran.err));
            return None;
        }
        Some(Self(path))
    }

    pub(crate) fn make_read_only(&self, env: &Env) {
        let mut command = env.command("mount");
        command.args(["-o", "remount,ro"]).arg(&self.0);
        Ran::of(&mut command).ends(0);
    }

    /// How many entries are at the top of it.
    pub(crate) fn count(&self) -> usize {
        fs::read_dir(&self.0).unwrap().count()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily where something still uses it.
        let umount = |options: &[&str]| {
            let status = Command::new("umount").args(options).arg(&self.0).status();
            status.is_ok_and(|status| status.success())
        };
        let _ = umount(&[]) || umount(&["-l"]);
    }
}
