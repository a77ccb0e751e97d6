//! Thirty nights of one profile, by the library alone and with a clock of its
//! own: a tree that changes every day, full and incremental packages, runs that
//! are stopped at every stage, pruning; and in the end every night that was kept
//! is restored and compared, byte for byte.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use exeat_core::backup::{
    Backups, FullEvery, Keep, Memory, RestoreError, SeriesId, Shelf, Tip, Wanted, next, plan,
    recall, remember, series_id,
};
use exeat_core::decide::{Decision, History, Request, Requester, Terms};
use exeat_core::deliver::{self, Delivered, Staging};
use exeat_core::destination::Destination;
use exeat_core::keys::{Identities, IdentityPair, Recipient, Recipients};
use exeat_core::ledger::Ledger;
use exeat_core::manifest::{NamedKey, PackageId, recipients_sha256};
use exeat_core::open;
use exeat_core::policy::Policy;
use exeat_core::progress::Silent;
use exeat_core::seal::{self, Link, SealOptions, Sealed};
use exeat_core::signature::{AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SigningKey};
use exeat_core::source::{ListOptions, Listing, Source};
use exeat_core::verify::{Package, Unlocked};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const NIGHTS: u64 = 30;

/// Where a run is stopped, as by a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// Nowhere.
    Not,
    /// When all was sealed, and no key had been written.
    BeforeRelease,
    /// When the package was in its place, and nothing was remembered of it.
    BeforeRemembering,
    /// When the files were remembered, and the chain was not.
    BetweenTheTwo,
}

/// One machine that makes backups, and the one that can open them.
struct World {
    dir: tempfile::TempDir,
    host: SigningKey,
    recipient: String,
    identities: Identities,
    allowed: AllowedSigners,
}

/// What a tree looks like: for each path kind, mode, content or target.
type Picture = BTreeMap<PathBuf, (char, u32, Vec<u8>)>;

fn picture(root: &Path) -> Picture {
    fn add(root: &Path, folder: &Path, picture: &mut Picture) {
        for item in fs::read_dir(folder).expect("a folder") {
            let path = item.expect("an entry").path();
            let meta = path.symlink_metadata().expect("it is there");
            let below = path.strip_prefix(root).expect("below").to_owned();
            let mode = meta.mode() & 0o7777;
            if meta.is_symlink() {
                let target = fs::read_link(&path).expect("a link");
                picture.insert(
                    below,
                    ('l', 0, target.as_os_str().as_encoded_bytes().into()),
                );
            } else if meta.is_dir() {
                picture.insert(below, ('d', mode, Vec::new()));
                add(root, &path, picture);
            } else {
                picture.insert(below, ('f', mode, fs::read(&path).expect("a file")));
            }
        }
    }
    let mut picture = Picture::new();
    add(root, root, &mut picture);
    picture
}

fn at(night: u64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T02:00:00Z".parse().expect("a time");
    let days = i64::try_from(night).expect("few");
    begin + SignedDuration::from_hours(24 * days)
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let host = SigningKey::generate("host");
        let identity = IdentityPair::generate();
        let line = AllowedSigner::new("host", &[PACKAGE_NAMESPACE], host.public());
        let mut allowed = AllowedSigners::empty();
        allowed.push(line.expect("a line"));
        for folder in ["clinic", "disk", "state"] {
            fs::create_dir(dir.path().join(folder)).expect("new");
        }
        Self {
            recipient: identity.recipient(),
            identities: identity.identities(),
            dir,
            host,
            allowed,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What happens by day.
    fn change(&self, night: u64) {
        let tree = self.path("clinic");
        let write = |name: String, text: Vec<u8>| {
            let path = tree.join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            // Something else of that name may lie there.
            let _ = fs::remove_file(&path);
            fs::write(path, text).expect("written");
        };
        // Its size tells one day from another, whatever clock the disk has.
        let text = |salt: u64| {
            format!("{salt} of night {night}\n").repeat(usize::try_from(night + 3).expect("few"))
        };
        write(format!("new/{night}.txt"), text(1).into());
        write("changes".into(), text(2).into());
        write(
            format!("deep/{}/below/{}.bin", night % 4, night % 3),
            text(3).into(),
        );
        if night.is_multiple_of(3) {
            let _ = fs::remove_file(tree.join(format!("new/{}.txt", night / 2)));
        }
        if night % 4 == 1 {
            let _ = fs::remove_file(tree.join("link"));
            symlink(format!("new/{night}.txt"), tree.join("link")).expect("a link");
        }
        if night % 5 == 2 {
            let mode = 0o600 | u32::try_from(night % 8).expect("few");
            let path = tree.join("changes");
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
        }
        // Larger than a volume, so that it spans several, and rarely new.
        if night % 10 == 1 {
            let byte = u8::try_from(night).expect("few");
            let size = 2_500_000 + usize::from(byte);
            write(
                "large".into(),
                (0..=u8::MAX).cycle().take(size).map(|n| n ^ byte).collect(),
            );
        }
    }

    fn shelf(&self) -> Shelf {
        let series = series_id(&self.host.public().fingerprint(), "clinic");
        let read = Shelf::read(&self.path("disk"), series, &self.host.public(), &Silent);
        read.expect("a folder")
    }

    /// One run. Gives the package, if there is one then.
    fn night(&self, night: u64, stopped: Stopped) -> Option<PackageId> {
        let series = series_id(&self.host.public().fingerprint(), "clinic");
        let (state, memory_file) = (self.path("state"), self.path("state/chain.json"));
        let memory = Memory::read(&memory_file).expect("it is good");
        let mut memory = memory.unwrap_or_else(|| Memory::new(series, "disk"));
        let shelf = self.shelf();
        assert_eq!(shelf.problems(), [], "night {night}");
        assert_eq!(shelf.held_against(memory.tip.as_ref()), [], "night {night}");
        let every = FullEvery::Time(SignedDuration::from_hours(7 * 24));
        let place = shelf.next_place(memory.tip.as_ref());
        let next = next(place, shelf.packages(), series, every, at(night));
        let source = Source::open(&[self.path("clinic")]).expect("a folder");
        let options = ListOptions {
            live: true,
            keep_owner: true,
            ..ListOptions::default()
        };
        let mut listing = source.list(&options, &Silent).expect("listed");
        if next.full.is_none() {
            let present: BTreeSet<_> = shelf.packages().iter().map(|one| one.id).collect();
            let wanted = Wanted {
                series,
                present: &present,
                recipients_sha256: recipients_sha256(&[NamedKey {
                    key: self.recipient.clone(),
                    name: None,
                }]),
            };
            let recalled = recall(&mut listing, &state, wanted).expect("remembered");
            assert!(recalled.unchanged > 0, "night {night}: {recalled:?}");
        }
        let name = format!("night-{night:02}");
        let sealed = self.sealed(&source, listing, &self.host, next.link, &name, at(night));
        let export = sealed.content().terms().export;
        // Whatever has changed by now is believed.
        let settled = Timestamp::now() + SignedDuration::from_secs(60);
        let pending = remember(&sealed, &state, series, settled).expect("written");
        if stopped == Stopped::BeforeRelease {
            return None;
        }
        let delivered = self.released(sealed, &self.host);
        if stopped == Stopped::BeforeRemembering {
            return Some(export);
        }
        pending.commit().expect("kept");
        if stopped == Stopped::BetweenTheTwo {
            return Some(export);
        }
        memory.tip = Some(Tip {
            created: at(night),
            manifest_sha256: delivered.manifest_sha256,
            sequence: delivered.manifest.series.expect("a chain").sequence,
        });
        memory.verified.insert(export, at(night));
        self.prune(&mut memory, night);
        memory.write(&memory_file).expect("written");
        Some(export)
    }

    /// Ciphertext in staging, decided on and not released.
    fn sealed(
        &self,
        source: &Source,
        listing: Listing,
        key: &SigningKey,
        link: Link,
        name: &str,
        created: Timestamp,
    ) -> Sealed<Staging> {
        let name = name.parse().expect("a name");
        let recipient = Recipient::parse(&self.recipient).expect("a key");
        let request = Request {
            terms: Terms {
                export: PackageId::generate(),
                destination: Destination::folder(&self.path("disk"), name, source)
                    .expect("a folder"),
                created,
                label: None,
                purpose: None,
                requester: Requester::of(1000),
            },
            recipients: Recipients::keys(vec![recipient]).expect("one"),
            signer: Some(key.public().fingerprint()),
            approvals: Default::default(),
        };
        let Decision::Permit(permit) = Policy::floor().decide(request, listing) else {
            panic!("refused");
        };
        let staging = Staging::create(&permit, 0o022).expect("staging");
        let options = SealOptions {
            volume_size: Some(1 << 20),
            link: Some(link),
            ..SealOptions::default()
        };
        seal::seal(permit, source, staging, &options, &Silent).expect("sealed")
    }

    fn released(&self, sealed: Sealed<Staging>, key: &SigningKey) -> Delivered {
        let history = History::default();
        let decided = Policy::floor().decide_content(&sealed.content(), &history);
        let Decision::Permit(release) = decided else {
            panic!("refused");
        };
        let ledger = Ledger::open(&self.path("ledger.jsonl")).expect("a ledger");
        let intent = ledger.lock().expect("nobody else").intend(&release);
        let complete = sealed.complete(release, key, intent.expect("recorded"));
        deliver::publish(complete.expect("complete")).expect("published")
    }

    /// A package of the tree as it is, at that place of that chain.
    fn put(&self, key: &SigningKey, series: SeriesId, sequence: u64, name: &str) -> PathBuf {
        let source = Source::open(&[self.path("clinic")]).expect("a folder");
        let listing = source
            .list(&ListOptions::default(), &Silent)
            .expect("listed");
        let link = Link {
            series,
            sequence,
            previous: None,
        };
        let sealed = self.sealed(&source, listing, key, link, name, at(sequence));
        self.released(sealed, key).path
    }

    fn backups(&self, signer: Option<&str>) -> Backups {
        let found = Backups::find(&self.path("disk"), &self.allowed, at(99), signer, &Silent);
        found.expect("a folder")
    }

    fn prune(&self, memory: &mut Memory, night: u64) {
        let mut shelf = self.shelf();
        // What a run that was stopped has left is compared now, as 'prune' does.
        for package in shelf.packages() {
            let package_there = Package::open(&shelf.path_of(package)).expect("a package");
            let read = package_there.verify_from_medium(&self.allowed, at(night), None, &Silent);
            read.expect("whole");
            memory.verified.entry(package.id).or_insert(at(night));
        }
        let keep = Keep {
            daily: 5,
            weekly: 2,
            ..Keep::default()
        };
        let fates = plan(&shelf.candidates(memory), &keep, &TimeZone::UTC);
        let removed = shelf.remove(&fates, &self.host, at(night), &Silent);
        removed.expect("removed");
        let there: Vec<_> = shelf.packages().iter().map(|one| one.id).collect();
        memory.forget_others(&there);
    }

    fn unlock(&self, path: &Path) -> Unlocked {
        let package = Package::open(path).expect("a package");
        let verified = package
            .verify(&self.allowed, at(99), None)
            .expect("trusted");
        verified.unlock(&self.identities).expect("for us")
    }

    /// Restores what was there at the time, with no more packages than it needs.
    fn restore(&self, backups: &Backups, time: Timestamp, to: &Path) -> usize {
        let found = backups.as_of(time, None).expect("there is one");
        let package = self.unlock(&found.path);
        let bases = open::bases_of(&package, &[]).expect("known");
        let signer = *package.verified().signer().fingerprint();
        let path = |base: &PackageId| backups.path_of(*base, &signer).expect("it was kept");
        let earlier: Vec<_> = bases.keys().map(|base| self.unlock(path(base))).collect();
        let target = open::target(package.verified(), to).expect("a new place");
        let all = std::iter::once(&package).chain(&earlier);
        let headers: Vec<_> = all.map(|one| one.inventory().header()).collect();
        let permit = Policy::floor().decide_open_chain(&headers, target);
        let permit = permit.expect("nobody's data");
        let options = open::OpenOptions::default();
        open::open_chain(&package, &earlier, permit, &options, &Silent).expect("opened");
        earlier.len()
    }
}

#[test]
fn thirty_nights_and_every_one_that_was_kept_comes_back() {
    let world = World::new();
    let mut pictures = BTreeMap::new();
    for night in 1..=NIGHTS {
        world.change(night);
        let stopped = match night {
            4 | 11 | 25 => Stopped::BeforeRelease,
            6 | 16 | 27 => Stopped::BeforeRemembering,
            9 | 18 => Stopped::BetweenTheTwo,
            _ => Stopped::Not,
        };
        if let Some(package) = world.night(night, stopped) {
            pictures.insert(package, (night, picture(&world.path("clinic"))));
        }
        let left = fs::read_dir(world.path("disk")).expect("a folder");
        let left = left.map(|item| item.expect("an entry").file_name());
        let left: Vec<_> = left
            .filter(|name| name.as_encoded_bytes().starts_with(b".exeat-partial"))
            .collect();
        assert!(left.is_empty(), "night {night}: {left:?}");
    }
    let shelf = world.shelf();
    assert_eq!(shelf.problems(), []);
    let kept = shelf.packages();
    assert!(kept.len() > 6 && kept.len() < 20, "{}", kept.len());
    assert_eq!(kept.len() + shelf.gone().len(), pictures.len());
    assert!(kept.iter().any(|one| !one.base.is_empty()));
    let backups = world.backups(None);
    let (mut most, mut compared) = (0, 0);
    for package in kept {
        let (night, picture_then) = &pictures[&package.id];
        let to = world.path(&format!("restored-{night}"));
        // Somebody asks in the afternoon.
        let asked = at(*night) + SignedDuration::from_hours(12);
        most = most.max(world.restore(&backups, asked, &to));
        let mut restored = picture(&to);
        let root = restored.remove(Path::new("clinic"));
        assert_eq!(root.map(|root| root.0), Some('d'));
        let restored: Picture = restored
            .into_iter()
            .map(|(path, what)| (path.strip_prefix("clinic").expect("below").to_owned(), what))
            .collect();
        assert!(restored == *picture_then, "night {night}");
        compared += 1;
    }
    assert_eq!(compared, kept.len());
    assert!(most > 1, "some night rests on several");
}

#[test]
fn a_chain_is_known_by_who_has_signed_it_too() {
    let mut world = World::new();
    world.change(1);
    let series = series_id(&world.host.public().fingerprint(), "clinic");
    let ours = world.put(&world.host, series, 1, "ours");
    let newer = world.put(&world.host, series, 2, "newer");
    let of = |world: &World, time, signer, series| {
        let backups = world.backups(signer);
        backups.as_of(time, series).map(|found| found.path.clone())
    };
    assert_eq!(of(&world, at(1), None, None).expect("one chain"), ours);
    assert_eq!(of(&world, at(50), None, None).expect("one chain"), newer);
    let too_early = of(&world, at(0), None, None);
    assert!(matches!(too_early, Err(RestoreError::Later { oldest, .. }) if oldest == at(1)));
    // Somebody else writes the number of our chain; nobody trusts them.
    let partner = SigningKey::generate("partner");
    let theirs = world.put(&partner, series, 9, "theirs");
    assert_eq!(of(&world, at(50), None, None).expect("one chain"), newer);
    let passed_over = world.backups(None).passed_over().to_vec();
    assert_eq!(passed_over, std::slice::from_ref(&theirs));
    // They are trusted, with packages of their own.
    let line = AllowedSigner::new("partner", &[PACKAGE_NAMESPACE], partner.public());
    world.allowed.push(line.expect("a line"));
    for wanted in [None, Some(series)] {
        let several = of(&world, at(50), None, wanted);
        assert!(matches!(several, Err(RestoreError::Several { chains, .. }) if chains.len() == 2));
    }
    assert_eq!(of(&world, at(50), Some("host"), None).expect("ours"), newer);
    assert_eq!(
        of(&world, at(50), Some("partner"), None).expect("theirs"),
        theirs
    );
    // Two of our own have one number.
    world.put(&world.host, series, 2, "twin");
    let fork = of(&world, at(50), Some("host"), None);
    assert!(matches!(fork, Err(RestoreError::Fork { sequence: 2, .. })));
    assert_eq!(
        of(&world, at(1), Some("host"), None).expect("before it"),
        ours
    );
    let nothing = of(&world, at(50), Some("host"), Some(SeriesId::from_u128(1)));
    assert!(matches!(nothing, Err(RestoreError::None { .. })));
}
