#![no_main]
//! `manifest.json`: what is accepted is the one way to write it.

use exeat_core::manifest::{Manifest, Member};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The digest of the sums cannot be guessed: a second reading with the right one.
    read(bytes);
    if let Some(mended) = mended(bytes) {
        read(&mended);
    }
});

fn read(bytes: &[u8]) {
    let Ok(manifest) = Manifest::from_bytes(bytes) else {
        return;
    };
    assert_eq!(manifest.to_bytes(), bytes);
    assert_eq!(manifest.sums, Member::of(&manifest.sums_bytes()));
    let volumes = &manifest.payload.volumes;
    let bytes: u128 = volumes.iter().map(|volume| u128::from(volume.bytes)).sum();
    assert_eq!(bytes, u128::from(manifest.payload.bytes));
    assert!(!volumes.is_empty());
    for (number, volume) in (1..).zip(volumes) {
        assert_eq!(volume.name, format!("volume-{number:05}.age"));
    }
}

fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut manifest: Manifest = serde_json::from_slice(bytes).ok()?;
    let volumes = manifest.payload.volumes.iter();
    manifest.payload.bytes = volumes.fold(0, |sum: u64, volume| sum.wrapping_add(volume.bytes));
    manifest.sums = Member::of(&manifest.sums_bytes());
    Some(manifest.to_bytes())
}
