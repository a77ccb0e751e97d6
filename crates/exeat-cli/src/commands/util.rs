//! `exeat util`: what a shell and `man` want to know of the command line, made
//! from the same description that `--help` is.

mod page;
mod put;

use clap::CommandFactory as _;
use clap_complete::Shell;
use exeat_core::path::shown;
use serde::Serialize;

use crate::args::{self, Cli, Completions, Man};
use crate::error::CommandError;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Script {
    shell: String,
    text: String,
}

#[derive(Serialize)]
struct Written {
    dir: String,
    pages: Vec<String>,
}

pub(crate) fn run(args: &args::Util, umask: u32, ui: &Ui) -> Result<Report, CommandError> {
    match args {
        args::Util::Completions(args) => Ok(completions(args, ui)),
        args::Util::Man(args) => man(args, umask, ui),
    }
}

fn completions(args: &Completions, ui: &Ui) -> Report {
    let script = Script {
        shell: args.shell.to_string(),
        text: script(args.shell),
    };
    Report::new(ui, || script.text.as_str(), &script)
}

fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "exeat", &mut bytes);
    String::from_utf8(bytes).expect("names and help are UTF-8")
}

fn man(args: &Man, umask: u32, ui: &Ui) -> Result<Report, CommandError> {
    let pages = page::all(Cli::command());
    put::put(&args.dir, &pages, args.force, umask)?;
    let written = Written {
        dir: args.dir.display().to_string(),
        pages: pages.into_iter().map(|page| page.file).collect(),
    };
    let text = || {
        let count = render::count(written.pages.len() as u64, "manual page", "manual pages");
        let first = render::shell(&args.dir.join("exeat.1").display().to_string());
        let dir = shown(&args.dir);
        format!("wrote {count} into {dir}\nnext: man -l {first}\n")
    };
    Ok(Report::new(ui, text, &written))
}
