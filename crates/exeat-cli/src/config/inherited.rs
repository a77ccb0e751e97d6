//! Descriptors that were open when exeat was started, for keys that a service
//! hands over without a file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::args::KeySource;
use crate::error::CommandError;
use crate::exit::Exit;

/// Those that the command line names, to be read once each.
#[derive(Debug, Default)]
pub(crate) struct Inherited(RefCell<BTreeMap<RawFd, OwnedFd>>);

impl Inherited {
    /// Takes what the command line names. To be called before anything is
    /// opened: a number that was closed may be something else's afterwards.
    ///
    /// `is_piped` says that a package comes through standard input.
    pub(crate) fn of(keys: &[&KeySource], is_piped: bool) -> Result<Self, CommandError> {
        let mut numbers = Vec::new();
        for key in keys {
            let KeySource::Descriptor(number) = key else {
                continue;
            };
            if numbers.contains(number) {
                let message = format!("{key} is given twice, and can be read once");
                return Err(CommandError::usage(message));
            }
            if *number == 0 && is_piped {
                return Err(CommandError::usage(
                    "a stream and a key cannot both come through standard input",
                )
                .with_help("hand the key over as fd:3, such as with 3<FILE"));
            }
            numbers.push(*number);
        }
        if numbers.is_empty() {
            return Ok(Self::default());
        }
        let this = pidfd_open(getpid(), PidfdFlags::empty()).map_err(|error| {
            CommandError::io("cannot look at what is open in this process", &error.into())
        })?;
        let mut taken = BTreeMap::<RawFd, OwnedFd>::new();
        for number in numbers {
            // These have taken a number that was free.
            let is_it = |descriptor: &OwnedFd| descriptor.as_raw_fd() == number;
            let descriptor = match is_it(&this) || taken.values().any(is_it) {
                true => Err(Errno::BADF),
                false => duplicate(&this, number),
            };
            let descriptor = descriptor.map_err(|error| cannot_take(number, error))?;
            if rustix::termios::isatty(&descriptor) {
                let help = format!("hand over a file or a pipe, such as with {number}<FILE");
                let this = refused(number, "it is a terminal, and keys are not typed");
                return Err(this.with_help(help));
            }
            taken.insert(number, descriptor);
        }
        Ok(Self(RefCell::new(taken)))
    }

    /// Hands one out, to be read.
    pub(super) fn take(&self, number: RawFd) -> Result<File, CommandError> {
        let descriptor = self.0.borrow_mut().remove(&number);
        descriptor
            .map(File::from)
            .ok_or_else(|| refused(number, "it was read already"))
    }
}

/// A second descriptor of what `number` is open on, which no other program will
/// inherit. Only the kernel can tell whether there is anything, so it is asked
/// as of another process.
fn duplicate(this: &OwnedFd, number: RawFd) -> rustix::io::Result<OwnedFd> {
    match pidfd_getfd(this, number, PidfdGetfdFlags::empty()) {
        // Some containers forbid the call. Opening anew needs a right to the
        // file, which the call does not.
        Err(Errno::PERM | Errno::NOSYS) => {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
            let path = format!("/proc/self/fd/{number}");
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
                Errno::NOENT => Errno::BADF,
                other => other,
            })
        }
        other => other,
    }
}

fn refused(number: RawFd, why: &str) -> CommandError {
    let message = format!("cannot read fd:{number}: {why}");
    CommandError::new(Exit::Failed, "descriptor", message)
}

fn cannot_take(number: RawFd, error: Errno) -> CommandError {
    match error {
        Errno::BADF => refused(number, "nothing is open under that number").with_help(format!(
            "whoever starts exeat has to open it, such as with {number}<FILE behind the command; \
             sudo closes all from 3 on"
        )),
        other => CommandError::io(format!("cannot read fd:{number}"), &other.into()),
    }
}
