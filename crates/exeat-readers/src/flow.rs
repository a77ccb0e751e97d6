//! A document is read once, in order, yet its text, its tables and what
//! stands beside its text are parts of their own. Each has a [`Flow`], which
//! keeps what it is given until it is enough to be passed on; [`Flows`] sees
//! to it that only one part is open at a time.

use std::io::Read;

use exeat_core::inspect::reader::protocol::Form;
use exeat_core::inspect::reader::{Reason, recognise};

use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

/// From so many bytes on a flow is passed on at the end of a line.
const ENOUGH: usize = 64 << 10;
/// From so many on it is passed on wherever it stands.
const TOO_MANY: usize = 1 << 20;

/// Content of one part.
pub(crate) struct Flow {
    number: u32,
    /// Where in the file; empty for the file's own.
    name: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    /// The last byte that was passed on.
    last: u8,
    /// What each part of it begins with after the first: a table's header.
    pub(crate) header: Vec<u8>,
    begun: bool,
}

impl Flow {
    /// The last byte of it; a line feed if there is none.
    pub(crate) fn last(&self) -> u8 {
        self.bytes.last().copied().unwrap_or(self.last)
    }

    /// Ends the line, if it has begun.
    pub(crate) fn line(&mut self) {
        if self.last() == b' ' && !self.bytes.is_empty() {
            self.bytes.pop();
        }
        if self.last() != b'\n' {
            self.bytes.push(b'\n');
        }
    }

    /// A line `name: value`.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        self.line();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value);
        self.bytes.push(b'\n');
    }
}

/// All parts of a document.
pub(crate) struct Flows<'o> {
    pub(crate) out: &'o mut Output,
    open: Option<u32>,
    count: u32,
}

impl<'o> Flows<'o> {
    pub(crate) fn new(out: &'o mut Output) -> Self {
        Self {
            out,
            open: None,
            count: 0,
        }
    }

    /// A new one.
    pub(crate) fn flow(&mut self, name: &[u8]) -> Flow {
        self.count += 1;
        Flow {
            number: self.count,
            name: name.to_vec(),
            bytes: Vec::new(),
            last: b'\n',
            header: Vec::new(),
            begun: false,
        }
    }

    /// Passes a flow on if there is enough of it.
    pub(crate) fn tend(&mut self, flow: &mut Flow) -> Result<(), Problem> {
        let length = flow.bytes.len();
        if length >= TOO_MANY || (length >= ENOUGH && flow.last() == b'\n') {
            self.pass_on(flow)?;
        }
        Ok(())
    }

    /// Passes on what there is of a flow.
    pub(crate) fn pass_on(&mut self, flow: &mut Flow) -> Result<(), Problem> {
        if flow.bytes.is_empty() {
            return Ok(());
        }
        self.out.spend(flow.bytes.len() as u64)?;
        if self.open != Some(flow.number) {
            self.close()?;
            let begin = |out: &mut Output| out.begin(Form::Content);
            match flow.name.is_empty() {
                true => begin(self.out)?,
                false => self.out.within(&flow.name, begin)?,
            }
            self.open = Some(flow.number);
            if flow.begun {
                self.out.data(&flow.header)?;
            } else {
                self.guard(&flow.bytes)?;
            }
            flow.begun = true;
        }
        self.out.data(&flow.bytes)?;
        flow.last = flow.last();
        flow.bytes.clear();
        // One huge piece must not hold its room for good.
        flow.bytes.shrink_to(TOO_MANY);
        Ok(())
    }

    /// Text that begins as another format does would not be taken for text:
    /// a word stands before it then.
    fn guard(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        const WORD: &[u8] = b"Text\n";
        if recognise(bytes).is_none() {
            return Ok(());
        }
        let mut guarded = [WORD, bytes.get(..4096).unwrap_or(bytes)].concat();
        if recognise(&guarded).is_none() {
            return self.out.data(WORD);
        }
        // Farther than any format is looked for.
        guarded = WORD.to_vec();
        guarded.resize(1100, b'\n');
        self.out.data(&guarded)
    }

    /// Ends a flow.
    pub(crate) fn end(&mut self, mut flow: Flow) -> Result<(), Problem> {
        self.pass_on(&mut flow)?;
        if self.open == Some(flow.number) {
            self.close()?;
        }
        Ok(())
    }

    /// Ends the part at hand, whosever it is.
    pub(crate) fn close(&mut self) -> Result<(), Problem> {
        match self.open.take() {
            Some(_) => self.out.end(),
            None => Ok(()),
        }
    }

    /// A file within the document.
    pub(crate) fn member(&mut self, name: &[u8], content: &mut dyn Read) -> Result<(), Problem> {
        self.close()?;
        let mut counted = self.out.metered(content);
        self.out.member(name, Input::of_stream(&mut counted))
    }

    pub(crate) fn uninspected(&mut self, reason: Reason) -> Result<(), Problem> {
        self.out.uninspected(reason)
    }
}
