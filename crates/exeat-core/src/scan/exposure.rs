//! Who can get at a file: everybody on the machine, everybody on the web, or
//! whoever puts the medium into a pocket.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::Statx;
use serde::Serialize;

use crate::destination::{Medium, Place};
use crate::path::shown;

/// Folders that web servers serve as they are installed: the Filesystem
/// Hierarchy Standard's `/srv`, and the defaults of Apache, nginx, lighttpd
/// and Caddy in the packages of Debian, Fedora, Arch and FreeBSD.
const SERVED: &[&str] = &[
    "/var/www",
    "/srv/www",
    "/srv/http",
    "/usr/share/nginx",
    "/usr/share/caddy",
    "/usr/local/www",
    "/var/lib/tomcat",
];
/// Names that folders below which everything is served usually have.
const SERVED_NAMES: &[&str] = &[
    "public_html",
    "htdocs",
    "httpdocs",
    "wwwroot",
    "webroot",
    "www",
];
/// A folder with one of these is served, or was made to be.
const SERVED_FILES: &[&str] = &["index.html", "index.htm", "index.php", ".htaccess"];
/// How far up they are looked for.
const LEVELS: usize = 16;

/// How a file can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exposure {
    /// Days since its content changed.
    pub age_days: i64,
    /// What it lies on.
    pub medium: Medium,
    /// When its content changed, RFC 3339.
    pub modified: Option<String>,
    /// The folder above it that a web server serves, or seems to; escaped.
    pub web_root: Option<String>,
    /// Every account of the machine can read it.
    pub world_readable: bool,
}

impl Exposure {
    /// The more, the more people can get at it.
    pub(super) fn weight(&self) -> u8 {
        u8::from(self.web_root.is_some()) * 4
            + u8::from(self.medium.is_outside()) * 2
            + u8::from(self.world_readable)
    }
}

/// Tells exposures.
pub(super) struct Exposures {
    roots: Vec<PathBuf>,
}

impl Exposures {
    pub(super) fn new(roots: Vec<PathBuf>) -> Self {
        Self { roots }
    }

    pub(super) fn of(&self, path: &Path, stat: &Statx, place: &Place, now: Timestamp) -> Exposure {
        let modified = stat.stx_mtime.tv_sec;
        Exposure {
            age_days: now
                .as_second()
                .saturating_sub(modified)
                .div_euclid(24 * 60 * 60)
                .max(0),
            medium: place.medium(),
            modified: Timestamp::from_second(modified)
                .ok()
                .map(|at| at.to_string()),
            web_root: self.web_root(path).map(|root| shown(&root).to_string()),
            world_readable: is_world_readable(path, stat),
        }
    }

    fn web_root(&self, path: &Path) -> Option<PathBuf> {
        let served = SERVED.iter().map(Path::new);
        let mut known = self.roots.iter().map(PathBuf::as_path).chain(served);
        if let Some(root) = known.find(|root| path.starts_with(root)) {
            return Some(root.to_owned());
        }
        // The uppermost folder that looks like one.
        let above = path.ancestors().skip(1).take(LEVELS);
        let looks_served = |folder: &&Path| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| SERVED_NAMES.contains(&name))
                || SERVED_FILES.iter().any(|file| folder.join(file).is_file())
        };
        above.filter(looks_served).last().map(Path::to_owned)
    }
}

/// Whether everybody may read it, and enter every folder on the way to it.
fn is_world_readable(path: &Path, stat: &Statx) -> bool {
    const READ: u32 = 0o004;
    const ENTER: u32 = 0o001;
    if u32::from(stat.stx_mode) & READ == 0 {
        return false;
    }
    path.ancestors()
        .skip(1)
        .all(|folder| rustix::fs::stat(folder).is_ok_and(|stat| stat.st_mode & ENTER != 0))
}
