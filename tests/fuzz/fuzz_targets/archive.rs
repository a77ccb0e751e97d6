#![no_main]
//! A package as one flat tar: a file and a pipe give the same members, and
//! every byte of what is accepted belongs to one of them, to a header or to the
//! end.

use std::path::Path;

use exeat_core::fuzzing::{archive, piped_archive};
use exeat_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    read(&with_checksums(bytes));
    read(&built(bytes));
});

fn read(bytes: &[u8]) {
    let file = archive(bytes);
    let piped = piped_archive(bytes, Path::new("/dev/shm"));
    let (file, piped) = match (file, piped) {
        (Ok(file), Ok(piped)) => (file, piped),
        (Err(_), Err(_)) => return,
        (file, piped) => panic!("a file: {file:?}; a pipe: {piped:?}"),
    };
    assert_eq!(file, piped);
    let mut spans: Vec<_> = file.iter().map(|one| (one.start, one.bytes)).collect();
    spans.sort_unstable();
    let mut end = 0;
    for (start, length) in spans {
        assert_eq!(start, end + 512, "something between two members");
        end = start + length.next_multiple_of(512);
    }
    let rest = &bytes[usize::try_from(end).expect("inside")..];
    assert!(rest.len() >= 1024 && rest.iter().all(|&byte| byte == 0));
    // What stock tools make of it.
    let mut stock = tar::Archive::new(bytes);
    let mut seen = Vec::new();
    for entry in stock.entries().expect("memory") {
        let entry = entry.expect("what was accepted is a tar");
        assert_eq!(entry.header().entry_type(), tar::EntryType::Regular);
        seen.push((entry.path_bytes().into_owned(), entry.size()));
    }
    seen.sort();
    let ours: Vec<_> = file.into_iter().map(|one| (one.name, one.bytes)).collect();
    assert_eq!(ours, seen);
}

/// Checksums cannot be guessed: every block that looks like a header gets the
/// right one.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(512) {
        if block[257..262] == *b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    bytes
}

/// Members with the names, sizes and kinds that the input says.
fn built(bytes: &[u8]) -> Vec<u8> {
    const NAMES: [&[u8]; 8] = [
        b"manifest.json",
        b"manifest.json.sig",
        b"key.age",
        b"README.txt",
        b"SHA256SUMS",
        b"inventory.age",
        b"volume-00001.age",
        b"key-2.json",
    ];
    let mut input = Input(bytes);
    let mut out = Vec::new();
    for _ in 0..usize::from(input.byte() & 15) {
        let mut header = tar::Header::new_ustar();
        let choice = input.byte();
        let name = match choice {
            0..=247 => NAMES[usize::from(choice & 7)],
            _ => input.field(),
        };
        let name = &name[..name.len().min(100)];
        let fields = header.as_ustar_mut().expect("ustar");
        fields.name[..name.len()].copy_from_slice(name);
        let length = usize::from(input.byte());
        header.set_size(length as u64);
        let kind = input.byte();
        header.set_entry_type(match kind {
            0..=239 => tar::EntryType::Regular,
            _ => tar::EntryType::new(kind - 200),
        });
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(input.take(length));
        out.resize(out.len().next_multiple_of(512), 0);
    }
    let zeros = input.short();
    out.resize(out.len() + zeros.min(4096), 0);
    out.extend_from_slice(&input.0[..input.0.len().min(64)]);
    out
}
