//! Packages that only somebody with the keys could make.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::codec::{Decoder, Encoder, Level};
use crate::decide::{Decision, History, Request, Requester, Terms};
use crate::deliver::{Staging, publish};
use crate::destination::Destination;
use crate::keys::{IdentityPair, Recipient, Recipients, encrypt_to};
use crate::ledger::Ledger;
use crate::manifest::{Compression, Header};
use crate::policy::Policy;
use crate::progress::Silent;
use crate::seal::seal;
use crate::signature::{AllowedSigner, SigningKey};
use crate::source::{ListOptions, Source};

mod after;
mod approvals;
mod archive;
mod checkpoint;
mod content;
mod further;
mod members;

pub(crate) use checkpoint::checkpoint;

/// A package for one recipient, and everybody's keys.
pub(crate) struct Case {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) sender: SigningKey,
    recipient: IdentityPair,
}

fn recipients(pair: &IdentityPair) -> Recipients {
    let recipient = Recipient::parse(&pair.recipient()).expect("a recipient");
    Recipients::keys(vec![recipient]).expect("one")
}

impl Case {
    pub(crate) fn new() -> Self {
        Self::holding(b"letter", &crate::seal::SealOptions::default())
    }

    /// One whose only file, `tree/a`, has this content.
    fn holding(content: &[u8], options: &crate::seal::SealOptions) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("tree")).expect("made");
        std::fs::write(dir.path().join("tree/a"), content).expect("written");
        let (sender, recipient) = (SigningKey::generate("sender"), IdentityPair::generate());
        let source = Source::open(&[dir.path().join("tree")]).expect("opens");
        let listing = source
            .list(&ListOptions::default(), &Silent)
            .expect("lists");
        let name = "p".parse().expect("a name");
        let request = Request {
            terms: Terms {
                export: PackageId::generate(),
                destination: Destination::folder(dir.path(), name, &source).expect("a place"),
                created: Timestamp::UNIX_EPOCH,
                label: None,
                purpose: None,
                requester: Requester::of(1000),
            },
            recipients: recipients(&recipient),
            signer: Some(sender.public().fingerprint()),
            approvals: Default::default(),
        };
        let policy = Policy::floor();
        let Decision::Permit(permit) = policy.decide(request, listing) else {
            panic!("refused");
        };
        let staging = Staging::create(&permit, 0o022).expect("staging");
        let sealed = seal(permit, &source, staging, options, &Silent).expect("sealed");
        let Decision::Permit(release) =
            policy.decide_content(&sealed.content(), &History::default())
        else {
            panic!("refused");
        };
        let ledger = Ledger::open(&dir.path().join("ledger.jsonl")).expect("a ledger");
        let intent = ledger.lock().expect("nobody else").intend(&release);
        let complete = sealed.complete(release, &sender, intent.expect("recorded"));
        let delivered = publish(complete.expect("complete"));
        Self {
            path: delivered.expect("published").path,
            dir,
            sender,
            recipient,
        }
    }

    pub(crate) fn verified(&self) -> Result<Verified<Package>, VerifyError> {
        Package::open(&self.path)?.verify(&self.allowed(), Timestamp::UNIX_EPOCH, None)
    }

    pub(crate) fn allowed(&self) -> AllowedSigners {
        let line = AllowedSigner::new("sender", &[PACKAGE_NAMESPACE], self.sender.public());
        let mut allowed = AllowedSigners::empty();
        allowed.push(line.expect("a line"));
        allowed
    }

    pub(crate) fn unlocked(&self) -> Result<Unlocked, VerifyError> {
        self.verified()?.unlock(&self.recipient.identities())
    }

    /// The envelope exchanged for another, and the manifest signed again to
    /// match.
    fn with_envelope(&self, envelope: &[u8]) {
        let mut manifest = self.verified().expect("good").manifest().clone();
        manifest.key.envelope_sha256 = Digest::of(envelope);
        self.write(member::ENVELOPE, envelope);
        self.sign(&manifest);
    }

    /// The header of the inventory changed, and all that vouches for it made
    /// again.
    pub(crate) fn with_header(&self, edit: impl FnOnce(&mut Header)) {
        let unlocked = self.unlocked().expect("good");
        let mut manifest = unlocked.verified().manifest().clone();
        let compression = manifest.payload.compression;
        let file = self.read(member::INVENTORY);
        let decrypted = unlocked.key().decrypt(io::Cursor::new(file)).expect("ours");
        let mut text = String::new();
        let mut decoder = Decoder::new(decrypted, compression).expect("a decoder");
        decoder.read_to_string(&mut text).expect("JSON Lines");
        let (_, entries) = text.split_once('\n').expect("a header");
        let mut header = unlocked.inventory().header().clone();
        edit(&mut header);
        let level = (compression == Compression::Zstd).then_some(Level::FAST);
        let mut bytes = Vec::new();
        let recipient = unlocked.key().recipient();
        let encrypted = encrypt_to(&recipient, &mut bytes).expect("memory");
        let mut encoder = Encoder::new(encrypted, level).expect("an encoder");
        let header = serde_json::to_string(&header).expect("JSON");
        write!(encoder, "{header}\n{entries}").expect("memory");
        let encrypted = encoder.finish().expect("memory");
        encrypted.finish().expect("memory");
        manifest.inventory = Member::of(&bytes);
        self.write(member::INVENTORY, &bytes);
        let sums = manifest.sums_bytes();
        manifest.sums = Member::of(&sums);
        self.write(member::SUMS, &sums);
        self.sign(&manifest);
    }

    /// What a volume holds, changed, and all that vouches for the volume made again:
    /// as the sender could do it, but nobody else.
    fn with_volume(&self, index: usize, edit: impl FnOnce(&mut Vec<u8>)) {
        let unlocked = self.unlocked().expect("good");
        let manifest = unlocked.verified().manifest();
        let (compression, name) = (
            manifest.payload.compression,
            manifest.payload.volumes[index].name.clone(),
        );
        let file = io::Cursor::new(self.read(&name));
        let decrypted = unlocked.key().decrypt(file).expect("ours");
        let mut plain = Vec::new();
        let mut decoder = Decoder::new(decrypted, compression).expect("a decoder");
        decoder.read_to_end(&mut plain).expect("whole");
        edit(&mut plain);
        let level = (compression == Compression::Zstd).then_some(Level::FAST);
        let mut bytes = Vec::new();
        let recipient = unlocked.key().recipient();
        let encrypted = encrypt_to(&recipient, &mut bytes).expect("memory");
        let mut encoder = Encoder::new(encrypted, level).expect("an encoder");
        encoder.write_all(&plain).expect("memory");
        encoder.finish().expect("memory").finish().expect("memory");
        self.with_ciphertext(index, &bytes);
    }

    /// A volume exchanged for these bytes, and all that vouches for it made again.
    fn with_ciphertext(&self, index: usize, bytes: &[u8]) {
        let mut manifest = self.verified().expect("good").manifest().clone();
        let volume = &mut manifest.payload.volumes[index];
        let Member {
            bytes: length,
            sha256,
        } = Member::of(bytes);
        manifest.payload.bytes = manifest.payload.bytes - volume.bytes + length;
        (volume.bytes, volume.sha256) = (length, sha256);
        self.write(&volume.name, bytes);
        let sums = manifest.sums_bytes();
        manifest.sums = Member::of(&sums);
        self.write(member::SUMS, &sums);
        self.sign(&manifest);
    }

    pub(crate) fn sign(&self, manifest: &Manifest) {
        let bytes = manifest.to_bytes();
        let signature = self.sender.sign(PACKAGE_NAMESPACE, &bytes).expect("signed");
        self.write(member::MANIFEST, &bytes);
        self.write(member::SIGNATURE, signature.as_bytes());
    }

    pub(crate) fn read(&self, member: &str) -> Vec<u8> {
        std::fs::read(Path::new(&self.path).join(member)).expect("there")
    }

    pub(crate) fn write(&self, member: &str, bytes: &[u8]) {
        std::fs::write(Path::new(&self.path).join(member), bytes).expect("written");
    }
}

#[test]
fn an_identity_that_the_sender_did_not_list_is_told_of() {
    let case = Case::new();
    let unlocked = case
        .verified()
        .expect("good")
        .unlock(&case.recipient.identities());
    let unlocked = unlocked.expect("opens");
    assert!(unlocked.is_listed());
    let other = IdentityPair::generate();
    let envelope = unlocked
        .key()
        .envelope(&recipients(&other))
        .expect("memory");
    case.with_envelope(&envelope);
    let unlocked = case.verified().expect("signed").unlock(&other.identities());
    assert!(!unlocked.expect("opens").is_listed());
    drop(case.dir);
}

#[test]
fn an_envelope_with_another_package_key_is_refused() {
    let case = Case::new();
    let key = crate::keys::PackageKey::generate();
    case.with_envelope(&key.envelope(&recipients(&case.recipient)).expect("memory"));
    let unlocked = case
        .verified()
        .expect("signed")
        .unlock(&case.recipient.identities());
    let error = unlocked.expect_err("another key");
    assert_eq!(crate::diagnostic::Explain::code(&error), "envelope-foreign");
}
