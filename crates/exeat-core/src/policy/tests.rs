//! Tests of reading, combining and showing policies.

use std::io;
use std::path::Path;

use super::config::{COLUMN_KEYS, KEYS, bare};
use super::strategy::{KEYS as RECIPIENTS, SIGNERS};
use super::*;
use crate::diagnostic::{Explain as _, Fault};

mod laws;
mod reading;

use laws::assert_at_least_as_strict;

fn file(path: &str, text: &str) -> PolicyFile {
    let (path, text) = (path.into(), text.to_owned());
    PolicyFile { path, text }
}

/// Reads one file that names no other.
fn read(text: &str) -> Result<Policy, PolicyErrors> {
    Policy::from_layers(&[file("p.toml", text)], |_| {
        Err(io::ErrorKind::NotFound.into())
    })
}

fn good(text: &str) -> Policy {
    read(text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn is_key(section: &str, key: &str) -> bool {
    all_keys()
        .iter()
        .any(|(header, known)| bare(header) == section && *known == key)
}

fn all_keys() -> Vec<(&'static str, &'static str)> {
    let pairs = KEYS
        .iter()
        .flat_map(|(header, keys)| keys.iter().map(|key| (*header, *key)));
    pairs.collect()
}

fn setting(policy: &Policy, key: &str) -> (String, String) {
    let mut found = policy
        .settings()
        .into_iter()
        .filter(|setting| setting.key == key);
    let setting = found.next().expect(key);
    (setting.value, setting.origin.to_string())
}

#[test]
fn starters_are_valid_and_at_least_as_strict_as_the_floor() {
    for (name, description) in Policy::starters() {
        let text = Policy::starter(name).expect("a text");
        let policy = good(text);
        assert_at_least_as_strict(&policy, &Policy::floor());
        assert!(!description.is_empty());
        let same = policy.sha256() == Policy::floor().sha256();
        assert_eq!(same, name == "floor", "{name}");
    }
    assert_eq!(Policy::starter("other"), None);
    assert_eq!(Policy::starters().count(), 3);
}

#[test]
fn starters_mention_no_key_that_does_not_exist() {
    for (name, _) in Policy::starters() {
        let text = Policy::starter(name).expect("a text");
        let mut section = "";
        for line in text.lines() {
            let (code, comment) = line.split_once('#').unwrap_or((line, ""));
            for part in [code, comment] {
                if let Some(header) = part.trim().strip_prefix('[') {
                    let header = header.trim_matches(['[', ']']);
                    if let Some((known, _)) = KEYS.iter().find(|(known, _)| bare(known) == header) {
                        section = bare(known);
                    }
                }
                let words: Vec<_> = part.split_whitespace().collect();
                for pair in words.windows(2).filter(|pair| pair[1] == "=") {
                    let key = pair[0];
                    let in_step = match section {
                        "approvals" => matches!(key, "from" | "count"),
                        "inspection" => COLUMN_KEYS.contains(&key),
                        _ => false,
                    };
                    // A comment above a section may be about the next one.
                    let anywhere = || all_keys().iter().any(|(_, known)| *known == key);
                    let known = match comment.is_empty() || part == code {
                        true => in_step || is_key(section, key),
                        false => anywhere(),
                    };
                    assert!(known || in_step, "{name}: [{section}] {key}");
                }
            }
        }
    }
}

#[test]
fn post_quantum_recipients_are_asked_for_and_what_cannot_be_met_is_warned_of() {
    let asks = |text: &str| {
        let policy = good(text);
        let passphrase = policy.forbids_passphrase().map(ToString::to_string);
        assert_eq!(
            passphrase,
            policy.requires_post_quantum().map(ToString::to_string)
        );
        passphrase
    };
    let demand = "[recipients]\npost_quantum = true\n";
    assert_eq!(asks(demand).as_deref(), Some("p.toml:2"));
    assert_eq!(asks("[recipients]\npost_quantum = false\n"), None);
    assert_eq!(asks(""), None);
    let codes = |text: &str| {
        let found = good(text).warnings(LedgerKeeper::Other);
        found.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert!(codes(demand).is_empty());
    let required = |key: &str| format!("{demand}required = [\"{key}\"]\n");
    assert_eq!(
        codes(&required(RECIPIENTS[0])),
        ["required-not-post-quantum"]
    );
    assert!(codes(&required(&crate::keys::post_quantum_pair(1).0)).is_empty());
    let listed = |key: &str| {
        let text = format!("{demand}file = \"r.toml\"\n");
        let book = format!("[[recipient]]\nname = \"N\"\nkey = \"{key}\"\n");
        let policy = Policy::from_layers(&[file("p.toml", &text)], |_| Ok(book.clone()));
        let found = policy.expect("valid").warnings(LedgerKeeper::Other);
        found.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(listed(RECIPIENTS[0]), ["nothing-allowed"]);
    assert!(listed(&crate::keys::post_quantum_pair(1).0).is_empty());
}

#[test]
fn the_manual_describes_every_key() {
    let manual = include_str!("../manual/policy.rs");
    for (header, key) in all_keys() {
        let row = format!("//! | `{header} ");
        let mut rows = manual.lines().filter_map(|line| line.strip_prefix(&row));
        let keys = |rest: &str| rest.split('`').next().unwrap_or_default().to_owned();
        assert!(
            rows.any(|rest| keys(rest).split(", ").any(|known| known == key)),
            "{header} {key}"
        );
    }
    for medium in super::rules::MEDIA {
        assert!(manual.contains(&format!("`{}`", medium.name())));
    }
}

/// The codes are permanent, so that each is described, and none that is gone.
#[test]
fn the_manual_describes_every_warning() {
    let manual = include_str!("../manual/policy.rs");
    let (_, table) = manual.split_once("//! # Warnings\n").expect("a part of it");
    let (table, _) = table.split_once("//! # ").expect("more parts");
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"));
    let described: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    let source = include_str!("warnings.rs");
    let codes = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("code: \""));
    let mut codes: Vec<_> = codes.filter_map(|code| code.split('"').next()).collect();
    codes.sort_unstable();
    assert_eq!(described, codes);
}

#[test]
fn what_is_refused_anyway_is_warned_of() {
    let codes = |text: &str| {
        let warnings = good(text).warnings(LedgerKeeper::Other);
        warnings.iter().map(|w| w.code).collect::<Vec<_>>()
    };
    let ceiling = "[ceiling]\npeople = 10\n[inspection]\nuninspected = ";
    assert_eq!(
        codes(&format!("{ceiling}\"warn\"\n")),
        ["uninspected-refused"]
    );
    assert!(codes(&format!("{ceiling}\"refuse\"\n")).is_empty());
    assert!(codes("[inspection]\nuninspected = \"warn\"\n").is_empty());
}

#[test]
fn starters_ask_what_they_are_described_to() {
    let health = good(Policy::starter("health").expect("a text"));
    assert_eq!(health.approvals_for(999), None);
    assert_eq!(health.approvals_for(1000).map(|rule| rule.value), Some(2));
    assert_eq!(
        health.approvals_for(u64::MAX).map(|rule| rule.value),
        Some(3)
    );
    assert_eq!(health.required_recipients().count(), 1);
    assert!(health.forbids_passphrase().is_some());
    assert!(health.requires_purpose().is_some());
    let codes: Vec<_> = health
        .warnings(LedgerKeeper::Requester)
        .iter()
        .map(|w| w.code)
        .collect();
    assert_eq!(
        codes,
        [
            "approvers-missing",
            "approvals-any-signer",
            "required-by-name"
        ]
    );

    let research = good(Policy::starter("research").expect("a text"));
    let usb = Path::new("/media/usb");
    assert!(
        research
            .forbids_destination(Medium::Removable, usb)
            .is_some()
    );
    assert!(research.forbids_destination(Medium::Fixed, usb).is_none());
    assert!(research.forbids_purpose("archive").is_none());
    assert!(research.forbids_purpose("fun").is_some());
    assert_eq!(research.quotas().count(), 2);
    assert!(research.warnings(LedgerKeeper::Other).is_empty());
    let codes: Vec<_> = research
        .warnings(LedgerKeeper::Requester)
        .iter()
        .map(|w| w.code)
        .collect();
    assert_eq!(codes, ["quota-ledger-writable"]);
}

#[test]
fn the_stricter_layer_is_named() {
    let site = file(
        "/etc/exeat/policy.toml",
        "[bulk]\npeople = 20\nrecords = 500\n",
    );
    let user = file(
        "/home/a/policy.toml",
        "[bulk]\nrecords = 400\n\npeople = 30\nfiles = 1000\n",
    );
    let never = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let policy = Policy::from_layers(&[site, user], never).expect("valid");
    let of = |key| setting(&policy, key);
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(of("bulk.people"), pair("20", "/etc/exeat/policy.toml:2"));
    assert_eq!(of("bulk.records"), pair("400", "/home/a/policy.toml:2"));
    assert_eq!(of("bulk.files"), pair("1000", "floor"));
    assert_eq!(of("bulk.bytes"), pair("\"100 MiB\"", "floor"));
}

#[test]
fn the_floor_as_text() {
    let expected = "\
# exeat policy, floor 1
bulk.bytes = \"100 MiB\"
bulk.files = 1000
bulk.people = 51
bulk.records = 1000
inspection.mode = \"full\"
inspection.uninspected = \"note\"
purpose.required = false
recipients.passphrase = true
recipients.post_quantum = false
signing.required = true
";
    assert_eq!(Policy::floor().canonical(), expected);
    assert_eq!(Policy::floor().sha256(), Digest::of(expected.as_bytes()));
}

#[test]
fn inspection_stops_early_only_where_every_file_agrees() {
    let until = "[inspection]\nmode = \"until-decided\"\n";
    let mode = |files: &[&str]| {
        let files: Vec<_> = files.iter().map(|text| file("p.toml", text)).collect();
        let policy = Policy::from_layers(&files, |_| Err(io::ErrorKind::NotFound.into()));
        policy.expect("valid").inspection_rule().value
    };
    assert_eq!(mode(&[]), InspectionMode::Full);
    assert_eq!(mode(&[until]), InspectionMode::UntilDecided);
    assert_eq!(mode(&[until, until]), InspectionMode::UntilDecided);
    assert_eq!(mode(&["", until]), InspectionMode::Full);
    assert_eq!(
        mode(&[until, "[inspection]\nmode = \"full\"\n"]),
        InspectionMode::Full
    );
    let quota = format!("{until}[[quota]]\ngroup = \"*\"\npeople = 9\nper = \"1 day\"\n");
    assert_eq!(mode(&[&quota]), InspectionMode::Full);
    let codes: Vec<_> = good(&quota)
        .warnings(LedgerKeeper::Other)
        .iter()
        .map(|w| w.code)
        .collect();
    assert_eq!(codes, ["inspection-full-for-quota"]);
}

#[test]
fn approvals_come_in_steps() {
    let policy = good(
        "[approvals]\npeople = [{ from = 1000, count = 2 }, { from = 5000, count = 1 },\n\
         { from = 20000, count = 3 }]\n",
    );
    let count = |people| policy.approvals_for(people).map(|rule| rule.value);
    assert_eq!(
        [0, 999, 1000, 5000, 19_999, 20_000].map(count),
        [None, None, Some(2), Some(2), Some(2), Some(3),]
    );
    let last = policy.approvals_for(20_000).expect("a rule");
    assert_eq!(last.origin.to_string(), "p.toml:3");
    assert_eq!(policy.highest_threshold(), 20_000);
}

#[test]
fn places_are_kinds_or_folders() {
    let policy = good("[destinations]\nallow = [\"fixed\", \"/srv/out/\"]\n");
    let allowed = |medium, path: &str| policy.forbids_destination(medium, path.as_ref()).is_none();
    assert!(allowed(Medium::Fixed, "/anywhere"));
    assert!(allowed(Medium::Encrypted, "/anywhere"));
    assert!(!allowed(Medium::Removable, "/anywhere"));
    assert!(allowed(Medium::Network, "/srv/out"));
    assert!(allowed(Medium::Network, "/srv/out/clinic"));
    assert!(!allowed(Medium::Network, "/srv/outer"));
    assert!(
        good("")
            .forbids_destination(Medium::Optical, Path::new("/"))
            .is_none()
    );
}

#[test]
fn quotas_concern_members_of_their_group() {
    let policy = good(
        "[[quota]]\ngroup = \"research\"\npeople = 10\nper = \"36 hours\"\n\
         [[quota]]\ngroup = \"*\"\npeople = 20\nper = \"2 weeks\"\n",
    );
    let found: Vec<_> = policy
        .quotas()
        .map(|q| {
            let people = q.people().map(|rule| rule.value);
            (q.group(), people, q.per().as_hours(), q.per_words())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("*", Some(20), 336, "14 days".to_owned()),
            ("research", Some(10), 36, "36 hours".to_owned()),
        ]
    );
    let concerned = |groups: &[&str]| {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        policy
            .quotas()
            .filter(|quota| quota.concerns(&groups))
            .count()
    };
    assert_eq!(concerned(&[]), 1);
    assert_eq!(concerned(&["users", "research"]), 2);
}

#[test]
fn quotas_limit_people_or_records_of_one_or_of_all() {
    let quota = "[[quota]]\ngroup = \"g\"\nper = \"1 day\"\n";
    let one = good(&format!("{quota}people = 10\nrecords = 90\n"));
    let other = good(&format!("{quota}records = 20\n"));
    let group = good(&format!("{quota}people = 5\nby = \"group\"\n"));
    let both = one.tighten(&other).tighten(&group);
    let shown: Vec<_> = both
        .settings()
        .into_iter()
        .filter(|setting| setting.key == "quota")
        .map(|setting| setting.value)
        .collect();
    assert_eq!(
        shown,
        [
            "{ group = \"g\", people = 10, records = 20, per = \"1 day\" }",
            "{ by = \"group\", group = \"g\", people = 5, per = \"1 day\" }",
        ]
    );
    // To say what goes without saying changes nothing.
    let said = good(&format!(
        "{quota}people = 10\nrecords = 90\nby = \"requester\"\n"
    ));
    assert_eq!(said.sha256(), one.sha256());
    // A number of records is no number of people.
    assert_eq!(other.highest_threshold(), FLOOR_PEOPLE);
}

/// A file of approvers is read strictly: a line that does not mean what it seems
/// to would let nobody approve, or one person twice.
#[test]
fn a_file_of_approvers_has_one_name_for_each_key() {
    let keys = strategy::approver_keys();
    let key = |n: usize| keys[n].public().to_openssh();
    let text = format!(
        "[approvals]\nfile = \"a\"\npeople = [{{ from = 1, count = 1 }}]\n\
         [signing]\nsigners = [\"{}\"]\n",
        SIGNERS[0]
    );
    let read = |lines: &str| {
        let found = Policy::from_layers(&[file("/etc/p.toml", &text)], |path| {
            assert_eq!(path, Path::new("/etc/a"));
            Ok(lines.to_owned())
        });
        found.map_err(|errors| errors.problems()[0].to_string())
    };
    let good = read(&format!(
        "# who may\nada {}\nbob namespaces=\"exeat.approval.v1\" {}\n",
        key(0),
        key(1)
    ));
    let good = good.expect("two approvers");
    let names: Vec<_> = good.approver_names().into_iter().flatten().collect();
    assert_eq!(names, ["ada", "bob"]);
    assert!(good.warnings(LedgerKeeper::Other).is_empty());
    for (lines, expected) in [
        (
            format!("*@clinic.example {}\n", key(0)),
            "/etc/a:1:1: an approver has one plain name",
        ),
        (
            format!("a,b {}\n", key(0)),
            "/etc/a:1:1: an approver has one plain name",
        ),
        (
            format!("a {}\nb {}\n", key(0), key(0)),
            "/etc/a:2:1: this key stands there twice",
        ),
        (
            format!("a namespaces=\"exeat.package.v1\" {}\n", key(0)),
            "/etc/a:1:1: the key may not approve: 'namespaces' lacks exeat.approval.v1",
        ),
        (
            format!("a cert-authority {}\n", key(0)),
            "/etc/a:1:1: certificate authorities",
        ),
        (
            "a ssh-rsa AAAA\n".to_owned(),
            "/etc/a:1:1: not an OpenSSH public key",
        ),
    ] {
        let problem = read(&lines).expect_err(&lines);
        assert!(problem.starts_with(expected), "{problem}");
        assert!(
            problem.contains("named by [approvals] file in /etc/p.toml"),
            "{problem}"
        );
    }
    let missing = self::read("[approvals]\nfile = \"a\"\n").expect_err("no such file");
    assert!(
        missing
            .to_string()
            .contains("p.toml:2:8: cannot read the approvers file a:")
    );
}

#[test]
fn what_allows_nothing_is_warned_of() {
    let codes = |text: &str| {
        let found = good(text).warnings(LedgerKeeper::Other);
        found.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("[destinations]\nallow = []\n"), ["nothing-allowed"]);
    assert_eq!(codes("[signing]\nsigners = []\n"), ["nothing-allowed"]);
    assert_eq!(codes("[purpose]\nallowed = []\n"), ["nothing-allowed"]);
    let asking = "[approvals]\npeople = [{ from = 10, count = 2 }]\n";
    assert_eq!(codes(asking), ["approvers-missing", "approvals-any-signer"]);
    let approvals = &format!("[signing]\nsigners = [\"{}\"]\n{asking}", SIGNERS[0]);
    assert_eq!(codes(approvals), ["approvers-missing"]);
    let named = format!("{approvals}approvers = [\"a\"]\n");
    assert_eq!(codes(&named), ["approvers-missing"]);
    let filed = |text: &str, digits: &str| {
        let text = format!("{text}file = \"approvers{digits}\"\n");
        let found = strategy::of_text(0, &text).warnings(LedgerKeeper::Other);
        found.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert!(filed(approvals, "01").is_empty());
    assert_eq!(filed(asking, "01"), ["approvals-any-signer"]);
    assert_eq!(filed(approvals, "0"), ["approvals-impossible"]);
    let named = format!("{approvals}approvers = [\"audit\", \"referral\", \"nobody\"]\n");
    assert_eq!(filed(&named, "01"), ["approver-unknown"]);
    assert!(codes("").is_empty());
    let apart = good("[destinations]\nallow = [\"fixed\"]\n")
        .tighten(&good("[destinations]\nallow = [\"network\"]\n"));
    assert_eq!(
        apart.warnings(LedgerKeeper::Other)[0].code,
        "nothing-allowed"
    );
}

#[test]
fn columns_of_several_files_are_united() {
    let site = file(
        "/etc/exeat/policy.toml",
        "[inspection]\ncolumns = [\n\
         { class = \"health\", named = [\"Read_Code\", \"hba1c*\"] },\n\
         { class = \"ethnicity\", named = [\"ethcat\"] },\n]\n",
    );
    let user = file(
        "/home/a/policy.toml",
        "[inspection]\ncolumns = [{ class = \"health\", named = [\"read code\", \"eGFR\"] }]\n",
    );
    let never = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let policy = Policy::from_layers(&[site, user], never).expect("valid");
    let settings = policy.settings().into_iter();
    let shown: Vec<_> = settings
        .filter(|setting| setting.key == "inspection.columns")
        .map(|setting| format!("{} # {}", setting.value, setting.origin))
        .collect();
    assert_eq!(
        shown,
        [
            "{ class = \"health\", named = [\"hba1c*\", \"Read_Code\"] } # /etc/exeat/policy.toml:3",
            "{ class = \"ethnicity\", named = [\"ethcat\"] } # /etc/exeat/policy.toml:4",
            "{ class = \"health\", named = [\"eGFR\"] } # /home/a/policy.toml:2",
        ]
    );
    // The digest is of what is named, not of how it is written.
    let canonical = policy.canonical();
    let expected = "inspection.columns = { class = \"health\", named = [\"egfr\", \"hba1c*\", \"readcode\"] }\n";
    assert!(canonical.contains(expected), "{canonical}");
    let once = good(
        "[inspection]\ncolumns = [{ class = \"health\", named = [\"egfr\", \"HbA1c*\", \"readCode\"] },\n\
         { class = \"ethnicity\", named = [\"eth cat\"] }]\n",
    );
    assert_eq!(once.sha256(), policy.sha256());
    assert_eq!(once.columns(), policy.columns());
}

/// The names of a starter are tried on columns as such files have them.
#[test]
fn starters_name_columns_of_health_and_research() {
    let found = |name: &str, column: &str| {
        let policy = good(Policy::starter(name).expect("a text"));
        policy.columns().classes(column)
    };
    use crate::inspect::Class::{Ethnicity, Health, Orientation, Religion};
    for (column, class) in [
        ("ReadCode", Health),
        ("read_v2", Health),
        ("CTV3Code", Health),
        ("snomed_concept_id", Health),
        ("icd10_primary", Health),
        ("DIAG_01", Health),
        ("opertn_01", Health),
        ("OPCS4_code", Health),
        ("hba1c_mmol_mol", Health),
        ("hba1c.value", Health),
        ("eGFR", Health),
        ("bmi", Health),
        ("smoking_status", Health),
        ("bnf_code", Health),
        ("dmd_code", Health),
        ("test_result", Health),
        ("cause_of_death_1", Health),
        ("mha_section", Health),
        ("hiv_status", Health),
        ("sti_episode_type", Health),
        ("learning_disability_flag", Health),
        ("ethcat", Ethnicity),
        ("ETHNOS", Ethnicity),
        ("ethnic_category_code", Ethnicity),
        ("religion_code", Religion),
        ("sexual_orientation_code", Orientation),
    ] {
        assert!(found("health", column).contains(&class), "{column}");
    }
    for (column, class) in [
        ("genotype", Health),
        ("rs429358_genotype", Health),
        ("participant.p41202_i0", Health),
        ("41270-0.12", Health),
        ("apoe_status", Health),
        ("treatment_arm", Health),
        ("arm", Health),
        ("case_control_status", Health),
        ("phq9_total", Health),
        ("GAD7", Health),
        ("ethcat", Ethnicity),
    ] {
        assert!(found("research", column).contains(&class), "{column}");
    }
    for starter in ["health", "research", "floor"] {
        for column in [
            "id",
            "ward",
            "date",
            "postcode",
            "name",
            "count",
            "version",
            "description",
            "start",
            "address",
            "army",
            "section",
            "armchair",
            "diagram",
            "result_url",
            "product_code",
            "submission_date",
            "vital",
            "status",
            "type",
            "value",
            "consent",
            "consent_date",
            "rsid",
            "effect_allele",
        ] {
            assert!(found(starter, column).is_empty(), "{starter}: {column}");
        }
    }
}
