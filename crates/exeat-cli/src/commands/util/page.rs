//! Manual pages, in the language of `man`: one for each command that people
//! see.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// A manual page and what its file is called.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) file: String,
    pub(super) text: Vec<u8>,
}

/// The pages of a command line, its own first.
pub(super) fn all(cli: Command) -> Vec<Page> {
    let mut cli = cli.disable_help_subcommand(true);
    cli.build();
    let source = format!(
        "{} {}",
        cli.get_name(),
        cli.get_version().unwrap_or_default()
    );
    let mut pages = Vec::new();
    collect(&cli, &source, &mut pages);
    pages
}

fn collect(command: &Command, source: &str, pages: &mut Vec<Page>) {
    pages.push(page(command, source));
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        collect(below, source, pages);
    }
}

fn page(command: &Command, source: &str) -> Page {
    let man = Man::new(command.clone())
        .source(source)
        .manual("exeat manual");
    let has_commands = command.get_subcommands().any(|c| !c.is_hide_set());
    let mut text = Vec::new();
    (|| {
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        synopsis(command).to_writer(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if has_commands {
            man.render_subcommands_section(&mut text)?;
        }
        more(command).to_writer(&mut text)
    })()
    .expect("writing to memory does not fail");
    Page {
        file: man.get_filename(),
        text,
    }
}

/// The usage, as short as the help has it.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([roman(usage.trim_start_matches("Usage:").trim())]);
    roff
}

/// What stands below the options in the help. Lines that are set in are to be
/// typed or copied, and stay as they are.
fn more(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let help = command.get_after_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let help = match help.strip_prefix("Examples:\n") {
        Some(examples) => {
            roff.control("SH", ["EXAMPLES"]);
            examples
        }
        None if help.is_empty() => return roff,
        None => {
            roff.control("SH", ["NOTES"]);
            &help
        }
    };
    let mut is_set_in = false;
    for line in help.lines() {
        if line.is_empty() {
            roff.control("PP", []);
            continue;
        }
        if line.starts_with(' ') != is_set_in {
            is_set_in = !is_set_in;
            roff.control(if is_set_in { "nf" } else { "fi" }, []);
        }
        roff.text([roman(line)]);
    }
    if is_set_in {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    fn named(pages: &[Page], file: &str) -> String {
        let page = pages.iter().find(|page| page.file == file).expect(file);
        String::from_utf8(page.text.clone()).expect("UTF-8")
    }

    #[test]
    fn what_is_hidden_has_no_page_and_stands_on_none() {
        let cli = Command::new("outer")
            .subcommand(Command::new("seen").about("To be seen"))
            .subcommand(
                Command::new("secret")
                    .hide(true)
                    .subcommand(Command::new("deeper")),
            );
        let pages = all(cli);
        let files: Vec<_> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(files, ["outer.1", "outer-seen.1"]);
        assert!(!named(&pages, "outer.1").contains("secret"));
    }

    #[test]
    fn examples_are_copied_and_prose_is_filled() {
        let pages = all(Cli::command());
        let text = named(&pages, "exeat-policy-init.1");
        let examples = ".SH EXAMPLES\n.nf\n  exeat policy init health\n";
        assert!(text.contains(examples), "{text}");
        let text = named(&pages, "exeat-export.1");
        let prose = "\n.PP\n.fi\nA recipient is an ";
        assert!(text.contains(prose), "{text}");
        assert!(named(&pages, "exeat.1").contains("\n.SH NOTES\nExit codes: 0 done"));
    }
}
