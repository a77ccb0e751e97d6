//! A policy file as TOML with places: the shape is checked here (sections,
//! keys, types), what the values mean in [`super::validate`].
//!
//! The document is walked by hand, since a derived reader stops at the first
//! key it does not know, and people want to see every problem at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{Page, ProblemKind, quoted};

/// The largest policy file, in bytes: some thousand times a usual one.
const MAX_FILE: usize = 1 << 20;

/// Every section, as it is written, and its keys.
pub(super) const KEYS: [(&str, &[&str]); 10] = [
    ("[approvals]", &["approvers", "file", "people"]),
    ("[bulk]", &["bytes", "files", "people", "records"]),
    ("[ceiling]", &["people"]),
    ("[destinations]", &["allow"]),
    ("[inspection]", &["columns", "mode", "uninspected"]),
    ("[ledger]", &["path"]),
    ("[purpose]", &["allowed", "required"]),
    ("[[quota]]", &["by", "group", "people", "per", "records"]),
    (
        "[recipients]",
        &["file", "passphrase", "post_quantum", "required"],
    ),
    ("[signing]", &["required", "signers"]),
];

/// The keys that every `[[quota]]` has.
const QUOTA_KEYS: &[&str] = &["group", "per"];
/// The keys of one step of `[approvals] people`.
const STEP_KEYS: &[&str] = &["count", "from"];
/// The keys of one item of `[inspection] columns`.
pub(super) const COLUMN_KEYS: &[&str] = &["class", "named"];
/// What problems with it call the key.
pub(super) const COLUMNS: &str = "[inspection] columns";

/// Several texts, each with its place.
pub(super) type Texts = Spanned<Vec<Spanned<String>>>;

/// A size: a number of bytes, or a text with a unit.
#[derive(Debug)]
pub(super) enum Size {
    Bytes(u64),
    Text(String),
}

/// What stands in a file, of the right types, not yet validated.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) bulk_people: Option<Spanned<u64>>,
    pub(super) bulk_records: Option<Spanned<u64>>,
    pub(super) bulk_bytes: Option<Spanned<Size>>,
    pub(super) bulk_files: Option<Spanned<u64>>,
    pub(super) recipients_file: Option<Spanned<String>>,
    pub(super) recipients_required: Option<Texts>,
    pub(super) passphrase: Option<Spanned<bool>>,
    pub(super) post_quantum: Option<Spanned<bool>>,
    pub(super) approvers: Option<Texts>,
    pub(super) approvers_file: Option<Spanned<String>>,
    pub(super) approvals: Vec<Step>,
    pub(super) ceiling: Option<Spanned<u64>>,
    pub(super) quotas: Vec<QuotaConfig>,
    pub(super) destinations: Option<Texts>,
    pub(super) signing_required: Option<Spanned<bool>>,
    pub(super) signers: Option<Texts>,
    pub(super) purpose_required: Option<Spanned<bool>>,
    pub(super) purposes: Option<Texts>,
    pub(super) ledger: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<String>>,
    pub(super) uninspected: Option<Spanned<String>>,
    pub(super) columns: Vec<ColumnsConfig>,
}

/// One step of `[approvals] people`.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) from: Spanned<u64>,
    pub(super) count: Spanned<u64>,
}

/// One item of `[inspection] columns`; what is missing has been told of.
#[derive(Debug)]
pub(super) struct ColumnsConfig {
    pub(super) place: Range<usize>,
    pub(super) class: Option<Spanned<String>>,
    pub(super) named: Option<Texts>,
}

/// One `[[quota]]`; what is missing or no text or number has been told of.
#[derive(Debug)]
pub(super) struct QuotaConfig {
    pub(super) by: Option<Spanned<String>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) people: Option<Spanned<u64>>,
    pub(super) per: Option<Spanned<String>>,
    pub(super) records: Option<Spanned<u64>>,
}

/// Reads a file; problems go to the page. `None` where it is not TOML at all:
/// what could be read of it would only lead to problems that are not there.
pub(super) fn read(text: &str, page: &mut Page<'_>) -> Option<Config> {
    if text.len() > MAX_FILE {
        page.problem(0..0, ProblemKind::TooLarge { limit: MAX_FILE }, None);
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let is_policy = has_known_section(text);
    // Where nothing shows that it is a policy, one mistake is enough: it is
    // another kind of file, in which every line would be one.
    let told = if is_policy { errors.len() } else { 1 };
    let help = (!is_policy).then_some("a policy has sections such as [bulk]; is it this file?");
    for error in errors.iter().take(told) {
        let message = error.message().replace('\n', ", ");
        let span = error.span().unwrap_or(0..0);
        page.problem(
            span,
            ProblemKind::Syntax { message },
            help.map(str::to_owned),
        );
    }
    if !errors.is_empty() {
        return None;
    }
    let mut config = Config::default();
    for (key, value) in document.get_ref() {
        section(key, value, is_policy, &mut config, page);
    }
    Some(config)
}

/// Whether a line of it is the heading of a section that a policy can have.
fn has_known_section(text: &str) -> bool {
    let is_heading = |line: &str| {
        let code = line.split('#').next().unwrap_or_default().trim();
        KEYS.iter().any(|(header, _)| *header == code)
    };
    text.lines().any(is_heading)
}

/// The name of a section without its brackets.
pub(super) fn bare(header: &str) -> &str {
    header.trim_matches(['[', ']'])
}

fn section(
    name: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    is_policy: bool,
    config: &mut Config,
    page: &mut Page<'_>,
) {
    let place = name.span();
    let name = &**name.get_ref();
    if name == "objections" {
        let key = "[objections]";
        page.problem(place, ProblemKind::NotEnforced { key }, later());
        return;
    }
    let Some((header, keys)) = KEYS.iter().find(|(header, _)| bare(header) == name) else {
        let help = match KEYS.iter().find(|(_, keys)| keys.contains(&name)) {
            Some((header, _)) if !value.get_ref().is_table() => {
                format!("it belongs below a line {header}")
            }
            _ => suggestion(name, KEYS.iter().map(|(header, _)| bare(header))),
        };
        let key = match is_policy {
            true => format!("{} in a policy", quoted(name)),
            // Whatever file this is, its words are not repeated.
            false => "such key or section in a policy".to_owned(),
        };
        page.problem(place, ProblemKind::UnknownKey { key }, help);
        return;
    };
    if name == "quota" {
        config.quotas = quotas(header, keys, value, page);
        return;
    }
    let Some(mut section) = Section::open(header, keys, value, page) else {
        return;
    };
    match name {
        "approvals" => {
            config.approvers = section.texts("approvers");
            config.approvers_file = section.text("file");
            config.approvals = section.steps("people");
        }
        "bulk" => {
            config.bulk_people = section.number("people");
            config.bulk_records = section.number("records");
            config.bulk_bytes = section.size("bytes");
            config.bulk_files = section.number("files");
        }
        "ceiling" => config.ceiling = section.number("people"),
        "destinations" => config.destinations = section.texts("allow"),
        "inspection" => {
            config.mode = section.text("mode");
            config.uninspected = section.text("uninspected");
            config.columns = section.columns("columns");
        }
        "ledger" => config.ledger = section.text("path"),
        "purpose" => {
            config.purposes = section.texts("allowed");
            config.purpose_required = section.flag("required");
        }
        "recipients" => {
            config.recipients_file = section.text("file");
            config.passphrase = section.flag("passphrase");
            config.post_quantum = section.flag("post_quantum");
            config.recipients_required = section.texts("required");
        }
        "signing" => {
            config.signing_required = section.flag("required");
            config.signers = section.texts("signers");
        }
        other => unreachable!("{other} is in KEYS, and every section there is read above"),
    }
}

fn quotas(
    header: &'static str,
    keys: &'static [&'static str],
    value: &Spanned<DeValue<'_>>,
    page: &mut Page<'_>,
) -> Vec<QuotaConfig> {
    let Some(items) = value.get_ref().as_array() else {
        let expected = "a list, each of it below a line [[quota]]";
        wrong_type("quota".to_owned(), expected, value, page);
        return Vec::new();
    };
    let mut quotas = Vec::new();
    for item in items {
        let Some(mut quota) = Section::open(header, keys, item, page) else {
            continue;
        };
        quota.needs(QUOTA_KEYS, item.span());
        if quota.value("people").is_none() && quota.value("records").is_none() {
            let (section, key) = (header, "people");
            let kind = ProblemKind::Missing { section, key };
            let help = "or 'records', or both: a quota limits one of them";
            quota.page.problem(item.span(), kind, help.to_owned());
        }
        quotas.push(QuotaConfig {
            by: quota.text("by"),
            group: quota.text("group"),
            people: quota.number("people"),
            per: quota.text("per"),
            records: quota.number("records"),
        });
    }
    quotas
}

/// A table whose keys are known, being read.
struct Section<'a, 't, 'p> {
    header: &'static str,
    table: &'a DeTable<'t>,
    page: &'a mut Page<'p>,
}

impl<'a, 't, 'p> Section<'a, 't, 'p> {
    /// Reports the keys that do not belong there.
    fn open(
        header: &'static str,
        keys: &[&str],
        value: &'a Spanned<DeValue<'t>>,
        page: &'a mut Page<'p>,
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            let expected = match header {
                "[[quota]]" => "a list of tables, each below a line [[quota]]",
                _ => "a section with keys of its own",
            };
            wrong_type(bare(header).to_owned(), expected, value, page);
            return None;
        };
        for key in table.keys() {
            let (place, key) = (key.span(), &**key.get_ref());
            if keys.contains(&key) {
                continue;
            }
            if (header, key) == ("[purpose]", "columns") {
                let key = "[purpose] columns";
                page.problem(place, ProblemKind::NotEnforced { key }, later());
                continue;
            }
            let help = suggestion(key, keys.iter().copied());
            let key = format!("{} in {header}", quoted(key));
            page.problem(place, ProblemKind::UnknownKey { key }, help);
        }
        Some(Self {
            header,
            table,
            page,
        })
    }

    /// Reports keys that have to be there and are not.
    fn needs(&mut self, keys: &'static [&'static str], place: Range<usize>) {
        let section = self.header;
        for key in keys.iter().filter(|key| !self.table.contains_key(**key)) {
            let kind = ProblemKind::Missing { section, key };
            self.page.problem(place.clone(), kind, None);
        }
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    fn wrong(&mut self, key: &str, expected: &'static str, value: &Spanned<DeValue<'_>>) {
        let key = format!("{} {key}", self.header);
        wrong_type(key, expected, value, self.page);
    }

    fn number(&mut self, key: &str) -> Option<Spanned<u64>> {
        let value = self.value(key)?;
        let number = whole(value);
        if number.is_none() {
            self.wrong(key, "a whole number, 0 or more", value);
        }
        Some(Spanned::new(value.span(), number?))
    }

    fn size(&mut self, key: &str) -> Option<Spanned<Size>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        let text = text.map(|text| Size::Text(text.to_owned()));
        let size = text.or_else(|| whole(value).map(Size::Bytes));
        if size.is_none() {
            self.wrong(
                key,
                "a number of bytes or a text such as \"100 MiB\"",
                value,
            );
        }
        Some(Spanned::new(value.span(), size?))
    }

    fn flag(&mut self, key: &str) -> Option<Spanned<bool>> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, "true or false", value);
        }
        Some(Spanned::new(value.span(), flag?))
    }

    fn text(&mut self, key: &str) -> Option<Spanned<String>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(key, "a text in quotation marks", value);
        }
        Some(Spanned::new(value.span(), text?.to_owned()))
    }

    fn texts(&mut self, key: &str) -> Option<Texts> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, "a list of texts such as [\"one\", \"two\"]", value);
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Spanned::new(item.span(), text.to_owned())),
                None => self.wrong(key, "a list of texts in quotation marks", item),
            }
        }
        // An item that was left out cannot loosen anything: the problem it
        // made keeps the whole file from being used.
        Some(Spanned::new(value.span(), texts))
    }

    fn steps(&mut self, key: &str) -> Vec<Step> {
        const EXPECTED: &str = "a list such as [{ from = 1000, count = 2 }]";
        let mut steps = Vec::new();
        self.items(key, EXPECTED, |item, page| {
            let header = "[approvals] people";
            let Some(mut step) = Section::open(header, STEP_KEYS, item, page) else {
                return;
            };
            step.needs(STEP_KEYS, item.span());
            if let (Some(from), Some(count)) = (step.number("from"), step.number("count")) {
                steps.push(Step { from, count });
            }
        });
        steps
    }

    fn columns(&mut self, key: &str) -> Vec<ColumnsConfig> {
        const EXPECTED: &str = "a list such as [{ class = \"health\", named = [\"read_code\"] }]";
        let mut columns = Vec::new();
        self.names_something(key);
        self.items(key, EXPECTED, |item, page| {
            let Some(mut column) = Section::open(COLUMNS, COLUMN_KEYS, item, page) else {
                return;
            };
            column.needs(COLUMN_KEYS, item.span());
            column.names_something("named");
            columns.push(ColumnsConfig {
                place: item.span(),
                class: column.text("class"),
                named: column.texts("named"),
            });
        });
        columns
    }

    /// Reports an empty list of columns: whoever writes one means something by
    /// it that it does not do.
    fn names_something(&mut self, key: &str) {
        let value = self.value(key);
        let list = value.and_then(|value| Some((value.span(), value.get_ref().as_array()?)));
        if let Some((place, _)) = list.filter(|(_, list)| list.is_empty()) {
            let kind = ProblemKind::Value {
                key: COLUMNS,
                value: quoted("[]"),
                reason: "names no column".to_owned(),
            };
            self.page.problem(place, kind, None);
        }
    }

    /// Goes over a list of tables.
    fn items(
        &mut self,
        key: &str,
        expected: &'static str,
        mut each: impl FnMut(&'a Spanned<DeValue<'t>>, &mut Page<'p>),
    ) {
        let Some(value) = self.value(key) else {
            return;
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, expected, value);
            return;
        };
        for item in items {
            match item.get_ref().is_table() {
                true => each(item, self.page),
                false => self.wrong(key, expected, item),
            }
        }
    }
}

fn whole(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn wrong_type(
    key: String,
    expected: &'static str,
    value: &Spanned<DeValue<'_>>,
    page: &mut Page<'_>,
) {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(number) if number.as_str().starts_with('-') => "a negative number",
        DeValue::Integer(_) if whole(value).is_none() => "a number as large as this",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let kind = ProblemKind::Type {
        key,
        expected,
        found,
    };
    page.problem(value.span(), kind, None);
}

fn later() -> String {
    "leave it out until a version that can: it would protect nobody".to_owned()
}

/// `did you mean …`, else what there is.
pub(super) fn suggestion<'k>(typed: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let typed = typed.to_lowercase();
    let near = known.clone().map(|known| (edits(&typed, known), known));
    match near.min() {
        Some((edits, known)) if edits <= known.len() / 3 + 1 && edits < known.len() => {
            format!("did you mean '{known}'?")
        }
        _ => {
            let known: Vec<_> = known.map(|known| format!("'{known}'")).collect();
            match &known[..] {
                [only] => format!("there is only {only}"),
                known => format!("there are {}", known.join(", ")),
            }
        }
    }
}

/// How many characters have to be inserted, dropped or replaced to make `b`
/// of `a` (Levenshtein's distance).
fn edits(a: &str, b: &str) -> usize {
    // What is much longer than every name is none of them mistyped.
    let a: Vec<char> = a.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (line, b) in (1..).zip(b.chars()) {
        let mut corner = std::mem::replace(&mut row[0], line);
        for (at, a) in a.iter().enumerate() {
            let replaced = corner + usize::from(*a != b);
            corner = row[at + 1];
            row[at + 1] = replaced.min(corner + 1).min(row[at] + 1);
        }
    }
    row[a.len()]
}
