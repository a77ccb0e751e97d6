//! The rules on recipients: who alone may be one, and who has to be.

use std::io;
use std::path::Path;

use toml::Spanned;

use super::super::config::Texts;
use super::super::problem::{Page, ProblemKind};
use super::super::rules::{RecipientList, RequiredRecipient};
use super::{Check, MAX_NAME, MAX_PATH, Policy, named_by};
use crate::diagnostic::words::without_errno;
use crate::keys::{MAX_RECIPIENT, MAX_RECIPIENTS, Recipient, RecipientBook};

impl Check<'_, '_> {
    /// Reads the file of the only allowed recipients.
    pub(super) fn recipients(
        &mut self,
        file: &Spanned<String>,
        read: &mut impl FnMut(&Path) -> io::Result<String>,
        policy: &mut Policy,
    ) -> Option<RecipientBook> {
        if !self.is_plain(file, "[recipients] file", MAX_PATH) {
            return None;
        }
        let folder = self.page.path().parent().unwrap_or(Path::new(""));
        let path = folder.join(file.get_ref());
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) => {
                let reason = without_errno(&error.to_string()).to_owned();
                let kind = ProblemKind::RecipientsNotRead { path, reason };
                let help = "a path is taken from the folder that the policy is in";
                self.page.problem(file.span(), kind, help.to_owned());
                return None;
            }
        };
        let book = match RecipientBook::parse(&text) {
            Ok(book) => book,
            Err(error) => {
                let mut other = Page::new(&path, &text);
                for problem in error.problems {
                    let span = other.span_of_line(problem.line);
                    let message = problem.message;
                    let kind = ProblemKind::Recipients { message };
                    other.problem(span, kind, named_by("[recipients] file", self.page.path()));
                }
                self.page.add(other.into_found());
                return None;
            }
        };
        let named = || {
            let names = book.names();
            names.filter_map(|name| Some((name, book.find(name)?)))
        };
        let keys = named().map(|(_, key)| (key.to_string(), key.expires()));
        let names = named().map(|(name, key)| (name.to_owned(), key.to_string()));
        let list = RecipientList {
            file: path,
            keys: keys.collect(),
            names: names.collect(),
        };
        policy.recipients.add(list, self.origin(&file.span()));
        Some(book)
    }

    pub(super) fn required(
        &mut self,
        texts: Option<Texts>,
        book: Option<&RecipientBook>,
        policy: &mut Policy,
    ) {
        let key = "[recipients] required";
        let Some(texts) = texts else { return };
        if texts.get_ref().len() > MAX_RECIPIENTS {
            let count = texts.get_ref().len().to_string();
            let reason = format!("names are more than the {MAX_RECIPIENTS} a package can have");
            self.bad(texts.span(), key, &count, &reason);
            return;
        }
        for text in texts.into_inner() {
            let is_key = Recipient::is_like_key(text.get_ref());
            let longest = if is_key { MAX_RECIPIENT } else { MAX_NAME };
            if !self.is_plain(&text, key, longest) {
                continue;
            }
            let name = text.get_ref().clone();
            let required = match book {
                _ if is_key => match Recipient::parse(&name) {
                    Ok(parsed) => RequiredRecipient::Key {
                        key: parsed.to_string(),
                        name: None,
                    },
                    Err(error) => {
                        let message = error.to_string();
                        let kind = ProblemKind::Recipients { message };
                        self.page.problem(text.span(), kind, None);
                        continue;
                    }
                },
                None => RequiredRecipient::Name { name },
                Some(book) => match book.find(&name) {
                    Some(found) => RequiredRecipient::Key {
                        key: found.to_string(),
                        name: Some(name),
                    },
                    None => {
                        let reason = "is not in the file that [recipients] file names; \
                                      names there are exact";
                        self.bad(text.span(), key, &name, reason);
                        continue;
                    }
                },
            };
            policy.required.insert(required, self.origin(&text.span()));
        }
    }
}
