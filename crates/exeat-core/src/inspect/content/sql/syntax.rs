//! The little SQL that a dump needs: where strings, tuples and statements
//! end, and what the heads of `INSERT`, `COPY` and `CREATE TABLE` name.

use memchr::{memchr, memmem};

use crate::inspect::content::find;

/// A result of looking into bytes of which more may come.
pub(super) enum Scan<T> {
    Found(T),
    More,
}

/// The beginning of a statement, or all of it.
pub(super) enum Head {
    /// Up to and with `VALUES`.
    Insert {
        table: Vec<u8>,
        columns: Vec<Vec<u8>>,
        length: usize,
    },
    /// Up to the first line of data; `plain`: in the format that is read.
    Copy {
        table: Vec<u8>,
        columns: Vec<Vec<u8>>,
        length: usize,
        plain: bool,
    },
    /// The whole statement.
    Create {
        table: Vec<u8>,
        columns: Vec<Vec<u8>>,
        length: usize,
    },
    /// The whole statement, or a comment.
    Other { length: usize },
}

const BEGINNINGS: &[&str] = &[
    "SET",
    "BEGIN",
    "START",
    "PRAGMA",
    "USE",
    "DROP",
    "CREATE",
    "INSERT",
    "REPLACE",
    "COPY",
    "LOCK",
    "ALTER",
    "SELECT",
    "DELETE",
    "TRUNCATE",
    "CONNECT",
    "DELIMITER",
    "UPDATE",
];

/// Whether a text begins as a dump does and has records or tables.
pub(super) fn begins_dump(sample: &[u8]) -> bool {
    let mut rest = sample.trim_ascii_start();
    loop {
        let skip = if rest.starts_with(b"--") || rest.starts_with(b"\\") || rest.starts_with(b"#") {
            memchr(b'\n', rest)
        } else if rest.starts_with(b"/*") {
            memmem::find(rest, b"*/").map(|at| at + 2)
        } else if rest.starts_with(b";") {
            Some(1)
        } else {
            break;
        };
        let Some(skip) = skip else {
            return false;
        };
        rest = rest.get(skip..).unwrap_or_default().trim_ascii_start();
    }
    let word = rest
        .split(|byte| !byte.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    if !BEGINNINGS
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    {
        return false;
    }
    rest.split(|&byte| byte == b'\n').any(|line| {
        let line = line.trim_ascii_start();
        let begins = |words: &[u8]| {
            line.get(..words.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(words))
        };
        begins(b"INSERT INTO")
            || begins(b"INSERT IGNORE")
            || begins(b"INSERT OR ")
            || begins(b"REPLACE INTO")
            || begins(b"CREATE TABLE")
            || begins(b"CREATE UNLOGGED TABLE")
            || begins(b"CREATE TEMPORARY TABLE")
            || (begins(b"COPY ")
                && memmem::find(&line.to_ascii_lowercase(), b"from stdin").is_some())
    })
}

/// Where a string ends whose opening quote stands before `at`: the place of
/// the closing quote, and whether anything is escaped in it.
pub(super) fn string_end(
    bytes: &[u8],
    mut at: usize,
    quote: u8,
    backslash: bool,
) -> Option<(usize, bool)> {
    let mut escaped = false;
    let escape = if backslash { b'\\' } else { quote };
    loop {
        at = find::first(bytes, at, quote, escape)?;
        if bytes.get(at) == Some(&quote) && bytes.get(at + 1) != Some(&quote) {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// Whether backslashes escape in the string that opens at `at`: in MySQL, and
/// in PostgreSQL where the string is written `E'…'`.
pub(super) fn escapes(bytes: &[u8], at: usize, quote: u8, backslash: bool) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| bytes.get(at)).copied();
    quote != b'`'
        && (backslash
            || (quote == b'\''
                && matches!(before(1), Some(b'E' | b'e'))
                && !before(2).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')))
}

/// Where the tuple ends that begins with the bracket at `from`.
pub(super) fn tuple_end(bytes: &[u8], from: usize, backslash: bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            quote @ (b'\'' | b'"' | b'`') => {
                at = string_end(bytes, at + 1, quote, escapes(bytes, at, quote, backslash))?.0;
                // A quote at the very end may yet be doubled.
                bytes.get(at + 1)?;
            }
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The length of as many tuples as stand complete at the beginning, with the
/// commas between them.
pub(super) fn tuples(bytes: &[u8], backslash: bool) -> usize {
    let mut end = 0;
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'(') {
            return end;
        }
        let Some(closed) = tuple_end(bytes, at, backslash) else {
            return end;
        };
        end = closed;
        at = closed;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if bytes.get(at) != Some(&b',') {
            return end;
        }
        at += 1;
    }
}

/// The length of a statement with its semicolon.
pub(super) fn statement_end(bytes: &[u8], backslash: bool) -> Scan<usize> {
    let mut at = 0;
    loop {
        let Some(&byte) = bytes.get(at) else {
            return Scan::More;
        };
        let rest = bytes.get(at..).unwrap_or_default();
        let next = match byte {
            b';' => return Scan::Found(at + 1),
            b'\'' | b'"' | b'`' => {
                let escapes = escapes(bytes, at, byte, backslash);
                string_end(bytes, at + 1, byte, escapes).map(|(end, _)| end + 1)
            }
            b'-' if rest.starts_with(b"--") => memchr(b'\n', rest).map(|end| at + end + 1),
            b'/' if rest.starts_with(b"/*") => memmem::find(rest, b"*/").map(|end| at + end + 2),
            b'$' => dollar_quoted(rest).map(|length| at + length),
            _ => Some(at + 1),
        };
        match next {
            Some(next) => at = next,
            None => return Scan::More,
        }
    }
}

/// The length of `$tag$ … $tag$`, of a bare `$` one, or nothing while the
/// closing tag is to come.
fn dollar_quoted(bytes: &[u8]) -> Option<usize> {
    let tag = bytes
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let opening = bytes
        .get(..tag + 2)
        .filter(|opening| opening.ends_with(b"$"));
    let Some(opening) = opening else {
        return Some(1);
    };
    let rest = bytes.get(opening.len()..)?;
    memmem::find(rest, opening).map(|end| end + 2 * opening.len())
}

/// Reads the head of the statement or comment that the bytes begin with.
pub(super) fn head(bytes: &[u8], backslash: bool) -> Scan<Head> {
    if bytes.starts_with(b"--") || bytes.starts_with(b"\\") || bytes.starts_with(b"#") {
        return match memchr(b'\n', bytes) {
            Some(end) => Scan::Found(Head::Other { length: end + 1 }),
            None => Scan::More,
        };
    }
    if bytes.starts_with(b"/*") {
        return match memmem::find(bytes, b"*/") {
            Some(end) => Scan::Found(Head::Other { length: end + 2 }),
            None => Scan::More,
        };
    }
    let mut words = Words { bytes, at: 0 };
    let first = words.word();
    if matches!(first.as_slice(), b"INSERT" | b"REPLACE") {
        if let Some(head) = insert(&mut words) {
            return Scan::Found(head);
        }
        // Either something else, or cut within the head.
        if words.at >= bytes.len() {
            return Scan::More;
        }
    }
    let length = match statement_end(bytes, backslash) {
        Scan::Found(length) => length,
        Scan::More => return Scan::More,
    };
    let statement = bytes.get(..length).unwrap_or_default();
    if first == b"COPY"
        && let Some(mut found) = copy(&mut Words {
            bytes: statement,
            at: words.at,
        })
    {
        let Some(line) = bytes.get(length..).and_then(|rest| memchr(b'\n', rest)) else {
            return Scan::More;
        };
        if let Head::Copy { length: end, .. } = &mut found {
            *end = length + line + 1;
        }
        return Scan::Found(found);
    }
    if first == b"CREATE"
        && let Some((table, columns)) = create(&mut Words {
            bytes: statement,
            at: words.at,
        })
    {
        return Scan::Found(Head::Create {
            table,
            columns,
            length,
        });
    }
    Scan::Found(Head::Other { length })
}

fn insert(words: &mut Words<'_>) -> Option<Head> {
    let mut word = words.word();
    for _ in 0..4 {
        if word == b"INTO" {
            break;
        }
        word = words.word();
    }
    if word != b"INTO" {
        return None;
    }
    let table = words.name()?;
    let columns = if words.peek() == Some(b'(') {
        words.list()?
    } else {
        Vec::new()
    };
    let mut word = words.word();
    if word == b"OVERRIDING" {
        words.word();
        words.word();
        word = words.word();
    }
    // A tuple must follow: the word could be the beginning of a longer one.
    (matches!(word.as_slice(), b"VALUES" | b"VALUE") && words.peek() == Some(b'(')).then_some(
        Head::Insert {
            table,
            columns,
            length: words.at,
        },
    )
}

fn copy(words: &mut Words<'_>) -> Option<Head> {
    let table = words.name()?;
    let columns = if words.peek() == Some(b'(') {
        words.list()?
    } else {
        Vec::new()
    };
    if words.word() != b"FROM" || words.word() != b"STDIN" {
        return None;
    }
    words.peek();
    let options = words.bytes.get(words.at..).unwrap_or_default();
    Some(Head::Copy {
        table,
        columns,
        length: 0,
        plain: options == b";",
    })
}

fn create(words: &mut Words<'_>) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut word = words.word();
    for _ in 0..3 {
        if word == b"TABLE" {
            break;
        }
        word = words.word();
    }
    if word != b"TABLE" {
        return None;
    }
    let before = words.at;
    if words.word() == b"IF" {
        words.word();
        words.word();
    } else {
        words.at = before;
    }
    let table = words.name()?;
    let columns = (words.peek() == Some(b'(')).then(|| words.definitions())?;
    Some((table, columns))
}

/// Reads the tokens of a head.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Words<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// The next bare word, in capitals; empty where there is none.
    fn word(&mut self) -> Vec<u8> {
        self.peek();
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        {
            self.at += 1;
        }
        self.bytes
            .get(start..self.at)
            .unwrap_or_default()
            .to_ascii_uppercase()
    }

    /// A name without its quotes.
    fn identifier(&mut self) -> Option<Vec<u8>> {
        let quote = match self.peek()? {
            quote @ (b'"' | b'`' | b'\'') => quote,
            b'[' => b']',
            _ => {
                let start = self.at;
                self.word();
                let name = self.bytes.get(start..self.at)?;
                return (!name.is_empty()).then(|| name.to_vec());
            }
        };
        let start = self.at + 1;
        let Some((end, _)) = string_end(self.bytes, start, quote, false) else {
            self.at = self.bytes.len();
            return None;
        };
        self.at = end + 1;
        self.bytes.get(start..end).map(<[u8]>::to_vec)
    }

    /// A table's name, with its schema's if it is given.
    fn name(&mut self) -> Option<Vec<u8>> {
        let mut name = self.identifier()?;
        while self.peek() == Some(b'.') {
            self.at += 1;
            name.push(b'.');
            name.extend(self.identifier()?);
        }
        Some(name)
    }

    /// Names between brackets.
    fn list(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        loop {
            self.at += 1;
            names.push(self.identifier()?);
            match self.peek()? {
                b',' => {}
                b')' => {
                    self.at += 1;
                    return Some(names);
                }
                _ => return None,
            }
        }
    }

    /// The columns that a table is defined with.
    fn definitions(&mut self) -> Vec<Vec<u8>> {
        const CONSTRAINTS: &[&[u8]] = &[
            b"PRIMARY",
            b"KEY",
            b"UNIQUE",
            b"CONSTRAINT",
            b"FOREIGN",
            b"CHECK",
            b"INDEX",
            b"FULLTEXT",
            b"SPATIAL",
            b"EXCLUDE",
            b"LIKE",
        ];
        let mut columns = Vec::new();
        loop {
            self.at += 1;
            let bare = self.peek().is_some_and(|byte| byte.is_ascii_alphabetic());
            let Some(name) = self.identifier() else {
                return columns;
            };
            if !bare || !CONSTRAINTS.contains(&name.to_ascii_uppercase().as_slice()) {
                columns.push(name);
            }
            // On to the comma of this level.
            let mut depth = 0_usize;
            loop {
                let Some(&byte) = self.bytes.get(self.at) else {
                    return columns;
                };
                match byte {
                    b'(' => depth += 1,
                    b')' if depth == 0 => return columns,
                    b')' => depth -= 1,
                    b',' if depth == 0 => break,
                    b'\'' | b'"' | b'`' => match string_end(self.bytes, self.at + 1, byte, false) {
                        Some((end, _)) => self.at = end,
                        None => return columns,
                    },
                    _ => {}
                }
                self.at += 1;
            }
        }
    }
}
