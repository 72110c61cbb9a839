//! Caches recent results, so that the same input is processed only once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

/// The number of results kept for each name. Adjacent releases share most of their files; distant
/// ones do not.
const KEPT: usize = 4;

/// The last results for each name, keyed by their input. Its size grows only with the number of
/// names.
pub struct ResultCache<T> {
    kept: Mutex<BTreeMap<String, VecDeque<(Key, T)>>>,
}

/// A hash of the input of a result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of these parts, in this order.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length separates the parts unambiguously.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl<T: Clone> ResultCache<T> {
    /// The result for this name and key. Calls `make` if it is not cached.
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

    /// A thread cannot panic half-way through an update.
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
    fn a_result_is_cached_until_many_others_replace_it() {
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
        assert_eq!(made.get(), 2, "results of different names are separate");
        for other in 0..KEPT {
            get("a", &format!("other {other}"));
        }
        get("a", "1");
        assert_eq!(made.get(), 2 + KEPT + 1);
    }

    #[test]
    fn parts_are_unambiguous() {
        let key = |parts: &[&str]| Key::of(parts.iter().map(|part| part.as_bytes()));
        assert!(key(&["ab", "c"]) != key(&["a", "bc"]));
        assert!(key(&["a"]) == key(&["a"]) && key(&["a"]) != key(&["a", ""]));
    }
}
