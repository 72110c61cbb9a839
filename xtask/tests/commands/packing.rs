//! `xtask pack`: writes all tarballs into one folder.

use std::fs;

use insta::assert_snapshot;

use crate::repository;

#[test]
fn the_tarballs_equal_those_of_the_build() {
    let (checkout, ..) = repository::ready(|_, _| None);
    assert_snapshot!(checkout.shown(&["pack", "--out", "out"]));
    let name = "our-toy-7.2.4-8a31cba.tgz";
    let built = fs::read(checkout.path("adapters/toy/pkg/astro7").join(name)).unwrap();
    assert_eq!(fs::read(checkout.path("out").join(name)).unwrap(), built);
}

#[test]
fn check_and_dry_run_write_nothing_and_only_check_answers_no() {
    let (checkout, ..) = repository::ready(|_, _| None);
    for (flag, code) in [("--dry-run", "exit code 0"), ("--check", "exit code 1")] {
        let shown = checkout.shown(&["pack", "--out", "out", flag]);
        assert!(shown.starts_with(code) && shown.contains("differs"), "{shown}");
        assert!(!checkout.path("out").exists());
    }
    checkout.shown(&["pack", "toy", "--astro", "6", "--out", "out"]);
    assert_eq!(fs::read_dir(checkout.path("out")).unwrap().count(), 1);
    let shown = checkout.shown(&["pack", "--astro", "6", "--out", "out", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn the_advice_for_an_unwritable_folder_names_an_existing_path() {
    let (checkout, ..) = repository::ready(|_, _| None);
    checkout.write("file", "");
    let shown = checkout.shown(&["pack", "--out", "file/out"]);
    assert!(shown.contains("error[B009]: `file/out/our-toy-6.4.8-666a666.tgz`"), "{shown}");
    assert!(shown.contains("`ls -ld file`, `df file`"), "{shown}");
}
