//! What age plugins have to say and ask, at the terminal.

use std::sync::Arc;

use exeat_core::keys::Talk;
use secrecy::{ExposeSecret as _, SecretString};

use crate::terminal;
use crate::ui::Ui;

/// A plugin's way to the person at the terminal. Where a program reads the
/// output (`--json`) nobody is asked.
struct AtTerminal(Ui);

/// For whoever uses `ui`.
pub(crate) fn talk(ui: &Ui) -> Arc<dyn Talk> {
    Arc::new(AtTerminal(ui.clone()))
}

impl Talk for AtTerminal {
    fn tell(&self, program: &str, message: &str) {
        self.0.must_say(&format!("{program}: {message}"));
    }

    fn confirm(&self, program: &str, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choice = match no {
            Some(no) => format!("y for {yes:?}, n for {no:?}"),
            None => format!("Enter for {yes:?}"),
        };
        let answer = self.ask(program, &format!("{message} ({choice})"), false)?;
        let answer = answer.expose_secret().trim();
        Some(no.is_none() || answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
    }

    fn ask(&self, program: &str, message: &str, is_secret: bool) -> Option<SecretString> {
        if self.0.json {
            return None;
        }
        let prompt = format!("{program}: {message}: ");
        let answer = match is_secret {
            true => terminal::read_passphrase(&prompt),
            false => terminal::read_answer(&prompt),
        };
        answer.ok()
    }
}
