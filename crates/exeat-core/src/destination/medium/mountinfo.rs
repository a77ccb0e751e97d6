//! One mount, looked up in the kernel's table of mounts (proc(5),
//! `/proc/pid/mountinfo`).
//!
//! A mount's id is exact where paths and device numbers are not: several mounts
//! can be stacked on one path, and one file system bound to many.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The longest table that is read: some hundred thousand mounts.
const MAX_TABLE: u64 = 16 << 20;

/// Why a mount cannot be looked up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum MountError {
    /// A file of the kernel's.
    #[error("/proc/{file} cannot be read: {source}")]
    Read {
        /// Which.
        file: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// More than [`MAX_TABLE`].
    #[error("/proc/{file} is too long")]
    TooLong {
        /// Which.
        file: &'static str,
    },
    /// A descriptor without a mount.
    #[error("the kernel does not name the mount")]
    NoId,
    /// Mounted outside of what this process can see.
    #[error("mount {id} is not among those that this process sees")]
    Absent {
        /// The mount.
        id: u64,
    },
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Major and minor number; major 0 where the file system is on no one device.
    pub(super) device: (u32, u32),
    /// Where it is mounted, as this process sees it.
    pub(super) point: PathBuf,
    /// Its type, with FUSE's subtype.
    pub(super) filesystem: Vec<u8>,
    /// What was mounted: a device, a share, or any word.
    pub(super) source: Vec<u8>,
}

/// Looks a mount up by its id.
pub(super) fn find(proc: &Path, id: u64) -> Result<Mount, MountError> {
    let table = read(proc, "thread-self/mountinfo")?;
    table
        .split(|&byte| byte == b'\n')
        .filter_map(parse)
        .find_map(|(found, mount)| (found == id).then_some(mount))
        .ok_or(MountError::Absent { id })
}

/// The mount id of a descriptor, where `statx` does not give it.
pub(super) fn mount_id(proc: &Path, fd: BorrowedFd<'_>) -> Result<u64, MountError> {
    let path = proc.join(format!("thread-self/fdinfo/{}", fd.as_raw_fd()));
    let info = read_bounded(&path, "thread-self/fdinfo")?;
    info.split(|&byte| byte == b'\n')
        .find_map(|line| number(line.strip_prefix(b"mnt_id:")?.trim_ascii()))
        .ok_or(MountError::NoId)
}

fn read(proc: &Path, file: &'static str) -> Result<Vec<u8>, MountError> {
    read_bounded(&proc.join(file), file)
}

fn read_bounded(path: &Path, file: &'static str) -> Result<Vec<u8>, MountError> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|opened| opened.take(MAX_TABLE + 1).read_to_end(&mut bytes));
    match read {
        Err(source) => Err(MountError::Read { file, source }),
        Ok(length) if u64::try_from(length).is_ok_and(|length| length <= MAX_TABLE) => Ok(bytes),
        Ok(_) => Err(MountError::TooLong { file }),
    }
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/sda1 rw`, where any
/// number of fields may stand before the hyphen.
fn parse(line: &[u8]) -> Option<(u64, Mount)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let id = number(fields.next()?)?;
    let _parent = fields.next()?;
    let mut numbers = fields.next()?.splitn(2, |&byte| byte == b':');
    let device = (
        u32::try_from(number(numbers.next()?)?).ok()?,
        u32::try_from(number(numbers.next()?)?).ok()?,
    );
    let _root = fields.next()?;
    let point = unescape(fields.next()?);
    let _options = fields.next()?;
    fields.by_ref().find(|field| *field == b"-")?;
    let mount = Mount {
        device,
        point: PathBuf::from(std::ffi::OsString::from_vec(point)),
        filesystem: unescape(fields.next()?),
        source: unescape(fields.next()?),
    };
    Some((id, mount))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Undoes the kernel's `\040` for a space, and the like.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal = match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if *first == b'\\' => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        bytes.push(octal.unwrap_or(*first));
        rest = &rest[if octal.is_some() { 4 } else { 1 }..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        let (id, mount) =
            parse(b"36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime master:1 shared:7 - fuse.a\\040b /dev/r\\012t rw")
                .expect("a line");
        assert_eq!((id, mount.device), (36, (98, 0)));
        assert_eq!(mount.point, Path::new("/mnt 2\\x"));
        assert_eq!(mount.filesystem, b"fuse.a b");
        assert_eq!(mount.source, b"/dev/r\nt");
        let without_optional = parse(b"22 27 0:21 / /proc rw - proc proc rw").expect("a line");
        assert_eq!(without_optional.1.filesystem, b"proc");
        for bad in [
            &b""[..],
            b"x",
            b"1 2 3 / / rw - ext4 /dev/a rw",
            b"1 2 8:x / / rw - ext4 /dev/a rw",
            b"1 2 8:4294967296 / / rw - ext4 /dev/a rw",
            b"99999999999999999999 2 8:1 / / rw - ext4 /dev/a rw",
            b"1 2 8:1 / / rw shared:1 ext4 /dev/a rw",
            b"1 2 8:1 / / rw - ext4",
        ] {
            assert_eq!(parse(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn the_id_decides_not_the_path() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let table = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\nnonsense\n\
            7 1 8:17 / /mnt rw - vfat /dev/sdb1 rw\n8 1 0:40 / /mnt rw - tmpfs x rw\n";
        std::fs::create_dir_all(dir.path().join("thread-self/fdinfo")).expect("made");
        std::fs::write(dir.path().join("thread-self/mountinfo"), table).expect("written");
        let find = |id| find(dir.path(), id).map(|mount| mount.device);
        assert_eq!(find(7).expect("there"), (8, 17));
        assert_eq!(find(8).expect("there"), (0, 40));
        assert!(matches!(find(9), Err(MountError::Absent { id: 9 })));

        let (reader, _writer) = std::io::pipe().expect("a pipe");
        let fd = std::os::fd::AsFd::as_fd(&reader);
        let info = dir
            .path()
            .join(format!("thread-self/fdinfo/{}", fd.as_raw_fd()));
        assert!(matches!(
            mount_id(dir.path(), fd),
            Err(MountError::Read { .. })
        ));
        std::fs::write(&info, "pos:\t0\nflags:\t0100000\n").expect("written");
        assert!(matches!(mount_id(dir.path(), fd), Err(MountError::NoId)));
        std::fs::write(&info, "pos:\t0\nflags:\t0100000\nmnt_id:\t24\nino:\t3\n").expect("written");
        assert_eq!(mount_id(dir.path(), fd).expect("there"), 24);
    }

    #[test]
    fn this_kernel_names_a_mount_alike_in_both_places() {
        use rustix::fs::{AtFlags, StatxFlags, statx};
        let file = tempfile::tempfile().expect("a file");
        let fd = std::os::fd::AsFd::as_fd(&file);
        let stat = statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).expect("there");
        let proc = Path::new("/proc");
        assert_eq!(mount_id(proc, fd).expect("there"), stat.stx_mnt_id);
        let mount = find(proc, stat.stx_mnt_id).expect("there");
        assert!(mount.point.is_absolute());
    }

    #[test]
    fn a_table_without_end_is_not_read() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("thread-self")).expect("made");
        let table = File::create(dir.path().join("thread-self/mountinfo")).expect("made");
        table.set_len(MAX_TABLE + 1).expect("sparse");
        assert!(matches!(
            find(dir.path(), 1),
            Err(MountError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_line_or_not(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }

        #[test]
        fn what_the_kernel_escapes_comes_back(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let escaped: Vec<u8> = text
                .iter()
                .flat_map(|&byte| match byte {
                    b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}").into_bytes(),
                    _ => vec![byte],
                })
                .collect();
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
