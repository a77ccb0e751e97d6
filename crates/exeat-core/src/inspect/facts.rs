//! What inspection establishes about content, as plain data: counts and
//! places, never a value. Facts go into decisions, reports and the inventory.

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;
use crate::source::Listing;

/// A kind of data that says something about a person, or opens something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// Postal address.
    Address,
    /// Sort code with account number.
    BankAccount,
    /// Date of birth.
    BirthDate,
    /// Payment card number.
    Card,
    /// Community Health Index number (Scotland).
    ChiNumber,
    /// Criminal convictions and offences.
    Conviction,
    /// E-mail address.
    Email,
    /// Ethnic group.
    Ethnicity,
    /// General Medical Council reference number.
    GmcNumber,
    /// Health: diagnoses, findings, treatment, or codes for them.
    Health,
    /// International bank account number.
    Iban,
    /// IPv4 or IPv6 address.
    IpAddress,
    /// Name of a person.
    Name,
    /// NHS number (England, Wales, Isle of Man).
    NhsNumber,
    /// National Insurance number.
    Nino,
    /// Sexual orientation or sex life.
    Orientation,
    /// Telephone number.
    Phone,
    /// Political opinions.
    Politics,
    /// Postcode of the United Kingdom.
    Postcode,
    /// A private age or SSH key.
    PrivateKey,
    /// Religion or belief.
    Religion,
    /// Trade union membership.
    TradeUnion,
}

impl Class {
    /// All classes, in order of their names.
    pub(crate) const ALL: [Self; 22] = [
        Self::Address,
        Self::BankAccount,
        Self::BirthDate,
        Self::Card,
        Self::ChiNumber,
        Self::Conviction,
        Self::Email,
        Self::Ethnicity,
        Self::GmcNumber,
        Self::Health,
        Self::Iban,
        Self::IpAddress,
        Self::Name,
        Self::NhsNumber,
        Self::Nino,
        Self::Orientation,
        Self::Phone,
        Self::Politics,
        Self::Postcode,
        Self::PrivateKey,
        Self::Religion,
        Self::TradeUnion,
    ];

    /// Its permanent name, in reports and policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::BankAccount => "bank-account",
            Self::BirthDate => "birth-date",
            Self::Card => "card",
            Self::ChiNumber => "chi-number",
            Self::Conviction => "conviction",
            Self::Email => "email",
            Self::Ethnicity => "ethnicity",
            Self::GmcNumber => "gmc-number",
            Self::Health => "health",
            Self::Iban => "iban",
            Self::IpAddress => "ip-address",
            Self::Name => "name",
            Self::NhsNumber => "nhs-number",
            Self::Nino => "nino",
            Self::Orientation => "orientation",
            Self::Phone => "phone",
            Self::Politics => "politics",
            Self::Postcode => "postcode",
            Self::PrivateKey => "private-key",
            Self::Religion => "religion",
            Self::TradeUnion => "trade-union",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::BankAccount => "bank account",
            Self::BirthDate => "date of birth",
            Self::Card => "payment card",
            Self::ChiNumber => "CHI number",
            Self::Conviction => "conviction",
            Self::Email => "e-mail",
            Self::Ethnicity => "ethnicity",
            Self::GmcNumber => "GMC number",
            Self::Health => "health",
            Self::Iban => "IBAN",
            Self::IpAddress => "IP address",
            Self::Name => "name",
            Self::NhsNumber => "NHS number",
            Self::Nino => "NI number",
            Self::Orientation => "orientation",
            Self::Phone => "telephone",
            Self::Politics => "politics",
            Self::Postcode => "postcode",
            Self::PrivateKey => "private key",
            Self::Religion => "religion",
            Self::TradeUnion => "trade union",
        }
    }

    /// Whether nobody's data of this class may leave in the clear: health, the
    /// special categories of Article 9 of the UK GDPR, convictions (Article
    /// 10), and bank data.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        matches!(
            self,
            Self::BankAccount
                | Self::Card
                | Self::Conviction
                | Self::Ethnicity
                | Self::Health
                | Self::Iban
                | Self::Orientation
                | Self::Politics
                | Self::Religion
                | Self::TradeUnion
        )
    }
}

/// The number of distinct data subjects lies between these, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// At least this many.
    pub least: u64,
    /// At most this many. Decisions are made on it.
    pub most: u64,
}

/// How much of the content the facts speak of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All of it.
    #[default]
    Complete,
    /// None of it: the policy did not ask.
    None,
    /// Some of it could not be inspected; the field `uninspected` says what.
    Partial,
    /// Inspection stopped when no more was needed for a refusal: every count
    /// means "at least".
    Stopped,
}

/// Where something was found, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The name of the column or the path of the key, cut to 100 characters,
    /// with `*` for a key that may be a value; `column N` where no part of it
    /// is sure to be none. `None` in text without columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How many values.
    pub count: u64,
    /// The entry's path, escaped.
    pub path: String,
}

/// What was found of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFacts {
    /// The class.
    pub class: Class,
    /// How many values, in all places.
    pub count: u64,
    /// How many places there are beside those named.
    pub more_places: u64,
    /// Those with the most values, at most [`MAX_PLACES`].
    pub places: Vec<Place>,
}

/// A file that could not be inspected, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UninspectedFile {
    /// The entry's path, escaped.
    pub path: String,
    /// Why, in a few words; never a value.
    pub reason: String,
}

/// Files that could not be inspected, in whole or in part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uninspected {
    /// How many files.
    pub files: u64,
    /// The first of them in path order, at most [`MAX_PLACES`].
    pub places: Vec<UninspectedFile>,
}

/// What images carry beside what they show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MetadataKind {
    /// A serial number of the camera, or its owner's name.
    Device,
    /// Exif: camera, settings, time.
    Exif,
    /// IPTC: captions, people, places.
    Iptc,
    /// Where it was taken.
    Location,
    /// A comment or other text.
    Text,
    /// A small copy of the image, which may show what was cut away.
    Thumbnail,
    /// XMP.
    Xmp,
}

/// How many images carry a kind of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageMetadata {
    /// How many images.
    pub images: u64,
    /// Which kind.
    pub kind: MetadataKind,
}

/// Files that are protected by a password in a way that counts as no
/// encryption: ZipCrypto, RC4 and XOR in old office files and PDF.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeakEncryption {
    /// How many files, or members of files.
    pub files: u64,
    /// The first of them in path order, at most [`MAX_PLACES`]; escaped.
    pub places: Vec<String>,
}

impl WeakEncryption {
    fn is_empty(&self) -> bool {
        self.files == 0
    }
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Bytes of all of them.
    pub bytes: u64,
    /// How many.
    pub files: u64,
}

/// What was established about the content of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Tables, media and archives: what bulk data comes in. Members of archives
    /// count beside the archive, with the bytes they have when it is opened.
    pub bulk: Amount,
    /// Bytes of all regular files.
    pub bytes: u64,
    /// The classes found, in order of their names.
    pub classes: Vec<ClassFacts>,
    /// How many files are archives or compressed, those within others included.
    pub containers: u64,
    /// How much of the content these facts speak of.
    pub coverage: Coverage,
    /// Regular files.
    pub files: u64,
    /// What images carry, by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_metadata: Vec<ImageMetadata>,
    /// How many images, sound and film there are, those within documents and
    /// archives included, those of at most 128 pixels a side not.
    pub media: u64,
    /// Distinct data subjects.
    pub people: People,
    /// Records about people: see [`Facts::records`].
    pub personal_records: u64,
    /// Records: rows, objects, tuples and messages, not lines of text.
    pub records: u64,
    /// What could not be inspected.
    pub uninspected: Uninspected,
    /// What is protected by what is no encryption.
    #[serde(default, skip_serializing_if = "WeakEncryption::is_empty")]
    pub weak_encryption: WeakEncryption,
}

/// The most bytes that the places in an inventory take: its line has 64 KiB.
const MAX_RECORDED: usize = 24 << 10;

impl Facts {
    /// What is known of content that nobody looked into.
    pub(crate) fn uninspected(listing: &Listing) -> Self {
        let files = listing
            .entries()
            .filter(|e| e.kind() == EntryKind::File && e.is_here());
        Self {
            bytes: listing.bytes(),
            coverage: Coverage::None,
            files: files.count() as u64,
            ..Self::default()
        }
    }

    /// Whether anything in it says something about a person.
    #[must_use]
    pub fn has_personal_data(&self) -> bool {
        let classes = &mut self.classes.iter();
        self.people.most > 0 || classes.any(|found| found.class != Class::PrivateKey)
    }

    /// The classes of which nobody's data may leave in the clear.
    pub fn sensitive(&self) -> impl Iterator<Item = &ClassFacts> {
        self.classes
            .iter()
            .filter(|found| found.class.is_sensitive())
    }

    /// The same with so few places named that they fit into an inventory.
    pub(crate) fn recorded(&self) -> Self {
        let mut facts = self.clone();
        let mut room = MAX_RECORDED;
        // Escaping in JSON can double a text.
        let mut take = |bytes: usize| {
            let fits = 2 * bytes + 64 <= room;
            room -= if fits { 2 * bytes + 64 } else { 0 };
            fits
        };
        facts
            .uninspected
            .places
            .retain(|place| take(place.path.len() + place.reason.len()));
        facts
            .weak_encryption
            .places
            .retain(|place| take(place.len()));
        for found in &mut facts.classes {
            let before = found.places.len();
            found.places.retain(|place| {
                take(place.path.len() + place.column.as_ref().map_or(0, String::len))
            });
            found.more_places += (before - found.places.len()) as u64;
        }
        facts
    }
}

/// How many places of one class, or uninspected files, are named.
pub const MAX_PLACES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_the_names_that_reports_give_them() {
        for class in Class::ALL {
            let name = serde_json::to_string(&class).expect("a plain name");
            assert_eq!(name, format!("\"{}\"", class.name()));
        }
        let mut sorted = Class::ALL.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, Class::ALL);
    }
}
