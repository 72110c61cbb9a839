//! `xtask propose`: opens proposals on GitHub.

use std::{env, fs};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    checkout::{COMMIT, Checkout, PINS},
    fake_registry::line,
    tarball,
};

/// A fake of GitHub's client: it records its arguments, and lists the open pull requests and
/// issues.
const GH: &str = "
echo \"gh $*\" >> \"$HOME/log\"
case \"$*\" in
*--body-file*) sed 's/^/  | /' >> \"$HOME/log\" ;;
esac
case \"$1 $2\" in
'pr list') echo \"${OPEN_PR:-[]}\" ;;
'issue list') echo \"${OPEN_ISSUE:-[]}\" ;;
*create) echo 'https://example.invalid/1' ;;
esac
";

/// A clone of a bare repository, with a fake of GitHub's client.
fn checkout() -> Checkout {
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.git(&["init", "--quiet"]);
    checkout.git(&["init", "--quiet", "--bare", "origin.git"]);
    checkout.git(&["remote", "add", "origin", "origin.git"]);
    checkout.git(&["add", "upstream"]);
    checkout.git(&["commit", "--quiet", "--message", "Begin"]);
    checkout.program("gh", GH);
    let path = env::join_paths(
        [checkout.path("bin")].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap().into_string().unwrap();
    checkout.with("PATH", &path)
}

fn pull_request() -> Value {
    let pins = line("7.3.0", COMMIT, "2.1.0", "");
    json!({ "title": "Follow Astro 7.3.0", "body": "It fits.\n", "pins": pins, "submodule": null })
}

fn issue() -> Value {
    json!({ "title": "Astro 6.5.0 does not fit", "body": "Why.\n" })
}

/// The output, and the calls of GitHub's client.
fn propose(checkout: &Checkout, proposal: &Value, arguments: &[&str]) -> String {
    checkout.write("home/proposal.json", &proposal.to_string());
    let shown = checkout.shown(&[&["propose", "home/proposal.json"], arguments].concat());
    let log = fs::read_to_string(checkout.path("home/log")).unwrap_or_default();
    format!("{shown}── GitHub\n{log}")
}

#[test]
fn a_pull_request_and_an_issue_are_opened() {
    let checkout = checkout();
    let proposal = json!({ "pull_request": pull_request(), "issue": issue() });
    assert_snapshot!(propose(&checkout, &proposal, &[]));
    let pushed = checkout.git(&[
        "--git-dir",
        "origin.git",
        "show",
        "--stat=60",
        "--format=%an%n%s",
        "follow-upstream",
    ]);
    assert_snapshot!(pushed);
}

#[test]
fn open_pull_requests_and_issues_are_updated() {
    let checkout = checkout()
        .with("OPEN_PR", r#"[{"number":7,"title":"Follow Astro 7.2.9"}]"#)
        .with(
            "OPEN_ISSUE",
            r#"[{"number":8,"title":"Astro 6.5.0 does not fit at all"},{"number":9,"title":"Astro 6.5.0 does not fit"}]"#,
        );
    let proposal = json!({ "pull_request": pull_request(), "issue": issue() });
    propose(&checkout, &proposal, &[]);
    fs::remove_file(checkout.path("home/log")).unwrap();
    assert_snapshot!(propose(&checkout, &proposal, &[]));
}

#[test]
fn the_work_of_the_checkout_is_neither_pushed_nor_changed() {
    let checkout = checkout();
    checkout.write("upstream/notes.txt", "private");
    checkout.git(&["add", "upstream/notes.txt"]);
    checkout.add("upstream/upstream.toml", "# half done\n");
    let before = checkout.git(&["status", "--porcelain", "--branch", "upstream"]);
    let shown = propose(&checkout, &json!({ "pull_request": pull_request(), "issue": null }), &[]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let pushed = ["--git-dir", "origin.git", "show", "--format=", "--name-only", "follow-upstream"];
    assert_eq!(checkout.git(&pushed), "upstream/upstream.toml\n");
    assert_eq!(checkout.git(&["status", "--porcelain", "--branch", "upstream"]), before);
    assert!(fs::read_to_string(checkout.path(PINS)).unwrap().ends_with("# half done\n"));
}

#[test]
fn the_submodule_is_proposed_with_the_pins() {
    let checkout = checkout();
    let mut proposal = pull_request();
    proposal["submodule"] = json!(COMMIT);
    propose(&checkout, &json!({ "pull_request": proposal, "issue": null }), &[]);
    let tree = ["--git-dir", "origin.git", "ls-tree", "follow-upstream", "upstream/astro"];
    assert_eq!(checkout.git(&tree), format!("160000 commit {COMMIT}\tupstream/astro\n"));
}

#[test]
fn a_pull_request_with_commits_of_maintainers_stays_as_it_is() {
    let checkout = checkout();
    let proposal = json!({ "pull_request": pull_request(), "issue": issue() });
    propose(&checkout, &proposal, &[]);
    checkout.git(&["fetch", "--quiet", "origin", "follow-upstream"]);
    checkout.git(&["switch", "--quiet", "--create", "follow-upstream", "FETCH_HEAD"]);
    checkout.write("upstream/reviewed.toml", "");
    checkout.git(&["add", "upstream"]);
    checkout.git(&["commit", "--quiet", "--message", "Record the review"]);
    checkout.git(&["push", "--quiet", "origin", "follow-upstream"]);
    checkout.git(&["switch", "--quiet", "main"]);

    fs::remove_file(checkout.path("home/log")).unwrap();
    let checkout = checkout.with("OPEN_PR", r#"[{"number":7,"title":"Follow Astro 7.2.9"}]"#);
    let shown = propose(&checkout, &proposal, &[]);
    let subjects = ["--git-dir", "origin.git", "log", "--format=%s", "follow-upstream"];
    assert_eq!(checkout.git(&subjects), "Record the review\nFollow Astro 7.3.0\nBegin\n");
    assert_snapshot!(shown);

    // After the merge, the next proposal replaces the branch.
    let checkout = checkout.with("OPEN_PR", "[]");
    propose(&checkout, &proposal, &[]);
    assert_eq!(checkout.git(&subjects), "Follow Astro 7.3.0\nBegin\n");
}

#[test]
fn nothing_to_propose_is_fine() {
    let shown = propose(&checkout(), &json!({ "pull_request": null, "issue": null }), &[]);
    assert_eq!(shown, "exit code 0\n── stdout\n── stderr\n── GitHub\n");
}

#[test]
fn check_and_dry_run_send_nothing() {
    let checkout = checkout();
    let proposal = json!({ "pull_request": pull_request(), "issue": issue() });
    let dry = propose(&checkout, &proposal, &["--dry-run"]);
    let told = "── stdout\nwould open or update the pull request: Follow Astro 7.3.0\nwould open or update the issue: Astro 6.5.0 does not fit\n── stderr\n── GitHub\n";
    assert_eq!(dry, format!("exit code 0\n{told}"));
    assert_eq!(propose(&checkout, &proposal, &["--check"]), format!("exit code 1\n{told}"));
}

#[test]
fn an_invalid_proposal_is_rejected() {
    let checkout = checkout();
    let mut broken = pull_request();
    broken["pins"] = json!("[astro7]\nastro = 7\n");
    assert_snapshot!(propose(&checkout, &json!({ "pull_request": broken, "issue": null }), &[]));
    let more = json!({ "pull_request": null, "issue": null, "run": "rm" });
    assert!(propose(&checkout, &more, &[]).contains("error[B017]"));
}
