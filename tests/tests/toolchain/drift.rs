//! Future versions of upstream: unpinned releases, and a manually changed copy.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha512};
use tests::checkout::Checkout;
use tests::pins::{Pin, pinned};
use tests::tools::run;

const PINS: &str = "upstream/upstream.toml";
const PACKAGE: &str = "@astrojs/node";

/// A stand-in for the commit of a release that has no tag yet.
const SOME_COMMIT: &str = "cccccccccccccccccccccccccccccccccccccccc";

#[test]
fn the_newest_releases_build_though_they_are_not_pinned() -> Result<()> {
    let checkout = Checkout::copy("newest")?;
    run(&mut checkout.xtask([
        "sync-version",
        "--latest",
        "--astro",
        "7",
        "--commit",
        SOME_COMMIT,
    ]))?;
    run(&mut checkout.xtask(["build", "--astro", "7"]))?;
    for runtime in checkout.runtimes()? {
        let (_, package) = checkout.packages(&runtime)?.pop_first().context("no package")?;
        let manifest = fs::read_to_string(package.join("package.json"))?;
        ensure!(manifest.contains("-ccccccc\""), "{runtime}: {manifest}");
    }
    Ok(())
}

/// A checkout that pins a changed copy of the Node adapter's release.
struct Altered {
    checkout: Checkout,
    cache: PathBuf,
}

impl Altered {
    /// Replaces every occurrence of a text in a file of the release.
    fn copy(name: &str, file: &str, old: &str, new: &str) -> Result<Self> {
        let checkout = Checkout::copy(name)?;
        let cache = checkout.root().join("cache");
        let altered = Self { checkout, cache };
        // This run downloads the unchanged tarball.
        let (code, printed) = altered.check()?;
        ensure!(code == Some(0), "{printed}");
        let Pin { packages, .. } = pinned()?;
        let integrity = &packages.get(PACKAGE).context("it is pinned")?.integrity;
        let digest = integrity.strip_prefix("sha512-").context("a sha512")?;
        let tarball = altered.tarball(&BASE64_STANDARD.decode(digest)?);

        let folder = altered.checkout.root().join("copy");
        fs::create_dir_all(&folder)?;
        run(Command::new("tar").arg("-xzf").arg(tarball).arg("-C").arg(&folder))?;
        let path = folder.join("package").join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains(old), "{file} has no `{old}`");
        fs::write(&path, text.replace(old, new))?;
        let packed = folder.join("packed.tgz");
        run(Command::new("tar").arg("-czf").arg(&packed).arg("-C").arg(&folder).arg("package"))?;

        let bytes = fs::read(&packed)?;
        let digest = Sha512::digest(&bytes);
        fs::write(altered.tarball(&digest), &bytes)?;
        let pins = altered.checkout.root().join(PINS);
        let text = fs::read_to_string(&pins)?;
        let its_own = format!("sha512-{}", BASE64_STANDARD.encode(digest));
        fs::write(pins, text.replace(integrity, &its_own))?;
        Ok(altered)
    }

    /// The path of a tarball in the cache.
    fn tarball(&self, digest: &[u8]) -> PathBuf {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.cache.join(format!("{hex}.tgz"))
    }

    /// Runs `check` and returns its exit code and output.
    fn check(&self) -> Result<(Option<i32>, String)> {
        let mut check = self.checkout.xtask(["check", "node", "--astro", "7"]);
        let output = check.env("ZASTRO_CACHE", &self.cache).output()?;
        let printed = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8(printed)?))
    }
}

#[test]
fn a_renamed_function_of_upstream_is_reported_with_its_new_name_and_place() -> Result<()> {
    let (old, new) = ("function createServer(", "function makeServer(");
    let altered = Altered::copy("drift-name", "dist/standalone.js", old, new)?;
    let (code, printed) = altered.check()?;
    ensure!(code == Some(4), "{printed}");
    for told in [
        "error[P010]",
        "`answer-upgrades` looks in function `createServer`, which does not exist",
        "patches/node/standalone.toml:",
        "dist/standalone.js:",
        "`makeServer` is the most similar name",
    ] {
        ensure!(printed.contains(told), "no `{told}`:\n{printed}");
    }
    Ok(())
}

#[test]
fn a_changed_function_that_still_matches_is_shown_as_a_diff() -> Result<()> {
    let (old, new) = ("enableDestroy(httpServer);", "enableDestroy(httpServer, 1);");
    let altered = Altered::copy("drift-code", "dist/standalone.js", old, new)?;
    let (code, printed) = altered.check()?;
    ensure!(code == Some(1), "{printed}");
    let changed: Vec<&str> =
        printed.lines().filter(|line| line.starts_with(['-', '+'])).skip(2).collect();
    ensure!(changed == [format!("-  {old}"), format!("+  {new}")], "{printed}");
    ensure!(printed.contains("`standalone: function createServer` has changed"), "{printed}");
    Ok(())
}

#[test]
fn a_change_of_upstream_that_no_edit_depends_on_is_silent() -> Result<()> {
    let altered = Altered::copy(
        "drift-elsewhere",
        "dist/log-listening-on.js",
        "import",
        "console.debug('listening');\nimport",
    )?;
    let (code, printed) = altered.check()?;
    ensure!(code == Some(0), "{printed}");
    Ok(())
}
