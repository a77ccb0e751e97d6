//! What must hold for all policies: combining never loosens, and neither order
//! nor repetition matters.

use std::path::Path;

use proptest::prelude::*;

use super::super::rules::MEDIA;
use super::super::strategy::{KEYS, NAMES, SIGNERS, any_text, approver_keys, of_text};
use super::super::{Policy, Rule, any_policy};
use crate::keys::Recipient;

/// Asserts that whatever `strict` lets pass, `loose` does too.
pub(super) fn assert_at_least_as_strict(strict: &Policy, loose: &Policy) {
    let (a, b) = (strict.bulk_rules(), loose.bulk_rules());
    assert!(a.people.value <= b.people.value);
    assert!(a.records.value <= b.records.value);
    assert!(a.bytes.value <= b.bytes.value);
    assert!(a.files.value <= b.files.value);
    let ceiling = |policy: &Policy| policy.ceiling_rule().map_or(u64::MAX, |rule| rule.value);
    assert!(ceiling(strict) <= ceiling(loose));
    let steps = strict.approvals.keys().chain(loose.approvals.keys());
    for people in steps.flat_map(|&at| [at.saturating_sub(1), at, at + 1]) {
        let count = |policy: &Policy| policy.approvals_for(people).map_or(0, |rule| rule.value);
        assert!(count(strict) >= count(loose), "at {people}");
    }
    for name in NAMES {
        let (a, b) = (strict.forbids_approver(name), loose.forbids_approver(name));
        assert!(a.is_some() || b.is_none(), "{name} may approve");
        let (a, b) = (strict.forbids_purpose(name), loose.forbids_purpose(name));
        assert!(a.is_some() || b.is_none(), "{name} is a purpose");
    }
    for key in approver_keys() {
        let key = key.public().fingerprint();
        let may = |policy: &Policy| policy.approver(&key, jiff::Timestamp::UNIX_EPOCH).is_ok();
        let asks = |policy: &Policy| policy.approver_names().is_some();
        assert!(!may(strict) || may(loose) || !asks(loose), "{key}");
        assert!(asks(strict) || !asks(loose));
        assert!(strict.names_of(&key).is_superset(&loose.names_of(&key)));
    }
    for (required, _) in loose.required_recipients() {
        assert!(
            strict
                .required_recipients()
                .any(|(held, _)| held == required)
        );
    }
    let today = jiff::civil::date(2026, 11, 22);
    for key in KEYS {
        let key = Recipient::parse(key).expect("a key");
        let (a, b) = (
            strict.forbids_recipient(&key, today),
            loose.forbids_recipient(&key, today),
        );
        assert!(a.is_some() || b.is_none(), "{key}");
    }
    assert!(strict.forbids_passphrase().is_some() || loose.forbids_passphrase().is_none());
    assert!(strict.requires_post_quantum().is_some() || loose.requires_post_quantum().is_none());
    for signer in SIGNERS {
        let signer = signer.parse().expect("a fingerprint");
        let (a, b) = (
            strict.forbids_signer(&signer),
            loose.forbids_signer(&signer),
        );
        assert!(a.is_some() || b.is_none(), "{signer}");
    }
    for medium in MEDIA {
        for path in ["/", "/srv", "/srv/out/x", "/srv/outer", "/media/usb"].map(Path::new) {
            let (a, b) = (
                strict.forbids_destination(medium, path),
                loose.forbids_destination(medium, path),
            );
            assert!(a.is_some() || b.is_none(), "{medium:?} {path:?}");
        }
    }
    for quota in loose.quotas() {
        let same = |held: &&super::super::Quota| {
            held.group() == quota.group() && held.per() == quota.per() && held.by() == quota.by()
        };
        let held = strict.quotas().find(same).expect("a quota stays");
        let limit = |rule: Option<&Rule<u64>>| rule.map_or(u64::MAX, |rule| rule.value);
        assert!(limit(held.people()) <= limit(quota.people()));
        assert!(limit(held.records()) <= limit(quota.records()));
    }
    assert!(strict.requires_purpose().is_some() || loose.requires_purpose().is_none());
    assert!(strict.uninspected_rule().value >= loose.uninspected_rule().value);
    assert!(strict.ledger_rule().is_some() || loose.ledger_rule().is_none());
    for named in loose.columns.keys() {
        assert!(strict.columns.contains_key(named), "{named:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn combining_never_loosens(a in any_text(), b in any_text()) {
        let (a, b) = (of_text(0, &a), of_text(1, &b));
        let both = a.tighten(&b);
        for part in [&a, &b, &Policy::floor()] {
            assert_at_least_as_strict(&both, part);
        }
        // Not so over the floor alone, which leaves it to the files.
        prop_assert!(both.inspection_rule().value >= a.inspection_rule().value);
        prop_assert!(both.inspection_rule().value >= b.inspection_rule().value);
        prop_assert!(both.highest_threshold() <= a.highest_threshold().max(b.highest_threshold()));
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        a in any_text(), b in any_text(), c in any_text(),
    ) {
        let (a, b, c) = (of_text(0, &a), of_text(1, &b), of_text(2, &c));
        prop_assert_eq!(a.tighten(&b), b.tighten(&a));
        prop_assert_eq!(a.tighten(&b).tighten(&c), a.tighten(&b.tighten(&c)));
        prop_assert_eq!(&a.tighten(&a), &a);
        prop_assert_eq!(&a.tighten(&Policy::floor()), &a);
        let both = a.tighten(&b);
        prop_assert_eq!(&both.tighten(&b), &both);
    }

    #[test]
    fn the_digest_is_of_the_rules_and_not_of_their_place(text in any_text()) {
        let (here, there) = (of_text(0, &text), of_text(1, &format!("\n# moved\n{text}")));
        prop_assert_eq!(here.canonical(), there.canonical());
        prop_assert_eq!(here.sha256(), there.sha256());
    }

    #[test]
    fn no_threshold_lies_above_the_highest(policy in any_policy(), more in 0..1000_u64) {
        let highest = policy.highest_threshold();
        let beyond = highest.saturating_add(more);
        prop_assert!(policy.bulk_rules().people.value <= highest);
        prop_assert_eq!(policy.approvals_for(highest), policy.approvals_for(beyond));
        for limit in policy.ceiling_rule().map(|rule| rule.value).into_iter()
            .chain(policy.quotas().filter_map(|quota| quota.people()).map(|rule| rule.value))
        {
            prop_assert!(highest > limit);
        }
    }

    #[test]
    fn every_setting_is_toml_of_a_known_key(policy in any_policy()) {
        for setting in policy.settings() {
            let line = format!("x = {}", setting.value);
            prop_assert!(toml::from_str::<toml::Table>(&line).is_ok(), "{line}");
            let (section, key) = setting.key.split_once('.').unwrap_or((setting.key, "group"));
            prop_assert!(super::is_key(section, key), "{}", setting.key);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z\\[\\]=\"'{}#., 0-9é\n\r\t\u{202e}-]{0,200}") {
        let _ = super::read(&text);
    }

    #[test]
    fn no_value_makes_it_panic(
        key in 0..super::all_keys().len(),
        value in prop_oneof![
            "[0-9_]{1,25}( ?[a-zA-Z]{0,5})?".prop_map(|text| format!("{text:?}")),
            "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
            any::<i64>().prop_map(|number| number.to_string()),
            Just("[[1, 'x'], {a = 1}]".to_owned()),
            Just("{ from = 99999999999999999999, count = -1 }".to_owned()),
            Just("[{ from = 0x7fff_ffff_ffff_ffff, count = 4294967296 }]".to_owned()),
        ],
    ) {
        let (header, key) = super::all_keys()[key];
        if let Err(errors) = super::read(&format!("{header}\n{key} = {value}\n")) {
            prop_assert!(!errors.problems().is_empty());
            prop_assert!(!errors.to_string().is_empty());
        }
    }
}
