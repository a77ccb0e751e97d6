//! A column of a row group, as cells of a table: its pages one after the
//! other, and as little of them in memory as will do.

use std::sync::Arc;

use bytes::Bytes;
use exeat_core::inspect::reader::Reason;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader as _};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::hybrid::Hybrid;
use super::source::{Source, problem};
use super::style::Style;
use super::values::{Raw, Storage, Values, after};
use crate::problem::Problem;

/// The most values of a dictionary. Writers give up at 1 MiB of values.
const MAX_ENTRIES: u32 = 4 << 20;

/// Cells one after the other, as fields of rows.
#[derive(Debug, Default)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    /// Four bytes each: limits keep cells far below 4 GiB.
    ends: Vec<u32>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(super) fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let start = match place {
            0 => 0,
            _ => self.ends[place - 1],
        };
        self.bytes
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    fn end(&mut self) -> Result<(), Reason> {
        let end = u32::try_from(self.bytes.len());
        self.ends.push(end.map_err(|_| Reason::PartTooLarge)?);
        Ok(())
    }

    /// How much memory is in use.
    pub(super) fn held(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u32>()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Which values of a dictionary some row has.
#[derive(Debug, Clone, Default)]
pub(super) struct Used(Vec<u64>);

impl Used {
    fn set(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    pub(super) fn has(&self, place: usize) -> bool {
        let word = self.0.get(place / 64);
        word.is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Whether all of the first `count` are.
    fn has_all(&self, count: usize) -> bool {
        let whole = self.0.iter().take(count / 64).all(|&word| word == u64::MAX);
        whole && (count / 64 * 64..count).all(|place| self.has(place))
    }

    pub(super) fn held(&self) -> usize {
        self.0.len() * 8
    }
}

/// A column of a row group.
pub(super) struct Column {
    source: Arc<Source>,
    chunk: ColumnChunkMetaData,
    style: Style,
    storage: Storage,
    open: Option<Open>,
    place: Place,
    /// Whether values were left out that are files of their own.
    pub(super) has_files: bool,
    used: Option<Used>,
    entries: usize,
    /// Bytes that were decompressed and not yet counted.
    decoded: u64,
}

/// How far a column was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Data pages that are done with.
    pages: usize,
    /// Levels of the next one.
    levels: usize,
}

struct Open {
    pages: SerializedPageReader<Source>,
    dictionary: Option<Cells>,
    page: Option<OpenPage>,
}

struct OpenPage {
    levels: usize,
    done: usize,
    /// Tells what is null; `None` where nothing can be.
    definition: Option<Hybrid>,
    values: PageValues,
    bytes: usize,
}

enum PageValues {
    Stored(Box<Values>),
    Indices(Hybrid),
}

impl Column {
    pub(super) fn new(source: &Arc<Source>, chunk: &ColumnChunkMetaData) -> Self {
        let column = chunk.column_descr();
        Self {
            source: Arc::clone(source),
            style: Style::of(column),
            storage: Storage {
                physical: column.physical_type(),
                length: match column.physical_type() {
                    parquet::basic::Type::FIXED_LEN_BYTE_ARRAY => {
                        usize::try_from(column.type_length()).unwrap_or(0)
                    }
                    _ => 0,
                },
            },
            chunk: chunk.clone(),
            open: None,
            place: Place::default(),
            has_files: false,
            used: None,
            entries: 0,
            decoded: 0,
        }
    }

    /// How much memory its pages use.
    pub(super) fn held(&self) -> usize {
        self.open.as_ref().map_or(0, |open| {
            let dictionary = open.dictionary.as_ref().map_or(0, Cells::held);
            dictionary + open.page.as_ref().map_or(0, |page| page.bytes)
        })
    }

    /// Forgets pages; they are read again when they are needed.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Where reading will go on.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Goes back to where it was.
    pub(super) fn go_to(&mut self, place: Place) {
        if place != self.place {
            self.open = None;
            self.place = place;
        }
    }

    /// How many bytes were decompressed since this was last asked.
    pub(super) fn take_decoded(&mut self) -> u64 {
        std::mem::take(&mut self.decoded)
    }

    /// Which values of its dictionary rows had, if some had none: they leave
    /// with the file as well.
    pub(super) fn unused(&mut self) -> Option<Used> {
        self.used.take().filter(|used| !used.has_all(self.entries))
    }

    /// Adds the next `count` cells, as long as the cells take at most `most`
    /// bytes; says whether that was enough.
    pub(super) fn fill(
        &mut self,
        count: usize,
        cells: &mut Cells,
        most: usize,
    ) -> Result<bool, Problem> {
        let end = cells.len() + count;
        let mut scratch = Scratch::default();
        while cells.len() < end {
            if cells.held() > most {
                return Ok(false);
            }
            // In small steps, so that the limit is looked at.
            let now = (end - cells.len()).min(1024);
            self.step(now, cells, &mut scratch)?;
        }
        Ok(cells.held() <= most)
    }

    /// Reads so many levels and gives nothing but what they use of the
    /// dictionary.
    pub(super) fn mark(&mut self, mut count: usize) -> Result<(), Problem> {
        let (mut cells, mut scratch) = (Cells::default(), Scratch::default());
        while count > 0 {
            cells.clear();
            self.step(count.min(1024), &mut cells, &mut scratch)?;
            count -= cells.len();
        }
        Ok(())
    }

    /// Says whether there is more where the end should be.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        let place = self.place;
        let open = self.opened()?;
        let is_done = open
            .page
            .as_ref()
            .is_none_or(|page| page.done == page.levels);
        if !is_done {
            return Err(Reason::Damaged.into());
        }
        let mut extra = 0;
        // Pages without values do no harm.
        while let Some(page) = open.pages.get_next_page().map_err(problem)? {
            extra += page.num_values();
            if page.is_dictionary_page() && place == Place::default() {
                extra = 0;
            }
        }
        match extra {
            0 => Ok(()),
            _ => Err(Reason::Damaged.into()),
        }
    }

    /// At least one of the next `count` cells, from a single page.
    fn step(
        &mut self,
        count: usize,
        cells: &mut Cells,
        scratch: &mut Scratch,
    ) -> Result<(), Problem> {
        let most = self.chunk.column_descr().max_def_level();
        self.opened()?;
        let open = self.open.as_mut().ok_or(Reason::Fault)?;
        let page = match &mut open.page {
            Some(page) if page.done < page.levels => page,
            page => {
                if page.take().is_some() {
                    self.place.pages += 1;
                    self.place.levels = 0;
                }
                let next = open.pages.get_next_page().map_err(problem)?;
                let next = next.ok_or(Reason::Damaged)?;
                self.decoded += next.buffer().len() as u64;
                page.insert(open_page(&next, &self.chunk, self.storage)?)
            }
        };
        let now = count.min(page.levels - page.done);
        let is_there = scratch.levels(page, now, most)?;
        match &mut page.values {
            PageValues::Stored(values) => {
                for place in 0..now {
                    if is_there.get(place).is_none_or(|&level| level) {
                        let value = values.next()?;
                        self.has_files |= !self.style.push(value, &mut cells.bytes)?;
                    }
                    cells.end()?;
                }
            }
            PageValues::Indices(indices) => {
                let dictionary = open.dictionary.as_ref().ok_or(Reason::Damaged)?;
                let used = self.used.as_mut().ok_or(Reason::Damaged)?;
                let values = match is_there {
                    [] => now,
                    levels => levels.iter().filter(|&&level| level).count(),
                };
                scratch.indices.clear();
                indices.take(values, &mut scratch.indices)?;
                let mut next = scratch.indices.iter();
                for place in 0..now {
                    if scratch.is_there.get(place).is_none_or(|&level| level) {
                        let index = next.next().ok_or(Reason::Damaged)?;
                        let index = usize::try_from(*index).map_err(|_| Reason::Damaged)?;
                        let cell = dictionary.get(index).ok_or(Reason::Damaged)?;
                        used.set(index);
                        cells.bytes.extend_from_slice(cell);
                    }
                    cells.end()?;
                }
            }
        }
        page.done += now;
        self.place.levels += now;
        Ok(())
    }

    /// Opens it where it was left.
    fn opened(&mut self) -> Result<&mut Open, Problem> {
        if self.open.is_none() {
            self.open = Some(self.reopen()?);
        }
        Ok(self.open.as_mut().ok_or(Reason::Fault)?)
    }

    fn reopen(&mut self) -> Result<Open, Problem> {
        let mut pages = self.pages()?;
        let mut dictionary = None;
        let first = pages.peek_next_page().map_err(problem)?;
        if first.is_some_and(|page| page.is_dict) {
            let page = pages.get_next_page().map_err(problem)?;
            let page = page.ok_or(Reason::Damaged)?;
            self.decoded += page.buffer().len() as u64;
            dictionary = Some(self.render(&page)?);
        }
        for _ in 0..self.place.pages {
            pages.skip_next_page().map_err(problem)?;
        }
        let mut page = None;
        if self.place.levels > 0 {
            let next = pages.get_next_page().map_err(problem)?;
            let next = next.ok_or(Reason::Damaged)?;
            self.decoded += next.buffer().len() as u64;
            let mut next = open_page(&next, &self.chunk, self.storage)?;
            next.skip(self.place.levels, self.chunk.column_descr().max_def_level())?;
            page = Some(next);
        }
        Ok(Open {
            pages,
            dictionary,
            page,
        })
    }

    fn pages(&self) -> Result<SerializedPageReader<Source>, Problem> {
        // The number of rows matters with a page index alone.
        let source = Arc::clone(&self.source);
        SerializedPageReader::new(source, &self.chunk, 0, None).map_err(problem)
    }

    /// Every value of a dictionary as a cell, in order.
    fn render(&mut self, page: &Page) -> Result<Cells, Problem> {
        let mut cells = Cells::default();
        let style = self.style;
        let has_files = &mut self.has_files;
        let entries = each_entry(page, self.storage, &mut |value| {
            *has_files |= !style.push(value, &mut cells.bytes)?;
            cells.end()?;
            Ok(())
        })?;
        self.entries = entries;
        self.used
            .get_or_insert_with(|| Used(vec![0; entries.div_ceil(64)]));
        Ok(cells)
    }

    /// The values of its dictionary that no row has, as cells.
    pub(super) fn unused_cells(&mut self, used: &Used) -> Result<Cells, Problem> {
        let all = self.reopen()?.dictionary.unwrap_or_default();
        let mut cells = Cells::default();
        for place in (0..all.len()).filter(|&place| !used.has(place)) {
            cells
                .bytes
                .extend_from_slice(all.get(place).unwrap_or_default());
            cells.end()?;
        }
        Ok(cells)
    }

    /// Hands out every value that is a file of its own, those of a dictionary
    /// once.
    pub(super) fn each_file(
        &mut self,
        act: &mut dyn FnMut(&[u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let (style, storage) = (self.style, self.storage);
        let mut look = |value: Raw<'_>| match value {
            Raw::Bytes(bytes) if style.binary(bytes) == crate::cell::Binary::File => act(bytes),
            _ => Ok(()),
        };
        let most = self.chunk.column_descr().max_def_level();
        let mut pages = self.pages()?;
        let mut scratch = Scratch::default();
        while let Some(page) = pages.get_next_page().map_err(problem)? {
            self.decoded += page.buffer().len() as u64;
            if page.is_dictionary_page() {
                each_entry(&page, storage, &mut look)?;
                continue;
            }
            let mut page = open_page(&page, &self.chunk, storage)?;
            while page.done < page.levels {
                let now = (page.levels - page.done).min(1024);
                let values = match scratch.levels(&mut page, now, most)? {
                    [] => now,
                    levels => levels.iter().filter(|&&level| level).count(),
                };
                page.done += now;
                match &mut page.values {
                    PageValues::Indices(_) => break,
                    PageValues::Stored(stored) => {
                        for _ in 0..values {
                            look(stored.next()?)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Buffers that are used again.
#[derive(Debug, Default)]
struct Scratch {
    numbers: Vec<u32>,
    is_there: Vec<bool>,
    indices: Vec<u32>,
}

impl Scratch {
    /// Which of the next `count` values are there: empty where all are.
    fn levels(&mut self, page: &mut OpenPage, count: usize, most: i16) -> Result<&[bool], Problem> {
        self.is_there.clear();
        if let Some(levels) = &mut page.definition {
            self.numbers.clear();
            levels.take(count, &mut self.numbers)?;
            let most = u32::from(most.unsigned_abs());
            if self.numbers.iter().any(|&level| level != most) {
                let levels = self.numbers.iter().map(|&level| level == most);
                self.is_there.extend(levels);
            }
        }
        Ok(&self.is_there)
    }
}

impl OpenPage {
    fn skip(&mut self, count: usize, most: i16) -> Result<(), Problem> {
        let mut scratch = Scratch::default();
        if count > self.levels {
            return Err(Reason::Damaged.into());
        }
        let values = match scratch.levels(self, count, most)? {
            [] => count,
            levels => levels.iter().filter(|&&level| level).count(),
        };
        match &mut self.values {
            PageValues::Indices(indices) => indices.take(values, &mut scratch.indices)?,
            PageValues::Stored(stored) => {
                for _ in 0..values {
                    stored.next()?;
                }
            }
        }
        self.done = count;
        Ok(())
    }
}

/// Takes every value of a dictionary; says how many there are.
fn each_entry(
    page: &Page,
    storage: Storage,
    act: &mut dyn FnMut(Raw<'_>) -> Result<(), Problem>,
) -> Result<usize, Problem> {
    let count = page.num_values();
    if count > MAX_ENTRIES {
        return Err(Reason::PartTooLarge.into());
    }
    let mut values = Values::new(page.buffer().clone(), storage, Encoding::PLAIN)?;
    for _ in 0..count {
        act(values.next()?)?;
    }
    Ok(usize::try_from(count).map_err(|_| Reason::PartTooLarge)?)
}

#[expect(deprecated, reason = "old files have levels that are packed")]
const PACKED: Encoding = Encoding::BIT_PACKED;

/// A data page, before its first value.
fn open_page(
    page: &Page,
    chunk: &ColumnChunkMetaData,
    storage: Storage,
) -> Result<OpenPage, Problem> {
    let column = chunk.column_descr();
    let width = |most: i16| {
        let most = most.unsigned_abs();
        u8::try_from(u16::BITS - most.leading_zeros()).unwrap_or(u8::MAX)
    };
    let (repeats, defines) = (width(column.max_rep_level()), width(column.max_def_level()));
    let (definition, data) = match page {
        Page::DataPage {
            buf,
            def_level_encoding,
            rep_level_encoding,
            ..
        } => {
            let mut rest = buf.clone();
            if repeats > 0 {
                levels(&mut rest, *rep_level_encoding)?;
            }
            let definition = match defines {
                0 => None,
                _ => Some(levels(&mut rest, *def_level_encoding)?),
            };
            (definition, rest)
        }
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let size = |n: u32| usize::try_from(n).map_err(|_| Reason::Damaged);
            let mut rest = after(buf, size(*rep_levels_byte_len)?)?;
            let levels = size(*def_levels_byte_len)?;
            let values = after(&rest, levels)?;
            rest.truncate(levels);
            ((defines > 0).then_some(rest), values)
        }
        Page::DictionaryPage { .. } => return Err(Reason::Damaged.into()),
    };
    let definition = match definition {
        Some(levels) => Some(Hybrid::new(levels, defines)?),
        None => None,
    };
    let values = match page.encoding() {
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
            // A page of nulls may have no values at all.
            let width = data.first().copied().unwrap_or(0);
            let indices = after(&data, 1).unwrap_or_default();
            PageValues::Indices(Hybrid::new(indices, width)?)
        }
        encoding => PageValues::Stored(Box::new(match data.is_empty() {
            true => Values::new(data, storage, Encoding::PLAIN)?,
            false => Values::new(data, storage, encoding)?,
        })),
    };
    Ok(OpenPage {
        levels: usize::try_from(page.num_values()).map_err(|_| Reason::PartTooLarge)?,
        done: 0,
        definition,
        values,
        bytes: page.buffer().len(),
    })
}

/// Levels that stand before the values, with their length before them.
fn levels(rest: &mut Bytes, encoding: Encoding) -> Result<Bytes, Problem> {
    if encoding == PACKED {
        return Err(Reason::Unsupported.into());
    }
    let (length, _) = rest.split_first_chunk::<4>().ok_or(Reason::Damaged)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Reason::Damaged)?;
    let mut levels = after(rest, 4)?;
    *rest = after(&levels, length)?;
    levels.truncate(length);
    Ok(levels)
}
