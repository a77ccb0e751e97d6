//! What `check` and `export` have in common: who asks, for whom, what is to
//! leave, and what has left before.

use std::path::Path;

use exeat_core::decide::{History, Left, Requester};
use exeat_core::keys::{Recipient, RecipientBook, Recipients};
use exeat_core::ledger::{Account, By, Form, LedgerError, Question};
use exeat_core::manifest::RequestId;
use exeat_core::path::{Escaped, shown};
use exeat_core::policy::{Policy, Whose};
use exeat_core::source::{Exclude, ListOptions, Listing, Source};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;

use super::new_passphrase;
use crate::args::{KeyArgs, RecipientArgs, SourceArgs, is_dash};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::plugins;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

/// What a stream is called that nobody named.
pub(super) const STREAM: &str = "stdin";
/// How many left-out paths are named to people; the rest is counted.
const NAMED: usize = 20;

#[derive(Serialize)]
pub(super) struct Skipped {
    path: String,
    reason: String,
}

/// Whether what is to leave comes through standard input.
pub(super) fn is_piped(args: &SourceArgs) -> bool {
    args.sources.iter().any(|source| is_dash(source))
}

/// Opens what is to leave; a stream gets that name.
pub(super) fn source(
    args: &SourceArgs,
    stdin_name: Option<&str>,
    ui: &Ui,
) -> Result<Source, CommandError> {
    if !is_piped(args) {
        return match stdin_name {
            None => Ok(Source::open(&args.sources)?),
            Some(_) => Err(CommandError::usage(
                "--stdin-name names what comes through '-', which is not among the sources",
            )),
        };
    }
    if args.sources.len() > 1 {
        return Err(CommandError::usage(
            "'-' stands for a stream, which makes a package of its own",
        )
        .with_help("make two exports; a file of that name is './-'"));
    }
    let example =
        "pg_dump clinic | exeat export - --stdin-name clinic.sql --to /media/usb -r age1…";
    let input = ui.input("a stream", example)?;
    Source::piped(stdin_name.unwrap_or(STREAM), Box::new(input))
        .map_err(|error| CommandError::usage(format!("--stdin-name: {error}")))
}

/// Lists what is to leave, and says which patterns left nothing out.
pub(super) fn list(
    args: &SourceArgs,
    source: &Source,
    progress: &Shown,
    ui: &Ui,
) -> Result<Listing, CommandError> {
    let options = ListOptions {
        exclude: Exclude::new(&args.exclude).map_err(CommandError::usage)?,
        skip_unreadable: args.skip_unreadable,
        ..ListOptions::default()
    };
    let listing = source.list(&options, progress)?;
    for pattern in listing.idle_patterns() {
        ui.must_say(&format!(
            "warning: --exclude '{pattern}' matched nothing; a pattern is a name such as '*.tmp', \
             or a path that begins with the name of what is exported, such as '{}/old'",
            Escaped(source.first_name())
        ));
    }
    Ok(listing)
}

/// What could not be read.
pub(super) fn skipped(listing: &Listing) -> Vec<Skipped> {
    let left_out = listing.entries().filter_map(|entry| {
        Some(Skipped {
            path: entry.path().to_string(),
            reason: entry.skipped()?.to_owned(),
        })
    });
    left_out.collect()
}

/// Says what could not be read, and ends with the code for it.
pub(super) fn leave_out(report: &mut Report, skipped: &[Skipped], what_it_is: &str) {
    if skipped.is_empty() {
        return;
    }
    report.exit = Exit::Incomplete;
    for one in skipped.iter().take(NAMED) {
        report
            .notes
            .push(format!("left out: {} ({})", one.path, one.reason));
    }
    let count = skipped.len();
    if count > NAMED {
        report.notes.push(format!("and {} more", count - NAMED));
    }
    let what = match count {
        1 => "1 entry could not be read and is".to_owned(),
        _ => format!(
            "{} entries could not be read and are",
            render::thousands(count as u64)
        ),
    };
    report
        .notes
        .push(format!("incomplete: {what} not in the {what_it_is}"));
}

/// The account that runs the program, with a number where there is no name.
pub(super) fn requester() -> Requester {
    let text = |path: &str| config::read_text(Path::new(path)).ok();
    let user = rustix::process::getuid().as_raw();
    let name = text("/etc/passwd").and_then(|text| names_in(&text, user).next());
    let name = name.unwrap_or_else(|| format!("uid {user}"));
    let numbers = rustix::process::getgroups().map(|mut groups| {
        groups.push(rustix::process::getgid());
        groups.into_iter().map(|group| group.as_raw()).collect()
    });
    let (groups, are_all) = group_names(numbers.ok(), text("/etc/group").as_deref());
    // Where the kernel does not say, the number may be anybody's.
    let is_whole = |path| text(path).is_some_and(|map| is_whole_map(&map));
    Requester {
        user,
        name: name.parse().ok(),
        groups,
        has_unnamed_groups: !are_all || !is_whole("/proc/self/gid_map"),
        is_mapped: !is_whole("/proc/self/uid_map"),
    }
}

/// The names of these groups, each with all that it has, and whether each has
/// one. A directory such as LDAP is not asked.
fn group_names(numbers: Option<Vec<u32>>, text: Option<&str>) -> (Vec<String>, bool) {
    let (Some(numbers), Some(text)) = (numbers, text) else {
        return (Vec::new(), false);
    };
    let (mut groups, mut are_all) = (Vec::new(), true);
    for number in numbers {
        let before = groups.len();
        groups.extend(names_in(text, number));
        are_all &= groups.len() > before;
    }
    groups.sort();
    groups.dedup();
    (groups, are_all)
}

/// The names that go with a number in `/etc/passwd` or `/etc/group`.
fn names_in(text: &str, number: u32) -> impl Iterator<Item = String> {
    text.lines().filter_map(move |line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

/// Whether a `uid_map` or `gid_map` gives every number the one that it has for
/// the whole machine: `user_namespaces(7)`. In a container or user namespace it
/// does not, and whoever made that chose the numbers.
fn is_whole_map(text: &str) -> bool {
    text.lines().count() == 1 && text.split_whitespace().eq(["0", "0", "4294967295"])
}

/// What the rules that sum over time ask of the ledger: `answer` reads it, if
/// there is such a rule. In the clear there always is.
pub(super) fn history(
    policy: &Policy,
    requester: &Requester,
    now: Timestamp,
    of: HistoryOf,
    answer: impl FnOnce(&[Question]) -> Result<Account, LedgerError>,
) -> Result<History, CommandError> {
    let by = || match requester.is_mapped {
        false => By::User(requester.user),
        true => By::Anyone,
    };
    let question = |by, form, per: SignedDuration| Question {
        by,
        form,
        since: now.checked_sub(per).unwrap_or(Timestamp::MIN),
    };
    let mut questions = vec![question(by(), Some(Form::Plaintext), Policy::WINDOW)];
    questions.extend(policy.quotas().map(|quota| {
        let by = match (quota.by(), quota.group()) {
            (Whose::Requester, _) => by(),
            _ if requester.is_mapped => By::Anyone,
            (Whose::Group, "*") => By::Anyone,
            (Whose::Group, group) => By::Group(group.to_owned()),
        };
        question(by, None, quota.per())
    }));
    let request = match of {
        HistoryOf::Sealed(request) => request,
        HistoryOf::Plain => None,
    };
    if matches!(of, HistoryOf::Sealed(None)) && questions.len() == 1 {
        return Ok(History::default());
    }
    let Account {
        sums, mut requests, ..
    } = answer(&questions)?;
    let mut left = sums.iter().map(|sum| Left {
        people: sum.people,
        records: sum.personal_records,
    });
    Ok(History {
        // Without an answer nobody knows, so nothing may leave.
        plain_people: left.next().map_or(u64::MAX, |left| left.people),
        quotas: left.collect(),
        request: request.map(|request| requests.remove(&request).unwrap_or_default()),
    })
}

/// What the ledger is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) enum HistoryOf {
    /// A copy in the clear.
    Plain,
    /// A package, and the request that others have agreed to.
    Sealed(Option<RequestId>),
}

/// Who is to be able to open it, before a passphrase is read.
pub(super) enum Wanted {
    Keys(Vec<Recipient>),
    Passphrase,
}

impl Wanted {
    pub(super) fn is_passphrase(&self) -> bool {
        matches!(self, Self::Passphrase)
    }

    pub(super) fn of(args: &RecipientArgs, config: &Config) -> Result<Self, CommandError> {
        match args.passphrase {
            true => Ok(Self::Passphrase),
            false => Self::keys(&args.keys, config),
        }
    }

    pub(super) fn keys(args: &KeyArgs, config: &Config) -> Result<Self, CommandError> {
        let mut found = Vec::new();
        let book = match args
            .recipient
            .iter()
            .any(|text| !Recipient::is_like_key(text))
        {
            true => Some(config.recipients()?),
            false => None,
        };
        for text in &args.recipient {
            found.push(recipient(text, book.as_ref())?);
        }
        for path in &args.recipients_file {
            let text = config::read_text(path).map_err(|e| config::cannot_read(path, &e))?;
            let listed = Recipient::parse_file(&text)
                .map_err(|error| CommandError::from(error).about(shown(path)))?;
            found.extend(listed);
        }
        Ok(Self::Keys(found))
    }

    /// For a decision alone: nothing will be sealed with it.
    pub(super) fn unasked(self) -> Result<Recipients, CommandError> {
        Ok(match self {
            Self::Keys(keys) => Recipients::keys(keys)?,
            Self::Passphrase => Recipients::passphrase(SecretString::from("unused"))?,
        })
    }

    /// With the passphrase that people are asked for.
    pub(super) fn ask(self, ui: &Ui) -> Result<Recipients, CommandError> {
        match self {
            Self::Keys(keys) => {
                let recipients = Recipients::keys(keys)?;
                // Not at the end of a long export.
                recipients.find_plugins()?;
                Ok(recipients.talking(&plugins::talk(ui)))
            }
            Self::Passphrase => {
                let prompt = "Passphrase for the package (or Enter to have one made): ";
                let passphrase = new_passphrase(prompt)?;
                ui.note(
                    "Tell it to the recipient by another channel than the one the package goes by.",
                );
                Ok(Recipients::passphrase(passphrase)?)
            }
        }
    }
}

/// A recipient given by its key, or by its name in `recipients.toml`.
fn recipient(text: &str, book: Option<&RecipientBook>) -> Result<Recipient, CommandError> {
    let Some(book) = book.filter(|_| !Recipient::is_like_key(text)) else {
        return Recipient::parse(text).map_err(|e| CommandError::from(e).ending(Exit::Usage));
    };
    book.find(text.trim()).cloned().ok_or_else(|| {
        let text = Escaped(text.as_bytes());
        let names: Vec<_> = book
            .names()
            .map(|n| Escaped(n.as_bytes()).to_string())
            .collect();
        let known = match names.len() {
            0 => "there is no recipients.toml with names in it yet".to_owned(),
            _ => format!("the names in recipients.toml are: {}", names.join(", ")),
        };
        CommandError::usage(format!(
            "'{text}' is neither a recipient's key nor a known name"
        ))
        .with_help(format!(
            "a key begins with 'age1', 'ssh-ed25519' or 'ssh-rsa'; {known}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_numbers() {
        assert!(is_whole_map("         0          0 4294967295\n"));
        for map in [
            "",
            "       771       1000          1\n",
            "         0     100000      65536\n",
            "         0          0      65536\n",
            "         0          1 4294967295\n",
            "0 0 1000\n1000 100000 1\n",
            "0 0 4294967295\n0 0 4294967295\n",
            "0 0\n4294967295\n",
        ] {
            assert!(!is_whole_map(map), "{map:?}");
        }
    }

    #[test]
    fn what_is_not_named_is_said() {
        let text = "root:x:0:\nstaff:x:50:ada\nclinic:x:50:\nbroken\n";
        let names = |numbers: &[u32]| group_names(Some(numbers.to_vec()), Some(text));
        let staff = vec!["clinic".to_owned(), "staff".to_owned()];
        assert_eq!(names(&[50, 50]), (staff.clone(), true));
        assert_eq!(names(&[50, 70001]), (staff, false));
        assert_eq!(group_names(Some(vec![50]), None), (Vec::new(), false));
        assert_eq!(group_names(None, Some(text)), (Vec::new(), false));
    }

    #[test]
    fn a_mapped_account_is_summed_with_all() {
        for (is_mapped, by) in [(false, By::User(7)), (true, By::Anyone)] {
            let requester = Requester {
                is_mapped,
                ..Requester::of(7)
            };
            let floor = Policy::floor();
            let now = Timestamp::UNIX_EPOCH;
            let asked = history(&floor, &requester, now, HistoryOf::Plain, |questions| {
                assert_eq!(questions[0].by, by);
                Ok(Account::default())
            });
            // Without a sum nothing may leave.
            assert_eq!(asked.expect("asked").plain_people, u64::MAX);
        }
    }
}
