//! What a value, a column's name or a piece of text gives away: one module for
//! each family of identifier, structural checks only.
//!
//! Stands between the readers of content (cells, keys, text) and the census
//! that counts people. Nothing here remembers a value: callers get classes,
//! places and the keys they count by. [`shapes`] looks at one value,
//! [`role`] at a column's name, [`TextScanner`] at free text.

use std::ops::Range;

use crate::inspect::facts::Class;

mod bank;
mod card;
mod category;
mod clinical;
mod date;
mod email;
mod forename;
mod grouped;
mod header;
mod iban;
mod ip;
pub(crate) mod line;
mod name;
mod nhs;
mod nino;
mod phone;
mod postcode;
mod private_key;
mod shape;
mod text;
mod tokens;

pub(crate) use date::birth_date;
pub(crate) use email::unescaped;
pub(crate) use forename::is_forename;
pub(crate) use grouped::plain_separators;
pub(crate) use header::{Link, Role, Wording, is_of_another, link, role, wording};
pub(crate) use name::name_key;
pub(crate) use nhs::{nhs_number, without_spreadsheet_marks};
pub(crate) use nino::nino;
pub(crate) use postcode::postcode;
pub(crate) use private_key::private_key;
pub(crate) use shape::{Shape, Shapes, other_shapes, plain_shapes, shapes};
pub(crate) use text::TextScanner;
pub(crate) use tokens::{Token, token_at, tokens};

/// An identifier found in free text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// What it is.
    pub(crate) class: Class,
    /// Where it stands in the text.
    pub(crate) at: Range<usize>,
    /// What people are counted by, if this family counts people.
    pub(crate) key: Key,
}

/// A value in the one form that all its written forms share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// This family counts no people.
    None,
    /// A valid NHS number.
    NhsNumber(u64),
    /// A National Insurance number, as [`nino`] gives it.
    Nino([u8; 9]),
    /// An e-mail address or a telephone number, normalised and then hashed
    /// with the caller's hasher.
    Hash(u64),
}
