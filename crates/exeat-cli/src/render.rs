//! Numbers and times as people read them.

use exeat_core::diagnostic::Finding;
use exeat_core::keys::shortened;
use exeat_core::manifest::NamedKey;
use exeat_core::path::Escaped;
use jiff::{SignedDuration, Timestamp};

mod facts;

pub(crate) use exeat_core::decide::people_in_words as people;
pub(crate) use exeat_core::diagnostic::words::{counted as count, grouped as thousands};
pub(crate) use facts::{content, facts, finding};

/// Whom something is for, a line each.
pub(crate) fn recipients(recipients: &[NamedKey]) -> String {
    let line = |one| format!("  for          {}\n", recipient(one));
    recipients.iter().map(line).collect()
}

/// Somebody something is for: the name, where there is one, and the key.
pub(crate) fn recipient(recipient: &NamedKey) -> String {
    let key = key(&recipient.key);
    match &recipient.name {
        Some(name) => format!("{} {key}", Escaped(name.as_bytes())),
        None => key,
    }
}

/// A recipient's key.
pub(crate) fn key(key: &str) -> String {
    shortened(&Escaped(key.as_bytes()).to_string()).into_owned()
}

/// A finding that did not stop the work.
pub(crate) fn noted(found: &Finding) -> String {
    finding(found).trim_end().to_owned()
}

/// Bytes in binary units with one decimal, exact below 1 KiB.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    // Tenths, in integers: a float would round large counts.
    let (mut tenths, mut unit) = (u128::from(count) * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1024, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Seconds since 1970 as date and time, UTC.
pub(crate) fn time(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        // Before the year -9999 or after 9999.
        Err(_) => format!("@{seconds}"),
    }
}

/// How long something took or is ago, in its largest unit, rounded down.
pub(crate) fn elapsed(duration: SignedDuration) -> String {
    let seconds = u64::try_from(duration.as_secs()).unwrap_or(0);
    match seconds {
        0..60 => "moments".to_owned(),
        60..3600 => count(seconds / 60, "minute", "minutes"),
        3600..86_400 => count(seconds / 3600, "hour", "hours"),
        _ => count(seconds / 86_400, "day", "days"),
    }
}

/// `rwxr-x---` for permission bits.
pub(crate) fn mode(mode: u16) -> String {
    let bit = |shift: u16, sign: char| if mode >> shift & 1 == 1 { sign } else { '-' };
    (0..9)
        .rev()
        .map(|shift| bit(shift, ['x', 'w', 'r'][usize::from(shift % 3)]))
        .collect()
}

/// A word as a person could type it in a shell.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (count, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn modes_and_times() {
        assert_eq!(mode(0o754), "rwxr-xr--");
        assert_eq!(mode(0), "---------");
        assert_eq!(time(0), "1970-01-01 00:00");
        assert_eq!(time(i64::MAX), "@9223372036854775807");
    }

    #[test]
    fn times_that_have_gone_by() {
        for (seconds, text) in [
            (-1, "moments"),
            (59, "moments"),
            (60, "1 minute"),
            (7199, "1 hour"),
            (86_399, "23 hours"),
            (14 * 86_400, "14 days"),
        ] {
            assert_eq!(elapsed(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn shell_words() {
        assert_eq!(shell("a/b.c"), "a/b.c");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
    }
}
