//! A page while it is read: where text goes, and what tags do to it.

use exeat_core::inspect::reader::Reason;

use super::attribute::{self, data_uri};
use super::sink::{Display, Sink, display, push_text};
use super::table::Table;
use super::tag::Tag;
use crate::base64::Base64;
use crate::flow::{Flow, Flows};
use crate::output::Output;
use crate::problem::Problem;

/// Tables within tables that are kept apart; what is deeper is text.
const MAX_TABLES: usize = 24;
/// The most bytes of a script or a style that are held to look for data in it.
const MAX_SCRIPT: usize = 4 << 20;
/// The most bytes of a cell; what is more goes to the text.
const MAX_CELL: usize = 256 << 10;
/// JSON of fewer bytes is as good as text.
const JSON: usize = 40;

/// What the text is that comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Body,
    /// A script that is no program but data: passed on as it comes.
    Json,
    /// A script or a style.
    Script,
}

pub(super) struct Page<'o> {
    flows: Flows<'o>,
    text: Flow,
    beside: Flow,
    /// JSON at hand.
    json: Option<Flow>,
    tables: Vec<Table>,
    table_count: u32,
    script_count: u32,
    /// Beginnings of tables that are too deep.
    too_deep: u32,
    within: Within,
    script: Vec<u8>,
    /// Elements that keep white space.
    preformatted: u32,
    is_xhtml: bool,
    is_cut_short: bool,
    is_damaged: bool,
    failed: Option<Problem>,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut Output) -> Self {
        let mut flows = Flows::new(out);
        let text = flows.flow(b"");
        let beside = flows.flow(b"attributes");
        Self {
            flows,
            text,
            beside,
            json: None,
            tables: Vec::new(),
            table_count: 0,
            script_count: 0,
            too_deep: 0,
            within: Within::Body,
            script: Vec::new(),
            preformatted: 0,
            is_xhtml: false,
            is_cut_short: false,
            is_damaged: false,
            failed: None,
        }
    }

    /// Passes on what is left.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        self.attempt(Self::end_script);
        while !self.tables.is_empty() {
            self.attempt(Self::end_table);
        }
        if let Some(problem) = self.failed {
            return Err(problem);
        }
        self.flows.end(self.text)?;
        self.flows.end(self.beside)?;
        if self.is_damaged {
            self.flows.uninspected(Reason::Damaged)?;
        }
        match self.is_cut_short {
            true => self.flows.uninspected(Reason::CutShort),
            false => Ok(()),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(super) fn is_xhtml(&self) -> bool {
        self.is_xhtml
    }

    /// Something that the tokenizer leaves out.
    pub(super) fn left_out(&mut self) {
        self.is_damaged = true;
    }

    /// The file ends within a tag or a comment.
    pub(super) fn cut_short(&mut self) {
        self.is_cut_short = true;
    }

    fn attempt(&mut self, act: impl FnOnce(&mut Self) -> Result<(), Problem>) {
        if self.failed.is_none()
            && let Err(problem) = act(self)
        {
            self.failed = Some(problem);
            // Nothing more is passed on.
            self.tables.clear();
        }
    }

    /// Text between tags.
    pub(super) fn text(&mut self, text: &[u8]) {
        match self.within {
            Within::Body => {
                let is_preformatted = self.preformatted > 0;
                push_text(self.sink(), text, is_preformatted);
            }
            Within::Json => {
                if let Some(json) = &mut self.json {
                    json.bytes.extend_from_slice(text);
                }
            }
            Within::Script => self.script.extend_from_slice(text),
        }
        self.attempt(Self::tend);
    }

    /// Passes on what there is enough of.
    fn tend(&mut self) -> Result<(), Problem> {
        if self.script.len() >= MAX_SCRIPT {
            self.pass_on_script()?;
        }
        if let Some(json) = &mut self.json {
            self.flows.tend(json)?;
        }
        if let Some(table) = self.tables.last_mut()
            && let Some(cell) = table.cell()
            && cell.len() > MAX_CELL
        {
            // No word is cut.
            let space = cell.iter().rposition(u8::is_ascii_whitespace);
            let end = space.map_or(cell.len(), |at| at + 1);
            self.text.bytes.extend(cell.drain(..end));
            self.flows.tend(&mut self.text)?;
        }
        self.flows.tend(&mut self.text)?;
        self.flows.tend(&mut self.beside)
    }

    /// Where text goes.
    fn sink(&mut self) -> Sink<'_> {
        match self.tables.last_mut().and_then(Table::cell) {
            Some(cell) => Sink::Cell(cell),
            None => Sink::Flow(&mut self.text),
        }
    }

    /// Ends the line.
    fn line(&mut self) {
        self.sink().line();
    }

    /// A comment, or what stands for one.
    pub(super) fn comment(&mut self, comment: &[u8]) {
        let comment = comment.trim_ascii();
        if comment.starts_with(b"?xml ") {
            self.is_xhtml = true;
            return;
        }
        if comment.is_empty() {
            return;
        }
        self.attempt(|page| {
            page.beside.line();
            page.prose_beside(comment)?;
            page.tend()
        });
    }

    /// Text that is not seen, in which something may be encoded.
    fn prose_beside(&mut self, text: &[u8]) -> Result<(), Problem> {
        let mut rest = text;
        while let Some((before, uri, after)) = data_uri(rest) {
            self.beside.bytes.extend_from_slice(before);
            self.embedded(&uri)?;
            rest = after;
        }
        self.beside.bytes.extend_from_slice(rest);
        self.beside.line();
        Ok(())
    }

    /// Something encoded in an address.
    fn embedded(&mut self, uri: &attribute::DataUri<'_>) -> Result<(), Problem> {
        let name: &[u8] = b"data";
        let plain;
        let data = match uri.data.contains(&b'%') || !uri.is_base64 {
            true => {
                plain = attribute::percent_decoded(uri.data);
                &plain
            }
            false => uri.data,
        };
        if data.trim_ascii().is_empty() {
            return Ok(());
        }
        if !uri.is_base64 {
            return self.flows.member(name, &mut { data });
        }
        let mut decoder = Base64::new(data);
        self.flows.member(name, &mut decoder)?;
        match decoder.is_damaged() {
            true => self.flows.uninspected(Reason::Damaged),
            false => Ok(()),
        }
    }

    /// A tag, start or end.
    pub(super) fn tag(&mut self, tag: &Tag) {
        self.attempt(|page| {
            if tag.is_end {
                page.end_tag(&tag.name)?;
            } else {
                page.start_tag(tag)?;
            }
            page.tend()
        });
        if !tag.attributes.is_empty() {
            self.attributes(tag);
        }
    }

    fn start_tag(&mut self, tag: &Tag) -> Result<(), Problem> {
        match &tag.name[..] {
            b"table" => self.begin_table(),
            b"tr" if !self.tables.is_empty() => self.end_row()?,
            b"td" | b"th" => match self.tables.last_mut() {
                Some(_) => {
                    self.end_cell();
                    let is_header = tag.name == b"th";
                    if let Some(table) = self.tables.last_mut() {
                        table.begin_cell(tag.get(b"colspan"), tag.get(b"rowspan"), is_header);
                    }
                }
                None => self.line(),
            },
            b"script" if !(tag.is_closed && self.is_xhtml) => self.begin_script(tag),
            b"style" if !(tag.is_closed && self.is_xhtml) => self.within = Within::Script,
            b"pre" | b"textarea" | b"xmp" | b"listing" if !tag.is_closed => {
                self.line();
                self.preformatted = self.preformatted.saturating_add(1);
            }
            b"dd" => self.sink().colon(),
            b"input" | b"button" => self.input(tag),
            name => match display(name) {
                Display::Inline => {}
                Display::Space => push_text(self.sink(), b" ", false),
                Display::Block => self.line(),
            },
        }
        Ok(())
    }

    fn end_tag(&mut self, name: &[u8]) -> Result<(), Problem> {
        match name {
            b"table" => {
                if self.too_deep > 0 {
                    self.too_deep -= 1;
                    self.line();
                } else if !self.tables.is_empty() {
                    self.end_table()?;
                }
            }
            b"tr" if !self.tables.is_empty() => self.end_row()?,
            b"td" | b"th" if !self.tables.is_empty() => self.end_cell(),
            b"script" | b"style" => self.end_script()?,
            b"pre" | b"textarea" | b"xmp" | b"listing" => {
                self.line();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            // Its description follows.
            b"dt" => {}
            name => match display(name) {
                Display::Inline => {}
                Display::Space => push_text(self.sink(), b" ", false),
                Display::Block => self.line(),
            },
        }
        Ok(())
    }

    /// What a field of a form holds, after what stands before it.
    fn input(&mut self, tag: &Tag) {
        let value = tag.get(b"value").trim_ascii();
        if value.is_empty() || tag.get(b"type").eq_ignore_ascii_case(b"submit") {
            push_text(self.sink(), b" ", false);
            return;
        }
        let mut sink = self.sink();
        if sink.last() == b'\n' {
            let names: [&[u8]; 4] = [b"aria-label", b"placeholder", b"name", b"id"];
            let name = names
                .iter()
                .map(|name| tag.get(name))
                .find(|name| !name.is_empty());
            push_text(sink, name.unwrap_or(b"value"), false);
            sink = self.sink();
        }
        sink.colon();
        push_text(self.sink(), value, false);
        self.line();
    }

    fn begin_table(&mut self) {
        self.line();
        if self.tables.len() >= MAX_TABLES {
            self.too_deep += 1;
            return;
        }
        self.table_count += 1;
        let name = format!("table {}", self.table_count);
        let flow = self.flows.flow(name.as_bytes());
        self.tables.push(Table::new(flow));
    }

    fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        if let Some(beyond) = table.end_cell() {
            self.text.line();
            self.text.bytes.extend_from_slice(&beyond);
            self.text.line();
        }
    }

    fn end_row(&mut self) -> Result<(), Problem> {
        self.end_cell();
        let Some(table) = self.tables.last_mut() else {
            return Ok(());
        };
        if let Some(prose) = table.end_row() {
            self.text.line();
            self.text.bytes.extend_from_slice(&prose);
            self.text.line();
        }
        self.flows.tend(&mut table.flow)
    }

    fn end_table(&mut self) -> Result<(), Problem> {
        self.end_row()?;
        match self.tables.pop() {
            Some(table) => self.flows.end(table.flow),
            None => Ok(()),
        }
    }

    fn begin_script(&mut self, tag: &Tag) {
        let kind = tag.get(b"type").to_ascii_lowercase();
        let is_json = kind.ends_with(b"json") || kind == b"importmap";
        self.within = match is_json {
            true => Within::Json,
            false => Within::Script,
        };
        if is_json {
            self.script_count += 1;
            let name = format!("script {}", self.script_count);
            self.json = Some(self.flows.flow(name.as_bytes()));
        }
    }

    fn end_script(&mut self) -> Result<(), Problem> {
        self.within = Within::Body;
        if let Some(json) = self.json.take() {
            self.flows.end(json)?;
        }
        self.pass_on_script()
    }

    fn pass_on_script(&mut self) -> Result<(), Problem> {
        let script = std::mem::take(&mut self.script);
        if script.trim_ascii().is_empty() {
            return Ok(());
        }
        self.prose_beside(&script)
    }

    /// What the attributes of a tag say.
    pub(super) fn attributes(&mut self, tag: &Tag) {
        for (name, value) in &tag.attributes {
            self.attempt(|page| page.attribute(tag, name, value));
        }
    }

    fn attribute(&mut self, tag: &Tag, name: &[u8], value: &[u8]) -> Result<(), Problem> {
        // Without a value, the name may be one: `<Amy Smith>`.
        if value.trim_ascii().is_empty() {
            if !attribute::is_look(name, b"") && name.len() > 3 {
                self.beside.line();
                self.beside.bytes.extend_from_slice(name);
                self.beside.line();
            }
            return self.tend();
        }
        if data_uri(value).is_some() {
            self.beside.line();
            self.beside.bytes.extend_from_slice(name);
            self.beside.bytes.extend_from_slice(b": ");
            self.prose_beside(value)?;
            return self.tend();
        }
        if value.len() >= JSON && attribute::is_json(value) {
            self.script_count += 1;
            let place = format!("script {}", self.script_count);
            let mut flow = self.flows.flow(place.as_bytes());
            flow.bytes.extend_from_slice(value);
            return self.flows.end(flow);
        }
        if attribute::is_look(name, value) {
            return Ok(());
        }
        let mut key = name;
        if tag.name == b"meta" && name == b"content" {
            let names: [&[u8]; 4] = [b"name", b"property", b"itemprop", b"http-equiv"];
            let found = names
                .iter()
                .map(|name| tag.get(name))
                .find(|name| !name.is_empty());
            key = found.unwrap_or(name);
        }
        match attribute::is_address(name) {
            true => self.beside.field(key, &attribute::percent_decoded(value)),
            false => self.beside.field(key, value),
        }
        self.tend()
    }
}
