//! Paths inside a package: the rules they keep, how they are stored, and how
//! they are shown to people.
//!
//! Both ends use this: the writer refuses to seal a path that a reader would
//! have to refuse, and the reader checks again because a package is somebody
//! else's input.

use std::fmt;

/// The longest path inside a package, in bytes.
pub const MAX_PATH: usize = 4096;
/// The deepest path inside a package, in components.
pub const MAX_DEPTH: usize = 128;
/// The longest single name, in bytes (Linux's own limit, `NAME_MAX`).
pub const MAX_NAME: usize = 255;

/// Why bytes are not a path inside a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Begins with a slash.
    #[error("it is absolute")]
    Absolute,
    /// Has an empty component, `.` or `..`.
    #[error("it has an empty, '.' or '..' component")]
    Component,
    /// Has a NUL byte.
    #[error("it has a NUL byte")]
    Nul,
    /// Longer than [`MAX_PATH`], or a name longer than [`MAX_NAME`].
    #[error("it is longer than 4096 bytes, or a name in it is longer than 255")]
    TooLong,
    /// A path where a name has to be.
    #[error("it is a path, not a name")]
    NotAName,
    /// Deeper than [`MAX_DEPTH`].
    #[error("it is more than 128 folders deep")]
    TooDeep,
}

/// A checked path inside a package: relative, without `.` and `..`.
///
/// Any bytes but NUL may stand in it; [`fmt::Display`] escapes those that
/// could mislead a person or a terminal.
///
/// ```
/// use exeat_core::path::EntryPath;
/// let path = EntryPath::new(b"clinic/a\x1b[2Jb").unwrap();
/// assert_eq!(path.to_string(), r"clinic/a\x1b[2Jb");
/// assert!(EntryPath::new(b"../secret").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath<'a>(&'a [u8]);

impl<'a> EntryPath<'a> {
    /// Checks `bytes` against the rules of the format.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn new(bytes: &'a [u8]) -> Result<Self, PathFault> {
        if bytes.is_empty() {
            return Err(PathFault::Empty);
        }
        if bytes.len() > MAX_PATH {
            return Err(PathFault::TooLong);
        }
        if bytes[0] == b'/' {
            return Err(PathFault::Absolute);
        }
        if bytes.contains(&0) {
            return Err(PathFault::Nul);
        }
        let mut depth = 0;
        for name in bytes.split(|&byte| byte == b'/') {
            depth += 1;
            if matches!(name, b"" | b"." | b"..") {
                return Err(PathFault::Component);
            }
            if name.len() > MAX_NAME {
                return Err(PathFault::TooLong);
            }
        }
        if depth > MAX_DEPTH {
            return Err(PathFault::TooDeep);
        }
        Ok(Self(bytes))
    }

    /// Wraps bytes that were checked when they were put into a [`PathTable`].
    pub(crate) fn trusted(bytes: &'a [u8]) -> Self {
        debug_assert!(Self::new(bytes).is_ok());
        Self(bytes)
    }

    /// The raw bytes, components separated by `/`.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The path as text, where it is UTF-8.
    #[must_use]
    pub fn as_utf8(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The bytes as lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        crate::digest::bytes_to_hex(self.0)
    }

    /// The path of the folder this lies in, or `None` at the top.
    #[must_use]
    pub fn parent(self) -> Option<EntryPath<'a>> {
        let slash = self.0.iter().rposition(|&byte| byte == b'/')?;
        Some(EntryPath(&self.0[..slash]))
    }

    /// The last component.
    #[must_use]
    pub fn name(self) -> &'a [u8] {
        self.parent().map_or(self.0, |p| &self.0[p.0.len() + 1..])
    }

    /// Whether this is `other`, or lies below it.
    #[must_use]
    pub fn is_within(self, other: &[u8]) -> bool {
        self.0
            .strip_prefix(other)
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }

    /// Whether a symbolic link at this path with this target stays inside the
    /// tree.
    ///
    /// `..` counts only at the start of the target, where the folder it climbs
    /// from is known to be a folder; a `..` behind a name might climb from
    /// wherever another link leads, and so counts as outside.
    #[must_use]
    pub fn link_stays_inside(self, target: &[u8]) -> bool {
        if target.is_empty() || target[0] == b'/' {
            return false;
        }
        let depth = self.0.iter().filter(|&&byte| byte == b'/').count();
        let (mut climbed, mut descended) = (0, false);
        for name in target.split(|&byte| byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." if descended => return false,
                b".." => climbed += 1,
                _ => descended = true,
            }
        }
        climbed <= depth
    }
}

impl fmt::Display for EntryPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.0).fmt(f)
    }
}

/// Shows bytes from outside so that they cannot mislead: control characters,
/// characters that change the direction of writing, backslashes and bytes that
/// are not UTF-8 are escaped.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    c if c.is_ascii_control() => write!(f, "\\x{:02x}", c as u32)?,
                    c if misleads(c) => write!(f, "\\u{{{:x}}}", c as u32)?,
                    c => f.write_char(c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// A path of the file system, for people: whoever made the file chose its name.
#[must_use]
pub fn shown(path: &std::path::Path) -> Escaped<'_> {
    use std::os::unix::ffi::OsStrExt as _;
    Escaped(path.as_os_str().as_bytes())
}

/// Whether a character is invisible or changes how others are shown: controls,
/// and what Unicode calls default-ignorable (DerivedCoreProperties,
/// `Default_Ignorable_Code_Point`), line separators and annotations.
#[must_use]
pub fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Many paths in one allocation: an entry costs its bytes and a [`PathSpan`].
#[derive(Debug, Default)]
pub(crate) struct PathTable {
    bytes: Vec<u8>,
}

/// Where a path, and the link target behind it, stand in a [`PathTable`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct PathSpan {
    start: u64,
    path: u16,
    target: u16,
}

impl PathTable {
    /// Stores a path and the target of a link (empty for other entries).
    ///
    /// Both are at most [`MAX_PATH`] long, which the caller has checked.
    pub(crate) fn push(&mut self, path: EntryPath<'_>, target: &[u8]) -> PathSpan {
        let start = self.bytes.len() as u64;
        self.bytes.extend_from_slice(path.0);
        self.bytes.extend_from_slice(target);
        let short = |n: usize| u16::try_from(n).expect("paths are at most 4096 bytes long");
        PathSpan {
            start,
            path: short(path.0.len()),
            target: short(target.len()),
        }
    }

    pub(crate) fn path(&self, span: PathSpan) -> EntryPath<'_> {
        EntryPath::trusted(self.slice(span.start, span.path))
    }

    pub(crate) fn target(&self, span: PathSpan) -> &[u8] {
        self.slice(span.start + u64::from(span.path), span.target)
    }

    fn slice(&self, start: u64, length: u16) -> &[u8] {
        let start = usize::try_from(start).expect("an offset into memory fits a usize");
        &self.bytes[start..start + usize::from(length)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_paths() {
        for good in [
            &b"a"[..],
            b"a/b",
            b"...",
            b"a b",
            b"\xff\xfe",
            b"a\nb",
            b".hidden",
        ] {
            assert_eq!(EntryPath::new(good).map(EntryPath::as_bytes), Ok(good));
        }
        let deep = vec!["d"; MAX_DEPTH].join("/");
        assert!(EntryPath::new(deep.as_bytes()).is_ok());
    }

    #[test]
    fn bad_paths() {
        let deep = vec!["d"; MAX_DEPTH + 1].join("/");
        let long_name = "n".repeat(MAX_NAME + 1);
        let long = vec!["n".repeat(MAX_NAME); 17].join("/");
        for (bad, fault) in [
            (&b""[..], PathFault::Empty),
            (b"/a", PathFault::Absolute),
            (b"a/", PathFault::Component),
            (b"a//b", PathFault::Component),
            (b".", PathFault::Component),
            (b"a/../b", PathFault::Component),
            (b"a\0b", PathFault::Nul),
            (deep.as_bytes(), PathFault::TooDeep),
            (long_name.as_bytes(), PathFault::TooLong),
            (long.as_bytes(), PathFault::TooLong),
        ] {
            assert_eq!(EntryPath::new(bad), Err(fault), "{}", Escaped(bad));
        }
    }

    #[test]
    fn shows_nothing_that_misleads() {
        for (bytes, shown) in [
            (&b"plain name.csv"[..], "plain name.csv"),
            ("Zoë/π".as_bytes(), "Zoë/π"),
            (b"a\nb\tc\rd", r"a\nb\tc\x0dd"),
            (b"\x1b]0;title\x07", r"\x1b]0;title\x07"),
            (b"back\\slash", r"back\\slash"),
            (b"\xff\xc3", r"\xff\xc3"),
            ("\u{202e}gpj.exe".as_bytes(), r"\u{202e}gpj.exe"),
            ("\u{9b}31m".as_bytes(), r"\u{9b}31m"),
        ] {
            assert_eq!(Escaped(bytes).to_string(), shown);
        }
    }

    #[test]
    fn links_that_stay_and_links_that_leave() {
        let link = EntryPath::new(b"a/b/link").expect("a good path");
        for inside in [&b"x"[..], b"../x", b"../../x", b"./x/y", b"..", b"../.."] {
            assert!(link.link_stays_inside(inside), "{}", Escaped(inside));
        }
        for outside in [
            &b""[..],
            b"/etc/passwd",
            b"../../..",
            b"x/../../..",
            b"d/..",
        ] {
            assert!(!link.link_stays_inside(outside), "{}", Escaped(outside));
        }
    }

    #[test]
    fn within_is_by_component() {
        let path = EntryPath::new(b"a/bc/d").expect("a good path");
        assert!(path.is_within(b"a") && path.is_within(b"a/bc") && path.is_within(b"a/bc/d"));
        assert!(!path.is_within(b"a/b") && !path.is_within(b"a/bc/d/e"));
    }
}
