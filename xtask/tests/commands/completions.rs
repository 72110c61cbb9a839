//! `xtask completions`.

use std::process::Command;

use crate::{checkout::Checkout, tarball};

/// The script for a shell.
fn script(shell: &str) -> String {
    let checkout = Checkout::without_registry(&tarball::good());
    let output = checkout.command(&["completions", shell]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers at the end of a line, in one line.
fn offered_by_bash(before: &str, line: &str) -> String {
    let words = line.split(' ').count();
    let last = line.split(' ').next_back().unwrap();
    let run = format!(
        "{before}\n{}\nCOMP_WORDS=({line})\n[[ {last:?} ]] || COMP_WORDS+=('')\n\
         COMP_CWORD={}\n$(complete -p cargo | sed 's/.*-F \\([^ ]*\\) .*/\\1/') cargo {last:?} before\n\
         echo \"${{COMPREPLY[@]}}\"",
        script("bash"),
        words - 1
    );
    let output = Command::new("bash").args(["--norc", "-c", &run]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn bash_completes_the_commands_and_their_options() {
    assert_eq!(offered_by_bash("", "cargo xtask b"), "build bench");
    assert_eq!(offered_by_bash("", "cargo xtask test --a"), "--astro");
    assert_eq!(offered_by_bash("", "cargo xtask sync-version --t"), "--to");
}

#[test]
fn bash_completes_the_rest_of_cargo_as_before() {
    let before = "of_cargo() { COMPREPLY=(build-by-cargo); }\ncomplete -F of_cargo cargo";
    assert_eq!(offered_by_bash(before, "cargo b"), "build-by-cargo");
    assert_eq!(offered_by_bash(before, "cargo xtask b"), "build bench");
}

#[test]
fn the_scripts_of_other_shells_extend_the_completion_of_cargo() {
    assert!(script("zsh").starts_with("#compdef cargo-xtask\n"));
    assert!(script("fish").contains("complete -c cargo -n '__fish_seen_subcommand_from xtask'"));
}
