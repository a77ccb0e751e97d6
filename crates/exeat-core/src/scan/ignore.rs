//! What a scan leaves out: patterns of paths, one a line, from a file beside a
//! policy. A file in what is scanned is never read for this: whoever can write
//! there could hide in it.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::path::Escaped;

/// Patterns of what is left out.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    paths: GlobSet,
}

/// A line that is no pattern.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct IgnoreError {
    /// Which, from 1 on.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Ignore {
    /// Reads patterns: `*` and `?` within a name, `**` across folders; `#`
    /// begins a comment. A pattern that begins with `/` is compared with the
    /// whole path, another one with the end of it. What lies below a folder
    /// that is left out is left out.
    ///
    /// ```
    /// use exeat_core::scan::Ignore;
    ///
    /// let ignore = Ignore::parse(["# build results\ntarget\n/srv/www/**/*.iso\n"]).expect("valid");
    /// assert!(ignore.matches("/home/a/target".as_ref()));
    /// assert!(ignore.matches("/srv/www/b/c.iso".as_ref()));
    /// assert!(!ignore.matches("/home/a/targets".as_ref()));
    /// ```
    ///
    /// # Errors
    /// The first line that cannot be understood.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, IgnoreError> {
        let mut builder = GlobSetBuilder::new();
        for text in texts {
            for (number, line) in text.lines().enumerate() {
                let pattern = line.trim();
                if pattern.is_empty() || pattern.starts_with('#') {
                    continue;
                }
                let error = |reason: String| IgnoreError {
                    line: number + 1,
                    reason,
                };
                let pattern = pattern.trim_end_matches('/');
                let anchored = match pattern.starts_with('/') {
                    true => pattern.to_owned(),
                    false => format!("**/{pattern}"),
                };
                if anchored.trim_matches(['*', '/']).is_empty() {
                    return Err(error("it would leave out everything".to_owned()));
                }
                let glob = GlobBuilder::new(&anchored)
                    .literal_separator(true)
                    .build()
                    .map_err(|e| error(Escaped(e.kind().to_string().as_bytes()).to_string()))?;
                builder.add(glob);
            }
        }
        let paths = builder.build().map_err(|e| IgnoreError {
            line: 0,
            reason: e.kind().to_string(),
        })?;
        Ok(Self { paths })
    }

    /// Whether there is no pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether this path is left out.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.paths.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_wrong_is_named() {
        for (text, line) in [("a\n[", 2), ("# x\n\n**\n", 3), ("/", 1), ("*", 1)] {
            let error = Ignore::parse([text]).expect_err(text);
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }
}
