//! A package as one file, from a disk and through a pipe.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::diagnostic::Explain as _;

const BLOCK: usize = 512;
/// The end of a tar: two blocks of zeros.
const END: usize = 2 * BLOCK;
/// The most zeros there may be at its end.
const ZEROS: usize = 1 << 20;

/// One member after another, as other programs put them into a tar, without its end.
fn packed(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in members {
        bytes.extend(header(name, content.len() as u64, tar::EntryType::Regular));
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes
}

fn header(name: &str, size: u64, kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    // As it is: `set_path` would make it a tidier one.
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// The members of a package; the last has no whole number of blocks.
fn members(case: &Case) -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "volume-00001.age",
        member::INVENTORY,
        member::README,
        member::SUMS,
        member::MANIFEST,
        member::SIGNATURE,
        member::ENVELOPE,
    ];
    names.map(|name| (name, case.read(name))).into()
}

/// Reads bytes as a file and, a few at a time, as a pipe: the outcome is the same.
fn opened(bytes: &[u8]) -> Result<[Package; 2], String> {
    struct Slowly<'a>(&'a [u8]);
    impl io::Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1000);
            self.0.read(&mut buffer[..most])
        }
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("p.exeat.tar");
    std::fs::write(&path, bytes).expect("written");
    let of_file = Package::open(&path);
    let of_pipe = Package::receive(&mut Slowly(bytes), dir.path(), &Silent);
    match (of_file, of_pipe) {
        (Ok(one), Ok(other)) => Ok([one, other]),
        (Err(one), Err(other)) => {
            assert_eq!(one.code(), other.code());
            let said = one.to_string();
            if one.code() != "not-a-package" {
                assert_eq!(said, other.to_string());
            }
            Err(match one {
                VerifyError::Archive(fault) => fault.to_string(),
                other => other.code().to_owned(),
            })
        }
        (one, other) => panic!("a file: {one:?}, a pipe: {other:?}"),
    }
}

#[track_caller]
fn refused(bytes: &[u8], words: &str) {
    assert_eq!(opened(bytes).map(|_| ()), Err(words.to_owned()));
}

fn ended(mut bytes: Vec<u8>, zeros: usize) -> Vec<u8> {
    bytes.resize(bytes.len() + zeros, 0);
    bytes
}

/// What fills up the last block of a member is nobody's to use, from its first byte to its
/// last.
#[test]
fn nothing_hides_behind_a_member() {
    let case = Case::new();
    let members = members(&case);
    let good = ended(packed(&members), END);
    assert!(opened(&good).is_ok());
    let (mut at, mut filled) = (0, 0);
    for (name, content) in &members {
        let end = at + BLOCK + content.len();
        at = end.next_multiple_of(BLOCK);
        if at == end {
            continue;
        }
        filled += 1;
        for place in [end, at - 1] {
            let mut bytes = good.clone();
            bytes[place] = 1;
            refused(&bytes, &format!("something is hidden behind {name}"));
        }
    }
    assert!(filled > 3, "{filled}");
}

#[test]
fn it_is_as_good_as_its_folder() {
    let case = Case::new();
    let bytes = packed(&members(&case));
    for zeros in [END, END + 1, END + BLOCK, ZEROS] {
        for package in opened(&ended(bytes.clone(), zeros)).expect("good") {
            let verified = package.verify(&case.allowed(), Timestamp::UNIX_EPOCH, None);
            let verified = verified.expect("good");
            verified.verify_volumes(None, &Silent).expect("good");
            let unlocked = verified.unlock(&case.recipient.identities()).expect("ours");
            unlocked.verify_contents(None, &Silent).expect("good");
        }
    }
}

#[test]
fn what_ends_too_early_or_goes_on() {
    let case = Case::new();
    let bytes = packed(&members(&case));
    let (short, long) = ("it ends too early", "something follows its end");
    for zeros in [0, 1, BLOCK, END - 1] {
        refused(&ended(bytes.clone(), zeros), short);
    }
    // Within the last member, within its padding, within its header.
    let last = members(&case).pop().expect("there").1.len();
    let start = bytes.len() - last.next_multiple_of(BLOCK);
    assert_ne!(last % BLOCK, 0);
    for length in [start + last - 1, bytes.len() - 1, start, start - 1] {
        refused(&bytes[..length], short);
    }
    refused(&ended(bytes.clone(), ZEROS + 1), long);
    for at in [0, END - 1] {
        let mut more = ended(bytes.clone(), END + BLOCK);
        // The second block of zeros, or what comes after it.
        let place = bytes.len() + BLOCK + at;
        more[place] = 1;
        refused(&more, long);
    }
    let again = [ended(bytes.clone(), END), bytes].concat();
    refused(&again, long);
}

#[test]
fn what_does_not_belong_there() {
    let case = Case::new();
    let all = members(&case);
    let with = |more: Vec<u8>| ended([packed(&all), more].concat(), END);
    for name in [
        "notes.txt",
        "./manifest.json",
        "volume-1.age",
        "a/manifest.json",
        "key-1.age",
    ] {
        let more = packed(&[(name, b"x".to_vec())]);
        refused(&with(more), &format!("'{name}' does not belong in it"));
    }
    let twice = packed(&all[..1]);
    refused(&with(twice), "volume-00001.age is in it twice");
    for kind in [
        tar::EntryType::Directory,
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Fifo,
        tar::EntryType::XHeader,
        tar::EntryType::GNULongName,
    ] {
        let more = header("volume-00002.age", 0, kind);
        refused(&with(more), "'volume-00002.age' is not a plain file in it");
    }
    // A header whose sum is wrong; the first of all makes it something else.
    let mut bytes = ended(packed(&all), END);
    let second = BLOCK + all[0].1.len().next_multiple_of(BLOCK);
    bytes[second] ^= 1;
    refused(&bytes, "a header in it is damaged");
    bytes[0] ^= 1;
    refused(&bytes, "not-a-package");
    refused(&ended(Vec::new(), END), "not-a-package");
    refused(b"", "not-a-package");
    // A length of which nobody could count the end.
    let mut huge = header("volume-00002.age", 0, tar::EntryType::Regular);
    huge[124..136].copy_from_slice(&[
        0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ]);
    let mut sum = tar::Header::new_ustar();
    sum.as_mut_bytes().copy_from_slice(&huge);
    sum.set_cksum();
    assert!(opened(&with(sum.as_bytes().to_vec())).is_err());
}

/// age asks for the end of a member, and must not come to the next one.
#[test]
fn a_member_is_all_there_is() {
    use std::io::Seek as _;
    let case = Case::new();
    let all = members(&case);
    for package in opened(&ended(packed(&all), END)).expect("good") {
        let mut file = package.open_member(all[1].0).expect("there");
        let length = file.seek(io::SeekFrom::End(0)).expect("its end");
        assert_eq!(length, all[1].1.len() as u64);
        assert_eq!(file.read(&mut [0; 9]).expect("nothing"), 0);
        assert_eq!(
            file.seek(io::SeekFrom::Current(-3)).expect("within"),
            length - 3
        );
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("the rest");
        assert_eq!(bytes, all[1].1[all[1].1.len() - 3..]);
        assert_eq!(file.seek(io::SeekFrom::Start(1)).expect("within"), 1);
        bytes.clear();
        file.read_to_end(&mut bytes).expect("the rest");
        assert_eq!(bytes, all[1].1[1..]);
        for outside in [
            io::SeekFrom::Start(length + 1),
            io::SeekFrom::End(1),
            io::SeekFrom::End(-1 - i64::try_from(length).expect("small")),
            io::SeekFrom::Current(-1 - i64::try_from(length).expect("small")),
        ] {
            assert!(file.seek(outside).is_err(), "{outside:?}");
        }
        assert!(package.open_member("volume-00002.age").is_err());
    }
}

#[test]
fn somebody_who_has_had_enough() {
    /// Says so the second time it is asked, and counts bytes.
    #[derive(Default)]
    struct Impatient {
        asked: AtomicUsize,
        bytes: AtomicUsize,
    }
    impl Progress for Impatient {
        fn advance(&self, amount: u64) {
            let amount = usize::try_from(amount).expect("small");
            self.bytes.fetch_add(amount, Ordering::Relaxed);
        }

        fn cancelled(&self) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed) > 0
        }
    }
    let case = Case::new();
    let bytes = ended(packed(&members(&case)), END);
    let (watch, dir) = (Impatient::default(), tempfile::tempdir().expect("a folder"));
    let error = Package::receive(&mut &bytes[..], dir.path(), &watch).expect_err("stopped");
    assert!(matches!(error, VerifyError::Interrupted), "{error:?}");
    let read = watch.bytes.into_inner();
    assert!(read > 0 && read < bytes.len(), "{read}");
}
