//! Packages in one file: everything that a header of a tar can say and a package
//! must not, written byte by byte.
//!
//! The members in these archives are a genuine package's; whatever a reader takes
//! from such a file besides is the attacker's.

mod added;
mod bytes;
mod headers;
mod item;

use crate::forge::Workshop;
use crate::runner::Case;
pub(crate) use item::{Item, archive, items};

const BLOCK: usize = 512;
/// Where fields of a header are.
const NAME: usize = 0;
const SIZE: usize = 124;
const SUM: usize = 148;
const KIND: usize = 156;
const LINK: usize = 157;
const MAGIC: usize = 257;
const PREFIX: usize = 345;

fn good(workshop: &Workshop) -> Vec<u8> {
    archive(&items(&workshop.genuine("plain")))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = bytes::bytes();
    cases.extend(headers::headers());
    cases.extend(added::added());
    cases
}
