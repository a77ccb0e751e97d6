//! Progress for people: a bar where standard error is a terminal, else a line
//! every few seconds, and nothing with `--quiet`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use exeat_core::progress::{Phase, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::render;
use crate::signals;
use crate::ui::Ui;

/// How often a line is printed where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
/// How often the name of the current file changes on a terminal: people
/// cannot read faster.
const NAME_EVERY_MILLIS: u64 = 100;

/// Shows how far the work is.
pub(crate) struct Shown {
    style: Style,
    started: Instant,
    ui: Ui,
    /// Whether people know that the work is being stopped.
    has_said_so: AtomicBool,
}

enum Style {
    Silent,
    Bar {
        bar: ProgressBar,
        /// Milliseconds since the start when the name was last set.
        named: AtomicU64,
    },
    Lines(Box<Mutex<Lines>>),
}

struct Lines {
    phase: Phase,
    total: Option<u64>,
    done: u64,
    begun: Instant,
    printed: Instant,
}

impl Shown {
    pub(crate) fn new(ui: &Ui) -> Self {
        let now = Instant::now();
        let style = if ui.quiet {
            Style::Silent
        } else if ui.has_terminal() {
            Style::Bar {
                bar: ProgressBar::hidden(),
                named: AtomicU64::new(0),
            }
        } else {
            let lines = Lines {
                phase: Phase::Listing,
                total: None,
                done: 0,
                begun: now,
                printed: now,
            };
            Style::Lines(Box::new(Mutex::new(lines)))
        };
        Self {
            style,
            started: now,
            ui: ui.clone(),
            has_said_so: AtomicBool::new(false),
        }
    }

    /// Takes the bar away, so that what follows stands on a clean line.
    pub(crate) fn clear(&self) {
        if let Style::Bar { bar, .. } = &self.style {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.clear();
    }
}

fn verb(phase: Phase) -> &'static str {
    match phase {
        Phase::Listing => "listing",
        Phase::Inspecting => "inspecting",
        Phase::Scanning => "scanning",
        Phase::Receiving => "receiving",
        Phase::Copying => "copying",
        Phase::Sealing => "sealing",
        Phase::Checking => "checking",
        Phase::Reading => "reading",
        Phase::Extracting => "opening",
        _ => "writing to disk",
    }
}

impl Progress for Shown {
    fn begin(&self, phase: Phase, total: Option<u64>) {
        match &self.style {
            Style::Silent => {}
            Style::Bar { bar, .. } => {
                let template = match (phase, total) {
                    (Phase::Flushing, _) => "{prefix}",
                    (Phase::Listing, _) => "{prefix} {human_pos} entries",
                    (Phase::Scanning, _) => "{prefix} {human_pos} files ({per_sec}) {wide_msg}",
                    (_, None) => "{prefix} {bytes} ({binary_bytes_per_sec}) {wide_msg}",
                    (_, Some(_)) => {
                        "{prefix} {bar:20} {bytes} of {total_bytes} ({binary_bytes_per_sec}, \
                         {eta} left) {wide_msg}"
                    }
                };
                let style = ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                bar.reset();
                bar.set_message("");
                bar.set_prefix(verb(phase));
                match total {
                    Some(total) => bar.set_length(total),
                    None => bar.unset_length(),
                }
                // Last, so that nothing is drawn of the phase before.
                bar.set_style(style);
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                }
                bar.tick();
            }
            Style::Lines(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.phase = phase;
                    lines.total = total;
                    lines.done = 0;
                    lines.begun = Instant::now();
                }
            }
        }
    }

    fn advance(&self, amount: u64) {
        match &self.style {
            Style::Silent => {}
            Style::Bar { bar, .. } => bar.inc(amount),
            Style::Lines(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.done += amount;
                    if lines.printed.elapsed() >= EVERY {
                        lines.printed = Instant::now();
                        self.ui.note(&lines.text());
                    }
                }
            }
        }
    }

    fn current(&self, path: &dyn std::fmt::Display) {
        if let Style::Bar { bar, named } = &self.style {
            let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let last = named.load(Ordering::Relaxed);
            let due = now.saturating_sub(last) >= NAME_EVERY_MILLIS;
            let exchange =
                || named.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
            if due && exchange().is_ok() {
                bar.set_message(path.to_string());
            }
        }
    }

    fn cancelled(&self) -> bool {
        let is_cancelled = signals::received().is_some();
        if is_cancelled && !self.has_said_so.swap(true, Ordering::Relaxed) {
            self.clear();
            self.ui.must_say("stopping, and removing what was begun…");
        }
        is_cancelled
    }
}

impl Lines {
    fn text(&self) -> String {
        let verb = verb(self.phase);
        if self.phase == Phase::Listing {
            return format!("{verb}: {} entries", render::thousands(self.done));
        }
        if self.phase == Phase::Scanning {
            return format!("{verb}: {} files", render::thousands(self.done));
        }
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rate = self.done.saturating_mul(1000) / millis.max(1);
        let mut text = format!("{verb}: {}", render::bytes(self.done));
        if let Some(total) = self.total.filter(|&total| total > 0) {
            let percent = u128::from(self.done) * 100 / u128::from(total);
            text += &format!(" of {} ({percent} %)", render::bytes(total));
            let left = total
                .saturating_sub(self.done)
                .checked_div(rate)
                .unwrap_or(0);
            text += &format!(", {left} s left");
        }
        text + &format!(", {} a second", render::bytes(rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let lines = Lines {
            phase: Phase::Sealing,
            total: Some(4 << 20),
            done: 1 << 20,
            begun: Instant::now(),
            printed: Instant::now(),
        };
        let text = lines.text();
        assert!(
            text.starts_with("sealing: 1.0 MiB of 4.0 MiB (25 %), "),
            "{text}"
        );
    }
}
