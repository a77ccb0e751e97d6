//! `exeat verify`: complete, unaltered, signed by whom; with an identity, the
//! content too; after which one of its chain.

use std::path::Path;

use exeat_core::diagnostic::Finding;
use exeat_core::inspect::Facts;
use exeat_core::keys::EnvelopeKind;
use exeat_core::manifest::{Compression, Manifest, PayloadKind};
use exeat_core::verify::{Earlier, EnvelopeState, Following, FurtherEnvelope, Package};
use serde::Serialize;

use super::{
    ApprovalReport, CheckpointReport, SignerReport, listen, tell_of_further_envelopes, tell_of_own,
    unlock, verify_package,
};
use crate::args::Verify;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Verified {
    package: String,
    created: String,
    signer: SignerReport,
    manifest_sha256: String,
    kind: PayloadKind,
    compression: Compression,
    volumes: u64,
    payload_bytes: u64,
    /// Its place in a chain of backups; null where it is of none.
    series: Option<Series>,
    /// How many packages lie between it and the one of --after; null without.
    packages_between: Option<u64>,
    /// Envelopes that the signature does not cover.
    further_envelopes: Vec<Further>,
    /// What the reader should know, though nothing is wrong.
    remarks: Vec<Finding>,
    /// What was compared inside; null without an identity.
    content: Option<Content>,
}

/// The place of a package in a chain of backups.
#[derive(Serialize)]
struct Series {
    id: String,
    sequence: u64,
    /// The manifest before it; null of the first one.
    previous: Option<String>,
    /// The packages that it needs.
    base: Vec<String>,
}

impl Series {
    fn of(manifest: &Manifest) -> Option<Self> {
        let series = manifest.series.as_ref()?;
        Some(Self {
            id: series.id.to_string(),
            sequence: series.sequence,
            previous: series.previous.map(|digest| digest.to_string()),
            base: series.base.iter().map(ToString::to_string).collect(),
        })
    }

    /// For people.
    fn text(&self) -> String {
        let (number, id) = (render::thousands(self.sequence), &self.id);
        match self.base.len() as u64 {
            0 => format!("number {number} of the chain {id}, needs no other"),
            count => {
                let others = render::count(count, "other", "others");
                format!("number {number} of the chain {id}, needs {others}")
            }
        }
    }
}

/// An envelope that was added after the package had been sealed.
#[derive(Serialize)]
struct Further {
    member: String,
    /// Who passed the package on; null where nobody who is trusted did.
    passed_on_by: Option<SignerReport>,
    created: Option<String>,
    /// Why it is not used.
    problem: Option<String>,
}

impl Further {
    fn of(envelope: &FurtherEnvelope) -> Self {
        let nothing = Self {
            member: envelope.member(),
            passed_on_by: None,
            created: None,
            problem: None,
        };
        match envelope.state() {
            EnvelopeState::PassedOn { by, created } => Self {
                passed_on_by: Some(SignerReport::of_signer(by)),
                created: Some(created.to_string()),
                ..nothing
            },
            EnvelopeState::NotTrusted(error) => Self {
                problem: Some(error.to_string()),
                ..nothing
            },
            _ => Self {
                problem: Some("it was not signed".to_owned()),
                ..nothing
            },
        }
    }
}

#[derive(Serialize)]
struct Content {
    entries: u64,
    files: u64,
    bytes: u64,
    skipped: u64,
    /// Who else agreed to the release.
    approvals: Vec<ApprovalReport>,
    /// Whether the content was compared with what they agreed to.
    is_approved_content: bool,
    /// What vouches for the sender's ledger.
    checkpoint: Option<CheckpointReport>,
    /// What the sender established about it.
    facts: Facts,
    findings: Vec<Finding>,
}

pub(crate) fn run(args: &Verify, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    let following = match &args.after {
        Some(earlier) => Some(follows(&verified, earlier)?),
        None => None,
    };
    let manifest = verified.manifest().clone();
    let mut result = Verified {
        package: verified.id().to_string(),
        created: manifest.created.to_string(),
        signer: SignerReport::of(&verified),
        manifest_sha256: verified.manifest_sha256().to_string(),
        kind: manifest.payload.kind,
        compression: manifest.payload.compression,
        volumes: manifest.payload.volumes.len() as u64,
        payload_bytes: manifest.payload.bytes,
        series: Series::of(&manifest),
        packages_between: following.map(|following| following.between),
        further_envelopes: verified
            .further_envelopes()
            .iter()
            .map(Further::of)
            .collect(),
        remarks: Vec::new(),
        content: None,
    };
    tell_of_further_envelopes(&verified, ui);
    result.remarks.extend(tell_of_own(&verified, config, ui));
    if args.identity.is_empty() && !args.passphrase {
        listen()?;
        let progress = Shown::new(ui);
        verified.verify_volumes(None, &progress)?;
    } else {
        let may_be_passed_on = !verified.further_envelopes().is_empty();
        check_means(args, verified.envelope_kind()?, may_be_passed_on)?;
        let unlocked = unlock(verified, &args.identity, config, ui)?;
        result.remarks.extend(unlocked.not_addressed());
        listen()?;
        let progress = Shown::new(ui);
        unlocked.verify_contents(None, &progress)?;
        let inventory = unlocked.inventory();
        result.content = Some(Content {
            entries: inventory.header().entries,
            files: inventory.header().facts.files,
            bytes: inventory.header().bytes,
            skipped: inventory
                .entries()
                .filter(|e| e.skipped().is_some())
                .count() as u64,
            approvals: inventory
                .header()
                .approvals
                .iter()
                .map(ApprovalReport::of)
                .collect(),
            is_approved_content: unlocked.is_approved_content(),
            checkpoint: inventory
                .header()
                .checkpoint
                .as_ref()
                .map(CheckpointReport::of),
            facts: inventory.header().facts.clone(),
            findings: inventory.header().findings.clone(),
        });
    }
    let mut report = Report::new(ui, || text(&result), &result);
    if let Some(note) = following.as_ref().and_then(Following::note) {
        report.exit = Exit::Incomplete;
        report.notes.push(format!("warning: {note}"));
    }
    Ok(report)
}

/// Demands that the package comes after the number or the package given.
fn follows(
    verified: &exeat_core::verify::Verified<Package>,
    earlier: &Path,
) -> Result<Following, CommandError> {
    let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let earlier = match earlier.to_str().filter(is_number) {
        Some("") => return Err(CommandError::usage("--after needs a number or a package")),
        Some(number) => Earlier::Sequence(number.parse().map_err(|_| {
            CommandError::usage("no chain has a package of so high a number")
                .with_help("a file that is called like a number is ./NAME")
        })?),
        None => Earlier::read(earlier, verified.signer().key())?,
    };
    Ok(verified.comes_after(&earlier)?)
}

/// Says at once where what was given cannot open the package; where somebody
/// added an envelope, that may be of the other kind.
fn check_means(
    args: &Verify,
    kind: EnvelopeKind,
    may_be_passed_on: bool,
) -> Result<(), CommandError> {
    match kind {
        EnvelopeKind::Passphrase if !args.passphrase && !may_be_passed_on => Err(
            CommandError::usage("this package was sealed with a passphrase, not for identities")
                .with_help("pass --passphrase instead of -i, to be asked for it"),
        ),
        EnvelopeKind::Keys if args.identity.is_empty() => Err(CommandError::usage(
            "this package was sealed for identities, not with a passphrase",
        )
        .with_help("pass -i IDENTITY instead of --passphrase")),
        _ => Ok(()),
    }
}

fn text(result: &Verified) -> String {
    let mut text = format!(
        "OK: complete, unaltered, signed by {}\n  fingerprint  {}\n  package      {}\n  created      {}\n",
        result.signer.name, result.signer.fingerprint, result.package, result.created
    );
    let volumes = render::count(result.volumes, "volume", "volumes");
    text += &format!(
        "  volumes      {volumes}, {}\n",
        render::bytes(result.payload_bytes)
    );
    if let Some(series) = &result.series {
        text += &format!("  backup       {}\n", series.text());
    }
    match &result.content {
        Some(content) => {
            let files = render::count(content.files, "file", "files");
            let bytes = render::bytes(content.bytes);
            text += &format!("  content      {files} ({bytes}), every one as it was sealed\n");
            if content.skipped > 0 {
                let skipped = render::count(content.skipped, "entry", "entries");
                text += &format!("  left out     {skipped} that the sender could not read\n");
            }
            for approval in &content.approvals {
                text += &format!("  approved     {}\n", approval.text());
            }
            if !content.approvals.is_empty() {
                text += match content.is_approved_content {
                    true => "               the content is what they approved\n",
                    false => {
                        "               the content was not compared with what they approved\n"
                    }
                };
            }
            if let Some(checkpoint) = &content.checkpoint {
                text += &format!("  recorded     {}\n", checkpoint.text());
            }
            text += "what the sender found in it:\n";
            text += &render::facts(&content.facts);
            let findings = content.findings.iter().map(render::finding);
            text.extend(findings);
        }
        None => text += "  content      not decrypted; give an identity with -i to check it too\n",
    }
    text
}
