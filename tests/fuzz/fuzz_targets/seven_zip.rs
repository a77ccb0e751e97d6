#![no_main]
//! The reader of 7z. Checksums of headers cannot be guessed: they are put right
//! in a second reading.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::readers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    match with_checksums(bytes) {
        Some(mended) => readers::check(Format::SevenZip, mended),
        None => readers::check(Format::SevenZip, bytes.to_vec()),
    }
});

fn with_checksums(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let number = |at: usize| {
        let field: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(field)).ok()
    };
    let (offset, size) = (number(12)?, number(20)?);
    let start = offset.checked_add(32)?;
    let header = bytes.get(start..start.checked_add(size)?)?;
    let of_header = crc(header);
    bytes[28..32].copy_from_slice(&of_header);
    let of_start = crc(&bytes[12..32]);
    bytes[8..12].copy_from_slice(&of_start);
    Some(bytes)
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}
