//! NHS numbers in lines where every value has its own place and nothing stands
//! between one and the next, as extracts for older systems are written: a
//! number touches the digits around it, and only its place tells it.
//!
//! At a place where nearly all lines have ten digits that pass the check, there
//! are NHS numbers: by chance one in eleven passes.

use std::collections::HashSet;

use crate::inspect::columns::{Evidence, Verdict, is_share};
use crate::inspect::content::Rows;
use crate::inspect::identifier::token_at;

/// Lines of which it is seen where digits stand.
const SAMPLE: usize = 32;
/// Fewer lines, or fewer different numbers, prove nothing.
const LINES: usize = 8;
/// What is to the right of this is not looked at.
const WIDEST: usize = 4096;
const TEN: usize = 10;
/// The share of numbers at a place that must pass: some are mistyped.
const PERCENT: u64 = 95;
/// So many numbers are looked at before a place is given up.
const TRIED: u64 = 20;

/// The numbers that stand at places of their own.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// NHS numbers, as often as they stand there.
    pub(super) numbers: Vec<u64>,
    /// How many of them nobody else finds: they touch what is around them.
    pub(super) touching: u64,
}

/// A place in all lines.
struct Place {
    at: usize,
    ten: u64,
    touching: u64,
    numbers: Vec<u64>,
    seen: HashSet<u64>,
    /// Of different numbers.
    evidence: Evidence,
}

/// Looks at the lines of a text.
pub(super) fn in_text(text: &[u8]) -> Fixed {
    let lines = text.split(|&byte| byte == b'\n');
    find(|| lines.clone())
}

/// Looks at the columns of a table, and says in which numbers were found.
pub(super) fn in_columns(rows: &Rows<'_>, wanted: impl Fn(usize) -> bool) -> Vec<(usize, Fixed)> {
    let sampled = rows.ends.get(SAMPLE).or(rows.ends.last());
    let sampled = sampled.map_or(0, |&end| super::index(end));
    let mut columns = Vec::new();
    for &(column, cell) in rows.cells.get(..sampled).unwrap_or_default() {
        if cell.len() > TEN && has_ten_digits(cell) && !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns.retain(|&column| wanted(super::index(column)));
    let found = columns.into_iter().map(|column| {
        let own = rows.cells.iter().filter(move |cell| cell.0 == column);
        let fixed = find(|| own.clone().map(|&(_, cell)| cell));
        (super::index(column), fixed)
    });
    found.filter(|(_, fixed)| fixed.touching > 0).collect()
}

fn find<'t, I: Iterator<Item = &'t [u8]>>(lines: impl Fn() -> I) -> Fixed {
    let mut places = places(lines().filter(|line| !line.is_empty()));
    if places.is_empty() {
        return Fixed::default();
    }
    for line in lines() {
        places.retain_mut(|place| {
            place.look(line);
            place.is_promising()
        });
        if places.is_empty() {
            break;
        }
    }
    let mut fixed = Fixed::default();
    for place in places.into_iter().filter(Place::is_certain) {
        fixed.numbers.extend(place.numbers);
        fixed.touching += place.touching;
    }
    fixed
}

/// Where at least every other one of the first lines has ten digits.
fn places<'t>(lines: impl Iterator<Item = &'t [u8]>) -> Vec<Place> {
    let mut counts: Vec<usize> = Vec::new();
    let mut all = 0;
    for line in lines.take(SAMPLE) {
        all += 1;
        let (mut run, mut same, mut last) = (0, 0, b' ');
        for (at, &byte) in line.iter().take(WIDEST).enumerate() {
            run = if byte.is_ascii_digit() { run + 1 } else { 0 };
            same = if byte == last { same + 1 } else { 1 };
            last = byte;
            // Digits that are all the same are no number of anybody.
            if run >= TEN && same < TEN {
                let start = at + 1 - TEN;
                if counts.len() <= start {
                    counts.resize(start + 1, 0);
                }
                counts[start] += 1;
            }
        }
    }
    if all < LINES {
        return Vec::new();
    }
    let common = counts.iter().enumerate();
    common
        .filter(|&(_, &count)| count * 2 >= all)
        .map(|(at, _)| Place::new(at))
        .collect()
}

fn has_ten_digits(cell: &[u8]) -> bool {
    cell.split(|byte| !byte.is_ascii_digit())
        .any(|run| run.len() >= TEN)
}

impl Place {
    fn new(at: usize) -> Self {
        Self {
            at,
            ten: 0,
            touching: 0,
            numbers: Vec::new(),
            seen: HashSet::new(),
            evidence: Evidence::default(),
        }
    }

    fn look(&mut self, line: &[u8]) {
        let Some(token) = token_at(line, self.at) else {
            return;
        };
        // Who has no number has zeros or nines there.
        let digits = line.get(token.at.clone()).unwrap_or_default();
        if digits.iter().all(|&digit| Some(&digit) == digits.first()) {
            return;
        }
        self.ten += 1;
        if token.valid {
            let is_joined = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            let before = self.at.checked_sub(1).and_then(|at| line.get(at));
            self.touching += u64::from(is_joined(before) || is_joined(line.get(token.at.end)));
            self.numbers.push(token.value);
        }
        if self.seen.insert(token.value) {
            self.evidence.add(line, &token);
        }
    }

    fn valid(&self) -> u64 {
        u64::try_from(self.numbers.len()).unwrap_or(u64::MAX)
    }

    fn is_promising(&self) -> bool {
        self.ten < TRIED || is_share(self.valid(), self.ten, PERCENT)
    }

    fn is_certain(&self) -> bool {
        let Evidence {
            values,
            valid,
            issued,
            isbn_x,
            ..
        } = self.evidence;
        let few = valid == values && issued == values && isbn_x == 0;
        self.touching > 0
            && self.seen.len() >= LINES
            && is_share(self.valid(), self.ten, PERCENT)
            && (few || self.evidence.verdict(PERCENT) == Verdict::Nhs)
    }
}
