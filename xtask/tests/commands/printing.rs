//! Output that cannot be written.

use std::{fs::File, process::Stdio};

use insta::assert_snapshot;

use crate::{checkout::Checkout, server::Server, tarball};

#[cfg(target_os = "linux")]
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stdout_is_an_error_after_the_work_is_done() {
    let checkout = Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()));
    let mut build = checkout.command(&["build"]);
    build.stdout(full());
    assert_snapshot!(checkout.shown_by(build));
    assert!(!checkout.package().is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stderr_does_not_change_the_exit_code() {
    let checkout = Checkout::without_registry(&tarball::good());
    let unknown = checkout.command(&["explain", "X000"]).stderr(full()).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    let matched = checkout.command(&["explain", "P012"]).stderr(full()).output().unwrap();
    assert_eq!(matched.status.code(), Some(0));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let checkout = Checkout::without_registry(&tarball::good());
    let mut explain = checkout.command(&["explain"]);
    let mut child = explain.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
