//! Collects the files of an export into [`Facts`]: the last step of
//! inspection, and what the second decision sees.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::census::Census;
use super::content::Kind;
use super::facts::{
    Amount, Class, ClassFacts, Coverage, Facts, ImageMetadata, MAX_PLACES, MetadataKind, Place,
    Uninspected, UninspectedFile, WeakEncryption,
};
use super::foreign::Piece;
use super::reader::protocol::metadata;
use super::tally::{Places, Tally};

/// What the bits of a reader stand for.
const METADATA: [(u16, MetadataKind); 7] = [
    (metadata::DEVICE, MetadataKind::Device),
    (metadata::EXIF, MetadataKind::Exif),
    (metadata::IPTC, MetadataKind::Iptc),
    (metadata::LOCATION, MetadataKind::Location),
    (metadata::TEXT, MetadataKind::Text),
    (metadata::THUMBNAIL, MetadataKind::Thumbnail),
    (metadata::XMP, MetadataKind::Xmp),
];
/// Where values are that stand in no file.
const NAMES: &str = "names of files and folders";

/// The facts so far. The order in which files are added changes nothing, and
/// memory does not grow with their number.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    bulk: Amount,
    all: Amount,
    containers: u64,
    media: u64,
    metadata: BTreeMap<MetadataKind, u64>,
    weak: u64,
    /// The first of them by path.
    weak_places: BTreeSet<String>,
    records: u64,
    personal_records: u64,
    classes: BTreeMap<Class, Found>,
    uninspected: u64,
    /// The first of them by path.
    reasons: BTreeMap<String, String>,
    /// What is in no file: all names and link targets together.
    names: Tally,
}

/// What was found of one class in all files.
#[derive(Debug, Default)]
struct Found {
    count: u64,
    places: u64,
    /// Those with the most values, by path and column among equals.
    named: BTreeSet<(Reverse<u64>, String, Option<String>)>,
}

impl Summary {
    /// Adds a regular file, whatever is in it.
    pub(crate) fn add_file(&mut self, bytes: u64) {
        add_file(&mut self.all, bytes);
    }

    /// Adds something of the file at `path`, which is escaped. Its `reason` says
    /// why it could not be read, its `tally` holds what was found all the same.
    pub(crate) fn add(&mut self, path: &str, piece: Piece) {
        let place = piece.place(path);
        let Piece {
            file,
            reason,
            tally,
            is_names,
            is_weak,
            images,
            metadata,
            path: _,
            bytes: _,
        } = piece;
        if is_names {
            return self.add_names(tally);
        }
        if let Some((kind, bytes)) = file {
            if matches!(kind, Kind::Table | Kind::Media | Kind::Archive) {
                add_file(&mut self.bulk, bytes);
            }
            self.containers += u64::from(kind == Kind::Archive);
        }
        self.media += images;
        for (bit, kind) in METADATA {
            if metadata & bit != 0 {
                *self.metadata.entry(kind).or_default() += 1;
            }
        }
        if is_weak {
            self.weak += 1;
            self.weak_places.insert(place.clone());
            while self.weak_places.len() > MAX_PLACES {
                self.weak_places.pop_last();
            }
        }
        self.records = self.records.saturating_add(tally.records);
        // A message that begins in one block and names people in the next
        // would count twice.
        let personal = tally.personal_records.min(tally.records);
        self.personal_records = self.personal_records.saturating_add(personal);
        if let Some(reason) = reason.or_else(|| tally.uninspected.clone()) {
            self.add_uninspected(place.clone(), reason);
        }
        for (class, places) in tally.classes {
            let found = self.classes.entry(class).or_default();
            found.add(&place, places);
        }
    }

    /// Adds what names of files and folders and the targets of links say, which
    /// may come in parts.
    pub(crate) fn add_names(&mut self, tally: Tally) {
        self.names.merge(tally);
    }

    fn add_uninspected(&mut self, path: String, reason: Cow<'static, str>) {
        self.uninspected += 1;
        self.reasons.insert(path, reason.into_owned());
        while self.reasons.len() > MAX_PLACES {
            self.reasons.pop_last();
        }
    }

    /// The facts. `stopped` says that no more content was read because no more
    /// was needed for a refusal.
    pub(crate) fn finish(mut self, census: &Census, stopped: bool) -> Facts {
        let names = std::mem::take(&mut self.names);
        for (class, places) in names.classes {
            let found = self.classes.entry(class).or_default();
            found.add(NAMES, places);
        }
        if let Some(reason) = names.uninspected {
            self.add_uninspected(NAMES.to_owned(), reason);
        }
        let coverage = if stopped {
            Coverage::Stopped
        } else if self.uninspected > 0 {
            Coverage::Partial
        } else {
            Coverage::Complete
        };
        Facts {
            bulk: self.bulk,
            bytes: self.all.bytes,
            classes: self
                .classes
                .into_iter()
                .map(|(class, found)| found.finish(class))
                .collect(),
            containers: self.containers,
            coverage,
            files: self.all.files,
            image_metadata: self
                .metadata
                .into_iter()
                .map(|(kind, images)| ImageMetadata { images, kind })
                .collect(),
            media: self.media,
            people: census.people(),
            personal_records: self.personal_records,
            records: self.records,
            uninspected: Uninspected {
                files: self.uninspected,
                places: self
                    .reasons
                    .into_iter()
                    .map(|(path, reason)| UninspectedFile { path, reason })
                    .collect(),
            },
            weak_encryption: WeakEncryption {
                files: self.weak,
                places: self.weak_places.into_iter().collect(),
            },
        }
    }
}

impl Found {
    fn add(&mut self, path: &str, places: Places) {
        self.count = self.count.saturating_add(places.count);
        self.places = self.places.saturating_add(places.len());
        for (column, count) in places.named {
            self.named.insert((Reverse(count), path.to_owned(), column));
        }
        while self.named.len() > MAX_PLACES {
            self.named.pop_last();
        }
    }

    fn finish(self, class: Class) -> ClassFacts {
        let named = u64::try_from(self.named.len()).unwrap_or(u64::MAX);
        ClassFacts {
            class,
            count: self.count,
            more_places: self.places.saturating_sub(named),
            places: self
                .named
                .into_iter()
                .map(|(Reverse(count), path, column)| Place {
                    column,
                    count,
                    path,
                })
                .collect(),
        }
    }
}

fn add_file(amount: &mut Amount, bytes: u64) {
    amount.files += 1;
    amount.bytes = amount.bytes.saturating_add(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(number: u8) -> (String, Kind, Option<Cow<'static, str>>, Tally) {
        let mut tally = Tally {
            records: 3,
            personal_records: u64::from(number % 5),
            ..Tally::default()
        };
        for column in 0..number % 30 {
            tally.add(Class::Email, Some(&format!("c{column}")), 1);
        }
        let kind = [
            Kind::Text,
            Kind::Table,
            Kind::Media,
            Kind::Archive,
            Kind::Json,
        ][usize::from(number % 5)];
        let reason = (number.is_multiple_of(7)).then_some(Cow::Borrowed("unread"));
        (format!("dir/{number:03}"), kind, reason, tally)
    }

    fn add(
        summary: &mut Summary,
        name: &str,
        bytes: u64,
        kind: Kind,
        reason: Option<Cow<'static, str>>,
        tally: Tally,
    ) {
        summary.add_file(bytes);
        let piece = Piece {
            file: Some((kind, bytes)),
            images: u64::from(kind == Kind::Media),
            reason,
            tally,
            ..Piece::default()
        };
        summary.add(name, piece);
    }

    fn facts(numbers: &[u8]) -> Facts {
        let mut summary = Summary::default();
        for &number in numbers {
            let (name, kind, reason, tally) = file(number);
            add(&mut summary, &name, 10, kind, reason, tally);
        }
        summary.finish(&Census::new(), false)
    }

    proptest! {
        #[test]
        fn the_order_of_files_changes_nothing(
            numbers in prop::collection::btree_set(any::<u8>(), 0..80),
        ) {
            let forward: Vec<u8> = numbers.into_iter().collect();
            let back: Vec<u8> = forward.iter().rev().copied().collect();
            prop_assert_eq!(facts(&forward), facts(&back));
        }
    }

    #[test]
    fn places_are_bounded_and_the_rest_is_counted() {
        let facts = facts(&(0..=255).collect::<Vec<_>>());
        let found = &facts.classes[0];
        let all: u64 = (0..=255u64).map(|n| n % 30).sum();
        assert_eq!((found.count, found.places.len()), (all, MAX_PLACES));
        assert_eq!(found.more_places, all - 20);
        assert_eq!(found.places[0].path, "dir/001");
        assert_eq!(facts.uninspected.files, 37);
        assert_eq!(facts.uninspected.places.len(), MAX_PLACES);
        assert_eq!(facts.coverage, Coverage::Partial);
        assert_eq!(
            (facts.bulk.files, facts.media, facts.containers),
            (153, 51, 51)
        );
        assert_eq!((facts.files, facts.bytes), (256, 2_560));
    }

    #[test]
    fn names_are_one_place_however_many_there_are() {
        let mut summary = Summary::default();
        for _ in 0..3 {
            let mut names = Tally::default();
            names.add(Class::Name, None, 2);
            summary.add_names(names);
        }
        let facts = summary.finish(&Census::new(), false);
        assert_eq!(
            (facts.coverage, facts.uninspected.files),
            (Coverage::Complete, 0)
        );
        let [found] = &facts.classes[..] else {
            panic!("{:?}", facts.classes);
        };
        assert_eq!((found.count, found.more_places), (6, 0));
        let places: Vec<_> = found.places.iter().map(|p| (&*p.path, p.count)).collect();
        assert_eq!(places, [(NAMES, 6)]);
    }

    #[test]
    fn names_that_cannot_be_judged_are_uninspected() {
        let mut summary = Summary::default();
        for reason in ["too many", "a run that was not read"] {
            let mut names = Tally::default();
            names.set_uninspected(reason.into());
            summary.add_names(names);
        }
        let facts = summary.finish(&Census::new(), false);
        assert_eq!(
            (facts.coverage, facts.uninspected.files),
            (Coverage::Partial, 1)
        );
        let [place] = &facts.uninspected.places[..] else {
            panic!("{:?}", facts.uninspected.places);
        };
        assert_eq!(
            (&*place.path, &*place.reason),
            (NAMES, "a run that was not read")
        );
    }

    #[test]
    fn stopping_says_at_least() {
        let mut summary = Summary::default();
        let reason = Some(Cow::Borrowed("unread"));
        add(&mut summary, "a", 1, Kind::Other, reason, Tally::default());
        let facts = summary.finish(&Census::new(), true);
        assert_eq!(facts.coverage, Coverage::Stopped);
    }

    #[test]
    fn what_cannot_be_judged_is_uninspected() {
        let mut tally = Tally::default();
        tally.set_uninspected("a table whose columns have no names".into());
        let mut summary = Summary::default();
        let piece = Piece {
            path: vec![b"b\x1b".to_vec(), Vec::new(), b"c".to_vec()],
            tally,
            ..Piece::default()
        };
        summary.add("a", piece);
        let facts = summary.finish(&Census::new(), false);
        assert_eq!(facts.uninspected.places[0].path, r"a!/b\x1b!/c");
    }
}
