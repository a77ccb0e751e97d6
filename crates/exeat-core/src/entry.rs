//! What a package can hold: the kinds of entry, and how many.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most entries a package may have.
pub const MAX_ENTRIES: u64 = 20_000_000;

/// The kinds of entry that a package can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
}

/// The most bytes that the extended attributes of one entry may have, names and
/// values together; so that its line stays below 64 KiB.
pub(crate) const MAX_ATTRIBUTES: usize = 16 << 10;

/// Who owns an entry, and what else of it only a backup keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The number of its group.
    pub gid: u32,
    /// What the time of its last change has beyond whole seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nanoseconds: u32,
    /// Set-user-id (4), set-group-id (2) and sticky (1).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub special: u32,
    /// The number of its owner.
    pub uid: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Owner {
    pub(crate) fn of(stat: &rustix::fs::Statx) -> Self {
        Self {
            gid: stat.stx_gid,
            nanoseconds: stat.stx_mtime.tv_nsec,
            special: u32::from(stat.stx_mode >> 9) & 7,
            uid: stat.stx_uid,
        }
    }

    pub(crate) fn is_valid(self) -> bool {
        // The last number of each stands for "as it is" where it is set.
        let are_numbers = self.uid != u32::MAX && self.gid != u32::MAX;
        are_numbers && self.nanoseconds < 1_000_000_000 && self.special <= 7
    }
}

/// Things of which many are alike, each kept once.
#[derive(Debug)]
pub(crate) struct Distinct<T> {
    all: Vec<T>,
    places: std::collections::HashMap<T, u32>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            places: std::collections::HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Distinct<T> {
    /// Keeps it, and gives one more than its index.
    pub(crate) fn keep(&mut self, one: &T) -> u32 {
        if let Some(&place) = self.places.get(one) {
            return place;
        }
        self.all.push(one.clone());
        let place = u32::try_from(self.all.len()).expect("there are 20 million entries at most");
        self.places.insert(one.clone(), place);
        place
    }

    /// All of them, in the order in which they came.
    pub(crate) fn all(&self) -> &[T] {
        &self.all
    }

    /// What was kept under this number; nothing under 0.
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.all.get(place.checked_sub(1)? as usize)
    }
}

/// Extended attributes, by name: access control lists are among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Attributes(std::collections::BTreeMap<String, String>);

impl Attributes {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn insert(&mut self, name: &str, value: &[u8]) {
        self.0.insert(name.to_owned(), STANDARD.encode(value));
    }

    /// Names and values.
    ///
    /// # Errors
    /// A value that is no base64, a name that none could have, or too much of
    /// it.
    pub(crate) fn decoded(&self) -> Option<Vec<(&str, Vec<u8>)>> {
        let mut bytes = 0;
        let mut all = Vec::new();
        for (name, value) in &self.0 {
            let value = STANDARD.decode(value).ok()?;
            bytes += name.len() + value.len();
            let is_name = !name.is_empty() && name.len() <= 255 && !name.contains('\0');
            if !is_name || bytes > MAX_ATTRIBUTES {
                return None;
            }
            all.push((name.as_str(), value));
        }
        Some(all)
    }
}
