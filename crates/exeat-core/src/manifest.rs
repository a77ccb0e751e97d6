//! The public account of a package, `manifest.json`, and the lists that stock
//! tools read: types, canonical bytes, strict reading.
//!
//! A manifest is valid only if encoding it again gives the same bytes, so that
//! there is one way to say a thing and nothing to hide a second meaning in.
//! The structs below therefore name their fields in alphabetical order.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Uuid, Variant};

use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;
use crate::layout::{MAX_VOLUMES, volume_name};
use crate::path::Escaped;

mod approval;
mod checkpoint;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod inventory;
mod passing;

pub use crate::framing::PayloadKind;
pub use approval::{
    APPROVAL_NAMESPACE, Approval, Content, MAX_APPROVALS, NamedApproval, RequestedBy, Scope,
    Standing, Verdict, recipients_sha256,
};
pub use checkpoint::{CHECKPOINT_NAMESPACE, Checkpoint};
pub use inventory::{Header, Inventory, InventoryError, InventoryFault, NamedKey, Record};
pub(crate) use inventory::{Line, Part, Writer};
pub(crate) use passing::{MAX_PASSING, Passing};

/// The format this version writes, and the only one it reads.
pub const FORMAT: &str = "exeat/1";
/// The largest manifest a reader takes, in bytes.
pub const MAX_MANIFEST: u64 = 16 << 20;
/// The most earlier packages that one of a chain of backups may need.
pub(crate) const MAX_BASES: usize = 4096;
/// The largest `README.txt` a reader takes, in bytes.
pub(crate) const MAX_README: u64 = 64 << 10;

/// The identity of a package: a UUID of version 7 (RFC 9562).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(Uuid);

impl PackageId {
    /// The one that stands before all others, and that no package has.
    pub(crate) const FIRST: Self = Self(Uuid::nil());

    /// A new one, from the clock and the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Eight hexadecimal digits of its random part, for names that people read.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.simple().to_string()[24..].to_owned()
    }
}

impl std::fmt::Display for PackageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity of a request to release something: a UUID of version 7
/// (RFC 9562).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A new one, from the clock and the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Eight hexadecimal digits of its random part, for names that people read.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.simple().to_string()[24..].to_owned()
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Names of the members other than volumes.
pub(crate) mod member {
    pub(crate) const README: &str = "README.txt";
    pub(crate) const INVENTORY: &str = "inventory.age";
    pub(crate) const SUMS: &str = "SHA256SUMS";
    pub(crate) const ENVELOPE: &str = "key.age";
    pub(crate) const MANIFEST: &str = "manifest.json";
    pub(crate) const SIGNATURE: &str = "manifest.json.sig";
}

/// Why bytes are not a manifest of this format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Made by a later version, or not a manifest of exeat at all.
    #[error("the package has the format '{found}', and this version of exeat reads '{FORMAT}'")]
    Format {
        /// The format it names, escaped.
        found: String,
    },
    /// Not the JSON that the format asks for.
    #[error("manifest.json is not what the format asks for: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Correct JSON that could have been written in another way.
    #[error("manifest.json is not in its canonical form")]
    NotCanonical,
}

impl Explain for ManifestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } => "format-unknown",
            Self::Malformed { .. } => "manifest-malformed",
            Self::NotCanonical => "manifest-not-canonical",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Format { .. } => Fault::Request,
            Self::Malformed { .. } | Self::NotCanonical => Fault::Package,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Format { .. } => "install a version of exeat that reads this format",
            Self::Malformed { .. } | Self::NotCanonical => {
                "the signature is good, so whoever signed it used a program that does not \
                 keep to the format: tell them"
            }
        }))
    }
}

/// What a package consists of. Nothing in it speaks of people, file names,
/// purpose or recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When it was made.
    pub created: Timestamp,
    /// Always [`FORMAT`].
    pub format: String,
    /// The program that made it, such as `exeat 0.1.0`.
    pub generator: String,
    /// The package.
    pub id: PackageId,
    /// `inventory.age`.
    pub inventory: Member,
    /// The package key.
    pub key: Key,
    /// The volumes.
    pub payload: Payload,
    /// `README.txt`.
    pub readme: Member,
    /// The chain of backups it belongs to, if any.
    pub series: Option<Series>,
    /// `SHA256SUMS`.
    pub sums: Member,
}

/// Size and digest of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

impl Member {
    /// The member that consists of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: Digest::of(bytes),
        }
    }
}

/// What vouches for the package key without revealing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// SHA-256 of the package key's recipient string.
    pub commitment: Digest,
    /// SHA-256 of `key.age`.
    pub envelope_sha256: Digest,
}

/// The volumes and how they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Bytes of ciphertext in all volumes together.
    pub bytes: u64,
    /// How each volume and the inventory are compressed.
    pub compression: Compression,
    /// What the volumes hold.
    pub kind: PayloadKind,
    /// The volumes in order.
    pub volumes: Vec<Volume>,
}

/// How the plaintext of a volume is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// Zstandard (RFC 8878), window at most 8 MiB.
    Zstd,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its length in bytes, as a file.
    pub bytes: u64,
    /// Its file name.
    pub name: String,
    /// The SHA-256 of the file.
    pub sha256: Digest,
}

/// The place of a package in a chain of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The packages that this one needs.
    pub base: Vec<PackageId>,
    /// The chain.
    pub id: Uuid,
    /// SHA-256 of the manifest before this one.
    pub previous: Option<Digest>,
    /// The place in the chain.
    pub sequence: u64,
}

impl Series {
    fn check(&self, package: PackageId) -> Result<(), &'static str> {
        if self.sequence == 0 {
            return Err("a series begins with the sequence number 1");
        }
        if self.base.len() > MAX_BASES {
            return Err("it needs more than 4096 earlier packages");
        }
        if self.base.contains(&package) || !self.base.is_sorted_by(|a, b| a < b) {
            return Err("the packages it needs are not in order, or it is one of them");
        }
        Ok(())
    }
}

impl Manifest {
    /// The bytes of `manifest.json`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a manifest has nothing JSON cannot say");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the bytes of `manifest.json`, which a trusted signature must have
    /// vouched for.
    ///
    /// # Errors
    /// Whatever is not exactly as the format asks.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        /// The one field every version of the format will have.
        #[derive(Deserialize)]
        struct AnyVersion {
            format: String,
        }
        let malformed = |reason: String| ManifestError::Malformed { reason };
        let any: AnyVersion = serde_json::from_slice(bytes).map_err(|e| malformed(reason(&e)))?;
        if any.format != FORMAT {
            return Err(ManifestError::Format {
                found: Escaped(any.format.as_bytes()).to_string(),
            });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| malformed(reason(&e)))?;
        manifest
            .check()
            .map_err(|reason| malformed(reason.into()))?;
        if manifest.to_bytes() != bytes {
            return Err(ManifestError::NotCanonical);
        }
        Ok(manifest)
    }

    /// The bytes that `SHA256SUMS` has: `README.txt`, the inventory and the
    /// volumes in order, as `sha256sum` writes them.
    #[must_use]
    pub fn sums_bytes(&self) -> Vec<u8> {
        let volumes = self.payload.volumes.iter();
        sums_bytes(&self.readme, &self.inventory, volumes)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.id.0.get_version_num() != 7 || self.id.0.get_variant() != Variant::RFC4122 {
            return Err("the id is not a UUID of version 7");
        }
        let volumes = &self.payload.volumes;
        if volumes.is_empty() || volumes.len() as u64 > MAX_VOLUMES {
            return Err("there must be 1 to 99999 volumes");
        }
        if (1..).zip(volumes).any(|(n, v)| v.name != volume_name(n)) {
            return Err("the volumes are not named in order");
        }
        let total = volumes
            .iter()
            .try_fold(0_u64, |sum, volume| sum.checked_add(volume.bytes));
        if total != Some(self.payload.bytes) {
            return Err("the volumes do not add up to the payload");
        }
        if self.sums != Member::of(&self.sums_bytes()) {
            return Err("the sums are not those of the members");
        }
        if let Some(series) = &self.series {
            series.check(self.id)?;
        }
        if self.readme.bytes > MAX_README {
            return Err("README.txt is larger than 64 KiB");
        }
        Ok(())
    }
}

/// What is wrong with a text that is not the JSON that was expected. The words
/// may quote the text, which is somebody else's: escaped, and cut short.
fn reason(error: &serde_json::Error) -> String {
    const SHOWN: usize = 200;
    let text = Escaped(error.to_string().as_bytes()).to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The bytes of `SHA256SUMS`.
pub(crate) fn sums_bytes<'a>(
    readme: &Member,
    inventory: &Member,
    volumes: impl Iterator<Item = &'a Volume>,
) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut text = String::new();
    let fixed = [
        (readme.sha256, member::README),
        (inventory.sha256, member::INVENTORY),
    ];
    for (digest, name) in fixed
        .into_iter()
        .chain(volumes.map(|v| (v.sha256, v.name.as_str())))
    {
        writeln!(text, "{digest}  {name}").expect("writing to a String does not fail");
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Manifest {
        let member = Member::of(b"x");
        let volumes = vec![Volume {
            bytes: 1,
            name: volume_name(1),
            sha256: member.sha256,
        }];
        Manifest {
            created: "2026-11-22T10:00:00Z".parse().expect("a time"),
            format: FORMAT.into(),
            generator: "exeat 0.1.0".into(),
            id: PackageId::generate(),
            inventory: member,
            key: Key {
                commitment: member.sha256,
                envelope_sha256: member.sha256,
            },
            sums: Member::of(&sums_bytes(&member, &member, volumes.iter())),
            payload: Payload {
                bytes: 1,
                compression: Compression::None,
                kind: PayloadKind::Tar,
                volumes,
            },
            readme: member,
            series: None,
        }
    }

    /// Sorted by key at every level, which the order of the fields has to give.
    fn sorted(bytes: &[u8]) -> Vec<u8> {
        let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
        fn write(value: &serde_json::Value, out: &mut String) {
            match value {
                serde_json::Value::Object(map) => {
                    let mut keys: Vec<_> = map.keys().collect();
                    keys.sort();
                    let fields = keys.iter().map(|key| {
                        let mut field = format!("\"{key}\":");
                        write(&map[key.as_str()], &mut field);
                        field
                    });
                    *out += &format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
                }
                serde_json::Value::Array(items) => {
                    let items = items.iter().map(|item| {
                        let mut text = String::new();
                        write(item, &mut text);
                        text
                    });
                    *out += &format!("[{}]", items.collect::<Vec<_>>().join(","));
                }
                other => *out += &other.to_string(),
            }
        }
        let mut text = String::new();
        write(&value, &mut text);
        text.push('\n');
        text.into_bytes()
    }

    #[test]
    fn is_canonical_and_reads_back() {
        let mut manifest = example();
        manifest.series = Some(Series {
            base: vec![PackageId::generate()],
            id: manifest.id.0,
            previous: Some(manifest.sums.sha256),
            sequence: 3,
        });
        let bytes = manifest.to_bytes();
        assert_eq!(sorted(&bytes), bytes);
        assert_eq!(Manifest::from_bytes(&bytes).expect("valid"), manifest);
    }

    #[test]
    fn refuses_another_way_to_say_the_same() {
        let text = String::from_utf8(example().to_bytes()).expect("UTF-8");
        for other in [
            text.trim_end().to_owned(),
            format!(" {text}"),
            format!("{text}\n"),
            text.replacen(':', ": ", 1),
            text.replace("00Z", "00.000Z"),
            text.replace("00Z", "00+00:00"),
        ] {
            let error = Manifest::from_bytes(other.as_bytes()).expect_err(&other);
            assert!(
                matches!(error, ManifestError::NotCanonical),
                "{error}: {other}"
            );
        }
    }

    #[test]
    fn refuses_what_the_format_does_not_allow() {
        let good = example();
        let edits: [fn(&mut Manifest); 6] = [
            |m| m.id = PackageId(Uuid::nil()),
            |m| m.payload.volumes.clear(),
            |m| m.payload.volumes[0].name = "volume-00002.age".into(),
            |m| m.payload.bytes += 1,
            |m| m.sums.bytes += 1,
            |m| m.readme.bytes = MAX_README + 1,
        ];
        for (number, edit) in edits.iter().enumerate() {
            let mut bad = good.clone();
            edit(&mut bad);
            let error = Manifest::from_bytes(&bad.to_bytes()).expect_err("malformed");
            assert!(
                matches!(error, ManifestError::Malformed { .. }),
                "edit {number}"
            );
        }
        for bad in [
            String::new(),
            "{}".into(),
            "[]".into(),
            String::from_utf8(good.to_bytes())
                .expect("UTF-8")
                .replacen('{', "{\"extra\":1,", 1),
        ] {
            let error = Manifest::from_bytes(bad.as_bytes()).expect_err(&bad);
            assert!(matches!(error, ManifestError::Malformed { .. }), "{bad}");
        }
    }

    #[test]
    fn what_is_quoted_is_escaped_and_cut_short() {
        let name = format!("\u{1b}[2J{}", "x".repeat(70_000));
        let json = serde_json::to_string(&name).expect("JSON");
        let text = format!("{{\"format\":\"{FORMAT}\",{json}:1}}");
        let error = Manifest::from_bytes(text.as_bytes())
            .expect_err("unknown field")
            .to_string();
        assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
        assert!(error.contains(r"\x1b[2J"), "{error}");
    }

    #[test]
    fn names_a_format_it_does_not_know() {
        let mut newer = example();
        newer.format = "exeat/2".into();
        let error = Manifest::from_bytes(&newer.to_bytes()).expect_err("newer");
        assert!(matches!(error, ManifestError::Format { found } if found == "exeat/2"));
    }
}
