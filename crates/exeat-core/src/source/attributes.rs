//! Extended attributes of an open file or folder, for backups. The access control
//! lists of POSIX and the capabilities of programs are among them.

use std::os::fd::AsFd;

use rustix::fs::{fgetxattr, flistxattr};

use crate::entry::{Attributes, MAX_ATTRIBUTES};

/// What the kernel gives of all names together, at most.
const MAX_LIST: usize = 64 << 10;

/// The attributes of an open file; those that cannot be read, or are more than
/// a package can hold, are passed over: there are file systems without any.
pub(crate) fn of(file: impl AsFd) -> Attributes {
    let mut attributes = Attributes::default();
    // Most files have none, and this is how to learn it with one call.
    let mut small = [0_u8; 256];
    let names = match flistxattr(&file, &mut small) {
        Ok(0) => return attributes,
        Ok(count) => small[..count].to_vec(),
        Err(rustix::io::Errno::RANGE) => {
            let mut names = vec![0; MAX_LIST];
            match flistxattr(&file, &mut names) {
                Ok(count) => names.truncate(count),
                Err(_) => return attributes,
            }
            names
        }
        Err(_) => return attributes,
    };
    let mut room = MAX_ATTRIBUTES;
    let mut value = vec![0; MAX_ATTRIBUTES];
    for name in names
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
    {
        let Ok(name) = std::str::from_utf8(name) else {
            continue;
        };
        let Ok(count) = fgetxattr(&file, name, &mut value) else {
            continue;
        };
        if let Some(left) = room.checked_sub(name.len() + count) {
            room = left;
            attributes.insert(name, &value[..count]);
        }
    }
    attributes
}
