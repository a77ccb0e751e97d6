//! The options of `exeat util`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

/// Set up a shell's completions, write the manual pages
#[derive(Debug, Subcommand)]
pub(crate) enum Util {
    Completions(Completions),
    Man(Man),
}

/// Print what makes a shell complete the commands and options of exeat
///
/// The script belongs where the shell looks for such files, or into a file
/// that its settings read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat util completions bash > ~/.local/share/bash-completion/completions/exeat
  exeat util completions zsh > /usr/local/share/zsh/site-functions/_exeat
  exeat util completions fish > ~/.config/fish/completions/exeat.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Write a manual page for each command into a folder
///
/// They are called exeat.1, exeat-export.1 and so on. Where one is there
/// already, none is written without --force.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat util man /usr/local/share/man/man1
  exeat util man pages --force")]
pub(crate) struct Man {
    /// The folder to write them into
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Replace pages that are there
    #[arg(long)]
    pub(crate) force: bool,
}
