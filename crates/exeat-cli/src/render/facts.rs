//! Facts and findings as people read them. Whatever comes from a package is
//! escaped here.

use std::fmt::Write as _;

use exeat_core::diagnostic::{Finding, Severity};
use exeat_core::inspect::{ClassFacts, Coverage, Facts, MetadataKind};
use exeat_core::path::Escaped;

use super::{bytes, count, people, thousands};

/// How many places of one class are shown to people; the rest is counted.
const PLACES: usize = 3;
/// How many files that were not inspected are shown to people.
const UNINSPECTED: usize = 5;
/// The width of the first column.
const WIDTH: usize = 15;

/// What was established, one line a fact, indented.
pub(crate) fn facts(facts: &Facts) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<WIDTH$}{value}");
    };
    let at_least = match facts.coverage {
        Coverage::Stopped => "at least ",
        _ => "",
    };
    line("people", &people(facts));
    if facts.records > 0 {
        let about = match facts.personal_records {
            0 => "none about people".to_owned(),
            all if all == facts.records => "about people".to_owned(),
            some => format!("{} about people", thousands(some)),
        };
        let records = count(facts.records, "record", "records");
        line("records", &format!("{at_least}{records}, {about}"));
    }
    for found in &facts.classes {
        let values = count(found.count, "value", "values");
        let places = places(found);
        line(
            found.class.label(),
            &format!("{at_least}{values} in {places}"),
        );
    }
    if facts.media > 0 {
        let media = count(
            facts.media,
            "image, recording or film",
            "images, recordings or films",
        );
        line(
            "media",
            &format!("{at_least}{media} that nobody has reviewed"),
        );
    }
    if !facts.image_metadata.is_empty() {
        let kinds = facts.image_metadata.iter().map(|found| {
            let kind = kind_of_metadata(found.kind);
            format!("{kind} ({})", thousands(found.images))
        });
        line("image metadata", &kinds.collect::<Vec<_>>().join(", "));
    }
    if facts.uninspected.files > 0 {
        let files = count(facts.uninspected.files, "file", "files");
        line("not inspected", &format!("{files}:"));
        let named = facts.uninspected.places.iter().take(UNINSPECTED);
        let mut shown = 0;
        for place in named {
            let (path, reason) = (escaped(&place.path), escaped(&place.reason));
            line("", &format!("{path} ({reason})"));
            shown += 1;
        }
        if facts.uninspected.files > shown {
            line("", &format!("and {} more", facts.uninspected.files - shown));
        }
    }
    match facts.coverage {
        Coverage::Stopped => line("", "not everything was read"),
        Coverage::None => line(
            "",
            "content was not inspected; the policy did not ask for it",
        ),
        _ => {}
    }
    text
}

fn kind_of_metadata(kind: MetadataKind) -> &'static str {
    match kind {
        MetadataKind::Device => "serial number or owner of the camera",
        MetadataKind::Exif => "Exif",
        MetadataKind::Iptc => "IPTC",
        MetadataKind::Location => "place",
        MetadataKind::Text => "text",
        MetadataKind::Thumbnail => "small copy",
        MetadataKind::Xmp => "XMP",
        _ => "other",
    }
}

/// What would leave, in a few words.
pub(crate) fn content(facts: &Facts) -> String {
    let files = count(facts.files, "file", "files");
    format!("{files} ({})", bytes(facts.bytes))
}

fn places(found: &ClassFacts) -> String {
    let shown = found.places.iter().take(PLACES).map(|place| {
        let path = escaped(&place.path);
        match &place.column {
            Some(column) => format!("{path}, column '{}'", escaped(column)),
            None => path,
        }
    });
    let mut text = shown.collect::<Vec<_>>().join("; ");
    let named = found.places.len().min(PLACES);
    // From a package these are somebody else's numbers, of any size.
    let unnamed = (found.places.len() - named) as u64;
    let more = found.more_places.saturating_add(unnamed);
    if named == 0 {
        return count(more, "place", "places");
    }
    if more > 0 {
        text += &format!("; and {} more places", thousands(more));
    }
    text
}

/// A finding: cause, places, remedy, and the rule that made it.
pub(crate) fn finding(finding: &Finding) -> String {
    let weight = match finding.severity {
        Severity::Refuse => "",
        Severity::Warn => "warning: ",
        _ => "note: ",
    };
    let (code, message) = (escaped(&finding.code), escaped(&finding.message));
    let mut text = format!("  {weight}{code}: {message}\n");
    for span in &finding.spans {
        let _ = writeln!(text, "    {}", escaped(span));
    }
    if !finding.help.is_empty() {
        let _ = writeln!(text, "    {}", escaped(&finding.help));
    }
    if finding.rule != "floor" {
        let _ = writeln!(text, "    rule: {}", escaped(&finding.rule));
    }
    text
}

fn escaped(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}
