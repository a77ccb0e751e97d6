//! `exeat`: nothing leaves without leave. People, streams and exit codes; what
//! it does is in `exeat-core`.

mod args;
mod commands;
mod config;
mod error;
mod exit;
mod keygen;
mod plugins;
mod progress;
mod render;
mod signals;
mod terminal;
mod ui;

use std::alloc::System;
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use exeat_core::source::command;
use exeat_core::stack;
use zeroizing_alloc::ZeroAlloc;

use crate::args::Cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Whatever is given back is overwritten first. Secrets live in types that do so
/// by themselves, but the libraries that read keys, decrypt and sign have buffers
/// of their own, and one that grows leaves its content behind.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        Some(word) if word == commands::READER => return exeat_readers::serve(),
        Some(word) if word == commands::ATTENDANT => return command::attend(words),
        _ => {}
    }
    let hardened = harden();
    ui::say_where_not_what();
    // Files made here are for their owner alone; where others may read them,
    // that is said, with the umask that the user had.
    let umask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077)).as_raw_mode();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage(&error).code()),
    };
    let ui = Ui {
        json: cli.global.json,
        json_file: cli.global.json_file,
        quiet: cli.global.quiet,
        umask,
    };
    let command = cli.command.name();
    let work = || match hardened {
        Ok(()) => work(cli.command, cli.global.config_dir.as_deref(), umask, &ui),
        Err(error) => Err(CommandError::io(
            "cannot protect the memory of this process",
            &error.into(),
        )),
    };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    // From here on there is nothing but to say how it went, which can take as long
    // as whoever reads it likes.
    stack::wipe();
    let result = result.unwrap_or_else(|_| {
        let message = "a mistake in exeat itself, described above";
        Err(CommandError::new(Exit::Internal, "internal", message)
            .with_help("please report it; what was staged has been removed"))
    });
    ExitCode::from(ui.finish(command, result).code())
}

/// Does what was asked for, in a part of the stack that can be cleared afterwards.
#[inline(never)]
fn work(
    command: args::Command,
    config_dir: Option<&Path>,
    umask: u32,
    ui: &Ui,
) -> Result<ui::Report, CommandError> {
    commands::run(command, config_dir, umask, ui)
}

/// From here on no other process of the user can read this one's memory, and
/// a crash leaves no core file with keys in it.
fn harden() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit};
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none)
}

/// What clap has to say: help and version on standard output, mistakes on
/// standard error, or as the one document that was asked for.
fn usage(error: &clap::Error) -> Exit {
    let is_mistake = error.use_stderr();
    if is_mistake && std::env::args_os().any(|arg| arg == "--json") {
        let ui = Ui {
            json: true,
            ..Ui::default()
        };
        let text = error.to_string();
        let message = text.trim().trim_start_matches("error: ");
        let command = std::env::args_os()
            .filter_map(|arg| arg.into_string().ok())
            .find(|arg| Cli::command().find_subcommand(arg).is_some())
            .unwrap_or_default();
        return ui.finish(&command, Err(CommandError::usage(message)));
    }
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}
