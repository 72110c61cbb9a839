//! An adapter that upstream released without a new Astro.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::checkout::Checkout;
use tests::tools::run;

use crate::forms::clone;

// The clone must hold the tags in `revisions.txt`.

/// The release of Astro 6.1.9 with `@astrojs/cloudflare` 13.2.0. The next release was 13.2.1 alone.
const FIRST: &str = "21ca8723de9da123f2ee5b7acc7cbaf8f03dbec1";

#[test]
#[ignore = "needs UPSTREAM_GIT, which names a clone of Astro's repository"]
fn a_line_follows_an_adapter_that_upstream_released_alone() -> Result<()> {
    let clone = clone()?;
    let checkout = Checkout::copy("adapters-alone")?;
    let sync = |arguments: &[&str]| -> Result<String> {
        let mut sync = checkout.xtask(["sync-version", "--upstream", &clone]);
        let output = sync.args(arguments).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    };
    let told = sync(&["--to", "6.1.9", "--commit", FIRST])?;
    ensure!(told.contains(" -> 6.1.9-21ca872\n") && told.contains(" -> 13.2.0\n"), "{told}");
    let told = sync(&["--to", "6.1.9"])?;
    let moved = "astro6  6.1.9-21ca872 -> 6.1.9-257d324\n  @astrojs/cloudflare  13.2.0 -> 13.2.1\n";
    ensure!(told.contains(moved), "{told}");
    let told = sync(&["--astro", "6"])?;
    ensure!(told.contains("astro6  6.1.9-257d324, unchanged\n"), "{told}");

    run(&mut checkout.xtask(["build", "--astro", "6", "--upstream", &clone]))?;
    for runtime in checkout.runtimes()? {
        let package = checkout.packages(&runtime)?.remove("astro6").context("nothing is built")?;
        let manifest = fs::read_to_string(package.join("package.json"))?;
        ensure!(manifest.contains("\"version\": \"6.1.9-257d324\""), "{manifest}");
    }
    Ok(())
}
