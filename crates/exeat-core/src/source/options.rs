//! What to list, and what to leave out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use globset::GlobSet;

use crate::path::Escaped;

/// What to leave out of a listing.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Patterns without a slash are matched against names, those with one
    /// against whole paths in the package; an excluded folder is not entered.
    pub exclude: Exclude,
    /// Record what cannot be read as left out, instead of failing.
    pub skip_unreadable: bool,
    /// The source is in use, as that of a nightly backup is: what cannot be
    /// read, vanishes or is no file is left out, and what changes while it is
    /// read is marked; each with the reason.
    pub live: bool,
    /// Do not enter folders on other file systems than that of the root.
    pub one_file_system: bool,
    /// Keep owners, special mode bits, times to the nanosecond and extended
    /// attributes.
    pub keep_owner: bool,
}

/// Compiled patterns of what is left out.
#[derive(Debug, Clone, Default)]
pub struct Exclude {
    pub(super) patterns: Vec<String>,
    names: Globs,
    paths: Globs,
}

/// Patterns of one kind, and their places among all of them.
#[derive(Debug, Clone)]
struct Globs {
    set: GlobSet,
    places: Vec<usize>,
}

impl Default for Globs {
    fn default() -> Self {
        Self {
            set: GlobSet::empty(),
            places: Vec::new(),
        }
    }
}

/// A pattern that is not one.
#[derive(Debug, thiserror::Error)]
#[error("'{pattern}' is not a pattern: {reason}")]
pub struct PatternError {
    pattern: String,
    reason: String,
}

impl Exclude {
    /// Compiles shell patterns: `*` and `?` within a name, `**` across folders.
    ///
    /// # Errors
    /// The first pattern that cannot be understood, or that could match no
    /// path in a package: one that begins with `/`, `./` or `../`.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, PatternError> {
        let error = |pattern: &str, reason: String| PatternError {
            pattern: Escaped(pattern.as_bytes()).to_string(),
            reason,
        };
        let mut kinds = [(); 2].map(|()| (globset::GlobSetBuilder::new(), Vec::new()));
        for (place, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            let whole = pattern.trim_end_matches('/');
            if ["/", "./", "../"]
                .iter()
                .any(|start| pattern.starts_with(start))
            {
                let reason = "a path in a package begins with the name of what is exported, \
                              such as 'clinic/letters/*.tmp'";
                return Err(error(pattern, reason.into()));
            }
            let glob = globset::GlobBuilder::new(whole)
                .literal_separator(true)
                .build()
                .map_err(|e| error(pattern, e.kind().to_string()))?;
            let (builder, places) = &mut kinds[usize::from(whole.contains('/'))];
            builder.add(glob);
            places.push(place);
        }
        let [names, paths] = kinds.map(|(builder, places)| {
            let set = builder.build().map_err(|e| error("", e.kind().to_string()));
            set.map(|set| Globs { set, places })
        });
        Ok(Self {
            patterns: patterns.iter().map(|p| p.as_ref().to_owned()).collect(),
            names: names?,
            paths: paths?,
        })
    }

    /// Whether something matches; marks what did in `hits`.
    pub(super) fn matches(&self, path: &[u8], hits: &mut [bool]) -> bool {
        let slash = path.iter().rposition(|&byte| byte == b'/');
        let name = &path[slash.map_or(0, |slash| slash + 1)..];
        let candidates = [(&self.names, name), (&self.paths, path)];
        let mut found = false;
        for (globs, text) in candidates {
            for index in globs.set.matches(OsStr::from_bytes(text)) {
                hits[globs.places[index]] = true;
                found = true;
            }
        }
        found
    }

    /// The patterns without a hit, escaped.
    pub(super) fn idle(&self, hits: &[bool]) -> Vec<String> {
        let idle = self.patterns.iter().zip(hits).filter(|(_, hit)| !**hit);
        idle.map(|(pattern, _)| Escaped(pattern.as_bytes()).to_string())
            .collect()
    }
}
