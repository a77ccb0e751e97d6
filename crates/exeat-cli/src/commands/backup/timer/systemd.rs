//! Units of systemd that let a backup do what it has to, and no more.
//!
//! The processes that take files apart confine themselves (seccomp), which needs
//! the system call of that name; it is in no group before systemd 254.

use std::path::{Path, PathBuf};

use super::{Needs, Unit, text_of};
use crate::args::KeySource;
use crate::error::CommandError;
use crate::exit::Exit;

/// What says that a run failed, whichever it was.
const FAILED: &str = "exeat-failed@.service";

const FAILED_TEXT: &str = r#"[Unit]
Description=Says that %i did not end well

[Service]
Type=oneshot
# To get mail instead:
# ExecStart=/bin/sh -c 'systemctl status --full --lines=50 "$0" | mail -s "$0 failed" root' %i
ExecStart=/usr/bin/logger --priority daemon.alert --tag exeat "%i did not end well; see: journalctl --unit %i"
"#;

/// What no backup needs.
const SANDBOX: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
# What takes files apart confines itself with seccomp.
SystemCallFilter=@system-service seccomp
SystemCallErrorNumber=EPERM
UMask=0077
";

/// The name of the timer of a profile.
pub(super) fn timer_name(profile: &str) -> String {
    format!("exeat-backup-{profile}.timer")
}

/// The service, the timer, and what says that it failed.
pub(super) fn units(needs: &Needs<'_>, on_calendar: &str) -> Result<Vec<Unit>, CommandError> {
    let name = &needs.profile.name;
    let timer = format!(
        "[Unit]\nDescription=Backup '{name}', every night\n\n\
         [Timer]\nOnCalendar={}\n\
         # A night that the machine slept through is made up for.\n\
         Persistent=true\nRandomizedDelaySec=15min\n\n\
         [Install]\nWantedBy=timers.target\n",
        specifiers(on_calendar)
    );
    Ok(vec![
        Unit {
            file: format!("exeat-backup-{name}.service"),
            text: service(needs)?,
        },
        Unit {
            file: timer_name(name),
            text: timer,
        },
        Unit {
            file: FAILED.to_owned(),
            text: FAILED_TEXT.to_owned(),
        },
    ])
}

fn service(needs: &Needs<'_>) -> Result<String, CommandError> {
    let name = &needs.profile.name;
    let command: Vec<String> = needs.words()?.iter().map(|word| argument(word)).collect();
    let home = quoted(&format!("XDG_STATE_HOME={}", text_of(&needs.state_home)?));
    Ok(format!(
        "[Unit]\n\
         Description=Backup '{name}'\n\
         RequiresMountsFor={mounts}\n\
         OnFailure=exeat-failed@%n.service\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         # Every exit code but 0 is a failure that somebody has to hear of; 7, too: something is\n\
         # missing in the package then.\n\
         ExecStart={command}\n\
         # What is on record is in the same place as when it is run by hand.\n\
         Environment={home}\n\
         {credential}\
         # One that hangs must not keep the next night's from running.\n\
         TimeoutStartSec=20h\n\
         # It is told to stop, and ends what it has started itself.\n\
         KillMode=mixed\n\
         TimeoutStopSec=5min\n\
         Nice=10\n\
         IOSchedulingClass=idle\n\
         \n\
         ReadWritePaths={writes}\n\
         {capabilities}\
         {network}\
         {tmp}\
         {SANDBOX}",
        mounts = list(&needs.mounts)?,
        command = command.join(" "),
        credential = credential(needs)?,
        writes = list(&needs.writes)?,
        capabilities = capabilities(needs),
        network = network(needs),
        tmp = private_tmp(needs),
    ))
}

/// A key that the unit is handed: it lies beside the settings.
fn credential(needs: &Needs<'_>) -> Result<String, CommandError> {
    let Some(KeySource::Credential(name)) = &needs.profile.signing_key else {
        return Ok(String::new());
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(is_plain) {
        let message = "the name of the credential cannot stand in a unit";
        return Err(CommandError::new(Exit::Failed, "credential-name", message)
            .with_help("use letters, digits, '.', '_' and '-' in the profile's signing_key"));
    }
    let file = specifiers(&text_of(&needs.config_dir.join(name))?);
    Ok(format!(
        "# The private key, for root's eyes alone; or LoadCredentialEncrypted= and a file that\n\
         # 'systemd-creds encrypt' wrote.\n\
         LoadCredential={name}:{file}\n"
    ))
}

/// What root may do beside its own files: read those of others, for one.
fn capabilities(needs: &Needs<'_>) -> String {
    let mut text = String::new();
    let mut all = vec!["CAP_DAC_READ_SEARCH"];
    if needs.changes_account {
        text += "# A command of the profile runs another one as somebody else.\n";
        all.extend(["CAP_SETUID", "CAP_SETGID", "CAP_KILL"]);
    }
    if needs.is_guest {
        text += "# The backups go to a folder of another account.\n";
        all.push("CAP_DAC_OVERRIDE");
    }
    text + "CapabilityBoundingSet=" + &all.join(" ") + "\n"
}

/// exeat itself speaks to nobody.
fn network(needs: &Needs<'_>) -> String {
    match needs.has_programs {
        false => "RestrictAddressFamilies=AF_UNIX\nIPAddressDeny=any\n".to_owned(),
        true => "# For the commands of the profile: a database may be on another machine.\n\
                 RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
            .to_owned(),
    }
}

/// A folder for temporary files of its own, unless it is to see what lies there.
fn private_tmp(needs: &Needs<'_>) -> String {
    let is_tmp = |path: &PathBuf| ["/tmp", "/var/tmp"].iter().any(|tmp| path.starts_with(tmp));
    let mut paths = needs
        .mounts
        .iter()
        .chain(&needs.writes)
        .chain([&needs.config_dir, &needs.exe]);
    match paths.any(is_tmp) {
        false => "PrivateTmp=yes\n".to_owned(),
        true => {
            "# Not PrivateTmp=: what it needs lies in the folder for temporary files.\n".to_owned()
        }
    }
}

/// Several paths.
fn list(paths: &[PathBuf]) -> Result<String, CommandError> {
    let word = |path: &PathBuf| word(path);
    let words: Result<Vec<_>, _> = paths.iter().map(word).collect();
    words.map(|words| words.join(" "))
}

fn word(path: &Path) -> Result<String, CommandError> {
    Ok(quoted(&text_of(path)?))
}

/// A word of a list: systemd.syntax(7).
fn quoted(text: &str) -> String {
    let text = specifiers(text);
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%$".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// A word of a command line, in which variables are replaced, too.
fn argument(text: &str) -> String {
    quoted(&text.replace('$', "$$"))
}

/// A text in which nothing stands for anything else: systemd.unit(5).
fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}
