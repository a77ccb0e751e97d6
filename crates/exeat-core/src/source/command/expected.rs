//! How the output of programs that dump databases ends when it is whole.

use std::fmt;
use std::str::FromStr;

use crate::path::Escaped;

/// So much of the end of a stream is looked at, in bytes.
pub(super) const KEPT: usize = 1024;
/// The longest text that can be expected, in bytes: white space may follow it.
const MAX_TEXT: usize = 512;

/// What the output of a command has to end with to be whole.
///
/// An exit code says that a program was content; an end that is there says that
/// everything before it has come through. Written in settings as a word:
///
/// ```
/// use exeat_core::source::command::ExpectedEnd;
/// assert_eq!("pg_dump".parse(), Ok(ExpectedEnd::PgDump));
/// assert_eq!("text:-- end".parse(), Ok(ExpectedEnd::Text("-- end".into())));
/// assert!("oracle".parse::<ExpectedEnd>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedEnd {
    /// `pg_dump`: the line `-- PostgreSQL database dump complete`.
    PgDump,
    /// `pg_dumpall`: the line `-- PostgreSQL database cluster dump complete`.
    PgDumpAll,
    /// `pg_restore`: what `pg_dump -Fc` prints, which `pg_restore` reads to its end.
    PgRestore,
    /// `sqlite`: the line `COMMIT;` of `sqlite3 FILE .dump`.
    Sqlite,
    /// `mysqldump`: the line `-- Dump completed`, of `mariadb-dump` too.
    MysqlDump,
    /// `text:…`: this text, white space after it aside.
    Text(String),
}

/// A word that names no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpectedEndError {
    /// No such word.
    #[error(
        "expected pg_dump, pg_dumpall, pg_restore, sqlite, mysqldump, or text: and what the \
         output ends with"
    )]
    Unknown,
    /// The text is empty, or ends with white space, or is too long.
    #[error(
        "after 'text:' stands what the output ends with: 1 to {MAX_TEXT} bytes, no white space at their end"
    )]
    Text,
}

/// Why the end of a stream is not that of a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortfall {
    /// It is not there.
    Missing,
    /// SQLite says that it could not read everything.
    RolledBack,
}

impl FromStr for ExpectedEnd {
    type Err = ExpectedEndError;

    fn from_str(word: &str) -> Result<Self, ExpectedEndError> {
        if let Some(text) = word.strip_prefix("text:") {
            let is_end = !text.is_empty() && text.len() <= MAX_TEXT && text == text.trim_end();
            return match is_end {
                true => Ok(Self::Text(text.to_owned())),
                false => Err(ExpectedEndError::Text),
            };
        }
        Ok(match word {
            "pg_dump" => Self::PgDump,
            "pg_dumpall" => Self::PgDumpAll,
            "pg_restore" => Self::PgRestore,
            "sqlite" => Self::Sqlite,
            "mysqldump" => Self::MysqlDump,
            _ => return Err(ExpectedEndError::Unknown),
        })
    }
}

/// What people are told was expected.
impl fmt::Display for ExpectedEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PgRestore => f.write_str("what pg_restore can read to its end"),
            other => write!(f, "'{}'", Escaped(other.line().as_bytes())),
        }
    }
}

impl ExpectedEnd {
    /// The program that reads the whole stream to check it, where one does.
    #[must_use]
    pub fn checker(&self) -> Option<&'static str> {
        match self {
            Self::PgRestore => Some("pg_restore"),
            _ => None,
        }
    }

    fn line(&self) -> &str {
        match self {
            Self::PgDump => "-- PostgreSQL database dump complete",
            Self::PgDumpAll => "-- PostgreSQL database cluster dump complete",
            Self::PgRestore => "",
            Self::Sqlite => "COMMIT;",
            Self::MysqlDump => "-- Dump completed",
            Self::Text(text) => text,
        }
    }

    /// What is wrong with a stream whose last [`KEPT`] bytes these are, or all
    /// of it where it is shorter.
    pub(super) fn missing_in(&self, tail: &[u8]) -> Option<Shortfall> {
        let is_there = match self {
            Self::PgRestore => true,
            Self::PgDump | Self::PgDumpAll => ends_with_trailer(tail, self.line().as_bytes()),
            Self::Sqlite if last_line(tail).starts_with(b"ROLLBACK;") => {
                return Some(Shortfall::RolledBack);
            }
            Self::Sqlite => tail.ends_with(b"COMMIT;\n") && last_line(tail) == b"COMMIT;",
            Self::MysqlDump => last_line(tail).starts_with(self.line().as_bytes()),
            Self::Text(text) => tail.trim_ascii_end().ends_with(text.as_bytes()),
        };
        (!is_there).then_some(Shortfall::Missing)
    }
}

/// The last line that is not blank.
fn last_line(tail: &[u8]) -> &[u8] {
    let text = tail.trim_ascii_end();
    let start = text.iter().rposition(|&byte| byte == b'\n');
    &text[start.map_or(0, |newline| newline + 1)..]
}

/// Whether the line is there, and after it nothing but what newer versions of
/// `pg_dump` print then: comments, and `\unrestrict` with its token.
fn ends_with_trailer(tail: &[u8], line: &[u8]) -> bool {
    let lines = tail.rsplit(|&byte| byte == b'\n');
    let mut lines = lines.map(<[u8]>::trim_ascii_end);
    lines.find(|one| *one == line || !may_follow(one)) == Some(line)
}

fn may_follow(line: &[u8]) -> bool {
    line.is_empty() || line.starts_with(b"--") || line.starts_with(b"\\unrestrict ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(word: &str) -> ExpectedEnd {
        word.parse().expect(word)
    }

    fn is_whole(word: &str, text: &str) -> bool {
        end(word).missing_in(text.as_bytes()).is_none()
    }

    #[test]
    fn postgres() {
        let whole = "SELECT 1;\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
        let newer = format!("{whole}\\unrestrict c6NZ0x\n\n");
        assert!(is_whole("pg_dump", whole) && is_whole("pg_dump", &newer));
        for cut in [
            "",
            "SELECT 1;\n",
            "--\n--\n",
            "--\n-- PostgreSQL database dump complet",
            "x-- PostgreSQL database dump complete\n",
            "-- PostgreSQL database dump complete\n--\nSELECT 1;\n",
            "-- PostgreSQL database dump complete\n\\connect other\n",
            "-- PostgreSQL database cluster dump complete\n",
        ] {
            assert!(!is_whole("pg_dump", cut), "{cut}");
        }
        let cluster = format!("{newer}--\n-- PostgreSQL database cluster dump complete\n--\n\n");
        assert!(is_whole("pg_dumpall", &cluster) && !is_whole("pg_dumpall", &newer));
    }

    #[test]
    fn sqlite() {
        assert!(is_whole("sqlite", "INSERT INTO t VALUES(1);\nCOMMIT;\n"));
        for cut in [
            "",
            "COMMIT",
            "COMMIT;",
            "COMMIT;\nINSERT",
            "INSERT INTO t VALUES('COMMIT;\n",
        ] {
            assert_eq!(
                end("sqlite").missing_in(cut.as_bytes()),
                Some(Shortfall::Missing),
                "{cut}"
            );
        }
        let text = b"/****** CORRUPTION ERROR *******/\nROLLBACK; -- due to errors\n";
        assert_eq!(end("sqlite").missing_in(text), Some(Shortfall::RolledBack));
    }

    #[test]
    fn mysql_and_texts() {
        for whole in [
            "-- Dump completed on 2026-11-29  2:00:01\n",
            "-- Dump completed\n",
        ] {
            assert!(is_whole("mysqldump", whole));
        }
        assert!(!is_whole(
            "mysqldump",
            "-- Dump completed\nUNLOCK TABLES;\n"
        ));
        assert!(!is_whole("mysqldump", ""));
        assert!(is_whole("text:END.", "a\nEND.\n\n \t"));
        assert!(!is_whole("text:END.", "END.\nmore"));
        assert!(!is_whole("text:END.", "EN"));
    }

    #[test]
    fn words_that_name_no_end() {
        let long = format!("text:{}", "a".repeat(MAX_TEXT + 1));
        for (word, why) in [
            ("", ExpectedEndError::Unknown),
            ("PG_DUMP", ExpectedEndError::Unknown),
            ("text", ExpectedEndError::Unknown),
            ("text:", ExpectedEndError::Text),
            ("text:a\n", ExpectedEndError::Text),
            (&long, ExpectedEndError::Text),
        ] {
            assert_eq!(word.parse::<ExpectedEnd>(), Err(why), "{word}");
        }
    }
}
