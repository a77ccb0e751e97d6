//! What one run did: for programs, and for people.

use exeat_core::backup::{Fate, Removed, Shelved, Verdict};
use exeat_core::diagnostic::Finding;
use exeat_core::inspect::Facts;
use exeat_core::path::Escaped;
use exeat_core::source::Listing;
use serde::Serialize;

use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

/// How many paths are named; the rest is counted.
pub(super) const NAMED: usize = 20;

/// The summary of a run.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) profile: String,
    pub(super) package: String,
    pub(super) path: String,
    pub(super) series: String,
    pub(super) sequence: u64,
    /// Why it is a full one; null where it rests on earlier ones.
    pub(super) full: Option<&'static str>,
    /// The earlier packages that it needs.
    pub(super) needs: u64,
    pub(super) entries: u64,
    /// Regular files, in this package or an earlier one.
    pub(super) files: u64,
    /// Those of them that are in this one.
    pub(super) changed: u64,
    /// Bytes of all files.
    pub(super) bytes: u64,
    /// Bytes of those that are in this one.
    pub(super) changed_bytes: u64,
    /// Bytes of ciphertext.
    pub(super) payload_bytes: u64,
    pub(super) manifest_sha256: String,
    pub(super) started: String,
    pub(super) seconds: f64,
    /// Whether it was read back.
    pub(super) verified: bool,
    pub(super) deleted: Vec<Judged>,
    /// What could not be read, or changed while it was: the first ones.
    pub(super) left_out: Vec<LeftOut>,
    pub(super) left_out_count: u64,
    /// What somebody should see to; each makes the run end with 7.
    pub(super) warnings: Vec<String>,
    /// What is worth knowing, and wrong with nothing.
    pub(super) notes: Vec<String>,
    pub(super) facts: Option<Facts>,
    pub(super) findings: Vec<Finding>,
}

/// A package, and why it is kept, or is not.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) package: String,
    pub(super) sequence: u64,
    pub(super) created: String,
    pub(super) bytes: u64,
    pub(super) why: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct LeftOut {
    pub(super) path: String,
    pub(super) reason: String,
}

impl Judged {
    /// One that was removed.
    pub(super) fn removed(removed: &Removed) -> Self {
        Self {
            package: removed.id.to_string(),
            sequence: removed.sequence,
            created: removed.created.to_string(),
            bytes: removed.bytes,
            why: Verdict::Removed(removed.why).to_string(),
        }
    }

    /// One that is there, and what will become of it.
    pub(super) fn there(package: &Shelved, fate: &Fate) -> Self {
        Self {
            package: package.id.to_string(),
            sequence: package.sequence,
            created: package.created.to_string(),
            bytes: package.bytes,
            why: fate.verdict.to_string(),
        }
    }

    /// A line for people.
    pub(super) fn text(&self) -> String {
        let bytes = render::bytes(self.bytes);
        let Self {
            sequence,
            created,
            why,
            ..
        } = self;
        format!("number {sequence} of {created} ({bytes}): {why}\n")
    }
}

/// What a restored tree would not have as it was.
pub(super) fn left_out(listing: &Listing) -> Vec<LeftOut> {
    let entries = listing.entries().filter_map(|entry| {
        let reason = match (entry.skipped(), entry.lapse()) {
            (Some(_), _) if entry.is_skipped_by_nature() => return None,
            (Some(reason), _) => format!("left out: {reason}"),
            (None, reason) => reason?.to_owned(),
        };
        Some(LeftOut {
            path: entry.path().to_string(),
            reason,
        })
    });
    let unnamed = listing.unnamed().iter().map(|(path, reason)| LeftOut {
        path: path.clone(),
        reason: format!("left out: {reason}"),
    });
    entries.chain(unnamed).collect()
}

impl Summary {
    /// How the run ends.
    pub(super) fn exit(&self, warnings: &[String]) -> Exit {
        match self.left_out_count > 0 || !warnings.is_empty() {
            true => Exit::Incomplete,
            false => Exit::Done,
        }
    }
}

pub(super) fn report(summary: &Summary, ui: &Ui) -> Report {
    let mut report = Report::new(ui, || text(summary), summary);
    report.exit = summary.exit(&summary.warnings);
    for note in &summary.notes {
        report.notes.push(format!("note: {note}"));
    }
    for one in &summary.left_out {
        report.alarms.push(format!("{} ({})", one.path, one.reason));
    }
    let named = summary.left_out.len() as u64;
    if summary.left_out_count > named {
        report
            .alarms
            .push(format!("and {} more", summary.left_out_count - named));
    }
    for warning in &summary.warnings {
        report.alarms.push(format!("warning: {warning}"));
    }
    if summary.left_out_count > 0 {
        report.alarms.push(format!(
            "incomplete: {} not kept as it was, everything else is",
            render::count(summary.left_out_count, "entry is", "entries are")
        ));
    }
    report
}

fn text(summary: &Summary) -> String {
    let kind = match summary.full {
        Some(why) => format!("full: {why}"),
        None => format!(
            "rests on {}",
            render::count(summary.needs, "earlier one", "earlier ones")
        ),
    };
    let mut text = format!(
        "backed up {} into {}\n  number       {} ({kind})\n  files        {} ({}), {} of them here ({})\n",
        Escaped(summary.profile.as_bytes()),
        summary.path,
        summary.sequence,
        render::thousands(summary.files),
        render::bytes(summary.bytes),
        render::thousands(summary.changed),
        render::bytes(summary.changed_bytes),
    );
    text += &format!(
        "  size         {}, in {:.1} s\n  read back    {}\n",
        render::bytes(summary.payload_bytes),
        summary.seconds,
        match summary.verified {
            true => "yes, from the disk",
            false => "no",
        },
    );
    for one in &summary.deleted {
        text += &format!("  removed      {}", one.text());
    }
    text
}
