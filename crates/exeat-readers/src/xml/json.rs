//! Builds one JSON object out of an element, as it comes.
//!
//! Children of one name that follow each other become an array; others of the
//! same name become the same key again, which the parent reads as well.

/// A JSON object while it is built.
#[derive(Default)]
pub(super) struct Object {
    pub(super) json: Vec<u8>,
    open: Vec<Open>,
    /// Bytes of text that are not in `json` yet.
    held: usize,
}

/// An element that has not ended.
#[derive(Default)]
struct Open {
    is_object: bool,
    text: String,
    /// The value of an attribute `value` that is its only one.
    value: Option<String>,
    last: Option<Last>,
}

/// The key that was written last.
struct Last {
    key: String,
    /// Where its value begins.
    at: usize,
    is_array: bool,
}

impl Object {
    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.json.len() + self.held
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Begins an element; the outermost one has no key.
    pub(super) fn begin(&mut self, key: &str) {
        if !self.open.is_empty() {
            self.key(key);
        }
        self.open.push(Open::default());
    }

    /// An attribute of the element at hand. `is_only`: it has no other.
    pub(super) fn attribute(&mut self, key: &str, value: &str, is_only: bool) {
        if let Some(open) = self.open.last_mut()
            && is_only
            && key == "value"
        {
            self.held += value.len();
            open.value = Some(value.to_owned());
            return;
        }
        self.field(key, value);
    }

    /// A value under a key.
    pub(super) fn field(&mut self, key: &str, value: &str) {
        self.key(key);
        push_string(&mut self.json, value);
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
            self.held += text.len();
        }
    }

    /// Ends it early: what was written, and on further lines what was not.
    pub(super) fn into_text(mut self) -> Vec<u8> {
        for open in self.open {
            for text in [open.text, open.value.unwrap_or_default()] {
                if !text.trim().is_empty() {
                    self.json.push(b'\n');
                    self.json.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.json
    }

    /// Ends an element. `key` is the name that the outermost one would have.
    pub(super) fn end(&mut self, key: &str) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let text = std::mem::take(&mut open.text);
        self.held = self.held.saturating_sub(text.len());
        let text = text.trim();
        let is_outermost = self.open.len() == 1;
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if !open.is_object && !is_outermost {
            match open.value.take() {
                Some(value) if text.is_empty() => {
                    self.held = self.held.saturating_sub(value.len());
                    push_string(&mut self.json, &value);
                }
                Some(value) => {
                    open.value = Some(value);
                    self.field("text", text);
                }
                None => push_string(&mut self.json, text),
            }
        } else if !text.is_empty() {
            let key = match open.is_object {
                true => "text",
                false => key,
            };
            self.field(key, text);
        } else if open.value.is_some() {
            self.open_object();
        }
        if let Some(open) = self.open.pop()
            && open.is_object
        {
            if open.last.is_some_and(|last| last.is_array) {
                self.json.push(b']');
            }
            self.json.push(b'}');
        }
    }

    /// Makes the element at hand an object, if it is none yet.
    fn open_object(&mut self) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if open.is_object {
            return;
        }
        open.is_object = true;
        self.json.push(b'{');
        if let Some(value) = open.value.take() {
            self.held = self.held.saturating_sub(value.len());
            self.field("value", &value);
        }
    }

    /// Writes what stands before a value under this key.
    fn key(&mut self, key: &str) {
        self.open_object();
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if let Some(last) = &mut open.last {
            if last.key == key {
                if !last.is_array {
                    self.json.insert(last.at, b'[');
                    last.is_array = true;
                }
                self.json.push(b',');
                return;
            }
            if last.is_array {
                self.json.push(b']');
            }
            self.json.push(b',');
        }
        push_string(&mut self.json, key);
        self.json.push(b':');
        open.last = Some(Last {
            key: key.to_owned(),
            at: self.json.len(),
            is_array: false,
        });
    }
}

fn push_string(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        json.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\t' => json.extend_from_slice(b"\\t"),
            b'\r' => json.extend_from_slice(b"\\r"),
            byte @ (b'"' | b'\\') => json.extend_from_slice(&[b'\\', byte]),
            byte => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    json.extend_from_slice(rest);
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_become_keys_and_arrays() {
        let mut object = Object::default();
        object.begin("patient");
        for name in ["Amy", "Jane"] {
            object.begin("given");
            object.text(name);
            object.end("given");
        }
        object.begin("family");
        object.text(" Smith \"x\"");
        object.end("family");
        object.begin("birthDate");
        object.attribute("value", "1980-01-02", true);
        object.end("birthDate");
        object.begin("note");
        object.attribute("value", "a", true);
        object.begin("by");
        object.end("by");
        object.end("note");
        object.end("patient");
        assert_eq!(
            String::from_utf8_lossy(&object.json),
            r#"{"given":["Amy","Jane"],"family":"Smith \"x\"","birthDate":"1980-01-02","note":{"value":"a","by":""}}"#
        );
        assert_eq!(object.len(), object.json.len());
    }

    #[test]
    fn an_outermost_value_has_its_name() {
        let mut object = Object::default();
        object.begin("number");
        object.text("9990000018");
        object.end("number");
        assert_eq!(object.json, br#"{"number":"9990000018"}"#);
    }
}
