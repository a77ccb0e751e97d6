//! Goes through the whole file and notes where its objects stand.
//!
//! The cross-reference table is not believed: it says which objects are in
//! use now, and what was taken back by a later revision still stands in the
//! file. Objects follow each other with nothing between them but what this
//! knows; anything else is data that no reader shows.

use exeat_core::inspect::reader::Reason;

use super::lexer::{Lack, Lexer, is_space};
use super::object::{Dict, Object};
use crate::problem::Problem;
use crate::source::Source;

/// The most objects of a file.
const MOST_OBJECTS: usize = 500_000;
/// The most bytes of an object that is no stream, or of a stream's dictionary.
const LARGEST: usize = 2 << 20;
/// So many bytes between objects are no matter: stray words, padding.
const STRAY: u64 = 32;

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u32,
    pub(super) generation: u16,
    /// Of an object in a stream the place of the stream: it orders revisions.
    pub(super) place: u64,
    /// Where it stands in the decoded stream of objects.
    pub(super) inside: Option<u32>,
}

#[derive(Default)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// Streams that hold objects.
    pub(super) holders: Vec<Entry>,
    /// Trailers, and dictionaries of streams that are one.
    pub(super) trailers: Vec<(u64, Dict)>,
    /// Where revisions end.
    pub(super) ends: Vec<u64>,
    /// What stands in comments, if it is more than marks.
    pub(super) comments: Vec<u8>,
    pub(super) reasons: Vec<Reason>,
}

/// An object at a place of the file, with where its bytes go on.
pub(super) struct Placed {
    pub(super) number: u32,
    pub(super) generation: u16,
    pub(super) object: Object,
    /// Behind the object, or where a stream's data begins.
    pub(super) end: u64,
    pub(super) is_stream: bool,
}

/// Reads the object whose header stands at a place; `None` if none does.
pub(super) fn object_at(source: &mut Source, place: u64) -> Result<Option<Placed>, Problem> {
    let mut want = 2 << 10;
    loop {
        let (bytes, is_all) = source.at(place, want)?;
        match placed(bytes, is_all) {
            Ok((placed, length)) => {
                return Ok(placed.map(|placed| Placed {
                    end: place + length as u64,
                    ..placed
                }));
            }
            Err(Lack::End) if is_all => return Err(Reason::CutShort.into()),
            Err(Lack::End) if want < LARGEST => want *= 4,
            Err(Lack::End) => return Err(Reason::PartTooLarge.into()),
            Err(Lack::Odd) => return Err(Reason::Damaged.into()),
        }
    }
}

fn placed(bytes: &[u8], is_all: bool) -> Result<(Option<Placed>, usize), Lack> {
    let mut lexer = Lexer::new(bytes, is_all);
    let header = |lexer: &mut Lexer<'_>| {
        let number = lexer.digits()?;
        let generation = lexer.digits()?;
        lexer.skip_space();
        if lexer.data.len() < lexer.at + 3 && !is_all {
            return Err(Lack::End);
        }
        Ok((number, generation, lexer.word(b"obj")))
    };
    let (number, generation) = match header(&mut lexer) {
        Ok((number, generation, true)) => (number, generation),
        Ok((_, _, false)) | Err(Lack::Odd) => return Ok((None, 0)),
        Err(Lack::End) => return Err(Lack::End),
    };
    let (Ok(number), Ok(generation)) = (u32::try_from(number), u16::try_from(generation)) else {
        return Ok((None, 0));
    };
    let before = lexer.at;
    let object = match lexer.object() {
        Ok(object) => object,
        // `1 0 obj endobj` is nothing.
        Err(Lack::Odd)
            if lexer.data[before..lexer.at]
                .trim_ascii()
                .starts_with(b"endobj") =>
        {
            Object::Null
        }
        Err(lack) => return Err(lack),
    };
    let mut end = lexer.at;
    lexer.skip_space();
    if lexer.data.len() < lexer.at + 8 && !is_all {
        return Err(Lack::End);
    }
    let is_stream = object.dict().is_some() && lexer.word(b"stream");
    if is_stream {
        // The data begins behind the line's end; spaces before it are common.
        let mut at = lexer.at;
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => at += 2,
            (Some(b'\r' | b'\n'), _) => at += 1,
            (Some(_), _) => at = lexer.at,
            (None, _) if is_all => {}
            (None, _) => return Err(Lack::End),
        }
        end = at;
    }
    let placed = Placed {
        number,
        generation,
        object,
        end: 0,
        is_stream,
    };
    Ok((Some(placed), end))
}

/// How long the data of a stream is that begins at a place: what its
/// dictionary says, if its end stands there, else up to where that is found.
pub(super) fn length_at(
    source: &mut Source,
    length: Option<u32>,
    start: u64,
) -> Result<Option<u64>, Problem> {
    const END: &[u8] = b"endstream";
    if let Some(length) = length {
        let end = start + u64::from(length);
        if end <= source.len() {
            let (bytes, _) = source.at(end, 32)?;
            let near = &bytes[..bytes.len().min(32)];
            if near.trim_ascii_start().starts_with(END) {
                return Ok(Some(u64::from(length)));
            }
        }
    }
    let Some(end) = source.find(END, start)? else {
        return Ok(None);
    };
    let tail = end.saturating_sub(2).max(start);
    let (bytes, _) = source.at(tail, 2)?;
    let ends = match bytes.get(..usize::try_from(end - tail).unwrap_or(0)) {
        Some([b'\r', b'\n']) => 2,
        Some([.., b'\r' | b'\n']) => 1,
        _ => 0,
    };
    Ok(Some(end - start - ends))
}

impl Index {
    pub(super) fn of(source: &mut Source) -> Result<Self, Problem> {
        let mut index = Self::default();
        let mut place = 0;
        let mut stray = 0_u64;
        // Whether numbers may stand alone: in a table, behind `startxref`.
        let mut in_table = false;
        let mut last_object = 0;
        while place < source.len() {
            let (bytes, _) = source.at(place, 64)?;
            let Some(&byte) = bytes.first() else {
                break;
            };
            if is_space(byte) {
                let spaces = bytes.iter().take_while(|&&byte| is_space(byte)).count();
                place += spaces as u64;
                continue;
            }
            let skipped = match byte {
                b'%' => {
                    place = index.comment(source, place)?;
                    0
                }
                b'0'..=b'9' => match object_at(source, place) {
                    Ok(Some(placed)) => {
                        in_table = false;
                        place = index.object(source, place, placed)?;
                        last_object = place;
                        0
                    }
                    Ok(None) => {
                        let length = word_length(source, place)?;
                        place += length;
                        if in_table { 0 } else { length }
                    }
                    Err(Problem::Unread(reason)) => {
                        index.reasons.push(reason);
                        last_object = place;
                        place = match source.find(b"endobj", place)? {
                            Some(end) => end,
                            None => source.len(),
                        };
                        0
                    }
                    Err(gone) => return Err(gone),
                },
                _ => {
                    let length = word_length(source, place)?;
                    let (bytes, _) = source.at(place, 16)?;
                    let word = &bytes[..usize::try_from(length).unwrap_or(0).min(bytes.len())];
                    let is_known = match word {
                        b"xref" | b"startxref" => {
                            in_table = true;
                            true
                        }
                        b"endobj" | b"endstream" => true,
                        b"n" | b"f" => in_table,
                        _ => false,
                    };
                    if word.starts_with(b"trailer") {
                        in_table = false;
                        place = index.trailer(source, place)?;
                        0
                    } else {
                        place += length;
                        if is_known { 0 } else { length }
                    }
                }
            };
            stray += skipped;
        }
        if stray > STRAY {
            index.reasons.push(Reason::Unaccounted);
        }
        if index.ends.last().is_none_or(|&end| end < last_object) {
            index.reasons.push(Reason::CutShort);
        }
        Ok(index)
    }

    fn comment(&mut self, source: &mut Source, place: u64) -> Result<u64, Problem> {
        const SHORT: usize = 24;
        let (bytes, _) = source.at(place, 4 << 10)?;
        if bytes.starts_with(b"%%EOF") {
            self.ends.push(place);
            return Ok(place + 5);
        }
        let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
        // The second line of a file is of bytes that are no letters.
        let comment = bytes[1..end.max(1)].iter();
        let letters = comment.copied().filter(|byte| matches!(byte, b' '..=b'~'));
        let comment: Vec<u8> = letters.collect();
        if comment.len() > SHORT && self.comments.len() < LARGEST {
            self.comments.extend_from_slice(&comment);
            self.comments.push(b'\n');
        }
        Ok(place + end.max(1) as u64)
    }

    fn object(&mut self, source: &mut Source, place: u64, placed: Placed) -> Result<u64, Problem> {
        let entry = Entry {
            number: placed.number,
            generation: placed.generation,
            place,
            inside: None,
        };
        if self.entries.len() >= MOST_OBJECTS {
            return Err(Reason::PartTooLarge.into());
        }
        self.entries.push(entry);
        let mut end = placed.end;
        if placed.is_stream
            && let Some(dict) = placed.object.dict()
        {
            if dict.is("Type", "ObjStm") {
                self.holders.push(entry);
            } else if dict.is("Type", "XRef") {
                self.trailers.push((place, Dict::clone(dict)));
            }
            match length_at(source, dict.get("Length").and_then(Object::whole), end)? {
                Some(length) => {
                    end += length;
                    let (bytes, _) = source.at(end, 32)?;
                    let near = &bytes[..bytes.len().min(32)];
                    let spaces = near.len() - near.trim_ascii_start().len();
                    end += (spaces + b"endstream".len()) as u64;
                }
                None => {
                    self.reasons.push(Reason::CutShort);
                    end = source.len();
                }
            }
        }
        Ok(end)
    }

    fn trailer(&mut self, source: &mut Source, place: u64) -> Result<u64, Problem> {
        let place = place + b"trailer".len() as u64;
        let mut want = 2 << 10;
        loop {
            let (bytes, is_all) = source.at(place, want)?;
            let mut lexer = Lexer::new(bytes, is_all);
            match lexer.object() {
                Ok(object) => {
                    let end = place + lexer.at as u64;
                    if let Some(dict) = object.dict() {
                        self.trailers.push((place, Dict::clone(dict)));
                    }
                    return Ok(end);
                }
                Err(Lack::End) if !is_all && want < LARGEST => want *= 4,
                Err(Lack::End) => {
                    self.reasons.push(Reason::CutShort);
                    return Ok(source.len());
                }
                Err(Lack::Odd) => {
                    self.reasons.push(Reason::Damaged);
                    return Ok(place);
                }
            }
        }
    }
}

/// How many bytes there are up to the next space: one at least.
fn word_length(source: &mut Source, place: u64) -> Result<u64, Problem> {
    let (bytes, _) = source.at(place, 4 << 10)?;
    let end = bytes
        .iter()
        .position(|&byte| is_space(byte) || byte == b'<');
    Ok(end.unwrap_or(bytes.len()).max(1) as u64)
}
