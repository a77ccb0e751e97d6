//! The options on a line of allowed signers: `namespaces="…",valid-after="…"`.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{LineProblem, PatternList, shortened};

/// The options of one line, none of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) cert_authority: bool,
    pub(super) namespaces: Option<PatternList>,
    pub(super) valid_after: Option<Timestamp>,
    pub(super) valid_before: Option<Timestamp>,
}

impl Options {
    /// Reads options; an empty text has none. Capitals do not count in their
    /// names.
    pub(super) fn read(text: &str) -> Result<Self, LineProblem> {
        let mut options = Self::default();
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(text) = rest {
            let unknown = || LineProblem::UnknownOption {
                name: shortened(text),
            };
            let (name, after) = text.split_at(text.find(['=', ',']).unwrap_or(text.len()));
            let after = match name.to_ascii_lowercase().as_str() {
                "cert-authority" => {
                    if options.cert_authority {
                        return Err(LineProblem::RepeatedOption {
                            name: "cert-authority",
                        });
                    }
                    options.cert_authority = true;
                    after
                }
                "namespaces" => {
                    let read = |value| PatternList::read("namespaces", value);
                    set(&mut options.namespaces, "namespaces", after, read)?
                }
                "valid-after" => set(
                    &mut options.valid_after,
                    "valid-after",
                    after,
                    time("valid-after"),
                )?,
                "valid-before" => set(
                    &mut options.valid_before,
                    "valid-before",
                    after,
                    time("valid-before"),
                )?,
                _ => {
                    return Err(LineProblem::UnknownOption {
                        name: shortened(name),
                    });
                }
            };
            rest = match after {
                "" => None,
                _ => Some(after.strip_prefix(',').ok_or_else(unknown)?),
            };
        }
        match (options.valid_after, options.valid_before) {
            (Some(from), Some(to)) if to <= from => Err(LineProblem::NeverValid),
            _ => Ok(options),
        }
    }
}

impl fmt::Display for Options {
    /// Writes the options and a space after them, or nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name, value: String| format!("{name}=\"{}\"", value.replace('"', "\\\""));
        let time = |time: Timestamp| time.strftime("%Y%m%d%H%M%SZ").to_string();
        let words: Vec<String> = [
            self.cert_authority.then(|| "cert-authority".to_owned()),
            self.namespaces
                .as_ref()
                .map(|list| quoted("namespaces", list.to_string())),
            self.valid_after
                .map(|from| quoted("valid-after", time(from))),
            self.valid_before.map(|to| quoted("valid-before", time(to))),
        ]
        .into_iter()
        .flatten()
        .collect();
        match words.as_slice() {
            [] => Ok(()),
            words => write!(f, "{} ", words.join(",")),
        }
    }
}

/// Reads the value in `text`, which begins with its `=`, into `slot`, and gives
/// what comes after it.
fn set<'a, T>(
    slot: &mut Option<T>,
    name: &'static str,
    text: &'a str,
    read: impl Fn(String) -> Result<T, LineProblem>,
) -> Result<&'a str, LineProblem> {
    if slot.is_some() {
        return Err(LineProblem::RepeatedOption { name });
    }
    let (value, rest) = text
        .strip_prefix("=\"")
        .and_then(dequote)
        .ok_or(LineProblem::MissingValue { name })?;
    *slot = Some(read(value)?);
    Ok(rest)
}

/// The text up to the closing quotation mark, and what comes after it. `\"` is
/// the only escape; a lone `\` is itself.
fn dequote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' if characters.next_if(|next| next.1 == '"').is_some() => value.push('"'),
            other => value.push(other),
        }
    }
    None
}

/// Reads `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z` or
/// `UTC`: UTC in any case.
fn time(name: &'static str) -> impl Fn(String) -> Result<Timestamp, LineProblem> {
    move |text| parse_time(&text).ok_or(LineProblem::BadTime { name })
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.to_ascii_uppercase();
    let digits = text
        .strip_suffix('Z')
        .or(text.strip_suffix("UTC"))
        .unwrap_or(&text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| digits.get(at..at + 2).map_or(Ok(0), str::parse::<i8>).ok();
    let year = digits[..4].parse().ok()?;
    let time = DateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?, 0).ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    // ssh-keygen takes the beginning of 1970 for "no time", and reads earlier
    // ones as far in the future.
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}
