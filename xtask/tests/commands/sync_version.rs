//! `xtask sync-version`: moving pins, and the files written for it.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use git2::{Oid, Repository};
use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, PINS, TODAY},
    fake_registry::{self, FakeRegistry, line},
    from_git,
    server::Server,
    tarball, upstream,
};

/// Two majors. 7.2.4 has two releases of the toy. The release for 7.4.0 does not fit, and the one
/// for 6.5.0 was built with a later Astro.
fn registry() -> FakeRegistry {
    FakeRegistry::default()
        .astro(&["4.0.0", "6.1.0", "6.4.8", "6.5.0", "7.0.0-beta.1", "7.2.4", "7.3.0", "7.4.0"])
        .toy("1.2.3", "6.4.8")
        .toy("1.3.0", "6.6.0")
        .toy("2.0.0", "7.2.4")
        .toy("2.0.1", "7.2.4")
        .toy("2.1.0", "7.3.0")
        .toy_with("2.2.0", "7.4.0", &tarball::MODULE.replace("createToy", "makeToy"))
}

fn checkout(registry: FakeRegistry) -> (Checkout, Server) {
    let server = registry.serve();
    let checkout = Checkout::new(&tarball::good(), &server);
    let six = line("6.4.8", COMMIT, "1.2.3", "");
    let seven = line("7.2.4", COMMIT, "2.0.0", "as-of  =  \"2026-11-18\" # a day\n");
    checkout.write(PINS, &format!("# Above.\n{seven}\n# Between.\n{six}"));
    (checkout.with("SOURCE_DATE_EPOCH", TODAY), server)
}

fn pins(checkout: &Checkout) -> String {
    fs::read_to_string(checkout.path(PINS)).unwrap()
}

/// A clone with one tagged commit, of this release of Astro with this one of the toy.
fn clone(path: &Path, astro: &str, toy: &str) -> String {
    upstream::release(path, astro, toy, &[&format!("astro@{astro}")])
}

/// With a clone of 7.3.0 in `clone`.
fn with_clone() -> (Checkout, Server, String) {
    let (checkout, server) = checkout(registry());
    let commit = clone(&checkout.path("clone"), "7.3.0", "2.1.0");
    (checkout, server, commit)
}

fn sync(checkout: &Checkout, arguments: &[&str]) -> String {
    checkout.shown(&[&["sync-version"], arguments].concat())
}

/// A run that must fail and change nothing.
fn fail(checkout: &Checkout, arguments: &[&str], code: &str) -> String {
    let before = pins(checkout);
    let shown = sync(checkout, arguments);
    assert!(shown.contains(&format!("error[{code}]")), "{shown}");
    assert_eq!(pins(checkout), before);
    shown
}

#[test]
fn a_line_is_moved_with_its_adapters_and_the_file_keeps_its_layout() {
    let (checkout, _server, commit) = with_clone();
    let shown = sync(&checkout, &["--to", "7.3.0", "--upstream", "clone"]);
    assert!(pins(&checkout).contains(&commit));
    assert_snapshot!(format!("{shown}── {PINS}\n{}", pins(&checkout)));
    checkout.build_well(&["--upstream", "clone", "--astro", "7"]);
}

#[test]
fn a_second_run_changes_nothing() {
    let (checkout, _server, _) = with_clone();
    sync(&checkout, &["--to", "7.3.0", "--upstream", "clone"]);
    let moved = pins(&checkout);
    let shown = sync(&checkout, &["--to", "7.3.0", "--upstream", "clone", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(pins(&checkout), moved);
}

#[test]
fn check_and_dry_run_write_nothing_and_only_check_answers_no() {
    let (checkout, _server, _) = with_clone();
    let before = pins(&checkout);
    for (flag, code) in [("--check", 1), ("--dry-run", 0)] {
        let shown = sync(&checkout, &["--to", "7.3.0", "--upstream", "clone", flag]);
        assert!(shown.starts_with(&format!("exit code {code}\n")), "{shown}");
        assert!(shown.contains("would write upstream/upstream.toml"), "{shown}");
        assert_eq!(pins(&checkout), before);
    }
}

#[test]
fn latest_is_the_newest_release_of_the_major() {
    let (checkout, _server) = checkout(registry());
    let commit = "c".repeat(40);
    let shown = sync(&checkout, &["--latest", "--astro", "6", "--commit", &commit, "--dry-run"]);
    // The toy 1.3.0 was built with an even newer Astro.
    assert!(shown.contains("astro6  6.4.8-8a31cba -> 6.5.0-ccccccc\n"), "{shown}");
    assert!(!shown.contains("1.3.0"), "{shown}");
}

#[test]
fn without_a_tag_the_stamp_is_by_tarball_until_the_commit_is_known() {
    let (checkout, _server) = checkout(registry());
    let shown = sync(&checkout, &["--to", "7.3.0"]);
    assert_snapshot!(format!("{shown}── {PINS}\n{}", pins(&checkout)));
    for arguments in [&["--check"][..], &["--to", "7.3.0", "--check"]] {
        let shown = sync(&checkout, arguments);
        assert!(shown.starts_with("exit code 0"), "{shown}");
        // Only a command that has not asked the registry is told to ask it.
        assert_eq!(shown.contains("`--latest`"), arguments == ["--check"], "{shown}");
    }
    let commit = clone(&checkout.path("clone"), "7.3.0", "2.1.0");
    let shown = sync(&checkout, &["--upstream", "clone", "--astro", "7"]);
    assert!(shown.contains(" -> 7.3.0-"), "{shown}");
    assert!(pins(&checkout).contains(&format!("astro = \"7.3.0\"\ncommit = \"{commit}\"\n")));
}

#[test]
fn an_all_digit_sha512_grows_until_it_has_a_letter() {
    let toy = |note: u32| fake_registry::toy("2.1.0", &format!("{}// {note}\n", tarball::MODULE));
    let digits = |tarball: &[u8]| {
        let integrity = tarball::integrity(tarball);
        let digest = STANDARD.decode(integrity.trim_start_matches("sha512-")).unwrap();
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let is_number = |note: &u32| digits(&toy(*note))[..7].bytes().all(|it| it.is_ascii_digit());
    let note = (0..).find(is_number).unwrap();
    let module = format!("{}// {note}\n", tarball::MODULE);
    let (checkout, _server) = checkout(registry().toy_with("2.1.0", "7.3.0", &module));
    let shown = sync(&checkout, &["--to", "7.3.0"]);
    let digits = digits(&toy(note));
    let letter = digits.find(|digit: char| digit.is_ascii_alphabetic()).unwrap();
    assert!(shown.contains(&format!(" -> 7.3.0-npm.{}\n", &digits[..=letter])), "{shown}");
}

#[test]
fn a_commit_can_be_given_without_a_tag() {
    let (checkout, _server) = checkout(registry());
    let commit = format!("0123456{}", "a".repeat(33));
    let shown = sync(&checkout, &["--to", "7.3.0", "--commit", &commit]);
    assert!(shown.contains("7.3.0-0123456a\n"), "without a letter it is a number: {shown}");
    assert!(pins(&checkout).contains(&commit));
}

#[test]
fn a_commit_of_another_release_is_an_error() {
    let (checkout, _server, commit) = with_clone();
    let arguments = ["--to", "7.4.0", "--commit", &commit, "--upstream", "clone"];
    assert!(fail(&checkout, &arguments, "U015").contains("`astro@7.3.0`"));
}

#[test]
fn a_moved_tag_is_an_error_unless_its_commit_is_given() {
    let (checkout, _server) = checkout(registry());
    let commit = clone(&checkout.path("clone"), "7.2.4", "2.0.0");
    let checkout = checkout.hide(&commit, "COMMIT");
    let arguments = ["--upstream", "clone", "--astro", "7"];
    assert_snapshot!(fail(&checkout, &arguments, "U031"));
    sync(&checkout, &[&arguments[..], &["--commit", &commit]].concat());
    assert!(pins(&checkout).contains(&commit));
}

#[test]
fn an_unfit_patch_prevents_all_writes() {
    let (checkout, _server) = checkout(registry());
    let commit = "c".repeat(40);
    let shown = fail(&checkout, &["--latest", "--astro", "7", "--commit", &commit], "P010");
    assert!(shown.starts_with("exit code 4") && shown.contains("@upstream/toy@2.2.0"), "{shown}");
}

#[test]
fn a_release_that_does_not_exist_is_an_error() {
    let (checkout, _server) = checkout(registry());
    assert_snapshot!(fail(&checkout, &["--to", "7.9.9"], "U033"));
}

#[test]
fn a_release_older_than_the_lines_or_their_adapters_is_an_error() {
    let (checkout, _server) = checkout(registry());
    fail(&checkout, &["--to", "4.0.0"], "B023");
    let commit = "c".repeat(40);
    assert_snapshot!(fail(&checkout, &["--to", "6.1.0", "--commit", &commit], "U034"));
}

#[test]
fn a_kept_pin_that_changed_on_the_registry_is_an_error() {
    let altered = registry().announcing("1.2.3", Some(tarball::integrity(b"altered")));
    let (checkout, _server) = checkout(altered);
    fail(&checkout, &["--to", "6.5.0", "--commit", &"c".repeat(40)], "U017");
}

#[test]
fn a_check_with_cached_tarballs_needs_no_registry() {
    let (checkout, server) = checkout(registry());
    checkout.build_well(&[]);
    let asked = server.lines().len();
    let shown = sync(&checkout, &["--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(server.lines().len(), asked);
}

#[test]
fn cached_registry_answers_do_not_move_a_line() {
    let (checkout, server) = checkout(registry());
    let arguments = ["--latest", "--astro", "6", "--commit", &"c".repeat(40)];
    let shown = sync(&checkout, &[&arguments[..], &["--dry-run"]].concat());
    assert!(shown.starts_with("exit code 0"), "{shown}");
    server.go();
    fail(&checkout, &arguments, "U006");
}

#[test]
fn a_built_package_with_another_stamp_is_reported() {
    let (checkout, _server) = checkout(registry());
    checkout.build_well(&[]);
    let shown = sync(&checkout, &["--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    checkout.write(PINS, &pins(&checkout).replace(COMMIT, &"d".repeat(40)));
    assert_snapshot!(sync(&checkout, &["--check", "--astro", "7"]));
    checkout.build_well(&[]);
    let shown = sync(&checkout, &["--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn the_release_in_the_submodule_can_be_pinned() {
    let (checkout, _server) = checkout(registry());
    assert_snapshot!(fail(&checkout, &["--submodule"], "U032"));
    let commit = clone(&checkout.path("upstream/astro"), "7.3.0", "2.1.0");
    let shown = sync(&checkout, &["--submodule"]);
    assert!(shown.contains("astro7  7.2.4-8a31cba -> 7.3.0-"), "{shown}");
    assert!(pins(&checkout).contains(&commit));
}

/// Makes a checkout with the submodule, at this commit.
fn with_submodule(checkout: &Checkout, commit: &str) -> Repository {
    let repository = Repository::init(checkout.root()).unwrap();
    let mut submodule = from_git::entry("upstream/astro", Oid::from_str(commit).unwrap());
    submodule.mode = 0o160_000;
    let mut index = repository.index().unwrap();
    index.add(&submodule).unwrap();
    index.write().unwrap();
    repository
}

#[test]
fn a_locked_index_is_explained_and_the_next_run_moves_the_submodule() {
    let (checkout, _server, commit) = with_clone();
    let repository = with_submodule(&checkout, COMMIT);
    checkout.write(".git/index.lock", "");
    let shown = sync(&checkout, &["--to", "7.3.0", "--upstream", "clone"]);
    assert_snapshot!(shown.replace(&commit, "COMMIT"));

    fs::remove_file(checkout.path(".git/index.lock")).unwrap();
    let shown = sync(&checkout, &[]);
    assert!(shown.contains(&format!("wrote {commit} as the commit of upstream/astro")), "{shown}");
    assert_eq!(submodule(&repository), commit);
}

/// The submodule's commit in the index.
fn submodule(repository: &Repository) -> String {
    let mut index = repository.index().unwrap();
    index.read(true).unwrap();
    index.get_path(Path::new("upstream/astro"), 0).unwrap().id.to_string()
}

#[test]
fn the_submodule_is_moved_with_the_newest_line() {
    let (checkout, _server, commit) = with_clone();
    let repository = with_submodule(&checkout, COMMIT);
    let shown = sync(&checkout, &["--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    sync(&checkout, &["--to", "7.3.0", "--upstream", "clone"]);
    assert_eq!(submodule(&repository), commit);

    with_submodule(&checkout, COMMIT);
    let shown = sync(&checkout, &["--check"]);
    assert!(shown.starts_with("exit code 1") && shown.contains("upstream/astro"), "{shown}");
}

#[test]
fn contradicting_arguments_are_an_error() {
    let (checkout, _server) = checkout(registry());
    assert_snapshot!(fail(&checkout, &["--to", "6.5.0", "--astro", "7"], "B025"));
    fail(&checkout, &["--latest", "--commit", &"c".repeat(40)], "B025");
    for arguments in [["--to", "7.3.0", "--latest"], ["--commit", "8a31cba", "--check"]] {
        let shown = sync(&checkout, &arguments);
        assert!(shown.starts_with("exit code 2"), "{shown}");
    }
}
