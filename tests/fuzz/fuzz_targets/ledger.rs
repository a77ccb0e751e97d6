#![no_main]
//! Whole ledgers: read in one go or in two it is the same; what the writer finds
//! at the end is what the reader found there; and a ledger that is in order is
//! not any more with a byte of its entries altered.

use exeat_core::fuzzing::{ChainEnd, chain, chained, tail};
use exeat_fuzz::Input;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let (kept, cut, place) = (input.byte(), input.short(), input.short());
    let raw = input.rest();
    check(raw, cut);
    // One line in eight may stay as it is.
    let keep = |at: usize| kept & 128 != 0 && at % 8 == usize::from(kept & 7);
    let mended = chained(raw, keep);
    check(&mended, cut);
    alter(&mended, place, kept | 1);
});

fn check(bytes: &[u8], cut: usize) -> Option<ChainEnd> {
    let whole = chain(bytes, usize::MAX)?;
    let in_two = chain(bytes, cut).expect("it can be read");
    if whole.is_in_order {
        assert_eq!(whole, in_two, "read in two");
        let end = tail(bytes).expect("a ledger in order can be written to");
        assert_eq!(end.sequence, whole.sequence);
        assert_eq!(end.previous, whole.previous);
        assert_eq!(end.unresolved, whole.unresolved);
        assert_eq!(end.unfinished, whole.unfinished);
    }
    Some(whole)
}

fn alter(bytes: &[u8], place: usize, mask: u8) {
    let Some(whole) = chain(bytes, usize::MAX) else {
        return;
    };
    if !whole.is_in_order || whole.entries < 2 {
        return;
    }
    // Of all entries but the last another one has the digest.
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let Some(last) = lines.iter().rposition(|&byte| byte == b'\n') else {
        return;
    };
    if whole.unfinished.is_some() || last == 0 {
        return;
    }
    let mut altered = bytes.to_vec();
    altered[place % last] ^= mask;
    let again = chain(&altered, usize::MAX).expect("it can be read");
    assert!(!again.is_in_order, "an altered entry passes");
}
