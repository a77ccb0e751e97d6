//! Ctrl-C and SIGTERM ask the work to stop in good order; the staging folder is
//! removed, however often somebody presses Ctrl-C meanwhile: what it holds may
//! be plaintext.

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

/// The signals that stop a run in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

const NONE: usize = 0;
const INTERRUPT: usize = 1;
const TERMINATE: usize = 2;

static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Begins to listen. Called before work that has something to clean up; until
/// then, at prompts above all, signals end the program as they always do.
pub(crate) fn listen() -> io::Result<()> {
    if RECEIVED.get().is_some() {
        return Ok(());
    }
    let received = Arc::clone(RECEIVED.get_or_init(|| Arc::new(AtomicUsize::new(NONE))));
    for (signal, value) in [
        (SIGINT, INTERRUPT),
        (SIGTERM, TERMINATE),
        (SIGHUP, TERMINATE),
    ] {
        signal_hook::flag::register_usize(signal, Arc::clone(&received), value)?;
    }
    // Past a limit on file sizes a write should fail, not end the program.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    Ok(())
}

/// The signal that came, if one did.
pub(crate) fn received() -> Option<Signal> {
    match RECEIVED.get()?.load(Ordering::Relaxed) {
        INTERRUPT => Some(Signal::Interrupt),
        TERMINATE => Some(Signal::Terminate),
        _ => None,
    }
}
