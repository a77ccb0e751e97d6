//! Tables that a quote makes a single cell of.

use memchr::memchr;

use super::super::{Dialect, Field, NESTED, Sniffed, UNCLOSED, is_table};
use super::list::list;
use super::record::RECORDS;
use super::trial::Trial;

/// A table of which a quote makes a single cell: one that is never closed, or
/// one around many lines. Without quotes it can be read, but is not what it
/// says.
pub(super) fn behind_a_quote(sample: &[u8], newline: u8) -> Option<Sniffed> {
    memchr(b'"', sample)?;
    b",;\t|"
        .iter()
        .filter_map(|&delimiter| {
            let quoted = Dialect {
                delimiter,
                quote: Some(b'"'),
                backslash: false,
                newline,
                spaces: false,
            };
            let reason = swallowed(sample, quoted)?;
            let plain = Dialect {
                quote: None,
                ..quoted
            };
            let trial = Trial::new(sample, plain)?;
            let score = trial.score()?;
            let sniffed = Sniffed {
                reason: Some(reason),
                ..trial.into_sniffed(sample)
            };
            Some((score, sniffed))
        })
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, sniffed)| sniffed)
        .or_else(|| {
            let dialect = Dialect {
                delimiter: newline,
                quote: Some(b'"'),
                backslash: false,
                newline,
                spaces: false,
            };
            let reason = swallowed(sample, dialect)?;
            let sniffed = list(sample, newline, None)?;
            Some(Sniffed {
                reason: Some(reason),
                ..sniffed
            })
        })
}

/// Why records of this dialect hide others in one of their cells.
fn swallowed(sample: &[u8], dialect: Dialect) -> Option<&'static str> {
    let mut at = 0;
    for _ in 0..RECORDS {
        let (field, next, _) = dialect.field(sample, at);
        match field {
            Field::Unclosed { .. } => return Some(UNCLOSED),
            Field::Quoted { start, end, .. }
                if is_table(sample.get(start..end).unwrap_or_default()) =>
            {
                return Some(NESTED);
            }
            Field::Quoted { .. } | Field::Plain { .. } => {}
        }
        at = next;
        if at >= sample.len() {
            break;
        }
    }
    None
}
