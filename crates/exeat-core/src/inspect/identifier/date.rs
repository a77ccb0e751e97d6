//! Dates as people and systems write them.

use std::ops::RangeInclusive;

/// Years in which somebody alive, or born in this century, can be born.
const BIRTH_YEARS: RangeInclusive<u32> = 1900..=2099;
/// Two digits up to this one belong to this century.
const LAST_SHORT_YEAR: u32 = 29;

/// The day as year × 10,000 + month × 100 + day, the same for every written
/// form. A time of day after it is passed over.
pub(crate) fn birth_date(cell: &[u8]) -> Option<u32> {
    let cell = cell.trim_ascii();
    if let Some((date, time)) = cell.split_first_chunk::<10>()
        && matches!(time, [] | [b'T' | b't' | b' ', ..])
        && let Some(known) = fixed_width(date)
    {
        return known.filter(|_| is_time(time));
    }
    let (date, end) = read(cell, 0)?;
    is_time(&cell[end..]).then_some(date)
}

/// The two forms that nearly all exports use, 1980-12-31 and 31/12/1980, read
/// by place; `None` if the cell has neither.
fn fixed_width(cell: &[u8; 10]) -> Option<Option<u32>> {
    let digit = |at: usize| cell[at].wrapping_sub(b'0');
    let two = |at: usize| u32::from(digit(at)) * 10 + u32::from(digit(at + 1));
    let all = |places: [usize; 8]| places.into_iter().all(|at| digit(at) < 10);
    if cell[4] == b'-' && cell[7] == b'-' && all([0, 1, 2, 3, 5, 6, 8, 9]) {
        return Some(date(two(0) * 100 + two(2), two(5), two(8)));
    }
    if cell[2] == cell[5] && matches!(cell[2], b'/' | b'-' | b'.') && all([0, 1, 3, 4, 6, 7, 8, 9])
    {
        let (first, second, year) = (two(0), two(3), two(6) * 100 + two(8));
        return Some(date(year, second, first).or_else(|| date(year, first, second)));
    }
    None
}

/// Reads a date at `at`, and returns it with its end.
pub(super) fn read(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let (first, width, place) = number(text, at)?;
    if width == 0 {
        return month_first(text, at);
    }
    match width {
        // 1980-12-31, 1980/12/31, 1980.12.31, 1980 12 31.
        4 => {
            let (mark, place) = mark(text, place)?;
            if let Some((month, after)) = month_name(text, place) {
                let (day, _, end) = part(text, over_mark(text, after), 1..=2)?;
                return Some((date(first, month, day)?, boundary(text, end)?));
            }
            let (month, _, place) = part(text, place, 1..=2)?;
            let place = same_mark(text, place, mark)?;
            let (day, _, end) = part(text, place, 1..=2)?;
            Some((date(first, month, day)?, boundary(text, end)?))
        }
        // 19801231 and 31121980.
        8 => {
            let end = boundary(text, place)?;
            let date = date(first / 10_000, first / 100 % 100, first % 100)
                .or_else(|| date(first % 10_000, first / 10_000 % 100, first / 1_000_000));
            Some((date?, end))
        }
        1 | 2 => {
            let place = ordinal(text, place, first);
            if let Some((month, after)) = month_name(text, over_mark(text, place)) {
                let (year, width, end) = part(text, over_mark(text, after), 2..=4)?;
                return Some((
                    date(full_year(year, width)?, month, first)?,
                    boundary(text, end)?,
                ));
            }
            let (mark, place) = mark(text, place)?;
            let (second, _, place) = part(text, place, 1..=2)?;
            let place = same_mark(text, place, mark)?;
            let (year, width, end) = part(text, place, 2..=4)?;
            let year = full_year(year, width)?;
            // Day first, as in Britain; where that is no date, month first.
            let date = date(year, second, first).or_else(|| date(year, first, second))?;
            Some((date, boundary(text, end)?))
        }
        _ => None,
    }
}

/// January 31, 1980.
fn month_first(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let (month, place) = month_name(text, at)?;
    let (day, _, place) = part(text, over_mark(text, place), 1..=2)?;
    let place = over_mark(text, ordinal(text, place, day));
    let (year, 4, end) = part(text, place, 4..=4)? else {
        return None;
    };
    Some((date(year, month, day)?, boundary(text, end)?))
}

fn date(year: u32, month: u32, day: u32) -> Option<u32> {
    // Looked up, as which month it is no processor foresees.
    const LONGEST: [u32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    // Of the years in question only 1900 is divisible by four and no leap year.
    let leap = year.is_multiple_of(4) & (year != 1900) & (month == 2);
    let month_index = usize::try_from(month).ok()?;
    let longest = LONGEST.get(month_index)? + u32::from(leap);
    let good = BIRTH_YEARS.contains(&year) & (day >= 1) & (day <= longest);
    good.then_some(year * 10_000 + month * 100 + day)
}

fn full_year(year: u32, width: usize) -> Option<u32> {
    match width {
        4 => Some(year),
        2 if year <= LAST_SHORT_YEAR => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// Up to eight digits: their value, how many they are, and what follows. More
/// than eight are no number of use.
fn number(text: &[u8], at: usize) -> Option<(u32, usize, usize)> {
    let mut value = 0;
    let mut place = at;
    while let Some(digit) = text.get(place).filter(|byte| byte.is_ascii_digit()) {
        if place - at == 8 {
            return None;
        }
        value = value * 10 + u32::from(digit - b'0');
        place += 1;
    }
    Some((value, place - at, place))
}

fn part(text: &[u8], at: usize, widths: RangeInclusive<usize>) -> Option<(u32, usize, usize)> {
    number(text, at).filter(|(_, width, _)| widths.contains(width))
}

fn mark(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let mark = *text.get(at)?;
    matches!(mark, b'-' | b'/' | b'.' | b' ').then_some((mark, at + 1))
}

fn same_mark(text: &[u8], at: usize, mark: u8) -> Option<usize> {
    (*text.get(at)? == mark).then_some(at + 1)
}

/// Up to two marks: `31 Jan 1980`, `31-Jan-1980`, `Jan 31, 1980`.
fn over_mark(text: &[u8], at: usize) -> usize {
    text.get(at..)
        .unwrap_or_default()
        .iter()
        .take(2)
        .take_while(|byte| matches!(byte, b'-' | b'/' | b'.' | b' ' | b','))
        .count()
        + at
}

/// Passes over the st, nd, rd or th of a day, and an `of`.
fn ordinal(text: &[u8], at: usize, day: u32) -> usize {
    let ending: &[u8] = match day {
        1 | 21 | 31 => b"st",
        2 | 22 => b"nd",
        3 | 23 => b"rd",
        _ => b"th",
    };
    let mut place = at;
    if text
        .get(place..place + 2)
        .is_some_and(|word| word.eq_ignore_ascii_case(ending))
    {
        place += 2;
    }
    if text
        .get(place..place + 4)
        .is_some_and(|word| word.eq_ignore_ascii_case(b" of "))
    {
        place += 3;
    }
    place
}

/// A month's English name, or its first three letters (and `Sept`).
fn month_name(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let rest = text.get(at..)?;
    let (first, after) = rest.split_first_chunk::<3>()?;
    // Which month it can only be; hardly any word gets further than this.
    let (month, name): (u32, &[u8]) = match &first.map(|byte| byte | 0x20) {
        b"jan" => (1, b"january"),
        b"feb" => (2, b"february"),
        b"mar" => (3, b"march"),
        b"apr" => (4, b"april"),
        b"may" => (5, b"may"),
        b"jun" => (6, b"june"),
        b"jul" => (7, b"july"),
        b"aug" => (8, b"august"),
        b"sep" => (9, b"september"),
        b"oct" => (10, b"october"),
        b"nov" => (11, b"november"),
        b"dec" => (12, b"december"),
        _ => return None,
    };
    let letters = after
        .iter()
        .take(7)
        .take_while(|byte| byte.is_ascii_alphabetic());
    let width = first.len() + letters.count();
    let is_usual = width == 3 || width == name.len() || (month, width) == (9, 4);
    let is_it = is_usual && rest[..width].eq_ignore_ascii_case(&name[..width]);
    is_it.then_some((month, at + width))
}

/// `end`, if the date does not go on: `1980-01-02T…` does not, `1980-01-021`
/// does.
fn boundary(text: &[u8], end: usize) -> Option<usize> {
    let runs_on = match text.get(end) {
        Some(b'T' | b't') => !text.get(end + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => true,
        Some(b'-' | b'/' | b'.') => text.get(end + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    (!runs_on).then_some(end)
}

/// Nothing, or a time: `T00:00:00Z`, ` 00:00`, ` 12:00 AM`, `+00:00`.
fn is_time(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b'T' | b't' | b' ', digit, ..] if digit.is_ascii_digit() => rest[1..].iter().all(|byte| {
            matches!(
                byte,
                b'0'..=b'9'
                    | b':'
                    | b'.'
                    | b','
                    | b'+'
                    | b'-'
                    | b'z'
                    | b'Z'
                    | b' '
                    | b'A'
                    | b'P'
                    | b'M'
                    | b'a'
                    | b'p'
                    | b'm'
            )
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_forms() {
        for form in [
            "1980-02-01",
            "1980/02/01",
            "1980.02.01",
            "1980 02 01",
            "1980-2-1",
            "19800201",
            "01021980",
            "01/02/1980",
            "1/2/1980",
            "01-02-1980",
            "01.02.1980",
            "01 02 1980",
            "01/02/80",
            "1 Feb 1980",
            "1 February 1980",
            "1st February 1980",
            "1st of February, 1980",
            "01-Feb-1980",
            "01-FEB-80",
            "01Feb1980",
            "Feb 1, 1980",
            "February 1st, 1980",
            "1980-Feb-01",
            "1980-02-01T00:00:00",
            "1980-02-01T00:00:00.000Z",
            "1980-02-01T00:00:00+00:00",
            "1980-02-01 00:00:00",
            "01/02/1980 00:00",
            "2/1/1980 12:00:00 AM",
        ] {
            let expected = if form.starts_with("2/1") {
                19_800_102
            } else {
                19_800_201
            };
            assert_eq!(birth_date(form.as_bytes()), Some(expected), "{form}");
        }
        assert_eq!(birth_date(b"12/31/1980"), Some(19_801_231));
        assert_eq!(birth_date(b"29/02/2000"), Some(20_000_229));
        assert_eq!(birth_date(b"4 Sept 2001"), Some(20_010_904));
    }

    #[test]
    fn no_dates() {
        for form in [
            "",
            "1980",
            "1980-02",
            "30/02/1980",
            "29/02/1900",
            "1980-13-01",
            "01/02/1880",
            "2101-01-01",
            "1980-02/01",
            "19801301",
            "123456789",
            "1.2.3",
            "12:30",
            "1980-02-01x",
            "1980-02-011",
            "May",
            "1 Foo 1980",
            "192.0.2.1",
        ] {
            assert_eq!(birth_date(form.as_bytes()), None, "{form}");
        }
    }

    proptest! {
        #[test]
        fn every_day_in_every_form(year in 1930_u32..2030, month in 1_u32..13, day in 1_u32..29, form in 0..7) {
            let text = match form {
                0 => format!("{year:04}-{month:02}-{day:02}"),
                1 => format!("{day:02}/{month:02}/{year:04}"),
                2 => format!("{day}.{month}.{year:04}"),
                3 => format!("{year:04}{month:02}{day:02}"),
                4 => format!("{year:04}/{month}/{day}"),
                5 => format!("{day:02}-{month:02}-{:02}", year % 100),
                _ => format!("{year:04}-{month:02}-{day:02}T12:00:00Z"),
            };
            prop_assert_eq!(birth_date(text.as_bytes()), Some(year * 10_000 + month * 100 + day));
        }

        #[test]
        fn any_text_is_survived(text in "[0-9a-zA-Z/ .,:-]{0,30}", at in 0_usize..30) {
            let _ = read(text.as_bytes(), at);
            let _ = birth_date(text.as_bytes());
        }
    }
}
