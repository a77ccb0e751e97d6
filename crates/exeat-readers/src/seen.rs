//! For tests: what a reader said of some bytes.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::{self, Event, Form, Image, Nature};

/// A part, with its content put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenPart {
    /// Names joined by `!/`; empty ones are left out.
    pub(crate) path: String,
    pub(crate) is_member: bool,
    /// Of a table.
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) content: Vec<u8>,
}

impl SeenPart {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// Everything that was said of one file.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) parts: Vec<SeenPart>,
    pub(crate) uninspected: Vec<(String, Reason)>,
    pub(crate) weak: Vec<String>,
    pub(crate) images: Vec<(String, Image)>,
    pub(crate) natures: Vec<(String, Nature)>,
    pub(crate) names: Vec<String>,
}

fn join(path: &[Vec<u8>]) -> String {
    let names = path.iter().filter(|name| !name.is_empty());
    let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name)).collect();
    names.join("!/")
}

impl Seen {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::with_log(bytes, None)
    }

    pub(crate) fn with_log(bytes: &[u8], log: Option<&[u8]>) -> Self {
        let log = log.map(<[u8]>::to_vec);
        let frames = crate::read_bytes(bytes.to_vec(), log).expect("enough memory");
        let mut input = &frames[..];
        let mut buffer = Vec::new();
        let mut seen = Self::default();
        let mut open = false;
        loop {
            let event = protocol::read(&mut input, &mut buffer).expect("a frame");
            match event.expect("an end that is said") {
                Event::Part(part) => {
                    // One whose reader failed is ended by the next.
                    open = true;
                    seen.parts.push(SeenPart {
                        path: join(&part.path),
                        is_member: part.is_member,
                        columns: match part.form {
                            Form::Content => None,
                            Form::Table { columns } => Some(
                                columns
                                    .iter()
                                    .map(|name| String::from_utf8_lossy(name).into_owned())
                                    .collect(),
                            ),
                        },
                        content: Vec::new(),
                    });
                }
                Event::Data(data) => {
                    assert!(open, "content outside of a part");
                    let part = seen.parts.last_mut().expect("a part");
                    part.content.extend_from_slice(data);
                }
                Event::End => {
                    assert!(open, "an end without a beginning");
                    open = false;
                }
                Event::Uninspected { path, reason } => {
                    seen.uninspected.push((join(&path), reason));
                }
                Event::Weak { path } => seen.weak.push(join(&path)),
                Event::Image { path, image } => seen.images.push((join(&path), image)),
                Event::Nature { path, nature, .. } => seen.natures.push((join(&path), nature)),
                Event::Name(name) => {
                    seen.names.push(String::from_utf8_lossy(name).into_owned());
                }
                Event::Done => break,
            }
        }
        assert!(input.is_empty(), "something after the end");
        seen
    }

    /// Whether a parser panicked.
    fn is_fault(&self) -> bool {
        let mut reasons = self.uninspected.iter();
        reasons.any(|(_, reason)| *reason == Reason::Fault)
    }

    /// Why it was not read, if it was not: the first reason.
    pub(crate) fn reason(&self) -> Option<Reason> {
        self.uninspected.first().map(|(_, reason)| *reason)
    }

    /// The content of the part at this path.
    #[track_caller]
    pub(crate) fn part(&self, path: &str) -> &SeenPart {
        let found = self.parts.iter().find(|part| part.path == path);
        found.unwrap_or_else(|| panic!("no part at '{path}': {:?}", self.parts))
    }

    /// Whether a value stands in any part.
    pub(crate) fn shows(&self, value: &str) -> bool {
        self.parts.iter().any(|part| part.text().contains(value))
    }
}

/// No cut at these places passes for the whole.
#[track_caller]
pub(crate) fn every_cut_is_said(bytes: &[u8], places: impl IntoIterator<Item = usize>) {
    for place in places {
        let seen = Seen::of(&bytes[..place]);
        assert!(seen.reason().is_some(), "{place} of {}", bytes.len());
    }
}

/// No cut at these places is a fault.
#[track_caller]
pub(crate) fn no_cut_is_a_fault(bytes: &[u8], places: impl IntoIterator<Item = usize>) {
    for place in places {
        assert!(!Seen::of(&bytes[..place]).is_fault(), "cut at {place}");
    }
}

/// No byte at these places is a fault with any of these masks over it.
#[track_caller]
pub(crate) fn no_flip_is_a_fault(
    bytes: &[u8],
    places: impl IntoIterator<Item = usize>,
    masks: &[u8],
) {
    let mut bytes = bytes.to_vec();
    for place in places {
        for mask in masks {
            bytes[place] ^= mask;
            let is_fault = Seen::of(&bytes).is_fault();
            assert!(!is_fault, "{mask:#04x} at {place}");
            bytes[place] ^= mask;
        }
    }
}
