//! Ways in for the fuzz targets in `tests/fuzz`: each reader by itself, whatever
//! the bytes begin with. Compiled with `--cfg fuzzing` alone, as in exeat-core.
//!
//! Nothing is confined here, so that less may be decoded: what a file may expand
//! to is for the target to say.

use std::io::{self, Read as _};
use std::sync::Arc;

use exeat_core::inspect::reader::Format;

use crate::input::{Input, Window};
use crate::output::{Memory, Output};

/// Reads bytes as a file of this format, or of the one that they look like.
/// Gives the frames that say what stands in it; `most` bytes may come out of
/// decoders.
///
/// # Errors
/// Never but for lack of memory.
///
/// # Panics
/// Never: nothing else holds the frames.
pub fn read(
    format: Option<Format>,
    bytes: Vec<u8>,
    log: Option<Vec<u8>>,
    most: u64,
) -> io::Result<Vec<u8>> {
    let frames = Arc::default();
    let length = bytes.len() as u64;
    let memory = Box::new(Memory(Arc::clone(&frames)));
    let mut output = Output::new(memory, length, log.map(Window::of_bytes)).limited(most);
    output.read_file_as(format, Input::of_window(Window::of_bytes(bytes)))?;
    drop(output);
    let frames = Arc::into_inner(frames).expect("the output is gone");
    Ok(frames.into_inner().expect("nobody panicked"))
}

/// What base64 stands for, and whether there was something else in it.
#[must_use]
pub fn base64(text: &[u8]) -> (Vec<u8>, bool) {
    let mut decoder = crate::base64::Base64::new(text);
    let mut bytes = Vec::new();
    decoder.read_to_end(&mut bytes).expect("from memory");
    (bytes, decoder.is_damaged())
}

/// What an XMP packet says.
#[must_use]
pub fn xmp(packet: &[u8]) -> String {
    crate::xmp::lines(packet)
}
