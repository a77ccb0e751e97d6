//! Whether a column of ten-digit numbers holds NHS numbers, or passes their
//! check by chance or by kinship.
//!
//! One random number in eleven passes. An ISBN-10 passes whenever its check
//! character is a digit: both weigh the digits by 10, 9, … 2 modulo 11 (NHS
//! Data Model and Dictionary, "NHS number"; ISO 2108:1992). Two things tell
//! them apart: one ISBN in eleven ends in X, and most begin with digits with
//! which no NHS number is issued.

use super::{Signs, Stats, is_share};
use crate::inspect::identifier::{Token, tokens};

/// What a column of numbers is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has NHS numbers.
    Nhs,
    /// Too few to say: those that pass count in the upper bound only.
    Perhaps,
    /// It has none, or none that pass but by chance.
    No,
}

/// From so many values on the share alone decides, and values that do not
/// reach it count as nothing.
const MANY: u64 = 30;
/// Fewer values than this are never judged to be NHS numbers.
pub(crate) const FEW: u64 = 10;
/// What passes for chance.
const CHANCE: f64 = 0.001;
/// The same for a few numbers that have no column of their own.
const POOL_CHANCE: f64 = 0.01;

/// What the numbers of a column, or of a pool of them, show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Values, of which a cell with several numbers holds several.
    pub(crate) values: u64,
    /// Of ten digits.
    pub(crate) ten: u64,
    /// Of these, those that pass the check of NHS numbers.
    pub(crate) valid: u64,
    /// Of these, those in the ranges that are issued.
    pub(crate) issued: u64,
    /// ISBN-10 that end in X.
    pub(crate) isbn_x: u64,
}

impl Evidence {
    fn of(stats: &Stats, signs: &Signs) -> Self {
        Self {
            values: stats.values() + stats.tokens - stats.token_cells,
            ten: stats.ten_digits(),
            valid: stats.valid_numbers(),
            issued: signs.issued,
            isbn_x: signs.isbn_x,
        }
    }

    /// One more ten-digit number, as the only value that it stands in.
    pub(crate) fn add(&mut self, text: &[u8], token: &Token) {
        self.values += 1;
        self.ten += u64::from(!token.isbn_x);
        self.valid += u64::from(token.valid);
        self.issued += u64::from(is_issued_token(text, token));
        self.isbn_x += u64::from(token.isbn_x);
    }

    /// Whether the share of valid numbers is one that chance does not explain;
    /// what it is not, [`Evidence::verdict`] says.
    pub(crate) fn stands_out(&self, percent: u64) -> bool {
        self.values >= FEW
            && is_share(self.valid, self.values, percent)
            && (self.values >= MANY || tail(self.values, self.valid, 1.0 / 11.0) < CHANCE)
    }

    /// `percent` is the share of valid numbers that is asked for: more where
    /// the header says that they are something else.
    pub(crate) fn verdict(&self, percent: u64) -> Verdict {
        if self.stands_out(percent) && !self.may_be_isbn() {
            Verdict::Nhs
        } else if self.values < MANY && self.valid > 0 && self.valid * 11 >= self.values {
            Verdict::Perhaps
        } else {
            Verdict::No
        }
    }

    /// The verdict about numbers without a column of their own, which may be
    /// anything: a few count as perhaps only if that is no chance either.
    pub(crate) fn verdict_of_pool(&self) -> Verdict {
        match self.verdict(30) {
            Verdict::Perhaps
                if !is_share(self.issued, self.valid, 75)
                    || tail(self.values, self.valid, 1.0 / 11.0) >= POOL_CHANCE =>
            {
                Verdict::No
            }
            verdict => verdict,
        }
    }

    /// Nearly all ten-digit values of a column of ISBN-10 pass. NHS numbers
    /// then show by the ranges they are issued from, which two random numbers
    /// in five happen to be in, and by the absence of X.
    fn may_be_isbn(&self) -> bool {
        if !is_share(self.valid, self.ten, 80) {
            return false;
        }
        let issued = self.issued.min(self.valid);
        is_share(self.isbn_x, self.values, 3)
            || !is_share(issued, self.valid, 75)
            || self.valid < 2 * MANY && tail(self.valid, issued, 0.4) >= CHANCE
    }
}

/// As [`Evidence::stands_out`].
pub(super) fn stands_out(stats: &Stats, percent: u64) -> bool {
    Evidence::of(stats, &Signs::default()).stands_out(percent)
}

/// As [`Evidence::verdict`].
pub(super) fn judge(stats: &Stats, signs: &Signs, percent: u64) -> Verdict {
    Evidence::of(stats, signs).verdict(percent)
}

/// The chance of at least `least` hits in `tries`, each with the chance `p`.
fn tail(tries: u64, least: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    let mut term = (0..tries).fold(1.0, |product, _| product * (1.0 - p));
    let mut sum = 0.0;
    for hits in 0..=tries {
        if hits >= least {
            sum += term;
        }
        let (left, done) = (small(tries - hits), small(hits + 1));
        term *= odds * left / done;
    }
    sum
}

fn small(n: u64) -> f64 {
    f64::from(u32::try_from(n).expect("only small columns are left to chance"))
}

/// Whether a valid number lies in a range from which NHS numbers are issued:
/// 4, 6 and 7 in England, Wales and the Isle of Man, 32 to 39 in Northern
/// Ireland, 999 for tests. Scotland's begin with a date of birth and are known
/// by that.
pub(super) fn is_issued(value: &[u8]) -> bool {
    match value {
        [b'4' | b'6' | b'7', ..] | [b'9', b'9', b'9', ..] => true,
        [b'3', second, ..] => (b'2'..=b'9').contains(second),
        _ => false,
    }
}

/// The same of a number in a text.
pub(super) fn is_issued_token(text: &[u8], token: &Token) -> bool {
    token.valid && (token.dated || is_issued(text.get(token.at.clone()).unwrap_or_default()))
}

/// Ten characters without marks that are an ISBN-10 with the check character X.
pub(super) fn is_isbn_with_x(value: &[u8]) -> bool {
    let mut found = false;
    if value.len() == 10 && matches!(value, [.., b'X' | b'x']) {
        tokens(value, &mut |token| found |= token.isbn_x);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::columns::Mask;
    use crate::inspect::identifier::Shape;

    fn column(valid: u64, ten: u64, other: u64, issued: u64) -> (Stats, Signs) {
        let mut stats = Stats::default();
        let ten_digits = Mask::of(Shape::TenDigits);
        for _ in 0..valid {
            stats.add_run(ten_digits.union(Mask::of(Shape::NhsNumber)), 1);
        }
        (valid..ten).for_each(|_| stats.add_run(ten_digits, 1));
        (0..other).for_each(|_| stats.add_run(Mask::NONE, 1));
        let signs = Signs {
            issued,
            ..Signs::default()
        };
        (stats, signs)
    }

    fn verdict(valid: u64, ten: u64, other: u64, issued: u64, percent: u64) -> Verdict {
        let (stats, signs) = column(valid, ten, other, issued);
        judge(&stats, &signs, percent)
    }

    #[test]
    fn the_tail_is_the_binomials() {
        // 1 - (10/11)^10, and (1/11)^3.
        assert!((tail(10, 1, 1.0 / 11.0) - 0.614_457).abs() < 1e-6);
        assert!((tail(3, 3, 1.0 / 11.0) - 0.000_751_3).abs() < 1e-6);
        assert!((tail(20, 0, 0.4) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn many_valid_numbers_are_nhs_numbers() {
        assert_eq!(verdict(10, 10, 0, 10, 30), Verdict::Nhs);
        assert_eq!(verdict(300, 1_000, 0, 300, 30), Verdict::Nhs);
        assert_eq!(verdict(30, 30, 70, 30, 30), Verdict::Nhs);
        assert_eq!(verdict(6, 10, 0, 6, 30), Verdict::Nhs);
    }

    #[test]
    fn chance_is_not_enough() {
        assert_eq!(verdict(299, 1_000, 0, 299, 30), Verdict::No);
        assert_eq!(verdict(91, 1_000, 0, 40, 30), Verdict::No);
        assert_eq!(verdict(5, 10, 0, 5, 30), Verdict::Perhaps);
        assert_eq!(verdict(1, 9, 0, 0, 30), Verdict::Perhaps);
        assert_eq!(verdict(1, 12, 0, 0, 30), Verdict::No);
        assert_eq!(verdict(0, 5, 0, 0, 30), Verdict::No);
    }

    #[test]
    fn a_header_that_says_otherwise_raises_the_bar() {
        assert_eq!(verdict(80, 100, 0, 80, 90), Verdict::No);
        assert_eq!(verdict(95, 100, 0, 95, 90), Verdict::Nhs);
    }

    #[test]
    fn isbn_are_told_by_prefix_and_x() {
        assert_eq!(verdict(100, 100, 0, 12, 30), Verdict::No);
        assert_eq!(verdict(10, 10, 0, 7, 30), Verdict::Perhaps);
        let (stats, mut signs) = column(91, 91, 9, 91);
        assert_eq!(judge(&stats, &signs, 30), Verdict::Nhs);
        signs.isbn_x = 9;
        assert_eq!(judge(&stats, &signs, 30), Verdict::No);
    }

    #[test]
    fn x_is_checked() {
        // 0-8044-2957-X is the example of ISO 2108.
        assert!(is_isbn_with_x(b"080442957X"));
        assert!(!is_isbn_with_x(b"080442958X"));
        assert!(!is_isbn_with_x(b"0804429570"));
        assert!(!is_isbn_with_x(b"X"));
        assert!(!is_isbn_with_x(b""));
    }
}
