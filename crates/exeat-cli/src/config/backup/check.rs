//! From a table as it is written to a profile: what the values mean.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use exeat_core::path::{EntryPath, Escaped};
use exeat_core::seal::Compress;
use exeat_core::source::Exclude;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml::Spanned;

use super::program::Program;
use super::table::{Every, KeepTable, SourceTable, Table, Text, Texts};
use super::{
    BackupSource, CommandSource, DEFAULT_FULL_EVERY, DEFAULT_SETTLED, FullEvery, Keep, MAX_NAME,
    Mode, Problem, Profile, VerifyWhen,
};
use crate::args::{self, KeySource};
use crate::config::line_of;

const NAME: &str = "the name of a profile is 1 to 64 small letters, digits and '-'";
const NO_SOURCE: &str = "it needs 'sources', a list of paths, or 'source', a command";
const BOTH: &str = "it has 'sources' and 'source', and can have one of them";
const NO_TO: &str = "it needs 'to', the folder that its packages go to";
const NO_RECIPIENTS: &str = "it needs 'recipients' or 'recipients_file': who can open its packages";
const NOT_WITH_A_COMMAND: &str = "does not go with 'source': what a command prints is always whole";
const NO_DESCRIPTOR: &str =
    "a profile cannot name a descriptor; use a file, or credential:NAME of a systemd unit";
const ABOUT_TIME: &str = "expected a time such as 90m, 26h, 7d, 2w";

/// Where a table stands, and what is wrong with it so far.
pub(super) struct Place<'a> {
    dir: &'a Path,
    text: &'a str,
    name: &'a Spanned<String>,
    problems: Vec<Problem>,
}

/// Reads a table into a profile, or says everything that is wrong with it.
pub(super) fn profile(mut place: Place<'_>, table: &Table) -> Result<Profile, Vec<Problem>> {
    let profile = place.profile(table);
    match profile {
        Some(profile) if place.problems.is_empty() => Ok(profile),
        _ => {
            place.problems.sort();
            Err(place.problems)
        }
    }
}

impl<'a> Place<'a> {
    /// Paths are taken from `dir`; `name` stands in `text`.
    pub(super) fn new(dir: &'a Path, text: &'a str, name: &'a Spanned<String>) -> Self {
        Self {
            dir,
            text,
            name,
            problems: Vec::new(),
        }
    }

    /// `None` where what cannot do without is missing; every problem is noted.
    fn profile(&mut self, table: &Table) -> Option<Profile> {
        let name = self.name.get_ref().clone();
        if !is_name(&name) {
            self.wrong(self.name, NAME);
        }
        let source = self.source(table);
        let to = self.one("to", table.to.as_ref(), not_empty);
        if table.to.is_none() {
            self.wrong(self.name, NO_TO);
        }
        let recipients = self.words("recipients", table.recipients.as_ref());
        if recipients.is_empty() && table.recipients_file.is_none() {
            self.wrong(self.name, NO_RECIPIENTS);
        }
        let profile = Profile {
            name,
            recipients,
            recipients_file: self.path("recipients_file", table.recipients_file.as_ref()),
            compress: self
                .one("compress", table.compress.as_ref(), args::compress)
                .unwrap_or(Compress::Auto),
            mode: self.mode(table),
            full_every: self.full_every(table),
            keep: keep(&table.keep),
            time_zone: self
                .one("time_zone", table.time_zone.as_ref(), time_zone)
                .unwrap_or(TimeZone::UTC),
            require_mount: self.path("require_mount", table.require_mount.as_ref()),
            verify: self
                .one("verify", table.verify.as_ref(), verify)
                .unwrap_or(VerifyWhen::After),
            before: self.program("before", table.before.as_ref()),
            after: self.program("after", table.after.as_ref()),
            on_failure: self.program("on_failure", table.on_failure.as_ref()),
            settled: self
                .one("settled", table.settled.as_ref(), |text| {
                    args::duration(text).ok_or_else(|| ABOUT_TIME.to_owned())
                })
                .unwrap_or(DEFAULT_SETTLED),
            max_age: self.one("max_age", table.max_age.as_ref(), time),
            metrics: self.metrics(table.metrics.as_ref()),
            purpose: self.one("purpose", table.purpose.as_ref(), |text| {
                text.parse()
                    .map_err(|e: exeat_core::decide::NoteError| e.to_string())
            }),
            signing_key: self.signing_key(table.signing_key.as_ref()),
            volume_size: self.one("volume_size", table.volume_size.as_ref(), args::size),
            approvals: self.paths("approvals", table.approvals.as_ref()),
            source: source?,
            to: self.dir.join(to?),
        };
        Some(profile)
    }

    /// Notes something wrong at the place of a value.
    fn wrong<T>(&mut self, at: &Spanned<T>, why: impl std::fmt::Display) {
        self.problems.push(Problem {
            line: line_of(self.text, at.span().start),
            message: format!(
                "[backup.{}]: {why}",
                Escaped(self.name.get_ref().as_bytes())
            ),
        });
    }

    /// Reads one value.
    fn one<T>(
        &mut self,
        key: &str,
        value: Option<&Text>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = value?;
        match read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(why) => {
                self.wrong(value, format!("{key}: {why}"));
                None
            }
        }
    }

    fn path(&mut self, key: &str, value: Option<&Text>) -> Option<PathBuf> {
        let path = self.one(key, value, not_empty)?;
        Some(self.dir.join(path))
    }

    /// Reads a list whose items are not empty.
    fn words(&mut self, key: &str, list: Option<&Texts>) -> Vec<String> {
        let items = list.map(|list| &list.get_ref()[..]).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| self.one(key, Some(item), not_empty))
            .collect()
    }

    fn paths(&mut self, key: &str, list: Option<&Texts>) -> Vec<PathBuf> {
        let words = self.words(key, list);
        words.iter().map(|word| self.dir.join(word)).collect()
    }

    fn program(&mut self, key: &str, list: Option<&Texts>) -> Option<Program> {
        let list = list?;
        let words: Vec<&str> = list
            .get_ref()
            .iter()
            .map(|word| &word.get_ref()[..])
            .collect();
        match Program::new(&words, self.dir) {
            Ok(program) => Some(program),
            Err(why) => {
                self.wrong(list, format!("{key}: {why}"));
                None
            }
        }
    }

    fn source(&mut self, table: &Table) -> Option<BackupSource> {
        match (&table.sources, &table.source) {
            (None, None) => {
                self.wrong(self.name, NO_SOURCE);
                None
            }
            (Some(_), Some(source)) => {
                self.wrong(source, BOTH);
                None
            }
            (Some(sources), None) => self.files(sources, table),
            (None, Some(source)) => self.command(source.get_ref(), table),
        }
    }

    fn files(&mut self, sources: &Texts, table: &Table) -> Option<BackupSource> {
        let paths = self.paths("sources", Some(sources));
        if sources.get_ref().is_empty() {
            self.wrong(sources, format!("sources: {NO_SOURCE}"));
        }
        let exclude = self.words("exclude", table.exclude.as_ref());
        if let Some(list) = &table.exclude
            && let Err(error) = Exclude::new(&exclude)
        {
            self.wrong(list, format!("exclude: {error}"));
        }
        Some(BackupSource::Files {
            paths,
            exclude,
            one_file_system: table
                .one_file_system
                .as_ref()
                .is_some_and(|is| *is.get_ref()),
        })
    }

    fn command(&mut self, source: &SourceTable, table: &Table) -> Option<BackupSource> {
        if let Some(exclude) = &table.exclude {
            self.wrong(exclude, format!("exclude: {NOT_WITH_A_COMMAND}"));
        }
        if let Some(flag) = &table.one_file_system {
            self.wrong(flag, format!("one_file_system: {NOT_WITH_A_COMMAND}"));
        }
        if let Some(every) = &table.full_every {
            self.wrong(every, format!("full_every: {NOT_WITH_A_COMMAND}"));
        }
        let command = self.program("source.command", Some(&source.command));
        let name = self.one("source.name", Some(&source.name), file_name);
        let expect_end = self.one("source.expect_end", source.expect_end.as_ref(), |word| {
            word.parse()
                .map_err(|e: exeat_core::source::command::ExpectedEndError| e.to_string())
        });
        Some(BackupSource::Command(CommandSource {
            command: command?,
            name: name?,
            expect_end,
        }))
    }

    fn mode(&mut self, table: &Table) -> Mode {
        let has_command = table.source.is_some();
        let mode = self.one("mode", table.mode.as_ref(), |word| match word {
            "full" => Ok(Mode::Full),
            "incremental" if has_command => Err(NOT_WITH_A_COMMAND.to_owned()),
            "incremental" => Ok(Mode::Incremental),
            _ => Err("use incremental or full".to_owned()),
        });
        mode.unwrap_or(match has_command {
            true => Mode::Full,
            false => Mode::Incremental,
        })
    }

    fn full_every(&mut self, table: &Table) -> FullEvery {
        let Some(value) = &table.full_every else {
            return DEFAULT_FULL_EVERY;
        };
        let every = match value.get_ref() {
            Every::Runs(runs) => u32::try_from(*runs)
                .ok()
                .and_then(NonZeroU32::new)
                .map(FullEvery::Runs)
                .ok_or_else(|| "expected a number of runs from 1".to_owned()),
            Every::Time(text) => time(text).map(FullEvery::Time),
        };
        every.unwrap_or_else(|why| {
            self.wrong(value, format!("full_every: {why}"));
            DEFAULT_FULL_EVERY
        })
    }

    /// The collector reads files with this ending alone.
    fn metrics(&mut self, value: Option<&Text>) -> Option<PathBuf> {
        let path = self.one("metrics", value, |text| match text.ends_with(".prom") {
            true if !text.ends_with("/.prom") && text != ".prom" => Ok(text.to_owned()),
            _ => Err("expected a file NAME.prom".to_owned()),
        })?;
        Some(self.dir.join(path))
    }

    fn signing_key(&mut self, value: Option<&Text>) -> Option<KeySource> {
        let key = self.one("signing_key", value, |text| {
            match KeySource::parse(text.into())? {
                KeySource::Descriptor(_) => Err(NO_DESCRIPTOR.to_owned()),
                key => Ok(key),
            }
        })?;
        Some(match key {
            KeySource::File(path) => KeySource::File(self.dir.join(path)),
            other => other,
        })
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(is_allowed)
}

fn not_empty(text: &str) -> Result<String, String> {
    match text {
        "" => Err("it is empty".to_owned()),
        text if text.contains('\0') => Err("it holds a NUL".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The name of a file in a package.
fn file_name(name: &str) -> Result<String, String> {
    match EntryPath::new(name.as_bytes()) {
        Ok(path) if path.parent().is_none() => Ok(name.to_owned()),
        Ok(_) => Err("it is the name of one file, without a slash".to_owned()),
        Err(fault) => Err(format!(
            "'{}' cannot stand in a package: {fault}",
            Escaped(name.as_bytes())
        )),
    }
}

fn time(text: &str) -> Result<SignedDuration, String> {
    args::duration(text)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| ABOUT_TIME.to_owned())
}

fn verify(word: &str) -> Result<VerifyWhen, String> {
    match word {
        "after" => Ok(VerifyWhen::After),
        "none" => Ok(VerifyWhen::Never),
        _ => Err("use after or none".to_owned()),
    }
}

/// Looks a zone up in the machine's own database; UTC is always known.
fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| match jiff::tz::db().is_definitively_empty() {
        true => "this machine has no time zones: install the package tzdata, or use UTC".to_owned(),
        false => format!(
            "'{}' is no time zone that this machine knows; expected one such as Europe/London",
            Escaped(name.as_bytes())
        ),
    })
}

fn keep(table: &KeepTable) -> Keep {
    Keep {
        last: table.last,
        daily: table.daily,
        weekly: table.weekly,
        monthly: table.monthly,
        yearly: table.yearly,
    }
}
