//! From the TOML of one file to its rules over the floor: what the values
//! mean, whether they can be used, and that none is looser than the floor.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::approvers::ApproverList;
use super::config::{self, Config, QuotaConfig, Size, Step, Texts};
use super::problem::{Page, PolicyErrors, Problem, ProblemKind, quoted};
use super::rules::{InspectionMode, MEDIA, Origin, Period, Places, Quota, Rule, Whose, split_unit};
use super::{Policy, PolicyFile, layers, show};
use crate::diagnostic::Severity;
use crate::manifest::MAX_APPROVALS;
use crate::path::{misleads, shown};
use crate::signature::Fingerprint;

mod approvers;
mod columns;
mod recipients;

/// The longest name of a recipient, signer or group, in bytes.
const MAX_NAME: usize = 200;
/// The longest purpose, in bytes: what a request can carry.
const MAX_PURPOSE: usize = 1000;
/// The longest path, in bytes (Linux's `PATH_MAX`).
const MAX_PATH: usize = 4096;

/// The floor with the rules of one file over it.
pub(super) fn layer(
    file: &PolicyFile,
    layer: usize,
    read: &mut impl FnMut(&Path) -> io::Result<String>,
) -> Result<Policy, PolicyErrors> {
    let mut page = Page::new(&file.path, &file.text);
    let config = config::read(&file.text, &mut page);
    let policy = config.map(|config| {
        let mut check = Check {
            layer,
            file: Arc::from(&*file.path),
            page: &mut page,
        };
        check.config(config, read)
    });
    let found = page.into_found();
    match policy {
        Some(policy) if found.is_empty() => Ok(policy),
        _ => Err(found),
    }
}

/// The problem that `stricter`, made of `file`, names another ledger than the
/// files below it.
pub(super) fn ledger_conflict(
    below: &Policy,
    stricter: &Policy,
    file: &PolicyFile,
) -> Option<Problem> {
    let (below, here) = (below.ledger.as_ref()?, stricter.ledger.as_ref()?);
    let Origin::File { line, .. } = here.origin else {
        return None;
    };
    if below.value == here.value {
        return None;
    }
    let page = Page::new(&file.path, &file.text);
    let kind = ProblemKind::SecondLedger {
        path: below.value.clone(),
        origin: below.origin.to_string(),
    };
    let help = "everything that leaves is recorded in one ledger; leave this line out";
    Some(page.at(page.span_of_line(line), kind, Some(help.to_owned())))
}

/// One file being checked.
struct Check<'a, 't> {
    layer: usize,
    file: Arc<Path>,
    page: &'a mut Page<'t>,
}

impl Check<'_, '_> {
    fn config(
        &mut self,
        config: Config,
        read: &mut impl FnMut(&Path) -> io::Result<String>,
    ) -> Policy {
        let mut policy = Policy::floor();
        let bulk = &mut policy.bulk;
        self.lower(&mut bulk.people, config.bulk_people, "[bulk] people");
        self.lower(&mut bulk.records, config.bulk_records, "[bulk] records");
        self.lower(&mut bulk.files, config.bulk_files, "[bulk] files");
        let bytes = config.bulk_bytes.and_then(|size| self.size(&size));
        self.lower(&mut bulk.bytes, bytes, "[bulk] bytes");

        policy.ceiling = config.ceiling.map(|people| self.rule(&people));
        self.approvals(config.approvals, &mut policy.approvals);
        let key = "[approvals] approvers";
        if let Some(list) = self.list(config.approvers, key, MAX_NAME, owned) {
            policy.approvers.add(list.value, list.origin);
        }
        match (config.approvers_file, policy.approvals.values().next()) {
            (Some(file), _) => self.approvers(&file, read, &mut policy),
            (None, Some(step)) => {
                let nobody = ApproverList {
                    file: None,
                    lines: BTreeSet::new(),
                };
                policy.approver_files.add(nobody, step.origin.clone());
            }
            (None, None) => {}
        }

        let file = config.recipients_file;
        let book = file.and_then(|file| self.recipients(&file, read, &mut policy));
        self.required(config.recipients_required, book.as_ref(), &mut policy);
        policy.no_passphrase = self.when(config.passphrase, false);
        policy.post_quantum = self.when(config.post_quantum, true);

        if let Some(flag) = config.signing_required.filter(|flag| !flag.get_ref()) {
            let kind = ProblemKind::Looser {
                key: "[signing] required",
                value: "false".to_owned(),
                floor: "true".to_owned(),
            };
            self.page.problem(flag.span(), kind, leave_out("true"));
        }
        let key = "[signing] signers";
        if let Some(list) = self.list(config.signers, key, MAX_NAME, fingerprint) {
            policy.signers.add(list.value, list.origin);
        }
        if let Some(places) = config.destinations {
            let (list, origin) = self.places(places);
            policy.destinations.add(list, origin);
        }
        self.quotas(config.quotas, &mut policy);

        policy.purpose_required = self.when(config.purpose_required, true);
        let key = "[purpose] allowed";
        if let Some(list) = self.list(config.purposes, key, MAX_PURPOSE, owned) {
            policy.purposes.add(list.value, list.origin);
        }
        policy.ledger = config.ledger.and_then(|path| self.ledger(path));
        self.inspection(config.mode, config.uninspected, &mut policy);
        policy.columns = self.columns(config.columns);
        policy
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File {
            layer: self.layer,
            path: Arc::clone(&self.file),
            line: self.page.line_of(span.start),
        }
    }

    fn rule<T: Copy>(&self, value: &Spanned<T>) -> Rule<T> {
        Rule {
            value: *value.get_ref(),
            origin: self.origin(&value.span()),
        }
    }

    /// The origin of a flag that says `value`; the other one is what the floor
    /// says too.
    fn when(&self, flag: Option<Spanned<bool>>, value: bool) -> Option<Origin> {
        let flag = flag.filter(|flag| *flag.get_ref() == value)?;
        Some(self.origin(&flag.span()))
    }

    fn bad(&mut self, span: Range<usize>, key: &'static str, value: &str, reason: &str) {
        let kind = ProblemKind::Value {
            key,
            value: quoted(value),
            reason: reason.to_owned(),
        };
        self.page.problem(span, kind, None);
    }

    /// A threshold that may only become lower.
    fn lower(&mut self, rule: &mut Rule<u64>, to: Option<Spanned<u64>>, key: &'static str) {
        let Some(to) = to else { return };
        let show = |value| match key {
            "[bulk] bytes" => show::bytes(value),
            _ => value.to_string(),
        };
        if *to.get_ref() > rule.value {
            let floor = show(rule.value);
            let help = leave_out(&format!("{floor} or less"));
            let kind = ProblemKind::Looser {
                key,
                value: show(*to.get_ref()),
                floor,
            };
            self.page.problem(to.span(), kind, help);
            return;
        }
        *rule = rule.least(&self.rule(&to));
    }

    fn size(&mut self, size: &Spanned<Size>) -> Option<Spanned<u64>> {
        let bytes = match size.get_ref() {
            Size::Bytes(bytes) => *bytes,
            Size::Text(text) => match parse_size(text) {
                Some(bytes) => bytes,
                None => {
                    let reason = "is not a size such as \"100 MiB\", \"1 GiB\" or \"500 kB\"";
                    self.bad(size.span(), "[bulk] bytes", text, reason);
                    return None;
                }
            },
        };
        Some(Spanned::new(size.span(), bytes))
    }

    fn approvals(&mut self, given: Vec<Step>, into: &mut BTreeMap<u64, Rule<u32>>) {
        for step in given {
            let count = u32::try_from(*step.count.get_ref()).unwrap_or(u32::MAX);
            if !(1..=MAX_APPROVALS).contains(&(count as usize)) {
                let reason = format!("is not from 1 to {MAX_APPROVALS}");
                let value = step.count.get_ref().to_string();
                self.bad(step.count.span(), "[approvals] people", &value, &reason);
                continue;
            }
            let origin = self.origin(&step.from.span());
            let rule = Rule {
                value: count,
                origin,
            };
            if into.insert(*step.from.get_ref(), rule).is_some() {
                let value = step.from.get_ref().to_string();
                let reason = "stands there twice";
                self.bad(step.from.span(), "[approvals] people", &value, reason);
            }
        }
        *into = layers::steps(into, &BTreeMap::new());
    }

    /// Whether a text can stand in a policy: people read it in findings and
    /// compare it with what they typed.
    fn is_plain(&mut self, text: &Spanned<String>, key: &'static str, longest: usize) -> bool {
        let (place, text) = (text.span(), text.get_ref());
        let reason = if text.is_empty() {
            "is empty"
        } else if text.len() > longest {
            "is too long"
        } else if text.trim() != text {
            "has spaces at its ends"
        } else if text.chars().any(misleads) {
            "has characters that cannot be seen"
        } else {
            return true;
        };
        self.bad(place, key, text, reason);
        false
    }

    /// A list of texts, each made into what it stands for.
    fn list<T: Ord>(
        &mut self,
        texts: Option<Texts>,
        key: &'static str,
        longest: usize,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Rule<BTreeSet<T>>> {
        let texts = texts?;
        let origin = self.origin(&texts.span());
        let mut value = BTreeSet::new();
        for text in texts.into_inner() {
            if !self.is_plain(&text, key, longest) {
                continue;
            }
            match parse(text.get_ref()) {
                Ok(item) => {
                    value.insert(item);
                }
                Err(reason) => self.bad(text.span(), key, text.get_ref(), &reason),
            }
        }
        Some(Rule { value, origin })
    }

    /// Kinds of medium, and folders.
    fn places(&mut self, texts: Texts) -> (Places, Origin) {
        let key = "[destinations] allow";
        let origin = self.origin(&texts.span());
        let mut places = Places::default();
        for text in texts.into_inner() {
            if !self.is_plain(&text, key, MAX_PATH) {
                continue;
            }
            let value = text.get_ref();
            if value.starts_with('/') {
                match resolved(value) {
                    Ok(folder) => {
                        places.folders.insert(folder);
                    }
                    Err(reason) => self.bad(text.span(), key, value, reason),
                }
            } else if let Some(medium) = MEDIA.iter().find(|medium| medium.name() == value) {
                places.media.insert(*medium);
            } else {
                let names = MEDIA.iter().map(|medium| medium.name());
                let help = config::suggestion(value, names);
                let kind = ProblemKind::Value {
                    key,
                    value: quoted(value),
                    reason: "is neither a kind of destination nor a path from the root".to_owned(),
                };
                self.page.problem(text.span(), kind, help);
            }
        }
        (places, origin)
    }

    fn quotas(&mut self, given: Vec<QuotaConfig>, policy: &mut Policy) {
        for quota in given {
            // Each of them is looked at, whatever is wrong with the others.
            let period = quota.per.and_then(|per| self.period(&per));
            let by = match &quota.by {
                Some(by) => self.whose(by),
                None => Some(Whose::default()),
            };
            let Some((group, at)) = quota.group.and_then(|group| self.group(&group)) else {
                continue;
            };
            let limit = |count: Spanned<u64>| Rule {
                value: *count.get_ref(),
                origin: self.origin(&at),
            };
            let (people, records) = (quota.people.map(limit), quota.records.map(limit));
            let (Some(period), Some(by)) = (period, by) else {
                continue;
            };
            if people.is_none() && records.is_none() {
                continue;
            }
            let rule = Quota {
                group: group.clone(),
                by,
                people,
                records,
                period,
            };
            let key = (group.clone(), period, by);
            if policy.quotas.insert(key, rule).is_some() {
                let reason = format!("has a quota for {period} already");
                self.bad(at, "[[quota]] group", &group, &reason);
            }
        }
    }

    fn period(&mut self, per: &Spanned<String>) -> Option<Period> {
        let period = per.get_ref().parse().ok();
        if period.is_none() {
            let reason = "is not a time such as \"30 days\", \"24 hours\" or \"1 week\", \
                          of ten years at most";
            self.bad(per.span(), "[[quota]] per", per.get_ref(), reason);
        }
        period
    }

    fn whose(&mut self, by: &Spanned<String>) -> Option<Whose> {
        let known = [Whose::Requester, Whose::Group].map(|whose| (whose.name(), whose));
        self.choice(by, "[[quota]] by", &known)
    }

    fn group(&mut self, group: &Spanned<String>) -> Option<(String, Range<usize>)> {
        let key = "[[quota]] group";
        if !self.is_plain(group, key, MAX_NAME) {
            return None;
        }
        let name = group.get_ref();
        if name.contains(':') || name.contains('*') && name != "*" {
            let reason = "is not the name of a group; \"*\" stands for everybody";
            self.bad(group.span(), key, name, reason);
            return None;
        }
        Some((name.clone(), group.span()))
    }

    fn ledger(&mut self, path: Spanned<String>) -> Option<Rule<PathBuf>> {
        let key = "[ledger] path";
        if !self.is_plain(&path, key, MAX_PATH) {
            return None;
        }
        let origin = self.origin(&path.span());
        match resolved(path.get_ref()) {
            Ok(value) => Some(Rule { value, origin }),
            Err(reason) => {
                self.bad(path.span(), key, path.get_ref(), reason);
                None
            }
        }
    }

    fn inspection(
        &mut self,
        mode: Option<Spanned<String>>,
        uninspected: Option<Spanned<String>>,
        policy: &mut Policy,
    ) {
        // A file that says nothing asks for the full count: only where every
        // file agrees that less is enough does the inspection stop early.
        policy.inspection = Some(Rule::floor(InspectionMode::Full));
        if let Some(mode) = mode {
            let modes = [InspectionMode::Full, InspectionMode::UntilDecided];
            let known = modes.map(|mode| (mode.name(), mode));
            if let Some(value) = self.choice(&mode, "[inspection] mode", &known) {
                let origin = self.origin(&mode.span());
                policy.inspection = Some(Rule { value, origin });
            }
        }
        if let Some(weight) = uninspected {
            let known = [
                ("note", Severity::Note),
                ("warn", Severity::Warn),
                ("refuse", Severity::Refuse),
            ];
            if let Some(value) = self.choice(&weight, "[inspection] uninspected", &known) {
                let origin = self.origin(&weight.span());
                let asked = Rule { value, origin };
                policy.uninspected = policy.uninspected.greatest(&asked);
            }
        }
    }

    fn choice<T: Copy>(
        &mut self,
        text: &Spanned<String>,
        key: &'static str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let value = text.get_ref();
        if let Some((_, found)) = known.iter().find(|(name, _)| name == value) {
            return Some(*found);
        }
        let help = config::suggestion(value, known.iter().map(|(name, _)| *name));
        let kind = ProblemKind::Value {
            key,
            value: quoted(value),
            reason: "is none of the values it can have".to_owned(),
        };
        self.page.problem(text.span(), kind, help);
        None
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the parsers of a list")]
fn owned(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn leave_out(strict: &str) -> String {
    format!("a policy can only make the rules stricter: write {strict}, or leave the line out")
}

fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor = match unit {
        "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1000 * 1000,
        "GB" => 1000 * 1000 * 1000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// What to say of a problem in a file that a policy names.
fn named_by(key: &str, policy: &Path) -> String {
    format!("this file is named by {key} in {}", shown(policy))
}

/// A path from the root that means the same wherever it is read.
fn resolved(text: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(text);
    if !path.is_absolute() {
        return Err("is not a path from the root, beginning with '/'");
    }
    if text.split('/').any(|name| name == "." || name == "..") {
        return Err("has a '.' or '..' in it");
    }
    Ok(path.components().collect())
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let found = text.parse();
    found.map_err(|_| {
        "is not a fingerprint: 'SHA256:' and 43 characters, as 'ssh-keygen -lf FILE' prints it"
            .to_owned()
    })
}
