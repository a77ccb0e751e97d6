//! Any tree in, the same tree out: through the library, with volumes small
//! enough that entries span them.

#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use exeat_core::Level;
use exeat_core::decide::{Decision, History, Request, Requester, Terms};
use exeat_core::deliver::{self, Staging};
use exeat_core::destination::{Destination, OpenTarget};
use exeat_core::keys::{IdentityPair, Recipient, Recipients};
use exeat_core::ledger::Ledger;
use exeat_core::manifest::PackageId;
use exeat_core::open::{self, OpenError, OpenOptions, Opened};
use exeat_core::policy::Policy;
use exeat_core::progress::Silent;
use exeat_core::seal::{self, Compress, SealOptions};
use exeat_core::signature::{AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SigningKey};
use exeat_core::source::{ListOptions, Source};
use exeat_core::verify::{Package, Unlocked};
use proptest::prelude::*;

/// What a tree holds, by path: everything that a package keeps.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Folder {
        mode: u32,
        modified: u64,
    },
    File {
        mode: u32,
        modified: u64,
        content: Vec<u8>,
    },
    Link {
        target: OsString,
    },
}

type Tree = BTreeMap<Vec<u8>, Node>;

/// Names with everything but `/` and NUL in them.
fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-c.]{1,3}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(1_u8..=255, 1..8),
        1 => proptest::collection::vec(b'a'..=b'z', 90..200),
    ]
    .prop_filter("a name of its own", |n| {
        !matches!(n.as_slice(), b"." | b"..") && !n.contains(&b'/')
    })
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..2000),
        // Larger than a volume of one MiB, with ends around a block's edge.
        1 => (0_usize..3, any::<u8>(), 0_usize..1025).prop_map(|(mib, byte, more)| {
            let length = (mib << 20) + more + (1 << 19);
            (0..length).map(|n| byte.wrapping_add((n >> 9 & 255).try_into().expect("a byte"))).collect()
        }),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        2 => Just(None),
        5 => (content(), 0_u32..0o1000, 0_u64..1 << 33).prop_map(|(content, mode, modified)| {
            Some(Node::File { mode: mode | 0o400, modified, content })
        }),
        1 => proptest::collection::vec(1_u8..=255, 1..150)
            .prop_map(|target| Some(Node::Link { target: OsString::from_vec(target) })),
    ];
    let entry = (
        proptest::collection::vec(name(), 1..4),
        leaf,
        0_u32..0o100,
        0_u64..1 << 33,
    );
    proptest::collection::vec(entry, 0..25).prop_map(|entries| {
        let mut tree = Tree::new();
        for (names, leaf, mode, modified) in entries {
            let folder = Node::Folder {
                mode: mode | 0o700,
                modified,
            };
            let mut path = Vec::new();
            let mut fits = true;
            for (depth, name) in names.iter().enumerate() {
                if depth > 0 {
                    path.push(b'/');
                }
                path.extend_from_slice(name);
                let is_last = depth + 1 == names.len();
                let node = match &leaf {
                    Some(node) if is_last => node.clone(),
                    _ => folder.clone(),
                };
                // What is already there stays, and only folders hold others.
                let there = tree.entry(path.clone()).or_insert(node);
                fits &= matches!(there, Node::Folder { .. });
                if !fits {
                    break;
                }
            }
        }
        tree
    })
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn set(path: &Path, mode: u32, modified: u64) {
    let file = fs::File::open(path).expect("readable");
    file.set_modified(at(modified)).expect("set");
    file.set_permissions(fs::Permissions::from_mode(mode))
        .expect("set");
}

fn write(tree: &Tree, root: &Path) {
    fs::create_dir(root).expect("made");
    let place = |path: &[u8]| root.join(std::ffi::OsStr::from_bytes(path));
    for (path, node) in tree {
        match node {
            Node::Folder { .. } => fs::create_dir(place(path)).expect("made"),
            Node::File {
                mode,
                modified,
                content,
            } => {
                fs::write(place(path), content).expect("written");
                set(&place(path), *mode, *modified);
            }
            Node::Link { target } => {
                std::os::unix::fs::symlink(target, place(path)).expect("made");
            }
        }
    }
    for (path, node) in tree.iter().rev() {
        if let Node::Folder { mode, modified } = node {
            set(&place(path), *mode, *modified);
        }
    }
}

fn read(root: &Path, below: &Path, tree: &mut Tree) {
    for item in fs::read_dir(root.join(below)).expect("readable") {
        let path = below.join(item.expect("readable").file_name());
        let full = root.join(&path);
        let meta = full.symlink_metadata().expect("there");
        let mode = meta.permissions().mode() & 0o777;
        let modified = || {
            let since = meta
                .modified()
                .expect("a time")
                .duration_since(SystemTime::UNIX_EPOCH);
            since.expect("after 1970").as_secs()
        };
        let node = if meta.is_dir() {
            read(root, &path, tree);
            Node::Folder {
                mode,
                modified: modified(),
            }
        } else if meta.is_symlink() {
            Node::Link {
                target: fs::read_link(&full).expect("a link").into_os_string(),
            }
        } else {
            Node::File {
                mode,
                modified: modified(),
                content: fs::read(&full).expect("readable"),
            }
        };
        tree.insert(path.as_os_str().as_bytes().to_vec(), node);
    }
}

/// Seals a source into `dir` and unlocks the package again.
fn seal_and_unlock(
    dir: &Path,
    source: &Source,
    is_archive: bool,
    options: &SealOptions,
) -> Unlocked {
    let sender = SigningKey::generate("sender");
    let recipient = IdentityPair::generate();
    let listing = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    let now = jiff::Timestamp::now();
    let name = "p".parse().expect("a name");
    let destination = match is_archive {
        true => Destination::archive(dir, name, source),
        false => Destination::folder(dir, name, source),
    };
    let request = Request {
        terms: Terms {
            export: PackageId::generate(),
            destination: destination.expect("a place"),
            created: now,
            label: None,
            purpose: None,
            requester: Requester::of(1000),
        },
        recipients: Recipients::keys(vec![
            Recipient::parse(&recipient.recipient()).expect("a recipient"),
        ])
        .expect("one"),
        signer: Some(sender.public().fingerprint()),
        approvals: Default::default(),
    };
    let policy = Policy::floor();
    let Decision::Permit(permit) = policy.decide(request, listing) else {
        panic!("refused");
    };
    let estimate = match permit.listing().is_piped() {
        true => None,
        false => Some(seal::estimate(&permit, options).expect("a plan")),
    };
    let staging = Staging::create(&permit, 0o022).expect("staging");
    let sealed = seal::seal(permit, source, staging, options, &Silent).expect("sealed");
    let Decision::Permit(release) = policy.decide_content(&sealed.content(), &History::default())
    else {
        panic!("refused");
    };
    let ledger = Ledger::open(&dir.join("ledger.jsonl")).expect("a ledger");
    let intent = ledger.lock().expect("nobody else").intend(&release);
    let complete = sealed.complete(release, &sender, intent.expect("recorded"));
    let complete = complete.expect("complete");
    let delivered = deliver::publish(complete).expect("published");
    if let Some(estimate) = estimate {
        assert_eq!(delivered.manifest.payload.volumes.len(), estimate.volumes);
    }
    let line = AllowedSigner::new("sender", &[PACKAGE_NAMESPACE], sender.public()).expect("a line");
    let mut allowed = AllowedSigners::empty();
    allowed.push(line);
    let verified = Package::open(&delivered.path)
        .expect("a package")
        .verify(&allowed, now, None)
        .expect("verifies");
    verified
        .verify_volumes(None, &Silent)
        .expect("every volume");
    let unlocked = verified.unlock(&recipient.identities()).expect("unlocks");
    assert!(unlocked.is_listed());
    unlocked
}

/// Decides on it and opens it.
fn open_at(unlocked: &Unlocked, target: &Path, options: &OpenOptions) -> Result<Opened, OpenError> {
    let target = open::target(unlocked.verified(), target)?;
    let header = unlocked.inventory().header();
    let permit = Policy::floor()
        .decide_open(header, target)
        .expect("nobody's data");
    open::open(unlocked, permit, options, &Silent)
}

#[test]
fn any_file_alone_wherever_it_begins() {
    // Files of 65,024 bytes and a header of 512: after the first each begins at a
    // multiple of 64 KiB, which is where age cuts what it encrypts. The others
    // begin anywhere.
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path().join("tree");
    fs::create_dir(&root).expect("made");
    let sizes = [
        64_512, 65_024, 65_024, 130_560, 1, 65_023, 65_536, 0, 65_024,
    ];
    let mut contents = Vec::new();
    for (number, size) in sizes.into_iter().enumerate() {
        let byte = u8::try_from(number).expect("few");
        let content: Vec<u8> = (0..=250_u8).cycle().map(|n| n ^ byte).take(size).collect();
        fs::write(root.join(format!("{number}")), &content).expect("written");
        contents.push(content);
    }
    for (compress, is_archive) in [
        (Compress::None, false),
        (Compress::None, true),
        (Compress::Zstd(Level::FAST), false),
    ] {
        let to = tempfile::tempdir().expect("a temporary folder");
        let source = Source::open(&[&root]).expect("opens");
        let options = SealOptions {
            compress,
            ..SealOptions::default()
        };
        let unlocked = seal_and_unlock(to.path(), &source, is_archive, &options);
        for (number, content) in contents.iter().enumerate() {
            let target = to.path().join(format!("alone-{number}"));
            let options = OpenOptions {
                paths: vec![format!("tree/{number}").into_bytes()],
                ..OpenOptions::default()
            };
            open_at(&unlocked, &target, &options).expect("opens alone");
            let opened = fs::read(target.join(format!("tree/{number}"))).expect("there");
            assert!(opened == *content, "{number}");
        }
    }
}

/// Gives no more at once than a pipe may.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
}

impl std::io::Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = &self.bytes[self.at..];
        let count = left.len().min(buffer.len()).min(self.most);
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_in_the_same_tree_out(
        tree in tree(),
        compress in prop_oneof![
            Just(Compress::Auto), Just(Compress::None), Just(Compress::Zstd(Level::FAST))
        ],
        volume_size in prop_oneof![Just(None), Just(Some(1 << 20))],
        pad in any::<bool>(),
        is_archive in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(&tree, &dir.path().join("tree"));
        let options = SealOptions { compress, volume_size, pad, ..SealOptions::default() };
        let source = Source::open(&[dir.path().join("tree")]).expect("opens");
        let unlocked = seal_and_unlock(dir.path(), &source, is_archive, &options);
        unlocked.verify_contents(None, &Silent).expect("every entry");
        let target = dir.path().join("opened");
        let options = OpenOptions { outside_links: true, ..OpenOptions::default() };
        let opened = open_at(&unlocked, &target, &options).expect("opens");
        prop_assert_eq!(opened.entries, tree.len() as u64 + 1);
        let mut found = Tree::new();
        read(&target.join("tree"), Path::new(""), &mut found);
        prop_assert_eq!(&found, &tree);
        // Each path alone gives the same as all of them together.
        for (number, (path, _)) in tree.iter().enumerate().step_by(7) {
            let target = dir.path().join(format!("one-{number}"));
            let chosen = [&b"tree/"[..], path].concat();
            let options = OpenOptions { paths: vec![chosen], ..options.clone() };
            open_at(&unlocked, &target, &options).expect("opens");
            let mut one = Tree::new();
            read(&target.join("tree"), Path::new(""), &mut one);
            let below = |p: &[u8], of: &[u8]| p == of || p.starts_with(&[of, b"/"].concat());
            let expected: Tree = tree
                .iter()
                .filter(|(p, _)| below(p, path) || below(path, p))
                .map(|(p, node)| (p.clone(), node.clone()))
                .collect();
            prop_assert_eq!(one, expected);
        }
    }

    #[test]
    fn any_stream_in_the_same_stream_out(
        // Around the places where it is cut, and no whole blocks.
        length in prop_oneof![
            1_usize..2000, 1_048_573_usize..1_048_579, 2_097_149_usize..3_146_428
        ],
        seed in any::<u64>(),
        piece in prop_oneof![Just(65_536_usize), 1000_usize..70_000],
        compress in prop_oneof![Just(Compress::Auto), Just(Compress::None)],
        volume_size in prop_oneof![Just(None), Just(Some(1 << 20))],
        is_archive in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(length).collect();
        let stream = Pieces { bytes: bytes.clone(), at: 0, most: piece };
        let source = Source::piped("s", Box::new(stream)).expect("a name");
        let options = SealOptions { compress, volume_size, ..SealOptions::default() };
        let unlocked = seal_and_unlock(dir.path(), &source, is_archive, &options);
        unlocked.verify_contents(None, &Silent).expect("every part");
        let target = dir.path().join("opened");
        open_at(&unlocked, &target, &OpenOptions::default()).expect("opens");
        prop_assert_eq!(&fs::read(target.join("s")).expect("there"), &bytes);
        let header = unlocked.inventory().header();
        let permit = |file: &fs::File| {
            let decided = Policy::floor().decide_open(header, OpenTarget::stream(file));
            decided.expect("nobody's data")
        };
        let emitted = dir.path().join("emitted");
        let [one, other] = [&emitted, &dir.path().join("other")]
            .map(|path| fs::File::create(path).expect("made"));
        // What was decided on is that file and no other.
        let wrong = open::emit(&unlocked, permit(&other), None, &one, None, &Silent);
        prop_assert!(matches!(wrong, Err(OpenError::Permit)));
        open::emit(&unlocked, permit(&one), None, &one, None, &Silent).expect("emitted");
        prop_assert_eq!(fs::read(&emitted).expect("there"), bytes);
        // It can be read once.
        prop_assert!(source.list(&ListOptions::default(), &Silent).is_ok());
    }
}
