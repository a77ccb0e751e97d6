//! Texts that look like tables and are none: logs, source code, times of day,
//! numbers written in groups.

use memchr::memmem;

use super::super::shape::{Shape, is_name, shape};
use super::record::{Cell, Record, SHAPED};
use super::trial::{Trial, ratio};
use crate::inspect::identifier;

impl Trial<'_> {
    /// Whether the delimiter stands in a time of day, or before its fraction.
    pub(super) fn is_time(&self) -> bool {
        let timed = self.records.iter().filter(|record| {
            let [before, after, ..] = record.cells.as_slice() else {
                return false;
            };
            let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
            let tail = before
                .value
                .get(before.value.len().saturating_sub(2)..)
                .unwrap_or_default();
            let head = after
                .value
                .get(..after.value.len().min(2))
                .unwrap_or_default();
            let clock = before.value.len() >= 8
                && before.value.iter().rev().nth(2) == Some(&b':')
                && after.value.get(..4).is_some_and(|at| {
                    digits(at.get(..3).unwrap_or_default()) && at.ends_with(b" ")
                });
            let colon = self.dialect.delimiter == b':' && before.value.len() != 1;
            (colon && digits(tail) && digits(head) && after.value.len() == 2) || clock
        });
        ratio(timed.count(), self.records.len()) > 0.5
    }

    /// Whether lines begin as those of logs do.
    pub(super) fn is_log(&self) -> bool {
        const LEVELS: &[&[u8]] = &[
            b"INFO", b"WARN", b"ERROR", b"DEBUG", b"TRACE", b"WARNING", b"FATAL",
        ];
        let bracket = self.lines(|cell| !cell.quoted && cell.value.starts_with(b"["));
        let level = self.lines(|cell| {
            let mut words = cell.value.split(|byte| !byte.is_ascii_alphabetic());
            self.dialect.delimiter == b' ' && words.any(|word| LEVELS.contains(&word))
        });
        let text = self.lines(|cell| {
            let mut words = cell.value.split(|byte| !byte.is_ascii_alphabetic());
            let begins = matches!(shape(cell.value.get(..10).unwrap_or_default()), Shape::Date);
            begins && words.any(|word| LEVELS.contains(&word))
        });
        bracket > 0.5 || level > 0.5 || text > 0.5
    }

    /// Whether every field of the first line names a column.
    pub(super) fn is_under_names(&self) -> bool {
        let names = |record: &Record<'_>| record.cells.iter().all(|cell| is_name(cell.value));
        self.header && self.records.first().is_some_and(names)
    }

    /// Whether there are lines that are as a whole one number or date, written
    /// in groups.
    pub(super) fn has_lines_of_one_value(&self) -> bool {
        use identifier::Shape as Looks;
        const WHOLE: [Looks; 8] = [
            Looks::TenDigits,
            Looks::Nino,
            Looks::Iban,
            Looks::Card,
            Looks::Luhn,
            Looks::SortCode,
            Looks::Phone,
            Looks::Date,
        ];
        let whole = self.records.iter().filter(|record| {
            let looks = identifier::shapes(self.raw(record));
            WHOLE.into_iter().any(|wanted| looks.contains(wanted))
        });
        whole.count() * 20 > self.records.len()
    }

    /// Whether these are lines of source code with values in them. Lines that
    /// hold identifiers of people never are.
    pub(super) fn is_source(&self, named: bool) -> bool {
        let share = |matches: &dyn Fn(&[u8]) -> bool| {
            let found = self
                .records
                .iter()
                .filter(|record| matches(self.raw(record)));
            ratio(found.count(), self.records.len()) > 0.5
        };
        let indented = share(&|line| line.starts_with(b" ") || line.starts_with(b"\t"));
        let trailing = share(&|line| line.trim_ascii_end().last() == Some(&self.dialect.delimiter));
        let opened = self
            .titles
            .iter()
            .any(|line| matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b'(')));
        let titled = self.titles.iter().any(|line| self.is_no_title(line));
        let source = if named {
            opened || (indented && trailing)
        } else {
            opened || titled || indented || (trailing && self.dialect.spaces)
        };
        source && !self.has_identifiers()
    }

    /// Whether a line before the records is a statement or a paragraph.
    fn is_no_title(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        let ends =
            line.ends_with(b"*/") || (line.ends_with(b";") && self.dialect.delimiter != b';');
        ends || line.len() > 100 || line.iter().any(|byte| b"={}".contains(byte))
    }

    /// Whether half the values of a column could be somebody's identifiers.
    fn has_identifiers(&self) -> bool {
        use identifier::Shape as Looks;
        const OF_PEOPLE: [Looks; 6] = [
            Looks::NhsNumber,
            Looks::Nino,
            Looks::Email,
            Looks::Phone,
            Looks::Postcode,
            Looks::Date,
        ];
        (0..self.width.min(SHAPED)).any(|column| {
            let (mut all, mut found) = (0_usize, 0_usize);
            for cell in self
                .records
                .iter()
                .filter_map(|record| record.cells.get(column))
            {
                let looks = identifier::shapes(cell.value);
                all += usize::from(!cell.value.trim_ascii().is_empty());
                found += usize::from(OF_PEOPLE.into_iter().any(|wanted| looks.contains(wanted)));
            }
            found > 0 && found * 2 >= all
        })
    }
}

/// What stands in source code and not in values: brackets that do not match,
/// arrows, calls.
pub(super) fn is_code(cell: &Cell<'_>) -> bool {
    const TOKENS: [&[u8]; 6] = [b"=>", b"->", b"==", b"();", b"//", b"::"];
    if cell.quoted {
        return false;
    }
    let is_sign = |byte: &u8| {
        matches!(
            byte,
            b'('..=b')' | b'-' | b'/' | b':' | b'=' | b'[' | b']' | b'{' | b'}'
        )
    };
    if !cell.value.iter().any(is_sign) {
        return false;
    }
    let [mut round, mut square, mut curly] = [0_isize; 3];
    let mut has_token = false;
    for (at, byte) in cell.value.iter().enumerate() {
        match byte {
            b'(' => round += 1,
            b')' => round -= 1,
            b'[' => square += 1,
            b']' => square -= 1,
            b'{' => curly += 1,
            b'}' => curly -= 1,
            _ => {}
        }
        if let b'=' | b'-' | b'(' | b'/' | b':' = byte {
            let rest = &cell.value[at..];
            has_token |= TOKENS.iter().any(|token| rest.starts_with(token));
        }
    }
    [round, square, curly] != [0; 3] || (has_token && memmem::find(cell.value, b"://").is_none())
}
