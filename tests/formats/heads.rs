//! The same clinic in every form, the same head count.

use crate::made::Made;
use crate::report::Report;

#[test]
fn every_form_of_the_clinic_gives_the_same_head_count() {
    count_heads(120);
}

#[test]
fn every_form_of_a_handful_of_people_gives_the_same_head_count() {
    count_heads(7);
}

#[test]
fn every_form_of_one_person_gives_one() {
    count_heads(1);
}

/// Everybody, and nobody twice, is counted in each form; nothing of it is left
/// unread.
fn count_heads(people: u64) {
    let Some(made) = Made::new("forms", people) else {
        return;
    };
    let classes = made.manifest("classes").as_array().unwrap();
    let mut failures = Vec::new();
    for (form, expected) in made.manifest("forms").as_object().unwrap() {
        let report = Report::of(&made, form);
        let most = people + expected["others"].as_u64().unwrap();
        let is_counted = report.least <= people && (people..=most).contains(&report.most);
        let has_classes = classes
            .iter()
            .all(|class| report.classes.contains(class.as_str().unwrap()));
        if !is_counted || !has_classes || !report.uninspected.is_empty() || report.plain_allowed {
            failures.push(format!("{form}: {report}"));
        }
    }
    assert!(
        failures.is_empty(),
        "of {people} people:\n{}",
        failures.join("\n")
    );
}
