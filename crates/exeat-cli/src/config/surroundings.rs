//! What the environment says: where programs and folders are, and whom programs
//! ask.

use std::fs;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;

use super::no_home;
use crate::error::CommandError;

/// Where a program is that people have installed: in the first folder of the
/// `PATH` that has it.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_program = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH")?;
    // A relative folder would be one of wherever somebody stands.
    let mut folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(folder.join(name)).filter(is_program))
}

/// What OpenSSH's programs need to know where they ask people: the variables to
/// set. Where nobody chose a program for it they ask at the terminal; where
/// there is no terminal they would take the message to be signed for the answer.
pub(crate) fn ssh_prompts(has_terminal: bool) -> Vec<(&'static str, &'static str)> {
    let has_program = has_askpass();
    match has_terminal {
        true if has_program || is_set("SSH_ASKPASS_REQUIRE") => vec![],
        true => vec![("SSH_ASKPASS_REQUIRE", "never")],
        false if has_program => vec![("SSH_ASKPASS_REQUIRE", "force")],
        false => vec![("SSH_ASKPASS_REQUIRE", "force"), ("SSH_ASKPASS", "false")],
    }
}

/// Whether somebody chose a program that asks for passphrases and PINs.
pub(crate) fn has_askpass() -> bool {
    is_set("SSH_ASKPASS")
}

/// Whether an ssh-agent is named to those who would ask it.
pub(crate) fn has_ssh_agent() -> bool {
    is_set("SSH_AUTH_SOCK")
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Where what is large may lie for a while: `TMPDIR`, or `/var/tmp`, which the
/// Filesystem Hierarchy Standard has for it.
pub(crate) fn folder_for_large() -> PathBuf {
    let folder = std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty());
    folder.map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from)
}

/// Where this machine remembers the backups of a profile.
pub(crate) fn backup_state(profile: &str) -> Result<PathBuf, CommandError> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| no_home())?;
    let state = strategy.state_dir().ok_or_else(no_home)?;
    Ok(state.join("exeat").join("backup").join(profile))
}
