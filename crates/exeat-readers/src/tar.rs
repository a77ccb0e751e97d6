//! tar, of any dialect: old (V7), ustar, GNU and pax.
//!
//! Every member that has content is read where it stands, if the archive is a
//! file: nothing is held in memory. Archives that were put one after the other
//! are read to the end.

mod header;
mod pax;
mod sparse;
mod tape;

use std::io::Read as _;

use exeat_core::inspect::reader::Reason;
use tar::Header;

use crate::input::Input;
use crate::members;
use crate::output::Output;
use crate::problem::Problem;
use header::Slack;
use pax::Pax;
use tape::{BLOCK, Content, Tape};

/// The longest name or extended header that is read.
const MAX_HELD: u64 = 1 << 20;

/// Reads a tar archive.
pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let mut archive = Archive {
        tape: Tape::new(input)?,
        out,
        said: Pax::default(),
        owner: [Vec::new(), Vec::new()],
        slack: Slack::default(),
    };
    archive.read_all()
}

struct Archive<'a, 'o> {
    tape: Tape<'a>,
    out: &'o mut Output,
    /// What headers before the member's own say of it.
    said: Pax,
    /// User and group of the last member.
    owner: [Vec<u8>; 2],
    slack: Slack,
}

impl Archive<'_, '_> {
    fn read_all(&mut self) -> Result<(), Problem> {
        let read = self.read_members();
        let mut left = std::mem::take(&mut self.said);
        for name in [left.path.take(), left.link.take()].into_iter().flatten() {
            // It was said of a member that did not come.
            self.out.name(&name)?;
        }
        if self.slack.is_used || self.tape.is_padding_used {
            self.out.uninspected(Reason::Unaccounted)?;
        }
        read
    }

    fn read_members(&mut self) -> Result<(), Problem> {
        let mut is_ended = false;
        while let Some(block) = self.tape.block()? {
            if block == [0; BLOCK] {
                is_ended = true;
                continue;
            }
            if !header::is_valid(&block) {
                return Err(match is_ended {
                    true => Reason::Unaccounted.into(),
                    false => Reason::Damaged.into(),
                });
            }
            is_ended = false;
            self.member(Header::from_byte_slice(&block))?;
        }
        match is_ended {
            true => Ok(()),
            false => Err(Reason::CutShort.into()),
        }
    }

    fn member(&mut self, header: &Header) -> Result<(), Problem> {
        let kind = header.as_old().linkflag[0];
        let size = header.entry_size().map_err(|_| Reason::Damaged)?;
        self.slack.look(header);
        // These say something of the member that follows.
        match kind {
            b'L' => {
                let name = self.text(size)?;
                return self.replace(|said| &mut said.path, name);
            }
            b'K' => {
                let name = self.text(size)?;
                return self.replace(|said| &mut said.link, name);
            }
            b'x' | b'X' | b'g' => {
                let text = self.held(size)?;
                let path = header.path_bytes().into_owned();
                let is_global = kind == b'g';
                return pax::read(&text, is_global, &mut self.said, &path, self.out);
            }
            _ => {}
        }
        let said = std::mem::take(&mut self.said);
        self.said.global = said.global;
        let name = self.names(header, &said)?;
        let size = said.size.or(said.global).unwrap_or(size);
        let is_file = matches!(kind, b'0' | 0 | b'7');
        let has_content = match kind {
            // Only some programs write the content of a link or the size of a
            // folder with content after it.
            b'1'..=b'6' => size > 0 && !self.tape.is_header_next()?,
            0 if name.ends_with(b"/") => size > 0 && !self.tape.is_header_next()?,
            b'V' => false,
            _ => size > 0 || is_file || kind == b'S',
        };
        match kind {
            b'3' | b'4' | b'6' => {
                let odd = |out: &mut Output| out.uninspected(Reason::OddMember);
                self.out.within(&name, odd)?;
            }
            // A part of a member whose beginning is in another archive.
            b'M' => {
                let cut = |out: &mut Output| out.uninspected(Reason::CutShort);
                self.out.within(&name, cut)?;
            }
            0 | b'0'..=b'7' | b'A' | b'D' | b'N' | b'S' | b'V' => {}
            _ => {
                let foreign = |out: &mut Output| out.uninspected(Reason::Foreign);
                self.out.within(&name, foreign)?;
            }
        }
        if !has_content {
            return self.out.name(&name);
        }
        match kind {
            b'S' => self.sparse(header, &name, size),
            b'A' | b'D' | b'N' => {
                let text = self.held(size)?;
                // Names of a folder, each with a letter before and a NUL after.
                let text: Vec<u8> = text
                    .iter()
                    .map(|&b| if b == 0 { b'\n' } else { b })
                    .collect();
                self.out.within(&name, |out| out.text(&text))
            }
            _ => match said.sparse {
                Some(sparse) => self.pax_sparse(&sparse, &name, size),
                None => self.content(&name, size),
            },
        }
    }

    /// The member's name; its other names are said.
    fn names(&mut self, header: &Header, said: &Pax) -> Result<Vec<u8>, Problem> {
        let short = header.path_bytes().into_owned();
        let sparse = said.sparse.as_ref().and_then(|sparse| sparse.name.clone());
        let name = match sparse.or_else(|| said.path.clone()) {
            Some(long) => {
                if !long.starts_with(&short) {
                    self.out.name(&short)?;
                }
                long
            }
            None => short,
        };
        members::name(&name, self.out)?;
        if let Some(link) = header.link_name_bytes().filter(|link| !link.is_empty()) {
            self.out.name(&link)?;
        }
        if let Some(link) = &said.link {
            members::in_pieces(link, self.out)?;
        }
        let owner = [header.username_bytes(), header.groupname_bytes()];
        for (last, owner) in self.owner.iter_mut().zip(owner) {
            let owner = owner.unwrap_or_default();
            if owner != last.as_slice() {
                owner.clone_into(last);
                self.out.name(owner)?;
            }
        }
        Ok(name)
    }

    fn replace(
        &mut self,
        which: fn(&mut Pax) -> &mut Option<Vec<u8>>,
        name: Vec<u8>,
    ) -> Result<(), Problem> {
        match which(&mut self.said).replace(name) {
            Some(before) => self.out.name(&before),
            None => Ok(()),
        }
    }

    fn content(&mut self, name: &[u8], size: u64) -> Result<(), Problem> {
        let is_whole = match self.tape.content(size)? {
            Content::Window(window) => {
                let is_whole = window.len() == size;
                self.out.member(name, Input::of_window(window))?;
                is_whole
            }
            Content::Stream(mut stream) => {
                self.out.member(name, Input::of_stream(&mut stream))?;
                stream.drain()?
            }
        };
        self.finish(name, is_whole)
    }

    /// Says of a member that it is not all there; there is nothing more then.
    fn finish(&mut self, name: &[u8], is_whole: bool) -> Result<(), Problem> {
        if is_whole {
            return self.tape.padding();
        }
        let cut = |out: &mut Output| out.uninspected(Reason::CutShort);
        self.out.within(name, cut)?;
        Err(Reason::CutShort.into())
    }

    /// A member with holes, as old GNU tar writes it.
    fn sparse(&mut self, header: &Header, name: &[u8], size: u64) -> Result<(), Problem> {
        let map = sparse::of_header(header, &mut self.tape)?;
        self.with_holes(map, name, size)
    }

    fn pax_sparse(&mut self, said: &pax::Sparse, name: &[u8], size: u64) -> Result<(), Problem> {
        match sparse::of_pax(said, &mut self.tape, size)? {
            Some((map, size)) => self.with_holes(map, name, size),
            None => {
                // All of it, but not where it belongs.
                let unsupported = |out: &mut Output| out.uninspected(Reason::Unsupported);
                self.out.within(name, unsupported)?;
                self.content(name, size)
            }
        }
    }

    fn with_holes(&mut self, map: sparse::Map, name: &[u8], size: u64) -> Result<(), Problem> {
        let mut packed = match self.tape.content(size)? {
            Content::Window(window) => {
                let is_whole = window.len() == size;
                let mut expanded = sparse::Expanded::new(window, map);
                members::decoded(name, &mut expanded, self.out)?;
                return self.finish(name, is_whole);
            }
            Content::Stream(stream) => stream,
        };
        let mut expanded = sparse::Expanded::new(&mut packed, map);
        members::decoded(name, &mut expanded, self.out)?;
        let is_whole = packed.drain()?;
        self.finish(name, is_whole)
    }

    /// A long name, which ends with a NUL.
    fn text(&mut self, size: u64) -> Result<Vec<u8>, Problem> {
        let mut text = self.held(size)?;
        if text.last() == Some(&0) {
            text.pop();
        }
        Ok(text)
    }

    fn held(&mut self, size: u64) -> Result<Vec<u8>, Problem> {
        if size > MAX_HELD {
            return Err(Reason::PartTooLarge.into());
        }
        let mut bytes = Vec::new();
        match self.tape.content(size)? {
            Content::Window(mut window) => window.read_to_end(&mut bytes)?,
            Content::Stream(mut stream) => stream.read_to_end(&mut bytes)?,
        };
        if (bytes.len() as u64) < size {
            return Err(Reason::CutShort.into());
        }
        self.tape.padding()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
