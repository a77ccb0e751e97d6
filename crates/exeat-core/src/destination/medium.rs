//! What kind of medium a folder, file or stream is on, asked through an open
//! descriptor, so that a path swapped meanwhile cannot answer for another.
//!
//! The descriptor names its mount (`statx`), `mountinfo` the file system and
//! device of that mount, `sysfs` the hardware below the device. Whatever
//! cannot be found out on that way is [`Medium::Unrecognised`], with the
//! reason: nothing here fails, and nothing unknown counts as harmless.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, openat2};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::path::{Escaped, shown};

mod mountinfo;
mod sysfs;
#[cfg(test)]
mod tests;

use mountinfo::Mount;

/// A kind of medium, from the least to the worst place for people's data.
///
/// The order is that of what is refused there: each kind is refused at least
/// what the kinds before it are, so that of several disks below one file
/// system the greatest decides. The names are permanent: policies, findings,
/// the ledger and `--json` use them.
///
/// ```
/// use exeat_core::destination::Medium;
/// assert!(Medium::Fixed < Medium::Removable);
/// assert_eq!(Medium::Unrecognised.to_string(), "unrecognised");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Medium {
    /// A fixed disk behind dm-crypt.
    Encrypted,
    /// Memory: tmpfs, ramfs, zram. (Worse than [`Medium::Encrypted`] because it
    /// may be swapped out to a disk that is not.)
    Memory,
    /// A disk inside the machine, or one that a hypervisor lends it.
    Fixed,
    /// A network file system, or a disk reached over a network.
    Network,
    /// Whatever else: overlay, FUSE, and all of which the kernel does not tell.
    Unrecognised,
    /// A pipe, a socket, or a character device such as a terminal.
    Stream,
    /// A disk made to be carried: USB, memory card, Thunderbolt, `FireWire`, eSATA.
    Removable,
    /// A CD, DVD or Blu-ray disc.
    Optical,
}

impl Medium {
    /// The permanent name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Memory => "memory",
            Self::Fixed => "fixed",
            Self::Network => "network",
            Self::Unrecognised => "unrecognised",
            Self::Stream => "stream",
            Self::Removable => "removable",
            Self::Optical => "optical",
        }
    }

    /// Whether what is written there is out of this machine's keeping, or may
    /// be: no personal data goes there in the clear.
    #[must_use]
    pub fn is_outside(self) -> bool {
        self >= Self::Network
    }

    /// Whether it can be put in a pocket: no package of personal data is opened
    /// onto it.
    #[must_use]
    pub fn is_removable_or_optical(self) -> bool {
        matches!(self, Self::Removable | Self::Optical)
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where something is, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    layer: Layer,
    filesystem: Option<String>,
    mount_point: Option<PathBuf>,
}

impl Place {
    /// Asks the kernel where `fd` is. It may be open for anything, `O_PATH` too.
    ///
    /// This never fails: what cannot be found out is [`Medium::Unrecognised`],
    /// and [`Place::why`] says what was missing. It believes `/proc` and `/sys`,
    /// so whoever may mount something else there decides what it says.
    ///
    /// ```
    /// use exeat_core::destination::{Medium, Place};
    /// let (_reader, writer) = std::io::pipe()?;
    /// assert_eq!(Place::of(writer).medium(), Medium::Stream);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn of(fd: impl AsFd) -> Self {
        Probe::new(Path::new("/proc"), Path::new("/sys")).place(fd.as_fd(), MAX_LAYERS)
    }

    /// Some place of that kind.
    #[cfg(test)]
    pub(crate) fn on(medium: Medium) -> Self {
        Self {
            layer: Layer::new(medium, medium.name()),
            filesystem: None,
            mount_point: None,
        }
    }

    /// The kind of medium; where several disks lie below, the worst of them.
    #[must_use]
    pub fn medium(&self) -> Medium {
        self.layer.medium
    }

    /// Whether all that is written passes dm-crypt before it reaches a disk. A
    /// removable disk stays [`Medium::Removable`] if it does.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.layer.encrypted
    }

    /// The type of the file system (`ext4`), escaped for people; `None` for
    /// what is on none.
    #[must_use]
    pub fn filesystem(&self) -> Option<&str> {
        self.filesystem.as_deref()
    }

    /// Where the file system is mounted, unescaped: show it with
    /// [`shown`].
    #[must_use]
    pub fn mount_point(&self) -> Option<&Path> {
        self.mount_point.as_deref()
    }

    /// The kernel's name for the uppermost block device (`sdb1`, `dm-0`).
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.layer.device.as_deref()
    }

    /// The whole answer in words for people, escaped:
    /// `USB disk sdb1 (vfat) at /media/usb`.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.layer.why
    }
}

/// How deep devices may lie on one another (LVM on dm-crypt on RAID is five
/// with the partition and the disk); past this they are unrecognised. A loop
/// device counts twice.
const MAX_LAYERS: u8 = 16;
/// How many devices are asked in all, however they branch.
const MAX_DEVICES: u32 = 1024;

/// A block device or what stands in for one, with all that lies below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layer {
    medium: Medium,
    encrypted: bool,
    device: Option<String>,
    why: String,
}

impl Layer {
    /// One without a device of its own.
    fn new(medium: Medium, why: impl Into<String>) -> Self {
        Self {
            medium,
            encrypted: false,
            device: None,
            why: why.into(),
        }
    }

    fn on(device: String, medium: Medium, words: &str) -> Self {
        Self {
            why: format!("{words} {device}"),
            device: Some(device),
            medium,
            encrypted: false,
        }
    }

    /// The worst of several, in its own words, and encrypted only where all are.
    fn worst(layers: Vec<Self>) -> Self {
        let encrypted = layers.iter().all(|layer| layer.encrypted);
        let worst = layers
            .into_iter()
            .rev()
            .max_by_key(|layer| (layer.medium, !layer.encrypted));
        Self {
            encrypted: encrypted && worst.is_some(),
            ..worst.unwrap_or_else(|| Self::new(Medium::Unrecognised, "nothing the kernel names"))
        }
    }
}

/// One question to one kernel, whose files are at `proc` and `sys`.
struct Probe {
    proc: PathBuf,
    sys: PathBuf,
    /// How many more devices may be asked.
    devices: u32,
}

impl Probe {
    fn new(proc: &Path, sys: &Path) -> Self {
        Self {
            proc: proc.to_owned(),
            sys: sys.to_owned(),
            devices: MAX_DEVICES,
        }
    }

    fn place(&mut self, fd: BorrowedFd<'_>, layers: u8) -> Place {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let stat = match rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, wanted) {
            Ok(stat) => stat,
            Err(error) => {
                return on_no_filesystem(Layer::new(
                    Medium::Unrecognised,
                    format!("something the kernel says nothing about ({error})"),
                ));
            }
        };
        let stream = |words| on_no_filesystem(Layer::new(Medium::Stream, words));
        match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory | FileType::RegularFile => self.mounted(fd, &stat, layers),
            FileType::BlockDevice => {
                let number = (stat.stx_rdev_major, stat.stx_rdev_minor);
                on_no_filesystem(self.block(number, layers))
            }
            FileType::Fifo => stream("a pipe"),
            FileType::Socket => stream("a socket"),
            FileType::CharacterDevice => stream("a terminal or other character device"),
            FileType::Symlink | FileType::Unknown => on_no_filesystem(Layer::new(
                Medium::Unrecognised,
                "neither a folder nor a file nor a stream",
            )),
        }
    }

    /// A folder or file, by the mount that it was opened through.
    fn mounted(&mut self, fd: BorrowedFd<'_>, stat: &Statx, layers: u8) -> Place {
        let known = stat.stx_mask & StatxFlags::MNT_ID.bits() != 0;
        let mount = match known {
            true => mountinfo::find(&self.proc, stat.stx_mnt_id),
            // Linux before 5.8.
            false => {
                mountinfo::mount_id(&self.proc, fd).and_then(|id| mountinfo::find(&self.proc, id))
            }
        };
        match mount {
            Ok(mount) => self.mount(mount, layers),
            Err(error) => {
                // The device alone cannot clear it (the file system may be
                // anything), but it can show it to be worse.
                let mut found = vec![Layer::new(
                    Medium::Unrecognised,
                    format!("a mount that cannot be looked up ({error})"),
                )];
                if stat.stx_dev_major != 0 {
                    found.push(self.block((stat.stx_dev_major, stat.stx_dev_minor), layers));
                }
                on_no_filesystem(Layer::worst(found))
            }
        }
    }

    fn mount(&mut self, mount: Mount, layers: u8) -> Place {
        let mut layer = self.filesystem(&mount, layers);
        let filesystem = Escaped(&mount.filesystem).to_string();
        layer.why = format!("{} ({filesystem}) at {}", layer.why, shown(&mount.point));
        Place {
            layer,
            filesystem: Some(filesystem),
            mount_point: Some(mount.point),
        }
    }

    /// What a file system is kept on, by its type and then by its device.
    ///
    /// FUSE cannot pass for another: its types are `fuse`, `fuseblk` and those
    /// two with a dot and a subtype (`fs/proc_namespace.c`, `show_type`).
    fn filesystem(&mut self, mount: &Mount, layers: u8) -> Layer {
        let anonymous = mount.device.0 == 0;
        match mount.filesystem.as_slice() {
            b"tmpfs" | b"ramfs" | b"rootfs" | b"devtmpfs" | b"hugetlbfs" => {
                Layer::new(Medium::Memory, "memory")
            }
            b"nfs" | b"nfs4" | b"cifs" | b"smb3" | b"smbfs" | b"ncpfs" | b"9p" | b"virtiofs"
            | b"vboxsf" | b"ceph" | b"afs" | b"coda" | b"lustre" | b"glusterfs" | b"orangefs"
            | b"pvfs2" | b"beegfs" | b"gpfs" => Layer::new(
                Medium::Network,
                format!("network share {}", Escaped(&mount.source)),
            ),
            b"btrfs" => self.btrfs(&mount.source, layers),
            b"overlay" | b"aufs" => Layer::new(
                Medium::Unrecognised,
                "several file systems laid over one another",
            ),
            fuse if fuse.starts_with(b"fuse") => {
                let program = Layer::new(Medium::Unrecognised, "a file system run by a program");
                match anonymous {
                    true => program,
                    // ntfs-3g, say: the program may keep things anywhere, but
                    // a disk that is worse still stays so.
                    false => Layer::worst(vec![program, self.block(mount.device, layers)]),
                }
            }
            _ if anonymous => Layer::new(
                Medium::Unrecognised,
                "a file system of which the kernel names no disk",
            ),
            _ => self.block(mount.device, layers),
        }
    }

    /// The place of the file that a loop device is made from.
    fn file(&mut self, path: &Path, layers: u8) -> Place {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = match path.is_absolute() {
            // The kernel's path has no links in it: one that is there now was
            // put there since, and may lead to another file.
            true => openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS),
            false => Err(Errno::NOENT),
        };
        match opened {
            Ok(file) => self.place(file.as_fd(), layers),
            Err(error) => on_no_filesystem(Layer::new(
                Medium::Unrecognised,
                format!("an unknown place ({error})"),
            )),
        }
    }
}

fn on_no_filesystem(layer: Layer) -> Place {
    Place {
        layer,
        filesystem: None,
        mount_point: None,
    }
}
