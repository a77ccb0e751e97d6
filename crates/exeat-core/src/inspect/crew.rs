//! Lets threads that have nothing of their own to do help with inspection.
//!
//! A file is read by one thread at a time, in order: a volume that continues
//! a file takes its inspector over from the volume before, unless no more of
//! it is looked at: then only the last one does. So that waiting costs nothing, whoever waits examines blocks that others have cut.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::file::{FileInspector, Work};

/// Blocks that may wait for each idle thread: enough that it never starves,
/// few enough that memory stays small.
const WAITING: usize = 2;

/// The threads of one inspection.
#[derive(Default)]
pub(crate) struct Crew {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is to be done with a part of a file.
pub(crate) enum Turn {
    Inspect(FileInspector),
    NotNeeded,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    idle: usize,
    /// Inspectors on their way from one volume to the next, by entry, with
    /// the place in the file at which they stopped; without one, those that
    /// look at no more of it, and wait for its end.
    parked: HashMap<usize, (Option<u64>, FileInspector)>,
    /// Entries of which no more is looked at: also when whoever has the end was
    /// faster than those that have parts before it.
    done: HashSet<usize>,
    failed: bool,
}

impl Crew {
    /// Gives work to a thread that waits for some, or returns it.
    pub(super) fn offer(&self, work: Work) -> Option<Work> {
        let mut state = self.lock();
        if state.work.len() >= state.idle * WAITING {
            return Some(work);
        }
        state.work.push_back(work);
        self.changed.notify_all();
        None
    }

    /// Leaves the inspector of `entry` for whoever continues the file at `at`;
    /// without a place, for whoever has its end.
    pub(super) fn park(&self, entry: usize, at: Option<u64>, inspector: FileInspector) {
        let mut state = self.lock();
        if at.is_none() {
            state.done.insert(entry);
        }
        state.parked.insert(entry, (at, inspector));
        drop(state);
        self.changed.notify_all();
    }

    /// Takes over the inspector of `entry` at `at`, helping `examine` until it
    /// is there; [`Turn::NotNeeded`] where no more of the file is looked at,
    /// and its last part is another. `None` when another thread has failed.
    pub(super) fn take_over(
        &self,
        entry: usize,
        at: u64,
        is_last: bool,
        examine: impl FnMut(Work),
    ) -> Option<Turn> {
        self.help_until(examine, |state| {
            if !is_last && state.done.contains(&entry) {
                return Some(Turn::NotNeeded);
            }
            let place = state.parked.get(&entry)?.0;
            if place.is_some_and(|place| place != at) {
                return None;
            }
            let (_, inspector) = state.parked.remove(&entry)?;
            Some(Turn::Inspect(inspector))
        })
    }

    /// Helps until `is_done`, which somebody's [`Crew::tell`] follows.
    pub(super) fn wait_until(&self, examine: impl FnMut(Work), is_done: impl Fn() -> bool) {
        let _ = self.help_until(examine, |_| is_done().then_some(()));
    }

    /// Wakes those who wait for something that has happened now.
    pub(crate) fn tell(&self) {
        // Under the lock, so that nobody looks before and sleeps after.
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Sends everybody home when the thread that holds this panics: nobody may
    /// wait for what it would have done.
    pub(crate) fn guard(&self) -> Guard<'_> {
        Guard(self)
    }

    /// Wakes and sends home everybody who waits for what will not come.
    pub(crate) fn fail(&self) {
        self.lock().failed = true;
        self.changed.notify_all();
    }

    fn help_until<T>(
        &self,
        mut examine: impl FnMut(Work),
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(value) = ready(&mut state) {
                return Some(value);
            }
            if state.failed {
                return None;
            }
            if let Some(work) = state.work.pop_front() {
                drop(state);
                examine(work);
                state = self.lock();
                continue;
            }
            state.idle += 1;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Crew::guard`].
pub(crate) struct Guard<'a>(&'a Crew);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::content::Stream;

    fn inspector() -> FileInspector {
        FileInspector::new(Stream::new(false))
    }

    #[test]
    fn each_part_waits_for_the_one_before() {
        let crew = Crew::default();
        std::thread::scope(|scope| {
            let last = scope.spawn(|| crew.take_over(7, 20, true, |_| {}));
            let middle = scope.spawn(|| crew.take_over(7, 10, false, |_| {}));
            crew.park(7, Some(10), inspector());
            let middle = middle.join().expect("no panic");
            assert!(matches!(middle, Some(Turn::Inspect(_))));
            crew.park(7, Some(20), inspector());
            let last = last.join().expect("no panic");
            assert!(matches!(last, Some(Turn::Inspect(_))));
        });
    }

    #[test]
    fn nobody_waits_for_the_one_that_looks_at_no_more() {
        let crew = Crew::default();
        crew.park(7, None, inspector());
        for at in [20, 10] {
            let turn = crew.take_over(7, at, false, |_| {});
            assert!(matches!(turn, Some(Turn::NotNeeded)), "{at}");
        }
        let turn = crew.take_over(7, 30, true, |_| {});
        assert!(matches!(turn, Some(Turn::Inspect(_))));
        // Whoever has a part before it may be slower than whoever has the end.
        let turn = crew.take_over(7, 20, false, |_| {});
        assert!(matches!(turn, Some(Turn::NotNeeded)));
    }
}
