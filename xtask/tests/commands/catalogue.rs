//! Every error occurs in a reviewed snapshot.

use std::{fs, path::Path};

use crate::{checkout::Checkout, tarball};

#[test]
fn every_code_is_rendered_in_a_snapshot() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/snapshots");
    let snapshots: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let catalogue = Checkout::without_registry(&tarball::good()).list_codes();
    let codes: Vec<&str> = catalogue
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        // The codes of patches belong to the engine, whose own tests show them.
        .filter(|code| !code.starts_with('P'))
        .collect();
    assert!(codes.contains(&"U001"), "{catalogue}");
    for code in codes {
        assert!(snapshots.contains(&format!("error[{code}]")), "no snapshot shows {code}");
    }
}

#[test]
fn every_code_stands_for_one_situation() {
    let catalogue = Checkout::without_registry(&tarball::good()).list_codes();
    let mut codes: Vec<&str> =
        catalogue.lines().filter_map(|line| line.split(' ').next()).collect();
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
}
