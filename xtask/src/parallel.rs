//! Work on many things at a time, but not on more than a few.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// Does `work` on every item, on at most `workers` of them at a time: what an item needs is gone
/// when the next is begun, so that memory does not grow with their number. The results are in the
/// order of the items.
///
/// Where `work` gives `None`, nothing more is begun.
pub fn bounded<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    work: impl Fn(&T) -> Option<R> + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let is_stopped = AtomicBool::new(false);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers.min(items.len()) {
            scope.spawn(|| {
                while !is_stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    match work(item) {
                        Some(result) => results
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((index, result)),
                        None => is_stopped.store(true, Ordering::Relaxed),
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::bounded;

    #[test]
    fn results_are_in_the_order_of_the_items_and_no_more_are_begun_than_there_are_workers() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<usize> = (0..100).collect();
        let doubled = bounded(&items, 3, |item| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            Some(item * 2)
        });
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(most.into_inner() <= 3);
    }

    #[test]
    fn nothing_is_begun_after_a_stop() {
        let items: Vec<usize> = (0..100).collect();
        let results = bounded(&items, 1, |item| (*item < 5).then_some(*item));
        assert_eq!(results, [0, 1, 2, 3, 4]);
    }
}
