//! Volumes that the sender has signed, and that hold something else than the
//! inventory says.

use super::*;
use crate::framing::{BLOCK, END, most_padding};
use crate::seal::{Compress, SealOptions};

/// Where things are in the stream of `tree` and `tree/a`, which holds six bytes: two
/// headers, a block of data, the end.
const HEADER: usize = 512;
const DATA: usize = 2 * HEADER;
const AFTER: usize = 3 * HEADER;
const MIB: usize = 1 << 20;

fn end() -> usize {
    AFTER + usize::try_from(END).expect("small")
}

fn read_all(case: &Case) -> Result<(), VerifyError> {
    let unlocked = case.unlocked().expect("everything but the volumes is good");
    unlocked.verify_contents(None, &Silent).map(|_| ())
}

/// What is wrong with the content after an edit, and with which file.
#[track_caller]
fn fault(edit: impl FnOnce(&mut Vec<u8>)) -> (String, Option<String>) {
    let case = Case::new();
    case.with_volume(0, edit);
    told(read_all(&case))
}

#[track_caller]
fn told(result: Result<(), VerifyError>) -> (String, Option<String>) {
    match result.expect_err("it is not what was sealed") {
        VerifyError::Content { path, fault, .. } => (fault.to_string(), path),
        other => panic!("{other:?}"),
    }
}

fn of(path: &str) -> Option<String> {
    Some(path.to_owned())
}

#[test]
fn what_was_made_again_without_a_change_is_good() {
    let case = Case::new();
    case.with_volume(0, |_| {});
    read_all(&case).expect("the same");
}

#[test]
fn other_data_or_framing() {
    const OTHER: &str = "its header says something else";
    for (at, words, path) in [
        // The mode in the header of the folder, and its last byte.
        (100, OTHER, "tree"),
        (HEADER - 1, OTHER, "tree"),
        // The name in the header of the file.
        (HEADER, OTHER, "tree/a"),
        (DATA, "its content is not what was sealed", "tree/a"),
        (DATA + 5, "its content is not what was sealed", "tree/a"),
        // What fills up its block.
        (DATA + 6, OTHER, "tree/a"),
        (AFTER - 1, OTHER, "tree/a"),
    ] {
        let found = fault(|stream| stream[at] ^= 1);
        assert_eq!(found, (words.to_owned(), of(path)), "{at}");
    }
}

#[test]
fn too_short() {
    let words = "it ends too early".to_owned();
    for (length, path) in [
        (0, of("tree")),
        (HEADER - 1, of("tree")),
        (HEADER + 1, of("tree/a")),
        (DATA, of("tree/a")),
        (DATA + 3, of("tree/a")),
        (DATA + 6, of("tree/a")),
        (AFTER - 1, of("tree/a")),
        (AFTER, None),
        (end() - 1, None),
    ] {
        let found = fault(|stream| stream.truncate(length));
        assert_eq!(found, (words.clone(), path), "{length}");
    }
}

/// Other programs fill up the last record of a tar.
#[test]
fn as_many_zeros_as_a_tar_may_have() {
    let framed = u64::try_from(AFTER).expect("small");
    assert_eq!(framed % BLOCK, 0);
    let most = AFTER + usize::try_from(most_padding(framed)).expect("small");
    for length in [end(), end() + 1, most] {
        let case = Case::new();
        case.with_volume(0, |stream| stream.resize(length, 0));
        read_all(&case).expect("zeros");
    }
    let long = ("it goes on after its end".to_owned(), None);
    assert_eq!(fault(|stream| stream.resize(most + 1, 0)), long);
    for at in [AFTER, end() - 1] {
        assert_eq!(fault(|stream| stream[at] = 1), long, "{at}");
    }
    assert_eq!(fault(|stream| stream.push(1)), long);
}

#[test]
fn what_cannot_be_decrypted_or_decompressed() {
    let case = Case::new();
    let name = case.verified().expect("good").manifest().payload.volumes[0]
        .name
        .clone();
    let mut bytes = case.read(&name);
    // The authentication code of the last chunk.
    *bytes.last_mut().expect("not empty") ^= 1;
    case.with_ciphertext(0, &bytes);
    let (words, _) = told(read_all(&case));
    assert_eq!(words, "it cannot be decrypted or decompressed");
    // For another key: what everybody could make.
    let case = Case::new();
    let other = crate::keys::PackageKey::generate();
    let mut bytes = Vec::new();
    let mut writer = encrypt_to(&other.recipient(), &mut bytes).expect("memory");
    writer.write_all(&[0; 4096]).expect("memory");
    writer.finish().expect("memory");
    case.with_ciphertext(0, &bytes);
    let error = read_all(&case).expect_err("another key");
    assert_eq!(crate::diagnostic::Explain::code(&error), "member-foreign");
}

/// A file in three volumes of one MiB, of which the last holds what is left.
fn in_volumes() -> Case {
    let options = SealOptions {
        compress: Compress::None,
        volume_size: Some(1 << 20),
        ..SealOptions::default()
    };
    let case = Case::holding(&vec![7; 2 * MIB + 100], &options);
    let verified = case.verified().expect("good");
    assert!(verified.manifest().payload.volumes.len() >= 3);
    case
}

#[test]
fn a_file_that_spans_volumes() {
    let case = in_volumes();
    read_all(&case).expect("good");
    let count = case
        .verified()
        .expect("good")
        .manifest()
        .payload
        .volumes
        .len();
    for index in 0..count {
        let case = in_volumes();
        case.with_volume(index, |stream| {
            // The first volume may hold the folder alone.
            let middle = stream.len() / 2;
            stream[middle] ^= 1;
        });
        told(read_all(&case));
        let is_last = index + 1 == count;
        // Nothing follows what is in a volume, but for the end of the stream.
        let case = in_volumes();
        case.with_volume(index, |stream| stream.push(0));
        match is_last {
            true => read_all(&case).expect("a zero more at the end"),
            false => {
                let found = told(read_all(&case));
                assert_eq!(found, ("it goes on after its end".to_owned(), None));
            }
        }
        let case = in_volumes();
        case.with_volume(index, |stream| {
            stream.pop();
        });
        let (words, _) = told(read_all(&case));
        assert_eq!(words, "it ends too early", "{index}");
    }
}
