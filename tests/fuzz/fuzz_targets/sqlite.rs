#![no_main]
//! The reader of SQLite databases, with and without a write-ahead log.
//! Checksums of its frames cannot be guessed: they are put right.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::{Input, readers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    if bytes.starts_with(b"SQLite") {
        readers::check(Format::Sqlite, bytes.to_vec());
        return;
    }
    let mut input = Input(bytes);
    let mut log = input.field().to_vec();
    mend(&mut log);
    readers::check_all(Some(Format::Sqlite), input.rest().to_vec(), Some(log));
});

/// Sets the checksums of a log (sqlite.org/fileformat2.html, section 4).
fn mend(log: &mut [u8]) {
    let Some(is_big) = log.get(3).map(|last| last & 1 == 1) else {
        return;
    };
    let mut sum = (0_u32, 0_u32);
    let add = |sum: &mut (u32, u32), bytes: &[u8]| {
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| {
                let word: [u8; 4] = pair[at..at + 4].try_into().expect("four");
                if is_big {
                    u32::from_be_bytes(word)
                } else {
                    u32::from_le_bytes(word)
                }
            };
            sum.0 = sum.0.wrapping_add(word(0)).wrapping_add(sum.1);
            sum.1 = sum.1.wrapping_add(word(4)).wrapping_add(sum.0);
        }
    };
    let put = |to: &mut [u8], sum: (u32, u32)| {
        to[..4].copy_from_slice(&sum.0.to_be_bytes());
        to[4..8].copy_from_slice(&sum.1.to_be_bytes());
    };
    if log.len() < 32 {
        return;
    }
    let page = u32::from_be_bytes(log[8..12].try_into().expect("four"));
    let page = usize::try_from(page).unwrap_or(0).clamp(512, 65_536);
    let (header, frames) = log.split_at_mut(32);
    add(&mut sum, &header[..24]);
    put(&mut header[24..], sum);
    let salt: Vec<u8> = header[16..24].to_vec();
    for frame in frames.chunks_exact_mut(24 + page) {
        frame[8..16].copy_from_slice(&salt);
        add(&mut sum, &frame[..8]);
        add(&mut sum, &frame[24..]);
        put(&mut frame[16..], sum);
    }
}
