//! The outline of a document: which elements there are, how often, with what
//! in them; and from it, which of them are records.

use std::collections::{HashMap, HashSet};

use super::events::Listener;
use super::{is_namespace, local};
use crate::problem::Problem;

/// Places that are told apart: elements by their names and those around them.
const MAX_PLACES: usize = 8192;
/// From so many on, an element that repeats is a record whatever is in it.
const MANY: u64 = 10;
/// Fewer are records only if they are most of the document.
const FEW: u64 = 5;

/// A place that stands for the document itself.
pub(super) const ROOT: u32 = 0;
/// The place of whatever is beyond [`MAX_PLACES`].
const BEYOND: u32 = 1;

#[derive(Default)]
struct Place {
    parent: u32,
    name: Box<str>,
    count: u64,
    /// Elements and attributes in all of them.
    fields: u64,
    bytes: u64,
    children: Vec<u32>,
    is_mixed: bool,
}

struct Open {
    place: u32,
    at: u64,
    has_children: bool,
    text: u64,
}

/// Draws the outline.
pub(super) struct Survey {
    places: Vec<Place>,
    known: HashMap<(u32, Box<str>), u32>,
    open: Vec<Open>,
    /// Bytes of text beside elements, and of all other text and values.
    mixed: u64,
    plain: u64,
    is_fhir: bool,
    is_drawing: bool,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            places: vec![Place::default(), Place::default()],
            known: HashMap::new(),
            open: Vec::new(),
            mixed: 0,
            plain: 0,
            is_fhir: false,
            is_drawing: false,
        }
    }
}

/// How a document is to be read.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) is_prose: bool,
    pub(super) is_fhir: bool,
    /// SVG: most attributes are of its look.
    pub(super) is_drawing: bool,
    /// Elements that have text beside elements.
    pub(super) mixed: HashSet<Box<str>>,
    records: HashSet<u32>,
    known: HashMap<(u32, Box<str>), u32>,
}

impl Plan {
    /// The place of an element in another place.
    pub(super) fn place(&self, parent: u32, name: &str) -> u32 {
        // A key that is borrowed would need a type of its own.
        let key = (parent, Box::from(name));
        self.known.get(&key).copied().unwrap_or(BEYOND)
    }

    pub(super) fn is_record(&self, place: u32) -> bool {
        self.records.contains(&place)
    }
}

impl Survey {
    fn place(&mut self, parent: u32, name: &str) -> u32 {
        let key = (parent, Box::from(name));
        if let Some(&place) = self.known.get(&key) {
            return place;
        }
        if parent == BEYOND || self.places.len() >= MAX_PLACES {
            return BEYOND;
        }
        let Ok(place) = u32::try_from(self.places.len()) else {
            return BEYOND;
        };
        self.places.push(Place {
            parent,
            name: name.into(),
            ..Place::default()
        });
        if let Some(parent) = self.get(parent) {
            parent.children.push(place);
        }
        self.known.insert(key, place);
        place
    }

    fn get(&mut self, place: u32) -> Option<&mut Place> {
        self.places.get_mut(usize::try_from(place).ok()?)
    }

    fn look(&self, place: u32) -> Option<&Place> {
        self.places.get(usize::try_from(place).ok()?)
    }

    pub(super) fn plan(self) -> Plan {
        let mut records = Vec::new();
        let mut rest = vec![ROOT];
        let mut whole = 0;
        // Below what occurs once, whatever repeats.
        while let Some(parent) = rest.pop() {
            let children = self.look(parent).map_or(&[][..], |place| &place.children);
            for &child in children {
                let Some(place) = self.look(child) else {
                    continue;
                };
                whole = whole.max(place.bytes);
                if place.count == 1 {
                    rest.push(child);
                } else if place.count >= MANY || place.is_complex() {
                    records.push(child);
                }
            }
        }
        if self.is_fhir {
            records.retain(|&record| {
                self.look(record).is_some_and(|place| {
                    let bundle = self.look(place.parent);
                    local(&place.name) == "entry"
                        && bundle.is_some_and(|bundle| local(&bundle.name) == "Bundle")
                })
            });
        } else {
            let sum = |what: fn(&Place) -> u64| {
                let places = records.iter().filter_map(|&record| self.look(record));
                places.map(what).fold(0, u64::saturating_add)
            };
            let (count, bytes) = (sum(|place| place.count), sum(|place| place.bytes));
            if count < FEW && bytes.saturating_mul(2) < whole {
                records.clear();
            }
            // People within records are records of their own.
            let people: Vec<u32> = (0..)
                .zip(&self.places)
                .filter(|(_, place)| {
                    let parent = self.look(place.parent).map_or(0, |parent| parent.count);
                    is_person(&place.name) && place.is_complex() && place.count >= 2 * parent.max(1)
                })
                .map(|(number, _)| number)
                .collect();
            records.extend(people);
        }
        let total = self.mixed.saturating_add(self.plain);
        let is_mixed = self.mixed.saturating_mul(5) > total;
        let mixed = self.places.iter().filter(|place| place.is_mixed);
        Plan {
            is_prose: self.is_drawing || (is_mixed && !self.is_fhir),
            is_fhir: self.is_fhir,
            is_drawing: self.is_drawing,
            mixed: mixed.map(|place| place.name.clone()).collect(),
            records: records.into_iter().collect(),
            known: self.known,
        }
    }
}

impl Place {
    /// Whether it is more than a value.
    fn is_complex(&self) -> bool {
        self.fields >= self.count.saturating_mul(2)
    }
}

/// Whether an element's name is that of somebody.
fn is_person(name: &str) -> bool {
    const PEOPLE: &[&str] = &[
        "patient",
        "person",
        "client",
        "customer",
        "employee",
        "member",
        "resident",
        "staff",
        "student",
        "pupil",
        "subject",
        "user",
        "contact",
        "individual",
        "citizen",
        "donor",
    ];
    let name = local(name).to_ascii_lowercase();
    PEOPLE.iter().any(|person| name.starts_with(person))
}

impl Listener for Survey {
    fn start(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        at: u64,
    ) -> Result<(), Problem> {
        let parent = self.open.last().map_or(ROOT, |open| open.place);
        if self.open.is_empty() {
            let namespace = attributes.iter().filter(|(name, _)| is_namespace(name));
            self.is_fhir |= namespace
                .clone()
                .any(|(_, uri)| uri == "http://hl7.org/fhir");
            self.is_drawing |= local(name) == "svg";
        }
        if let Some(open) = self.open.last_mut() {
            open.has_children = true;
        }
        let place = self.place(parent, name);
        let values = attributes.iter().filter(|(name, _)| !is_namespace(name));
        let (mut fields, mut bytes) = (0, 0);
        for (_, value) in values {
            fields += 1;
            bytes += value.len() as u64;
        }
        self.plain = self.plain.saturating_add(bytes);
        if let Some(place) = self.get(place) {
            place.count += 1;
            place.fields += fields;
        }
        if let Some(parent) = self.get(parent) {
            parent.fields += 1;
        }
        self.open.push(Open {
            place,
            at,
            has_children: false,
            text: 0,
        });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Problem> {
        if let Some(open) = self.open.last_mut() {
            open.text += text.trim().len() as u64;
        }
        Ok(())
    }

    fn end(&mut self, at: u64) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let is_mixed = open.has_children && open.text > 0;
        match is_mixed {
            true => self.mixed = self.mixed.saturating_add(open.text),
            false => self.plain = self.plain.saturating_add(open.text),
        }
        if let Some(place) = self.get(open.place) {
            place.bytes = place.bytes.saturating_add(at.saturating_sub(open.at));
            place.is_mixed |= is_mixed;
        }
        Ok(())
    }

    fn beside(&mut self, _: &str) -> Result<(), Problem> {
        Ok(())
    }
}
