//! The git form: all kinds of clones, and objects that a clone may lack.

use std::{fs, path::Path};

use git2::{Oid, Repository, RepositoryInitOptions, Signature};
use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, FOLDER},
    server::Server,
    tarball,
};

const MODULE: &str = "export default function createToy(): string {\n\treturn 'toy';\n}\n";

/// Astro's repository, reduced to the toy.
fn files() -> Vec<(String, String)> {
    let manifest = tarball::MANIFEST.replace("\"0.10.4\"", "\"workspace:*\"");
    vec![
        (format!("{FOLDER}/package.json"), manifest),
        (format!("{FOLDER}/src/index.ts"), MODULE.to_owned()),
        (format!("{FOLDER}/src/env.d.ts"), "declare const not: unique symbol;\n".to_owned()),
        (format!("{FOLDER}/test/index.test.ts"), "this is not TypeScript\n".to_owned()),
        ("package.json".to_owned(), "{ \"name\": \"root\", \"private\": true }\n".to_owned()),
        (
            "packages/internal/helpers/package.json".to_owned(),
            "{ \"name\": \"@upstream/helpers\", \"version\": \"0.10.4\" }\n".to_owned(),
        ),
        ("packages/broken/package.json".to_owned(), "{".to_owned()),
    ]
}

/// Adds a commit with these files to a repository.
pub fn commit(path: &Path, bare: bool, files: &[(String, String)]) -> (Repository, Oid) {
    let mut options = RepositoryInitOptions::new();
    let repository = Repository::init_opts(path, options.bare(bare)).unwrap();
    let mut index = git2::Index::new().unwrap();
    let tree = {
        for (path, text) in files {
            let id = repository.blob(text.as_bytes()).unwrap();
            index.add(&entry(path, id)).unwrap();
        }
        index.write_tree_to(&repository).unwrap()
    };
    let author = Signature::new("A", "a@example.invalid", &git2::Time::new(0, 0)).unwrap();
    let commit = {
        let tree = repository.find_tree(tree).unwrap();
        let head = repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = head.iter().collect();
        repository.commit(Some("HEAD"), &author, &author, "release", &tree, &parents).unwrap()
    };
    (repository, commit)
}

pub fn entry(path: &str, id: Oid) -> git2::IndexEntry {
    let time = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: time,
        mtime: time,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// A checkout beside a clone in `clone`, with its commit pinned.
fn with_clone(bare: bool, files: &[(String, String)]) -> (Checkout, Repository) {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    let (repository, commit) = commit(&checkout.path("clone"), bare, files);
    checkout.pin(&commit.to_string(), &tarball::integrity(&tarball::good()));
    (checkout.hide(&commit.to_string(), "COMMIT"), repository)
}

/// A checkout beside a work tree with the pinned commit.
pub fn with_toy() -> (Checkout, Repository) {
    with_clone(false, &files())
}

/// The path of a loose object.
fn object(repository: &Repository, path: &str) -> (Oid, std::path::PathBuf) {
    let tree = repository.head().unwrap().peel_to_tree().unwrap();
    let id = tree.get_path(Path::new(path)).unwrap().id();
    let (folder, file) = (&id.to_string()[..2], &id.to_string()[2..]);
    (id, repository.path().join("objects").join(folder).join(file))
}

fn manifest(checkout: &Checkout) -> String {
    fs::read_to_string(checkout.path("adapters/toy/pkg/astro7/package.json")).unwrap()
}

#[test]
fn a_bare_clone_gives_the_package_with_real_versions() {
    let (checkout, _) = with_clone(true, &files());
    checkout.build_well(&["--upstream", "clone"]);
    let manifest = manifest(&checkout);
    assert!(manifest.contains("\"@upstream/helpers\": \"0.10.4\""), "{manifest}");
}

#[test]
fn a_work_tree_is_read_at_the_pinned_commit() {
    let (checkout, repository) = with_clone(false, &files());
    checkout.write(&format!("clone/{FOLDER}/src/index.ts"), "broken(");
    repository.set_head("refs/heads/unborn").unwrap();
    checkout.build_well(&["--upstream", "clone"]);
}

#[test]
fn the_submodule_is_used_only_while_it_holds_the_commit() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    fs::create_dir_all(checkout.path("upstream/astro")).unwrap();
    let form = |checkout: &Checkout| {
        checkout.build_well(&[]);
        let told = checkout.path("adapters/toy/pkg/astro7/upstream.json");
        let told: serde_json::Value = serde_json::from_slice(&fs::read(told).unwrap()).unwrap();
        told["upstream"]["form"].as_str().unwrap().to_owned()
    };
    assert_eq!(form(&checkout), "registry");
    let (_, commit) = commit(&checkout.path("upstream/astro"), false, &files());
    assert_eq!(form(&checkout), "registry");
    checkout.pin(&commit.to_string(), &tarball::integrity(&tarball::good()));
    assert_eq!(form(&checkout), "git");
}

#[test]
fn a_folder_that_is_not_a_repository_is_an_error() {
    let (checkout, _) = with_clone(true, &files());
    assert_snapshot!(checkout.fail(&["--upstream", "upstream"]));
}

#[test]
fn a_clone_without_the_commit_is_an_error() {
    let (checkout, _) = with_clone(true, &files());
    checkout.pin(COMMIT, &tarball::integrity(&tarball::good()));
    assert_snapshot!(checkout.fail(&["--upstream", "clone"]));
}

#[test]
fn a_commit_without_the_folder_is_an_error() {
    let (checkout, _) = with_clone(true, &[("README.md".to_owned(), "another project".to_owned())]);
    assert_snapshot!(checkout.fail(&["--upstream", "clone"]));
}

#[test]
fn a_module_missing_in_a_partial_clone_is_an_error() {
    let (checkout, repository) = with_clone(true, &files());
    let (id, path) = object(&repository, &format!("{FOLDER}/src/index.ts"));
    fs::remove_file(path).unwrap();
    assert_snapshot!(checkout.hide(&id.to_string(), "OBJECT").fail(&["--upstream", "clone"]));
}

#[test]
fn a_damaged_object_is_an_error() {
    let (checkout, repository) = with_clone(true, &files());
    let (_, path) = object(&repository, &format!("{FOLDER}/src/index.ts"));
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"damaged").unwrap();
    assert_snapshot!(checkout.fail(&["--upstream", "clone"]));
}

#[test]
fn a_manifest_missing_in_a_partial_clone_matters_only_if_needed() {
    let (checkout, repository) = with_clone(true, &files());
    fs::remove_file(object(&repository, "package.json").1).unwrap();
    checkout.build_well(&["--upstream", "clone"]);
    fs::remove_dir_all(checkout.path("adapters/toy/pkg")).unwrap();
    let (id, path) = object(&repository, "packages/internal/helpers/package.json");
    fs::remove_file(path).unwrap();
    let text = checkout.hide(&id.to_string(), "OBJECT").fail(&["--upstream", "clone"]);
    assert!(
        text.contains("U023") && text.contains("packages/internal/helpers/package.json"),
        "{text}"
    );
}

#[test]
fn a_version_missing_in_the_workspace_is_an_error() {
    let mut files = files();
    files.retain(|(path, _)| !path.contains("helpers"));
    let (checkout, _) = with_clone(true, &files);
    assert_snapshot!(checkout.fail(&["--upstream", "clone"]));
}

#[test]
fn a_commit_of_another_release_is_an_error() {
    let mut files = files();
    for (_, text) in &mut files {
        *text = text.replace("1.2.3", "1.3.0");
    }
    let (checkout, _) = with_clone(true, &files);
    let pinned = tarball::integrity(&tarball::good());
    assert_snapshot!(checkout.hide(&pinned, "sha512-PINNED").fail(&["--upstream", "clone"]));
}

#[test]
fn without_the_published_declarations_a_clone_is_not_enough() {
    let (checkout, _) = with_clone(true, &files());
    let checkout = checkout.with("npm_config_registry", "http://127.0.0.1:9/");
    // Operating systems number this error differently.
    let checkout = checkout.hide(" (os error 111)", "").hide(" (os error 61)", "");
    assert_snapshot!(checkout.fail(&["--upstream", "clone"]));
}
