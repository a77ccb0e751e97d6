//! age plugins: programs `age-plugin-NAME` that wrap and unwrap the package key
//! for keys that this program does not hold, such as those of hardware tokens.
//!
//! A plugin sees the stanzas of the envelope and never a volume. It is a program
//! of the user's own, found on the `PATH` by age, so that what it says is shown
//! escaped and what it returns is checked, but it is trusted with the key.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use age::plugin::{Identity, IdentityPluginV1, Recipient, RecipientPluginV1};
use age::secrecy::{ExposeSecret as _, SecretString};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};

use super::KeyError;
use crate::path::Escaped;

/// The longest name of a plugin, in bytes.
const MAX_NAME: usize = 64;
/// The most of a plugin's words that are shown, in bytes.
const MAX_WORDS: usize = 500;

/// How a plugin reaches whoever runs the program. What it says has been made
/// safe to show.
pub trait Talk: Send + Sync {
    /// Shows what the plugin has to say, such as that a token waits for a touch.
    fn tell(&self, program: &str, message: &str);

    /// Asks to choose between two answers, or to go on where there is but one;
    /// `None` if nobody can be asked.
    fn confirm(&self, program: &str, message: &str, yes: &str, no: Option<&str>) -> Option<bool>;

    /// Asks for a text, which is not shown if it is secret; `None` if nobody
    /// can be asked.
    fn ask(&self, program: &str, message: &str, is_secret: bool) -> Option<SecretString>;
}

/// Reads `age1NAME1…`; an error is the reason why it is no recipient.
pub(super) fn recipient(text: &str) -> Result<Recipient, &'static str> {
    let recipient: Recipient = text
        .parse()
        .map_err(|_| "a character is missing or mistyped")?;
    is_name(recipient.plugin())
        .then_some(recipient)
        .ok_or("no age plugin has such a name")
}

/// Reads `AGE-PLUGIN-NAME-1…`.
pub(super) fn identity(text: &str) -> Option<Identity> {
    let identity: Identity = text.parse().ok()?;
    is_name(identity.plugin()).then_some(identity)
}

fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| {
        b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'.' | b'_' | b'-')
    };
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(is_allowed)
}

fn program(name: &str) -> String {
    format!("age-plugin-{name}")
}

/// age's end of a conversation with one plugin.
#[derive(Clone)]
struct Conversation {
    program: String,
    talk: Option<Arc<dyn Talk>>,
    /// A question was left without an answer.
    is_unanswered: Arc<AtomicBool>,
}

impl Conversation {
    fn new(name: &str, talk: Option<&Arc<dyn Talk>>) -> Self {
        Self {
            program: program(name),
            talk: talk.cloned(),
            is_unanswered: Arc::default(),
        }
    }

    fn ask<T>(&self, question: impl FnOnce(&dyn Talk) -> Option<T>) -> Option<T> {
        let answer = self.talk.as_deref().and_then(question);
        if answer.is_none() {
            self.is_unanswered.store(true, Ordering::Relaxed);
        }
        answer
    }

    fn missing(&self) -> KeyError {
        KeyError::PluginMissing {
            program: self.program.clone(),
        }
    }

    fn failed(&self, reason: impl Into<String>) -> KeyError {
        let program = self.program.clone();
        match self.is_unanswered.load(Ordering::Relaxed) {
            true => KeyError::PluginUnanswered { program },
            false => KeyError::Plugin {
                program,
                reason: reason.into(),
            },
        }
    }

    fn io(&self, error: &io::Error) -> KeyError {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, InvalidData, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | UnexpectedEof => {
                self.failed("it ended before it was done")
            }
            InvalidData => self.failed("its answer is not what the age plugin protocol asks for"),
            _ => self.failed(format!(
                "it cannot be run: {}",
                crate::diagnostic::words::without_errno(&error.to_string())
            )),
        }
    }

    fn said(&self, errors: &[impl fmt::Display]) -> KeyError {
        let words = errors.iter().take(3).map(|error| shown(&error.to_string()));
        self.failed(words.collect::<Vec<_>>().join("; "))
    }
}

/// What a plugin says, safe to show and cut short.
fn shown(text: &str) -> String {
    // age's own words about a slow plugin have marks around its name.
    let text = text.replace(['\u{2068}', '\u{2069}'], "");
    let text = text.trim();
    let starts = text.char_indices().map(|(at, _)| at);
    let end = starts.chain([text.len()]).take_while(|&at| at <= MAX_WORDS);
    Escaped(&text.as_bytes()[..end.last().unwrap_or(0)]).to_string()
}

impl age::Callbacks for Conversation {
    fn display_message(&self, message: &str) {
        if let Some(talk) = &self.talk {
            talk.tell(&self.program, &shown(message));
        }
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let (message, yes, no) = (shown(message), shown(yes), no.map(shown));
        self.ask(|talk| talk.confirm(&self.program, &message, &yes, no.as_deref()))
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        let answer = self.ask(|talk| talk.ask(&self.program, &shown(description), false))?;
        Some(answer.expose_secret().to_owned())
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        self.ask(|talk| talk.ask(&self.program, &shown(description), true))
    }
}

/// One plugin with all the recipients that are its own.
pub(super) struct Wrapper {
    plugin: RecipientPluginV1<Conversation>,
    conversation: Conversation,
    error: RefCell<Option<KeyError>>,
}

/// The plugins that these recipients need, each once.
///
/// # Errors
/// [`KeyError::PluginMissing`], of the first.
pub(super) fn wrappers<'a>(
    recipients: impl Iterator<Item = &'a Recipient>,
    talk: Option<&Arc<dyn Talk>>,
) -> Result<Vec<Wrapper>, KeyError> {
    let mut by_name = BTreeMap::<_, Vec<_>>::new();
    for recipient in recipients {
        let of_name = by_name.entry(recipient.plugin()).or_default();
        of_name.push(recipient.clone());
    }
    let wrapper = |(name, recipients): (&str, Vec<Recipient>)| {
        let conversation = Conversation::new(name, talk);
        let plugin = RecipientPluginV1::new(name, &recipients, &[], conversation.clone())
            .map_err(|_| conversation.missing())?;
        Ok(Wrapper {
            plugin,
            conversation,
            error: RefCell::default(),
        })
    };
    by_name.into_iter().map(wrapper).collect()
}

impl Wrapper {
    /// Why it failed, if it did.
    pub(super) fn error(&self) -> Option<KeyError> {
        self.error.take()
    }

    /// For what shows only when all is put together.
    pub(super) fn failed(&self, reason: &str) -> KeyError {
        self.conversation.failed(reason)
    }
}

impl age::Recipient for Wrapper {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        self.plugin.wrap_file_key(file_key).inspect_err(|error| {
            *self.error.borrow_mut() = Some(match error {
                EncryptError::Plugin(errors) => self.conversation.said(errors),
                EncryptError::Io(error) => self.conversation.io(error),
                _ => self.conversation.failed("it failed"),
            });
        })
    }
}

/// One plugin with all the identities that are its own.
pub(super) struct Unwrapper {
    plugin: IdentityPluginV1<Conversation>,
    conversation: Conversation,
    error: RefCell<Option<KeyError>>,
    gave_key: RefCell<bool>,
}

/// The plugins of these identities that there are, each once, and the first
/// that is missing.
pub(super) fn unwrappers(
    identities: &[Identity],
    talk: Option<&Arc<dyn Talk>>,
) -> (Vec<Unwrapper>, Option<KeyError>) {
    let names: HashSet<_> = identities.iter().map(Identity::plugin).collect();
    let (mut found, mut missing) = (Vec::new(), None);
    for name in names {
        let conversation = Conversation::new(name, talk);
        match IdentityPluginV1::new(name, identities, conversation.clone()) {
            Ok(plugin) => found.push(Unwrapper {
                plugin,
                conversation,
                error: RefCell::default(),
                gave_key: RefCell::default(),
            }),
            Err(_) => missing = Some(conversation.missing()),
        }
    }
    (found, missing)
}

impl Unwrapper {
    /// Why it failed, if it did, or if the key that it gave does not fit.
    pub(super) fn error(&self) -> Option<KeyError> {
        let error = self.error.take();
        error.or_else(|| {
            let reason = "it gave a key that is not the one of this package";
            self.gave_key
                .take()
                .then(|| self.conversation.failed(reason))
        })
    }
}

impl age::Identity for Unwrapper {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    /// A plugin that fails leaves the next identity its turn.
    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let error = match self.plugin.unwrap_stanzas(stanzas)? {
            Ok(key) => {
                self.gave_key.replace(true);
                return Some(Ok(key));
            }
            Err(DecryptError::Plugin(errors)) => self.conversation.said(&errors),
            Err(DecryptError::Io(error)) => self.conversation.io(&error),
            Err(_) => self
                .conversation
                .failed("it gave a key of the wrong length"),
        };
        self.error.replace(Some(error));
        None
    }
}
