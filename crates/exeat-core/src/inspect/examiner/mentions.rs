//! Whom a text mentions without a number that tells people apart: names and
//! dates of birth behind labels, in fields and in lists, and what stands
//! beside them.
//!
//! Lines between blank ones, or from one label to its next occurrence, are a
//! passage. A name and a date of birth of one passage are of one person: of so
//! many names and dates, as many as there are of the more frequent are counted,
//! each by a hash of both. So the people of a text are at least as many as the
//! different names, and as the different dates, that stand in it.

use std::collections::{HashMap, HashSet};

use crate::inspect::census::Census;
use crate::inspect::facts::Class;
use crate::inspect::identifier::{Hit, Key, birth_date, line, name_key};

/// So many lines with something like a name are a list.
const LISTED: usize = 10;
/// So many with a date beside it are one, too.
const DATED: usize = 5;
/// Fewer known forenames prove nothing.
const KNOWN: usize = 3;
/// Labelled lines of a passage that are kept.
const MAX_LABELLED: usize = 64;

pub(super) const UNREAD: &str = "a list of names or dates that could not be read";

/// What was mentioned.
#[derive(Debug, Default)]
pub(super) struct Mentioned {
    /// Records about people that the text consists of.
    pub(super) records: u64,
    /// Whether anything identifies anybody.
    pub(super) somebody: bool,
    /// What the lines hold that words alone do not tell.
    pub(super) found: HashMap<Class, u64>,
    /// Whether there is a list of what may be names or may be not.
    pub(super) unread: bool,
}

/// Looks at the lines of a text in which the hits were found, and counts whom
/// they mention. A scrap may be a few rows torn from a table: a name in each is
/// taken for one.
pub(super) fn count(text: &[u8], mut hits: Vec<Hit>, census: &Census, is_scrap: bool) -> Mentioned {
    hits.sort_by_key(|hit| hit.at.start);
    let mut reader = Reader {
        text,
        census,
        labels: HashMap::new(),
        passage: Passage::default(),
        mentioned: Mentioned::default(),
        dated: Vec::new(),
        listed: HashMap::new(),
        listing: 0,
        lines: 0,
        key: Vec::new(),
    };
    let mut hits = hits.as_slice();
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let end = memchr::memchr2(b'\n', b'\r', rest).map_or(text.len(), |at| start + at);
        let own = hits.partition_point(|hit| hit.at.start < end);
        let (now, later) = hits.split_at(own);
        hits = later;
        reader.line(text.get(start..end).unwrap_or_default(), now);
        start = end + 1;
        // A line end of two bytes.
        if text.get(end) == Some(&b'\r') && text.get(start) == Some(&b'\n') {
            start += 1;
        }
    }
    reader.finish(is_scrap)
}

struct Reader<'a> {
    text: &'a [u8],
    census: &'a Census,
    /// What the labels say that were seen.
    labels: HashMap<&'a [u8], Option<line::Label>>,
    passage: Passage<'a>,
    mentioned: Mentioned,
    /// Names with dates in the same line.
    dated: Vec<Dated>,
    /// Names in fields, each once, and whether a forename is known.
    listed: HashMap<u64, bool>,
    /// Lines with such names, and lines that are not blank.
    listing: usize,
    lines: usize,
    key: Vec<u8>,
}

/// A name with a date beside it.
struct Dated {
    name: u64,
    /// As digits of year, month and day.
    day: u32,
    /// A forename is known.
    known: bool,
}

/// Lines that belong together.
#[derive(Default)]
struct Passage<'a> {
    labels: Vec<&'a [u8]>,
    names: Vec<u64>,
    births: Vec<u64>,
    emails: Vec<u64>,
    phones: Vec<u64>,
    /// People with an NHS or NI number.
    keyed: usize,
    /// Names behind `name`, which may be of anything.
    any_names: Vec<(u64, bool)>,
    /// Parts of one name.
    parts: Vec<&'a [u8]>,
    /// Labelled values that count if they are anybody's.
    others: Vec<line::Labelled<'a>>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a [u8], hits: &[Hit]) {
        let item = line::item(line);
        if item.is_empty() {
            return self.close();
        }
        self.lines += 1;
        if starts_record(line) {
            self.close();
        }
        match line::labelled(item) {
            Some(found) => self.labelled(found, hits),
            None => {
                self.fields(item, hits);
                self.passage_hits(hits);
            }
        }
    }

    fn labelled(&mut self, found: line::Labelled<'a>, hits: &[Hit]) {
        let known = |label: &&[u8]| label.eq_ignore_ascii_case(found.label);
        if self.passage.labels.iter().any(known) {
            self.close();
        }
        if self.passage.labels.len() < MAX_LABELLED {
            self.passage.labels.push(found.label);
        }
        // `Re: Agnes Ashbury, born …`
        let mut head = None;
        line::fields(found.value, &mut |field| {
            head.get_or_insert(field);
        });
        let person = line::person(found.value).or_else(|| line::person(head?));
        let told = hits.iter().any(|hit| hit.class == Class::Name);
        match person {
            Some(person) => match self.label(found.label) {
                Some(line::Label::Name) => {
                    let name = self.name(&[person.name]);
                    self.passage.names.push(name);
                    self.found(Class::Name, u64::from(!told));
                }
                Some(line::Label::AnyName) => {
                    let name = self.name(&[person.name]);
                    self.passage.any_names.push((name, person.known));
                }
                Some(line::Label::NamePart) => self.passage.parts.push(person.name),
                _ => self.other(found, hits),
            },
            None => match line::day(found.value) {
                Some(day) if self.label(found.label) == Some(line::Label::BirthDate) => {
                    let day = self.census.hash(&day.to_le_bytes());
                    self.passage.births.push(day);
                    let told = hits.iter().any(|hit| hit.class == Class::BirthDate);
                    self.found(Class::BirthDate, u64::from(!told));
                }
                _ => self.other(found, hits),
            },
        }
        // What its label names already was not overlooked by the words.
        let named = person.is_some() || line::day(found.value).is_some();
        let label = named.then(|| self.label(found.label)).flatten();
        let is_new = |hit: &&Hit| match hit.class {
            Class::Name => !matches!(
                label,
                Some(line::Label::Name | line::Label::AnyName | line::Label::NamePart)
            ),
            Class::BirthDate => label != Some(line::Label::BirthDate),
            _ => true,
        };
        let new: Vec<Hit> = hits.iter().filter(is_new).cloned().collect();
        self.passage_hits(&new);
    }

    fn other(&mut self, found: line::Labelled<'a>, hits: &[Hit]) {
        let told = hits.iter().any(|hit| hit.class == Class::Health);
        let is_kept = !told && !found.value.is_empty();
        if is_kept && self.passage.others.len() < MAX_LABELLED {
            self.passage.others.push(found);
        }
    }

    fn label(&mut self, label: &'a [u8]) -> Option<line::Label> {
        *self
            .labels
            .entry(label)
            .or_insert_with(|| line::label(label))
    }

    /// What words and numbers of the lines told.
    fn passage_hits(&mut self, hits: &[Hit]) {
        for hit in hits {
            let value = self.text.get(hit.at.clone()).unwrap_or_default();
            match (hit.class, hit.key) {
                (_, Key::NhsNumber(_) | Key::Nino(_)) => self.passage.keyed += 1,
                (Class::Email, Key::Hash(hash)) => self.passage.emails.push(hash),
                (_, Key::Hash(hash)) => self.passage.phones.push(hash),
                (Class::Name, Key::None) => {
                    let name = self.name(&[value]);
                    self.passage.names.push(name);
                }
                (Class::BirthDate, Key::None) => {
                    let hash = match birth_date(value) {
                        Some(day) => self.census.hash(&day.to_le_bytes()),
                        None => self.census.hash(value),
                    };
                    self.passage.births.push(hash);
                }
                (_, Key::None) => {}
            }
        }
    }

    /// A line that may be one of a list.
    fn fields(&mut self, item: &'a [u8], hits: &[Hit]) {
        let has = |class: Class| hits.iter().any(|hit| hit.class == class);
        // Most lines of a program have no two capitals.
        if has(Class::Name) || !line::may_name(item) {
            return;
        }
        let (mut people, mut days) = (Vec::new(), Vec::new());
        let mut look = |field: &'a [u8]| {
            if let Some(person) = line::person(field) {
                people.push(person);
            } else if let Some(day) = line::day(field) {
                days.push(day);
            }
        };
        // `ASHBURY, Agnes` has a comma of its own.
        match line::person(item) {
            Some(_) => look(item),
            None => line::fields(item, &mut look),
        }
        if people.is_empty()
            && let Some((person, day)) = line::person_and_day(item)
        {
            people.push(person);
            days.push(day);
        }
        if has(Class::BirthDate) {
            // Whose the date is.
            for person in people {
                let name = self.name(&[person.name]);
                self.passage.names.push(name);
                self.found(Class::Name, 1);
            }
            return;
        }
        self.listing += usize::from(!people.is_empty());
        for (at, person) in people.iter().enumerate() {
            let name = self.name(&[person.name]);
            match days.get(at).or(days.first()) {
                Some(&day) => self.dated.push(Dated {
                    name,
                    day,
                    known: person.known,
                }),
                None => {
                    self.listed.insert(name, person.known);
                }
            }
        }
    }

    /// Counts whom the passage mentions.
    fn close(&mut self) {
        if self.passage.labels.is_empty() && self.passage.is_empty() {
            return;
        }
        let mut passage = std::mem::take(&mut self.passage);
        let tells = !(passage.names.is_empty()
            && passage.births.is_empty()
            && passage.emails.is_empty()
            && passage.phones.is_empty()
            && passage.keyed == 0);
        if passage.parts.is_empty() {
            let parts = passage
                .others
                .iter()
                .filter(|other| line::may_be_part(other.label) && line::is_name_part(other.value));
            for part in parts {
                if self.label(part.label) == Some(line::Label::NamePart) {
                    passage.parts.push(part.value);
                }
            }
        }
        let mut special = HashMap::new();
        if tells || !passage.any_names.is_empty() || !passage.parts.is_empty() {
            for other in &passage.others {
                match self.label(other.label) {
                    Some(line::Label::Special(class)) if says_something(other.value) => {
                        *special.entry(class).or_insert(0) += 1;
                    }
                    _ => {}
                }
            }
        }
        let tells = tells || !special.is_empty();
        for (name, known) in std::mem::take(&mut passage.any_names) {
            if known || tells {
                passage.names.push(name);
                self.found(Class::Name, 1);
            }
        }
        if !passage.parts.is_empty() && (tells || passage.parts.len() > 1) {
            let name = self.name(&passage.parts);
            passage.names.push(name);
            self.found(Class::Name, 1);
        }
        let somebody = self.count(&passage);
        if somebody {
            self.mentioned.somebody = true;
            // An address among labels, as packages have it, is no record of one.
            let named = !(passage.names.is_empty() && passage.births.is_empty());
            self.mentioned.records += u64::from(named && passage.labels.len() > 1);
            for (class, count) in special {
                self.found(class, count);
            }
        }
    }

    /// Adds the people of a passage to the census; whether there is anybody.
    fn count(&mut self, passage: &Passage<'_>) -> bool {
        let [names, births, emails, phones] = [
            &passage.names,
            &passage.births,
            &passage.emails,
            &passage.phones,
        ]
        .map(|values| different(values));
        let people = names.len().max(births.len());
        // A record of one person, whose contacts these are.
        let is_one = passage.labels.len() > 1 && people == 1 && passage.keyed == 0;
        let is_one = is_one && emails.len() <= 1 && phones.len() <= 1;
        if is_one {
            let all = [&names, &births, &emails, &phones].map(|values| values.first().copied());
            let hashes = all.map(Option::unwrap_or_default);
            self.census.add_mention(mix(&hashes));
        } else {
            for at in passage.keyed..people {
                let hash = |values: &[u64]| values.get(at).copied().unwrap_or_default();
                self.census.add_mention(mix(&[hash(&names), hash(&births)]));
            }
            for &contact in emails.iter().chain(&phones) {
                self.census.add_contact(contact);
            }
        }
        people + passage.keyed + emails.len() + phones.len() > 0
    }

    fn finish(mut self, is_scrap: bool) -> Mentioned {
        self.close();
        let known = |people: &[(u64, bool)]| people.iter().filter(|(_, known)| *known).count();
        let dated = std::mem::take(&mut self.dated);
        if is_journal(&dated) {
            let names = dated.iter().map(|one| (one.name, one.known));
            self.listed.extend(names);
        } else if dated.len() >= DATED || dated.iter().any(|one| one.known) {
            let person = |one: &Dated| {
                let day = self.census.hash(&one.day.to_le_bytes());
                (one.name ^ day.rotate_left(21), one.known)
            };
            let people: Vec<_> = dated.iter().map(person).collect();
            self.add_list(&people, Class::BirthDate);
        }
        let listed: Vec<(u64, bool)> = std::mem::take(&mut self.listed).into_iter().collect();
        let proven = known(&listed);
        let is_torn = is_scrap && self.listing == self.lines;
        let is_list = self.listing * 10 >= self.lines * 6;
        let is_of_people = proven >= KNOWN && (is_list || proven * 5 >= listed.len());
        if is_torn || is_of_people {
            self.add_list(&listed, Class::Name);
        } else if proven >= KNOWN {
            let people: Vec<_> = listed.into_iter().filter(|(_, known)| *known).collect();
            self.add_list(&people, Class::Name);
        } else if listed.len() >= LISTED && is_list {
            self.mentioned.unread = true;
        }
        self.mentioned
    }

    fn add_list(&mut self, people: &[(u64, bool)], class: Class) {
        let number = u64::try_from(people.len()).unwrap_or(u64::MAX);
        for &(hash, _) in people {
            self.census.add_mention(hash);
        }
        self.found(Class::Name, number);
        if class != Class::Name {
            self.found(class, number);
        }
        self.mentioned.somebody |= number > 0;
        self.mentioned.records += number;
    }

    fn found(&mut self, class: Class, count: u64) {
        if count > 0 {
            *self.mentioned.found.entry(class).or_default() += count;
        }
    }

    fn name(&mut self, parts: &[&[u8]]) -> u64 {
        name_key(parts, &mut self.key);
        self.census.hash(&self.key)
    }
}

impl Passage<'_> {
    fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.births.is_empty()
            && self.emails.is_empty()
            && self.phones.is_empty()
            && self.keyed == 0
    }
}

/// Whether names and dates tell who did something when, as the history of a
/// program does: in order of time, none before there were such files, and the
/// same few people on many days. Nobody is born twice.
fn is_journal(dated: &[Dated]) -> bool {
    const LINES: usize = 10;
    const FIRST_DAY: u32 = 19_700_101;
    let names: HashSet<u64> = dated.iter().map(|one| one.name).collect();
    let pairs: HashSet<(u64, u32)> = dated.iter().map(|one| (one.name, one.day)).collect();
    // Here and there an entry was added later.
    let ordered = |is_next: fn(u32, u32) -> bool| {
        let steps = dated.windows(2);
        let good = steps.filter(|pair| is_next(pair[0].day, pair[1].day));
        good.count() * 20 >= (dated.len() - 1) * 19
    };
    dated.len() >= LINES
        && pairs.len() >= names.len() * 2
        && dated.iter().all(|one| one.day >= FIRST_DAY)
        && (ordered(|one, next| one >= next) || ordered(|one, next| one <= next))
}

/// Whether a record begins with this line, whatever came before: an item with
/// a label, a section, a card.
fn starts_record(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_item = matches!(line, [b'-', b' ', ..]) && memchr::memchr(b':', line).is_some();
    let is_rule = line.len() > 2 && line.iter().all(|byte| b"-=_*".contains(byte));
    is_item || is_rule || matches!(line, [b'[' | b'{', ..]) || line.starts_with(b"BEGIN:")
}

/// Whether a value is more than what programs write for its kind.
fn says_something(value: &[u8]) -> bool {
    const NOTHING: [&[u8]; 10] = [
        b"true", b"false", b"null", b"none", b"nil", b"n/a", b"string", b"bool", b"object",
        b"integer",
    ];
    value.len() <= 200
        && value.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || *byte >= 0x80 || b" .,-/()'+%".contains(byte)
        })
        && !NOTHING
            .iter()
            .any(|nothing| nothing.eq_ignore_ascii_case(value))
}

/// In the order in which they were first seen.
fn different(values: &[u64]) -> Vec<u64> {
    let mut seen = HashSet::new();
    values
        .iter()
        .copied()
        .filter(|value| seen.insert(*value))
        .collect()
}

/// One hash of several keyed ones, of which none undoes another.
fn mix(hashes: &[u64]) -> u64 {
    hashes
        .iter()
        .fold(0, |mixed: u64, hash| mixed.rotate_left(21) ^ hash)
}
