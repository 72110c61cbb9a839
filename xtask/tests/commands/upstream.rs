//! A clone of upstream's repository, with releases of Astro and of the toy.

use std::path::Path;

use git2::Repository;

use crate::{checkout::FOLDER, from_git, tarball};

/// The toy's module in git.
pub const MODULE: &str = "export default function createToy(): string {\n\treturn 'toy';\n}\n";

/// Commits a release with these versions of Astro and the toy, and adds these tags.
pub fn release(path: &Path, astro: &str, toy: &str, tags: &[&str]) -> String {
    release_of(path, astro, toy, MODULE, tags)
}

/// The same, with another module.
pub fn release_of(path: &Path, astro: &str, toy: &str, module: &str, tags: &[&str]) -> String {
    let manifest = |name: &str, version: &str| {
        format!("{{ \"name\": \"{name}\", \"version\": \"{version}\" }}\n")
    };
    let files = [
        ("packages/astro/package.json".to_owned(), manifest("astro", astro)),
        (format!("{FOLDER}/package.json"), tarball::MANIFEST.replace("1.2.3", toy)),
        (format!("{FOLDER}/src/index.ts"), module.to_owned()),
        ("packages/helpers/package.json".to_owned(), manifest("@upstream/helpers", "0.10.4")),
    ];
    let (_, commit) = from_git::commit(path, false, &files);
    let commit = commit.to_string();
    tags.iter().for_each(|name| tag(path, name, &commit));
    commit
}

/// Points a tag to a commit.
pub fn tag(path: &Path, name: &str, commit: &str) {
    let repository = Repository::open(path).unwrap();
    let object = repository.revparse_single(commit).unwrap();
    repository.tag_lightweight(name, &object, true).unwrap();
}

/// Makes the next commit a child of this one, or a root commit.
pub fn branch_from(path: &Path, commit: Option<&str>) {
    let repository = Repository::open(path).unwrap();
    match commit {
        Some(commit) => repository.set_head_detached(commit.parse().unwrap()).unwrap(),
        None => repository.set_head("refs/heads/unborn").unwrap(),
    }
}
