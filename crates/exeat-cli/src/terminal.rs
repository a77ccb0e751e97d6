//! Asks for passphrases at the controlling terminal, and leaves the terminal as it was.
//!
//! It talks to `/dev/tty`, not to the standard streams: those may carry the data. While it asks,
//! the terminal neither echoes, nor edits, nor turns keys into signals, so that Ctrl-C comes as a
//! byte like any other and whatever happens ends in `Silenced` being dropped. Only a signal from
//! elsewhere that kills the process outright skips that.
//!
//! Secrets stay in memory that is wiped: no buffer here grows once a secret is in it.

mod generated;
mod line;

use std::fs::File;
use std::io::{self, Write as _};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// The fewest characters of a passphrase that a person thinks up: this project's own figure. NIST
/// SP 800-63B-4 asks for 15 of a password that is the only factor; 12 behind scrypt are near enough
/// that people stay with the prompt.
const SHORTEST: usize = 12;

/// How often a new passphrase is asked for before giving up.
const TRIES: usize = 3;

const AGAIN: &str = "The same again: ";
const NOT_THE_SAME: &str = "The two were not the same.\n";
const TOO_SHORT: &str = "\
That has fewer than 12 characters: whoever holds a copy of the file may guess at it for years unseen.
Type a longer one, or press Enter alone and one is made for you.
";

/// Why there is no passphrase.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum PromptError {
    /// The process has no controlling terminal: a service, a scheduled job, a pipeline on another
    /// machine.
    #[error("no terminal to ask for a passphrase at")]
    NoTerminal,
    /// Ctrl-C.
    #[error("interrupted while asking for a passphrase")]
    Interrupted,
    /// Ctrl-D on an empty line, or the terminal went away.
    #[error("input ended before there was a passphrase")]
    Ended,
    /// More than 1,024 bytes.
    #[error("passphrase is longer than {} bytes", line::LIMIT)]
    TooLong,
    /// An arrow key, Tab or the like, which would otherwise become an unseen part of the
    /// passphrase.
    #[error("passphrase contains a control character, such as an arrow key or Tab sends")]
    ControlCharacter,
    /// The terminal sends another encoding than UTF-8.
    #[error("passphrase is not valid UTF-8")]
    NotUtf8,
    /// The last of three tries at a new passphrase had fewer than 12 characters.
    #[error("passphrase has fewer than {SHORTEST} characters")]
    TooShort,
    /// The last of three tries at a new passphrase was not repeated alike.
    #[error("passphrases are not the same")]
    Mismatch,
    /// The operating system gave no random bytes to make a passphrase of.
    #[error("cannot read the random source of the operating system")]
    Random(#[source] getrandom::Error),
    /// The terminal could not be opened, set, written to or read from.
    #[error("cannot {action} /dev/tty")]
    Terminal {
        /// What was tried, as a verb that `/dev/tty` completes.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

impl PromptError {
    /// What the person can do about it, as a sentence to show below the message.
    #[must_use]
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoTerminal => {
                Some("Run the command in a terminal; over ssh, ask for one with `ssh -t`.")
            }
            Self::ControlCharacter => Some(
                "To correct what you type: Backspace removes a character, Ctrl-W a word, Ctrl-U all.",
            ),
            Self::NotUtf8 => {
                Some("Set the terminal to UTF-8, or use a passphrase of ASCII characters.")
            }
            Self::TooShort | Self::Mismatch => {
                Some("Press Enter alone at the prompt and one is made for you.")
            }
            _ => None,
        }
    }
}

/// A passphrase that nothing was sealed with before.
#[derive(Debug)]
pub(crate) enum NewPassphrase {
    /// The person typed it, twice alike.
    Typed(SecretString),
    /// Made here, 125 bits in the form `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`. The person has not seen it
    /// yet: show it once.
    Generated(SecretString),
}

/// Asks for a passphrase without showing it. The answer may be empty.
///
/// The prompt is written as it is: keep text from files and packages out of it.
///
/// # Errors
/// Any [`PromptError`] but those about new passphrases. The terminal has been restored by then.
pub(crate) fn read_passphrase(prompt: &str) -> Result<SecretString, PromptError> {
    read(prompt, LocalModes::ECHO)
}

/// Asks for something that is no secret: it shows as it is typed, what is erased included.
///
/// # Errors
/// Those of [`read_passphrase`].
pub(crate) fn read_answer(prompt: &str) -> Result<SecretString, PromptError> {
    read(prompt, LocalModes::empty())
}

fn read(prompt: &str, hidden: LocalModes) -> Result<SecretString, PromptError> {
    let tty = open()?;
    // Silent before the prompt shows: what is typed at sight of it is neither echoed nor flushed
    // away.
    let silenced = Silenced::new(&tty, hidden)?;
    (&tty)
        .write_all(prompt.as_bytes())
        .map_err(|source| PromptError::Terminal {
            action: "write to",
            source,
        })?;
    let answer = line::read(&tty);
    // Enter was not echoed either. A failure to write it is no reason to lose the answer.
    if hidden.contains(LocalModes::ECHO) {
        let _ = (&tty).write_all(b"\n");
    }
    drop(silenced);
    answer
}

/// Asks for a new passphrase, twice. Empty input asks for a generated one; say so in the prompt.
///
/// A passphrase under 12 characters, or one that is not repeated alike, is asked for again, three
/// times in all.
///
/// # Errors
/// [`PromptError::TooShort`] or [`PromptError::Mismatch`] if the third try is no better,
/// [`PromptError::Random`], and those of [`read_passphrase`], which are not retried.
pub(crate) fn confirm_new_passphrase(prompt: &str) -> Result<NewPassphrase, PromptError> {
    choose(prompt, read_passphrase)
}

fn choose(
    prompt: &str,
    mut ask: impl FnMut(&str) -> Result<SecretString, PromptError>,
) -> Result<NewPassphrase, PromptError> {
    let (mut notice, mut refused) = ("", PromptError::Mismatch);
    for _ in 0..TRIES {
        let first = ask(&format!("{notice}{prompt}"))?;
        let typed = first.expose_secret();
        if typed.is_empty() {
            return generated::passphrase().map(NewPassphrase::Generated);
        }
        (notice, refused) = if typed.chars().count() < SHORTEST {
            (TOO_SHORT, PromptError::TooShort)
        } else if ask(AGAIN)?.expose_secret() == typed {
            // An ordinary comparison: who could time it has just typed both.
            return Ok(NewPassphrase::Typed(first));
        } else {
            (NOT_THE_SAME, PromptError::Mismatch)
        };
    }
    Err(refused)
}

/// Shows a secret at the terminal, and nowhere that a pipe or a log could keep it.
///
/// # Errors
/// [`PromptError::NoTerminal`] or [`PromptError::Terminal`].
pub(crate) fn show(text: &str) -> Result<(), PromptError> {
    let mut tty = open()?;
    tty.write_all(text.as_bytes())
        .map_err(|source| PromptError::Terminal {
            action: "write to",
            source,
        })
}

/// Whether there is a terminal to ask at.
pub(crate) fn is_there() -> bool {
    open().is_ok()
}

fn open() -> Result<File, PromptError> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    match retry_on_intr(|| rustix::fs::open("/dev/tty", flags, Mode::empty())) {
        Ok(tty) => Ok(File::from(tty)),
        // The device is always there on a machine, and has nothing behind it without a controlling
        // terminal; in a container it may be missing.
        Err(Errno::NXIO | Errno::NOENT | Errno::NODEV) => Err(PromptError::NoTerminal),
        Err(error) => Err(PromptError::Terminal {
            action: "open",
            source: error.into(),
        }),
    }
}

/// The terminal while it passes on every byte, and shows none if that is asked for; dropping this
/// restores it.
struct Silenced<'tty> {
    tty: &'tty File,
    before: Termios,
}

impl<'tty> Silenced<'tty> {
    fn new(tty: &'tty File, hidden: LocalModes) -> Result<Self, PromptError> {
        let failed = |error: Errno| PromptError::Terminal {
            action: "set",
            source: error.into(),
        };
        let before = tcgetattr(tty).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes -= hidden | LocalModes::ICANON | LocalModes::ISIG;
        // Without ICANON these two say when a read returns: at each byte, and never for lack of
        // one.
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        // The guard comes first: setting may fail half done.
        let guard = Self { tty, before };
        guard.set(&silent).map_err(failed)?;
        Ok(guard)
    }

    /// Flushes what was typed and not read: before, it was meant for something else; after, it may
    /// be the rest of a secret, and would end on the command line of the shell.
    fn set(&self, to: &Termios) -> rustix::io::Result<()> {
        retry_on_intr(|| tcsetattr(self.tty, OptionalActions::Flush, to))
    }
}

impl Drop for Silenced<'_> {
    fn drop(&mut self) {
        // It fails only where the terminal is gone, and then there is nothing left to restore.
        let _ = self.set(&self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "correct horse";

    /// Runs [`choose`] on scripted answers, and returns what it was asked with.
    fn run(answers: &[&str]) -> (Result<NewPassphrase, PromptError>, Vec<String>) {
        let mut answers = answers.iter();
        let mut asked = Vec::new();
        let result = choose("New: ", |prompt| {
            asked.push(prompt.to_owned());
            answers
                .next()
                .map(|answer| SecretString::from(*answer))
                .ok_or(PromptError::Ended)
        });
        assert_eq!(answers.len(), 0, "every answer was asked for");
        (result, asked)
    }

    #[test]
    fn typed_twice_alike_is_taken() {
        let (result, asked) = run(&[LONG, LONG]);
        assert!(matches!(result, Ok(NewPassphrase::Typed(typed)) if typed.expose_secret() == LONG));
        assert_eq!(asked, ["New: ", AGAIN]);
    }

    #[test]
    fn empty_asks_for_a_generated_one_at_any_try() {
        for answers in [&[""][..], &["short", ""], &[LONG, "", ""]] {
            assert!(
                matches!(run(answers).0, Ok(NewPassphrase::Generated(_))),
                "{answers:?}"
            );
        }
    }

    #[test]
    fn short_and_unequal_ones_are_asked_for_again_with_the_reason() {
        let (result, asked) = run(&["elevenchars", LONG, "other", LONG, LONG]);
        assert!(matches!(result, Ok(NewPassphrase::Typed(_))));
        assert!(TOO_SHORT.contains("fewer than 12") && SHORTEST == 12);
        let expected = [
            "New: ",
            &[TOO_SHORT, "New: "].concat(),
            AGAIN,
            &[NOT_THE_SAME, "New: "].concat(),
            AGAIN,
        ];
        assert_eq!(asked, expected);
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(matches!(
            run(&["ééééééééééé", "short", "short"]).0,
            Err(PromptError::TooShort)
        ));
        assert!(matches!(
            run(&["éééééééééééé", "éééééééééééé"]).0,
            Ok(NewPassphrase::Typed(_))
        ));
    }

    #[test]
    fn the_third_failure_is_the_last() {
        assert!(matches!(
            run(&["a", "b", "c"]).0,
            Err(PromptError::TooShort)
        ));
        assert!(matches!(
            run(&["a", "b", LONG, "d"]).0,
            Err(PromptError::Mismatch)
        ));
    }

    #[test]
    fn failures_to_ask_are_passed_on() {
        assert!(matches!(run(&[]).0, Err(PromptError::Ended)));
        assert!(matches!(run(&[LONG]).0, Err(PromptError::Ended)));
    }

    #[test]
    fn nothing_typed_shows_in_debug_output() {
        let (result, _) = run(&[LONG, LONG]);
        assert!(!format!("{result:?}").contains(LONG));
    }
}
