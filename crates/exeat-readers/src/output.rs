//! What is said of a file, and the limits that hold over all of it: how deep
//! containers are opened, how many members, how many bytes.

use std::cell::Cell;
use std::io::{self, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use exeat_core::inspect::reader::protocol::{
    self, Event, Form, Image, MAX_CONTAINERS, MAX_FRAME, MAX_NAMES, Nature, Part, expansion_limit,
};
use exeat_core::inspect::reader::{Format, Reason, recognise};

use crate::input::{Input, Window};
use crate::problem::{Problem, io_error};

/// The most members of a file, over all its archives.
const MAX_MEMBERS: u64 = 1_000_000;
/// Rows are passed on in pieces of about this size.
const PIECE: usize = 256 << 10;
/// The longest side of an image in which nobody is to be recognised.
const SMALL: u32 = 128;
/// The most such images of one document.
const MOST_SMALL: u64 = 64;

/// Says what is found, part by part.
pub(crate) struct Output {
    out: BufWriter<Box<dyn Write>>,
    /// Where in the file we are: names of members, sheets, tables.
    path: Vec<Vec<u8>>,
    /// How many of them are containers that were opened.
    depth: usize,
    members: u64,
    /// Whether the part at hand counts as a file.
    is_member: bool,
    /// Whether what is at hand is no document but holds some.
    is_archive: bool,
    /// How many small images the document at hand has so far.
    small: u64,
    budget: Budget,
    log: Option<Window>,
}

/// How many more bytes may come out of decoders.
#[derive(Clone)]
pub(crate) struct Budget(Rc<Cell<u64>>);

impl Budget {
    pub(crate) fn take(&self, bytes: u64) -> io::Result<()> {
        match self.0.get().checked_sub(bytes) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(io_error(Reason::TooLarge)),
        }
    }
}

/// What a decoder gives, counted.
pub(crate) struct Metered<R> {
    inner: R,
    budget: Budget,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.take(count as u64)?;
        Ok(count)
    }
}

impl Output {
    pub(crate) fn new(out: Box<dyn Write>, bytes: u64, log: Option<Window>) -> Self {
        Self {
            out: BufWriter::with_capacity(PIECE, out),
            path: Vec::new(),
            depth: 0,
            members: 0,
            is_member: false,
            is_archive: false,
            small: 0,
            budget: Budget(Rc::new(Cell::new(expansion_limit(bytes)))),
            log,
        }
    }

    /// Lets no more than this come out of decoders.
    #[cfg(fuzzing)]
    pub(crate) fn limited(self, most: u64) -> Self {
        let most = most.min(self.budget.0.get());
        self.budget.0.set(most);
        self
    }

    /// As [`Self::read_file`], of a file that is of this format, if one is given.
    #[cfg(fuzzing)]
    pub(crate) fn read_file_as(
        &mut self,
        format: Option<Format>,
        input: Input<'_>,
    ) -> io::Result<()> {
        let read = self.read_by(input, |recognised| format.or(recognised));
        self.end_file(read)
    }

    /// Reads the whole file, and ends.
    pub(crate) fn read_file(&mut self, input: Input<'_>) -> io::Result<()> {
        let read = self.read(input);
        self.end_file(read)
    }

    fn end_file(&mut self, read: Result<(), Problem>) -> io::Result<()> {
        match read {
            Ok(()) | Err(Problem::Unread(_)) => {}
            Err(Problem::Gone(error)) => return Err(error),
        }
        protocol::write(&mut self.out, &Event::Done)?;
        self.out.flush()
    }

    /// The write-ahead log that belongs to the file itself.
    pub(crate) fn log(&mut self) -> Option<Window> {
        self.log.take()
    }

    /// Counts what a decoder gives: everything that is decoded has to go
    /// through this, whether it is passed on or not.
    pub(crate) fn metered<R: Read>(&self, inner: R) -> Metered<R> {
        Metered {
            inner,
            budget: self.budget.clone(),
        }
    }

    /// What is left of all that may be decoded, for a reader that decodes
    /// while it says something.
    pub(crate) fn budget(&self) -> Budget {
        self.budget.clone()
    }

    /// Counts bytes that were decoded otherwise.
    pub(crate) fn spend(&self, bytes: u64) -> Result<(), Problem> {
        Ok(self.budget.take(bytes)?)
    }

    /// Recognises and reads what stands at the path at hand. What cannot be
    /// read is said; the error is only for what ends everything.
    pub(crate) fn read(&mut self, input: Input<'_>) -> Result<(), Problem> {
        self.read_by(input, |format| format)
    }

    /// As [`Self::read`]; `choose` is told what the bytes say and decides.
    fn read_by(
        &mut self,
        mut input: Input<'_>,
        choose: impl FnOnce(Option<Format>) -> Option<Format>,
    ) -> Result<(), Problem> {
        let (depth, names) = (self.depth, self.path.len());
        let read = catch_unwind(AssertUnwindSafe(|| {
            let format = choose(recognise(input.head()?));
            self.read_as(format, input)
        }));
        self.depth = depth;
        self.path.truncate(names);
        let read = read.unwrap_or(Err(Problem::Unread(Reason::Fault)));
        match read {
            Ok(()) => Ok(()),
            Err(Problem::Unread(reason)) => {
                self.uninspected(reason)?;
                // What is not to be decoded here is not to be decoded further on.
                match reason {
                    Reason::TooLarge | Reason::TooMany => Err(reason.into()),
                    _ => Ok(()),
                }
            }
            Err(gone) => Err(gone),
        }
    }

    fn read_as(&mut self, format: Option<Format>, input: Input<'_>) -> Result<(), Problem> {
        use crate::{compressed, tar, xml, zip};
        use crate::{dicom, html, image, mail, ole, parquet, pdf, rtf, seven_zip, sqlite};
        let Some(format) = format else {
            return self.content(&mut input.into_read());
        };
        if let Some(nature) = nature(format) {
            self.nature(nature, input.len().unwrap_or_default())?;
        }
        match format {
            Format::Bzip2 | Format::Gzip | Format::Xz | Format::Zstd => {
                compressed::read(format, input, self)
            }
            Format::Dicom => dicom::read(input, self),
            Format::Html => html::read(input, self),
            Format::Image => image::read(input, self),
            Format::Mail => mail::read(input, self),
            Format::Mbox => mail::read_box(input, self),
            Format::Ole => ole::read(input, self),
            Format::Parquet => parquet::read(input, self),
            Format::Pdf => pdf::read(input, self),
            Format::Rtf => rtf::read(input, self),
            Format::SevenZip => seven_zip::read(input, self),
            Format::Sqlite => sqlite::read(input, self),
            Format::SqliteLog => Err(Reason::LogWithoutDatabase.into()),
            Format::Tar => tar::read(input, self),
            Format::Xml => xml::read(input, self),
            Format::Zip => zip::read(input, self),
            _ => Err(Reason::Unsupported.into()),
        }
    }

    /// Reads a member of an archive or a message: something that is a file of
    /// its own, whatever it is.
    pub(crate) fn member(&mut self, name: &[u8], input: Input<'_>) -> Result<(), Problem> {
        self.member_by(name, input, |format| format)
    }

    /// As [`Self::member`], where something else than its first bytes says
    /// what it is: a message in a box, a page in a message. `choose` is told
    /// what the bytes say and decides.
    pub(crate) fn member_by(
        &mut self,
        name: &[u8],
        input: Input<'_>,
        choose: impl FnOnce(Option<Format>) -> Option<Format>,
    ) -> Result<(), Problem> {
        self.members += 1;
        if self.members > MAX_MEMBERS {
            return Err(Reason::TooMany.into());
        }
        if self.depth >= MAX_CONTAINERS {
            return self.within(name, |out| out.uninspected(Reason::TooDeep));
        }
        let was_member = std::mem::replace(&mut self.is_member, true);
        let was_archive = std::mem::replace(&mut self.is_archive, false);
        let small = self.small;
        if was_archive {
            self.small = 0;
        }
        self.depth += 1;
        let read = self.within(name, |out| out.read_by(input, choose));
        self.depth -= 1;
        self.is_member = was_member;
        self.is_archive = was_archive;
        if was_archive {
            self.small = small;
        }
        read
    }

    /// Does something at a path below the one at hand, such as a sheet's.
    pub(crate) fn within<T>(&mut self, name: &[u8], act: impl FnOnce(&mut Self) -> T) -> T {
        let cut = name.get(..4096).unwrap_or(name);
        self.path.push(cut.to_vec());
        let result = act(self);
        self.path.pop();
        result
    }

    /// Passes bytes on, to be recognised as a file would be.
    pub(crate) fn content(&mut self, content: &mut dyn Read) -> Result<(), Problem> {
        self.begin(Form::Content)?;
        let mut buffer = vec![0; 64 << 10];
        let copied = loop {
            match content.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(count) => self.data(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.end()?;
        Ok(copied?)
    }

    /// Passes text on that a document was turned into.
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<(), Problem> {
        self.content(&mut { text })
    }

    /// Begins a table whose columns have these names.
    pub(crate) fn table(&mut self, columns: &[Vec<u8>]) -> Result<Table<'_>, Problem> {
        let bytes: usize = columns.iter().map(Vec::len).sum();
        if bytes > MAX_NAMES || columns.is_empty() {
            return Err(Reason::PartTooLarge.into());
        }
        let columns = columns.to_vec();
        self.begin(Form::Table { columns })?;
        Ok(Table {
            output: self,
            rows: Vec::new(),
        })
    }

    /// Says why what stands at the path at hand was not read, or not all.
    pub(crate) fn uninspected(&mut self, reason: Reason) -> Result<(), Problem> {
        let path = self.path.clone();
        self.say(&Event::Uninspected { path, reason })
    }

    /// Says that it is protected by what is no encryption.
    pub(crate) fn weak(&mut self) -> Result<(), Problem> {
        let path = self.path.clone();
        self.say(&Event::Weak { path })
    }

    /// Says that there is an image. Of many small ones in a document it is not
    /// known how large a picture they make up.
    pub(crate) fn image(&mut self, mut image: Image) -> Result<(), Problem> {
        if image.width <= SMALL && image.height <= SMALL {
            self.small += 1;
            if self.small > MOST_SMALL {
                (image.width, image.height) = (0, 0);
            }
        }
        let path = self.path.clone();
        self.say(&Event::Image { path, image })
    }

    /// Says what the file or the member at hand is. Whatever is a file says it
    /// once, before its parts.
    pub(crate) fn nature(&mut self, nature: Nature, bytes: u64) -> Result<(), Problem> {
        self.is_archive = nature == Nature::Archive;
        let path = self.path.clone();
        self.say(&Event::Nature {
            path,
            nature,
            bytes,
        })
    }

    /// Passes on a name that stands in no part: of a folder, of a member that
    /// was left out.
    pub(crate) fn name(&mut self, name: &[u8]) -> Result<(), Problem> {
        let cut = name.get(..4096).unwrap_or(name);
        self.say(&Event::Name(cut))
    }

    /// Begins a part at the path at hand.
    pub(crate) fn begin(&mut self, form: Form) -> Result<(), Problem> {
        let part = Part {
            path: self.path.clone(),
            form,
            is_member: self.is_member,
        };
        self.say(&Event::Part(part))
    }

    /// More of the part's content.
    pub(crate) fn data(&mut self, data: &[u8]) -> Result<(), Problem> {
        for piece in data.chunks(MAX_FRAME) {
            self.say(&Event::Data(piece))?;
        }
        Ok(())
    }

    /// Ends the part.
    pub(crate) fn end(&mut self) -> Result<(), Problem> {
        self.say(&Event::End)
    }

    fn say(&mut self, event: &Event<'_>) -> Result<(), Problem> {
        protocol::write(&mut self.out, event).map_err(Problem::Gone)
    }
}

/// What a file of this format is; `None` where only its reader can tell.
fn nature(format: Format) -> Option<Nature> {
    Some(match format {
        Format::Bzip2
        | Format::Gzip
        | Format::SevenZip
        | Format::Tar
        | Format::Xz
        | Format::Zstd => Nature::Archive,
        Format::Dicom | Format::Image => Nature::Media,
        Format::Html | Format::Mail | Format::Pdf | Format::Rtf | Format::Xml => Nature::Document,
        Format::Mbox | Format::Parquet | Format::Sqlite => Nature::Table,
        Format::Zip | Format::Ole => return None,
        _ => Nature::Other,
    })
}

/// A table while its rows are passed on.
pub(crate) struct Table<'o> {
    output: &'o mut Output,
    rows: Vec<u8>,
}

impl Table<'_> {
    /// Rows that were written with [`protocol::push_row`] or
    /// [`protocol::push_cell`].
    pub(crate) fn rows(&mut self) -> &mut Vec<u8> {
        &mut self.rows
    }

    /// Counts bytes that were decoded for it: see [`Output::spend`].
    pub(crate) fn spend(&self, bytes: u64) -> Result<(), Problem> {
        self.output.spend(bytes)
    }

    /// Passes rows on if there are at least so many bytes of them.
    pub(crate) fn pass_on(&mut self, least: usize) -> Result<(), Problem> {
        if self.rows.len() < least.max(1) {
            return Ok(());
        }
        self.output.spend(self.rows.len() as u64)?;
        self.output.data(&self.rows)?;
        self.rows.clear();
        Ok(())
    }

    /// Ends the table. One that is not ended, because its rows could not be
    /// read, is ended by whoever hears of it.
    pub(crate) fn end(mut self) -> Result<(), Problem> {
        self.pass_on(1)?;
        self.output.end()
    }
}

/// Frames in memory.
pub(crate) struct Memory(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        frames.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::seen::Seen;

    /// A message with so many images of one pixel.
    fn message(images: usize) -> Vec<u8> {
        const IMAGE: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
        let mut message = String::from(
            "From: a@example.org\r\nTo: b@example.org\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        );
        for _ in 0..images {
            message +=
                "--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\n";
            message += IMAGE;
            message += "\r\n";
        }
        (message + "--b--\r\n").into_bytes()
    }

    #[test]
    fn many_small_images_of_a_document_may_be_a_large_one() {
        let large = |bytes: &[u8]| {
            let images = Seen::of(bytes).images;
            images.iter().filter(|(_, image)| image.width == 0).count()
        };
        assert_eq!(large(&message(64)), 0);
        assert_eq!(large(&message(66)), 2);
        // Those of an archive are many documents.
        let mut archive = tar::Builder::new(Vec::new());
        for at in 0..66 {
            let mut header = tar::Header::new_ustar();
            let image = &include_bytes!("../samples/image/tiny.png")[..];
            header.set_size(image.len() as u64);
            archive
                .append_data(&mut header, format!("{at}.png"), image)
                .expect("memory");
        }
        assert_eq!(large(&archive.into_inner().expect("memory")), 0);
    }
}
