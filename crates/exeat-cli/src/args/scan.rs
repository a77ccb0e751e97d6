//! The options of `exeat scan`.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::PolicyArgs;

/// Find files that lie open: what the floor would not let out in the clear
///
/// Looks into every file below the given folders, whatever it is called, and
/// lists those that hold people's data in bulk, sensitive data or private keys,
/// the worst first: below a web server's root, on a medium that can be carried
/// away, readable by everybody. Values are never shown. Links are not followed.
/// Ends with 3 where there are such files. Files that could not be looked into
/// are counted; --strict lists them and ends with 3 for them, too.
///
/// Files in which nothing was found are remembered by a digest of their size,
/// number and times, and passed over until they change. What is to be left out
/// stands in '.exeatignore' beside a policy file: patterns of paths, one a line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat scan /var/www
  exeat scan /srv /home --since 7d
  exeat scan /var/www --strict --json-file report.json
  exeat scan /media/usb --no-cache")]
pub(crate) struct Scan {
    /// Files and folders to look into
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only files that changed since then: a date, or a time ago such as 12h, 7d
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,
    /// List files that could not be looked into, and end with 3 if there are any
    #[arg(long)]
    pub(crate) strict: bool,
    /// Look into every file again, and remember none
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Remember what was looked at in this file [default: in ~/.local/state/exeat]
    #[arg(long, value_name = "FILE", conflicts_with = "no_cache")]
    pub(crate) cache: Option<PathBuf>,
    /// This folder is served by a web server, and all below it; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) web_root: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// Reads a number of minutes, hours, days or weeks: 30m, 12h, 7d, 2w.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let mut letters = text.chars();
    let seconds = match letters.next_back()? {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let digits = letters.as_str();
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    let count = digits.parse::<u32>().ok().filter(|_| is_number)?;
    Some(SignedDuration::from_secs(seconds * i64::from(count)))
}

/// A moment, given as such or as a time before now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

impl Since {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "expected a date such as 2026-11-22, or a time ago such as 30m, 12h, 7d";
        if let Some(ago) = duration(text) {
            return Ok(Self::Ago(ago));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        let start = date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_err(|_| wrong())?;
        Ok(Self::At(start.timestamp()))
    }

    /// The moment itself.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, minutes) in [
            ("0d", 0),
            ("30m", 30),
            ("12h", 720),
            ("7d", 10_080),
            ("2w", 20_160),
        ] {
            assert_eq!(
                duration(text),
                Some(SignedDuration::from_mins(minutes)),
                "{text}"
            );
        }
        for bad in [
            "",
            "d",
            "3",
            "-3d",
            "+3d",
            "3.5d",
            "3 d",
            "3y",
            "9999999999d",
            "é",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
