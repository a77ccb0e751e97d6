//! What a run did, for Prometheus: a file for node_exporter's textfile
//! collector, in the text format 0.0.4.

use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::exit::Exit;

/// The largest file that is read for what the last run left, in bytes.
const MAX_FILE: usize = 1 << 20;
/// The one that outlives a run that failed.
const LAST_SUCCESS: &str = "exeat_backup_last_success_timestamp_seconds";

/// What one run did.
#[derive(Debug, Clone)]
pub(super) struct Summary<'a> {
    /// The profile.
    pub(super) profile: &'a str,
    /// When the run began.
    pub(super) started: Timestamp,
    /// When it ended.
    pub(super) ended: Timestamp,
    /// How long it took, by a clock that nobody sets.
    pub(super) took: SignedDuration,
    /// How: only [`Exit::Done`] is a success.
    pub(super) exit: Exit,
    /// The package that it made, if it made one.
    pub(super) made: Option<Made>,
    /// How many packages were removed.
    pub(super) deleted: u64,
    /// When the last success before this run ended, where that is known.
    pub(super) last_success: Option<Timestamp>,
}

/// The package that a run made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    /// Its size, in bytes.
    pub(super) bytes: u64,
    /// How many files it is a backup of.
    pub(super) files: u64,
    /// How many of them are in it: those that changed.
    pub(super) changed: u64,
    /// Files, folders and links.
    pub(super) entries: u64,
    /// What was left out because it could not be read.
    pub(super) skipped: u64,
    /// Whether it was read back.
    pub(super) is_verified: bool,
    /// Its number in its series.
    pub(super) sequence: u64,
}

/// Writes the file anew, whole; a new one can be read by all. What is known of
/// the last success is kept through runs that fail.
///
/// # Errors
/// It cannot be written. The run is no worse for it.
pub(super) fn write(path: &Path, summary: &Summary<'_>) -> io::Result<()> {
    let mut summary = summary.clone();
    if summary.last_success.is_none() {
        let old = config::read_at_most(path, MAX_FILE).unwrap_or_default();
        summary.last_success = last_success(&String::from_utf8_lossy(&old), summary.profile);
    }
    config::write_report(path, text(&summary).as_bytes(), 0o022)
}

/// What an earlier file says of the last success.
fn last_success(text: &str, profile: &str) -> Option<Timestamp> {
    let start = format!("{LAST_SUCCESS}{} ", labels(profile));
    let value = text.lines().find_map(|line| line.strip_prefix(&start))?;
    Timestamp::from_second(value.parse().ok()?).ok()
}

/// The file of one run.
pub(super) fn text(summary: &Summary<'_>) -> String {
    let is_success = summary.exit == Exit::Done;
    let mut page = Page {
        labels: labels(summary.profile),
        text: String::new(),
    };
    let duration = summary.took;
    page.add(
        "last_run_start_timestamp_seconds",
        "When the last run began.",
        summary.started.as_second(),
    );
    page.add(
        "last_run_end_timestamp_seconds",
        "When the last run ended.",
        summary.ended.as_second(),
    );
    page.add(
        "last_run_duration_seconds",
        "How long the last run took.",
        format!("{}.{:03}", duration.as_secs(), duration.subsec_millis()),
    );
    page.add(
        "last_run_success",
        "1 if the last run made a complete backup, 0 if not.",
        u8::from(is_success),
    );
    page.add(
        "last_run_exit_code",
        "The exit code of the last run.",
        summary.exit.code(),
    );
    let last = if is_success {
        Some(summary.ended)
    } else {
        summary.last_success
    };
    if let Some(last) = last {
        page.add(
            "last_success_timestamp_seconds",
            "When the last complete backup was made.",
            last.as_second(),
        );
    }
    page.add(
        "packages_deleted",
        "Packages that the last run removed.",
        summary.deleted,
    );
    if let Some(made) = &summary.made {
        page.add(
            "package_bytes",
            "Size of the package that the last run made.",
            made.bytes,
        );
        page.add(
            "files",
            "Files that the package is a backup of.",
            made.files,
        );
        page.add(
            "changed_files",
            "Files that are in the package itself.",
            made.changed,
        );
        page.add(
            "entries",
            "Files, folders and links that the package is a backup of.",
            made.entries,
        );
        page.add(
            "skipped_entries",
            "Entries that could not be read and were left out.",
            made.skipped,
        );
        page.add(
            "verified",
            "1 if the package was read back, 0 if not.",
            u8::from(made.is_verified),
        );
        page.add(
            "series_sequence",
            "The number of the package in its series.",
            made.sequence,
        );
    }
    page.text
}

struct Page {
    labels: String,
    text: String,
}

impl Page {
    fn add(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        let labels = &self.labels;
        self.text += &format!(
            "# HELP exeat_backup_{name} {help}\n# TYPE exeat_backup_{name} gauge\n\
             exeat_backup_{name}{labels} {value}\n"
        );
    }
}

fn labels(profile: &str) -> String {
    let profile = profile
        .replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n");
    format!("{{profile=\"{profile}\"}}")
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test spoils a file in a folder of its own"
)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn good() -> Summary<'static> {
        Summary {
            profile: "nightly",
            started: at(1_000),
            ended: "1970-01-01T00:17:20.25Z".parse().unwrap(),
            took: SignedDuration::from_millis(40_250),
            exit: Exit::Done,
            made: Some(Made {
                bytes: u64::MAX,
                files: 200_000,
                changed: 12,
                entries: 210_000,
                skipped: 0,
                is_verified: true,
                sequence: 42,
            }),
            deleted: 3,
            last_success: None,
        }
    }

    fn failed() -> Summary<'static> {
        Summary {
            started: at(9_000),
            ended: at(9_001),
            took: SignedDuration::from_secs(1),
            exit: Exit::Failed,
            made: None,
            deleted: 0,
            ..good()
        }
    }

    /// Reads the format as strictly as Prometheus writes it: for each metric
    /// HELP, TYPE, one sample; names and values of the right form.
    fn parse(text: &str) -> BTreeMap<String, String> {
        assert!(text.ends_with('\n'));
        let lines: Vec<&str> = text.lines().collect();
        let mut samples = BTreeMap::new();
        for three in lines.chunks(3) {
            let [help, kind, sample] = three else {
                panic!("{three:?}");
            };
            let (name, rest) = sample.split_once('{').unwrap();
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.starts_with("exeat_backup_") && name.chars().all(is_name));
            let words = help.strip_prefix(&format!("# HELP {name} ")).unwrap();
            assert!(words.ends_with('.') && !words.contains('\\'));
            assert_eq!(*kind, format!("# TYPE {name} gauge"));
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            assert!(
                labels.starts_with("profile=\"") && labels.ends_with('"'),
                "{labels}"
            );
            assert!(value.parse::<f64>().unwrap() >= 0.0);
            let name = name["exeat_backup_".len()..].to_owned();
            assert!(samples.insert(name, value.to_owned()).is_none());
        }
        samples
    }

    #[test]
    fn a_good_run() {
        let samples = parse(&text(&good()));
        for (name, value) in [
            ("last_run_start_timestamp_seconds", "1000"),
            ("last_run_end_timestamp_seconds", "1040"),
            ("last_run_duration_seconds", "40.250"),
            ("last_run_success", "1"),
            ("last_run_exit_code", "0"),
            ("last_success_timestamp_seconds", "1040"),
            ("packages_deleted", "3"),
            ("package_bytes", "18446744073709551615"),
            ("files", "200000"),
            ("changed_files", "12"),
            ("entries", "210000"),
            ("skipped_entries", "0"),
            ("verified", "1"),
            ("series_sequence", "42"),
        ] {
            assert_eq!(samples[name], value, "{name}");
        }
        assert_eq!(samples.len(), 14);
    }

    #[test]
    fn an_incomplete_run_is_no_success() {
        let summary = Summary {
            exit: Exit::Incomplete,
            ..good()
        };
        let samples = parse(&text(&summary));
        assert_eq!(samples["last_run_success"], "0");
        assert_eq!(samples["last_run_exit_code"], "7");
        assert!(!samples.contains_key("last_success_timestamp_seconds"));
    }

    #[test]
    fn a_clock_that_was_set_back_takes_no_negative_time() {
        let summary = Summary {
            started: at(2_000),
            ..good()
        };
        assert_eq!(parse(&text(&summary))["last_run_duration_seconds"], "0.000");
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(labels("a\"b\\c\nd"), r#"{profile="a\"b\\c\nd"}"#);
    }

    #[test]
    fn the_last_success_outlives_runs_that_fail() {
        let dir = tempfile::TempDir::with_prefix("exeat-test-").unwrap();
        let path = dir.path().join("nightly.prom");
        let read = || parse(&std::fs::read_to_string(&path).unwrap());
        write(&path, &failed()).unwrap();
        assert!(!read().contains_key("last_success_timestamp_seconds"));
        write(&path, &good()).unwrap();
        for _ in 0..2 {
            write(&path, &failed()).unwrap();
            let samples = read();
            assert_eq!(samples["last_success_timestamp_seconds"], "1040");
            assert_eq!(samples["last_run_success"], "0");
            assert!(!samples.contains_key("package_bytes"));
        }
        let other = Summary {
            profile: "weekly",
            ..failed()
        };
        write(&path, &other).unwrap();
        assert!(!read().contains_key("last_success_timestamp_seconds"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        let there = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(there, 1, "nothing else is left there");
        std::fs::write(&path, [0xff; 100]).unwrap();
        write(&path, &failed()).unwrap();
        assert!(write(&dir.path().join("none/nightly.prom"), &failed()).is_err());
    }
}
