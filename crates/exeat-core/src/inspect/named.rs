//! Columns that a policy names: a site knows that its `ethcat` holds the ethnic
//! group, and neither the name nor the values say so.
//!
//! What is named only adds: values of a class, and that a record with such a
//! value is about somebody. Who that is, which columns are keys and how records
//! belong together is told by the content alone: a line of a policy must not be
//! able to make people fewer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::facts::Class;

/// How much of a column's name is compared, in bytes from its end: names are
/// part of the content, and may be of any length.
const LONGEST: usize = 1000;

/// Columns by their names, with the class of what is in them. Cheap to clone;
/// by default none.
///
/// They come from [`Policy::columns`](crate::policy::Policy::columns).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedColumns(Arc<[(Class, ColumnName)]>);

/// A name of columns as a policy has it: compared by letters and digits alone,
/// whatever their case, and perhaps open at one end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ColumnName {
    letters: String,
    open: Open,
}

/// Where more may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    No,
    Before,
    After,
}

/// A class that a column is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedAs<'n> {
    pub(super) class: Class,
    /// By this name.
    pub(super) name: &'n ColumnName,
    /// The part of the column's path at which the name begins, from 0.
    pub(super) part: usize,
}

impl NamedColumns {
    pub(crate) fn new(names: impl IntoIterator<Item = (Class, ColumnName)>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The classes that a column of this name is named for.
    #[must_use]
    pub fn classes(&self, column: &str) -> Vec<Class> {
        let found = self.find(column.as_bytes()).into_iter();
        found.map(|named| named.class).collect()
    }

    /// The classes that a column is named for, each once. Its name may be the
    /// path of a key, with dots between.
    pub(super) fn find(&self, column: &[u8]) -> Vec<NamedAs<'_>> {
        if self.is_empty() {
            return Vec::new();
        }
        let path = Path::of(column);
        let mut found: BTreeMap<Class, NamedAs<'_>> = BTreeMap::new();
        for (class, name) in &*self.0 {
            if let Some(part) = path.find(name) {
                let class = *class;
                let named = NamedAs { class, name, part };
                found.entry(class).or_insert(named);
            }
        }
        found.into_values().collect()
    }
}

impl ColumnName {
    /// Reads a name: letters and digits with anything between that is none,
    /// and one `*` at the beginning or the end for whatever else stands there.
    ///
    /// # Errors
    /// Why it names no column, or every one.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (open, name) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (None, None) => (Open::No, text),
            (Some(name), _) => (Open::Before, name),
            (None, Some(name)) => (Open::After, name),
        };
        if name.contains('*') {
            return Err("has a '*' that does not stand alone at its beginning or its end");
        }
        let letters = letters(name);
        match (letters.is_empty(), open) {
            (false, _) => Ok(Self { letters, open }),
            (true, Open::No) => Err("has no letters or digits"),
            (true, _) => Err("would name every column"),
        }
    }

    fn is(&self, name: &str) -> bool {
        match self.open {
            Open::No => name == self.letters,
            Open::Before => name.ends_with(&self.letters),
            Open::After => name.starts_with(&self.letters),
        }
    }
}

impl fmt::Display for ColumnName {
    /// In the one form that all ways to write it have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { letters, open } = self;
        match open {
            Open::No => f.write_str(letters),
            Open::Before => write!(f, "*{letters}"),
            Open::After => write!(f, "{letters}*"),
        }
    }
}

/// A column's name, brought to letters and digits part by part.
struct Path {
    letters: String,
    /// Where each part begins in `letters`.
    parts: Vec<usize>,
    /// The end of the last part that is more than a number: places in a list
    /// are, and what tells two columns of the same name apart.
    named: usize,
}

impl Path {
    fn of(column: &[u8]) -> Self {
        let mut cut = column.len().saturating_sub(LONGEST);
        // At a dot, so that the numbers of the parts stay what they are.
        let before = column[..cut].iter().filter(|&&byte| byte == b'.').count();
        while cut > 0 && cut < column.len() && !is_start(column[cut]) {
            cut += 1;
        }
        let mut path = Self {
            letters: String::new(),
            parts: vec![0; before],
            named: 0,
        };
        for part in column[cut..].split(|&byte| byte == b'.') {
            path.parts.push(path.letters.len());
            let part = letters(&String::from_utf8_lossy(part));
            path.letters.push_str(&part);
            if part.chars().any(|c| !c.is_numeric()) {
                path.named = path.letters.len();
            }
        }
        path
    }

    /// The part from which on the path has the name, the last one if there are
    /// several. A name is compared with the last part and with every longer end
    /// of the path: a dot may be a part of a name, and what a thing consists of
    /// stands below it, as in `hba1c.value`.
    fn find(&self, name: &ColumnName) -> Option<usize> {
        let is_named = |&(_, &start): &(usize, &usize)| {
            [self.named, self.letters.len()]
                .into_iter()
                .filter_map(|end| self.letters.get(start..end))
                .any(|end| !end.is_empty() && name.is(end))
        };
        let mut ends = self.parts.iter().enumerate().rev();
        ends.find(is_named).map(|(part, _)| part)
    }
}

/// Whether a byte begins a character in UTF-8.
fn is_start(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ColumnName {
        ColumnName::parse(text).expect(text)
    }

    fn names(pattern: &str, column: &str) -> bool {
        let named = NamedColumns::new([(Class::Health, name(pattern))]);
        !named.find(column.as_bytes()).is_empty()
    }

    #[test]
    fn case_and_what_stands_between_do_not_matter() {
        for column in [
            "read_code",
            "Read Code",
            "readCode",
            "READ-CODE",
            "read.code",
            "%read code:",
            "patient.events.ReadCode",
            "patient.read.code",
            "events.3.read_code",
            "read_code.1",
            "read_code.*",
        ] {
            assert!(names("read_code", column), "{column}");
            assert!(names("ReadCode", column), "{column}");
        }
        for column in [
            "read_code_2",
            "bread_code",
            "code",
            "read_code.term",
            "",
            ".",
            "*",
        ] {
            assert!(!names("read_code", column), "{column}");
        }
        assert!(names("ÉTAT", "état"));
    }

    #[test]
    fn a_star_stands_for_what_comes_before_or_after() {
        for column in ["hba1c", "HbA1c_mmol", "results.hba1c_date", "hba1c.value"] {
            assert!(names("hba1c*", column), "{column}");
        }
        assert!(!names("hba1c*", "last_hba1c"));
        for column in ["icd", "primary_icd", "PrimaryICD", "codes.icd"] {
            assert!(names("*icd", column), "{column}");
        }
        assert!(!names("*icd", "icd_date"));
        // Fields of a biobank are called by numbers.
        for column in ["41202-0.0", "41202.0.1"] {
            assert!(names("41202*", column), "{column}");
        }
    }

    #[test]
    fn a_name_that_names_nothing_or_everything_is_none() {
        for text in ["", "*", "**", "-", "*_", ". *", "a*b", "*a*", "a**"] {
            assert!(ColumnName::parse(text).is_err(), "{text}");
        }
        assert_eq!(name("Read_Code*").to_string(), "readcode*");
        assert_eq!(name("* Code").to_string(), "*code");
        assert_eq!(name("read-code*"), name("READ code*"));
    }

    #[test]
    fn each_class_is_found_once_with_the_part_it_begins_at() {
        let named = NamedColumns::new([
            (Class::Health, name("*code")),
            (Class::Health, name("ethcode")),
            (Class::Ethnicity, name("eth.code")),
        ]);
        let found = named.find(b"patient.eth.code");
        let found: Vec<_> = found.iter().map(|f| (f.class, f.part)).collect();
        assert_eq!(found, [(Class::Ethnicity, 1), (Class::Health, 2)]);
        assert!(NamedColumns::default().find(b"code").is_empty());
    }

    #[test]
    fn names_of_any_length_and_bytes_are_looked_at() {
        let long = format!("{}.ethcat", "é.".repeat(100_000));
        let named = NamedColumns::new([(Class::Ethnicity, name("ethcat"))]);
        let found = named.find(long.as_bytes());
        assert_eq!(found[0].part, 100_001);
        assert!(named.find(&[0xff; 3000]).is_empty());
        assert!(!named.find(b"\xff\xfeethcat").is_empty());
    }
}
