//! Lets threads that have nothing of their own to do help with inspection.
//!
//! A file is read by one thread at a time, in order: a volume that continues
//! a file takes its inspector over from the volume before, unless no more of
//! it is looked at: then only the last one does. So that waiting costs nothing,
//! whoever waits examines blocks that others have cut.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::file::{FileInspector, Work};

/// Blocks that may wait for each thread that helps, busy or not: enough that none
/// starves, few enough that memory stays small and an interruption is soon heeded.
const WAITING: usize = 2;
/// What these blocks may take for each thread before one more may wait: most have
/// a mebibyte, few have many.
const ROOM: usize = 3 << 19;

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
    /// How many bytes its blocks take.
    room: usize,
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
    /// enough. Nobody helps for ever: whoever needs the findings waits for them by
    /// [`Crew::wait_until`], and does meanwhile what is left.
    pub(super) fn offer(&self, work: Work) -> Option<Work> {
        let mut state = self.lock();
        let helpers = state.helpers;
        if state.work.len() >= helpers * WAITING || state.room >= helpers * ROOM {
            return Some(work);
        }
        state.room += work.room();
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
                    state.room -= work.room();
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

    /// With so many threads that help and are busy: how many blocks of this size
    /// are taken before one is not. In the end all of them are done.
    fn taken(helpers: usize, bytes: usize) -> usize {
        let crew = &Crew::default();
        let (is_busy, busy) = mpsc::channel();
        let gate = &Mutex::new(());
        let has_ended = &AtomicBool::new(false);
        let taken = std::thread::scope(|scope| {
            let closed = gate.lock().expect("no panic");
            for _ in 0..helpers {
                let is_busy = is_busy.clone();
                let examine = move |_| {
                    is_busy.send(()).expect("somebody listens");
                    drop(gate.lock().expect("no panic"));
                };
                let is_done = || has_ended.load(Ordering::Acquire);
                scope.spawn(move || crew.wait_until(examine, is_done));
            }
            while crew.lock().helpers < helpers {
                std::thread::yield_now();
            }
            for _ in 0..helpers {
                assert!(
                    crew.offer(Work::of(vec![b' '])).is_none(),
                    "somebody is idle"
                );
            }
            (0..helpers).for_each(|_| busy.recv().expect("it helps"));
            let taken = (0..100).take_while(|_| crew.offer(Work::of(vec![b' '; bytes])).is_none());
            let taken = taken.count();
            drop(closed);
            (0..taken).for_each(|_| busy.recv().expect("it helps on"));
            has_ended.store(true, Ordering::Release);
            crew.tell();
            taken
        });
        let state = crew.lock();
        assert_eq!((state.work.len(), state.room, state.helpers), (0, 0, 0));
        taken
    }

    #[test]
    fn whoever_is_busy_finds_more_when_done() {
        assert_eq!(taken(1, 1 << 20), 2);
        assert_eq!(taken(2, 1 << 20), 3);
        // However small: what else a block has nobody counts.
        assert_eq!(taken(1, 1), 2);
        assert_eq!(taken(3, 1), 6);
        assert_eq!(taken(1, 16 << 20), 1);
        assert_eq!(taken(2, 16 << 20), 1);
    }

    #[test]
    fn room_is_counted_and_not_length() {
        let mut long = Vec::with_capacity(16 << 20);
        long.push(b' ');
        assert_eq!(Work::of(long).room(), 16 << 20);
    }

    #[test]
    fn nobody_to_help_takes_nothing() {
        let crew = Crew::default();
        assert!(crew.offer(Work::of(vec![b' '])).is_some());
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
