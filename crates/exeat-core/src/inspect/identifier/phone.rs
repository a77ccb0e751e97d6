//! Telephone numbers: those of the United Kingdom in every common written
//! form, and international ones that say so with a plus.
//!
//! Lengths and first digits are those of Ofcom's National Telephone Numbering
//! Plan; country codes those of ITU-T E.164. Numbers of Ofcom's "Telephone
//! numbers for use in TV and radio drama" count like any other.

use super::grouped::{self, Join};

/// A number read from text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Phone {
    /// Where it starts: at the plus or the bracket, if there is one.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    digits: [u8; MOST + 2],
    length: usize,
}

impl Phone {
    /// Country code and number, in ASCII digits: the same for every written
    /// form.
    pub(super) fn normalised(&self) -> &[u8] {
        &self.digits[..self.length]
    }
}

/// E.164 allows 15 digits; a national 0 or an international 00 may come on top.
const MOST: usize = 17;

/// Whether the whole cell is a telephone number.
pub(super) fn is_phone(cell: &[u8]) -> bool {
    let Some(first) = cell.iter().take(4).position(u8::is_ascii_digit) else {
        return false;
    };
    if first == 0
        && let Some(known) = simple(cell)
    {
        return known;
    }
    match read(cell, first, false) {
        Some(phone) => phone.start == 0 && phone.end == cell.len(),
        // Without its plus: +44 7… as 447….
        None => {
            cell.len() == 12
                && cell.starts_with(b"44")
                && cell.iter().all(u8::is_ascii_digit)
                && is_british(&cell[2..])
        }
    }
}

/// The form that most cells have: a national number in one run, or with one
/// blank after its area code. `None` if the cell has another form.
fn simple(cell: &[u8]) -> Option<bool> {
    let mut digits = [0; 11];
    let mut count = 0;
    let mut blank = 0;
    for (place, &byte) in cell.iter().enumerate() {
        if byte.is_ascii_digit() {
            *digits.get_mut(count)? = byte;
            count += 1;
        } else if byte == b' ' && blank == 0 {
            blank = place;
        } else {
            return None;
        }
    }
    let simple = count == 11
        && digits[0] == b'0'
        && digits[1] != b'0'
        && (blank == 0 || (3..=7).contains(&blank));
    simple.then(|| is_british(&digits[1..]))
}

/// Reads the number whose first digit is at `at`. Where `told`, the words
/// before it say that it is a telephone number, and any grouping will do.
pub(super) fn read(text: &[u8], at: usize, told: bool) -> Option<Phone> {
    let before = |at: usize| {
        at.checked_sub(1)
            .and_then(|before| text.get(before))
            .copied()
    };
    let mut start = at;
    let mut plus = false;
    let mut bracket = false;
    while let Some(mark @ (b'+' | b'(')) = before(start) {
        let seen = if mark == b'+' {
            &mut plus
        } else {
            &mut bracket
        };
        if *seen {
            break;
        }
        *seen = true;
        start -= 1;
    }
    if before(start).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
    {
        return None;
    }
    let first = *text.get(at)?;
    if !plus && first != b'0' && !told {
        return None;
    }
    let reading = Reading::of(text, at, plus);
    let (digits, end) = reading.number(plus, told)?;
    // +255959.999 is a number with a fraction.
    if plus && reading.groups == 2 && text[at..end].contains(&b'.') {
        return None;
    }
    let mut phone = Phone {
        start,
        end,
        digits: [0; MOST + 2],
        length: 0,
    };
    let (country, rest): (&[u8], &[u8]) = match digits {
        _ if plus => (b"", digits),
        [b'0', b'0', rest @ ..] => (b"", rest),
        [b'0', rest @ ..] => (b"44", rest),
        _ => (b"", digits),
    };
    phone.length = country.len() + rest.len();
    phone.digits[..country.len()].copy_from_slice(country);
    phone.digits[country.len()..phone.length].copy_from_slice(rest);
    Some(phone)
}

/// The digits from one place on, and where they could end.
struct Reading {
    digits: [u8; MOST],
    /// For each group: how many digits there are at its end, and the end.
    stops: [(usize, usize); 9],
    groups: usize,
    /// Whether letters or more digits go on after the last group.
    runs_on: bool,
}

impl Reading {
    fn of(text: &[u8], at: usize, plus: bool) -> Self {
        let mut reading = Self {
            digits: [0; MOST],
            stops: [(0, 0); 9],
            groups: 0,
            runs_on: false,
        };
        let mut total = 0;
        let mut place = at;
        while reading.groups < reading.stops.len() {
            let group = place;
            while let Some(digit) = text.get(place).filter(|byte| byte.is_ascii_digit()) {
                if total == MOST {
                    reading.runs_on = true;
                    return reading;
                }
                reading.digits[total] = *digit;
                total += 1;
                place += 1;
            }
            if place == group {
                break;
            }
            if text
                .get(place)
                .is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'@')
            {
                reading.runs_on = true;
                return reading;
            }
            reading.stops[reading.groups] = (total, place);
            reading.groups += 1;
            let digits = &reading.digits[..total];
            let abroad = plus || digits.starts_with(b"00");
            let Some(next) = between(text, place, abroad) else {
                break;
            };
            place = next;
        }
        reading
    }

    /// The longest number that ends where a group does.
    fn number(&self, plus: bool, told: bool) -> Option<(&[u8], usize)> {
        let stops = &self.stops[..self.groups];
        let whole = self.groups == 1;
        for &(total, end) in stops.iter().rev() {
            let last = end == stops[stops.len() - 1].1;
            if last && self.runs_on {
                continue;
            }
            let digits = &self.digits[..total];
            let first_group = stops[0].0;
            let good = match digits {
                _ if plus => is_international(digits),
                [b'0', b'0', rest @ ..] => {
                    (rest.starts_with(b"44") || told || !whole && first_group <= 5)
                        && is_international(rest)
                }
                [b'0', rest @ ..] => {
                    is_british(rest)
                        && (told || rest.len() == 10 || !whole)
                        && (whole || told || (3..=7).contains(&first_group))
                }
                _ => told && (if whole { 10..=13 } else { 7..=15 }).contains(&total),
            };
            if good {
                return Some((digits, end));
            }
        }
        None
    }
}

/// Passes over what may stand between two groups: a blank, a hyphen, a dot or
/// a slash, brackets, and the national 0 that is not dialled from abroad.
/// Returns where the next group starts.
fn between(text: &[u8], at: usize, abroad: bool) -> Option<usize> {
    let mut place = at;
    if text.get(place) == Some(&b')') {
        place += 1;
    }
    if let Some((width, join)) = grouped::separator(text, place)
        && join != Join::Line
    {
        place += width;
    }
    if abroad && text[place.min(text.len())..].starts_with(b"(0)") {
        place += 3;
        if let Some((width, Join::Blank | Join::Hyphen)) = grouped::separator(text, place) {
            place += width;
        }
    } else if text.get(place) == Some(&b'(') {
        place += 1;
    }
    (place > at && text.get(place)?.is_ascii_digit()).then_some(place)
}

/// A national number of the United Kingdom without its leading 0.
fn is_british(number: &[u8]) -> bool {
    match number {
        [b'1', b'1'..=b'9', ..] | [b'8', b'0', b'0', ..] => matches!(number.len(), 9 | 10),
        [b'2', b'0' | b'3' | b'4' | b'8' | b'9', ..]
        | [b'3', b'0' | b'3' | b'4' | b'7', ..]
        | [b'5', b'5' | b'6', ..]
        | [b'7', ..]
        | [b'8', b'0' | b'4' | b'7', ..] => number.len() == 10,
        _ => false,
    }
}

/// Country code and number (ITU-T E.164, list of assigned country codes).
fn is_international(digits: &[u8]) -> bool {
    match digits {
        [b'4', b'4', b'0', rest @ ..] | [b'4', b'4', rest @ ..] => is_british(rest),
        [b'1', area, ..] => digits.len() == 11 && *area >= b'2',
        [b'7', ..] => digits.len() == 11,
        [first, second, ..] => {
            let code = (first & 0x0F) * 10 + (second & 0x0F);
            let assigned = matches!(
                code,
                20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86
                    | 90..=95 | 98
                    | 21..=26 | 29 | 35 | 37 | 38 | 42 | 50 | 59 | 67..=69 | 80 | 85 | 87 | 88 | 96
                    | 97 | 99
            );
            assigned && (8..=15).contains(&digits.len())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_forms_of_drama_numbers() {
        // Ofcom, "Telephone numbers for use in TV and radio drama programmes".
        for (number, normalised) in [
            ("01632 960001", "441632960001"),
            ("01632960001", "441632960001"),
            ("(01632) 960001", "441632960001"),
            ("(01632) 960 001", "441632960001"),
            ("01632-960-001", "441632960001"),
            ("01632.960.001", "441632960001"),
            ("07700 900123", "447700900123"),
            ("07700900123", "447700900123"),
            ("07700 900 123", "447700900123"),
            ("077 0090 0123", "447700900123"),
            ("+44 7700 900123", "447700900123"),
            ("+447700900123", "447700900123"),
            ("+44 (0)7700 900123", "447700900123"),
            ("+44 (0) 7700 900 123", "447700900123"),
            ("+44(0)7700900123", "447700900123"),
            ("(+44) 7700 900123", "447700900123"),
            ("+44-7700-900-123", "447700900123"),
            ("0044 7700 900123", "447700900123"),
            ("00447700900123", "447700900123"),
            ("020 7946 0958", "442079460958"),
            ("0207 946 0958", "442079460958"),
            ("(020) 7946 0958", "442079460958"),
            ("0161 496 0000", "441614960000"),
            ("0808 157 0123", "448081570123"),
            ("03069 990123", "443069990123"),
            ("07700\u{a0}900123", "447700900123"),
            ("0800 123456", "44800123456"),
            // Other countries' numbers for fiction: NANP 555-0100 to 0199;
            // ARCEP's 01 99 00; ACMA's 5550.
            ("+1 212 555 0123", "12125550123"),
            ("+1 (212) 555-0123", "12125550123"),
            ("+33 1 99 00 12 34", "33199001234"),
            ("+61 2 5550 1234", "61255501234"),
            ("+353 20 911 1234", "353209111234"),
        ] {
            assert!(is_phone(number.as_bytes()), "{number}");
            let first = number
                .bytes()
                .position(|byte| byte.is_ascii_digit())
                .expect("has digits");
            let phone = read(number.as_bytes(), first, false).expect("is a number");
            assert_eq!(phone.normalised(), normalised.as_bytes(), "{number}");
        }
        assert!(is_phone(b"447700900123"));
    }

    #[test]
    fn other_numbers() {
        for text in [
            "9434765919",
            "943 476 5919",
            "0306406152", // ISBN-10.
            "0123456789",
            "2024-01-15",
            "01-02-2024",
            "01.02.2024",
            "0123 4567 8901 2345",
            "00000000000",
            "0000000000",
            "1700000000",
            "4929 1234 5678 9012",
            "+0100",
            "+12",
            "12345678901",
            "",
            "+",
            "()",
            "0 1 6 3 2 9 6 0 0 0 1",
            "+255959.999",
            "009999-03-14",
            "01234567 89",
        ] {
            assert!(!is_phone(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_follows_is_left_out() {
        for (text, end) in [
            ("07700 900123 12/03/2024", 12),
            ("0161 496 0000 24 hours", 13),
            ("020 7946 0958.", 13),
            ("07700 900123\n07700 900124", 12),
        ] {
            assert_eq!(
                read(text.as_bytes(), 0, false).map(|phone| phone.end),
                Some(end),
                "{text}"
            );
        }
        assert_eq!(read(b"07700900123@example.com", 0, false), None);
        assert_eq!(read(b"07700900123abc", 0, false), None);
        assert_eq!(read(b"x07700900123", 1, false), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in "[0-9+() .x-]{0,40}", at in 0_usize..50) {
            let _ = read(bytes.as_bytes(), at, true);
            let _ = is_phone(bytes.as_bytes());
        }

        #[test]
        fn drama_mobiles_in_any_form(last in 0_u32..1000, form in 0_usize..6) {
            let plain = format!("07700900{last:03}");
            let form = match form {
                0 => plain.clone(),
                1 => format!("{} {}", &plain[..5], &plain[5..]),
                2 => format!("+44 {} {}", &plain[1..5], &plain[5..]),
                3 => format!("+44{}", &plain[1..]),
                4 => format!("+44 (0){} {}", &plain[1..5], &plain[5..]),
                _ => format!("0044 {} {}", &plain[1..5], &plain[5..]),
            };
            prop_assert!(is_phone(form.as_bytes()));
        }
    }
}
