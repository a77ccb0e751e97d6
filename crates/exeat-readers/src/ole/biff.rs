//! Records of an old workbook (MS-XLS 2.1.4): a kind, a length, so many bytes;
//! what is longer goes on in records of their own.

use std::io::{self, BufReader, Read};

use encoding_rs::Encoding;
use exeat_core::inspect::reader::Reason;

use crate::problem::Problem;

const CONTINUE: u16 = 0x003C;

/// Records in order.
pub(super) struct Records<R: Read> {
    input: BufReader<R>,
    /// Bytes of the record at hand that are not read yet.
    left: usize,
    /// The header of the next record, where it was looked at.
    ahead: Option<(u16, usize)>,
    /// Where the record at hand begins in the stream.
    pub(super) start: u64,
    at: u64,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, input),
            left: 0,
            ahead: None,
            start: 0,
            at: 0,
        }
    }

    /// Goes to the next record; its kind, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<u16>, Problem> {
        if self.ahead.is_none() {
            self.skip()?;
        }
        self.peek()?;
        let Some((kind, length)) = self.ahead.take() else {
            return Ok(None);
        };
        self.start = self.at - 4;
        self.left = length;
        Ok(Some(kind))
    }

    fn skip(&mut self) -> Result<(), Problem> {
        let mut rest = [0; 512];
        while self.left > 0 {
            let count = self.left.min(rest.len());
            self.exactly(&mut rest[..count])?;
            self.left -= count;
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<(), Problem> {
        if self.ahead.is_some() {
            return Ok(());
        }
        let mut header = [0; 4];
        let mut read = 0;
        while read < header.len() {
            match self.input.read(&mut header[read..]) {
                // Zeros that fill the last sector are no record.
                Ok(0) if header.iter().all(|&byte| byte == 0) => return Ok(()),
                Ok(0) => return Err(Reason::CutShort.into()),
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.at += 4;
        let kind = u16::from_le_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
        self.ahead = Some((kind, length));
        Ok(())
    }

    fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), Problem> {
        self.input.read_exact(buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    /// What is left of the record at hand.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = vec![0; self.left];
        self.exactly(&mut bytes)?;
        self.left = 0;
        Ok(bytes)
    }

    /// Whether a record goes on, in it or in the next.
    fn goes_on(&mut self) -> Result<bool, Problem> {
        while self.left == 0 {
            self.peek()?;
            match self.ahead {
                Some((CONTINUE, length)) => {
                    self.ahead = None;
                    self.left = length;
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The next bytes of the record, also where it goes on.
    pub(super) fn bytes(&mut self, mut buffer: &mut [u8]) -> Result<(), Problem> {
        while !buffer.is_empty() {
            if !self.goes_on()? {
                return Err(Reason::Damaged.into());
            }
            let count = self.left.min(buffer.len());
            let (now, later) = buffer.split_at_mut(count);
            self.exactly(now)?;
            self.left -= count;
            buffer = later;
        }
        Ok(())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Problem> {
        let mut one = [0];
        self.bytes(&mut one)?;
        Ok(one[0])
    }

    pub(super) fn short(&mut self) -> Result<usize, Problem> {
        let mut two = [0; 2];
        self.bytes(&mut two)?;
        Ok(usize::from(u16::from_le_bytes(two)))
    }

    pub(super) fn long(&mut self) -> Result<usize, Problem> {
        let mut four = [0; 4];
        self.bytes(&mut four)?;
        usize::try_from(u32::from_le_bytes(four)).map_err(|_| Reason::Damaged.into())
    }

    /// A string with what may be appended to it: fonts of its parts, how it is
    /// pronounced.
    pub(super) fn rich_string(&mut self, text: &mut String) -> Result<(), Problem> {
        let count = self.short()?;
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.short()? } else { 0 };
        let extended = if flags & 4 != 0 { self.long()? } else { 0 };
        self.letters(count, flags & 1 != 0, text)?;
        let mut rest = runs * 4 + extended;
        let mut waste = [0; 512];
        while rest > 0 {
            let count = rest.min(waste.len());
            self.bytes(&mut waste[..count])?;
            rest -= count;
        }
        Ok(())
    }

    /// So many letters; where the record goes on, it says anew how wide they
    /// are.
    pub(super) fn letters(
        &mut self,
        mut count: usize,
        mut wide: bool,
        text: &mut String,
    ) -> Result<(), Problem> {
        let mut units = Vec::new();
        while count > 0 {
            if self.left == 0 {
                wide = self.byte()? & 1 != 0;
                continue;
            }
            let width = if wide { 2 } else { 1 };
            let here = count.min(self.left / width).max(1);
            let mut raw = vec![0; here * width];
            self.bytes(&mut raw)?;
            if wide {
                let pairs = raw.chunks_exact(2);
                units.extend(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
            } else {
                units.extend(raw.iter().map(|&byte| u16::from(byte)));
            }
            count -= here;
        }
        text.extend(char::decode_utf16(units).map(|char| char.unwrap_or('\u{FFFD}')));
        Ok(())
    }
}

/// A string in a record: of BIFF8 with a flag for its width, before that in
/// the workbook's code page.
pub(super) fn string(bytes: &[u8], code_page: Option<&'static Encoding>, count: usize) -> String {
    if let Some(encoding) = code_page {
        let bytes = bytes.get(..count).unwrap_or(bytes);
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    let Some((flags, bytes)) = bytes.split_first() else {
        return String::new();
    };
    let units: Vec<u16> = if flags & 1 != 0 {
        let pairs = bytes.chunks_exact(2).take(count);
        pairs
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect()
    } else {
        bytes
            .iter()
            .take(count)
            .map(|&byte| u16::from(byte))
            .collect()
    };
    String::from_utf16_lossy(&units)
}
