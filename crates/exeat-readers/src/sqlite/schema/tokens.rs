//! Words, names, numbers and signs of a statement, without comments.

/// The most of them in a statement: a table of 2,000 columns has a tenth.
const MOST: usize = 1 << 20;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word: a keyword or a name.
    Word(Vec<u8>),
    /// A name in quotes or brackets.
    Quoted(Vec<u8>),
    /// In single quotes: text, or a name.
    Text(Vec<u8>),
    Number(Vec<u8>),
    Sign(u8),
}

impl Token {
    pub(super) fn is_sign(&self, sign: u8) -> bool {
        *self == Self::Sign(sign)
    }

    /// Whether it is this keyword.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether it names this, in quotes or not.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let own = self.name();
        own.is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Word(name) | Self::Quoted(name) | Self::Text(name) => Some(name),
            _ => None,
        }
    }
}

/// The tokens of a statement; `None` where a quote is not closed.
pub(super) fn tokens(sql: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = sql.get(at) {
        if tokens.len() >= MOST {
            return None;
        }
        let rest = &sql[at..];
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"_$".contains(byte);
        match byte {
            b'-' if rest.starts_with(b"--") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            b'/' if rest.starts_with(b"/*") => {
                let end = memchr::memmem::find(&rest[2..], b"*/");
                at += end.map_or(rest.len(), |end| end + 4);
            }
            b'"' | b'`' | b'\'' => {
                let (content, length) = quoted(rest, byte)?;
                at += length;
                tokens.push(match byte {
                    b'\'' => Token::Text(content),
                    _ => Token::Quoted(content),
                });
            }
            b'[' => {
                let end = memchr::memchr(b']', rest)?;
                tokens.push(Token::Quoted(rest[1..end].to_vec()));
                at += end + 1;
            }
            b'0'..=b'9' | b'.' => {
                let is_part = |byte: &u8| is_word(byte) || *byte == b'.';
                let end = rest.iter().position(|byte| !is_part(byte));
                let end = end.unwrap_or(rest.len());
                tokens.push(Token::Number(rest[..end].to_vec()));
                at += end;
            }
            byte if is_word(&byte) => {
                let end = rest.iter().position(|byte| !is_word(byte));
                let end = end.unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_vec()));
                at += end;
            }
            byte => {
                if !byte.is_ascii_whitespace() {
                    tokens.push(Token::Sign(byte));
                }
                at += 1;
            }
        }
    }
    Some(tokens)
}

/// What stands between quotes, a doubled one being one; and how long it is
/// with them.
fn quoted(text: &[u8], quote: u8) -> Option<(Vec<u8>, usize)> {
    let mut content = Vec::new();
    let mut at = 1;
    loop {
        let end = at + memchr::memchr(quote, text.get(at..)?)?;
        content.extend_from_slice(&text[at..end]);
        if text.get(end + 1) != Some(&quote) {
            return Some((content, end + 1));
        }
        content.push(quote);
        at = end + 2;
    }
}
