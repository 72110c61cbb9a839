//! The README for npm, which shows it without the files of the repository.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::manifest::REPOSITORY;

/// The branch that links lead to.
const BRANCH: &str = "main";

/// Makes relative links lead to the public repository. Leaves those in code blocks alone.
///
/// `path` is the README's own, relative to the root of the repository.
pub fn for_npm(readme: &str, path: &Utf8Path) -> String {
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let mut is_code = false;
    let lines = readme.split_inclusive('\n').map(|line| {
        is_code ^= line.starts_with("```");
        if is_code { line.to_owned() } else { with_absolute_links(line, folder) }
    });
    lines.collect()
}

fn with_absolute_links(line: &str, folder: &Utf8Path) -> String {
    let mut parts = line.split("](");
    let mut absolute = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (target, rest) = part.split_once(')').unwrap_or((part, ""));
        absolute.push_str("](");
        match address(target, folder) {
            Some(address) => absolute.push_str(&format!("{address}){rest}")),
            None => absolute.push_str(part),
        }
    }
    absolute
}

/// The address of a file of the repository. Returns `None` for a heading, and for another site.
fn address(target: &str, folder: &Utf8Path) -> Option<String> {
    if target.starts_with('#') || target.contains(':') {
        return None;
    }
    let end = target.find('#').unwrap_or(target.len());
    let (path, anchor) = target.split_at(end);
    let mut file = Utf8PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Utf8Component::ParentDir => {
                file.pop();
            }
            part => file.push(part),
        }
    }
    let is_picture = matches!(file.extension(), Some("png" | "svg" | "webp"));
    let form = if is_picture { "raw" } else { "blob" };
    Some(format!("{REPOSITORY}/{form}/{BRANCH}/{file}{anchor}"))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::{REPOSITORY, for_npm};

    #[test]
    fn links_to_files_lead_to_the_repository_and_others_stay() {
        let readme = "[a](../../docs/a.md#b), [c](#c) and [d](https://d.example)\n\
                      ![e](../../docs/e.webp)\n```ts\nlist[f](../g);\n```\n[h](CHANGES.md)";
        let expected = format!(
            "[a]({REPOSITORY}/blob/main/docs/a.md#b), [c](#c) and [d](https://d.example)\n\
             ![e]({REPOSITORY}/raw/main/docs/e.webp)\n```ts\nlist[f](../g);\n```\n\
             [h]({REPOSITORY}/blob/main/adapters/toy/CHANGES.md)"
        );
        assert_eq!(for_npm(readme, Utf8Path::new("adapters/toy/README.md")), expected);
    }
}
