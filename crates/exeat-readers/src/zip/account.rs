//! Whether every byte of an archive belongs to one member, or to the
//! directory.

use std::ops::Range;

use super::directory::Directory;
use super::local;
use crate::input::Window;
use crate::problem::Problem;

/// Zeros may stand before a member, so that its content begins at a page.
const MAX_ALIGNMENT: u64 = 64 << 10;

pub(super) struct Account {
    /// Whether two members share bytes.
    pub(super) has_overlaps: bool,
    has_gaps: bool,
}

impl Account {
    pub(super) fn of(window: &Window, directory: &Directory) -> Result<Self, Problem> {
        let mut places: Vec<Range<u64>> = Vec::new();
        for entry in directory.entries() {
            // What cannot be found is said when it is read.
            let Ok(entry) = entry else { break };
            match local::find(window, directory.base, &entry) {
                Ok(local) => places.push(local.whole),
                Err(Problem::Unread(_)) => {}
                Err(gone) => return Err(gone),
            }
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        places.push(directory.place.clone());
        let mut account = Self {
            has_overlaps: false,
            has_gaps: directory.has_gaps,
        };
        let mut end = 0;
        for place in places {
            account.has_overlaps |= place.start < end;
            account.has_gaps |= !is_filling(window, end..place.start)?;
            end = end.max(place.end);
        }
        Ok(account)
    }

    pub(super) fn is_settled(&self) -> bool {
        !self.has_overlaps && !self.has_gaps
    }
}

fn is_filling(window: &Window, place: Range<u64>) -> Result<bool, Problem> {
    if place.is_empty() {
        return Ok(true);
    }
    if place.end - place.start > MAX_ALIGNMENT {
        return Ok(false);
    }
    let Some(window) = window.slice(place) else {
        return Ok(false);
    };
    let bytes = window.to_vec(usize::MAX)?;
    Ok(bytes.iter().all(|&byte| byte == 0))
}
