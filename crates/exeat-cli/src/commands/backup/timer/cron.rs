//! A line of a crontab.

use super::{Needs, Unit};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;

/// What `crontab -e` takes. The summary is thrown away, so that cron writes only
/// when there is something to say.
pub(super) fn line(needs: &Needs<'_>) -> Result<Unit, CommandError> {
    let words = needs.words()?;
    // cron(8) reads \% as %, and would take the backslash before it along.
    if words.iter().any(|word| word.contains('\\')) {
        let message = "a path with a backslash cannot stand in a crontab";
        return Err(CommandError::new(Exit::Failed, "path-not-text", message)
            .with_help("use --systemd, or rename it"));
    }
    let words: Vec<String> = words.iter().map(|word| render::shell(word)).collect();
    let command = words.join(" ").replace('%', "\\%");
    Ok(Unit {
        file: "crontab".to_owned(),
        text: format!(
            "# For 'crontab -e'. Mail comes only when something is wrong: cron needs a program that\n\
             # sends it. In a file of /etc/cron.d the account stands before the command.\n\
             MAILTO=root\n\
             PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             0 2 * * * {command} >/dev/null\n"
        ),
    })
}
