//! From the tokenizer to the page: tags with their attributes, put together.

use html5gum::emitters::Emitter;
use html5gum::{Error, State};

use super::page::Page;

/// The most bytes of one attribute's value, or of one comment, that are held;
/// what is longer is passed on in pieces of this size.
const PIECE: usize = 16 << 20;
/// The most bytes of a name, and the most attributes of a tag that are held.
const MAX_NAME: usize = 1024;
const MAX_ATTRIBUTES: usize = 4096;

/// A tag.
#[derive(Default)]
pub(super) struct Tag {
    pub(super) name: Vec<u8>,
    pub(super) is_end: bool,
    /// Whether it ends with a slash.
    pub(super) is_closed: bool,
    pub(super) attributes: Vec<(Vec<u8>, Vec<u8>)>,
    held: usize,
}

impl Tag {
    /// The value of an attribute, or nothing.
    pub(super) fn get(&self, name: &[u8]) -> &[u8] {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or(b"", |(_, value)| value)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    None,
    Tag,
    Comment,
    Doctype,
}

/// Receives tokens.
pub(super) struct Tags<'p, 'o> {
    page: &'p mut Page<'o>,
    token: Token,
    tag: Tag,
    comment: Vec<u8>,
    /// The last start tag, whose end the tokenizer looks for.
    last: Vec<u8>,
}

impl<'p, 'o> Tags<'p, 'o> {
    pub(super) fn new(page: &'p mut Page<'o>) -> Self {
        Self {
            page,
            token: Token::None,
            tag: Tag::default(),
            comment: Vec::new(),
            last: Vec::new(),
        }
    }

    fn begin(&mut self, token: Token, is_end: bool) {
        self.token = token;
        self.tag = Tag {
            is_end,
            ..Tag::default()
        };
        self.comment.clear();
    }

    fn push_comment_piece(&mut self, piece: &[u8]) {
        self.comment.extend_from_slice(piece);
        if self.comment.len() >= PIECE {
            let comment = std::mem::take(&mut self.comment);
            self.page.comment(&comment);
        }
    }

    fn doctype(&mut self, identifier: &[u8]) {
        self.push_comment_piece(b" ");
        self.push_comment_piece(identifier);
    }
}

impl Emitter for Tags<'_, '_> {
    /// Says that reading is to stop.
    type Token = ();

    fn set_last_start_tag(&mut self, last: Option<&[u8]>) {
        self.last = last.unwrap_or_default().to_vec();
    }

    fn emit_eof(&mut self) {
        match self.token {
            Token::None => {}
            // The file ends within it.
            Token::Tag => {
                self.page.cut_short();
                let tag = std::mem::take(&mut self.tag);
                self.page.attributes(&tag);
            }
            Token::Comment | Token::Doctype => {
                self.page.cut_short();
                let comment = std::mem::take(&mut self.comment);
                self.page.comment(&comment);
            }
        }
        self.token = Token::None;
    }

    /// Only in a document type is something left out. One that a file ends
    /// within has been said.
    fn emit_error(&mut self, error: Error) {
        match error {
            Error::UnexpectedCharacterAfterDoctypeSystemIdentifier
            | Error::InvalidCharacterSequenceAfterDoctypeName
            | Error::MissingQuoteBeforeDoctypePublicIdentifier
            | Error::MissingQuoteBeforeDoctypeSystemIdentifier => self.page.left_out(),
            _ => {}
        }
    }

    fn pop_token(&mut self) -> Option<()> {
        self.page.has_failed().then_some(())
    }

    fn emit_string(&mut self, text: &[u8]) {
        self.page.text(text);
    }

    fn init_start_tag(&mut self) {
        self.begin(Token::Tag, false);
    }

    fn init_end_tag(&mut self) {
        self.begin(Token::Tag, true);
    }

    fn init_comment(&mut self) {
        self.begin(Token::Comment, false);
    }

    fn init_doctype(&mut self) {
        self.begin(Token::Doctype, false);
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.token = Token::None;
        let tag = std::mem::take(&mut self.tag);
        self.page.tag(&tag);
        if tag.is_end || (tag.is_closed && self.page.is_xhtml()) {
            return None;
        }
        let state = match &tag.name[..] {
            b"title" | b"textarea" => Some(State::RcData),
            b"script" => Some(State::ScriptData),
            b"style" | b"xmp" => Some(State::RawText),
            // Others in which a browser shows no tags are read with them.
            _ => None,
        };
        self.last = tag.name;
        state
    }

    fn emit_current_comment(&mut self) {
        self.token = Token::None;
        let comment = std::mem::take(&mut self.comment);
        self.page.comment(&comment);
    }

    fn emit_current_doctype(&mut self) {
        self.token = Token::None;
        let comment = std::mem::take(&mut self.comment);
        self.page.comment(&comment);
    }

    fn set_self_closing(&mut self) {
        self.tag.is_closed = true;
    }

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, piece: &[u8]) {
        if self.tag.name.len() + piece.len() > MAX_NAME {
            self.page.comment(piece);
        } else {
            self.tag.name.extend_from_slice(piece);
        }
    }

    fn push_comment(&mut self, piece: &[u8]) {
        self.push_comment_piece(piece);
    }

    fn push_doctype_name(&mut self, piece: &[u8]) {
        if !piece.eq_ignore_ascii_case(b"html") {
            self.push_comment_piece(piece);
        }
    }

    fn init_attribute(&mut self) {
        if self.tag.attributes.len() >= MAX_ATTRIBUTES || self.tag.held >= PIECE {
            self.page.attributes(&self.tag);
            self.tag.attributes.clear();
            self.tag.held = 0;
        }
        self.tag.attributes.push((Vec::new(), Vec::new()));
    }

    fn push_attribute_name(&mut self, piece: &[u8]) {
        let Some((name, _)) = self.tag.attributes.last_mut() else {
            return;
        };
        if name.len() + piece.len() > MAX_NAME {
            self.page.comment(piece);
        } else {
            name.extend_from_slice(piece);
        }
    }

    fn push_attribute_value(&mut self, piece: &[u8]) {
        let Some((name, value)) = self.tag.attributes.last_mut() else {
            return;
        };
        value.extend_from_slice(piece);
        self.tag.held += piece.len();
        if value.len() >= PIECE {
            let value = std::mem::take(value);
            let tag = Tag {
                name: self.tag.name.clone(),
                attributes: vec![(name.clone(), value)],
                ..Tag::default()
            };
            self.page.attributes(&tag);
        }
    }

    fn set_doctype_public_identifier(&mut self, value: &[u8]) {
        self.doctype(value);
    }

    fn set_doctype_system_identifier(&mut self, value: &[u8]) {
        self.doctype(value);
    }

    fn push_doctype_public_identifier(&mut self, piece: &[u8]) {
        self.push_comment_piece(piece);
    }

    fn push_doctype_system_identifier(&mut self, piece: &[u8]) {
        self.push_comment_piece(piece);
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.tag.is_end && !self.last.is_empty() && self.tag.name == self.last
    }
}
