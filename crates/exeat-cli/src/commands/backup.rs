//! `exeat backup`: what runs every night, with no one watching.

mod hooks;
mod metrics;
mod timer;

use crate::args;
use crate::config::Config;
use crate::error::CommandError;
use crate::ui::{Report, Ui};

pub(crate) fn run(
    args: &args::Backup,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    match args {
        args::Backup::Timer(args) => timer::run(args, config, umask, ui),
    }
}
