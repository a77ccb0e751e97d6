//! What was found in a block or a file: classes by place, and records. The
//! examiner fills one for each block, the blocks of a file are merged in
//! whatever order they come, and the summary takes the file's.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::facts::{Class, MAX_PLACES};

/// How many different places of one class in a file are told apart when they
/// are counted.
const MAX_DISTINCT: usize = 16_384;

/// Counts of a block or a file. Merging is commutative and associative, and
/// bounded however many columns there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Rows, objects, tuples, messages and documents.
    pub records: u64,
    /// Those about people.
    pub personal_records: u64,
    /// Why some of it could not be judged.
    pub uninspected: Option<Cow<'static, str>>,
    pub(super) classes: BTreeMap<Class, Places>,
}

impl Tally {
    /// Adds what another part of the same file holds.
    pub(crate) fn merge(&mut self, other: Self) {
        self.records = self.records.saturating_add(other.records);
        self.personal_records = self.personal_records.saturating_add(other.personal_records);
        for (class, places) in other.classes {
            self.classes.entry(class).or_default().merge(places);
        }
        if let Some(reason) = other.uninspected {
            self.set_uninspected(reason);
        }
    }

    /// Adds `count` values of a class, in a column or in text without columns.
    pub(crate) fn add(&mut self, class: Class, column: Option<&str>, count: u64) {
        if count == 0 {
            return;
        }
        let mut hasher = DefaultHasher::new();
        column.hash(&mut hasher);
        let mut places = Places {
            count,
            ..Places::default()
        };
        places.named.insert(column.map(str::to_owned), count);
        places.distinct.insert(hasher.finish());
        self.classes.entry(class).or_default().merge(places);
    }

    /// See [`keep_first`].
    pub(crate) fn set_uninspected(&mut self, reason: Cow<'static, str>) {
        keep_first(&mut self.uninspected, reason);
    }
}

/// Of several reasons the first in the order of their letters stays, whatever
/// the order of the blocks.
pub(super) fn keep_first(kept: &mut Option<Cow<'static, str>>, reason: Cow<'static, str>) {
    if kept.as_ref().is_none_or(|known| reason < *known) {
        *kept = Some(reason);
    }
}

/// Where values of one class are, within one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// How many values, everywhere.
    pub(super) count: u64,
    /// The first columns in the order of their labels: a column that is among
    /// the first of all was among the first of every part, so its count is
    /// exact.
    pub(super) named: BTreeMap<Option<String>, u64>,
    /// Hashes of all labels, the smallest [`MAX_DISTINCT`].
    distinct: BTreeSet<u64>,
}

impl Places {
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        for (column, count) in other.named {
            let sum = self.named.entry(column).or_default();
            *sum = sum.saturating_add(count);
        }
        while self.named.len() > MAX_PLACES {
            self.named.pop_last();
        }
        self.distinct.extend(other.distinct);
        while self.distinct.len() > MAX_DISTINCT {
            self.distinct.pop_last();
        }
    }

    /// How many different places there are.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.distinct.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = Tally> {
        let found = prop::collection::vec((0u8..60, 1u64..5), 0..40);
        (found, 0u64..5, prop::option::of(0u8..3)).prop_map(|(found, records, reason)| {
            let mut tally = Tally {
                records,
                ..Tally::default()
            };
            for (column, count) in found {
                tally.add(Class::Email, Some(&format!("c{column}")), count);
                tally.add(Class::Phone, None, count);
            }
            if let Some(reason) = reason {
                tally.set_uninspected(format!("reason {reason}").into());
            }
            tally
        })
    }

    proptest! {
        #[test]
        fn parts_merge_in_any_order(a in part(), b in part(), c in part()) {
            let sum = |parts: [&Tally; 3]| {
                let mut sum = Tally::default();
                parts.into_iter().for_each(|part| sum.merge(part.clone()));
                sum
            };
            let mut late = b.clone();
            late.merge(c.clone());
            let mut grouped = a.clone();
            grouped.merge(late);
            prop_assert_eq!(&sum([&a, &b, &c]), &sum([&c, &a, &b]));
            prop_assert_eq!(&sum([&a, &b, &c]), &grouped);
        }
    }

    #[test]
    fn thousands_of_columns_are_bounded_and_counted() {
        let mut tally = Tally::default();
        for column in 0..40_000 {
            tally.add(Class::Email, Some(&format!("c{column:05}")), 2);
        }
        let places = &tally.classes[&Class::Email];
        assert_eq!(places.count, 80_000);
        assert_eq!(places.named.len(), MAX_PLACES);
        assert_eq!(
            places.named.first_key_value(),
            Some((&Some("c00000".to_owned()), &2))
        );
        assert_eq!(places.len(), 16_384);
    }
}
