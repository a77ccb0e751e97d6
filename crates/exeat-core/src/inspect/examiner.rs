//! Looks at the rows and the text of one block of content: what comes from
//! parsing goes through here into the census (who) and a tally (what, where).
//!
//! Rows are passed over twice: once to take the shape of every cell, on which
//! the columns are judged; then, where the table has anything to do with
//! people, record by record.

mod aggregate;
mod crowd;
mod fhir;
mod fixed;
mod label;
mod links;
mod mentions;
mod named;
mod pool;
mod recent;
mod records;
mod sideways;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};

use super::census::Census;
use super::columns::{Judged, Mask, Roles, Signs, Stats, Subject, Table, Verdict, judge};
use super::content::{Column, Rows, Visitor};
use super::facts::Class;
use super::identifier::{Hit, Key, Role, TextScanner, role};
use super::named::{NamedAs, NamedColumns};
use super::swar;
use super::tally::Tally;
use aggregate::is_aggregate;
use fhir::Fhir;
use label::label;
use pool::TextPool;
use recent::Recent;
use records::{Records, TEXT};
use sideways::Sideways;

/// How many columns a file's first block teaches about.
const MAX_LEARNED: usize = 65_536;
/// Cells longer than this are read as text, too.
const LONG: usize = 40;
/// How many cells are looked at column by column: they and their text stay in
/// a core's own caches.
const TILE: usize = 2_048;
/// Shorter ones are when they have no shape and at least three words.
const WORDY: usize = 16;
/// Cells longer than this may hold a ten-digit number and more.
const TEN_DIGITS: usize = 10;

/// What the first block of a file taught about its columns; later blocks are
/// judged with it. Whoever hands out the blocks lets the first be examined and
/// finished before the others, so results do not depend on threads.
#[derive(Debug, Default)]
pub(crate) struct TableShape {
    learned: OnceLock<HashMap<u64, Roles>>,
    /// What the ids of the file mean something within.
    scope: Scope,
}

/// What ids mean something within: a file, with all tables in it.
pub(crate) type Scope = Arc<OnceLock<u64>>;

impl TableShape {
    /// Of one of several tables of a file.
    pub(crate) fn within(scope: Scope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    fn scope(&self, census: &Census) -> u64 {
        *self.scope.get_or_init(|| census.new_scope())
    }
}

/// The visitor of one block.
pub(crate) struct Examiner<'a> {
    census: &'a Census,
    scanner: &'a TextScanner,
    shape: &'a TableShape,
    /// Columns that the policy names.
    columns: Option<&'a NamedColumns>,
    tally: Tally,
    /// What columns hold by their being named. Apart until the end: what else
    /// is looked for must not depend on it.
    named: Tally,
    /// What this block teaches, if it is the first.
    taught: HashMap<u64, Roles>,
    recent: Recent,
    masks: Vec<Mask>,
    /// What any of them has.
    seen: Mask,
    stats: Vec<Stats>,
}

impl<'a> Examiner<'a> {
    pub(crate) fn new(census: &'a Census, scanner: &'a TextScanner, shape: &'a TableShape) -> Self {
        Self {
            census,
            scanner,
            shape,
            columns: None,
            tally: Tally::default(),
            named: Tally::default(),
            taught: HashMap::new(),
            recent: Recent::new(),
            masks: Vec::new(),
            seen: Mask::NONE,
            stats: Vec::new(),
        }
    }

    /// The same with columns that the policy names.
    pub(crate) fn naming(self, columns: &'a NamedColumns) -> Self {
        Self {
            columns: Some(columns).filter(|columns| !columns.is_empty()),
            ..self
        }
    }

    /// The counts of the block; who was seen is in the census already.
    pub(crate) fn finish(mut self) -> Tally {
        // Set by the first block of a file, and by it alone.
        let _ = self.shape.learned.set(self.taught);
        self.tally.merge(self.named);
        self.tally
    }

    /// The first pass: the shapes of all cells. It goes down the columns of a
    /// few records at a time: cells of a column are alike, and a processor
    /// foresees how the next one is looked at. Where records are of different
    /// lengths only that is lost.
    fn classify(&mut self, rows: &Rows<'_>) {
        let width = rows.columns.len().max(1);
        let tile = width * (TILE / width).max(1);
        self.seen = Mask::NONE;
        self.stats.clear();
        self.stats.resize(rows.columns.len(), Stats::default());
        self.masks.clear();
        self.masks.resize(rows.cells.len(), Mask::NONE);
        let tiles = rows.cells.chunks(tile).zip(self.masks.chunks_mut(tile));
        for (cells, masks) in tiles {
            for place in 0..width.min(cells.len()) {
                let mut run = Run::default();
                // Steps of a known number are cheaper than `step_by`, which
                // divides by the size of a cell.
                let mut at = place;
                while let (Some(&(column, cell)), Some(slot)) = (cells.get(at), masks.get_mut(at)) {
                    at += width;
                    let shapes = self.recent.shapes(cell);
                    let mut mask = shapes;
                    if cell.len() > LONG {
                        mask = mask.union(TEXT);
                    }
                    if shapes == Mask::NONE && cell.len() > TEN_DIGITS {
                        if is_wordy(cell) || has_many_digits(cell) {
                            mask = mask.union(TEXT);
                        }
                        if let Some(stats) = self.stats.get_mut(index(column)) {
                            mask = mask.union(stats.add_tokens(cell));
                        }
                    }
                    *slot = mask;
                    if run.column != column || run.shapes != shapes || mask != shapes {
                        self.seen = self.seen.union(*slot);
                        run.end(&mut self.stats);
                        run = Run {
                            column,
                            shapes,
                            cells: 0,
                        };
                    }
                    run.cells += 1;
                }
                run.end(&mut self.stats);
            }
        }
    }

    fn judge(&mut self, rows: &Rows<'_>) -> (Table, Vec<Signs>) {
        let learned = self.shape.learned.get();
        let mut subjects: Vec<Subject<'_>> = rows
            .columns
            .iter()
            .zip(&self.stats)
            .map(|(column, &stats)| Subject {
                name: column.name,
                header: column.name.and_then(header),
                learned: learned
                    .and_then(|learned| learned.get(&identity(column)))
                    .copied()
                    .unwrap_or_default(),
                stats,
                signs: Signs::default(),
            })
            .collect();
        let wanted: Vec<bool> = subjects.iter().map(Subject::needs_signs).collect();
        if wanted.contains(&true) {
            for (&(column, cell), &mask) in rows.cells.iter().zip(&self.masks) {
                let column = index(column);
                if wanted.get(column) == Some(&true) {
                    subjects[column].signs.add(cell, mask);
                }
            }
        }
        let table = judge(&subjects);
        if learned.is_none() {
            for (column, judged) in rows.columns.iter().zip(&table.columns) {
                if judged.taught != Roles::NONE && self.taught.len() < MAX_LEARNED {
                    let taught = self.taught.entry(identity(column)).or_default();
                    *taught = taught.union(judged.taught);
                }
            }
        }
        let signs = subjects.into_iter().map(|subject| subject.signs).collect();
        (table, signs)
    }

    fn add_columns(&mut self, rows: &Rows<'_>, table: &Table, signs: &[Signs]) {
        let columns = rows.columns.iter().zip(&table.columns);
        for ((column, judged), (stats, signs)) in columns.zip(self.stats.iter().zip(signs)) {
            let mut name = None;
            for (class, count) in judged.classes(stats, signs).filter(|&(_, count)| count > 0) {
                let name = name.get_or_insert_with(|| shown(column, judged, stats));
                self.tally.add(class, Some(name), count);
            }
        }
    }

    /// What each column is named for; nothing for those that are blank.
    fn named(&self, rows: &Rows<'_>) -> Vec<Vec<NamedAs<'a>>> {
        let Some(columns) = self.columns else {
            return Vec::new();
        };
        let named = rows.columns.iter().zip(&self.stats);
        let named = named.map(|(column, stats)| match column.name {
            Some(name) if stats.values() > 0 => columns.find(name),
            _ => Vec::new(),
        });
        named.collect()
    }

    /// Counts what the columns hold by their being named, and was not found in
    /// them anyway.
    fn add_named(
        &mut self,
        rows: &Rows<'_>,
        table: &Table,
        signs: &[Signs],
        named: &[Vec<NamedAs<'_>>],
    ) {
        for (at, named) in named.iter().enumerate() {
            let (column, judged, stats) = (&rows.columns[at], &table.columns[at], &self.stats[at]);
            for named in named {
                let found = judged.classes(stats, &signs[at]);
                let found = found.filter(|(class, _)| *class == named.class);
                let found: u64 = found.map(|(_, count)| count).sum();
                let more = stats.values().saturating_sub(found);
                let name = match found {
                    0 => label::label_of_named(column, named, stats.values()),
                    _ => shown(column, judged, stats),
                };
                self.named.add(named.class, Some(&name), more);
            }
        }
    }

    /// Looks at the rows of a table; whether it is known what they are about.
    fn table(&mut self, rows: &Rows<'_>) -> bool {
        let records = u64::try_from(rows.ends.len()).unwrap_or(u64::MAX);
        self.tally.records = self.tally.records.saturating_add(records);
        if records == 0 {
            return false;
        }
        self.classify(rows);
        let (mut table, signs) = self.judge(rows);
        pool::judge(rows, &mut table, &self.stats);
        let fhir = Fhir::find(rows.columns);
        let named = self.named(rows);
        for (judged, named) in table.columns.iter_mut().zip(&named) {
            judged.named = !named.is_empty();
        }
        let is_named = table.columns.iter().any(|judged| judged.named);
        // Counts are of nobody by what can be seen in them. A site that names
        // a column knows more: perhaps that groups of one are among them.
        let aggregate = fhir.is_none() && !is_named && is_aggregate(rows, &table, &self.stats);
        if aggregate {
            table.columns.iter_mut().for_each(Judged::forget_special);
            table.sensitive = false;
        }
        let about_people = table.person || table.sensitive || fhir.is_some();
        self.add_columns(rows, &table, &signs);
        self.add_named(rows, &table, &signs, &named);
        let mut people = Records::new(self.census, self.scanner, self.shape, fhir);
        people.visit(rows, &table.columns, &self.masks, self.seen);
        let mut personal = people.personal;
        let mut is_known = about_people || aggregate || personal > 0;
        let by_name = people.named;
        for ((column, class), count) in people.found {
            let at = index(column);
            let name = shown(&rows.columns[at], &table.columns[at], &self.stats[at]);
            self.tally.add(class, Some(&name), count);
        }
        if fhir.is_none() {
            let others = match about_people || is_named {
                true => crowd::others(rows, &table.columns, &self.masks),
                false => 0,
            };
            personal = personal.saturating_add(others);
            let sideways = self.sideways(rows, &table, about_people);
            is_known |= sideways > 0;
            let more = sideways.saturating_sub(personal);
            // Perhaps the same records.
            personal = personal.saturating_add(more.max(by_name));
            let more = others.saturating_add(more);
            self.census.add_unkeyed(more);
            self.tally.records = self.tally.records.saturating_add(more);
        } else {
            personal = personal.saturating_add(by_name);
        }
        let placed = self.placed(rows, &table, fhir);
        is_known |= placed > 0;
        personal = personal.max(placed);
        self.tally.personal_records = self.tally.personal_records.saturating_add(personal);
        let nameless = rows.columns.iter().all(|column| column.name.is_none());
        if nameless && rows.columns.len() > 1 && !about_people {
            self.tally
                .set_uninspected("a table whose columns have no names".into());
        }
        is_known
    }

    /// Looks for NHS numbers within longer cells; how many there are in the
    /// column that has most.
    fn placed(&mut self, rows: &Rows<'_>, table: &Table, fhir: Option<Fhir>) -> u64 {
        // Whom an id stands for counts by it, whatever it is made of.
        let is_counted = |at: usize| fhir.is_some_and(|fhir| fhir.names(at));
        let is_left = |at: usize| {
            let column = table.columns.get(at);
            column.is_some_and(|column| !column.roles.has(Class::NhsNumber))
        };
        let mut most = 0;
        for (at, fixed) in fixed::in_columns(rows, is_left) {
            if !is_counted(at) {
                self.census.add_nhs_numbers(&fixed.numbers);
            }
            let name = shown(&rows.columns[at], &table.columns[at], &self.stats[at]);
            self.tally
                .add(Class::NhsNumber, Some(&name), fixed.touching);
            most = most.max(fixed.touching);
        }
        most
    }

    /// Looks for labels in a column; how many people they show without a
    /// number, at most.
    fn sideways(&mut self, rows: &Rows<'_>, table: &Table, about_people: bool) -> u64 {
        let Some(sideways) = Sideways::read(rows, &self.masks) else {
            return 0;
        };
        if sideways.people == 0 && !about_people {
            return 0;
        }
        for ((column, class), count) in sideways.found {
            let at = index(column);
            let judged = &table.columns[at];
            let pooled = class == Class::NhsNumber && judged.pooled;
            if !judged.roles.has(class) && !pooled {
                let name = shown(&rows.columns[at], judged, &self.stats[at]);
                self.tally.add(class, Some(&name), count);
            }
        }
        self.census.add_nhs_numbers(&sideways.nhs_numbers);
        let numbered = u64::try_from(sideways.nhs_numbers.len()).unwrap_or(u64::MAX);
        sideways.people.saturating_sub(numbered)
    }

    /// Looks at text; classes that `known` has were found otherwise.
    fn scan(&mut self, text: &[u8], records: u64, known: &[Class]) {
        let census = self.census;
        let mut found: HashMap<Class, u64> = HashMap::new();
        let mut hits: Vec<Hit> = Vec::new();
        self.scanner
            .scan(text, &|key| census.hash(key), &mut |hit| {
                match hit.key {
                    Key::NhsNumber(number) => census.add_nhs_numbers(&[number]),
                    Key::Nino(nino) => census.add_nino(nino),
                    Key::None | Key::Hash(_) => {}
                }
                *found.entry(hit.class).or_default() += 1;
                hits.push(hit);
            });
        let is_torn = records == 1 && known.is_empty() && is_scrap(text);
        let health: Vec<_> = hits
            .iter()
            .filter(|hit| hit.class == Class::Health)
            .map(|hit| hit.at.clone())
            .collect();
        let places = hits.iter().map(|hit| hit.at.clone()).collect();
        let mut identifying = hits.iter().filter(|hit| identifies(hit)).count() as u64;
        let mut keyed = hits
            .iter()
            .any(|hit| matches!(hit.key, Key::NhsNumber(_) | Key::Nino(_)));
        let mentioned = mentions::count(text, hits, census, is_torn);
        for (&class, &count) in &mentioned.found {
            *found.entry(class).or_default() += count;
        }
        if mentioned.unread {
            self.tally.set_uninspected(mentions::UNREAD.into());
        }
        let pool = TextPool::of(text, places);
        match pool.verdict() {
            Verdict::Nhs => {
                census.add_nhs_numbers(pool.numbers());
                keyed = true;
                identifying = identifying.saturating_add(pool.valid);
                *found.entry(Class::NhsNumber).or_default() += pool.valid;
            }
            Verdict::Perhaps => census.add_perhaps(pool.numbers()),
            // Few rows of a table, in a file of their own, are no table.
            Verdict::No if records == 1 && is_scrap(text) => {
                census.add_perhaps(pool.numbers());
            }
            Verdict::No => {}
        }
        let fixed = fixed::in_text(text);
        if fixed.touching > 0 {
            census.add_nhs_numbers(&fixed.numbers);
            keyed = true;
            identifying = identifying.saturating_add(fixed.touching);
            *found.entry(Class::NhsNumber).or_default() += fixed.touching;
        }
        // A row of a table on its own: whose it is, its postcode gives away.
        if is_torn && !keyed {
            let postcodes = found.get(&Class::Postcode).copied().unwrap_or_default();
            census.add_unkeyed(postcodes);
        }
        // Words about health without anybody whom they are about.
        let mut somebody = keyed || mentioned.somebody || identifying > 0;
        if !somebody {
            let named = named::beside(text, &health);
            census.add_unkeyed(named);
            if named > 0 {
                found.insert(Class::Name, named);
                somebody = true;
            }
        }
        if !somebody {
            found.remove(&Class::Health);
        }
        found.retain(|class, _| !known.contains(class));
        for (class, count) in found {
            self.tally.add(class, None, count);
        }
        // A text of records, or one record in all.
        let records = records.max(mentioned.records).max(fixed.touching);
        self.tally.records = self.tally.records.saturating_add(records);
        // A message may have begun in the block before.
        let personal = identifying
            .max(u64::from(somebody))
            .min(records.max(1))
            .max(mentioned.records);
        self.tally.personal_records = self.tally.personal_records.saturating_add(personal);
    }
}

impl Visitor for Examiner<'_> {
    fn rows(&mut self, rows: &Rows<'_>) {
        self.table(rows);
    }

    fn few_rows(&mut self, rows: &Rows<'_>, text: &[u8]) {
        if !self.table(rows) {
            let known: Vec<Class> = self.tally.classes.keys().copied().collect();
            self.scan(text, 0, &known);
        }
    }

    fn text(&mut self, text: &[u8], records: u64) {
        self.scan(text, records, &[]);
    }
}

/// Cells of a column, one below the other, that have the same shapes.
#[derive(Default)]
struct Run {
    column: u32,
    shapes: Mask,
    cells: u32,
}

impl Run {
    fn end(self, stats: &mut [Stats]) {
        if let Some(stats) = stats.get_mut(index(self.column)) {
            stats.add_run(self.shapes, self.cells);
        }
    }
}

/// Whether it tells who somebody is, with what stands beside it or alone.
fn identifies(hit: &Hit) -> bool {
    use Class::{BirthDate, ChiNumber, Email, Name, NhsNumber, Nino, Phone};
    matches!(
        hit.class,
        BirthDate | ChiNumber | Email | Name | NhsNumber | Nino | Phone
    )
}

/// What a column's name says.
fn header(name: &[u8]) -> Option<Role> {
    if fhir::is_nhs_number(name) {
        return Some(Role::Is(Class::NhsNumber));
    }
    role(name)
}

fn shown(column: &Column<'_>, judged: &Judged, stats: &Stats) -> String {
    let names = Roles::is(Class::Name).union(Roles::NAME_PART);
    label(column, judged.roles.intersects(names), stats.values())
}

/// Columns of different blocks are the same if their names are, or their
/// numbers where they have none.
fn identity(column: &Column<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match column.name {
        Some(name) => name.hash(&mut hasher),
        None => column.index.hash(&mut hasher),
    }
    hasher.finish()
}

/// Whether a text may be a few rows that were split off a table: they would
/// otherwise hide whom the whole table shows. It is short, and each line is in
/// fields, or is one word or number.
fn is_scrap(text: &[u8]) -> bool {
    const LINES: usize = 10;
    const LENGTH: usize = 4096;
    let is_row = |line: &[u8]| {
        let is_in_fields = line.iter().any(|byte| b"\t,;|".contains(byte));
        let has_words = line.contains(&b' ') && line.iter().any(u8::is_ascii_alphabetic);
        is_in_fields || !has_words
    };
    if text.len() > LENGTH {
        return false;
    }
    let text = text.trim_ascii();
    memchr::memchr_iter(b'\n', text).count() < LINES
        && text.split(|&byte| byte == b'\n').all(is_row)
}

/// Whether a cell without a shape may hold a number that singles somebody out.
fn has_many_digits(cell: &[u8]) -> bool {
    swar::count(cell, b'0', b'9') >= 9
}

fn is_wordy(cell: &[u8]) -> bool {
    cell.len() >= WORDY && swar::count(cell, b' ', b' ') > 1
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("the targets have at least 32 bits")
}
