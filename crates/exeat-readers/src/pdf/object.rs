//! What a PDF is made of (ISO 32000-1, 7.3). Cheap to copy: what is large is
//! shared.

use std::rc::Rc;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<[u8]>),
    Name(Rc<[u8]>),
    Array(Rc<[Object]>),
    Dict(Rc<Dict>),
    /// A dictionary whose bytes stand at a place of the file.
    Stream(Rc<Stream>),
    Ref(u32),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dict(pub(super) Vec<(Rc<[u8]>, Object)>);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stream {
    pub(super) dict: Rc<Dict>,
    pub(super) start: u64,
    pub(super) length: u64,
    /// By which its bytes are decrypted.
    pub(super) number: u32,
    pub(super) generation: u16,
}

impl Dict {
    /// The value of a key, with references as they stand.
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        // Of two the last counts, as with most readers.
        let found = self
            .0
            .iter()
            .rev()
            .find(|(name, _)| **name == *key.as_bytes());
        found.map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether a key's value is this name.
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Object::name) == Some(name.as_bytes())
    }
}

impl Object {
    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A number that is whole and not negative.
    pub(super) fn whole(&self) -> Option<u32> {
        let number = self.number()?;
        let fits = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within range, as was just asked"
        )]
        fits.then_some(number as u32)
    }

    pub(super) fn array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The dictionary, also of a stream.
    pub(super) fn dict(&self) -> Option<&Rc<Dict>> {
        match self {
            Self::Dict(dict) => Some(dict),
            Self::Stream(stream) => Some(&stream.dict),
            _ => None,
        }
    }

    pub(super) fn stream(&self) -> Option<&Rc<Stream>> {
        match self {
            Self::Stream(stream) => Some(stream),
            _ => None,
        }
    }
}
