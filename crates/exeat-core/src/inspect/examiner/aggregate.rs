//! Tables of counts, which are of nobody.

use std::collections::HashSet;

use super::index;
use crate::inspect::columns::{Roles, Stats, Table};
use crate::inspect::content::Rows;
use crate::inspect::identifier::Shape;

/// An aggregate table has no more records than this.
const MAX_AGGREGATE: usize = 10_000;

/// Counts by ethnicity, diagnosis and the like: a sensitive column, a column
/// of counts, nobody singled out, and each combination of the rest once.
pub(super) fn is_aggregate(rows: &Rows<'_>, table: &Table, stats: &[Stats]) -> bool {
    const SOMEBODY: [Shape; 4] = [Shape::Email, Shape::Iban, Shape::Nino, Shape::IpAddress];
    if !table.sensitive
        || !table.counted
        || table.person
        || !rows.whole
        || rows.ends.len() > MAX_AGGREGATE
        || has(table, Roles::LOCAL_ID)
        || stats
            .iter()
            .any(|stats| SOMEBODY.iter().any(|&shape| stats.count(shape) > 0))
    {
        return false;
    }
    let mut seen = HashSet::new();
    let mut start = 0;
    rows.ends.iter().all(|&end| {
        let end = index(end).min(rows.cells.len()).max(start);
        let rest: Vec<&(u32, &[u8])> = rows.cells[start..end]
            .iter()
            .filter(|(column, _)| {
                let judged = table.columns.get(index(*column));
                !judged.is_some_and(|judged| judged.roles.intersects(Roles::COUNT))
            })
            .collect();
        start = end;
        seen.insert(rest)
    })
}

fn has(table: &Table, roles: Roles) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.roles.intersects(roles))
}
