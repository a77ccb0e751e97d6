//! The roles of a table's columns, from header, values and neighbours, and
//! what makes a record of it one about a person.

use super::numbers::{self, Verdict};
use super::{Mask, Roles, Signs, Stats, is_share, words};
use crate::inspect::facts::Class;
use crate::inspect::identifier::{Role, Shape};

/// A column as the examiner saw it in a block.
pub(crate) struct Subject<'a> {
    /// As it stands in the content.
    pub name: Option<&'a [u8]>,
    /// What the name says.
    pub header: Option<Role>,
    /// What the first block of the file taught.
    pub learned: Roles,
    pub stats: Stats,
    pub signs: Signs,
}

/// What was decided about a column.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Judged {
    pub roles: Roles,
    /// What later blocks of the file should know.
    pub taught: Roles,
    /// Its valid NHS numbers count in the upper bound.
    pub perhaps: bool,
    /// Its valid NHS numbers count, though it is no column of such: they do
    /// together with others of the block.
    pub pooled: bool,
    /// The header says that numbers are something else.
    pub other: bool,
    /// A record is about a person if it has this cell, even a blank one.
    pub always: bool,
    /// A record is about a person if this cell is not blank.
    pub filled: bool,
    /// A record is about a person if this cell is not blank, by what the policy
    /// says. Apart from `filled`: it adds to what is found, and decides nothing.
    pub named: bool,
    /// A record is about a person if this cell has one of these shapes.
    pub shaped: Mask,
    /// Shapes that count as found in this column.
    found: Mask,
}

/// What was decided about a table.
pub(crate) struct Table {
    pub columns: Vec<Judged>,
    /// Something in it identifies or singles out a person.
    pub person: bool,
    /// It has columns of a special category, whoever they are about.
    pub sensitive: bool,
    /// It has a column of counts.
    pub counted: bool,
}

/// The special categories that only columns tell.
const SPECIAL: Roles = Roles::is(Class::Health)
    .union(Roles::is(Class::Ethnicity))
    .union(Roles::is(Class::Religion))
    .union(Roles::is(Class::Orientation))
    .union(Roles::is(Class::Conviction))
    .union(Roles::is(Class::Politics))
    .union(Roles::is(Class::TradeUnion));

/// Headers that name a person's number or birth, whatever the values are.
const STRONG: Roles = Roles::is(Class::NhsNumber)
    .union(Roles::is(Class::ChiNumber))
    .union(Roles::is(Class::Nino))
    .union(Roles::is(Class::GmcNumber))
    .union(Roles::is(Class::BirthDate));

/// Columns that make a table one about people, names left aside.
const PERSON: Roles = STRONG
    .union(Roles::is(Class::Email))
    .union(Roles::is(Class::Phone))
    .union(Roles::is(Class::Address))
    .union(Roles::is(Class::Card))
    .union(Roles::is(Class::BankAccount))
    .union(Roles::is(Class::Iban))
    .union(Roles::is(Class::IpAddress));

/// Names and parts of names.
const NAMES: Roles = Roles::is(Class::Name).union(Roles::NAME_PART);

/// Shapes that are what they look like, and what they are of.
const STRUCTURAL: [(Shape, Class); 4] = [
    (Shape::Email, Class::Email),
    (Shape::Iban, Class::Iban),
    (Shape::Nino, Class::Nino),
    (Shape::IpAddress, Class::IpAddress),
];

impl Subject<'_> {
    /// Whether the decision needs a second look at the values.
    pub(crate) fn needs_signs(&self) -> bool {
        let stats = &self.stats;
        match self.header {
            Some(Role::NamePart) => !self.are_names(),
            Some(Role::Is(Class::Name)) => !stats.share(Shape::PersonName, 30),
            Some(Role::Is(Class::Phone)) => !stats.share(Shape::Phone, 100),
            Some(Role::Is(Class::Address)) => true,
            Some(Role::Is(Class::NhsNumber)) => false,
            // Values tell of names and codes only where no header does.
            Some(_) => numbers::stands_out(stats, 30),
            None => {
                numbers::stands_out(stats, 30)
                    || [Shape::PersonName, Shape::SingleName]
                        .iter()
                        .any(|&shape| stats.share(shape, 60))
                    || [Shape::IcdCode, Shape::SnomedCode, Shape::ReadCode]
                        .iter()
                        .any(|&shape| stats.share(shape, 30))
            }
        }
    }

    fn is(&self, class: Class) -> bool {
        self.header == Some(Role::Is(class))
    }

    fn header_says(&self, says: fn(&[u8]) -> bool) -> bool {
        self.name.is_some_and(says)
    }

    /// Whether most values are names, and many of them differ.
    fn has_different(&self, shape: Shape) -> bool {
        let values = self.stats.values();
        values >= 5 && self.stats.share(shape, 60) && self.signs.differ(values)
    }

    /// Whether most values look like names or parts of them.
    fn are_names(&self) -> bool {
        let stats = &self.stats;
        let names = stats
            .count(Shape::SingleName)
            .max(stats.count(Shape::PersonName));
        is_share(names, stats.values(), 60)
    }

    fn letters(&self, percent: u64) -> bool {
        is_share(self.signs.letters, self.stats.values(), percent)
    }

    /// What header and values say, without looking at neighbours.
    fn judge(&self) -> Judged {
        let mut judged = Judged {
            roles: self.by_header().union(self.learned),
            taught: self.learned,
            ..Judged::default()
        };
        judged.always = judged.roles.intersects(STRONG) && self.by_header().intersects(STRONG);
        self.judge_numbers(&mut judged);
        self.judge_shapes(&mut judged);
        judged
    }

    fn by_header(&self) -> Roles {
        match self.header {
            None => Roles::NONE,
            Some(
                Role::NamePart | Role::Is(Class::Name | Class::Orientation | Class::PrivateKey),
            ) => Roles::NONE,
            Some(Role::SortCode) => Roles::SORT_CODE,
            Some(Role::AccountNumber) => Roles::ACCOUNT_NUMBER,
            Some(Role::LocalId) => Roles::LOCAL_ID,
            Some(Role::Count) => Roles::COUNT,
            Some(Role::Is(Class::Address))
                if !is_share(self.signs.spaced, self.stats.values(), 30) =>
            {
                Roles::NONE
            }
            Some(Role::Is(class)) => Roles::is(class),
        }
    }

    fn judge_numbers(&self, judged: &mut Judged) {
        if self.is(Class::NhsNumber) {
            return;
        }
        let other = self.header_says(words::says_other_number)
            || matches!(self.header, Some(Role::Is(_) | Role::AccountNumber));
        judged.other = other;
        let percent = if other { 90 } else { 30 };
        match numbers::judge(&self.stats, &self.signs, percent) {
            Verdict::Nhs => {
                judged.roles = judged.roles.union(Roles::is(Class::NhsNumber));
                judged.taught = judged.taught.union(Roles::is(Class::NhsNumber));
            }
            Verdict::Perhaps => {
                judged.perhaps = !judged
                    .roles
                    .intersects(Roles::BY_CHANCE.union(Roles::is(Class::NhsNumber)));
            }
            Verdict::No => {
                if self.stats.values() >= 30 {
                    judged.taught = judged.taught.union(Roles::BY_CHANCE);
                }
            }
        }
        judged.filled |= judged.roles.has(Class::NhsNumber);
    }

    fn judge_shapes(&self, judged: &mut Judged) {
        let stats = &self.stats;
        for (shape, class) in STRUCTURAL {
            judged.found = judged.found.union(Mask::of(shape));
            judged.shaped = judged.shaped.union(Mask::of(shape));
            if stats.share(shape, 30) {
                judged.roles = judged.roles.union(Roles::is(class));
            }
        }
        if self.is(Class::Phone) && is_share(self.signs.dialled, stats.values(), 30) {
            judged.filled = true;
        }
        let bare = is_share(stats.count(Shape::Number), stats.values(), 30);
        let ten = stats.share(Shape::TenDigits, 50);
        let weak = [
            (
                Shape::Phone,
                Class::Phone,
                if ten {
                    90
                } else if bare {
                    60
                } else {
                    30
                },
            ),
            (
                Shape::Card,
                Class::Card,
                if bare && stats.values() < 10 { 60 } else { 30 },
            ),
            (Shape::Postcode, Class::Postcode, 30),
        ];
        for (shape, class, percent) in weak {
            let column = self.is(class) || stats.share(shape, percent);
            // In a column of bare numbers or codes some look like it by
            // chance; elsewhere a stray value counts as it does in text.
            let stray = !bare && (stats.values() < 30 || stats.share(shape, 5));
            if column && stats.count(shape) > 0 {
                judged.roles = judged.roles.union(Roles::is(class));
            }
            if column || stray {
                judged.found = judged.found.union(Mask::of(shape));
                if shape != Shape::Postcode {
                    judged.shaped = judged.shaped.union(Mask::of(shape));
                }
            }
        }
        if self.is(Class::Card) {
            judged.found = judged.found.union(Mask::of(Shape::Luhn));
            judged.shaped = judged.shaped.union(Mask::of(Shape::Luhn));
        }
    }
}

/// Judges the columns of a table together.
pub(crate) fn judge(subjects: &[Subject<'_>]) -> Table {
    let mut columns: Vec<Judged> = subjects.iter().map(Subject::judge).collect();
    let counted = subjects.iter().any(|subject| {
        subject.header == Some(Role::Count) && subject.stats.share(Shape::Number, 30)
    });
    judge_accounts(subjects, &mut columns);
    judge_names(subjects, &mut columns, counted);
    judge_birth(subjects, &mut columns);
    let beside = has(&columns, PERSON.union(NAMES).union(Roles::LOCAL_ID));
    judge_special(subjects, &mut columns, beside);
    let sensitive = has(&columns, SPECIAL);
    let local = has(&columns, Roles::LOCAL_ID);
    for column in &mut columns {
        let filled = NAMES
            .union(SPECIAL)
            .union(Roles::is(Class::Address))
            .union(Roles::is(Class::BankAccount))
            .union(Roles::is(Class::BirthDate));
        column.filled |= column.roles.intersects(filled);
        if sensitive && local {
            column.filled |= column.roles.intersects(Roles::LOCAL_ID);
        }
    }
    Table {
        person: has(&columns, PERSON.union(NAMES)) || sensitive && local,
        columns,
        sensitive,
        counted,
    }
}

fn has(columns: &[Judged], roles: Roles) -> bool {
    columns.iter().any(|column| column.roles.intersects(roles))
}

fn add(column: &mut Judged, roles: Roles) {
    column.roles = column.roles.union(roles);
    column.taught = column.taught.union(roles);
}

/// A sort code and an account number, by header or side by side.
fn judge_accounts(subjects: &[Subject<'_>], columns: &mut [Judged]) {
    const ACCOUNT: Roles = Roles::is(Class::BankAccount);
    if has(columns, Roles::SORT_CODE) {
        for column in columns.iter_mut() {
            if column.roles.intersects(Roles::ACCOUNT_NUMBER) {
                column.roles = column.roles.union(ACCOUNT);
            }
        }
    }
    for (at, pair) in subjects.windows(2).enumerate() {
        let (code, number) = (&pair[0].stats, &pair[1].stats);
        let are_codes = code.share(Shape::SortCode, 60)
            && !code.share(Shape::Number, 30)
            && !code.share(Shape::Date, 60);
        if are_codes && number.share(Shape::AccountNumber, 60) && !number.share(Shape::Date, 60) {
            add(&mut columns[at + 1], ACCOUNT);
        }
    }
}

fn judge_names(subjects: &[Subject<'_>], columns: &mut [Judged], counted: bool) {
    let named = |subject: &Subject<'_>| subject.header == Some(Role::NamePart);
    let parts = subjects.iter().filter(|subject| named(subject)).count();
    let person = has(columns, PERSON);
    for (subject, column) in subjects.iter().zip(columns.iter_mut()) {
        let stats = &subject.stats;
        if named(subject) {
            if (parts > 1 || person) && subject.letters(30) || subject.are_names() {
                add(column, Roles::NAME_PART);
            }
        } else if subject.is(Class::Name) {
            if stats.share(Shape::PersonName, 30) || person && subject.letters(30) {
                add(column, Roles::is(Class::Name));
            }
        } else if subject.header.is_none()
            && !counted
            && subject.has_different(Shape::PersonName)
            && !subject.header_says(words::says_other_name)
        {
            add(column, Roles::is(Class::Name));
        }
    }
    if !counted {
        judge_forenames(subjects, columns);
    }
    if subjects.iter().any(|subject| subject.name.is_some()) {
        return;
    }
    // Without names of columns: forename, surname and a date side by side.
    let single = |subject: &Subject<'_>| subject.has_different(Shape::SingleName);
    let dated = subjects
        .iter()
        .any(|subject| subject.stats.share(Shape::Date, 60));
    if dated && subjects.iter().filter(|subject| single(subject)).count() > 1 {
        for (subject, column) in subjects.iter().zip(columns) {
            if single(subject) {
                add(column, Roles::NAME_PART);
            }
        }
    }
}

/// A column of forenames, whatever it is called, and the surnames beside it.
fn judge_forenames(subjects: &[Subject<'_>], columns: &mut [Judged]) {
    let single = |subject: &Subject<'_>| {
        subject.header.is_none()
            && !subject.header_says(words::says_other_name)
            && subject.stats.values() >= 5
            && subject.stats.share(Shape::SingleName, 60)
    };
    for (at, subject) in subjects.iter().enumerate() {
        let forenames = is_share(subject.signs.forenames, subject.stats.values(), 30);
        if !single(subject) || !forenames {
            continue;
        }
        let beside = columns.iter_mut().zip(subjects).take(at + 2);
        for (column, subject) in beside.skip(at.saturating_sub(1)) {
            if single(subject) {
                add(column, Roles::NAME_PART);
            }
        }
    }
}

/// Beside a name, a column of dates that no header explains is of births.
fn judge_birth(subjects: &[Subject<'_>], columns: &mut [Judged]) {
    if !has(columns, NAMES) || has(columns, Roles::is(Class::BirthDate)) {
        return;
    }
    let dates = subjects.iter().position(|subject| {
        subject.header.is_none()
            && subject.stats.share(Shape::Date, 60)
            && !subject.header_says(words::says_other_date)
    });
    if let Some(at) = dates {
        add(&mut columns[at], Roles::is(Class::BirthDate));
    }
}

/// Special categories by header; by values only beside a person.
fn judge_special(subjects: &[Subject<'_>], columns: &mut [Judged], beside: bool) {
    const VALUES: [(Shape, Class); 3] = [
        (Shape::EthnicityValue, Class::Ethnicity),
        (Shape::ReligionValue, Class::Religion),
        (Shape::OrientationValue, Class::Orientation),
    ];
    let health = has(columns, Roles::is(Class::Health));
    for (subject, column) in subjects.iter().zip(columns) {
        let stats = &subject.stats;
        if subject.is(Class::Orientation)
            && (beside || stats.count(Shape::OrientationValue) > 0)
            && stats.values() > 0
        {
            add(column, Roles::is(Class::Orientation));
        }
        if subject.header.is_some() {
            continue;
        }
        for (shape, class) in VALUES {
            if beside && stats.share(shape, 30) {
                add(column, Roles::is(class));
            }
        }
        // Keys of records, as `id101`, are codes by accident.
        let keys = subject.header_says(|name| name.ends_with(b"*"));
        let codes = !keys && is_share(subject.signs.codes, stats.values(), 30);
        if (beside || health)
            && stats.values() >= 5
            && codes
            && subject.signs.differ(stats.values().min(30))
        {
            add(column, Roles::is(Class::Health));
        }
    }
}

impl Judged {
    /// In an aggregate table, what is sensitive about people says nothing of
    /// one of them.
    pub(crate) fn forget_special(&mut self) {
        if self.roles.intersects(SPECIAL) {
            self.filled = false;
        }
        self.roles = self
            .roles
            .without(SPECIAL.union(Roles::is(Class::Postcode)));
        self.found = self.found.without(Mask::of(Shape::Postcode));
    }

    /// How many values of which class the column has. A class of which there
    /// is none comes with zero.
    pub(crate) fn classes(
        &self,
        stats: &Stats,
        signs: &Signs,
    ) -> impl Iterator<Item = (Class, u64)> {
        const SHAPED: [(Shape, Class); 4] = [
            (Shape::NhsNumber, Class::NhsNumber),
            (Shape::ChiNumber, Class::ChiNumber),
            (Shape::GmcNumber, Class::GmcNumber),
            (Shape::Date, Class::BirthDate),
        ];
        const FOUND: [(Shape, Class); 7] = [
            (Shape::Email, Class::Email),
            (Shape::Iban, Class::Iban),
            (Shape::Nino, Class::Nino),
            (Shape::IpAddress, Class::IpAddress),
            (Shape::Phone, Class::Phone),
            (Shape::Card, Class::Card),
            (Shape::Postcode, Class::Postcode),
        ];
        const FILLED: [Class; 9] = [
            Class::Address,
            Class::Health,
            Class::Ethnicity,
            Class::Religion,
            Class::Orientation,
            Class::Conviction,
            Class::Politics,
            Class::TradeUnion,
            Class::Name,
        ];
        let counts = *stats;
        let judged = *self;
        let shaped = SHAPED
            .into_iter()
            .filter(move |&(_, class)| {
                judged.roles.has(class) || judged.pooled && class == Class::NhsNumber
            })
            .map(move |(shape, class)| match class {
                Class::NhsNumber => (class, counts.valid_numbers()),
                _ => (class, counts.count(shape)),
            });
        let accounts = judged.roles.has(Class::BankAccount).then(|| {
            let bare = judged.roles.intersects(Roles::ACCOUNT_NUMBER);
            let count = if bare {
                counts.count(Shape::AccountNumber)
            } else {
                counts.values()
            };
            (Class::BankAccount, count)
        });
        let dialled = signs.dialled;
        let found = FOUND
            .into_iter()
            .filter(move |&(shape, _)| judged.found.has(shape))
            .map(move |(shape, class)| {
                let more = match class {
                    Class::Phone if judged.roles.has(Class::Phone) && judged.filled => {
                        dialled.saturating_sub(counts.count(shape))
                    }
                    Class::Card if judged.found.has(Shape::Luhn) => counts.count(Shape::Luhn),
                    _ => 0,
                };
                (class, counts.count(shape) + more)
            });
        let filled = FILLED
            .into_iter()
            .filter(move |&class| {
                judged.roles.has(class)
                    || class == Class::Name && judged.roles.intersects(Roles::NAME_PART)
            })
            .map(move |class| (class, counts.values()));
        shaped.chain(accounts).chain(found).chain(filled)
    }
}
