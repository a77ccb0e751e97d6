//! exeat decides what may leave, seals it, and lets anyone check what they
//! received. *Nothing leaves without leave.*
//!
//! Data flows one way, and a type stands at each step, so that no step can be
//! left out:
//!
//! | step | module | gives |
//! |---|---|---|
//! | open and list the source | [`source`] | [`source::Listing`] |
//! | ask what the target is | [`destination`] | [`destination::Destination`] |
//! | decide on request and listing | [`policy`], [`decide`] | [`decide::Permit`] |
//! | read, inspect, hash and encrypt into staging | [`inspect`], [`seal`], [`deliver`] | [`seal::Sealed`] |
//! | decide on what was found | [`decide`] | [`decide::ReleasePermit`] |
//! | record what is about to leave | [`ledger`] | [`ledger::Intent`] |
//! | envelope, manifest, signature | [`seal`] | [`seal::Complete`] |
//! | publish by one rename, record the outcome | [`deliver`] | [`deliver::Delivered`] |
//! | check signature and members | [`verify`] | [`verify::Verified`] |
//! | open envelope and inventory | [`verify`] | [`verify::Unlocked`] |
//! | compare every byte of it, for a receipt | [`verify`], [`receipt`] | [`verify::FullyVerified`] |
//! | decide where plaintext may lie | [`decide`] | [`decide::OpenPermit`] |
//! | write files, or one file into a stream | [`mod@open`] | [`open::Opened`], [`open::Emitted`] |
//! | decide, record, add an envelope for further people | [`decide`], [`rekey`] | [`rekey::Rekeyed`] |
//!
//! What lies on disks already is looked at by [`scan`].
//!
//! A copy in the clear goes another way: list → decide → [`inspect`] → decide
//! → record → [`deliver::copy`].
//!
//! Where a policy asks for it, others agree to a release beforehand: [`approval`].
//!
//! A chain of backups in one folder is looked at and cleared up by [`backup`].
//!
//! The [`manual`] describes the package format and the findings.
//!
//! # Example
//!
//! ```
//! use exeat_core::decide::{Decision, History, Request, Requester, Terms};
//! use exeat_core::destination::Destination;
//! use exeat_core::keys::{IdentityPair, Recipient, Recipients};
//! use exeat_core::ledger::Ledger;
//! use exeat_core::manifest::PackageId;
//! use exeat_core::policy::Policy;
//! use exeat_core::progress::Silent;
//! use exeat_core::signature::{AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SigningKey};
//! use exeat_core::source::{ListOptions, Source};
//! use exeat_core::verify::Package;
//! use exeat_core::{deliver, open, seal};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! # std::fs::create_dir_all(dir.join("clinic"))?;
//! # std::fs::create_dir_all(dir.join("disk"))?;
//! # std::fs::write(dir.join("clinic/results.csv"), "999 000 0018,4.2\n")?;
//! let now = jiff::Timestamp::now();
//! let sender = SigningKey::generate("sender@example.org");
//! let recipient = IdentityPair::generate();
//!
//! // The sender: list, decide, seal, decide, complete, publish.
//! let source = Source::open(&[dir.join("clinic")])?;
//! let listing = source.list(&ListOptions::default(), &Silent)?;
//! let request = Request {
//!     terms: Terms {
//!         export: PackageId::generate(),
//!         destination: Destination::folder(&dir.join("disk"), "clinic".parse()?, &source)?,
//!         created: now,
//!         label: None,
//!         purpose: Some("audit 2026".parse()?),
//!         requester: Requester::of(1000),
//!     },
//!     recipients: Recipients::keys(vec![Recipient::parse(&recipient.recipient())?])?,
//!     signer: Some(sender.public().fingerprint()),
//!     approvals: Default::default(),
//! };
//! let policy = Policy::floor();
//! let Decision::Permit(permit) = policy.decide(request, listing) else {
//!     panic!("refused");
//! };
//! let staging = deliver::Staging::create(&permit, 0o022)?;
//! let sealed = seal::seal(permit, &source, staging, &Default::default(), &Silent)?;
//! let Decision::Permit(release) = policy.decide_content(&sealed.content(), &History::default())
//! else {
//!     panic!("refused");
//! };
//! let ledger = Ledger::open(&dir.join("ledger.jsonl"))?;
//! let intent = ledger.lock()?.intend(&release)?;
//! let delivered = deliver::publish(sealed.complete(release, &sender, intent)?)?;
//!
//! // The recipient: trust the sender, verify, unlock, open.
//! let line = AllowedSigner::new("sender@example.org", &[PACKAGE_NAMESPACE], sender.public())?;
//! let allowed = AllowedSigners::parse(&line.to_string()).expect("one good line");
//! let verified = Package::open(&delivered.path)?.verify(&allowed, now, None)?;
//! verified.verify_volumes(None, &Silent)?;
//! let unlocked = verified.unlock(&recipient.identities())?;
//! let target = open::target(unlocked.verified(), &dir.join("opened"))?;
//! let permit = policy.decide_open(unlocked.inventory().header(), target).expect("a fixed disk");
//! let opened = open::open(&unlocked, permit, &Default::default(), &Silent)?;
//! assert_eq!(opened.entries, 2);
//! assert_eq!(
//!     std::fs::read(dir.join("opened/clinic/results.csv"))?,
//!     std::fs::read(dir.join("clinic/results.csv"))?,
//! );
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests make files of their own")
)]

#[cfg(not(target_os = "linux"))]
compile_error!("exeat relies on Linux's openat2 to stay below a folder, and runs on Linux alone");

pub mod approval;
pub mod audit;
pub mod backup;
mod beneath;
mod codec;
pub mod decide;
pub mod deliver;
pub mod destination;
pub mod diagnostic;
pub mod digest;
#[cfg(test)]
mod encoded;
pub mod entry;
mod framing;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod inspect;
pub mod keys;
mod layout;
pub mod ledger;
pub mod manifest;
pub mod manual;
pub mod open;
mod parallel;
pub mod path;
pub mod policy;
pub mod progress;
pub mod receipt;
pub mod rekey;
pub mod scan;
pub mod seal;
pub mod signature;
pub mod source;
pub mod stack;
mod staging;
pub mod statement;
mod tree;
pub mod verify;

pub use codec::Level;
