//! Writes changed pins only, so that the file keeps its layout and comments.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{Line, PINS, UpstreamError};

/// The first keys of a line, in this order.
const HEAD: [&str; 3] = ["astro", "commit", "revision"];

/// The text of the pins, with the moved lines replaced.
///
/// `moves` holds each line before and after.
///
/// # Errors
///
/// [`UpstreamError::PinsUnreadable`] if the text is not TOML.
pub fn rewritten(text: &str, moves: &[(&Line, &Line)]) -> Result<String, UpstreamError> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        UpstreamError::PinsUnreadable { path: PINS.into(), reason: error.message().to_owned() }
    })?;
    for (old, new) in moves {
        if let Some(line) = document.get_mut(&old.name).and_then(Item::as_table_mut) {
            rewrite(line, old, new);
        }
    }
    Ok(document.to_string())
}

fn rewrite(line: &mut Table, old: &Line, new: &Line) {
    if old.astro != new.astro {
        set(line, "astro", new.astro.to_string());
    }
    match &new.commit {
        Some(commit) if old.commit.as_ref() == Some(commit) => {}
        Some(commit) => set_in_head(line, "commit", commit.as_str()),
        None => drop(line.remove("commit")),
    }
    if old.revision != new.revision {
        // A revision in a file fits into an `i64`.
        set_in_head(line, "revision", i64::try_from(new.revision).unwrap_or(i64::MAX));
    }
    if let (true, Some(day)) = (old.as_of != new.as_of, &new.as_of) {
        set(line, "as-of", day.as_str());
    }
    let Some(packages) = line.get_mut("packages").and_then(Item::as_table_like_mut) else { return };
    for (package, pin) in &new.packages {
        let is_same = old.packages.get(package).is_some_and(|old| old.version == pin.version);
        let written = packages.get_mut(package).and_then(Item::as_table_like_mut);
        if let (false, Some(written)) = (is_same, written) {
            set(written, "version", pin.version.to_string());
            set(written, "integrity", pin.integrity.to_string());
        }
    }
}

/// Replaces a value, and keeps the space and the comment around it.
fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        let mut value = value.into();
        value.decor_mut().clone_from(old.decor());
        *old = value;
    }
}

/// Like `set`; a new key goes after those of [`HEAD`] before it.
fn set_in_head(line: &mut Table, key: &str, value: impl Into<Value>) {
    if line.contains_key(key) {
        return set(line, key, value);
    }
    let mut order: Vec<String> = line.iter().map(|(key, _)| key.to_owned()).collect();
    let before = HEAD.iter().take_while(|head| **head != key);
    let last = before.filter_map(|head| order.iter().position(|key| key == head)).max();
    order.insert(last.map_or(0, |last| last + 1), key.to_owned());
    line.insert(key, Item::Value(value.into()));
    let rank = |key: &str| order.iter().position(|other| other == key);
    line.sort_values_by(|one, _, other, _| rank(one.get()).cmp(&rank(other.get())));
}

#[cfg(test)]
mod tests {
    use diagnostics::Source;
    use semver::Version;

    use super::rewritten;
    use crate::upstream::{Line, Pins};

    const PINS: &str = r#"# What of upstream is built.

[astro7] # the newest
# Since Tuesday.
astro  = "7.2.4"   # released alone
commit = "8a31cba625a23d886614172e1d3b02b8eb896a18"
tag    = 'latest'
as-of  = "2026-11-18"
[astro7.packages]
"@astrojs/node"       = { version = "11.1.4", integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==" }
"@astrojs/cloudflare" = { version = "14.0.0",  integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==", form = "registry" } # elsewhere

# The end.
"#;

    fn line(text: &str) -> Line {
        Pins::parse(&Source::new("upstream.toml", text)).unwrap().lines.remove(0)
    }

    fn moved(text: &str, change: impl FnOnce(&mut Line)) -> String {
        let (old, mut new) = (line(text), line(text));
        change(&mut new);
        rewritten(text, &[(&old, &new)]).unwrap()
    }

    #[test]
    fn unchanged_pins_stay_byte_for_byte() {
        assert_eq!(moved(PINS, |_| ()), PINS);
    }

    #[test]
    fn only_moved_values_change() {
        let text = moved(PINS, |line| {
            line.astro = Version::new(7, 3, 0);
            line.as_of = Some("2026-12-24".to_owned());
            let pin = line.packages.get_mut("@astrojs/cloudflare").unwrap();
            pin.version = Version::new(14, 1, 0);
        });
        let expected = PINS
            .replace("\"7.2.4\"", "\"7.3.0\"")
            .replace("2026-11-18", "2026-12-24")
            .replace("14.0.0", "14.1.0");
        assert_eq!(text, expected);
    }

    #[test]
    fn an_unknown_commit_is_removed_and_returns_after_the_astro_version() {
        let without = moved(PINS, |line| line.commit = None);
        let commit = "commit = \"8a31cba625a23d886614172e1d3b02b8eb896a18\"\n";
        assert_eq!(without, PINS.replace(commit, ""));
        let again = moved(&without, |line| line.commit = super::tests::line(PINS).commit);
        assert_eq!(again, PINS);
    }

    #[test]
    fn a_revision_follows_the_commit_or_the_astro_version() {
        let text = moved(PINS, |line| line.revision = 2);
        assert!(text.contains("896a18\"\nrevision = 2\ntag    = "), "{text}");
        let text = moved(PINS, |line| (line.revision, line.commit) = (2, None));
        assert!(text.contains("# released alone\nrevision = 2\ntag    = "), "{text}");
        assert_eq!(moved(&text, |line| line.revision = 3), text.replace("= 2", "= 3"));
    }
}
