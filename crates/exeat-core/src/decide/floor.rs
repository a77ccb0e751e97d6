//! The rules of the floor that no policy can tighten: what never lies in the
//! clear, whatever its size, and keys beside what they open.

use super::ask::Ask;
use super::words::{
    SEAL, files, media, most, named, refuse, uninspected, uninspected_places, unseen,
};
use crate::destination::{Medium, Place, Target};
use crate::diagnostic::{Finding, Severity};
use crate::inspect::{Class, Coverage, Facts};
use crate::policy::{Origin, Rule};

/// Says no to a copy in the clear for what is in it, whatever its size.
pub(super) fn plain_content(facts: &Facts, bulk: &Rule<u64>, findings: &mut Vec<Finding>) {
    let sensitive: Vec<_> = facts.sensitive().collect();
    if !sensitive.is_empty() {
        let classes: Vec<_> = sensitive.iter().map(|found| found.class.label()).collect();
        findings.push(Finding {
            spans: most(sensitive.into_iter()),
            ..refuse(
                "plaintext-sensitive",
                format!(
                    "sensitive data would leave in the clear: {}",
                    classes.join(", ")
                ),
                SEAL,
                &Origin::Floor,
            )
        });
    }
    if facts.media > 0 {
        let message = format!("{} that nobody has reviewed", media(facts.media));
        findings.push(refuse("plaintext-media", message, SEAL, &Origin::Floor));
    }
    // Where inspection stopped because it is bulk, the rest changes nothing.
    let is_bulk = facts.people.most >= bulk.value;
    let is_enough = facts.coverage == Coverage::Stopped && facts.uninspected.files == 0 && is_bulk;
    if let Some(message) = uninspected(facts).filter(|_| !is_enough) {
        findings.push(Finding {
            spans: uninspected_places(facts),
            ..refuse(
                "plaintext-uninspected",
                format!("{message}, and may hold anything"),
                "seal it: leave out --plain and name a recipient with -r; or leave these files \
                 out with --exclude",
                &Origin::Floor,
            )
        });
    }
}

/// Says no to a copy in the clear of anything personal onto what is carried
/// about, or lies who knows where.
pub(super) fn plain_place(facts: &Facts, place: &Place, findings: &mut Vec<Finding>) {
    if place.medium().is_outside() && facts.has_personal_data() {
        findings.push(refuse(
            "plaintext-to-removable",
            format!("personal data would leave in the clear for {}", place.why()),
            SEAL,
            &Origin::Floor,
        ));
    }
}

/// What the floor says of plaintext from a package, by the facts of its sender.
pub(super) fn opening(facts: &Facts, place: &Place) -> Vec<Finding> {
    // Of what its sender did not look into, the worst is believed.
    let is_personal = facts.has_personal_data() || facts.files > 0 && unseen(facts).is_some();
    let message = || {
        format!(
            "the package holds personal data, which would lie in the clear on {}",
            place.why()
        )
    };
    match place.medium() {
        medium if !medium.is_outside() || !is_personal => Vec::new(),
        // Into another program: where that puts it, nobody here can know.
        Medium::Stream => Vec::new(),
        medium if medium.is_removable_or_optical() => vec![refuse(
            "plaintext-to-removable",
            message(),
            "open it on a disk of the machine, and carry the package instead",
            &Origin::Floor,
        )],
        _ => vec![Finding {
            severity: Severity::Warn,
            ..refuse(
                "plaintext-to-removable",
                message(),
                "make sure that nobody else can read that place, and clear it up afterwards",
                &Origin::Floor,
            )
        }],
    }
}

/// Whoever finds a package beside the key that opens it finds both.
pub(super) fn key_beside(target: &Target, findings: &mut Vec<Finding>) {
    if target.keys_beside().is_empty() {
        return;
    }
    findings.push(Finding {
        spans: named(target.keys_beside().iter().cloned()),
        ..refuse(
            "key-beside-data",
            "a private key lies, or may lie, where this is to go: whoever finds one finds both",
            "take it away from there, or choose another place",
            &Origin::Floor,
        )
    });
}

/// What a password protects in a way that is no encryption lies as good as in
/// the clear, and in a package it is one by the package alone.
pub(super) fn weak_encryption(ask: &Ask<'_>, facts: &Facts, findings: &mut Vec<Finding>) {
    let severity = match ask.is_plain() {
        true => Severity::Refuse,
        false => Severity::Note,
    };
    weak(facts, severity, findings);
}

/// The same for what lies where it lies.
pub(super) fn weak_at_rest(facts: &Facts, findings: &mut Vec<Finding>) {
    weak(facts, Severity::Refuse, findings);
}

fn weak(facts: &Facts, severity: Severity, findings: &mut Vec<Finding>) {
    let weak = &facts.weak_encryption;
    if weak.files == 0 {
        return;
    }
    findings.push(Finding {
        severity,
        spans: named(weak.places.iter().cloned()),
        ..refuse(
            "weak-encryption",
            format!(
                "{} protected by a password alone, in an old way that is no encryption",
                files(weak.files)
            ),
            "take the password off, so that it can be inspected, and seal it",
            &Origin::Floor,
        )
    });
}

/// A private key among the content: in a copy it opens whatever it opens; in a
/// package it is as safe as the rest.
pub(super) fn private_keys(ask: &Ask<'_>, facts: &Facts, findings: &mut Vec<Finding>) {
    let Some(found) = facts.classes.iter().find(|f| f.class == Class::PrivateKey) else {
        return;
    };
    let finding = refuse(
        "key-beside-data",
        "there is a private key among what would leave",
        "leave it out with --exclude, unless it is meant to go",
        &Origin::Floor,
    );
    findings.push(Finding {
        severity: match ask.is_plain() {
            true => Severity::Refuse,
            false => Severity::Warn,
        },
        spans: most(std::iter::once(found)),
        ..finding
    });
}
