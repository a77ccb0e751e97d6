//! Values of the few forms that nearly all values have, told without a branch
//! on each character: eight at a time, and whatever their length.

use super::{LONGEST_ADDRESS, Shape, Shapes, plain_digits};
use crate::inspect::identifier::{category, date, email, postcode};
use crate::inspect::swar::{ONES, TOPS, within};

/// What the value looks like, if it is of such a form; otherwise
/// [`super::other_shapes`] has to look closer. Both agree.
pub(crate) fn plain_shapes(cell: &[u8]) -> Option<Shapes> {
    let Some(packed) = Packed::new(cell) else {
        return date_time(cell).or_else(|| address(cell));
    };
    let full = packed.full();
    let digits = packed.within(b'0', b'9');
    if digits == full {
        let mut found = Shapes::default();
        match cell {
            [] => found.put(Shape::Blank),
            _ => plain_digits(cell, &mut found),
        }
        return Some(found);
    }
    if packed.letters() == full {
        return word(cell);
    }
    if digits.or(packed.equal(b'.')) == full {
        let is_decimal = !digits.is_empty() && packed.equal(b'.').is_single();
        // Ten digits with two places look like more than a number.
        return (is_decimal && cell.len() != 12).then(|| Shapes::of(Shape::Number));
    }
    if let Ok(ten) = <&[u8; 10]>::try_from(cell) {
        let (hyphens, slashes) = (packed.equal(b'-'), packed.equal(b'/'));
        let is_marked = digits.or(hyphens) == full || digits.or(slashes) == full;
        if is_marked && date::birth_date(ten).is_some() {
            return Some(Shapes::of(Shape::Date));
        }
    }
    if let [first, .., inward, _, last] = cell
        && first.is_ascii_alphabetic()
        && inward.is_ascii_digit()
        && last.is_ascii_alphabetic()
    {
        // A valid one has too few digits and letters to be anything else.
        let is_postcode = postcode::postcode(cell).is_some();
        return is_postcode.then(|| Shapes::of(Shape::Postcode));
    }
    match packed.equal(b'@').is_empty() {
        true => None,
        false => address(cell),
    }
}

/// Letters only, and neither a category, a title, nor what stands for nothing.
fn word(cell: &[u8]) -> Option<Shapes> {
    let (&first, &last) = (cell.first()?, cell.last()?);
    let is_special = category::may_be_known(cell)
        || cell.len() <= 4 && (first | 0x20) == b'n'
        || cell.len() == 5 && first == b'X'
        || !last.is_ascii_alphabetic();
    if is_special {
        return None;
    }
    let mut found = Shapes::default();
    found.put_if(
        Shape::SingleName,
        cell.len() > 1 && first.is_ascii_uppercase(),
    );
    Some(found)
}

/// A date of ten characters with a time after it, which nothing else is.
fn date_time(cell: &[u8]) -> Option<Shapes> {
    let (_, time) = cell.split_first_chunk::<10>()?;
    let is_time = matches!(time, [b'T' | b't' | b' ', _, _, b':', _, ..]) && cell.len() <= 30;
    (is_time && date::birth_date(cell).is_some()).then(|| Shapes::of(Shape::Date))
}

/// A value with an `@` that is no longer than an address.
fn address(cell: &[u8]) -> Option<Shapes> {
    let (first, last) = (cell.first()?, cell.last()?);
    let is_trimmed = !first.is_ascii_whitespace() && !last.is_ascii_whitespace();
    if !is_trimmed || cell.len() > LONGEST_ADDRESS || memchr::memchr(b'@', cell).is_none() {
        return None;
    }
    let mut found = Shapes::default();
    found.put_if(Shape::Email, email::is_email(cell));
    Some(found)
}

/// A value of up to sixteen bytes, with zeros after it.
struct Packed {
    low: u64,
    high: u64,
    length: u32,
}

/// The top bit of each byte that is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Marks(u64, u64);

impl Packed {
    /// From two loads that overlap, so that the length decides few branches.
    fn new(cell: &[u8]) -> Option<Self> {
        let length = u32::try_from(cell.len()).ok()?;
        let (low, high) = match length {
            0 => (0, 0),
            1..=3 => {
                let byte = |at: usize| u64::from(cell[at]) << (8 * at);
                (byte(0) | byte(cell.len() / 2) | byte(cell.len() - 1), 0)
            }
            4..=7 => {
                let first = u32::from_le_bytes(*cell.first_chunk()?);
                let last = u32::from_le_bytes(*cell.last_chunk()?);
                (u64::from(first) | u64::from(last) << (8 * length - 32), 0)
            }
            8..=16 => {
                let last = u64::from_le_bytes(*cell.last_chunk()?);
                let high = last.checked_shr(128 - 8 * length).unwrap_or_default();
                (u64::from_le_bytes(*cell.first_chunk()?), high)
            }
            _ => return None,
        };
        Some(Self { low, high, length })
    }

    /// All of its bytes.
    fn full(&self) -> Marks {
        let first = |bytes: u32| TOPS & !u64::MAX.checked_shl(8 * bytes).unwrap_or_default();
        Marks(
            first(self.length.min(8)),
            first(self.length.saturating_sub(8)),
        )
    }

    fn marks(&self, of: impl Fn(u64) -> u64) -> Marks {
        Marks(of(self.low), of(self.high))
    }

    /// Bytes of a range of ASCII without zero.
    fn within(&self, from: u8, to: u8) -> Marks {
        self.marks(|word| within(word, from, to))
    }

    fn letters(&self) -> Marks {
        self.marks(|word| within(word | (ONES * 0x20), b'a', b'z'))
    }

    fn equal(&self, byte: u8) -> Marks {
        self.within(byte, byte)
    }
}

impl Marks {
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0, self.1 | other.1)
    }

    fn is_empty(self) -> bool {
        self.0 | self.1 == 0
    }

    fn is_single(self) -> bool {
        let Self(one, other) = self;
        let single = |marks: u64| marks != 0 && marks & (marks - 1) == 0;
        one == 0 && single(other) || other == 0 && single(one)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::other_shapes;
    use super::*;

    fn agrees(cell: &[u8]) -> Result<(), TestCaseError> {
        if let Some(found) = plain_shapes(cell) {
            prop_assert_eq!(found, other_shapes(cell), "{}", cell.escape_ascii());
        }
        Ok(())
    }

    #[test]
    fn plain_forms_take_no_closer_look() {
        for cell in [
            "",
            "7",
            "12345",
            "9990000018",
            "1.5",
            "1743.25",
            "Smith",
            "ward",
            "1980-02-01",
            "31/12/1980",
            "LS1 4AP",
            "SW1A1AA",
            "jane@example.org",
            "jane.smith@mail.example.com",
            "2024-11-23T08:13:00",
            "31/12/1980 08:13:00",
        ] {
            assert!(plain_shapes(cell.as_bytes()).is_some(), "{cell}");
        }
        for cell in [
            "Mr",
            "Hindu",
            "NULL",
            "n",
            "X1234",
            "E11.9",
            "John Smith",
            "12 ",
        ] {
            assert!(plain_shapes(cell.as_bytes()).is_none(), "{cell}");
        }
    }

    #[test]
    fn every_pair_of_bytes_agrees() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                agrees(&[first, second]).expect("the same shapes");
                agrees(&[first]).expect("the same shapes");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_bytes_agree(cell in prop::collection::vec(any::<u8>(), 0..24)) {
            agrees(&cell)?;
        }

        #[test]
        fn any_forms_agree(cell in "[ ]?(19|20)[0-9]{2}[-/.][01][0-9][-/.][0-3][0-9][ Tt][0-9]{2}:[0-9:.]{1,12}[Zz ]?|[0-9]{2}[-/.][0-9]{2}[-/.][12][0-9]{3} [0-9]{1,2}:[0-9:]{2,6}( ?[AaPp][Mm])?[ x]?|[0-9]{0,20}|[0-9.]{1,14}|[A-Za-z]{1,18}|[0-9]{2}[-/][0-9]{2}[-/][0-9]{4}|[12][0-9]{3}[-/][01][0-9][-/][0-3][0-9]|[A-Z]{1,2}[0-9]{1,2}[A-Z]? ?[0-9][A-Z]{2}|[a-z.]{1,12}@[a-z]{1,8}[.][a-z]{2,4}|[-@. /A-Za-z0-9]{0,40}") {
            agrees(cell.as_bytes())?;
        }

        #[test]
        fn known_words_agree(word in "(?i)null|none|nan|na|hindu|muslim|gay|arab|mrs|revd|reverend|xenon|xabvj|sikh|n[a-z]{0,4}|x[a-z]{4}") {
            agrees(word.as_bytes())?;
        }
    }
}
