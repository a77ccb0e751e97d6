//! What a backup is of: the source, its listing, and what of it has not changed.

use std::collections::BTreeSet;

use exeat_core::backup::{Next, Recalled, Shelved, StateError, Wanted, WhyFull, recall};
use exeat_core::digest::Digest;
use exeat_core::entry::EntryKind;
use exeat_core::manifest::PackageId;
use exeat_core::source::command::{Attendant, CommandLine};
use exeat_core::source::{Exclude, ListOptions, Listing, Source};
use jiff::Timestamp;

use super::super::in_one_line;
use super::Night;
use crate::commands::{ATTENDANT, stopped_or};
use crate::config::{self, BackupSource};
use crate::error::CommandError;
use crate::render;
use crate::signals;

/// More earlier packages than this a package does not rest on.
const MOST_BASES: usize = 1000;

/// What goes into the package, and how it was found.
pub(super) struct Load {
    pub(super) source: Source,
    pub(super) listing: Listing,
    /// When the listing began.
    pub(super) listed: Timestamp,
}

impl Night<'_, '_> {
    pub(super) fn load(&mut self) -> Result<Load, CommandError> {
        let listed = Timestamp::now();
        match &self.site.profile.source {
            BackupSource::Files {
                paths,
                exclude,
                one_file_system,
            } => {
                let source = Source::open(paths)?;
                let options = ListOptions {
                    exclude: Exclude::new(exclude).map_err(CommandError::usage)?,
                    skip_unreadable: true,
                    live: true,
                    one_file_system: *one_file_system,
                    keep_owner: true,
                };
                let listing = source.list(&options, self.progress).map_err(stopped_or)?;
                for pattern in listing.idle_patterns() {
                    self.told
                        .note(format!("exclude '{pattern}' matched nothing"));
                }
                Ok(Load {
                    source,
                    listing,
                    listed,
                })
            }
            BackupSource::Command(command) => {
                let program = command.command.find()?;
                let end = &command.expect_end;
                let checker = end.as_ref().and_then(|end| end.checker());
                let found = checker.and_then(config::program);
                if let (Some(name), None) = (checker, &found) {
                    self.told.note(format!(
                        "{name} is not installed: nobody checked that the dump is whole"
                    ));
                }
                let line = CommandLine {
                    program,
                    arguments: command.command.arguments().iter().map(Into::into).collect(),
                    expect_end: end.clone(),
                    checker: found,
                };
                let attendant = Attendant::new("/proc/self/exe", [ATTENDANT]);
                let is_cancelled = Box::new(|| signals::received().is_some());
                let output = attendant.start(&line, is_cancelled)?;
                let source = Source::piped(&command.name, Box::new(output))?;
                let listing = source.list(&ListOptions::default(), self.progress)?;
                Ok(Load {
                    source,
                    listing,
                    listed,
                })
            }
        }
    }

    /// Finds what has not changed, where the package need not be a full one.
    pub(super) fn recall(
        &mut self,
        load: &mut Load,
        sound: &[Shelved],
        recipients: Digest,
        next: &mut Next,
    ) {
        let present: BTreeSet<PackageId> = sound.iter().map(|package| package.id).collect();
        let wanted = Wanted {
            series: self.site.series,
            present: &present,
            recipients_sha256: recipients,
        };
        match recall(&mut load.listing, &self.site.state, wanted) {
            Ok(recalled) => {
                self.compare_with_last(recalled);
                if next.full.is_some() || load.listing.packages().len() > MOST_BASES {
                    load.listing.forget_packages();
                    next.full.get_or_insert(WhyFull::Due);
                }
            }
            Err(_) if next.full.is_some() => {}
            Err(StateError::Recipients) => next.full = Some(WhyFull::Recipients),
            Err(error) => {
                let error = in_one_line(error);
                self.told.note(format!("{error}: everything is read again"));
                next.full = Some(WhyFull::Forgotten);
            }
        }
    }

    /// A disk that is not mounted is an empty folder, and nothing else is wrong
    /// with it.
    fn compare_with_last(&mut self, recalled: Recalled) {
        let Recalled {
            gone,
            files,
            emptied,
            ..
        } = recalled;
        for name in emptied {
            self.has_lost_much = true;
            self.told.warn(format!(
                "nothing that was in '{name}' is there any more: is everything mounted that should \
                 be? If so, 'exeat backup run' with --full ends this warning"
            ));
        }
        if is_much(gone, files) {
            self.has_lost_much = true;
            self.told.warn(format!(
                "{} of the {} files of the last backup are not there any more: is everything \
                 mounted that should be? If so, 'exeat backup run' with --full ends this warning",
                render::thousands(gone),
                render::thousands(files)
            ));
        }
    }

    /// A disk that gives nothing back is worth no more than one that is not mounted,
    /// and what was read from it while it was whole must not go because of it.
    pub(super) fn count_unread(&mut self, listing: &Listing) {
        let files = || {
            let all = listing.entries();
            all.filter(|entry| entry.kind() == EntryKind::File)
        };
        let unread = files().filter(|entry| entry.is_unread()).count() as u64;
        let count = files().count() as u64;
        if is_much(unread, count) {
            self.has_lost_much = true;
            self.told.warn(format!(
                "{} of the {} files could not be read: see whether the disk is failing, and whether \
                 this account may read them",
                render::thousands(unread),
                render::thousands(count)
            ));
        }
    }
}

/// Whether so many files of so many are more than come and go in a day.
fn is_much(count: u64, of: u64) -> bool {
    /// Fewer may well go all at once but for one.
    const FEW: u64 = 20;
    count > of / 2 && (of >= FEW || count == of)
}
