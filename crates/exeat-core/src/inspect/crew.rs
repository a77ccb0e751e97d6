//! Lets threads that have nothing of their own to do help with inspection.
//!
//! A file is read by one thread at a time, in order: a volume that continues
//! a file takes its inspector over from the volume before, unless no more of
//! it is looked at: then only the last one does. So that waiting costs nothing,
//! whoever waits examines blocks that others have cut.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::file::{FileInspector, Work};

/// While fewer bytes of blocks wait for each thread that helps, busy or not, one
/// more may: most blocks have a mebibyte, so that two of them do, and no thread
/// starves; few have many, of which but one does.
const WAITING: usize = 3 << 19;

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
    /// How many bytes its blocks have.
    waiting: usize,
    /// Threads that wait for something, and help meanwhile.
    helpers: usize,
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
    /// Leaves work for the threads that help, or returns it where they have
    /// enough. Whoever leaves some must wait for it, as nobody helps for ever.
    pub(super) fn offer(&self, work: Work) -> Option<Work> {
        let mut state = self.lock();
        if state.waiting >= state.helpers * WAITING {
            return Some(work);
        }
        state.waiting += work.bytes();
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
        state.helpers += 1;
        let value = loop {
            if let Some(value) = ready(&mut state) {
                break Some(value);
            }
            if state.failed {
                break None;
            }
            state = match state.work.pop_front() {
                Some(work) => {
                    state.waiting -= work.bytes();
                    drop(state);
                    examine(work);
                    self.lock()
                }
                None => {
                    let woken = self.changed.wait(state);
                    woken.unwrap_or_else(PoisonError::into_inner)
                }
            };
        };
        state.helpers -= 1;
        value
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
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::inspect::content::Stream;

    fn inspector() -> FileInspector {
        FileInspector::new(Stream::new(false))
    }

    /// With one thread that helps and is busy: how many blocks of this size are
    /// taken before one is not.
    fn taken(bytes: usize) -> usize {
        let crew = &Crew::default();
        let (is_busy, busy) = mpsc::channel();
        let (let_go, gone) = mpsc::channel::<()>();
        let has_ended = &AtomicBool::new(false);
        std::thread::scope(|scope| {
            let examine = move |_| {
                is_busy.send(()).expect("somebody listens");
                // Until nobody can say so any more.
                let _ = gone.recv();
            };
            let is_done = || has_ended.load(Ordering::Acquire);
            scope.spawn(move || crew.wait_until(examine, is_done));
            while crew.offer(Work::of_size(1)).is_some() {
                std::thread::yield_now();
            }
            busy.recv().expect("it helps");
            let taken = (0..100).take_while(|_| crew.offer(Work::of_size(bytes)).is_none());
            let taken = taken.count();
            drop(let_go);
            has_ended.store(true, Ordering::Release);
            crew.tell();
            taken
        })
    }

    #[test]
    fn whoever_is_busy_finds_more_when_done() {
        assert_eq!(taken(1 << 20), 2);
        assert_eq!(taken((1 << 20) - 100), 2);
        assert_eq!(taken(16 << 20), 1);
    }

    #[test]
    fn nobody_to_help_takes_nothing() {
        let crew = Crew::default();
        assert!(crew.offer(Work::of_size(1)).is_some());
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
