//! What a table's columns are called, out of the statement that made it.
//!
//! A statement that is not understood costs the names, not the rows.

mod tokens;

use tokens::{Token, tokens};

/// The most columns that SQLite can be built for.
const MAX_COLUMNS: usize = 32_767;

/// A table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// In the order in which rows are stored.
    pub(super) columns: Vec<Column>,
    /// Whether rows are stored by their values, without a number.
    pub(super) is_without_rowid: bool,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Vec<u8>,
    /// It is the number of the row, and null in the record.
    pub(super) is_rowid: bool,
    /// What rows have that are older than the column.
    pub(super) default: Vec<u8>,
    /// Computed whenever it is read, and not stored.
    pub(super) is_virtual: bool,
    pub(super) is_integer: bool,
    pub(super) is_key: bool,
}

/// The shape of a table that `sql` makes; `None` where that is not understood.
pub(super) fn shape(sql: &[u8]) -> Option<Shape> {
    let tokens = tokens(sql)?;
    let open = tokens.iter().position(|token| token.is_sign(b'('))?;
    let mut depth = 0;
    let mut parts = vec![Vec::new()];
    let mut options = &[][..];
    for (place, token) in tokens.iter().enumerate().skip(open) {
        if token.is_sign(b'(') {
            depth += 1;
            if depth == 1 {
                continue;
            }
        } else if token.is_sign(b')') {
            depth -= 1;
            if depth == 0 {
                options = tokens.get(place + 1..).unwrap_or_default();
                break;
            }
        } else if token.is_sign(b',') && depth == 1 {
            parts.push(Vec::new());
            continue;
        }
        parts.last_mut()?.push(token);
    }
    if depth != 0 || parts.len() > MAX_COLUMNS {
        return None;
    }
    let mut shape = Shape {
        columns: Vec::new(),
        is_without_rowid: options
            .windows(2)
            .any(|pair| pair[0].is_word("without") && pair[1].is_word("rowid")),
    };
    let mut key: Option<Vec<Vec<u8>>> = None;
    for part in &parts {
        // Constraints of the table may stand without a comma between.
        match constraint_key(part) {
            Some(names) => key = names.or(key),
            None => shape.columns.push(column(part)?),
        }
    }
    let key = key.unwrap_or_else(|| {
        let own = shape.columns.iter().filter(|column| column.is_key);
        own.map(|column| column.name.clone()).collect()
    });
    let is_named = |column: &Column, name: &[u8]| column.name.eq_ignore_ascii_case(name);
    if let ([name], false) = (&key[..], shape.is_without_rowid) {
        for column in &mut shape.columns {
            column.is_rowid = column.is_integer && is_named(column, name);
        }
    }
    if shape.is_without_rowid {
        // The key comes first.
        let mut sorted: Vec<Column> = Vec::new();
        for name in &key {
            let column = shape.columns.iter().find(|column| is_named(column, name))?;
            if !sorted.iter().any(|sorted| is_named(sorted, name)) {
                sorted.push(column.clone());
            }
        }
        for column in shape.columns {
            if !sorted.iter().any(|sorted| is_named(sorted, &column.name)) {
                sorted.push(column);
            }
        }
        shape.columns = sorted;
    }
    shape.columns.retain(|column| !column.is_virtual);
    (!shape.columns.is_empty()).then_some(shape)
}

/// Whether it is a constraint of the table; the columns of a primary key.
fn constraint_key(part: &[&Token]) -> Option<Option<Vec<Vec<u8>>>> {
    let first = part.first()?;
    const WORDS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];
    if !WORDS.iter().any(|word| first.is_word(word)) {
        return None;
    }
    let primary = part
        .windows(2)
        .position(|pair| pair[0].is_word("primary") && pair[1].is_word("key"));
    let Some(primary) = primary else {
        return Some(None);
    };
    let mut names = Vec::new();
    let mut is_next = false;
    for token in &part[primary + 2..] {
        if token.is_sign(b'(') || token.is_sign(b',') {
            is_next = true;
        } else if token.is_sign(b')') {
            break;
        } else if std::mem::take(&mut is_next) {
            names.push(token.name()?.to_vec());
        }
    }
    Some(Some(names))
}

fn column(part: &[&Token]) -> Option<Column> {
    let (name, rest) = part.split_first()?;
    let mut column = Column {
        name: name.name()?.to_vec(),
        ..Column::default()
    };
    const ENDS: [&str; 11] = [
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
    ];
    let ends = |token: &&&Token| ENDS.iter().any(|word| token.is_word(word));
    let kind: Vec<_> = rest.iter().take_while(|token| !ends(token)).collect();
    column.is_integer = matches!(&kind[..], [kind] if kind.is_named("integer"));
    let mut depth = 0;
    for (place, token) in rest.iter().enumerate() {
        if token.is_sign(b'(') {
            depth += 1;
        } else if token.is_sign(b')') {
            depth -= 1;
        }
        if depth > 0 {
            continue;
        }
        let next = rest.get(place + 1);
        if token.is_word("primary") && next.is_some_and(|next| next.is_word("key")) {
            column.is_key = true;
        } else if token.is_word("as") {
            column.is_virtual = true;
        } else if token.is_word("stored") && column.is_virtual {
            column.is_virtual = false;
        } else if token.is_word("default") {
            column.default = default(&rest[place + 1..]);
        }
    }
    Some(column)
}

/// A default value, if it is a plain one.
fn default(rest: &[&Token]) -> Vec<u8> {
    match rest {
        [sign, Token::Number(number), ..] if sign.is_sign(b'-') => [b"-", &number[..]].concat(),
        [sign, rest @ ..] if sign.is_sign(b'+') || sign.is_sign(b'(') => default(rest),
        [
            Token::Number(text) | Token::Text(text) | Token::Quoted(text),
            ..,
        ] => text.clone(),
        [token @ Token::Word(word), ..] if !token.is_word("null") => word.clone(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        let shape = shape(sql.as_bytes()).unwrap_or_default();
        let mark = |column: &Column| {
            let name = String::from_utf8_lossy(&column.name).into_owned();
            if column.is_rowid { name + "#" } else { name }
        };
        shape.columns.iter().map(mark).collect()
    }

    #[test]
    fn columns_are_named_in_the_order_in_which_they_are_stored() {
        for (sql, expected) in [
            ("CREATE TABLE t(a, b TEXT)", &["a", "b"][..]),
            (
                "CREATE TABLE \"a(b\" ( -- (\n [x y] INTEGER PRIMARY KEY AUTOINCREMENT, `q``z` VARCHAR(20) DEFAULT 'a,b' /* , */, \"c\" CHECK (c > (1)))",
                &["x y#", "q`z", "c"],
            ),
            (
                "CREATE TABLE t(a INT PRIMARY KEY, b INTEGER, c, PRIMARY KEY (b))",
                &["a", "b#", "c"],
            ),
            (
                "CREATE TABLE t(a, b, c, CONSTRAINT k PRIMARY KEY (c DESC, A)) WITHOUT ROWID",
                &["c", "a", "b"],
            ),
            (
                "CREATE TABLE t(a TEXT PRIMARY KEY, v AS (a || 'x'), s INT GENERATED ALWAYS AS (1) STORED) STRICT, WITHOUT ROWID",
                &["a", "s"],
            ),
            ("CREATE TABLE t(a, FOREIGN KEY (a) REFERENCES b(c))", &["a"]),
            (
                "CREATE TABLE t('a' int, key, \"unique\")",
                &["a", "key", "unique"],
            ),
            ("CREATE TABLE t(a,", &[]),
            ("nonsense", &[]),
        ] {
            assert_eq!(names(sql), expected, "{sql}");
        }
    }

    #[test]
    fn plain_default_values_are_found() {
        let sql = b"CREATE TABLE t(a, b TEXT DEFAULT 'it''s', c DEFAULT -5 NOT NULL, d DEFAULT (7), e DEFAULT NULL, f DEFAULT CURRENT_DATE)";
        let columns = shape(sql).expect("a table").columns;
        let defaults: Vec<_> = columns
            .iter()
            .map(|column| String::from_utf8_lossy(&column.default).into_owned())
            .collect();
        assert_eq!(defaults, ["", "it's", "-5", "7", "", "CURRENT_DATE"]);
    }
}
