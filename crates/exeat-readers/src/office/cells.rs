//! What a number of a workbook is, told by the format of its cell: a number,
//! a day, a time. Numbers are written out whole, days as ISO 8601.

use std::fmt::Write as _;

/// How the numbers of a cell are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Style {
    /// A number.
    #[default]
    Plain,
    /// A day, with the time of day where there is one.
    Day,
    /// A time of day.
    Time,
    /// Hours and more, beyond a day too.
    Elapsed,
    /// Whole, with at least so many digits.
    Digits(u8),
}

impl Style {
    /// Of a format that has a number of its own (ECMA-376, 18.8.30).
    pub(crate) fn built_in(id: u32) -> Self {
        match id {
            14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Day,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Time,
            46 => Self::Elapsed,
            _ => Self::Plain,
        }
    }

    /// Of a format that is written out.
    pub(crate) fn of_code(code: &str) -> Self {
        let (mut day, mut time, mut elapsed) = (false, false, false);
        let mut digits = Some(0_u8);
        let mut chars = code.chars();
        // Positive numbers have the first section.
        while let Some(char) = chars.next() {
            match char {
                ';' => break,
                '"' => {
                    let _ = chars.by_ref().find(|&next| next == '"');
                }
                '\\' | '_' | '*' => {
                    chars.next();
                }
                '[' => {
                    let inside: String = chars.by_ref().take_while(|&next| next != ']').collect();
                    let unit = inside.to_ascii_lowercase();
                    elapsed |= !unit.is_empty() && unit.chars().all(|unit| "hms".contains(unit));
                }
                'y' | 'Y' | 'd' | 'D' => day = true,
                // "General" is the one word that is not in quotes.
                'G' => {
                    digits = None;
                    let _ = chars.by_ref().take("eneral".len()).count();
                }
                'h' | 'H' | 's' | 'S' => time = true,
                '0' => digits = digits.map(|count| count.saturating_add(1)),
                ' ' | '-' | '(' | ')' => {}
                _ => digits = None,
            }
        }
        let months = !day && !time && !elapsed && is_month(code);
        match digits {
            _ if elapsed => Self::Elapsed,
            _ if day || months => Self::Day,
            _ if time => Self::Time,
            Some(count) if count > 1 => Self::Digits(count),
            _ => Self::Plain,
        }
    }
}

/// Months alone, as in `mmm`, outside of quotes and brackets.
fn is_month(code: &str) -> bool {
    let first = code.split(';').next().unwrap_or_default();
    let bare = first.trim();
    !bare.is_empty()
        && bare
            .chars()
            .all(|char| matches!(char, 'm' | 'M' | ' ' | '-'))
}

/// Writes a number as a cell of this style would show it to a program.
pub(crate) fn write_number(cell: &mut String, value: f64, style: Style, from_1904: bool) {
    let written = match style {
        Style::Plain => false,
        Style::Day => write_day(cell, value, from_1904),
        Style::Time if (0.0..1.0).contains(&value) => write_day(cell, value, from_1904),
        Style::Time => write_day(cell, value, from_1904),
        Style::Elapsed => write_elapsed(cell, value),
        Style::Digits(count) => write_digits(cell, value, usize::from(count)),
    };
    if !written {
        // Rust writes the shortest digits that mean this number, and never an
        // exponent.
        let _ = write!(cell, "{}", if value == 0.0 { 0.0 } else { value });
    }
}

/// As text of XML has it: integers are taken as they are.
pub(crate) fn write_number_text(cell: &mut String, text: &str, style: Style, from_1904: bool) {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && !(is_whole && style == Style::Plain) => {
            write_number(cell, value, style, from_1904);
        }
        _ => cell.push_str(text),
    }
}

fn write_digits(cell: &mut String, value: f64, count: usize) -> bool {
    let is_fit = (0.0..1e15).contains(&value) && value.fract() == 0.0;
    if is_fit {
        let _ = write!(cell, "{value:0count$}");
    }
    is_fit
}

const SECONDS: f64 = 86_400.0;

fn write_elapsed(cell: &mut String, value: f64) -> bool {
    let seconds = whole((value * SECONDS).round());
    let Some(seconds) = seconds.filter(|_| value >= 0.0) else {
        return false;
    };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let _ = write!(cell, "{hours}:{minutes:02}:{:02}", seconds % 60);
    true
}

/// A day by its number: the first is 1 January 1900, or 2 January 1904; the
/// calendar of the former has a 29 February 1900.
fn write_day(cell: &mut String, value: f64, from_1904: bool) -> bool {
    let Some(seconds) = whole((value * SECONDS).round()).filter(|_| value >= 0.0) else {
        return false;
    };
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let days = if from_1904 { days + 1462 } else { days };
    if days > 2_958_465 {
        return false;
    }
    if days >= 1 {
        match days {
            60 => cell.push_str("1900-02-29"),
            1..60 => write_date(cell, days - 25_568),
            _ => write_date(cell, days - 25_569),
        }
    }
    if days < 1 || seconds > 0 {
        if days >= 1 {
            cell.push(' ');
        }
        let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
        let _ = write!(cell, "{hour:02}:{minute:02}:{:02}", seconds % 60);
    }
    true
}

#[expect(clippy::cast_possible_truncation, reason = "its range was asked")]
fn whole(value: f64) -> Option<i64> {
    (value.abs() < 1e15).then_some(value as i64)
}

/// The day so many days after 1 January 1970: the civil calendar counted in
/// eras of 400 years.
fn write_date(cell: &mut String, since_1970: i64) {
    let shifted = since_1970 + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let _ = write!(cell, "{year:04}-{month:02}-{day:02}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, code: &str) -> String {
        let mut cell = String::new();
        write_number(&mut cell, value, Style::of_code(code), false);
        cell
    }

    #[test]
    fn numbers_are_written_out_whole() {
        for (value, code, text) in [
            (9_990_000_018.0, "General", "9990000018"),
            (9_990_000_018.0, "0.00E+00", "9990000018"),
            (0.1, "0%", "0.1"),
            (-0.0, "General", "0"),
            (7_700_900_123.0, "00000000000", "07700900123"),
            (123_456.0, "00\\-00\\-00", "123456"),
            (12_345.0, "00-00-00", "012345"),
            (9_990_000_018.0, "000 000 0000", "9990000018"),
            (1.5, "#,##0.00", "1.5"),
            (5.0, "[Red]0.0;[Blue]-0.0", "5"),
            (1e21, "General", "1000000000000000000000"),
        ] {
            assert_eq!(shown(value, code), text, "{code}");
        }
    }

    #[test]
    fn days_and_times_are_told_by_their_format() {
        for (value, code, text) in [
            (29_221.0, "dd/mm/yyyy", "1980-01-01"),
            (29_221.5, "dd/mm/yyyy hh:mm", "1980-01-01 12:00:00"),
            (29_221.0, "[$-809]dd mmmm yyyy;@", "1980-01-01"),
            (1.0, "yyyy-mm-dd", "1900-01-01"),
            (59.0, "yyyy-mm-dd", "1900-02-28"),
            (60.0, "yyyy-mm-dd", "1900-02-29"),
            (61.0, "yyyy-mm-dd", "1900-03-01"),
            (45_352.0, "d mmm", "2024-03-01"),
            (45_352.0, "mmm", "2024-03-01"),
            (0.5, "hh:mm", "12:00:00"),
            (1.5, "[h]:mm:ss", "36:00:00"),
            (-1.0, "dd/mm/yyyy", "-1"),
            (1e9, "dd/mm/yyyy", "1000000000"),
            (5.0, "0 \"days\"", "5"),
        ] {
            assert_eq!(shown(value, code), text, "{code}");
        }
        let mut cell = String::new();
        write_number(&mut cell, 0.0, Style::built_in(14), true);
        assert_eq!(cell, "1904-01-01");
    }
}
