//! `exeat policy`: show the rules in force, check a file of them, begin one.

use std::path::Path;

use exeat_core::path::shown;
use exeat_core::policy::{Policy, PolicyFile, Warning};
use serde::Serialize;

use crate::args::{self, PolicyCheck, PolicyInit, PolicyShow};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Shown {
    policy_sha256: String,
    settings: Vec<Line>,
    warnings: Vec<Caution>,
}

#[derive(Serialize)]
struct Caution {
    code: &'static str,
    message: String,
    help: &'static str,
    origin: String,
}

#[derive(Serialize)]
struct Line {
    key: String,
    value: String,
    /// `floor`, or a file with its line.
    origin: String,
}

#[derive(Serialize)]
struct Written {
    starter: String,
    path: Option<String>,
    text: String,
}

pub(crate) fn run(
    args: &args::Policy,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    match args {
        args::Policy::Show(args) => show(args, config, ui),
        args::Policy::Check(args) => check(args, ui),
        args::Policy::Init(args) => init(args, umask, ui),
    }
}

fn show(args: &PolicyShow, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let policy = config.policy(&args.policy)?;
    Ok(describe(&policy, "", ui))
}

fn check(args: &PolicyCheck, ui: &Ui) -> Result<Report, CommandError> {
    let text = config::read_text(&args.file).map_err(|e| config::cannot_read(&args.file, &e))?;
    let policy = config::policy_of(&[PolicyFile {
        path: args.file.clone(),
        text,
    }])?;
    let intro = format!("{}: valid. Together with the floor:\n", shown(&args.file));
    Ok(describe(&policy, &intro, ui))
}

fn describe(policy: &Policy, intro: &str, ui: &Ui) -> Report {
    let settings = policy.settings().into_iter().map(|setting| Line {
        key: setting.key.to_string(),
        value: setting.value,
        origin: setting.origin.to_string(),
    });
    let warnings = policy.warnings(config::ledger_keeper(policy));
    let shown = Shown {
        policy_sha256: policy.sha256().to_string(),
        settings: settings.collect(),
        warnings: warnings.into_iter().map(Caution::of).collect(),
    };
    let text = || {
        let width = |get: fn(&Line) -> &String| {
            let widths = shown.settings.iter().map(|line| get(line).chars().count());
            widths.max().unwrap_or(0).min(40)
        };
        let (keys, values) = (width(|l| &l.key), width(|l| &l.value));
        let mut text = intro.to_owned();
        for line in &shown.settings {
            text += &format!(
                "{:<keys$} = {:<values$}  # {}\n",
                line.key, line.value, line.origin
            );
        }
        text + &format!("policy sha256 {}\n", shown.policy_sha256)
    };
    let mut report = Report::new(ui, text, &shown);
    let warnings = shown.warnings.iter();
    report.notes = warnings
        .map(|w| format!("warning: {}: {}\n    {}", w.origin, w.message, w.help))
        .collect();
    report
}

impl Caution {
    fn of(warning: Warning) -> Self {
        Self {
            code: warning.code,
            message: warning.message,
            help: warning.help,
            origin: warning.origin.to_string(),
        }
    }
}

fn init(args: &PolicyInit, umask: u32, ui: &Ui) -> Result<Report, CommandError> {
    let text = Policy::starter(&args.name).ok_or_else(|| {
        let known = Policy::starters().map(|(name, what)| format!("{name} ({what})"));
        CommandError::usage(format!("there is no starter policy '{}'", args.name)).with_help(
            format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
        )
    })?;
    if let Some(path) = &args.to {
        write(path, text, umask)?;
    }
    let written = Written {
        starter: args.name.clone(),
        path: args.to.as_ref().map(|path| path.display().to_string()),
        text: text.to_owned(),
    };
    let report = || match &args.to {
        None => text.to_owned(),
        Some(path) => {
            let path = render::shell(&path.display().to_string());
            format!(
                "wrote {path}\nread it and change what your organisation needs, then\n\
                 next: exeat policy check {path}\n"
            )
        }
    };
    Ok(Report::new(ui, report, &written))
}

fn write(path: &Path, text: &str, umask: u32) -> Result<(), CommandError> {
    config::write_public(path, text.as_bytes(), umask).map_err(|error| {
        let this = CommandError::io(format!("cannot write {}", shown(path)), &error);
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => CommandError::new(
                Exit::Failed,
                "destination-exists",
                format!("{} exists already", shown(path)),
            )
            .with_help("nothing was overwritten; choose another name"),
            _ => this,
        }
    })
}
