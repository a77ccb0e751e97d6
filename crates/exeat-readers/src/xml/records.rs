//! Records as JSON Lines; what stands outside of them is one more object, at
//! the end.

use super::json::Object;
use super::survey::{Plan, ROOT};
use super::{Parts, Sink, is_namespace, local};
use crate::flow::Flow;
use crate::problem::Problem;

/// The most bytes of a record; what is larger is text.
const MAX_RECORD: usize = 4 << 20;
/// How deep a record may be: the parent reads half as many again.
const MAX_DEPTH: usize = 64;
/// Kinds of records that have a part of their own.
const MAX_KINDS: usize = 16;
/// NHS numbers, in HL7 version 3 and CDA (NHS Data Dictionary: NHS NUMBER).
const NHS_NUMBER_OID: &str = "2.16.840.1.113883.2.1.4.1";

/// What an element became.
enum Element {
    /// Part of the object at hand.
    Member,
    /// Its name is a value of the object: a FHIR resource.
    Resource,
    /// Its text is part of the text around it: pages within records.
    Words,
}

/// An object at work: a record, or what is outside of records.
struct Record {
    object: Object,
    elements: Vec<(Element, String)>,
    /// Where it goes; nowhere else than the document's own text if it is none.
    kind: Option<usize>,
    /// It became too large: it is text from now on.
    is_text: bool,
}

pub(super) struct Records {
    plan: Plan,
    places: Vec<u32>,
    records: Vec<Record>,
    /// Records' names, with the parts that they go to.
    kinds: Vec<(String, Flow)>,
}

impl Records {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            places: Vec::new(),
            records: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn kind(&mut self, name: &str, parts: &mut Parts<'_>) -> usize {
        let name = match self.kinds.len() < MAX_KINDS {
            true => name,
            false => "records",
        };
        if let Some(place) = self.kinds.iter().position(|(known, _)| known == name) {
            return place;
        }
        let flow = parts.flows.flow(name.as_bytes());
        self.kinds.push((name.to_owned(), flow));
        self.kinds.len() - 1
    }

    /// Passes on all that is left.
    pub(super) fn end(self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        for (_, flow) in self.kinds {
            parts.flows.end(flow)?;
        }
        Ok(())
    }

    /// Turns the record at hand into text, if it is too large.
    fn check_size(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        let Some(record) = self.records.last_mut() else {
            return Ok(());
        };
        let object = &record.object;
        if record.is_text || (object.len() <= MAX_RECORD && object.depth() <= MAX_DEPTH) {
            return Ok(());
        }
        record.is_text = true;
        let text = std::mem::take(&mut record.object).into_text();
        parts.text.line();
        parts.text.bytes.extend_from_slice(&text);
        parts.text.line();
        parts.flows.tend(&mut parts.text)
    }

    /// What an element is within the record at hand.
    fn element(&self, name: &str, attributes: &[(String, String)]) -> Element {
        let Some(record) = self.records.last() else {
            return Element::Member;
        };
        if let Some((Element::Words, _)) = record.elements.last() {
            return Element::Words;
        }
        let is_page = attributes
            .iter()
            .any(|(name, uri)| name == "xmlns" && uri == "http://www.w3.org/1999/xhtml");
        if is_page {
            return Element::Words;
        }
        let is_resource = self.plan.is_fhir && name.starts_with(|c: char| c.is_ascii_uppercase());
        match is_resource {
            true => Element::Resource,
            false => Element::Member,
        }
    }
}

impl Sink for Records {
    fn start(
        &mut self,
        full_name: &str,
        attributes: &[(String, String)],
        parts: &mut Parts<'_>,
    ) -> Result<(), Problem> {
        let name = local(full_name);
        let parent = self.places.last().copied().unwrap_or(ROOT);
        let place = self.plan.place(parent, full_name);
        self.places.push(place);
        let is_record = self.plan.is_record(place);
        if is_record || self.records.is_empty() {
            let kind = match is_record {
                true => Some(self.kind(name, parts)),
                false => None,
            };
            self.records.push(Record {
                object: Object::default(),
                elements: Vec::new(),
                kind,
                is_text: false,
            });
        }
        let element = self.element(name, attributes);
        let Some(record) = self.records.last_mut() else {
            return Ok(());
        };
        if record.is_text {
            parts.text.line();
        }
        match element {
            _ if record.is_text => {}
            // The outermost object has to be there in any case.
            Element::Member => record.object.begin(name),
            Element::Resource if record.elements.is_empty() => {
                record.object.begin(name);
                record.object.field("resourceType", name);
            }
            Element::Resource => record.object.field("resourceType", name),
            Element::Words if record.elements.is_empty() => record.object.begin(name),
            Element::Words => match record.elements.last() {
                Some((Element::Words, _)) => record.object.text(" "),
                _ => record.object.begin(name),
            },
        }
        let values = || attributes.iter().filter(|(name, _)| !is_namespace(name));
        let is_only = values().count() == 1;
        let is_nhs = values().any(|(name, value)| name == "root" && value == NHS_NUMBER_OID);
        for (key, value) in values() {
            if parts.takes_base64(value)? {
                continue;
            }
            let key = match local(key) {
                "extension" if is_nhs => "nhs_number",
                key => key,
            };
            if record.is_text {
                let key = format!("{name} {key}");
                parts.text.field(key.as_bytes(), value.as_bytes());
            } else if matches!(element, Element::Words) {
                for word in [" ", key, " ", value, " "] {
                    record.object.text(word);
                }
            } else {
                record.object.attribute(key, value, is_only);
            }
        }
        if record.is_text {
            parts.text.bytes.extend_from_slice(name.as_bytes());
            parts.text.bytes.extend_from_slice(b": ");
        }
        record.elements.push((element, name.to_owned()));
        self.check_size(parts)
    }

    fn text(&mut self, text: &str, parts: &mut Parts<'_>) -> Result<(), Problem> {
        if parts.takes_base64(text)? {
            return Ok(());
        }
        match self.records.last_mut() {
            Some(record) if !record.is_text => record.object.text(text),
            _ => parts.text.bytes.extend_from_slice(text.as_bytes()),
        }
        parts.flows.tend(&mut parts.text)?;
        self.check_size(parts)
    }

    fn end_element(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        self.places.pop();
        let Some(record) = self.records.last_mut() else {
            return Ok(());
        };
        let Some((element, name)) = record.elements.pop() else {
            return Ok(());
        };
        let is_outermost = record.elements.is_empty();
        if record.is_text {
            parts.text.line();
        } else {
            let is_inner = match element {
                Element::Member => false,
                Element::Resource => true,
                Element::Words => matches!(record.elements.last(), Some((Element::Words, _))),
            };
            match is_inner && !is_outermost {
                true => record.object.text(" "),
                false => record.object.end(&name),
            }
        }
        if !is_outermost {
            return Ok(());
        }
        let Some(record) = self.records.pop() else {
            return Ok(());
        };
        if record.object.len() == 0 {
            return Ok(());
        }
        match record.kind.and_then(|kind| self.kinds.get_mut(kind)) {
            Some((_, flow)) => {
                flow.bytes.extend_from_slice(&record.object.json);
                flow.bytes.push(b'\n');
                parts.flows.tend(flow)
            }
            None => {
                parts.text.line();
                parts.text.bytes.extend_from_slice(&record.object.json);
                parts.text.line();
                parts.flows.tend(&mut parts.text)
            }
        }
    }
}
