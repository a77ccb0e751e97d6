//! The pages of a database: in its file, or newer in its log.

use std::collections::HashMap;

use exeat_core::inspect::reader::Reason;

use super::log::Log;
use crate::input::Window;
use crate::problem::Problem;

/// What a file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The page that holds the byte where locks are; nothing is ever written there.
const LOCK: u64 = 1 << 30;

/// How text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
}

/// A state of the database.
pub(super) struct Pages {
    main: Window,
    log: Option<(Window, HashMap<u32, u64>)>,
    /// Bytes of a page.
    pub(super) size: usize,
    /// Those that a page's content may use.
    pub(super) usable: usize,
    /// How many pages there should be, and how many there are.
    pub(super) count: u32,
    pub(super) present: u32,
    pub(super) encoding: Encoding,
    /// The first page of the list of free ones.
    pub(super) free: u32,
    /// Whether there are pages that map children to parents.
    pub(super) has_map: bool,
}

impl Pages {
    /// The database as its file has it; or, with a log, as whoever opens it
    /// sees it.
    pub(super) fn new(main: &Window, log: Option<&Log>) -> Result<Self, Problem> {
        let mut header = [0; 100];
        match log.and_then(|log| Some((log, *log.pages.get(&1)?))) {
            Some((log, at)) => log.window.read_at(&mut header, at)?,
            None => main.read_at(&mut header, 0)?,
        };
        if !header.starts_with(MAGIC) {
            return Err(Reason::Damaged.into());
        }
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        let usable = size.saturating_sub(usize::from(header[20]));
        if !(size.is_power_of_two() && (512..=65_536).contains(&size) && usable >= 480) {
            return Err(Reason::Damaged.into());
        }
        let pages = |bytes: u64| u32::try_from(bytes / size as u64).unwrap_or(u32::MAX - 1);
        let there = pages(main.len());
        // What a very old library wrote does not say how many there are.
        let written = number(&header, 28);
        let is_written = written > 0 && number(&header, 24) == number(&header, 92);
        let count = match log {
            Some(log) => log.count,
            None if is_written => written,
            None => there,
        };
        Ok(Self {
            main: main.clone(),
            present: match log {
                Some(log) => {
                    let logged = u32::try_from(log.pages.len()).unwrap_or(u32::MAX);
                    count.min(there.saturating_add(logged))
                }
                None => count.min(there),
            },
            log: log.map(|log| (log.window.clone(), log.pages.clone())),
            size,
            usable,
            count,
            encoding: match number(&header, 56) {
                2 => Encoding::Utf16Little,
                3 => Encoding::Utf16Big,
                _ => Encoding::Utf8,
            },
            free: number(&header, 32),
            has_map: number(&header, 52) > 0,
        })
    }

    /// Puts a page into `page`, whose first is number one.
    pub(super) fn read(&self, place: u32, page: &mut Vec<u8>) -> Result<(), Problem> {
        if place == 0 || place > self.count {
            return Err(Reason::Damaged.into());
        }
        page.resize(self.size, 0);
        let logged = self.log.as_ref();
        let logged = logged.and_then(|(window, pages)| Some((window, *pages.get(&place)?)));
        let read = match logged {
            Some((window, at)) => window.read_at(page, at)?,
            None => self.main.read_at(page, self.offset(place))?,
        };
        match read == self.size {
            true => Ok(()),
            false => Err(Reason::CutShort.into()),
        }
    }

    /// Whether a page is in the log.
    pub(super) fn is_logged(&self, place: u32) -> bool {
        let log = self.log.as_ref();
        log.is_some_and(|(_, pages)| pages.contains_key(&place))
    }

    fn offset(&self, place: u32) -> u64 {
        u64::from(place - 1) * self.size as u64
    }

    /// Whether a page is for locks or for the map, and holds nothing.
    pub(super) fn is_special(&self, place: u32) -> bool {
        if self.offset(place) == LOCK {
            return true;
        }
        let entries = u32::try_from(self.usable / 5).unwrap_or(u32::MAX - 1);
        self.has_map && place >= 2 && {
            let first = (place - 2) / (entries + 1) * (entries + 1) + 2;
            // The map moves on where it would be the page of locks.
            let at = first + u32::from(self.offset(first) == LOCK);
            place == at
        }
    }

    /// What is in the file behind the last page.
    pub(super) fn behind(&self) -> Option<Window> {
        let end = u64::from(self.count) * self.size as u64;
        self.main.slice(end..self.main.len())
    }
}

/// A number of four bytes, the greatest first; zero where there are none.
pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_be_bytes)
}

/// A number of two bytes, likewise.
pub(super) fn short(bytes: &[u8], at: usize) -> usize {
    let two = bytes.get(at..at + 2).and_then(|two| two.try_into().ok());
    two.map_or(0, |two| usize::from(u16::from_be_bytes(two)))
}
