//! How lines of text hold values: behind a label, or in fields.

use super::name::{Looks, looks};
use super::{date, forename, header};
use crate::inspect::facts::Class;

/// A value behind its label: `Date of birth: 1980-02-01`, `dob=1980-02-01`,
/// `- name: "…"`, `TEL;TYPE=CELL:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Labelled<'a> {
    pub(crate) label: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// A value that has the form of a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person<'a> {
    pub(crate) name: &'a [u8],
    /// One of its words is a forename.
    pub(crate) known: bool,
}

/// What a label says of the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Somebody's name.
    Name,
    /// The name of somebody or something.
    AnyName,
    NamePart,
    BirthDate,
    /// A special category.
    Special(Class),
}

/// The longest line that is looked at in parts.
const LONGEST_LINE: usize = 1000;
const LONGEST_LABEL: usize = 40;

/// The line without blanks around it, and what makes it an item of a list.
pub(crate) fn item(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    let marked = match line {
        [b'-' | b'*' | b'+' | b'>', b' ', rest @ ..] => rest,
        [0xE2, 0x80, 0xA2, rest @ ..] => rest,
        _ => {
            let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match line.get(digits..) {
                Some([b'.' | b')', b' ' | b'\t', rest @ ..]) if (1..=4).contains(&digits) => rest,
                _ => line,
            }
        }
    };
    marked.trim_ascii()
}

/// The label and the value of an item.
pub(crate) fn labelled(item: &[u8]) -> Option<Labelled<'_>> {
    let head = item.get(..item.len().min(LONGEST_LABEL + 1))?;
    let mark = head.iter().position(|byte| matches!(byte, b':' | b'='))?;
    let after = item.get(mark + 1..)?;
    if item.len() > LONGEST_LINE || matches!(after.first(), Some(b':' | b'=' | b'/' | b'>')) {
        return None;
    }
    let mut label = bare(item.get(..mark)?);
    let mut value = after;
    if let Some(parameters) = label.iter().position(|&byte| byte == b';') {
        // The parameters of a property, as vCard has them.
        value = match value.iter().position(|&byte| byte == b':') {
            Some(colon) if item.get(mark) == Some(&b'=') => value.get(colon + 1..)?,
            _ => value,
        };
        label = label.get(..parameters)?;
    }
    let words = label
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let good = label.first()?.is_ascii_alphabetic()
        && label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" _-./()'".contains(byte))
        && words.count() <= 5;
    good.then(|| Labelled {
        label,
        value: bare(value),
    })
}

/// Without blanks, quotes, marks of emphasis and what ends a statement.
fn bare(text: &[u8]) -> &[u8] {
    let is_around = |byte: u8| byte.is_ascii_whitespace() || b"\"'*`".contains(&byte);
    let is_after = |byte: u8| is_around(byte) || b",;".contains(&byte);
    let start = text.iter().position(|&byte| !is_around(byte));
    let end = text.iter().rposition(|&byte| !is_after(byte));
    match (start, end) {
        (Some(start), Some(end)) => text.get(start..=end).unwrap_or_default(),
        _ => b"",
    }
}

/// Whether a value may be one part of a name, and is no type of a program.
pub(crate) fn is_name_part(value: &[u8]) -> bool {
    const TYPES: [&[u8]; 10] = [
        b"String", b"Str", b"Text", b"Option", b"None", b"Null", b"Varchar", b"Char", b"Vec",
        b"Any",
    ];
    looks(value) == Looks::Single
        && !TYPES.iter().any(|name| name.eq_ignore_ascii_case(value))
        && !header::is_word(value)
}

/// Whether a label may be of a part of a name: cheaper than [`label`].
pub(crate) fn may_be_part(label: &[u8]) -> bool {
    const PARTS: [&[u8]; 3] = [b"name", b"given", b"family"];
    PARTS.iter().any(|part| {
        label
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part))
    })
}

/// What a label says. Labels that are no names of columns: those of vCards
/// (RFC 6350), of directories (RFC 4519 and RFC 2798), and of letters.
pub(crate) fn label(label: &[u8]) -> Option<Label> {
    const OWN: [(&[u8], Label); 15] = [
        (b"fn", Label::Name),
        (b"patient", Label::Name),
        (b"client", Label::Name),
        (b"resident", Label::Name),
        (b"service user", Label::Name),
        (b"employee", Label::Name),
        (b"name", Label::AnyName),
        (b"names", Label::AnyName),
        (b"cn", Label::AnyName),
        (b"sn", Label::NamePart),
        (b"displayname", Label::AnyName),
        (b"re", Label::AnyName),
        (b"regarding", Label::AnyName),
        (b"bday", Label::BirthDate),
        (b"born", Label::BirthDate),
    ];
    let own = OWN
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(label));
    if let Some(&(_, means)) = own {
        return Some(means);
    }
    match header::role(label)? {
        header::Role::Is(Class::Name) => Some(Label::Name),
        header::Role::NamePart => Some(Label::NamePart),
        header::Role::Is(Class::BirthDate) => Some(Label::BirthDate),
        header::Role::Is(class) if class.is_sensitive() => Some(Label::Special(class)),
        _ => None,
    }
}

/// Calls `found` for the fields of a line: what stands between bars, tabs,
/// brackets, commas, semicolons, or blanks of which there are two or more.
pub(crate) fn fields<'a>(line: &'a [u8], found: &mut dyn FnMut(&'a [u8])) {
    if line.len() > LONGEST_LINE {
        return;
    }
    let mut start = 0;
    for (at, &byte) in line.iter().enumerate() {
        let ends = matches!(byte, b'|' | b'\t' | b',' | b';' | b'(' | b')' | b'[' | b']')
            || byte == b' ' && line.get(at + 1) == Some(&b' ');
        if ends {
            found(bare(line.get(start..at).unwrap_or_default()));
            start = at + 1;
        }
    }
    found(bare(line.get(start..).unwrap_or_default()));
}

/// Whether a line has what a name takes at least: two letters that may be
/// capitals, and a blank between words.
pub(crate) fn may_name(line: &[u8]) -> bool {
    let is_capital = |byte: &&u8| byte.is_ascii_uppercase() || **byte >= 0x80;
    memchr::memchr(b' ', line).is_some() && line.iter().filter(is_capital).nth(1).is_some()
}

/// Two or three words, in a script that has capitals, that may be a name. Words that columns are called by
/// are none, unless a forename is among them.
pub(crate) fn person(value: &[u8]) -> Option<Person<'_>> {
    const LONGEST: usize = 50;
    let first = *value.first()?;
    // À to ſ: other scripts of two bytes or more have no capitals, or theirs
    // cannot be told by one byte.
    let is_capital = first.is_ascii_uppercase() || (0xC3..=0xC5).contains(&first);
    if !is_capital || value.len() > LONGEST {
        return None;
    }
    if looks(value) != Looks::Person {
        return None;
    }
    let words = || {
        value
            .split(|byte| matches!(byte, b' ' | b','))
            .filter(|word| !word.is_empty())
    };
    if words().count() > 3 {
        return None;
    }
    let known = words().any(forename::is_forename);
    let is_other = |word| header::is_word(word) || is_common(word);
    let named = known || !words().any(is_other);
    named.then_some(Person { name: value, known })
}

/// Words that sentences and headings begin with.
fn is_common(word: &[u8]) -> bool {
    const COMMON: [&str; 31] = [
        "a", "all", "an", "at", "by", "dear", "each", "every", "for", "from", "how", "if", "in",
        "it", "new", "no", "not", "of", "on", "or", "see", "some", "that", "the", "these", "this",
        "to", "what", "when", "with", "you",
    ];
    COMMON
        .iter()
        .any(|common| common.as_bytes().eq_ignore_ascii_case(word))
}

/// A name that a line begins with, and a date anywhere after it:
/// `Agnes Ashbury 01/02/1970 asthma`.
pub(crate) fn person_and_day(line: &[u8]) -> Option<(Person<'_>, u32)> {
    let first = *line.first()?;
    if !first.is_ascii_uppercase() || line.len() > LONGEST_LINE {
        return None;
    }
    let blanks = memchr::memchr_iter(b' ', line).take(3);
    // The longest name first.
    let (person, after) = blanks
        .skip(1)
        .filter_map(|end| Some((person(bare(line.get(..end)?))?, end)))
        .last()?;
    let mut at = after;
    while let Some(gap) = line
        .get(at..)?
        .iter()
        .position(|byte| byte.is_ascii_digit())
    {
        at += gap;
        let digits = line
            .get(at..)?
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let is_apart = !line.get(at - 1).is_some_and(u8::is_ascii_alphanumeric);
        if is_apart
            && digits <= 4
            && let Some((day, end)) = date::read(line, at)
            && !is_clock(line.get(end..).unwrap_or_default())
        {
            return Some((person, day));
        }
        at += digits;
    }
    None
}

/// Whether a time of day follows.
fn is_clock(rest: &[u8]) -> bool {
    rest.iter().take(8).any(|&byte| byte == b':')
}

/// The day that a value is, with nothing but a midnight after it.
pub(crate) fn day(value: &[u8]) -> Option<u32> {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let time = value.contains(&b':');
    if digits < 4 || time || value.len() > 30 {
        return None;
    }
    date::birth_date(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: &str) -> Option<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        labelled(item(line.as_bytes())).map(|found| (text(found.label), text(found.value)))
    }

    #[test]
    fn labels_and_values() {
        for (line, label, value) in [
            ("Date of birth: 1980-02-01", "Date of birth", "1980-02-01"),
            ("  - name: \"Agnes Ashbury\",", "name", "Agnes Ashbury"),
            ("dob=1980-02-01", "dob", "1980-02-01"),
            ("**Patient:** Agnes Ashbury", "Patient", "Agnes Ashbury"),
            ("TEL;TYPE=CELL:07700 900123", "TEL", "07700 900123"),
            ("BDAY;VALUE=date:1980-02-01", "BDAY", "1980-02-01"),
            ("3. Name: Agnes", "Name", "Agnes"),
        ] {
            let expected = Some((label.to_owned(), value.to_owned()));
            assert_eq!(pair(line), expected, "{line}");
        }
        for line in ["", "a::b", "https://example.org", "x == y", "{a: b}", "no"] {
            assert_eq!(pair(line), None, "{line}");
        }
    }

    #[test]
    fn people_and_headings() {
        for (value, known) in [
            ("Agnes Ashbury", true),
            ("ASHBURY, Agnes", true),
            ("Quenby Thistlewick", false),
        ] {
            assert_eq!(person(value.as_bytes()).map(|one| one.known), Some(known));
        }
        for value in [
            "Test Results",
            "Date Of Birth",
            "The Thistle",
            "Dear Quenby",
            "agnes ashbury",
            "Agnes",
            "",
        ] {
            assert_eq!(person(value.as_bytes()), None, "{value}");
        }
        let found = |line: &str| person_and_day(line.as_bytes()).map(|(_, day)| day);
        let day = Some(19_700_201);
        assert_eq!(found("Agnes Ashbury 01/02/1970 asthma"), day);
        assert_eq!(found("Agnes Mary Ashbury was born 1 Feb 1970"), day);
        assert_eq!(found("Agnes Ashbury 2024-02-01 12:00:01 logged in"), None);
        assert_eq!(found("Agnes Ashbury came 12 times"), None);
    }
}
