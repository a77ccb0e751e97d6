//! The second pass over the rows of a block: record by record, whether it is
//! about a person and under which key the person counts.

use std::collections::BTreeMap;

use super::TableShape;
use super::fhir::{self, Fhir, Resource};
use super::links::{self, MAX_LINKS};
use crate::inspect::census::{Census, Composite, Detail, Pending};
use crate::inspect::columns::{Judged, Mask, Roles};
use crate::inspect::content::Rows;
use crate::inspect::facts::Class;
use crate::inspect::identifier::{
    Key, Shape, TextScanner, birth_date, is_of_another, name_key, nhs_number, nino, postcode,
    tokens,
};

/// Marks a cell that is long enough to be read as text, beside its shapes.
pub(super) const TEXT: Mask = Mask(1 << 31);

const BLANK: Mask = Mask::of(Shape::Blank);
const NINO: Mask = Mask::of(Shape::Nino);
/// Parts of a name that are looked at.
const MAX_PARTS: usize = 8;

/// What a cell of a column is good for.
#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    /// Shapes, and [`TEXT`], for which the cell is looked at.
    looked: Mask,
    shaped: Mask,
    /// Look at every cell.
    busy: bool,
    always: bool,
    filled: bool,
    named: bool,
    use_as: Use,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Use {
    #[default]
    Nothing,
    NhsNumber,
    Perhaps,
    Name,
    NamePart(usize),
    BirthDate,
    Postcode,
    /// An id that links records, by its place among such columns.
    Link(usize),
    ResourceType,
    ResourceId,
    Reference,
}

/// Counts what the records of a block say of people.
pub(super) struct Records<'a> {
    pub census: &'a Census,
    pub scanner: &'a TextScanner,
    pub shape: &'a TableShape,
    pub fhir: Option<Fhir>,
    /// Records about people.
    pub personal: u64,
    /// Records beside these that are about people only by columns that the
    /// policy names.
    pub named: u64,
    /// Found in the text of long cells, by place of the column.
    pub found: BTreeMap<(u32, Class), u64>,
    unkeyed: u64,
    numbers: Vec<u64>,
    composites: Vec<Composite>,
    /// The names of columns with ids, hashed.
    links: Vec<u64>,
    /// Whether the name is the person's own, and not a doctor's.
    owned: bool,
    /// NHS numbers of records with an id, and the ids.
    linked: (Vec<u64>, Vec<u64>),
    linked_composites: Vec<(Composite, u64)>,
    pending: Vec<Pending>,
    name: Vec<u8>,
}

/// What is known of one record.
#[derive(Default)]
struct Record<'r> {
    evidence: bool,
    filled: bool,
    /// It has a value in a column that the policy names.
    named: bool,
    /// Of all its people; the first is the record's own.
    nhs: Vec<u64>,
    perhaps: Vec<u64>,
    ninos: Vec<[u8; 9]>,
    name: Option<&'r [u8]>,
    parts: [Option<&'r [u8]>; MAX_PARTS],
    birth: Option<&'r [u8]>,
    postcode: Option<&'r [u8]>,
    links: [Option<&'r [u8]>; MAX_LINKS],
    /// A column has several ids: they are not of one person.
    many_ids: bool,
    resource: Option<&'r [u8]>,
    id: Option<&'r [u8]>,
    patient: Option<&'r [u8]>,
    /// Somebody was counted from the text of a cell.
    by_text: bool,
    /// Columns whose text speaks of health.
    health: Vec<u32>,
}

impl Record<'_> {
    /// Forgets all of it for the next record, and keeps the room of the lists.
    fn clear(&mut self) {
        let Self {
            evidence,
            filled,
            named,
            nhs,
            perhaps,
            ninos,
            name,
            parts,
            birth,
            postcode,
            links,
            many_ids,
            resource,
            id,
            patient,
            by_text,
            health,
        } = self;
        for flag in [evidence, filled, named, many_ids, by_text] {
            *flag = false;
        }
        for value in [name, birth, postcode, resource, id, patient] {
            *value = None;
        }
        *parts = [None; MAX_PARTS];
        *links = [None; MAX_LINKS];
        nhs.clear();
        perhaps.clear();
        ninos.clear();
        health.clear();
    }
}

impl<'a> Records<'a> {
    pub(super) fn new(
        census: &'a Census,
        scanner: &'a TextScanner,
        shape: &'a TableShape,
        fhir: Option<Fhir>,
    ) -> Self {
        Self {
            census,
            scanner,
            shape,
            fhir,
            personal: 0,
            named: 0,
            found: BTreeMap::new(),
            unkeyed: 0,
            numbers: Vec::new(),
            composites: Vec::new(),
            links: Vec::new(),
            owned: false,
            linked: (Vec::new(), Vec::new()),
            linked_composites: Vec::new(),
            pending: Vec::new(),
            name: Vec::new(),
        }
    }

    /// Goes over all records; `masks` are the shapes of the cells, `seen` is
    /// what any of them has.
    pub(super) fn visit(
        &mut self,
        rows: &Rows<'_>,
        columns: &[Judged],
        masks: &[Mask],
        seen: Mask,
    ) {
        let mut plans = plan(rows, columns, self.fhir);
        if !plans
            .iter()
            .any(|plan| plan.busy || seen.intersects(plan.looked))
        {
            return;
        }
        if self.fhir.is_none() {
            self.find_links(rows, columns, &mut plans);
        }
        let mut start = 0;
        let mut record = Record::default();
        for &end in rows.ends {
            let end = super::index(end).min(rows.cells.len()).max(start);
            let cells = rows.cells[start..end].iter().zip(&masks[start..end]);
            for (&(column, cell), &mask) in cells {
                let Some(plan) = plans.get(super::index(column)) else {
                    continue;
                };
                record.filled |= !mask.intersects(BLANK);
                if plan.busy || mask.intersects(plan.looked) {
                    self.look(&mut record, *plan, (column, cell), mask);
                }
            }
            self.close(&mut record);
            start = end;
        }
        self.census.add_unkeyed(self.unkeyed);
        self.census.add_nhs_numbers(&self.numbers);
        self.census.add_composites(&self.composites);
        let (numbers, links) = &self.linked;
        self.census.add_linked_numbers(numbers, links);
        self.census.add_linked_composites(&self.linked_composites);
        // Mostly the same few people, one record after the other.
        self.pending.sort_unstable();
        self.pending.dedup();
        self.census.add_pending(&self.pending);
    }

    /// Ids are looked at only in tables that have to do with people.
    fn find_links(&mut self, rows: &Rows<'_>, columns: &[Judged], plans: &mut [Plan]) {
        self.owned = name_columns(rows, columns)
            .into_iter()
            .all(|at| !rows.columns[at].name.is_some_and(is_of_another));
        for (at, name) in links::columns(rows, columns, self.census) {
            let plan = &mut plans[at];
            // What may be NHS numbers is no id.
            if plan.use_as == Use::Nothing {
                plan.use_as = Use::Link(self.links.len());
                plan.busy = true;
                self.links.push(name);
            }
        }
    }

    fn look<'r>(
        &mut self,
        record: &mut Record<'r>,
        plan: Plan,
        (column, cell): (u32, &'r [u8]),
        mask: Mask,
    ) {
        record.evidence |= plan.always;
        if mask.intersects(BLANK) {
            return;
        }
        record.evidence |= plan.filled || mask.intersects(plan.shaped);
        record.named |= plan.named;
        if mask.intersects(NINO) {
            record.ninos.extend(nino(cell));
        }
        match plan.use_as {
            Use::NhsNumber if mask.has(Shape::NhsNumber) => record.nhs.extend(nhs_number(cell)),
            Use::NhsNumber if mask.intersects(Mask::VALID_TOKENS) => listed(cell, &mut record.nhs),
            Use::Perhaps if mask.has(Shape::NhsNumber) => record.perhaps.extend(nhs_number(cell)),
            Use::Perhaps if mask.intersects(Mask::VALID_TOKENS) => {
                listed(cell, &mut record.perhaps);
            }
            Use::Name => record.name = record.name.or(Some(cell)),
            Use::NamePart(part) => record.parts[part] = record.parts[part].or(Some(cell)),
            // Parsed only if the record has no better key.
            Use::BirthDate if mask.has(Shape::Date) => record.birth = record.birth.or(Some(cell)),
            Use::Postcode if mask.has(Shape::Postcode) => {
                record.postcode = record.postcode.or(Some(cell));
            }
            Use::Link(at) => {
                if let Some(id) = links::id(cell) {
                    record.many_ids |= record.links[at].is_some_and(|other| other != id);
                    record.links[at] = Some(id);
                }
            }
            Use::ResourceType => record.resource = record.resource.or(Some(cell)),
            Use::ResourceId => record.id = record.id.or(Some(cell)),
            Use::Reference => record.patient = record.patient.or_else(|| fhir::patient_id(cell)),
            Use::Nothing | Use::NhsNumber | Use::Perhaps | Use::BirthDate | Use::Postcode => {}
        }
        if mask.intersects(TEXT) {
            // What counts as a value of the column does not count again.
            let counted = plan.use_as == Use::NhsNumber && mask.intersects(Mask::VALID_TOKENS);
            self.read(record, column, cell, counted);
        }
    }

    /// Reads a long cell as text.
    fn read(&mut self, record: &mut Record<'_>, column: u32, cell: &[u8], counted: bool) {
        let census = self.census;
        let found = &mut self.found;
        self.scanner
            .scan(cell, &|key| census.hash(key), &mut |hit| {
                match hit.key {
                    Key::None => {}
                    Key::NhsNumber(number) => {
                        census.add_nhs_numbers(&[number]);
                        record.by_text = true;
                    }
                    Key::Nino(nino) => {
                        census.add_nino(nino);
                        record.by_text = true;
                    }
                    Key::Hash(hash) => census.add_contact(hash),
                }
                if hit.class == Class::Health {
                    record.health.push(column);
                } else if !(counted && hit.class == Class::NhsNumber) {
                    *found.entry((column, hit.class)).or_default() += 1;
                }
            });
    }

    /// Counts the record and clears it for the next.
    fn close(&mut self, record: &mut Record<'_>) {
        let evidence = record.evidence && record.filled;
        let personal = match record.resource.map(fhir::resource) {
            Some(Resource::Patient) => true,
            Some(Resource::Clinical) => {
                self.found_health();
                true
            }
            Some(Resource::Impersonal) => record.patient.is_some(),
            Some(Resource::Other) => evidence || record.patient.is_some(),
            None => evidence,
        };
        if personal || record.named {
            self.count(record);
        } else {
            self.census.add_perhaps(&record.perhaps);
        }
        let is_personal = personal || record.by_text;
        if is_personal || record.named {
            self.personal += u64::from(is_personal);
            self.named += u64::from(!is_personal);
            for &column in &record.health {
                *self.found.entry((column, Class::Health)).or_default() += 1;
            }
        }
        record.clear();
    }

    fn found_health(&mut self) {
        if let Some(fhir) = self.fhir {
            let key = (fhir.resource_type, Class::Health);
            *self.found.entry(key).or_default() += 1;
        }
    }

    /// In the first family for which the record has a complete key.
    fn count(&mut self, record: &Record<'_>) {
        let is_patient = record.resource == Some(b"Patient");
        let patient = if is_patient {
            record.id
        } else {
            record.patient
        };
        // More of these than of the better key: each is somebody, too.
        if record.ninos.len() > record.nhs.len().max(1) {
            for &nino in &record.ninos {
                self.census.add_nino(nino);
            }
        }
        let link = self.link(record);
        if let [number, others @ ..] = record.nhs.as_slice() {
            match (patient, link) {
                (Some(id), _) if is_patient => self.census.add_linked_patient(id, *number),
                // Of several numbers it is not known whose the id is.
                (_, Some((link, _))) if others.is_empty() => {
                    self.linked.0.push(*number);
                    self.linked.1.push(link);
                }
                _ => self.numbers.push(*number),
            }
            self.numbers.extend_from_slice(others);
        } else if let Some(id) = patient {
            self.census.add_patient(id);
        } else if !record.perhaps.is_empty() {
            self.census.add_perhaps(&record.perhaps);
        } else if let [nino, others @ ..] = record.ninos.as_slice() {
            match link {
                Some((link, _)) if others.is_empty() => self.census.add_linked_nino(*nino, link),
                _ => self.census.add_nino(*nino),
            }
        } else if let Some(composite) = self.composite(record) {
            match link {
                Some((link, _)) => self.linked_composites.push((composite, link)),
                None => self.composites.push(composite),
            }
        } else if !record.by_text {
            match link {
                Some((link, id)) => {
                    let detail = self.detail(record, id);
                    self.pending.push(Pending { link, detail });
                }
                None => self.unkeyed += 1,
            }
        }
    }

    /// The best id of a record, hashed with the name of its column, and as it
    /// stands there.
    fn link<'r>(&self, record: &Record<'r>) -> Option<(u64, &'r [u8])> {
        if record.many_ids {
            return None;
        }
        let ids = self.links.iter().zip(&record.links);
        let (name, id) = ids.filter_map(|(name, id)| Some((name, (*id)?))).next()?;
        Some((self.census.hash(id) ^ name.rotate_left(31), id))
    }

    /// What tells a record from others with the same id: all that it says of
    /// the person, or where it stands.
    fn detail(&mut self, record: &Record<'_>, id: &[u8]) -> Detail {
        let birth = record.birth.and_then(birth_date);
        self.name.clear();
        if self.owned {
            self.name_of(record);
        }
        if birth.is_none() && self.name.is_empty() {
            return Detail::Scope(if links::is_unique(id) {
                0
            } else {
                self.shape.scope(self.census)
            });
        }
        let birth = birth.map_or(0, |birth| self.census.hash(&birth.to_le_bytes()));
        Detail::Person(self.census.hash(&self.name) ^ birth.rotate_left(21))
    }

    fn composite(&mut self, record: &Record<'_>) -> Option<Composite> {
        let (birth, postcode) = (birth_date(record.birth?)?, postcode(record.postcode?)?);
        self.name_of(record);
        (!self.name.is_empty()).then(|| Composite {
            name: self.census.hash(&self.name),
            date: self.census.hash(&birth.to_le_bytes()),
            postcode: self.census.hash(&postcode),
        })
    }

    /// Puts the one form of the record's name into `self.name`.
    fn name_of(&mut self, record: &Record<'_>) {
        let mut parts: [&[u8]; MAX_PARTS] = [b""; MAX_PARTS];
        let mut count = 0;
        for part in record
            .parts
            .iter()
            .flatten()
            .chain(&record.name)
            .take(MAX_PARTS)
        {
            parts[count] = part;
            count += 1;
        }
        name_key(&parts[..count], &mut self.name);
    }
}

/// The valid NHS numbers among others in a cell.
fn listed(cell: &[u8], numbers: &mut Vec<u64>) {
    tokens(cell, &mut |token| {
        numbers.extend(token.valid.then_some(token.value));
    });
}

/// What each column is used for. Of several names the first counts: others
/// are of a doctor, or next of kin.
fn plan(rows: &Rows<'_>, columns: &[Judged], fhir: Option<Fhir>) -> Vec<Plan> {
    let mut plans: Vec<Plan> = columns
        .iter()
        .map(|column| Plan {
            looked: column.shaped.union(TEXT),
            shaped: column.shaped,
            busy: column.always || column.filled || column.named,
            always: column.always,
            filled: column.filled,
            named: column.named,
            use_as: use_of(column),
        })
        .collect();
    for (at, part) in name_columns(rows, columns).into_iter().enumerate() {
        plans[part].use_as = if columns[part].roles.intersects(Roles::NAME_PART) {
            Use::NamePart(at)
        } else {
            Use::Name
        };
    }
    if let Some(fhir) = fhir {
        let uses = [
            (Some(fhir.resource_type), Use::ResourceType),
            (fhir.id, Use::ResourceId),
            (fhir.references[0], Use::Reference),
            (fhir.references[1], Use::Reference),
        ];
        for (place, use_as) in uses {
            if let Some(plan) = place.and_then(|at| plans.get_mut(super::index(at))) {
                plan.use_as = use_as;
            }
        }
    }
    for plan in &mut plans {
        plan.busy |= plan.use_as != Use::Nothing;
    }
    plans
}

fn use_of(column: &Judged) -> Use {
    let roles = column.roles;
    if roles.has(Class::NhsNumber) || column.pooled {
        Use::NhsNumber
    } else if column.perhaps {
        Use::Perhaps
    } else if roles.has(Class::BirthDate) {
        Use::BirthDate
    } else if roles.has(Class::Postcode) {
        Use::Postcode
    } else {
        Use::Nothing
    }
}

/// The columns of one person's name: two parts or more below the same path,
/// else the first whole name, else a part.
fn name_columns(rows: &Rows<'_>, columns: &[Judged]) -> Vec<usize> {
    let path = |at: usize| {
        let name = rows.columns[at].name.unwrap_or_default();
        let dot = name.iter().rposition(|&byte| byte == b'.');
        dot.map_or(&b""[..], |dot| &name[..dot])
    };
    let with = |roles: Roles| {
        columns
            .iter()
            .enumerate()
            .filter(move |(_, column)| column.roles.intersects(roles))
            .map(|(at, _)| at)
    };
    let Some(first) = with(Roles::NAME_PART).next() else {
        return with(Roles::is(Class::Name)).take(1).collect();
    };
    let parts: Vec<usize> = with(Roles::NAME_PART)
        .filter(|&at| path(at) == path(first))
        .take(MAX_PARTS)
        .collect();
    match with(Roles::is(Class::Name)).next() {
        Some(whole) if parts.len() == 1 => vec![whole],
        _ => parts,
    }
}
