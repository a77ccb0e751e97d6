//! A document as text: a line for each element, `name: text`, and for each
//! attribute; elements within text stand in its line.

use super::survey::Plan;
use super::{Parts, Sink, is_namespace, local};
use crate::html::is_look;
use crate::problem::Problem;

pub(super) struct Prose<'p> {
    plan: &'p Plan,
    open: Vec<Open>,
}

struct Open {
    name: String,
    is_inline: bool,
    is_mixed: bool,
    /// Whether its name has been written.
    is_named: bool,
}

impl<'p> Prose<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            open: Vec::new(),
        }
    }
}

impl Sink for Prose<'_> {
    fn start(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        parts: &mut Parts<'_>,
    ) -> Result<(), Problem> {
        let is_inline = self
            .open
            .last()
            .is_some_and(|open| open.is_inline || open.is_mixed);
        if !is_inline {
            parts.text.line();
        }
        let name_alone = local(name);
        for (key, value) in attributes {
            let lower = key.to_ascii_lowercase();
            let is_plain = self.plan.is_drawing
                && (is_look(lower.as_bytes(), value.as_bytes()) || is_drawn(&lower, value));
            if is_namespace(key)
                || is_plain
                || value.trim().is_empty()
                || parts.takes_base64(value)?
            {
                continue;
            }
            let flow = if is_inline {
                &mut parts.beside
            } else {
                &mut parts.text
            };
            let key = format!("{name_alone} {}", local(key));
            flow.field(key.as_bytes(), value.as_bytes());
        }
        self.open.push(Open {
            name: name_alone.to_owned(),
            is_inline,
            is_mixed: self.plan.mixed.contains(name),
            is_named: false,
        });
        parts.flows.tend(&mut parts.beside)?;
        parts.flows.tend(&mut parts.text)
    }

    fn text(&mut self, text: &str, parts: &mut Parts<'_>) -> Result<(), Problem> {
        if parts.takes_base64(text)? {
            return Ok(());
        }
        let flow = &mut parts.text;
        // The line is that of the element around it that begins one.
        if let Some(open) = self.open.iter_mut().rev().find(|open| !open.is_inline)
            && !open.is_named
            && !text.trim().is_empty()
        {
            open.is_named = true;
            flow.line();
            flow.bytes.extend_from_slice(open.name.as_bytes());
            flow.bytes.extend_from_slice(b": ");
        }
        for (place, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            if place > 0 && !matches!(flow.last(), b' ' | b'\n') {
                flow.bytes.push(b' ');
            }
            flow.bytes.extend_from_slice(word.as_bytes());
        }
        parts.flows.tend(&mut parts.text)
    }

    fn end_element(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        if self.open.pop().is_some_and(|open| !open.is_inline) {
            parts.text.line();
        }
        parts.flows.tend(&mut parts.text)
    }
}

/// Whether an attribute of a drawing is a place, a size or a line.
fn is_drawn(name: &str, value: &str) -> bool {
    const DRAWN: &[&str] = &[
        "cx",
        "cy",
        "d",
        "dx",
        "dy",
        "fx",
        "fy",
        "height",
        "offset",
        "points",
        "r",
        "rx",
        "ry",
        "transform",
        "viewbox",
        "width",
        "x",
        "x1",
        "x2",
        "y",
        "y1",
        "y2",
    ];
    /// Longer are only the digits after a point, and no word is.
    const LONG: usize = 9;
    let (mut digits, mut letters) = (0, 0);
    let mut is_after_point = false;
    DRAWN.contains(&name)
        && value.bytes().all(|byte| {
            is_after_point = byte == b'.' || (is_after_point && byte.is_ascii_digit());
            digits = match byte.is_ascii_digit() && !is_after_point {
                true => digits + 1,
                false => 0,
            };
            letters = match byte.is_ascii_alphabetic() {
                true => letters + 1,
                false => 0,
            };
            let is_known = byte.is_ascii_alphanumeric() || b" \t\r\n.,-+()%".contains(&byte);
            is_known && letters <= LONG && digits <= LONG
        })
}
