//! The stack of a thread, cleared of what its functions have left there.
//!
//! Keys are moved about, and arithmetic with them has intermediate results: types
//! that overwrite themselves when they are dropped do not know of those copies. They
//! stay where the functions had their variables until others have theirs there.

use std::hint::black_box;

/// How much is cleared, in bytes: several times what sealing and opening were seen
/// to use, and a part of the smallest stack that a thread is commonly given.
const DEPTH: usize = 256 << 10;

/// Overwrites what functions that have returned left on the stack of this thread.
/// Whatever the caller itself still has there is as it was.
#[inline(never)]
pub fn wipe() {
    let mut room = [0_u8; DEPTH];
    // Somebody might look at it, so that it has to be filled.
    black_box(&mut room);
}
