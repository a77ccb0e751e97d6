//! For the targets of exeat-readers: what holds of everything that they say.

use exeat_core::inspect::reader::Format;
use exeat_core::inspect::reader::protocol::{self, Event, MAX_CONTAINERS, MAX_DEPTH};

/// So many bytes may come out of decoders, whatever the size of the file: less
/// than in a process of their own, so that a run is short.
pub const MOST: u64 = 4 << 20;

/// Lets panics of other people's decoders unwind, since the process that they
/// run in catches them and says so; of our own code they are findings.
pub fn tolerate_decoders() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map_or("", |place| place.file());
        if !file.contains("/registry/src/") {
            report(panic);
            std::process::abort();
        }
    }));
}

/// Reads bytes as this format and checks what is said of them.
pub fn check(format: Format, bytes: Vec<u8>) {
    check_all(Some(format), bytes, None);
}

/// As [`check`], with the log of a database, or of the format that they look
/// like; gives the frames.
pub fn check_all(format: Option<Format>, bytes: Vec<u8>, log: Option<Vec<u8>>) -> Vec<u8> {
    let frames = exeat_readers::fuzzing::read(format, bytes, log, MOST).expect("memory");
    let mut said = Said::default();
    let (mut rest, mut buffer) = (&frames[..], Vec::new());
    while let Some(event) = protocol::read(&mut rest, &mut buffer).expect("a frame") {
        said.hear(&event);
        if said.is_done {
            break;
        }
    }
    assert!(
        said.is_done && rest.is_empty(),
        "no end, or something after it"
    );
    frames
}

/// What was said so far.
#[derive(Default)]
struct Said {
    is_open: bool,
    is_done: bool,
    something: bool,
    bytes: u64,
}

impl Said {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Part(part) => {
                path(&part.path);
                self.is_open = true;
            }
            Event::Data(data) => {
                assert!(self.is_open, "content outside of a part");
                self.bytes += data.len() as u64;
            }
            Event::End => assert!(std::mem::take(&mut self.is_open), "an end of nothing"),
            Event::Uninspected { path: at, .. }
            | Event::Nature { path: at, .. }
            | Event::Weak { path: at }
            | Event::Image { path: at, .. } => {
                path(at);
            }
            Event::Done => {
                assert!(self.something, "nothing was said of it");
                self.is_done = true;
            }
            _ => {}
        }
        self.something = true;
    }
}

fn path(names: &[Vec<u8>]) {
    assert!(names.len() <= MAX_DEPTH, "deeper than a frame can say");
    assert!(MAX_CONTAINERS <= MAX_DEPTH);
    assert!(names.iter().all(|name| name.len() <= 4096));
}

/// A ZIP archive of members that are stored as they are.
#[must_use]
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let long = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    for (name, content) in members {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 33, 0];
        fields.extend_from_slice(&crc.sum().to_le_bytes());
        fields.extend_from_slice(&long(content.len()));
        fields.extend_from_slice(&long(content.len()));
        fields.extend_from_slice(&short(name.len()));
        fields.extend_from_slice(&[0, 0]);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&long(out.len()));
        directory.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&fields);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(content);
    }
    let start = out.len();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&short(members.len()));
    out.extend_from_slice(&short(members.len()));
    out.extend_from_slice(&long(directory.len()));
    out.extend_from_slice(&long(start));
    out.extend_from_slice(&[0, 0]);
    out
}
