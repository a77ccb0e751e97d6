//! What is not text: a reader takes it apart, and every part goes the way of a
//! file of its own.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};

use super::Inspection;
use super::content::{Kind, Reason, Stream};
use super::examiner::Scope;
use super::file::FileInspector;
use super::reader::protocol::{Event, Form, Image, Nature, Part};
use super::reader::{Ended, Readers, Reading};
use super::tally::Tally;
use crate::path::Escaped;

/// Images of which neither side has more pixels than this are signs and
/// buttons: nobody is to be recognised in them.
const ICON: u32 = 128;
/// Something that is neither begun nor ended where it should be.
const DISORDER: &str = Ended::Nonsense.text();

/// Something that was learned about what is in a file.
#[derive(Default)]
pub(super) struct Piece {
    /// Where: names of members, sheets, tables; empty for the file itself.
    pub(super) path: Vec<Vec<u8>>,
    /// What it is, with its bytes, if it counts as a file.
    pub(super) file: Option<(Kind, u64)>,
    /// Why it was not read, or not all.
    pub(super) reason: Option<Reason>,
    /// What was found in it.
    pub(super) tally: Tally,
    /// Names of what is in it are of this tally, not of its content.
    pub(super) is_names: bool,
    /// Protected by what is no encryption.
    pub(super) is_weak: bool,
    /// How many images it has that somebody may be recognised in.
    pub(super) images: u64,
    /// Bytes of it that were looked at.
    pub(super) bytes: u64,
    /// What an image of any size carries beside: bits of
    /// [`super::reader::protocol::metadata`].
    pub(super) metadata: u16,
}

/// Whether nobody is to be recognised in it.
fn is_icon(image: Image) -> bool {
    (1..=ICON).contains(&image.width) && (1..=ICON).contains(&image.height)
}

impl Piece {
    /// The path below that of its file: `FILE!/MEMBER!/SHEET`, escaped.
    pub(super) fn place(&self, file: &str) -> String {
        let mut place = file.to_owned();
        for name in self.path.iter().filter(|name| !name.is_empty()) {
            place += "!/";
            place += &Escaped(name).to_string();
        }
        place
    }
}

/// Where pieces go.
pub(super) type Add<'a> = dyn FnMut(Piece) + 'a;

/// Has a file taken apart. `log` is the write-ahead log of a database.
pub(super) fn read(
    inspection: &Inspection,
    readers: &Readers,
    (file, log): (File, Option<File>),
    is_stopped: &dyn Fn() -> bool,
    add: &mut Add<'_>,
) {
    match readers.read(file, log) {
        Ok(reading) => listen(inspection, reading, Given::File, is_stopped, add),
        Err(ended) => add(failed(ended.text())),
    }
}

/// What a reader was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// A file. Base64 within its parts is followed.
    File,
    /// Something within base64. Nothing further within it is followed, so that
    /// readers do not wait for readers without end.
    Embedded,
}

/// Hears what a reader is said to have said.
#[cfg(fuzzing)]
pub(super) fn hear(inspection: &Inspection, frames: &[u8], add: &mut Add<'_>) {
    struct Said<'f>(&'f [u8], Vec<u8>);
    impl Voice for Said<'_> {
        fn next(&mut self, _: &dyn Fn() -> bool) -> Result<Option<Event<'_>>, Ended> {
            match super::reader::protocol::read(&mut self.0, &mut self.1) {
                Ok(Some(event)) => Ok(Some(event)),
                Ok(None) | Err(_) => Err(Ended::Nonsense),
            }
        }
    }
    listen(
        inspection,
        Said(frames, Vec::new()),
        Given::File,
        &|| false,
        add,
    );
}

/// Has bytes taken apart that are in no file.
pub(super) fn read_embedded(inspection: &Inspection, bytes: &[u8], add: &mut Add<'_>) {
    let Some(readers) = &inspection.readers else {
        return add(failed("nothing to take it apart"));
    };
    let is_stopped = || inspection.is_stopped();
    match in_memory(bytes).map(|file| readers.read_beside(file)) {
        Ok(Ok(reading)) => listen(inspection, reading, Given::Embedded, &is_stopped, add),
        Ok(Err(ended)) => add(failed(ended.text())),
        Err(_) => add(failed("no memory to take it apart")),
    }
}

/// A file that is on no disk.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::memfd_create(c"exeat", flags)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn failed(reason: &'static str) -> Piece {
    Piece {
        reason: Some(reason.into()),
        ..Piece::default()
    }
}

/// Files within one another, on the way to what is at hand.
#[derive(Default)]
struct Enclosing(Vec<Within>);

struct Within {
    path: Vec<Vec<u8>>,
    /// Whether it is a file of parts, not of files.
    is_whole: bool,
    scope: Scope,
}

impl Enclosing {
    /// A file begins at a path.
    fn enter(&mut self, path: &[Vec<u8>], nature: Nature) {
        self.leave(path);
        // The same one again is another one of its name.
        self.0.retain(|within| within.path != path);
        self.0.push(Within {
            path: path.to_vec(),
            is_whole: nature != Nature::Archive,
            scope: Scope::default(),
        });
    }

    fn leave(&mut self, path: &[Vec<u8>]) {
        while self
            .0
            .last()
            .is_some_and(|within| !path.starts_with(&within.path))
        {
            self.0.pop();
        }
    }

    /// What the ids at a path mean something within, if that is a file with
    /// other tables: a workbook, a database.
    fn scope(&mut self, path: &[Vec<u8>]) -> Option<Scope> {
        self.leave(path);
        let within = self.0.last().filter(|within| within.is_whole)?;
        Some(Scope::clone(&within.scope))
    }
}

/// The part at hand.
struct Open {
    path: Vec<Vec<u8>>,
    /// Whether it counts as a file of its own.
    is_member: bool,
    bytes: u64,
    inspector: FileInspector,
}

/// What says something of a file: a process, but for tests.
trait Voice {
    /// As [`Reading::next`].
    fn next(&mut self, is_stopped: &dyn Fn() -> bool) -> Result<Option<Event<'_>>, Ended>;
}

impl Voice for Reading {
    fn next(&mut self, is_stopped: &dyn Fn() -> bool) -> Result<Option<Event<'_>>, Ended> {
        Reading::next(self, is_stopped)
    }
}

/// Inspects what a reader says until it is done, broken or not needed.
fn listen(
    inspection: &Inspection,
    mut voice: impl Voice,
    given: Given,
    is_stopped: &dyn Fn() -> bool,
    add: &mut Add<'_>,
) {
    let mut open: Option<Open> = None;
    let mut names = Names::default();
    let mut enclosing = Enclosing::default();
    // Of files within the file, until it is known what they show.
    let mut media: HashMap<Vec<Vec<u8>>, u64> = HashMap::new();
    let mut said: HashSet<Vec<Vec<u8>>> = HashSet::new();
    let mut is_silent = true;
    let broken = loop {
        if is_stopped() {
            return;
        }
        let event = match voice.next(is_stopped) {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(ended) => break Some(ended.text()),
        };
        let was_silent = std::mem::replace(&mut is_silent, false);
        match event {
            Event::Data(data) => match &mut open {
                Some(open) => {
                    open.bytes = open.bytes.saturating_add(data.len() as u64);
                    open.inspector.push(inspection, data);
                }
                None => break Some(DISORDER),
            },
            Event::End => match open.take() {
                Some(open) => add(open.end(inspection)),
                None => break Some(DISORDER),
            },
            Event::Part(part) => {
                // One that its reader gave up has no end; why, was or will be said.
                if let Some(open) = open.take() {
                    add(open.end(inspection));
                }
                names.add_path(&part.path);
                let scope = enclosing.scope(&part.path);
                open = Some(Open::begin(inspection, part, scope, given));
            }
            Event::Nature {
                path,
                nature,
                bytes,
            } => {
                names.add_path(&path);
                enclosing.enter(&path, nature);
                let kind = match nature {
                    Nature::Document => Kind::Text,
                    Nature::Table => Kind::Table,
                    Nature::Archive => Kind::Archive,
                    Nature::Other => Kind::Other,
                    // Unless it turns out to be an icon.
                    Nature::Media => {
                        media.insert(path, bytes);
                        continue;
                    }
                };
                add(Piece {
                    path,
                    file: Some((kind, bytes)),
                    ..Piece::default()
                });
            }
            Event::Uninspected { path, reason } => {
                names.add_path(&path);
                // Once for each place, however much of it could not be read.
                if said.len() < MAX_SAID && !said.insert(path.clone()) {
                    continue;
                }
                add(Piece {
                    path,
                    reason: Some(reason.text().into()),
                    ..Piece::default()
                });
            }
            Event::Weak { path } => add(Piece {
                path,
                is_weak: true,
                ..Piece::default()
            }),
            Event::Image { path, image } => {
                names.add_path(&path);
                let is_media = !is_icon(image);
                let bytes = media.remove(&path).filter(|_| is_media);
                add(Piece {
                    path,
                    file: bytes.map(|bytes| (Kind::Media, bytes)),
                    images: u64::from(is_media),
                    metadata: image.metadata,
                    ..Piece::default()
                });
            }
            Event::Name(name) => names.add(name),
            // One that says nothing of the file has not read it.
            Event::Done if was_silent || open.is_some() => break Some(DISORDER),
            Event::Done => break None,
        }
        names.examine_if_many(inspection, add);
    };
    if let Some(open) = open.take() {
        add(open.end(inspection));
    }
    names.examine(inspection, add);
    if let Some(reason) = broken {
        add(failed(reason));
    }
}

/// Places of what was not read that are told apart.
const MAX_SAID: usize = 4_096;

impl Open {
    /// `scope`: of the file that it is a part of, and counted with.
    fn begin(inspection: &Inspection, part: Part, scope: Option<Scope>, given: Given) -> Self {
        let stream = match given {
            Given::File => Stream::new(inspection.readers.is_some()),
            Given::Embedded => Stream::innermost(),
        };
        let stream = match &part.form {
            Form::Content => stream,
            Form::Table { columns } => stream.of_rows(columns),
        };
        Self {
            path: part.path,
            is_member: part.is_member && scope.is_none(),
            bytes: 0,
            inspector: match scope {
                Some(scope) => FileInspector::within(stream, scope),
                None => FileInspector::new(stream),
            },
        }
    }

    fn end(self, inspection: &Inspection) -> Piece {
        let result = self.inspector.finish(inspection);
        let reason = match result.outcome.foreign {
            // Its reader should have known what this is.
            Some(_) => Some("its reader did not take it apart".into()),
            None => result.outcome.reason,
        };
        Piece {
            path: self.path,
            file: self.is_member.then_some((result.outcome.kind, self.bytes)),
            reason: reason.or_else(|| result.tally.uninspected.clone()),
            tally: result.tally,
            images: result.images,
            is_weak: result.is_weak,
            bytes: self.bytes,
            ..Piece::default()
        }
    }
}

/// What is in a file has names; they are looked at like those of files.
#[derive(Default)]
struct Names {
    text: Vec<u8>,
    last: Vec<Vec<u8>>,
}

impl Names {
    /// Enough to judge what is found, little enough to hold.
    const MANY: usize = 256 << 10;

    fn add(&mut self, name: &[u8]) {
        self.text.extend_from_slice(name);
        self.text.push(b'\n');
    }

    fn add_path(&mut self, path: &[Vec<u8>]) {
        if path.is_empty() || self.last == path {
            return;
        }
        let same = path
            .iter()
            .zip(&self.last)
            .take_while(|(a, b)| a == b)
            .count();
        for name in &path[same..] {
            self.add(name);
        }
        self.last = path.to_vec();
    }

    fn examine_if_many(&mut self, inspection: &Inspection, add: &mut Add<'_>) {
        if self.text.len() >= Self::MANY {
            self.examine(inspection, add);
        }
    }

    fn examine(&mut self, inspection: &Inspection, add: &mut Add<'_>) {
        if self.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.text);
        add(Piece {
            tally: inspection.examine_names(&text),
            is_names: true,
            ..Piece::default()
        });
    }
}
