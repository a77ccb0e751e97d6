//! `exeat backup list`: the packages of a chain, and what becomes of each.

use std::os::unix::ffi::OsStrExt as _;

use exeat_core::backup::plan;
use exeat_core::diagnostic::Finding;
use exeat_core::path::Escaped;
use serde::Serialize;

use super::{Site, is_broken};
use crate::args::BackupList;
use crate::commands::{listen, stopped_or};
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Listed {
    profile: String,
    series: String,
    to: String,
    packages: Vec<One>,
    /// Packages that were removed, by the signed record.
    removed: u64,
    /// What lies there besides.
    others: u64,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct One {
    package: String,
    name: String,
    sequence: u64,
    created: String,
    bytes: u64,
    is_full: bool,
    needs: Vec<String>,
    /// When it was read back from the disk.
    verified: Option<String>,
    is_kept: bool,
    why: String,
}

pub(super) fn run(args: &BackupList, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let site = Site::look(config.profile(&args.name)?, config)?;
    site.profile.check_mount()?;
    listen()?;
    let progress = Shown::new(ui);
    let mut warnings = Vec::new();
    let memory = site.memory(&mut |text| warnings.push(text));
    let shelf = site.shelf(&progress).map_err(stopped_or)?;
    progress.clear();
    let zone = &site.profile.time_zone;
    let fates = plan(&shelf.candidates(&memory), &site.profile.keep, zone);
    let packages = shelf.packages().iter().zip(&fates).map(|(package, fate)| {
        let verified = memory.verified.get(&package.id);
        One {
            package: package.id.to_string(),
            name: Escaped(package.name.as_bytes()).to_string(),
            sequence: package.sequence,
            created: package.created.to_string(),
            bytes: package.bytes,
            is_full: package.base.is_empty(),
            needs: package.base.iter().map(ToString::to_string).collect(),
            verified: verified.map(ToString::to_string),
            is_kept: fate.verdict.is_kept(),
            why: fate.verdict.to_string(),
        }
    });
    let listed = Listed {
        profile: site.profile.name.clone(),
        series: site.series.to_string(),
        to: site.profile.to.display().to_string(),
        packages: packages.collect(),
        removed: shelf.gone().len() as u64,
        others: shelf.others(),
        findings: site.findings(&shelf, &memory),
    };
    let mut report = Report::new(ui, || text(&listed), &listed);
    if is_broken(&listed.findings) {
        report.exit = Exit::Damaged;
    }
    for warning in warnings {
        report.alarms.push(format!("warning: {warning}"));
    }
    for finding in &listed.findings {
        let finding = render::finding(finding);
        report.alarms.push(finding.trim_end().to_owned());
    }
    Ok(report)
}

fn text(listed: &Listed) -> String {
    let mut text = String::new();
    for one in &listed.packages {
        let kind = match one.is_full {
            true => "full".to_owned(),
            false => format!("needs {}", one.needs.len()),
        };
        let verified = match one.verified {
            Some(_) => "read back",
            None => "not read back",
        };
        let fate = match (one.is_kept, is_broken(&listed.findings)) {
            (true, _) => "kept",
            (false, false) => "goes at the next run",
            (false, true) => "would go if nothing were wrong with the chain",
        };
        text += &format!(
            "{:>5}  {}  {:>10}  {kind:<8}  {verified:<13}  {}\n       {fate}: {}\n",
            one.sequence,
            one.created,
            render::bytes(one.bytes),
            one.name,
            one.why
        );
    }
    text += &format!(
        "{} of {} in {}",
        render::count(listed.packages.len() as u64, "backup", "backups"),
        listed.profile,
        listed.to,
    );
    if listed.removed > 0 {
        text += &format!(", {} removed before", render::thousands(listed.removed));
    }
    text += "\n";
    text
}
