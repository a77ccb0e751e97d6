//! Pieces of text put around and into a text, however they are nested.

use std::ops::Range;

use proc_macro2::LineColumn;

/// Where the lines of a text begin.
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { text, starts }
    }

    /// The byte at a line, counted from 1, and a column in characters, from 0.
    pub fn at(&self, place: LineColumn) -> usize {
        let start = self.starts[place.line - 1];
        let mut after = self.text[start..].char_indices().map(|(at, _)| at);
        start + after.nth(place.column).unwrap_or(self.text.len() - start)
    }
}

/// Text before and after a piece of the original.
struct Around {
    piece: Range<usize>,
    before: String,
    after: String,
}

/// All edits of one text.
#[derive(Default)]
pub struct Edits {
    around: Vec<Around>,
    instead: Vec<(Range<usize>, String)>,
}

impl Edits {
    pub fn around(&mut self, piece: Range<usize>, before: String, after: String) {
        self.around.push(Around {
            piece,
            before,
            after,
        });
    }

    /// Of pieces in which there are no other edits.
    pub fn instead(&mut self, piece: Range<usize>, text: &str) {
        self.instead.push((piece, text.to_owned()));
    }

    /// The text with all of them made. What is within something else stays within.
    pub fn made(&self, text: &str) -> String {
        let mut steps: Vec<(usize, u8, usize, usize, &str, usize)> = Vec::new();
        for (number, one) in self.around.iter().enumerate() {
            let Range { start, end } = one.piece;
            // What ends comes before what begins; of what ends at one place, that
            // which began last; of what begins there, that which ends last.
            let later = usize::MAX - number;
            steps.push((end, 0, usize::MAX - start, later, &one.after, end));
            steps.push((start, 1, usize::MAX - end, number, &one.before, start));
        }
        for (piece, new) in &self.instead {
            steps.push((piece.start, 2, 0, 0, new, piece.end));
        }
        steps.sort_unstable();
        let mut made = String::with_capacity(text.len() * 2);
        let mut at = 0;
        for (place, _, _, _, new, next) in steps {
            made.push_str(&text[at..place]);
            made.push_str(new);
            at = next;
        }
        made.push_str(&text[at..]);
        made
    }
}
