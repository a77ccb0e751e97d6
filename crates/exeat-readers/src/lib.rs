//! The readers of exeat: they take office files, databases, archives, mail,
//! documents and images apart, so that what stands in them can be inspected.
//!
//! This crate is the other side of [`exeat_core::inspect::reader`]. A program
//! that inspects names itself, or another one, as the program of
//! [`Readers`](exeat_core::inspect::reader::Readers); that program calls
//! [`serve`] and nothing else. It is a crate of its own for one reason: what
//! is in it parses hostile input with code that can panic, hang or exhaust
//! memory, and must run in a confined process only. `exeat-core` cannot call
//! it by mistake.
//!
//! ```text
//! standard input      the file, read by position
//! standard error      the write-ahead log of an SQLite database, if it is one
//! standard output     frames: see exeat_core::inspect::reader::protocol
//! ```
//!
//! | module | does |
//! |---|---|
//! | `confine` | limits on time and memory; takes away every right but reading and writing what is open |
//! | `input` | a file, a range of one, or what a decoder gives |
//! | `output` | says what is found: parts, tables, images, reasons; keeps the limits |
//! | `problem` | why something could not be read |
//! | the others | one for each format |

mod base64;
mod cell;
mod charset;
mod compressed;
mod confine;
mod dicom;
mod flow;
#[cfg(fuzzing)]
pub mod fuzzing;
mod html;
mod image;
mod input;
mod mail;
mod members;
mod office;
mod ole;
mod output;
mod parquet;
mod pdf;
mod problem;
mod rtf;
#[cfg(test)]
mod seen;
mod seven_zip;
mod source;
mod sqlite;
mod tar;
mod xml;
mod xmp;
mod zip;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::ExitCode;
use std::sync::Arc;

use input::{Input, Window};
use output::Output;

/// Reads the file on standard input and says on standard output what stands
/// in it; then there is nothing more to do for the process.
///
/// The process confines itself first, for good: it keeps no right but to read
/// and write what is open. Call it before there are threads.
#[must_use]
pub fn serve() -> ExitCode {
    // What a parser says when it panics may hold what it read.
    std::panic::set_hook(Box::new(|_| {}));
    match read_standard_input() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read_standard_input() -> io::Result<()> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let log = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let bytes = file.metadata()?.len();
    let open = confine::Open {
        inputs: [file.as_raw_fd(), log.as_raw_fd()],
        output: out.as_raw_fd(),
    };
    let log = match log.metadata()?.is_file() {
        true => Some(Window::of_file(log)?),
        false => None,
    };
    let file = Window::of_file(file)?;
    confine::confine(bytes, &open)?;
    let mut output = Output::new(Box::new(out), bytes, log);
    output.read_file(Input::of_window(file))
}

/// Reads bytes as if they were a file; what there was to say, as frames. For
/// tests and fuzzing: nothing is confined.
///
/// # Errors
/// Never but for lack of memory: what cannot be read is said in the frames.
pub fn read_bytes(bytes: Vec<u8>, log: Option<Vec<u8>>) -> io::Result<Vec<u8>> {
    let frames = Arc::default();
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let log = log.map(Window::of_bytes);
    let mut output = Output::new(Box::new(output::Memory(Arc::clone(&frames))), length, log);
    output.read_file(Input::of_window(Window::of_bytes(bytes)))?;
    drop(output);
    let frames = Arc::into_inner(frames).map(std::sync::Mutex::into_inner);
    match frames {
        Some(Ok(frames)) => Ok(frames),
        _ => Err(io::Error::other("the output is still in use")),
    }
}
