//! Inventories that lie: the encrypted list that governs what a reader writes, by a
//! sender who is trusted and signs what no honest program would.

mod entries;
mod headers;
mod paths;
mod places;
mod texts;

use crate::forge::Draft;
use crate::runner::{Case, INSIDE};

const FIELDS: &str = "the fields contradict each other";
const FOREIGN: &str = "the inventory belongs to another package, or to one by another signer";
const SUMS: &str = "the inventory does not add up";
const ORDER: &str = "the path is out of order, or lies in no folder of the package";
const PLACE: &str = "the entry does not follow the one before it in the volumes";
const CANONICAL: &str = "it is not in its canonical form";
const COUNT: &str = "the inventory does not have as many lines as it says";
const COMPONENT: &str = "it has an empty, '.' or '..' component";

type Edit = fn(&mut Draft);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let tables = [
        headers::headers(),
        paths::paths(),
        entries::entries(),
        places::places(),
    ];
    for (what, why, words, edit) in tables.into_iter().flatten() {
        cases.push(Case::new(
            format!("inventory {what}"),
            why,
            INSIDE,
            4,
            words,
            move |workshop, _| workshop.inner(edit),
        ));
    }
    cases.extend(texts::texts());
    cases
}

/// What it is, why it is refused, what is said, and how it is made.
type Row = (&'static str, &'static str, &'static str, Edit);
