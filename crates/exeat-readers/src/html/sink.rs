//! How text is put together: white space, lines, and which elements break
//! them.

use crate::flow::Flow;

/// Where text goes: into a cell, or to the part at hand.
pub(super) enum Sink<'a> {
    Cell(&'a mut Vec<u8>),
    Flow(&'a mut Flow),
}

impl Sink<'_> {
    pub(super) fn last(&self) -> u8 {
        match self {
            Self::Cell(cell) => cell.last().copied().unwrap_or(b'\n'),
            Self::Flow(flow) => flow.last(),
        }
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Cell(cell) => cell,
            Self::Flow(flow) => &mut flow.bytes,
        }
    }

    pub(super) fn line(&mut self) {
        match self {
            Self::Flow(flow) => flow.line(),
            Self::Cell(cell) => {
                if cell.last() == Some(&b' ') {
                    cell.pop();
                }
                if !matches!(cell.last(), None | Some(b'\n')) {
                    cell.push(b'\n');
                }
            }
        }
    }

    /// After a name, before its value.
    pub(super) fn colon(&mut self) {
        if self.last() == b' ' && !self.bytes().is_empty() {
            self.bytes().pop();
        }
        match self.last() {
            b'\n' => {}
            b':' => self.bytes().push(b' '),
            _ => self.bytes().extend_from_slice(b": "),
        }
    }
}

/// Adds text, with one space for all white space in a row. A space that does
/// not break a line is one, and what has no width is left out: numbers are
/// written with the one, and may hide behind the other.
pub(super) fn push_text(mut sink: Sink<'_>, text: &[u8], is_preformatted: bool) {
    if is_preformatted {
        sink.bytes().extend_from_slice(text);
        return;
    }
    let mut last = sink.last();
    let bytes = sink.bytes();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let (taken, letter) = match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | 0x0C, ..] => (1, Some(b' ')),
            [0xC2, 0xA0, ..] => (2, Some(b' ')),
            [0xC2, 0xAD, ..] => (2, None),
            [0xE2, 0x80, 0x8B, ..] | [0xE2, 0x81, 0xA0, ..] | [0xEF, 0xBB, 0xBF, ..] => (3, None),
            _ => {
                // On to what may be one of these.
                let end = after
                    .iter()
                    .position(|&byte| byte <= b' ' || byte >= 0xC2)
                    .unwrap_or(after.len());
                bytes.push(byte);
                bytes.extend_from_slice(&after[..end]);
                last = bytes.last().copied().unwrap_or(byte);
                rest = &after[end..];
                continue;
            }
        };
        rest = &rest[taken..];
        if letter.is_some() && !matches!(last, b' ' | b'\n') {
            bytes.push(b' ');
            last = b' ';
        }
    }
}

pub(super) enum Display {
    Inline,
    /// Nobody knows: words on either side are two.
    Space,
    Block,
}

pub(super) fn display(name: &[u8]) -> Display {
    const INLINE: &[&[u8]] = &[
        b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del",
        b"dfn", b"em", b"font", b"i", b"ins", b"kbd", b"label", b"mark", b"nobr", b"q", b"ruby",
        b"s", b"samp", b"small", b"span", b"strike", b"strong", b"sub", b"sup", b"time", b"tt",
        b"u", b"var", b"wbr",
    ];
    const BLOCK: &[&[u8]] = &[
        b"address",
        b"article",
        b"aside",
        b"blockquote",
        b"body",
        b"br",
        b"caption",
        b"center",
        b"dd",
        b"details",
        b"dialog",
        b"dir",
        b"div",
        b"dl",
        b"dt",
        b"fieldset",
        b"figcaption",
        b"figure",
        b"footer",
        b"form",
        b"frame",
        b"frameset",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
        b"head",
        b"header",
        b"hgroup",
        b"hr",
        b"html",
        b"iframe",
        b"legend",
        b"li",
        b"link",
        b"main",
        b"menu",
        b"meta",
        b"nav",
        b"noframes",
        b"noscript",
        b"object",
        b"ol",
        b"optgroup",
        b"option",
        b"p",
        b"search",
        b"section",
        b"select",
        b"summary",
        b"svg",
        b"table",
        b"tbody",
        b"td",
        b"template",
        b"text",
        b"tfoot",
        b"th",
        b"thead",
        b"title",
        b"tr",
        b"ul",
    ];
    if INLINE.binary_search(&name).is_ok() || name.contains(&b':') {
        Display::Inline
    } else if BLOCK.binary_search(&name).is_ok() {
        Display::Block
    } else {
        Display::Space
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_one_space() {
        let mut cell = Vec::new();
        push_text(Sink::Cell(&mut cell), b"  Amy \n ", false);
        push_text(
            Sink::Cell(&mut cell),
            "Zo\u{EB}\u{A0}\u{A0}Smith 999\u{200B}000".as_bytes(),
            false,
        );
        assert_eq!(cell, "Amy Zoë Smith 999000".as_bytes());
    }
}
