//! What is in a folder, as a value that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::environment::Env;

/// What stands at each path below a folder: kind, mode, time and content.
pub(crate) type Tree = BTreeMap<PathBuf, String>;

/// Looks at everything below `dir`, following no link. The times of folders
/// count: use it to compare what was opened with what was exported.
pub(crate) fn look(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    walk(dir, Path::new(""), true, &mut tree);
    tree
}

/// The same without the times of folders: a folder in which a temporary one
/// came and went has another time, and nothing else has changed.
pub(crate) fn look_at_content(dir: &Path) -> Tree {
    let mut tree = Tree::new();
    walk(dir, Path::new(""), false, &mut tree);
    tree
}

fn walk(root: &Path, below: &Path, with_times: bool, tree: &mut Tree) {
    for item in fs::read_dir(root.join(below)).unwrap() {
        let item = item.unwrap();
        let path = below.join(item.file_name());
        let meta = item.metadata().unwrap();
        let kind = meta.file_type();
        let (mode, time) = (meta.mode() & 0o7777, meta.mtime());
        let what = if kind.is_dir() {
            walk(root, &path, with_times, tree);
            match with_times {
                true => format!("folder {mode:o} {time}"),
                false => format!("folder {mode:o}"),
            }
        } else if kind.is_symlink() {
            format!("link {:?}", fs::read_link(item.path()).unwrap())
        } else if kind.is_file() {
            let content = digest(&item.path());
            format!("file {mode:o} {time} {} {content:x}", meta.len())
        } else {
            assert!(kind.is_fifo() || kind.is_socket() || kind.is_char_device());
            format!("special {mode:o}")
        };
        tree.insert(path, what);
    }
}

/// Large and sparse files count by their size alone.
fn digest(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    if fs::metadata(path).unwrap().len() < 64 << 20 {
        fs::read(path).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}

/// Demands that two trees are the same, and names the first difference.
#[track_caller]
pub(crate) fn assert_same(before: &Tree, after: &Tree) {
    for (path, what) in before {
        let there = after.get(path).map(String::as_str);
        assert_eq!(there, Some(what.as_str()), "{path:?}");
    }
    let new: Vec<_> = after.keys().filter(|p| !before.contains_key(*p)).collect();
    assert!(new.is_empty(), "{new:?}");
}

/// Runs what should leave everything as it was: nothing new in the test's
/// folder, nothing lost and nothing changed.
#[track_caller]
pub(crate) fn unchanged<T>(env: &Env, run: impl FnOnce() -> T) -> T {
    let before = look_at_content(&env.path(""));
    let result = run();
    assert_same(&before, &look_at_content(&env.path("")));
    result
}

/// Demands that no run has left its temporary folder in `dir`.
#[track_caller]
pub(crate) fn assert_nothing_partial(dir: &Path) {
    let partial = partial(dir);
    assert!(partial.is_empty(), "left behind: {partial:?}");
}

/// The temporary folders of runs in `dir`.
pub(crate) fn partial(dir: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(dir).unwrap().map(|item| item.unwrap().path());
    items
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(".exeat-partial-") || name.ends_with(".tmp")
        })
        .collect()
}
