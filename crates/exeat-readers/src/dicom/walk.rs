//! Goes through the elements of a file and those within them (PS3.5, 7).

use std::ops::Range;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::elements::known;
use super::person::{Row, is_nhs_number, iso_date, spoken};
use crate::problem::Problem;
use crate::source::Source;

/// How deep sequences stand in one another.
const DEPTH: usize = 32;
/// The most bytes of a value that is text.
const LONGEST: u64 = 4 << 20;
/// The most bytes of all that is kept to be said.
const MOST: usize = 12 << 20;
const UNDEFINED: u32 = u32::MAX;

const ITEM: u32 = 0xFFFE_E000;
const ITEM_END: u32 = 0xFFFE_E00D;
const SEQUENCE_END: u32 = 0xFFFE_E0DD;

/// How elements are written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Syntax {
    pub(super) is_implicit: bool,
    pub(super) is_big_endian: bool,
}

/// What a file says.
#[derive(Default)]
pub(super) struct Found {
    /// Of elements that stand in no sequence.
    pub(super) row: Row,
    pub(super) patients: Vec<Row>,
    pub(super) text: String,
    pub(super) has_pixels: bool,
    /// Of overlays.
    pub(super) images: Vec<Image>,
    /// Where documents stand within.
    pub(super) documents: Vec<Range<u64>>,
    pub(super) reasons: Vec<Reason>,
    bytes: usize,
}

impl Found {
    pub(super) fn note(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.row.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes += bytes;
        match self.bytes > MOST {
            true => Err(Reason::PartTooLarge.into()),
            false => Ok(()),
        }
    }

    /// Adds what looks like text in bytes of which nothing else is known.
    pub(super) fn say_runs(&mut self, bytes: &[u8]) {
        const SHORTEST: usize = 5;
        for run in bytes.split(|byte| !matches!(byte, b'\t' | 32..127)) {
            if run.len() >= SHORTEST && self.text.len() < MOST {
                self.text.push_str(&String::from_utf8_lossy(run));
                self.text.push('\n');
            }
        }
    }
}

struct Element {
    tag: u32,
    representation: [u8; 2],
    length: u32,
    /// Where its value is.
    start: u64,
}

/// What stands in the item of a sequence.
#[derive(Default)]
struct ItemSeen {
    values: Row,
    concept: String,
}

pub(super) struct Walk<'s, 'f> {
    source: &'s mut Source,
    found: &'f mut Found,
    syntax: Syntax,
    letters: Letters,
    /// The item at hand, if elements stand in one.
    items: Vec<ItemSeen>,
    overlay: (u32, u32),
}

/// Which letters names and texts are written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Latin,
    Utf8,
    Other,
}

impl<'s, 'f> Walk<'s, 'f> {
    pub(super) fn new(source: &'s mut Source, found: &'f mut Found, syntax: Syntax) -> Self {
        Self {
            source,
            found,
            syntax,
            letters: Letters::Latin,
            items: Vec::new(),
            overlay: (0, 0),
        }
    }

    fn bytes(&mut self, place: u64, count: usize) -> Result<&[u8], Problem> {
        let (bytes, _) = self.source.at(place, count)?;
        Ok(bytes.get(..count).ok_or(Reason::CutShort)?)
    }

    fn short(&self, bytes: &[u8]) -> u16 {
        let pair = [bytes[0], bytes[1]];
        match self.syntax.is_big_endian {
            true => u16::from_be_bytes(pair),
            false => u16::from_le_bytes(pair),
        }
    }

    fn long(&self, bytes: &[u8]) -> u32 {
        let four = [bytes[0], bytes[1], bytes[2], bytes[3]];
        match self.syntax.is_big_endian {
            true => u32::from_be_bytes(four),
            false => u32::from_le_bytes(four),
        }
    }

    /// Reads the first group; gives where it ends, and the transfer syntax.
    pub(super) fn meta(&mut self, start: u64) -> Result<(u64, String), Problem> {
        let mut place = start;
        let mut syntax = String::new();
        while place < self.source.len() {
            let head = self.bytes(place, 2)?;
            if head != [2, 0] {
                break;
            }
            let element = self.element(place)?;
            if element.length == UNDEFINED {
                return Err(Reason::Damaged.into());
            }
            let end = element.start + u64::from(element.length);
            if end > self.source.len() {
                return Err(Reason::CutShort.into());
            }
            if element.tag == 0x0002_0010 {
                syntax = self.text(&element)?;
            } else if matches!(&element.representation, b"AE" | b"SH" | b"OB") {
                // Titles of programs, and what is private to them.
                let length = usize::try_from(element.length.min(1 << 16)).unwrap_or(0);
                let value = self.bytes(element.start, length)?.to_vec();
                self.found.say_runs(&value);
            }
            place = end;
        }
        if syntax.is_empty() {
            return Err(Reason::Damaged.into());
        }
        Ok((place, syntax))
    }

    /// The element whose tag stands at a place.
    fn element(&mut self, place: u64) -> Result<Element, Problem> {
        let head = self.bytes(place, 8)?.to_vec();
        let tag = u32::from(self.short(&head)) << 16 | u32::from(self.short(&head[2..]));
        if tag >> 16 == 0xFFFE || self.syntax.is_implicit {
            let representation = match known(tag) {
                Some((_, representation)) => representation,
                None => *b"UN",
            };
            return Ok(Element {
                tag,
                representation,
                length: self.long(&head[4..]),
                start: place + 8,
            });
        }
        let representation = [head[4], head[5]];
        if !representation.iter().all(u8::is_ascii_uppercase) {
            return Err(Reason::Damaged.into());
        }
        let is_long = matches!(
            &representation,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        );
        let (length, start) = if is_long {
            let length = self.bytes(place + 8, 4)?.to_vec();
            (self.long(&length), place + 12)
        } else {
            (u32::from(self.short(&head[6..])), place + 8)
        };
        Ok(Element {
            tag,
            representation,
            length,
            start,
        })
    }

    /// Goes through elements up to an end, or to the mark of one.
    pub(super) fn elements(&mut self, start: u64, end: u64, depth: usize) -> Result<u64, Problem> {
        if depth > DEPTH {
            return Err(Reason::TooDeep.into());
        }
        let mut place = start;
        while place < end {
            let element = self.element(place)?;
            if element.tag == ITEM_END {
                return Ok(element.start);
            }
            if element.tag >> 16 == 0xFFFE {
                return Err(Reason::Damaged.into());
            }
            place = self.value(&element, end, depth)?;
        }
        Ok(place)
    }

    /// Reads a value; gives where it ends.
    fn value(&mut self, element: &Element, limit: u64, depth: usize) -> Result<u64, Problem> {
        let is_pixels = matches!(element.tag, 0x7FE0_0008..=0x7FE0_0010);
        if is_pixels {
            self.found.has_pixels = true;
        }
        if element.tag == 0x0400_0500 {
            self.found.note(Reason::PartlyEncrypted);
        }
        if element.length == UNDEFINED {
            return match is_pixels {
                true => self.fragments(element.start),
                false => {
                    // What is unknown and has no length is an implicit list.
                    let before = self.syntax;
                    if &element.representation == b"UN" {
                        self.syntax.is_implicit = true;
                    }
                    let end = self.sequence(element.tag, element.start, limit, true, depth);
                    self.syntax = before;
                    end
                }
            };
        }
        let end = element.start + u64::from(element.length);
        if end > limit {
            return Err(Reason::CutShort.into());
        }
        if is_pixels {
            return Ok(end);
        }
        match &element.representation {
            b"SQ" => {
                self.sequence(element.tag, element.start, end, false, depth)?;
            }
            b"AE" | b"AS" | b"CS" | b"DA" | b"DS" | b"DT" | b"IS" | b"LO" | b"LT" | b"PN"
            | b"SH" | b"ST" | b"TM" | b"UC" | b"UI" | b"UR" | b"UT" => {
                let text = self.text(element)?;
                self.tell(element, text)?;
            }
            b"US" | b"SS" if element.length == 2 => {
                let raw = self.bytes(element.start, 2)?.to_vec();
                let number = self.short(&raw);
                match (element.tag >> 16, element.tag & 0xFFFF) {
                    (0x6000..=0x60FF, 0x10) => self.overlay.0 = u32::from(number),
                    (0x6000..=0x60FF, 0x11) => self.overlay.1 = u32::from(number),
                    (0x0028, 0x10 | 0x11) if depth == 0 => {
                        self.tell(element, number.to_string())?
                    }
                    _ => {}
                }
            }
            _ => self.other(element)?,
        }
        Ok(end)
    }

    fn other(&mut self, element: &Element) -> Result<(), Problem> {
        let range = element.start..element.start + u64::from(element.length);
        match element.tag {
            0x0042_0011 => {
                self.found.documents.push(range);
                return Ok(());
            }
            _ if element.tag & 0xFF00_FFFF == 0x6000_3000 => {
                let (height, width) = self.overlay;
                self.found.images.push(Image {
                    width,
                    height,
                    metadata: 0,
                });
                return Ok(());
            }
            _ => {}
        }
        let is_bytes = matches!(&element.representation, b"OB" | b"UN" | b"OW");
        let is_private = element.tag >> 16 & 1 == 1;
        if !is_bytes || element.length == 0 || (!is_private && &element.representation == b"OW") {
            return Ok(());
        }
        if u64::from(element.length) > LONGEST {
            // Raw data of a scanner, most likely; nobody knows.
            self.found.note(Reason::Foreign);
            return Ok(());
        }
        let length = usize::try_from(element.length).map_err(|_| Reason::PartTooLarge)?;
        let bytes = self.bytes(element.start, length)?.to_vec();
        let printed = bytes
            .iter()
            .filter(|byte| matches!(byte, 9 | 10 | 13 | 32..127))
            .count();
        // A value of text whose representation is not known.
        if printed + 2 >= bytes.len() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return self.tell(element, text);
        }
        self.found.say_runs(&bytes);
        Ok(())
    }

    /// The pieces of compressed pixels, which are skipped.
    fn fragments(&mut self, start: u64) -> Result<u64, Problem> {
        let mut place = start;
        loop {
            let head = self.bytes(place, 8)?.to_vec();
            let tag = u32::from(self.short(&head)) << 16 | u32::from(self.short(&head[2..]));
            place += 8;
            match tag {
                SEQUENCE_END => return Ok(place),
                ITEM => place += u64::from(self.long(&head[4..])),
                _ => return Err(Reason::Damaged.into()),
            }
            if place > self.source.len() {
                return Err(Reason::CutShort.into());
            }
        }
    }

    fn sequence(
        &mut self,
        tag: u32,
        start: u64,
        end: u64,
        is_open: bool,
        depth: usize,
    ) -> Result<u64, Problem> {
        let mut place = start;
        while place < end {
            let item = self.element(place)?;
            match item.tag {
                SEQUENCE_END => return Ok(item.start),
                ITEM => {}
                _ => return Err(Reason::Damaged.into()),
            }
            let limit = match item.length {
                UNDEFINED => end,
                length => item.start + u64::from(length),
            };
            if limit > end {
                return Err(Reason::CutShort.into());
            }
            self.items.push(ItemSeen::default());
            let read = self.elements(item.start, limit, depth + 1);
            let seen = self.items.pop().unwrap_or_default();
            self.item(tag, seen)?;
            place = read?;
            if item.length == UNDEFINED && place >= end && is_open {
                return Err(Reason::CutShort.into());
            }
        }
        if is_open {
            return Err(Reason::CutShort.into());
        }
        Ok(place)
    }

    /// Says what stood in an item: a patient of a directory, a line of a
    /// report, a coded word, or whatever it was.
    fn item(&mut self, tag: u32, seen: ItemSeen) -> Result<(), Problem> {
        let value = |name: &str| {
            let found = seen.values.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| &**value)
        };
        if value("DirectoryRecordType") == Some("PATIENT") {
            self.found.patients.push(seen.values);
            return Ok(());
        }
        if tag == 0x0040_A043
            && let (Some(meaning), Some(outer)) = (value("CodeMeaning"), self.items.last_mut())
        {
            meaning.clone_into(&mut outer.concept);
        }
        for (name, value) in &seen.values {
            if name.ends_with("UID") || name == "CodingSchemeDesignator" {
                continue;
            }
            // A line of a report is said behind what it is about.
            let is_said = matches!(
                &**name,
                "TextValue" | "PersonName" | "Date" | "DateTime" | "NumericValue"
            );
            let label = match name {
                _ if is_said && !seen.concept.is_empty() => &seen.concept,
                name if name.contains("PatientID") && is_nhs_number(value) => "NHS number",
                name => name,
            };
            let line = format!("{label}: {value}\n");
            self.found.count(line.len())?;
            self.found.text.push_str(&line);
        }
        Ok(())
    }

    /// A value that is text, with what fills it up taken away.
    fn text(&mut self, element: &Element) -> Result<String, Problem> {
        if u64::from(element.length) > LONGEST {
            return Err(Reason::PartTooLarge.into());
        }
        let length = usize::try_from(element.length).map_err(|_| Reason::PartTooLarge)?;
        let letters = self.letters;
        let bytes = self.bytes(element.start, length)?;
        let text = match (letters, std::str::from_utf8(bytes)) {
            (Letters::Utf8 | Letters::Other, Ok(text)) => text.to_owned(),
            (_, Ok(text)) if text.is_ascii() => text.to_owned(),
            (Letters::Latin, _) => bytes.iter().map(|&byte| char::from(byte)).collect(),
            (Letters::Utf8, Err(_)) => String::from_utf8_lossy(bytes).into_owned(),
            (Letters::Other, Err(_)) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                self.found.note(Reason::Illegible);
                text
            }
        };
        Ok(text.trim_matches(['\0', ' ']).to_owned())
    }

    /// Notes the value of an element under its keyword.
    fn tell(&mut self, element: &Element, text: String) -> Result<(), Problem> {
        if text.is_empty() {
            return Ok(());
        }
        if element.tag == 0x0008_0005 {
            self.letters = match &*text {
                "ISO_IR 6" | "ISO_IR 100" | "ISO 2022 IR 100" | "ISO 2022 IR 6"
                | "\\ISO 2022 IR 100" => Letters::Latin,
                "ISO_IR 192" | "GB18030" => Letters::Utf8,
                _ => Letters::Other,
            };
            return Ok(());
        }
        self.found.count(text.len() + 64)?;
        let several = text.replace('\\', "; ");
        let value = match &element.representation {
            b"PN" => {
                let names = text.split('\\').map(spoken);
                names.collect::<Vec<_>>().join("; ")
            }
            b"DA" => {
                let dates = text.split('\\').map(iso_date);
                dates.collect::<Vec<_>>().join("; ")
            }
            b"LT" | b"ST" | b"UT" => text.clone(),
            _ => several,
        };
        let is_uid = &element.representation == b"UI";
        let is_numbers = matches!(&element.representation, b"DS" | b"IS" | b"TM");
        let Some((keyword, _)) = known(element.tag) else {
            // Numbers about pixels, and what makers of scanners add.
            if !is_uid && !is_numbers {
                self.found.text.push_str(&value);
                self.found.text.push('\n');
            }
            return Ok(());
        };
        if is_uid {
            return Ok(());
        }
        let row = match self.items.last_mut() {
            Some(item) => &mut item.values,
            None => &mut self.found.row,
        };
        if keyword == "PatientName" && text.contains('^') {
            let part = |at| {
                text.split(['^', '='])
                    .nth(at)
                    .unwrap_or("")
                    .trim()
                    .to_owned()
            };
            row.push(("patient_surname".to_owned(), part(0)));
            row.push(("patient_forename".to_owned(), part(1)));
        }
        row.push((keyword.to_owned(), value));
        Ok(())
    }
}
