//! The write-ahead log: pages that are newer than those of the file, and ones
//! that are older and still there.

use std::collections::HashMap;

use exeat_core::inspect::reader::Reason;

use super::pages::number;
use crate::input::Window;
use crate::problem::Problem;

const HEADER: u64 = 32;
const FRAME: usize = 24;
/// The most pages of a log. One is at least 512 bytes.
const MAX_FRAMES: u64 = 1 << 20;

pub(super) struct Log {
    pub(super) window: Window,
    /// Where the newest version of each page is that was committed.
    pub(super) pages: HashMap<u32, u64>,
    /// How many pages the database has then.
    pub(super) count: u32,
    /// Where versions are that nobody sees any more: older ones, those of a
    /// log before this one, and what was never committed.
    pub(super) others: Vec<u64>,
    /// Whether its end is not all there.
    pub(super) is_cut: bool,
}

impl Log {
    /// Reads it as SQLite does after a crash.
    pub(super) fn read(window: Window) -> Result<Option<Self>, Problem> {
        if window.len() == 0 {
            return Ok(None);
        }
        let mut header = [0; 32];
        if window.read_at(&mut header, 0)? < header.len() {
            return Err(Reason::CutShort.into());
        }
        let is_big = match number(&header, 0) {
            0x377F_0682 => false,
            0x377F_0683 => true,
            _ => return Err(Reason::Damaged.into()),
        };
        let size = usize::try_from(number(&header, 8)).map_err(|_| Reason::Damaged)?;
        if !(size.is_power_of_two() && (512..=65_536).contains(&size)) {
            return Err(Reason::Damaged.into());
        }
        let frame = (size + FRAME) as u64;
        let frames = (window.len() - HEADER) / frame;
        if frames > MAX_FRAMES {
            return Err(Reason::PartTooLarge.into());
        }
        let mut log = Self {
            pages: HashMap::new(),
            count: 0,
            others: Vec::new(),
            is_cut: !(window.len() - HEADER).is_multiple_of(frame),
            window,
        };
        let mut sum = checksum((0, 0), &header[..24], is_big);
        let mut is_valid = sum == (number(&header, 24), number(&header, 28));
        let mut buffer = vec![0; size + FRAME];
        // Of the transaction at hand, which may never have been committed.
        let mut pending = Vec::new();
        for place in 0..frames {
            let at = HEADER + place * frame;
            if log.window.read_at(&mut buffer, at)? < buffer.len() {
                return Err(Reason::CutShort.into());
            }
            let content = at + FRAME as u64;
            let same_salts = buffer[8..16] == header[16..24];
            is_valid = is_valid && same_salts && {
                sum = checksum(sum, &buffer[..8], is_big);
                sum = checksum(sum, &buffer[FRAME..], is_big);
                sum == (number(&buffer, 16), number(&buffer, 20))
            };
            if !is_valid {
                log.others.push(content);
                continue;
            }
            pending.push((number(&buffer, 0), content));
            let commits = number(&buffer, 4);
            if commits > 0 {
                log.count = commits;
                for (page, at) in pending.drain(..) {
                    log.others.extend(log.pages.insert(page, at));
                }
            }
        }
        log.others.extend(pending.into_iter().map(|(_, at)| at));
        Ok(Some(log))
    }

    /// Bytes of a page.
    pub(super) fn page_size(&self) -> Result<usize, Problem> {
        let mut size = [0; 4];
        self.window.read_at(&mut size, 8)?;
        Ok(usize::try_from(u32::from_be_bytes(size)).map_err(|_| Reason::Damaged)?)
    }
}

fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], is_big: bool) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let four = bytes.try_into().unwrap_or_default();
        match is_big {
            true => u32::from_be_bytes(four),
            false => u32::from_le_bytes(four),
        }
    };
    for pair in bytes.chunks_exact(8) {
        let (first, second) = pair.split_at(4);
        a = a.wrapping_add(word(first)).wrapping_add(b);
        b = b.wrapping_add(word(second)).wrapping_add(a);
    }
    (a, b)
}
