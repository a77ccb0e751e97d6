//! Arbitrary policies, for property tests here and of decisions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::{collection, option, sample};

use super::rules::MEDIA;
use super::{Policy, PolicyFile};
use crate::manifest::APPROVAL_NAMESPACE;
use crate::signature::{AllowedSigner, SigningKey};

/// Recipients whose secret keys are lost; the first is age's own test key.
pub(super) const KEYS: [&str; 3] = [
    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
    "age1gg04ztljw0282yg6lxdktnjwptf66eyqkle0a62tzh2mttvpvuxqqp60x9",
    "age1c6uuq5t6phramqjxr99arsp8yzt246ucwvp8u9nxa98ezltu55ts4seaxl",
];

/// Fingerprints of nothing.
pub(super) const SIGNERS: [&str; 3] = [
    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
    "SHA256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA",
];

/// Names of columns; the first two are the same.
pub(super) const COLUMN_NAMES: [&str; 5] = ["eth_cat", "EthCat", "hba1c*", "*code", "egfr"];

pub(super) const NAMES: [&str; 3] = ["audit", "referral", "recovery"];

/// A policy that files could say, with the floor below.
pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    any_text().prop_map(|text| of_text(0, &text))
}

/// The policy of one file. The file of recipients it may name is made up: the
/// digits in its name say which of [`KEYS`] are in it.
pub(super) fn of_text(number: usize, text: &str) -> Policy {
    let path = format!("/policies/{number}.toml").into();
    let text = text.to_owned();
    let policy = Policy::from_layers(&[PolicyFile { path, text }], |path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(io::ErrorKind::NotFound)?;
        if let Some(digits) = name.strip_prefix("approvers") {
            return Ok(approvers(digits));
        }
        let mut book = String::new();
        for (digit, key) in KEYS.iter().enumerate() {
            if name.contains(&digit.to_string()) {
                writeln!(
                    book,
                    "[[recipient]]\nname = \"key {digit}\"\nkey = \"{key}\""
                )
                .expect("writing to a String does not fail");
            }
        }
        Ok(book)
    });
    policy.expect("the strategy makes valid files")
}

/// Keys of those who are called [`NAMES`], anew in each process.
pub(crate) fn approver_keys() -> &'static [SigningKey; 3] {
    static KEYS: OnceLock<[SigningKey; 3]> = OnceLock::new();
    KEYS.get_or_init(|| NAMES.map(SigningKey::generate))
}

/// A file of approvers: the digits say which. The first is known by two names.
fn approvers(digits: &str) -> String {
    let mut text = String::new();
    for (digit, key) in approver_keys().iter().enumerate() {
        if digits.contains(&digit.to_string()) {
            let name = match digits.contains('x') && digit == 0 {
                true => "another",
                false => NAMES[digit],
            };
            let line = AllowedSigner::new(name, &[APPROVAL_NAMESPACE], key.public());
            writeln!(text, "{}", line.expect("a line")).expect("writing to a String does not fail");
        }
    }
    text
}

/// The text of a valid policy file.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let people = || prop_oneof![Just(0), Just(1), 0..60_u64, 0..2_000_000_u64];
    let sections = vec![
        section(
            "bulk",
            vec![
                key("people", 0..=51_u64),
                key("records", 0..=1000_u64),
                key("bytes", 0..=(100_u64 << 20)),
                key("files", 0..=1000_u64),
            ],
        ),
        section("ceiling", vec![key("people", people())]),
        section(
            "recipients",
            vec![
                key(
                    "file",
                    subset(&["0", "1", "2"]).prop_map(|s| format!("{:?}", s.concat() + "x")),
                ),
                key("passphrase", any::<bool>()),
                key("post_quantum", any::<bool>()),
                key("required", quoted(&[KEYS[0], KEYS[1]])),
            ],
        ),
        section(
            "approvals",
            vec![
                key("approvers", quoted(&NAMES)),
                key(
                    "file",
                    subset(&["0", "1", "2", "x"])
                        .prop_map(|s| format!("\"approvers{}\"", s.concat())),
                ),
                key(
                    "people",
                    collection::btree_map(people(), 1..5_u32, 0..4).prop_map(|steps| {
                        let steps = steps.iter();
                        let steps =
                            steps.map(|(from, n)| format!("{{ from = {from}, count = {n} }}"));
                        format!("[{}]", steps.collect::<Vec<_>>().join(", "))
                    }),
                ),
            ],
        ),
        section(
            "signing",
            vec![
                key("required", Just(true)),
                key("signers", quoted(&SIGNERS)),
            ],
        ),
        section(
            "destinations",
            vec![key("allow", {
                let mut all = MEDIA.map(|medium| medium.name()).to_vec();
                all.extend(["/srv", "/srv/out", "/media"]);
                quoted(&all)
            })],
        ),
        section(
            "purpose",
            vec![
                key("required", any::<bool>()),
                key("allowed", quoted(&NAMES)),
            ],
        ),
        section(
            "ledger",
            vec![key("path", Just("\"/var/lib/exeat/ledger\""))],
        ),
        section(
            "inspection",
            vec![
                key(
                    "mode",
                    sample::select(vec!["\"full\"", "\"until-decided\""]),
                ),
                key(
                    "uninspected",
                    sample::select(vec!["\"note\"", "\"warn\"", "\"refuse\""]),
                ),
                key("columns", named_columns()),
            ],
        ),
    ];
    let groups = sample::select(vec!["*", "research", "users"]);
    let periods = sample::select(vec!["1 week", "24 hours", "30 days"]);
    let whose = sample::select(vec!["requester", "group"]);
    let limits = (option::of(people()), people());
    let quotas = collection::btree_map((groups, periods, whose), limits, 0..3);
    (sections, quotas).prop_map(|(sections, quotas)| {
        let mut text = sections.concat();
        for ((group, per, by), (people, records)) in quotas {
            let people = people.map_or_else(String::new, |people| format!("people = {people}\n"));
            // Both, or either.
            let records = match people.is_empty() || records % 2 == 0 {
                true => format!("records = {records}\n"),
                false => String::new(),
            };
            write!(
                text,
                "[[quota]]\nby = \"{by}\"\ngroup = \"{group}\"\n{people}{records}per = \"{per}\"\n"
            )
            .expect("writing to a String does not fail");
        }
        text
    })
}

/// The same names for different classes, and written in different ways.
fn named_columns() -> impl Strategy<Value = String> {
    let classes = sample::select(vec!["health", "ethnicity", "nhs-number"]);
    let names = sample::subsequence(COLUMN_NAMES.to_vec(), 1..=COLUMN_NAMES.len());
    collection::vec((classes, names), 1..4).prop_map(|items| {
        let items = items.iter();
        let items =
            items.map(|(class, names)| format!("{{ class = {class:?}, named = {names:?} }}"));
        format!("[{}]", items.collect::<Vec<_>>().join(", "))
    })
}

fn section(name: &'static str, keys: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    let keys = keys.prop_map(move |keys| format!("[{name}]\n{}", keys.concat()));
    option::of(keys).prop_map(Option::unwrap_or_default).boxed()
}

fn key<V: ToString + std::fmt::Debug>(
    name: &'static str,
    value: impl Strategy<Value = V> + 'static,
) -> BoxedStrategy<String> {
    let line = value.prop_map(move |value| format!("{name} = {}\n", value.to_string()));
    option::of(line).prop_map(Option::unwrap_or_default).boxed()
}

fn subset(of: &[&'static str]) -> impl Strategy<Value = Vec<&'static str>> + use<> {
    sample::subsequence(of.to_vec(), 0..=of.len())
}

fn quoted(of: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    subset(of).prop_map(|items| {
        let unique: BTreeSet<_> = items.into_iter().collect();
        format!("{unique:?}").replace('{', "[").replace('}', "]")
    })
}
