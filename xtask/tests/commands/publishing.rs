//! `xtask publish`, with the npm that it installs: uploads, and reasons not to upload.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use insta::assert_snapshot;
use serde_json::json;

use crate::{
    repository::{self, commit, pins, ready},
    server::{Answer, Asked},
    tarball,
};

const SEVEN: &str = "7.2.4-8a31cba";
const SIX: &str = "6.4.8-666a666";

fn is_upload(asked: &Asked) -> bool {
    asked.line.starts_with("PUT ")
}

/// The output of a publication with these answers of the registry.
fn refused(status: u16, body: &'static str) -> String {
    let (checkout, _server, _) = ready(move |asked, _| {
        is_upload(asked).then(|| Answer::Status(status, body.as_bytes().to_vec()))
    });
    checkout.shown(&["publish"])
}

#[test]
fn every_line_is_published_under_its_tag_the_newest_first() {
    let (checkout, server, press) = ready(|_, _| None);
    let would = checkout.shown(&["publish", "--dry-run"]);
    assert!(checkout.shown(&["publish", "--check"]).starts_with("exit code 1"));
    assert!(!server.asked().iter().any(is_upload));

    let did = checkout.shown(&["publish"]);
    let uploads: Vec<Asked> = server.asked().into_iter().filter(is_upload).collect();
    let again = checkout.shown(&["publish"]);
    assert!(checkout.shown(&["publish", "--check"]).starts_with("exit code 0"));
    assert_eq!(server.asked().into_iter().filter(is_upload).count(), uploads.len());
    assert_snapshot!(format!("{would}\n{did}\n{again}"));

    assert!(String::from_utf8_lossy(&uploads[0].body).contains(SEVEN));
    assert!(uploads.iter().all(|upload| {
        upload.headers.contains(&"authorization: Bearer secret".to_owned())
            && String::from_utf8_lossy(&upload.body).contains(r#""access":"public""#)
    }));
    assert_eq!(
        press.holds(),
        json!({ "versions": [SEVEN, SIX], "tags": { "latest": SEVEN, "astro6": SIX } })
    );
}

#[test]
fn only_the_given_registry_receives_packages() {
    let (checkout, server, press) = ready(|_, _| None);
    let (_elsewhere, other, empty) = ready(|_, _| None);
    let token = format!("npm_config_//127.0.0.1:{}/:_authToken", other.port);
    let checkout = checkout.with(&token, "secret");
    let shown = checkout.shown(&["publish", "--astro", "6", "--registry", &other.url()]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert!(!server.asked().iter().any(is_upload) && other.asked().iter().any(is_upload));
    // Only npm's own registry gives this tag to the first version.
    assert_eq!(empty.holds(), json!({ "versions": [SIX], "tags": { "astro6": SIX } }));
    drop(press);
}

#[test]
fn the_given_registry_wins_over_that_of_the_scope() {
    let (checkout, server, _press) = ready(|_, _| None);
    let (_elsewhere, other, _empty) = ready(|_, _| None);
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &description.replace("\"our-toy\"", "\"@our/toy\""));
    commit(&checkout);
    checkout.build_well(&[]);
    let tarball = format!("adapters/toy/pkg/astro6/our-toy-{SIX}.tgz");
    let tested = json!({
        "release": format!("@our/toy@{SIX}"),
        "upstream": "@upstream/toy@1.2.3",
        "integrity": tarball::integrity(&fs::read(checkout.path(&tarball)).unwrap()),
    });
    for suite in ["toolchain", "toy"] {
        let record = format!("adapters/toy/pkg/astro6.passed-{suite}.json");
        checkout.write(&record, &tested.to_string());
    }
    let checkout = checkout
        .with("npm_config_@our:registry", &server.url())
        .with(&format!("npm_config_//127.0.0.1:{}/:_authToken", other.port), "secret");
    let shown = checkout.shown(&["publish", "--astro", "6", "--registry", &other.url()]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert!(!server.asked().iter().any(is_upload) && other.asked().iter().any(is_upload));
}

#[test]
fn a_published_version_gets_the_current_tag_of_its_line() {
    let (checkout, server, press) = ready(|_, _| None);
    assert!(checkout.shown(&["publish"]).starts_with("exit code 0"));
    let uploads = server.asked().iter().filter(|asked| is_upload(asked)).count();
    press.untag("astro6");
    assert_snapshot!(checkout.shown(&["publish", "--astro", "6"]));
    assert_eq!(server.asked().iter().filter(|asked| is_upload(asked)).count(), uploads + 1);
    assert_eq!(press.holds()["tags"], json!({ "latest": SEVEN, "astro6": SIX }));
}

#[test]
fn an_untested_package_is_not_published() {
    let (checkout, ..) = ready(|_, _| None);
    for suite in ["toolchain", "toy"] {
        fs::remove_file(checkout.path(&format!("adapters/toy/pkg/astro6.passed-{suite}.json")))
            .unwrap();
    }
    assert_snapshot!(checkout.shown(&["publish"]));
    assert!(checkout.shown(&["publish", "--dry-run", "--astro", "7"]).starts_with("exit code 0"));
}

#[test]
fn a_package_changed_since_its_test_is_not_published() {
    let (checkout, server, _) = ready(|_, _| None);
    checkout.patch_to("return { toy: $TOY }");
    commit(&checkout);
    assert_snapshot!(checkout.shown(&["publish", "--astro", "7"]));
    assert!(!server.asked().iter().any(is_upload));
}

#[test]
fn a_package_with_the_stamp_of_another_pin_is_not_published() {
    let (checkout, server, _) = ready(|_, _| None);
    pins(&checkout, "2.0.1", "");
    commit(&checkout);
    assert_snapshot!(checkout.shown(&["publish", "--astro", "7"]));
    assert!(!server.asked().iter().any(is_upload));
}

#[test]
fn uncommitted_changes_are_not_published() {
    let (checkout, server, _) = ready(|_, _| None);
    for number in 1..=6 {
        checkout.write(&format!("templates/toy-{number}.ts"), "");
    }
    checkout.write("LICENSE", "MIT License, more or less\n");
    assert_snapshot!(checkout.shown(&["publish", "--astro", "7"]));
    assert!(!server.asked().iter().any(is_upload));
}

#[test]
fn untracked_files_are_not_published_even_if_git_does_not_show_them() {
    let (checkout, ..) = ready(|_, _| None);
    checkout.git(&["config", "status.showUntrackedFiles", "no"]);
    checkout.write("templates/toy.ts", "");
    let shown = checkout.shown(&["publish", "--dry-run"]);
    assert!(shown.contains("uncommitted changes: `templates/`"), "{shown}");
}

#[test]
fn outside_a_repository_nothing_is_published() {
    let (checkout, ..) = ready(|_, _| None);
    fs::remove_dir_all(checkout.path(".git")).unwrap();
    let shown = checkout
        .with("GIT_CEILING_DIRECTORIES", "/")
        .with("GIT_DIR", "nowhere")
        .shown(&["publish"]);
    assert_snapshot!(shown);
}

#[test]
fn a_published_version_with_other_content_is_an_error() {
    let (checkout, server, press) = ready(|_, _| None);
    press.has(SEVEN, "latest", "sha512-OTHER");
    assert_snapshot!(checkout.shown(&["publish"]));
    assert!(!server.asked().iter().any(is_upload));
}

#[test]
fn a_tag_does_not_move_back_to_an_older_astro() {
    let (checkout, server, press) = ready(|_, _| None);
    press.has("8.0.0-0a1b2c3", "latest", "sha512-LATER");
    assert_snapshot!(checkout.shown(&["publish", "--astro", "7"]));
    assert!(!server.asked().iter().any(is_upload));
    let shown = checkout.shown(&["publish", "--astro", "7", "--tag", "before"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(press.holds()["tags"]["latest"], "8.0.0-0a1b2c3");
}

#[test]
fn the_tag_is_taken_from_any_version_of_another_toolchain() {
    let written = [
        ("12.6.12-11", json!({})),
        ("9.4.2-abc1234", json!({ "upstream": "https://example.invalid/toy" })),
        ("7.2.4-f00d123", json!({ "upstream": { "astro": "5.7.0" } })),
    ];
    let mut shown = Vec::new();
    for (at, manifest) in written {
        let (checkout, _server, press) = ready(|_, _| None);
        press.has_foreign(at, "latest", manifest.clone());
        shown.push(checkout.shown(&["publish", "--astro", "7", "--dry-run"]));
        let did = checkout.shown(&["publish"]);
        assert!(did.starts_with("exit code 0"), "{did}");
        assert_eq!(press.holds()["tags"], json!({ "latest": SEVEN, "astro6": SIX }));

        // The other toolchain publishes again.
        press.has_foreign(&format!("{at}.1"), "latest", manifest);
        let did = checkout.shown(&["publish"]);
        assert!(did.starts_with("exit code 0"), "{did}");
        assert_eq!(press.holds()["tags"]["latest"], SEVEN);
    }
    assert_snapshot!(shown.join("\n"));
}

/// The same Astro as [`SEVEN`], at another commit that sorts before it as text.
const OTHER_SEVEN: &str = "7.2.4-1f00baa";

/// The same Astro, before its commit was known. It sorts after it as text.
const TARBALL_SEVEN: &str = "7.2.4-npm.0f3a2b1.1";

#[test]
fn a_tag_moves_to_the_new_version_of_the_same_astro_whatever_its_commit() {
    for at in [OTHER_SEVEN, "7.2.4-f00d123", TARBALL_SEVEN] {
        let (checkout, _server, press) = ready(|_, _| None);
        press.has(at, "latest", "sha512-EARLIER");
        let shown = checkout.shown(&["publish", "--astro", "7"]);
        assert!(shown.starts_with("exit code 0"), "{shown}");
        assert_eq!(press.holds()["tags"]["latest"], SEVEN);
    }
}

#[test]
fn a_repeated_release_leaves_the_tag_at_a_later_version_of_the_same_astro() {
    for later in [OTHER_SEVEN, TARBALL_SEVEN] {
        let (checkout, _server, press) = ready(|_, _| None);
        assert!(checkout.shown(&["publish"]).starts_with("exit code 0"));
        press.has(later, "latest", "sha512-LATER");
        let shown = checkout.shown(&["publish"]);
        assert!(shown.starts_with("exit code 0"), "{shown}");
        assert_eq!(press.holds()["tags"]["latest"], later);
    }
}

#[test]
fn a_version_with_another_tag_takes_its_own_tag_from_an_earlier_version() {
    let (checkout, _server, press) = ready(|_, _| None);
    press.has(OTHER_SEVEN, "latest", "sha512-EARLIER");
    for arguments in [&["publish", "--astro", "7", "--tag", "next"][..], &["publish"]] {
        let shown = checkout.shown(arguments);
        assert!(shown.starts_with("exit code 0"), "{shown}");
    }
    assert_eq!(press.holds()["tags"]["latest"], SEVEN);
}

#[test]
fn invalid_tags_are_rejected() {
    let (checkout, ..) = ready(|_, _| None);
    let mut shown = Vec::new();
    for tag in ["", "v7", "a/b", "latest", "next"] {
        let astro: &[&str] = if tag == "next" { &[] } else { &["--astro", "6"] };
        shown.push(checkout.shown(&[&["publish", "--tag", tag], astro].concat()));
    }
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_line_without_a_tag_for_its_prereleases_is_an_error() {
    let (checkout, ..) = ready(|_, _| None);
    let pins = fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    checkout.write("upstream/upstream.toml", &pins.replace("tag = \"latest\"", "tag = \"\""));
    commit(&checkout);
    assert_snapshot!(checkout.shown(&["publish"]));
}

#[test]
fn a_prerelease_of_astro_does_not_become_the_latest() {
    let (checkout, ..) = ready(|_, _| None);
    let pins = fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    let beta = pins.replace("astro = \"7.2.4\"", "astro = \"7.3.0-beta.1\"");
    assert_ne!(pins, beta);
    checkout.write("upstream/upstream.toml", &beta);
    commit(&checkout);
    assert_snapshot!(checkout.shown(&["publish", "--astro", "7", "--dry-run"]));
    let shown = checkout.shown(&["publish", "--astro", "7", "--tag", "next", "--dry-run"]);
    assert!(!shown.contains("prerelease of Astro"), "{shown}");
}

#[test]
fn an_invalid_registry_url_is_wrong_usage() {
    let (checkout, ..) = ready(|_, _| None);
    assert_snapshot!(checkout.shown(&["publish", "--registry", "localhost:4873"]));
}

#[test]
fn without_credentials_npm_is_not_logged_in() {
    let (checkout, server, _) = ready(|_, _| None);
    let token = format!("npm_config_//127.0.0.1:{}/:_authToken", server.port);
    assert_snapshot!(checkout.with(&token, "").shown(&["publish"]));
}

#[test]
fn a_rejected_token_is_explained() {
    assert_snapshot!(refused(401, r#"{"error":"unauthorized"}"#));
}

#[test]
fn a_required_second_factor_is_explained() {
    assert_snapshot!(refused(
        401,
        r#"{"error":"You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA."}"#
    ));
}

#[test]
fn an_account_without_permission_is_explained() {
    assert_snapshot!(refused(
        403,
        r#"{"error":"You do not have permission to publish \"our-toy\". Are you logged in as the correct user?"}"#
    ));
}

#[test]
fn other_rejections_are_reported_with_npms_message() {
    assert_snapshot!(refused(
        422,
        r#"{"error":"Unsupported visibility of the source repository"}"#
    ));
}

#[test]
fn an_upload_with_a_lost_answer_is_found_and_not_repeated() {
    let (checkout, server, press) = ready(|asked, press| {
        is_upload(asked).then(|| {
            press.take(&asked.body);
            Answer::HangUp
        })
    });
    let shown = checkout.shown(&["publish"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(server.asked().iter().filter(|asked| is_upload(asked)).count(), 2);
    assert_eq!(press.holds()["tags"], json!({ "latest": SEVEN, "astro6": SIX }));
}

#[test]
fn a_failed_upload_is_retried() {
    let uploads = AtomicUsize::new(0);
    let (checkout, server, press) = ready(move |asked, _| {
        let is_first = is_upload(asked) && uploads.fetch_add(1, Ordering::SeqCst) == 0;
        is_first.then_some(Answer::HangUp)
    });
    let shown = checkout.shown(&["publish", "--astro", "7"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(server.asked().iter().filter(|asked| is_upload(asked)).count(), 2);
    assert_eq!(press.holds()["versions"], json!([SEVEN]));
}

#[test]
fn after_a_registry_failure_the_command_continues_where_it_stopped() {
    static UPLOADS: AtomicUsize = AtomicUsize::new(0);
    let (checkout, _server, press) = ready(|asked, _| {
        let is_failing =
            is_upload(asked) && (1..4).contains(&UPLOADS.fetch_add(1, Ordering::SeqCst));
        is_failing.then(|| Answer::Status(503, b"{}".to_vec()))
    });
    let failed = checkout.shown(&["publish"]);
    assert_eq!(press.holds()["versions"], json!([SEVEN]));
    let resumed = checkout.shown(&["publish"]);
    assert_eq!(UPLOADS.load(Ordering::SeqCst), 5);
    assert_eq!(press.holds()["versions"], json!([SEVEN, SIX]));
    assert_snapshot!(format!("{failed}\n{resumed}"));
}

#[test]
fn a_registry_with_an_invalid_answer_is_an_error() {
    let (checkout, server, _) =
        ready(|asked, _| (asked.line == "GET /our-toy").then(|| Answer::found("<h1>Welcome</h1>")));
    assert_snapshot!(checkout.shown(&["publish"]));
    assert!(!server.asked().iter().any(is_upload));
}

#[test]
fn a_failed_installation_of_npm_is_an_error() {
    let (checkout, ..) = ready(|_, _| None);
    let folder = checkout.path("no-folder");
    fs::write(&folder, "").unwrap();
    checkout.write(".gitignore", "/adapters/*/pkg/\n/cache/\n/home/\n/no-folder\n");
    repository::commit(&checkout);
    let checkout = checkout.with("CARGO_TARGET_DIR", &folder.display().to_string());
    assert_snapshot!(checkout.shown(&["publish"]));
}

/// Trusted publishing as in GitHub Actions and npm: the job's identity becomes a token for one
/// package.
#[test]
fn a_trusted_workflow_needs_no_token() {
    let (checkout, server, press) = ready(|asked, _| {
        let claims = "eyJyZXBvc2l0b3J5X3Zpc2liaWxpdHkiOiJwcml2YXRlIn0";
        match asked.line.split('?').next()? {
            "GET /identity" => {
                Some(Answer::found(format!(r#"{{"value":"eyJhbGciOiJub25lIn0.{claims}.x"}}"#)))
            }
            "POST /-/npm/v1/oidc/token/exchange/package/our-toy" => {
                Some(Answer::Status(201, br#"{"token":"exchanged"}"#.to_vec()))
            }
            _ => None,
        }
    });
    let token = format!("npm_config_//127.0.0.1:{}/:_authToken", server.port);
    let checkout = checkout
        .with(&token, "")
        .with("GITHUB_ACTIONS", "true")
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{}identity?v=1", server.url()))
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of the job");
    let shown = checkout.shown(&["publish"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let uploads: Vec<Asked> = server.asked().into_iter().filter(is_upload).collect();
    assert!(
        uploads.iter().all(|upload| {
            upload.headers.contains(&"authorization: Bearer exchanged".to_owned())
        })
    );
    assert_eq!(press.holds()["versions"], json!([SEVEN, SIX]));
}
