//! Extended attributes of an open file or folder, for backups. The access control
//! lists of POSIX and the capabilities of programs are among them.

use std::os::fd::AsFd;

use rustix::fs::{fgetxattr, flistxattr};
use rustix::io::Errno;

use crate::entry::{Attributes, MAX_ATTRIBUTES};

/// What the kernel gives of all names together, at most.
const MAX_LIST: usize = 64 << 10;

/// The attributes of an open file, and whether these are all: some may not be
/// readable, or be more than a package can hold. There are file systems without
/// any.
pub(crate) fn of(file: impl AsFd) -> (Attributes, bool) {
    let mut attributes = Attributes::default();
    let mut are_all = true;
    // Most files have none, and this is how to learn it with one call.
    let mut small = [0_u8; 256];
    let names = match flistxattr(&file, &mut small) {
        Ok(0) | Err(Errno::NOTSUP) => return (attributes, true),
        Ok(count) => small[..count].to_vec(),
        Err(Errno::RANGE) => {
            let mut names = vec![0; MAX_LIST];
            match flistxattr(&file, &mut names) {
                Ok(count) => names.truncate(count),
                Err(_) => return (attributes, false),
            }
            names
        }
        Err(_) => return (attributes, false),
    };
    let mut room = MAX_ATTRIBUTES;
    let mut value = vec![0; MAX_ATTRIBUTES];
    for name in names
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
    {
        let read = std::str::from_utf8(name).ok().and_then(|name| {
            let count = fgetxattr(&file, name, &mut value).ok()?;
            Some((name, count, room.checked_sub(name.len() + count)?))
        });
        match read {
            Some((name, count, left)) => {
                room = left;
                attributes.insert(name, &value[..count]);
            }
            None => are_all = false,
        }
    }
    (attributes, are_all)
}
