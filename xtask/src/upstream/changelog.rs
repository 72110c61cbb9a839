//! Upstream's changelogs in the format of Changesets: a section `## 1.2.3` for each release, the
//! newest first.

use semver::Version;

/// The sections of the releases after `after` and up to `up_to`, the newest first: version and
/// text.
#[must_use]
pub fn between(changelog: &str, after: &Version, up_to: &Version) -> Vec<(Version, String)> {
    let mut sections: Vec<(Version, String)> = Vec::new();
    let mut is_wanted = false;
    for line in changelog.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let version = Version::parse(heading.trim()).ok();
            let version = version.filter(|version| version > after && version <= up_to);
            is_wanted = version.is_some();
            sections.extend(version.map(|version| (version, String::new())));
        } else if is_wanted && let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    sections.into_iter().map(|(version, text)| (version, text.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::between;

    const CHANGELOG: &str = "# toy\n\n## 1.10.0\n\n### Minor Changes\n\n- Ten\n\n## 1.9.0\n\n- Nine\n\n## 1.9.0-beta.1\n\n- Early\n\n## 1.2.3\n\n- Old\n";

    #[test]
    fn sections_are_selected_in_version_order() {
        let of = |after: [u64; 3], up_to: [u64; 3]| -> Vec<String> {
            let version = |[major, minor, patch]: [u64; 3]| Version::new(major, minor, patch);
            let sections = between(CHANGELOG, &version(after), &version(up_to));
            sections.iter().map(|(version, text)| format!("{version}: {text}")).collect()
        };
        assert_eq!(
            of([1, 2, 3], [1, 10, 0]),
            ["1.10.0: ### Minor Changes\n\n- Ten", "1.9.0: - Nine", "1.9.0-beta.1: - Early"]
        );
        assert_eq!(of([1, 9, 0], [1, 10, 0]), ["1.10.0: ### Minor Changes\n\n- Ten"]);
        assert!(of([1, 10, 0], [1, 10, 0]).is_empty());
    }
}
