//! Volumes are independent of each other: this runs one piece of work for each
//! of them on as many threads as are wanted. And within one: a part of the work is given
//! to another thread.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crate::stack;

/// How many threads to use where the caller did not say.
pub(crate) fn threads(wanted: Option<NonZeroUsize>) -> NonZeroUsize {
    wanted
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// Whether, of so many pieces of work, this is one of the last: a thread that finds
/// no other any more can share it.
pub(crate) fn is_among_last(number: usize, count: usize, threads: NonZeroUsize) -> bool {
    threads.get() > 1 && number.saturating_add(threads.get()) >= count
}

/// Calls `work` once for each number below `count`, in order as far as one
/// thread goes, and returns the results in order.
///
/// # Errors
/// The error of the lowest number, whatever the threads' haste: what others have begun
/// they finish, and what is lower was begun before. No more is begun.
pub(crate) fn for_each<T: Send, E: Send>(
    count: usize,
    threads: NonZeroUsize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let results: Mutex<Vec<Option<T>>> = Mutex::new((0..count).map(|_| None).collect());
    let failure: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let run = || {
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            match work(number) {
                Ok(value) => lock(&results)[number] = Some(value),
                Err(error) => {
                    stopped.store(true, Ordering::Relaxed);
                    keep_lowest(&mut lock(&failure), number, error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.get().min(count) {
            let help = || {
                run();
                // The system keeps the stack for the next thread.
                stack::wipe();
            };
            // Where the machine has no thread left, those that there are do it all.
            if Builder::new().spawn_scoped(scope, help).is_err() {
                break;
            }
        }
        run();
    });
    if let Some((_, error)) = lock(&failure).take() {
        return Err(error);
    }
    let results = std::mem::take(&mut *lock(&results));
    Ok(results
        .into_iter()
        .map(|value| value.expect("without a failure every number was worked on"))
        .collect())
}

fn keep_lowest<E>(kept: &mut Option<(usize, E)>, number: usize, error: E) {
    if kept.as_ref().is_none_or(|(lowest, _)| number < *lowest) {
        *kept = Some((number, error));
    }
}

/// Gives `thing` to another thread to work with, or back where the machine has no thread
/// left. What is large, or a key, is given in a box: moved about, it would leave copies.
pub(crate) fn give<'s, W: Send + 's, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    thing: W,
    work: impl FnOnce(W) -> T + Send + 's,
) -> Result<ScopedJoinHandle<'s, T>, W> {
    let (hand_over, taken) = mpsc::channel();
    let take = move || {
        let done = work(taken.recv().expect("it is handed over right away"));
        // The system keeps the stack for the next thread.
        stack::wipe();
        done
    };
    let Ok(thread) = Builder::new().spawn_scoped(scope, take) else {
        return Err(thing);
    };
    let handed = hand_over.send(thing);
    debug_assert!(handed.is_ok(), "the other thread waits for it");
    Ok(thread)
}

/// A panic in a thread ends the whole operation, so the value behind a
/// poisoned lock is never used wrongly.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

    #[test]
    fn results_come_in_order() {
        let squares = for_each(100, TWO, |n| Ok::<_, ()>(n * n));
        assert_eq!(squares, Ok((0..100).map(|n| n * n).collect()));
        assert_eq!(for_each(0, TWO, |_| Ok::<(), ()>(())), Ok(vec![]));
    }

    #[test]
    fn the_last_are_shared() {
        let shared = |count: usize, threads| {
            let numbers = (0..count).filter(|&n| is_among_last(n, count, threads));
            numbers.collect::<Vec<_>>()
        };
        assert_eq!(shared(5, TWO), [3, 4]);
        assert_eq!(shared(1, TWO), [0]);
        assert!(shared(5, NonZeroUsize::MIN).is_empty());
    }

    #[test]
    fn an_error_stops_the_rest() {
        let done = AtomicUsize::new(0);
        let result = for_each(1_000_000, TWO, |n| {
            done.fetch_add(1, Ordering::Relaxed);
            if n >= 3 { Err(n) } else { Ok(()) }
        });
        assert_eq!(result, Err(3));
        assert!(done.into_inner() < 1_000_000);
    }

    /// The same fault is told every time, also where a later one is found sooner.
    #[test]
    fn the_error_is_that_of_the_lowest_number() {
        for numbers in [[1, 0, 2], [0, 1, 2], [2, 1, 0]] {
            let mut kept = None;
            for number in numbers {
                keep_lowest(&mut kept, number, "wrong");
            }
            assert_eq!(kept, Some((0, "wrong")));
        }
    }

    #[test]
    fn another_thread_works_with_what_it_is_given() {
        let done = std::thread::scope(|scope| {
            let given = give(scope, Box::new(20), |number| *number + 1);
            given.expect("there is a thread").join()
        });
        assert_eq!(done.expect("no panic"), 21);
    }
}
