//! SQL dumps: tuples of `INSERT` and lines of `COPY` as records, everything
//! else as text.
//!
//! Written to what `pg_dump`, `mysqldump` and SQLite's `.dump` write:
//! <https://www.postgresql.org/docs/current/sql-copy.html> for `COPY`,
//! <https://dev.mysql.com/doc/refman/8.4/en/string-literals.html> for
//! backslashes within MySQL's strings; elsewhere a quote is doubled.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use super::text::{self, TextCutter};
use super::{BLOCK, Block, Emit, Form, Kind, Outcome, Reason, SAMPLE, Visitor};

mod rows;
mod syntax;

use syntax::{Head, Scan};

/// Tables whose columns are remembered.
const MAX_TABLES: usize = 4096;
const TOO_EARLY: &str = "SQL that ends too early";

/// Records of one SQL table.
pub(super) struct Part {
    columns: Arc<[Vec<u8>]>,
    layout: Layout,
    first: bool,
    whole: bool,
}

/// How records stand in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `(…),(…)`; `backslash`: it escapes within strings.
    Tuples { backslash: bool },
    /// Lines with tabs.
    Copy,
}

impl Part {
    pub(super) fn parse(&self, bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Reason> {
        rows::parse(bytes, self, visitor)
    }
}

/// Cuts a dump into blocks of one table each.
pub(super) struct Cutter {
    buffer: Vec<u8>,
    /// What of the buffer has been read.
    at: usize,
    mode: Mode,
    backslash: bool,
    tables: HashMap<Vec<u8>, Known>,
    /// The records of `current`, not yet emitted.
    rows: Vec<u8>,
    current: Option<Current>,
    /// Statements and comments, not yet emitted.
    prose: Vec<u8>,
    any_rows: bool,
    limit: usize,
    reason: Option<Reason>,
    spilled: Option<TextCutter>,
}

enum Mode {
    Statement,
    /// Within the tuples of an `INSERT`.
    Tuples,
    /// Behind the tuples, before the semicolon.
    Tail,
    Copy,
}

struct Known {
    columns: Arc<[Vec<u8>]>,
    begun: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Current {
    table: Vec<u8>,
    columns: Arc<[Vec<u8>]>,
    layout: Layout,
}

/// What a step of reading came to.
enum Step {
    Done,
    /// More bytes are needed.
    Wait,
}

/// A cutter for this text if it is an SQL dump.
pub(super) fn recognise(text: &[u8], limit: usize) -> Option<Cutter> {
    let sample = text.get(..SAMPLE).unwrap_or(text);
    if !syntax::begins_dump(sample) {
        return None;
    }
    let has = |needle: &[u8]| memmem::find(sample, needle).is_some();
    Some(Cutter {
        buffer: Vec::new(),
        at: 0,
        mode: Mode::Statement,
        backslash: has(b"`") || has(b"/*!") || has(b"ENGINE=") || has(b"MySQL") || has(b"MariaDB"),
        tables: HashMap::new(),
        rows: Vec::new(),
        current: None,
        prose: Vec::new(),
        any_rows: false,
        // Records are kept beside the statement that they are cut from.
        limit: limit / 2,
        reason: None,
        spilled: None,
    })
}

impl Cutter {
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, last: bool, emit: &mut Emit<'_>) -> Step {
        let blank = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if !matches!(self.mode, Mode::Copy) {
            self.at += blank;
        }
        if self.rest().is_empty() {
            return Step::Wait;
        }
        match self.mode {
            Mode::Statement => self.statement(last, emit),
            Mode::Tuples => self.tuples(emit),
            Mode::Tail => self.tail(last, emit),
            Mode::Copy => self.copy(last, emit),
        }
    }

    fn statement(&mut self, last: bool, emit: &mut Emit<'_>) -> Step {
        match syntax::head(self.rest(), self.backslash) {
            Scan::More if !last => Step::Wait,
            Scan::Found(Head::Insert {
                table,
                columns,
                length,
            }) => {
                let layout = Layout::Tuples {
                    backslash: self.backslash,
                };
                self.begin(table, columns, layout, emit);
                self.at += length;
                self.mode = Mode::Tuples;
                Step::Done
            }
            Scan::Found(Head::Copy {
                table,
                columns,
                length,
                plain,
            }) => {
                if !plain {
                    self.reason
                        .get_or_insert("COPY in a format that is not read".into());
                }
                self.begin(table, columns, Layout::Copy, emit);
                self.at += length;
                self.mode = Mode::Copy;
                Step::Done
            }
            Scan::Found(Head::Create {
                table,
                columns,
                length,
            }) => {
                if self.tables.len() < MAX_TABLES {
                    let columns = columns.into();
                    self.tables.entry(table).or_insert(Known {
                        columns,
                        begun: false,
                    });
                }
                self.say(length, emit);
                Step::Done
            }
            Scan::Found(Head::Other { length }) => {
                self.say(length, emit);
                Step::Done
            }
            Scan::More => {
                // At the end of the file: a statement need not be closed, but
                // its quotes must be.
                self.reason.get_or_insert(TOO_EARLY.into());
                self.say(self.rest().len(), emit);
                Step::Done
            }
        }
    }

    fn tuples(&mut self, emit: &mut Emit<'_>) -> Step {
        let found = syntax::tuples(self.rest(), self.backslash);
        if found > 0 {
            let run = self
                .buffer
                .get(self.at..self.at + found)
                .unwrap_or_default();
            self.rows.extend_from_slice(run);
            self.rows.push(b',');
            self.at += found;
            if self.rows.len() >= BLOCK {
                self.flush(false, emit);
            }
        }
        match self.rest().trim_ascii_start().first() {
            None => Step::Wait,
            Some(b'(') => Step::Wait,
            Some(b',') => {
                let comma = memchr(b',', self.rest()).map_or(0, |at| at + 1);
                self.at += comma;
                Step::Done
            }
            Some(_) => {
                self.mode = Mode::Tail;
                Step::Done
            }
        }
    }

    fn tail(&mut self, last: bool, emit: &mut Emit<'_>) -> Step {
        match syntax::statement_end(self.rest(), self.backslash) {
            Scan::More if !last => return Step::Wait,
            Scan::Found(1) => self.at += 1,
            Scan::Found(length) => self.say(length, emit),
            Scan::More => {
                self.reason.get_or_insert(TOO_EARLY.into());
                self.say(self.rest().len(), emit);
            }
        }
        self.mode = Mode::Statement;
        Step::Done
    }

    fn copy(&mut self, last: bool, emit: &mut Emit<'_>) -> Step {
        let rest = self.rest();
        let ends = |line: &[u8]| matches!(line, b"\\.\n" | b"\\.\r\n" | b"\\." | b"\\.\r");
        let first_line = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let complete = last || first_line < rest.len() || rest.ends_with(b"\n");
        if !complete {
            return Step::Wait;
        }
        if ends(rest.get(..first_line).unwrap_or_default()) {
            self.at += first_line;
            self.mode = Mode::Statement;
            return Step::Done;
        }
        let marker = memmem::find_iter(rest, b"\n\\.")
            .map(|at| at + 1)
            .find(|&at| matches!(rest.get(at + 2), None | Some(b'\n' | b'\r')));
        let data = match marker {
            Some(at) => at,
            None if last => rest.len(),
            None => memrchr(b'\n', rest).map_or(0, |at| at + 1),
        };
        if marker.is_none() && last {
            self.reason.get_or_insert(TOO_EARLY.into());
        }
        let data = self.buffer.get(self.at..self.at + data).unwrap_or_default();
        self.rows.extend_from_slice(data);
        self.at += data.len();
        if self.rows.len() >= BLOCK {
            self.flush(false, emit);
        }
        Step::Done
    }

    /// Turns to the table whose records come next.
    fn begin(
        &mut self,
        table: Vec<u8>,
        columns: Vec<Vec<u8>>,
        layout: Layout,
        emit: &mut Emit<'_>,
    ) {
        let columns = if columns.is_empty() {
            self.tables
                .get(&table)
                .map(|known| Arc::clone(&known.columns))
                .unwrap_or_default()
        } else {
            columns.into()
        };
        let next = Current {
            table,
            columns,
            layout,
        };
        if self.current.as_ref() != Some(&next) {
            self.flush(false, emit);
            self.current = Some(next);
        }
    }

    fn flush(&mut self, last: bool, emit: &mut Emit<'_>) {
        if self.rows.is_empty() {
            return;
        }
        let Some(current) = &self.current else {
            return;
        };
        let room = self.tables.len() < MAX_TABLES;
        let first = if let Some(known) = self.tables.get_mut(&current.table) {
            !std::mem::replace(&mut known.begun, true)
        } else {
            if room {
                let columns = Arc::default();
                self.tables.insert(
                    current.table.clone(),
                    Known {
                        columns,
                        begun: true,
                    },
                );
            }
            room
        };
        self.any_rows = true;
        emit(Block {
            bytes: std::mem::take(&mut self.rows),
            form: Form::Sql(Part {
                columns: Arc::clone(&current.columns),
                layout: current.layout,
                first,
                whole: first && last,
            }),
        });
    }

    /// Keeps so many bytes as text.
    fn say(&mut self, length: usize, emit: &mut Emit<'_>) {
        let said = self
            .buffer
            .get(self.at..self.at + length)
            .unwrap_or_default();
        self.prose.extend_from_slice(said);
        self.prose.push(b'\n');
        self.at += length;
        if self.prose.len() >= BLOCK {
            emit(text::block(std::mem::take(&mut self.prose), 0));
        }
    }
}

impl super::Cutter for Cutter {
    fn feed(&mut self, fresh: &[u8], emit: &mut Emit<'_>) {
        if let Some(spilled) = &mut self.spilled {
            spilled.feed(fresh, emit);
            return;
        }
        self.buffer.extend_from_slice(fresh);
        while matches!(self.step(false, emit), Step::Done) {}
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.len() > self.limit {
            self.flush(false, emit);
            let mut spilled = TextCutter::remains(self.limit)
                .because("an SQL statement that is too long to be read");
            spilled.take_over(std::mem::take(&mut self.buffer), emit);
            self.spilled = Some(spilled);
        }
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        if let Some(spilled) = self.spilled.take() {
            let outcome = Box::new(spilled).finish(emit);
            self.reason = self.reason.or(outcome.reason);
        }
        while matches!(self.step(true, emit), Step::Done) {}
        if !self.rest().is_empty() {
            self.reason.get_or_insert(TOO_EARLY.into());
            self.say(self.rest().len(), emit);
        } else if matches!(self.mode, Mode::Copy) {
            self.reason.get_or_insert(TOO_EARLY.into());
        }
        self.flush(true, emit);
        if !self.prose.is_empty() {
            emit(text::block(std::mem::take(&mut self.prose), 0));
        }
        let kind = match self.any_rows {
            true => Kind::Table,
            false => Kind::Text,
        };
        Outcome::of(kind, self.reason)
    }
}
