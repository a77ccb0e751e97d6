//! Accuracy and invariants of the head count, on generated data: numbers of
//! the test range 999, invented names, e-mail at example domains.

mod accuracy;
mod generator;
mod invariants;
mod links;
mod lists;
mod named;
mod prose;
mod tables;

use std::sync::LazyLock;

use super::*;
use crate::inspect::content::Kind;
use crate::inspect::facts::Facts;
use crate::inspect::foreign::Piece;
use crate::inspect::summary::Summary;
use crate::path::EntryPath;

/// Costs more to build than most tests.
static SCANNER: LazyLock<TextScanner> = LazyLock::new(TextScanner::new);

/// A table in a file, examined in blocks of `block` records.
#[derive(Debug, Clone)]
struct File {
    header: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    block: usize,
}

impl File {
    fn new(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self {
            header: Some(header.iter().map(|&name| name.to_owned()).collect()),
            rows,
            block: usize::MAX,
        }
    }

    fn nameless(rows: Vec<Vec<String>>) -> Self {
        Self {
            header: None,
            rows,
            block: usize::MAX,
        }
    }

    /// The same rows in files of `size` rows each.
    fn split(&self, size: usize) -> Vec<Self> {
        let part = |rows: &[Vec<String>]| Self {
            rows: rows.to_vec(),
            ..self.clone()
        };
        self.rows.chunks(size).map(part).collect()
    }

    fn examine(&self, census: &Census, backwards: bool) -> Tally {
        self.examine_naming(census, backwards, &NamedColumns::default())
    }

    fn examine_naming(&self, census: &Census, backwards: bool, named: &NamedColumns) -> Tally {
        let shape = TableShape::default();
        let width = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = self.header.as_ref().map_or(width, Vec::len);
        let columns: Vec<Column<'_>> = (0..)
            .take(width)
            .enumerate()
            .map(|(at, index)| Column {
                name: self.header.as_ref().map(|names| names[at].as_bytes()),
                index,
            })
            .collect();
        let blocks: Vec<_> = self.rows.chunks(self.block).collect();
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        if backwards && order.len() > 1 {
            order[1..].reverse();
        }
        let mut tally = Tally::default();
        for at in order {
            let (mut cells, mut ends) = (Vec::new(), Vec::new());
            for row in blocks[at] {
                cells.extend((0..).zip(row.iter().map(String::as_bytes)));
                ends.push(u32::try_from(cells.len()).expect("a small table"));
            }
            let mut examiner = Examiner::new(census, &SCANNER, &shape).naming(named);
            examiner.rows(&Rows {
                columns: &columns,
                cells: &cells,
                ends: &ends,
                first: at == 0,
                whole: blocks.len() == 1,
            });
            tally.merge(examiner.finish());
        }
        tally
    }
}

fn inspect(files: &[File]) -> Facts {
    inspect_in(files.iter().enumerate(), false)
}

fn inspect_in<'f>(files: impl Iterator<Item = (usize, &'f File)>, backwards: bool) -> Facts {
    let census = Census::new();
    let mut summary = Summary::default();
    for (number, file) in files {
        let path = format!("file-{number}");
        let path = EntryPath::new(path.as_bytes()).expect("a good path");
        let tally = file.examine(&census, backwards);
        summary.add_file(1);
        summary.add(
            &path.to_string(),
            Piece {
                file: Some((Kind::Table, 1)),
                tally,
                ..Piece::default()
            },
        );
    }
    summary.finish(&census, false)
}

fn inspect_text(text: &str, records: u64) -> Facts {
    let (census, shape) = (Census::new(), TableShape::default());
    let mut examiner = Examiner::new(&census, &SCANNER, &shape);
    examiner.text(text.as_bytes(), records);
    let mut summary = Summary::default();
    let path = EntryPath::new(b"text").expect("a good path");
    summary.add_file(1);
    summary.add(
        &path.to_string(),
        Piece {
            file: Some((Kind::Text, 1)),
            tally: examiner.finish(),
            ..Piece::default()
        },
    );
    summary.finish(&census, false)
}

/// How many values of a class were found.
fn count(facts: &Facts, class: Class) -> u64 {
    facts
        .classes
        .iter()
        .find(|found| found.class == class)
        .map_or(0, |found| found.count)
}

fn rows<const N: usize>(rows: &[[&str; N]]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| row.iter().map(|&cell| cell.to_owned()).collect())
        .collect()
}
