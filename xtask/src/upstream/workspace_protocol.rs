//! pnpm's `workspace:` dependencies, which a published manifest does not contain.
//!
//! Source: <https://pnpm.io/workspaces#publishing-workspace-packages>.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Versions by package name.
pub(super) type Versions = BTreeMap<String, String>;

/// A workspace dependency in a manifest.
struct Dependency<'a> {
    name: &'a str,
    /// The text after `workspace:`.
    requirement: &'a str,
    /// The span of `workspace:` and the text after it.
    span: Range<usize>,
}

/// The package names that a manifest depends on by `workspace:`.
pub(super) fn names(manifest: &str) -> BTreeSet<String> {
    dependencies(manifest).into_iter().map(|dependency| dependency.name.to_owned()).collect()
}

/// Replaces `workspace:*` with the version, and `workspace:^` and `workspace:~` with the version
/// after that sign. Any other requirement keeps its text after `workspace:`. No other byte changes.
///
/// # Errors
///
/// Name and requirement of the first package that is not among `versions`.
pub(super) fn resolve(manifest: &str, versions: &Versions) -> Result<String, (String, String)> {
    let mut resolved = String::with_capacity(manifest.len());
    let mut end = 0;
    for Dependency { name, requirement, span } in dependencies(manifest) {
        resolved.push_str(&manifest[end..span.start]);
        match (requirement, versions.get(name)) {
            (_, None) => return Err((name.to_owned(), manifest[span].to_owned())),
            ("*", Some(version)) => resolved.push_str(version),
            ("^" | "~", Some(version)) => {
                resolved.push_str(requirement);
                resolved.push_str(version);
            }
            _ => resolved.push_str(requirement),
        }
        end = span.end;
    }
    resolved.push_str(&manifest[end..]);
    Ok(resolved)
}

/// Finds a key followed by a string that starts with `workspace:`. Inside another string its quote
/// would be escaped, so no key and colon could come before it.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    const PREFIX: &str = "\"workspace:";
    let found = manifest.match_indices(PREFIX).filter_map(|(start, _)| {
        let key = manifest[..start].trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
        let (_, name) = key.rsplit_once('"')?;
        let (requirement, _) = manifest[start + PREFIX.len()..].split_once('"')?;
        let span = start + 1..start + PREFIX.len() + requirement.len();
        Some(Dependency { name, requirement, span })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::{Versions, names, resolve};

    const MANIFEST: &str = r#"{
	"description": "a \"workspace:*\" in a text",
	"dependencies": { "@a/b" :  "workspace:*", "c":"workspace:^","d": "workspace:~" },
	"peerDependencies": { "c": "workspace:^1.0.0", "e": "^5.0.0" }
}"#;

    fn versions() -> Versions {
        [("@a/b", "1.2.3"), ("c", "2.0.0"), ("d", "3.0.0-beta.1")]
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .into()
    }

    #[test]
    fn requirements_become_versions_and_no_other_byte_changes() {
        assert_eq!(names(MANIFEST).into_iter().collect::<Vec<_>>(), ["@a/b", "c", "d"]);
        let expected = MANIFEST
            .replace("  \"workspace:*\"", "  \"1.2.3\"")
            .replace("\"workspace:^\"", "\"^2.0.0\"")
            .replace("workspace:~", "~3.0.0-beta.1")
            .replace("workspace:^1", "^1");
        assert_eq!(resolve(MANIFEST, &versions()), Ok(expected));
    }

    #[test]
    fn an_unknown_name_is_reported() {
        let mut versions = versions();
        versions.remove("d");
        assert_eq!(resolve(MANIFEST, &versions), Err(("d".to_owned(), "workspace:~".to_owned())));
    }
}
