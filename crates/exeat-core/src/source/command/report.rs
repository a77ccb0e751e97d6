//! What the process that watches over a command tells the one that reads its
//! output: a few short lines through a pipe of their own. First the command's
//! group, as soon as it runs, and at last how everything ended.

use std::fmt::Write as _;

/// The longest report, in bytes: what a pipe takes at once, pipe(7).
pub(super) const MAX_REPORT: usize = 4096;
/// So many of those left behind are named.
const NAMED: usize = 5;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It was never started: the number of the system's error.
    NotStarted(i32),
}

/// All that is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) ending: Ending,
    /// How many processes the command had started and left running.
    pub(super) left: usize,
    /// What the first of them were called, escaped.
    pub(super) names: Vec<String>,
}

impl Report {
    pub(super) fn of(ending: Ending, left: &[String]) -> Self {
        Self {
            ending,
            left: left.len(),
            names: left.iter().take(NAMED).cloned().collect(),
        }
    }

    pub(super) fn text(&self) -> String {
        let (word, number) = match self.ending {
            Ending::Exit(code) => ("exit", code),
            Ending::Signal(signal) => ("signal", signal),
            Ending::NotStarted(errno) => ("errno", errno),
        };
        let mut text = format!("{word} {number}\nleft {}\n", self.left);
        for name in &self.names {
            let _ = writeln!(text, "name {name}");
        }
        text + "end\n"
    }

    /// Reads one; `None` where it is not whole.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix("end\n")?;
        let text = match group_and_rest(text) {
            Some((_, rest)) => rest,
            None => text,
        };
        let mut lines = text.lines();
        let (word, number) = lines.next()?.split_once(' ')?;
        let number = number.parse().ok()?;
        let ending = match word {
            "exit" => Ending::Exit(number),
            "signal" => Ending::Signal(number),
            "errno" => Ending::NotStarted(number),
            _ => return None,
        };
        let left = lines.next()?.strip_prefix("left ")?.parse().ok()?;
        let names = lines.map(|line| Some(line.strip_prefix("name ")?.to_owned()));
        Some(Self {
            ending,
            left,
            names: names.collect::<Option<_>>()?,
        })
    }
}

/// The line that tells the group that the command is in.
pub(super) fn group_line(group: i32) -> String {
    format!("group {group}\n")
}

/// The group that was told, where one was.
pub(super) fn group(bytes: &[u8]) -> Option<i32> {
    let (group, _) = group_and_rest(std::str::from_utf8(bytes).ok()?)?;
    // 0 and 1 would mean others.
    group.parse().ok().filter(|&group| group > 1)
}

fn group_and_rest(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("group ")?.split_once('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        let names: Vec<String> = (0..9).map(|n| format!("sleep {n}")).collect();
        for ending in [Ending::Exit(3), Ending::Signal(9), Ending::NotStarted(2)] {
            for left in [&names[..0], &names[..1], &names] {
                let report = Report::of(ending, left);
                let text = report.text();
                assert!(text.len() < MAX_REPORT);
                assert_eq!(Report::parse(text.as_bytes()), Some(report));
                for cut in 0..text.len() {
                    assert_eq!(Report::parse(&text.as_bytes()[..cut]), None, "{cut}");
                }
                let text = group_line(77) + &text;
                let report = Report::of(ending, left);
                assert_eq!(Report::parse(text.as_bytes()), Some(report));
                assert_eq!(group(text.as_bytes()), Some(77));
            }
        }
    }

    #[test]
    fn a_group_that_is_none() {
        for told in [
            "",
            "group 7",
            "group 0\n",
            "group 1\n",
            "group -7\n",
            "exit 0\n",
        ] {
            assert_eq!(group(told.as_bytes()), None, "{told}");
        }
    }
}
