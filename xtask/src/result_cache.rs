//! Keeps the last results, so that what was made of the same input is not made again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

/// How many results are kept of each name: releases that follow each other have most of their files
/// in common, and those that are far apart have not.
const KEPT: usize = 4;

/// The last results for each name, by what they were made of. It grows with the number of names
/// only.
pub struct ResultCache<T> {
    kept: Mutex<BTreeMap<String, VecDeque<(Key, T)>>>,
}

/// What a result was made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The parts, in this order.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // So that what ends one part cannot begin the next.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl<T: Clone> ResultCache<T> {
    /// The result for this name and key: `make` gives it, unless it did so shortly before.
    pub fn get(&self, name: &str, key: Key, make: impl FnOnce() -> T) -> T {
        let known = self.lock().get(name).and_then(|kept| {
            kept.iter().find(|(other, _)| *other == key).map(|(_, result)| result.clone())
        });
        if let Some(result) = known {
            return result;
        }
        let result = make();
        let mut all = self.lock();
        let kept = all.entry(name.to_owned()).or_default();
        kept.push_front((key, result.clone()));
        kept.truncate(KEPT);
        result
    }

    /// A thread that panicked has left nothing half done.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<(Key, T)>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for ResultCache<T> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{KEPT, Key, ResultCache};

    #[test]
    fn a_result_is_made_once_as_long_as_few_others_come_between() {
        let (cache, made) = (ResultCache::default(), Cell::new(0));
        let get = |name: &str, text: &str| {
            cache.get(name, Key::of([text.as_bytes()]), || {
                made.set(made.get() + 1);
                text.to_owned()
            })
        };
        assert_eq!((get("a", "1").as_str(), get("a", "1").as_str()), ("1", "1"));
        assert_eq!(made.get(), 1);
        get("b", "1");
        assert_eq!(made.get(), 2, "another name is another thing");
        for other in 0..KEPT {
            get("a", &format!("other {other}"));
        }
        get("a", "1");
        assert_eq!(made.get(), 2 + KEPT + 1);
    }

    #[test]
    fn parts_are_told_apart() {
        let key = |parts: &[&str]| Key::of(parts.iter().map(|part| part.as_bytes()));
        assert!(key(&["ab", "c"]) != key(&["a", "bc"]));
        assert!(key(&["a"]) == key(&["a"]) && key(&["a"]) != key(&["a", ""]));
    }
}
