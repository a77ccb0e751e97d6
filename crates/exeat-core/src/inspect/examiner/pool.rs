//! Ten-digit numbers that no column was judged for, judged together: rows that
//! run across instead of down, numbers here and there in notes, lists in text.
//!
//! The test is that of columns, on the numbers alone and each of them once:
//! one that comes again and again says no more than it does once.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::inspect::columns::{Evidence, FEW, Judged, Mask, Roles, Stats, Table, Verdict};
use crate::inspect::content::Rows;
use crate::inspect::facts::Class;
use crate::inspect::identifier::{Shape, Token, tokens};

/// Judges what the columns of a table have left over: the numbers of each
/// column that has many, and those of all others together.
pub(super) fn judge(rows: &Rows<'_>, table: &mut Table, stats: &[Stats]) {
    let left = |column: &Judged| !column.roles.has(Class::NhsNumber) && !column.other;
    // Which pool each column belongs to, and how promising a pool is.
    let mut pools: HashMap<usize, Pool> = HashMap::new();
    let own = |at: usize| match stats[at].ten_digits() >= FEW {
        true => at,
        false => usize::MAX,
    };
    for (at, column) in table.columns.iter().enumerate() {
        let stats = &stats[at];
        if left(column) && stats.ten_digits() > 0 {
            let pool = pools.entry(own(at)).or_default();
            pool.counts.values += stats.ten_digits();
            pool.counts.valid += stats.valid_numbers();
        }
    }
    // At least as many as chance explains.
    pools.retain(|_, pool| pool.counts.valid > 0 && pool.counts.valid * 11 >= pool.counts.values);
    pools.retain(|_, pool| pool.counts.values < 3 * FEW || pool.counts.stands_out(30));
    if pools.is_empty() {
        return;
    }
    for &(column, cell) in rows.cells {
        let at = super::index(column);
        if !table.columns.get(at).is_some_and(left) {
            continue;
        }
        if cell.len() >= super::TEN_DIGITS
            && stats[at].ten_digits() > 0
            && let Some(pool) = pools.get_mut(&own(at))
        {
            tokens(cell, &mut |token| pool.add(cell, &token));
        }
    }
    for (at, column) in table.columns.iter_mut().enumerate() {
        if !left(column) || stats[at].valid_numbers() == 0 {
            continue;
        }
        let Some(pool) = pools.get(&own(at)) else {
            continue;
        };
        match pool.evidence.verdict_of_pool() {
            Verdict::Nhs => {
                column.pooled = true;
                let numbers = Mask::of(Shape::NhsNumber).union(Mask::VALID_TOKENS);
                column.shaped = column.shaped.union(numbers);
                table.person = true;
            }
            Verdict::Perhaps if !column.roles.intersects(Roles::BY_CHANCE) => {
                column.perhaps = true;
            }
            Verdict::Perhaps | Verdict::No => {}
        }
    }
}

/// Numbers that are judged together, each once.
#[derive(Default)]
struct Pool {
    /// What the columns counted, repetitions and all.
    counts: Evidence,
    evidence: Evidence,
    seen: HashSet<u64>,
}

impl Pool {
    fn add(&mut self, text: &[u8], token: &Token) {
        if self.seen.insert(token.value) {
            self.evidence.add(text, token);
        }
    }
}

/// The numbers of a text about which its words say nothing.
pub(super) struct TextPool {
    pool: Pool,
    numbers: Vec<u64>,
    /// How often valid numbers stand there.
    pub(super) valid: u64,
}

impl TextPool {
    /// `places`: what was found otherwise.
    pub(super) fn of(text: &[u8], mut places: Vec<Range<usize>>) -> Self {
        let mut found = Self {
            pool: Pool::default(),
            numbers: Vec::new(),
            valid: 0,
        };
        places.sort_unstable_by_key(|place| place.start);
        let mut places = places.into_iter().peekable();
        tokens(text, &mut |token| {
            while places
                .next_if(|place| place.end <= token.at.start)
                .is_some()
            {}
            if places
                .peek()
                .is_some_and(|place| place.start < token.at.end)
            {
                return;
            }
            if token.valid {
                found.valid += 1;
                found.numbers.push(token.value);
            }
            found.pool.add(text, &token);
        });
        found
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.pool.evidence.verdict_of_pool()
    }

    /// Those that are valid.
    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }
}
