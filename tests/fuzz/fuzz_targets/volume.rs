#![no_main]
//! Volumes with any bytes, compressed or not, against any inventory.

use exeat_core::fuzzing::{inventory, read_payload};
use exeat_core::manifest::PayloadKind;
use exeat_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let flags = input.byte();
    let kind = match flags & 1 {
        0 => PayloadKind::Tar,
        _ => PayloadKind::Raw,
    };
    let Ok(inventory) = inventory(input.field(), kind) else {
        return;
    };
    let mut volumes = Vec::new();
    for _ in 0..flags >> 5 {
        volumes.push(input.field().to_vec());
    }
    volumes.push(input.rest().to_vec());
    let out = read_payload(&inventory, kind, &volumes, None, flags & 2 != 0, None);
    let wanted: Vec<bool> = inventory
        .entries()
        .map(|one| one.bytes() % 2 == 0)
        .collect();
    let _ = read_payload(
        &inventory,
        kind,
        &volumes,
        None,
        flags & 2 != 0,
        Some(&wanted),
    );
    for (path, data) in out.unwrap_or_default() {
        let mut records = inventory.entries();
        let record = records
            .find(|one| one.path().as_bytes() == path)
            .expect("listed");
        assert!(record.bytes() >= data.len() as u64);
    }
});
