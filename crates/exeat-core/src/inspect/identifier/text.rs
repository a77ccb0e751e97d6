//! Identifiers in free text.
//!
//! One pass over the text, eight bytes at a time, finds the few places where
//! something can begin: a word, a number, an `@`, a colon. Words are looked up
//! by their first three letters; those that say what a number nearby means
//! (`NHS`, `card`, `born`) are remembered as context, others are findings
//! themselves. Everything else is checked on the spot, with bounded steps.

use super::{Hit, Key, email, ip};
use crate::inspect::facts::Class;
use crate::inspect::swar::{ONES, within};

mod number;
mod word;

use word::{Context, WordFilter};

/// Finds identifiers in free text. Built once, shared by threads.
#[derive(Debug)]
pub(crate) struct TextScanner {
    filter: WordFilter,
}

impl TextScanner {
    /// Builds the table of words.
    pub(crate) fn new() -> Self {
        Self {
            filter: WordFilter::new(),
        }
    }

    /// Calls `found` for every identifier in `text`, in order of where each
    /// was recognised. `text` is UTF-8 or close to it; `hash` hashes the
    /// normalised form of e-mail addresses and telephone numbers.
    pub(crate) fn scan(
        &self,
        text: &[u8],
        hash: &dyn Fn(&[u8]) -> u64,
        found: &mut dyn FnMut(Hit),
    ) {
        let mut scan = Scan {
            text,
            hash,
            found,
            resume: 0,
            last: [None; Context::COUNT],
            sort_code: None,
            account: None,
        };
        let (blocks, rest) = text.as_chunks::<8>();
        let mut edges = Edges::default();
        let mut base = 0;
        for block in blocks {
            self.block(&mut scan, u64::from_le_bytes(*block), base, &mut edges);
            base += 8;
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.block(&mut scan, u64::from_le_bytes(last), base, &mut edges);
        }
    }

    #[inline]
    fn block(&self, scan: &mut Scan<'_>, block: u64, base: usize, edges: &mut Edges) {
        let mut starts = edges.starts(block);
        while starts != 0 {
            let place = base + (starts.trailing_zeros() / 8) as usize;
            starts &= starts - 1;
            if place < scan.resume {
                continue;
            }
            let byte = scan.text[place];
            if byte.is_ascii_alphabetic() {
                if self.filter.may_start(scan.text, place) {
                    scan.word(place);
                }
            } else if byte.is_ascii_digit() {
                scan.number(place);
            } else if byte == b':' {
                scan.colon(place);
            } else {
                scan.at_sign(place);
            }
        }
    }
}

/// What the last byte of the block before was.
#[derive(Default)]
struct Edges {
    letter: u64,
    digit: u64,
}

impl Edges {
    /// The high bit of every byte at which a run of ASCII letters or of digits
    /// starts, and of every `@` and colon.
    #[inline]
    fn starts(&mut self, block: u64) -> u64 {
        let letters = within(block | (ONES * 0x20), b'a', b'z');
        let digits_and_colons = within(block, b'0', b':');
        let digits = within(block, b'0', b'9');
        let at_signs = within(block, b'@', b'@');
        let letter_starts = letters & !(letters << 8 | self.letter);
        let digit_starts = digits & !(digits << 8 | self.digit);
        self.letter = letters >> 56;
        self.digit = digits >> 56;
        letter_starts | digit_starts | (digits_and_colons & !digits) | at_signs
    }
}

/// A pass over one text.
struct Scan<'a> {
    text: &'a [u8],
    hash: &'a dyn Fn(&[u8]) -> u64,
    found: &'a mut dyn FnMut(Hit),
    /// Everything before this place belongs to something found already.
    resume: usize,
    /// Where each kind of context ended last.
    last: [Option<usize>; Context::COUNT],
    /// The last sort code and the last account number that context told of:
    /// where they start and end.
    sort_code: Option<(usize, usize)>,
    account: Option<(usize, usize)>,
}

impl Scan<'_> {
    fn hit(&mut self, class: Class, start: usize, end: usize, key: Key) {
        self.resume = self.resume.max(end);
        (self.found)(Hit {
            class,
            at: start..end,
            key,
        });
    }

    /// Whether words of this context ended at most `within` bytes before
    /// `place`.
    fn near(&self, context: Context, place: usize, within: usize) -> bool {
        self.last[context as usize].is_some_and(|end| place.saturating_sub(end) <= within)
    }

    fn before(&self, place: usize) -> Option<u8> {
        self.text.get(place.checked_sub(1)?).copied()
    }

    fn at_sign(&mut self, place: usize) {
        let Some(address) = email::around(self.text, place) else {
            return;
        };
        let mut buffer = [0; 320];
        let key = (self.hash)(email::normalise(&self.text[address.clone()], &mut buffer));
        self.hit(Class::Email, address.start, address.end, Key::Hash(key));
    }

    /// An address whose `@` is written as `%40` there.
    fn encoded_at_sign(&mut self, percent: usize) {
        let Some(address) = email::around_encoded(self.text, percent) else {
            return;
        };
        let mut buffer = [0; 320];
        let written = &self.text[address.clone()];
        let key = (self.hash)(email::normalise_encoded(written, &mut buffer));
        self.hit(Class::Email, address.start, address.end, Key::Hash(key));
    }

    /// A colon may be the first of an IPv6 address.
    fn colon(&mut self, place: usize) {
        let next = self.text.get(place + 1).copied().unwrap_or(b' ');
        if !(next.is_ascii_hexdigit() || next == b':') || self.before(place) == Some(b':') {
            return;
        }
        let mut start = place;
        while place - start < 5
            && self
                .before(start)
                .is_some_and(|byte| byte.is_ascii_hexdigit())
        {
            start -= 1;
        }
        let boundary = !self
            .before(start)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.'));
        if !boundary || start == place && next != b':' {
            return;
        }
        if let Some(end) = ip::v6_end(self.text, start)
            && !ip::is_nobodys(&self.text[start..end])
        {
            self.hit(Class::IpAddress, start, end, Key::None);
        }
    }
}

#[cfg(test)]
mod tests;
