#![no_main]
//! Volumes against an inventory that is true of them: what was sealed comes
//! out; with any byte altered, added or left out nothing does but an error.

use std::collections::BTreeMap;

use exeat_core::Level;
use exeat_core::entry::EntryKind;
use exeat_core::fuzzing::{Payload, PayloadEntry, inventory, read_payload};
use exeat_core::manifest::PayloadKind;
use exeat_fuzz::Input;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = include_bytes!("../seeds/inventory-header.json");

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let flags = input.byte();
    let kind = match flags & 15 {
        15 => PayloadKind::Raw,
        _ => PayloadKind::Tar,
    };
    let level = (flags & 16 != 0).then_some(Level::FAST);
    let size = 24 + u64::from(flags >> 5) * 8;
    let entries = entries(&mut input, kind);
    if kind == PayloadKind::Raw && entries.len() != 1 {
        return;
    }
    let Some(payload) = Payload::new(HEADER, &entries, kind, size) else {
        return;
    };
    let inventory = inventory(&payload.inventory, kind).expect("true of it");
    let volumes = &payload.volumes;
    let read = |volumes: &[Vec<u8>]| read_payload(&inventory, kind, volumes, level, false, None);
    let out = read(volumes).expect("what was sealed");
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let files: Vec<_> = files.map(|e| (e.path.clone(), e.data.clone())).collect();
    assert_eq!(out, files);
    if kind == PayloadKind::Tar {
        as_stock_tools_see_it(volumes, &entries);
    }
    // Some entries alone.
    let wanted: Vec<bool> = (0..entries.len()).map(|at| at % 3 == 1).collect();
    let some = read_payload(&inventory, kind, volumes, level, false, Some(&wanted));
    let some = some.expect("what was sealed");
    assert!(some.iter().all(|one| files.contains(one)));

    let mut altered = volumes.clone();
    let number = usize::from(input.byte()) % altered.len();
    let is_last = number + 1 == altered.len();
    let (how, at, byte) = (
        input.byte(),
        input.short() << 8 | usize::from(input.byte()),
        input.byte(),
    );
    let volume = &mut altered[number];
    let at = at % (volume.len() + 1);
    match how & 3 {
        0 => volume.insert(at, byte),
        1 => volume.truncate(at),
        2 if at < volume.len() => volume[at] ^= byte,
        _ => volume.extend_from_slice(input.rest()),
    }
    // Padding of the last volume may be of any length.
    let without_padding = |bytes: &[u8]| {
        let end = bytes.iter().rposition(|&byte| byte != 0);
        bytes[..end.map_or(0, |end| end + 1)].to_vec()
    };
    let is_same = altered[number] == volumes[number]
        || is_last
            && kind == PayloadKind::Tar
            && without_padding(&altered[number]) == without_padding(&volumes[number]);
    match read(&altered) {
        Ok(again) => {
            assert!(is_same, "an altered volume was taken");
            assert_eq!(again, out);
        }
        Err(_) => assert!(
            altered[number] != volumes[number],
            "refused as it was sealed"
        ),
    }
});

fn entries(input: &mut Input<'_>, kind: PayloadKind) -> Vec<PayloadEntry> {
    let mut entries = BTreeMap::new();
    let count = match kind {
        PayloadKind::Raw => 1,
        PayloadKind::Tar => usize::from(input.byte() & 31),
    };
    let mut folder: Vec<u8> = Vec::new();
    for _ in 0..count {
        let choice = input.byte();
        let mut path = match (kind, choice & 4, folder.is_empty()) {
            (PayloadKind::Tar, 4, false) => [&folder[..], b"/"].concat(),
            _ => Vec::new(),
        };
        let length = usize::from(input.byte());
        path.extend(
            input
                .take(length)
                .iter()
                .filter(|byte| !b"/\0".contains(byte)),
        );
        let repeated = match choice & 8 {
            8 => usize::from(input.byte()) * 64,
            _ => 0,
        };
        let data = [&vec![choice; repeated], input.field()].concat();
        let entry = PayloadEntry {
            path: path.clone(),
            kind: match (kind, choice & 3) {
                (PayloadKind::Tar, 0) => EntryKind::Directory,
                (PayloadKind::Tar, 1) => EntryKind::Symlink,
                _ => EntryKind::File,
            },
            modified: i64::from(input.byte()) << (choice >> 2),
            mode: u16::try_from(input.short() & 0o777).expect("small"),
            data: Vec::new(),
            target: Vec::new(),
        };
        let entry = match entry.kind {
            EntryKind::Directory => entry,
            EntryKind::File => PayloadEntry { data, ..entry },
            EntryKind::Symlink => {
                let target = data.iter().filter(|&&byte| byte != 0).take(4096);
                let mut target: Vec<u8> = target.copied().collect();
                if target.is_empty() {
                    target.push(b'x');
                }
                PayloadEntry { target, ..entry }
            }
        };
        let is_name =
            |name: &[u8]| !name.is_empty() && name.len() <= 255 && name != b"." && name != b"..";
        if !path.split(|&byte| byte == b'/').all(is_name) || path.len() > 4096 {
            continue;
        }
        if entry.kind == EntryKind::Directory && path.len() < 3000 && !entries.contains_key(&path) {
            folder.clone_from(&path);
        }
        entries.entry(path).or_insert(entry);
    }
    entries.into_values().collect()
}

/// One stream of all volumes is a tar with the same files.
fn as_stock_tools_see_it(volumes: &[Vec<u8>], entries: &[PayloadEntry]) {
    // The crate `tar` ends a pax record at the first newline, GNU tar where the
    // record says.
    let has_newline = |entry: &PayloadEntry| {
        [&entry.path, &entry.target]
            .iter()
            .any(|text| text.contains(&b'\n'))
    };
    if entries.iter().any(has_newline) {
        return;
    }
    let stream = volumes.concat();
    let mut archive = tar::Archive::new(&stream[..]);
    let mut expected = entries.iter();
    for entry in archive.entries().expect("memory") {
        let mut entry = entry.expect("a tar");
        let wanted = expected.next().expect("no more than there are");
        let path = entry.path_bytes().into_owned();
        let path = path.strip_suffix(b"/").unwrap_or(&path);
        assert_eq!(path, wanted.path);
        if wanted.kind == EntryKind::Symlink {
            let target = entry.link_name_bytes().expect("a target");
            assert_eq!(*target, wanted.target);
        }
        let mut data = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut data).expect("memory");
        assert_eq!(data, wanted.data);
    }
    assert!(expected.next().is_none());
}
