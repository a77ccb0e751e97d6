//! Who was seen, over a whole export: the head count and its bounds.
//!
//! Every thread that examines content adds keys here; the facts are made of it
//! at the end. Nothing but keyed hashes is kept, under a key of this run, so
//! that nobody can craft collisions and no memory shows whom it is about.

mod composites;
mod keyed;
mod keys;
mod links;
mod numbers;
mod pairs;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use composites::Composite;
use composites::Composites;
use keyed::Keyed;
use keys::KeySet;
pub(crate) use links::{Detail, Pending};
use links::{Family, Links};
use numbers::{NumberSet, Scatter};

use super::facts::People;

/// Data subjects, in families of keys. A record counts in one of them.
pub(crate) struct Census {
    keyed: Keyed,
    nhs: NumberSet,
    /// Numbers that may be NHS numbers: for the upper bound only.
    perhaps: NumberSet,
    nino: KeySet,
    composites: Composites,
    patients: Patients,
    /// E-mail addresses and telephone numbers in free text.
    contacts: KeySet,
    /// Names and dates of birth in text.
    mentions: KeySet,
    /// Who goes by which id.
    links: Links,
    /// Records about people without a complete key or an id.
    unkeyed: AtomicU64,
    /// Files, or what else ids mean something within, so far.
    scopes: AtomicU64,
}

/// Patients of FHIR resources, by the identity that the server gave them.
struct Patients {
    /// Seen as a resource or in a reference.
    all: KeySet,
    /// The NHS numbers that their resources have.
    numbers: KeySet,
}

impl Census {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        let scatter = Scatter::new([0, 1, 2, 3].map(|round: u64| random.hash_one(round)));
        Self {
            nhs: NumberSet::new(scatter),
            perhaps: NumberSet::new(scatter),
            nino: KeySet::new(),
            composites: Composites::new(),
            patients: Patients {
                all: KeySet::new(),
                numbers: KeySet::new(),
            },
            contacts: KeySet::new(),
            mentions: KeySet::new(),
            links: Links::new(),
            unkeyed: AtomicU64::new(0),
            scopes: AtomicU64::new(0),
            keyed: Keyed::new(&random),
        }
    }

    /// Whether nobody was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.people().most == 0
    }

    /// The hash of a key under the key of this run.
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.keyed.hash(key)
    }

    pub(crate) fn add_nhs_numbers(&self, numbers: &[u64]) {
        self.nhs.insert(numbers);
    }

    /// Numbers that may be NHS numbers.
    pub(crate) fn add_perhaps(&self, numbers: &[u64]) {
        self.perhaps.insert(numbers);
    }

    /// NHS numbers of records that have an id, too.
    pub(crate) fn add_linked_numbers(&self, numbers: &[u64], links: &[u64]) {
        self.nhs.insert(numbers);
        for (&number, &link) in numbers.iter().zip(links) {
            let place = self.nhs.place(number);
            self.links.answer(Family::Nhs, place, link);
        }
    }

    pub(crate) fn add_nino(&self, nino: [u8; 9]) {
        self.nino.insert(self.hash_nino(nino));
    }

    /// The NINO of a record that has an id, too.
    pub(crate) fn add_linked_nino(&self, nino: [u8; 9], link: u64) {
        let hash = self.hash_nino(nino);
        self.nino.insert(hash);
        self.links.answer(Family::Nino, hash, link);
    }

    fn hash_nino(&self, nino: [u8; 9]) -> u64 {
        // The suffix is often left out, and says nothing of who it is.
        self.hash(&nino[..8])
    }

    pub(crate) fn add_composites(&self, composites: &[Composite]) {
        self.composites.insert(composites);
    }

    /// Names with births and postcodes of records that have an id, too.
    pub(crate) fn add_linked_composites(&self, composites: &[(Composite, u64)]) {
        let people: Vec<_> = composites.iter().map(|&(composite, _)| composite).collect();
        self.composites.insert(&people);
        for &(composite, link) in composites {
            self.links.answer(Family::Composite, composite.hash(), link);
        }
    }

    /// Records about people that have an id and no complete key.
    pub(crate) fn add_pending(&self, pending: &[Pending]) {
        self.links.wait(pending);
    }

    /// Something new that ids mean something within: one file.
    pub(crate) fn new_scope(&self) -> u64 {
        let number = self.scopes.fetch_add(1, Ordering::Relaxed);
        self.hash(&number.to_le_bytes())
    }

    pub(crate) fn add_unkeyed(&self, records: u64) {
        // Additions of single blocks cannot reach 2⁶⁴.
        self.unkeyed.fetch_add(records, Ordering::Relaxed);
    }

    /// An e-mail address or telephone number in free text, hashed by
    /// [`Census::hash`].
    pub(crate) fn add_contact(&self, hash: u64) {
        self.contacts.insert(hash);
    }

    /// Somebody whom a text mentions by name or date of birth, as hashes of
    /// [`Census::hash`] mixed into one.
    pub(crate) fn add_mention(&self, hash: u64) {
        self.mentions.insert(hash);
    }

    /// A patient known by the id of a FHIR server.
    pub(crate) fn add_patient(&self, id: &[u8]) {
        self.patients.all.insert(self.hash(id));
    }

    /// A patient of a FHIR server whose NHS number is known.
    pub(crate) fn add_linked_patient(&self, id: &[u8], number: u64) {
        self.patients.all.insert(self.hash(id));
        self.patients
            .numbers
            .insert(self.hash(&number.to_le_bytes()));
    }

    /// What is certain so far, cheap enough to ask after every block.
    pub(crate) fn least(&self) -> u64 {
        let seen = self.composites.most() > 0
            || self.patients.all.least() > 0
            || self.links.is_any()
            || self.unkeyed.load(Ordering::Relaxed) > 0;
        let numbers = self.nhs.len().max(self.patients.numbers.least());
        numbers.max(self.nino.least()).max(u64::from(seen))
    }

    /// The bounds, when all content was examined. A patient of a FHIR server
    /// counts by id, whatever other file has the same person's NHS number.
    pub(crate) fn people(&self) -> People {
        let most = [
            self.nhs.len(),
            self.perhaps.len_without(&self.nhs),
            self.nino.most(),
            self.composites.most(),
            self.patients.all.most(),
            self.contacts.most(),
            self.mentions.most(),
            self.links.most(),
            self.unkeyed.load(Ordering::Relaxed),
        ]
        .into_iter()
        .fold(0, u64::saturating_add);
        People {
            least: self.least().max(self.composites.least()),
            most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_add_up_and_the_largest_is_certain() {
        let census = Census::new();
        for number in 0..10 {
            census.add_nhs_numbers(&[number * 10]);
            census.add_perhaps(&[number * 10 + 50]);
        }
        census.add_nino(*b"AB123456C");
        census.add_nino(*b"AB123456 ");
        census.add_unkeyed(3);
        // Five of the ten that may be are among the ten that are.
        assert_eq!(
            census.people(),
            People {
                least: 10,
                most: 10 + 5 + 1 + 3
            }
        );
    }

    #[test]
    fn patients_count_by_id_and_no_link_makes_them_fewer() {
        let census = Census::new();
        census.add_patient(b"a");
        census.add_patient(b"b");
        assert_eq!(census.people(), People { least: 1, most: 2 });
        census.add_linked_patient(b"a", 9_990_000_000);
        assert_eq!(census.people(), People { least: 1, most: 2 });
        census.add_nhs_numbers(&[9_990_000_000]);
        assert_eq!(census.people(), People { least: 1, most: 3 });
    }

    #[test]
    fn one_number_claimed_by_many_hides_nobody() {
        let census = Census::new();
        for id in 0..100u8 {
            census.add_linked_patient(&[id], 9_990_000_000);
        }
        assert_eq!(
            census.people(),
            People {
                least: 1,
                most: 100
            }
        );
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(Census::new().people(), People::default());
    }
}
