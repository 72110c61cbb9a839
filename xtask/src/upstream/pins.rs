//! `upstream/upstream.toml`: the pinned releases.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use camino::Utf8Path;
use diagnostics::{Place, Source};
use semver::Version;
use serde::Deserialize;
use toml::Spanned;

use super::{Integrity, UpstreamError};
use crate::day::Day;

/// The path of the pins, below the root of the checkout.
pub const PINS: &str = "upstream/upstream.toml";

/// All pins.
#[derive(Debug, Clone)]
pub struct Pins {
    /// One line per Astro major, the oldest first.
    pub lines: Vec<Line>,
}

/// The pins of one Astro major.
#[derive(Debug, Clone)]
pub struct Line {
    /// The name of the table, for example `astro7`.
    pub name: String,
    /// The Astro major.
    pub major: u64,
    /// The release of Astro.
    pub astro: Version,
    /// The upstream commit of the newest release pinned here, be it Astro or an adapter: 40
    /// lower-case hexadecimal digits. `None` if unknown: then the tarballs name the releases.
    pub commit: Option<String>,
    /// The dist-tag of our packages on npm.
    pub tag: String,
    /// Counts our releases of one upstream release, from 0.
    pub revision: u64,
    /// The day of the pin, as `2026-11-18`.
    pub as_of: Option<String>,
    /// The adapters by package name.
    pub packages: BTreeMap<String, PackagePin>,
    /// The location of the table.
    pub place: Place,
    /// The location of the commit, if it is pinned.
    pub commit_place: Option<Place>,
}

/// The pin of one package.
#[derive(Debug, Clone)]
pub struct PackagePin {
    /// The version in the registry.
    pub version: Version,
    /// The sha512 of its tarball.
    pub integrity: Integrity,
    /// Whether the source is in another repository than Astro's, so that it has no git form.
    pub is_elsewhere: bool,
    /// The location of the version, if it is pinned in a file.
    pub version_place: Option<Place>,
    /// The location of the sha512, if it is pinned in a file.
    pub integrity_place: Option<Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineTable {
    astro: Spanned<String>,
    commit: Option<Spanned<String>>,
    tag: Option<String>,
    revision: Option<u64>,
    #[serde(rename = "as-of")]
    as_of: Option<Spanned<String>>,
    packages: BTreeMap<String, PackageTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageTable {
    version: Spanned<String>,
    integrity: Spanned<String>,
    form: Option<OnlyForm>,
}

/// The only form that a package can be limited to.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnlyForm {
    Registry,
}

impl Pins {
    /// Reads the pins of the checkout at `root`.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::PinsUnreadable`] and [`UpstreamError::PinInvalid`].
    pub fn read(root: &Utf8Path) -> Result<Self, UpstreamError> {
        let text = std::fs::read_to_string(root.join(PINS)).map_err(|error| {
            UpstreamError::PinsUnreadable { path: PINS.into(), reason: error.to_string() }
        })?;
        Self::parse(&Source::new(PINS, text))
    }

    /// Reads pins.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::PinInvalid`].
    pub fn parse(source: &Arc<Source>) -> Result<Self, UpstreamError> {
        let tables: BTreeMap<Spanned<String>, LineTable> =
            toml::from_str(&source.text).map_err(|error| UpstreamError::PinInvalid {
                message: format!("`{PINS}` is not valid: {}", first_line(error.message())),
                advice:
                    "write each table as `[astro7]` with `astro`, `commit` and `[astro7.packages]`"
                        .to_owned(),
                places: error.span().map(|span| source.wrong(span, "here")).into_iter().collect(),
            })?;
        let mut lines = tables
            .into_iter()
            .map(|(name, table)| Line::validate(source, &name, table))
            .collect::<Result<Vec<Line>, UpstreamError>>()?;
        lines.sort_by_key(|line| line.major);
        Ok(Self { lines })
    }
}

impl Line {
    /// The pin of a package.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotPinned`].
    pub fn package(&self, name: &str) -> Result<&PackagePin, UpstreamError> {
        self.packages.get(name).ok_or_else(|| UpstreamError::NotPinned {
            package: name.to_owned(),
            line: self.name.clone(),
            places: vec![self.place.clone()],
        })
    }

    fn validate(
        source: &Arc<Source>,
        name: &Spanned<String>,
        table: LineTable,
    ) -> Result<Self, UpstreamError> {
        let astro = version(source, &table.astro)?;
        if *name.get_ref() != format!("astro{}", astro.major) {
            return Err(UpstreamError::PinInvalid {
                message: format!("the table `{}` pins Astro {astro}", name.get_ref()),
                advice: format!("name the table `[astro{}]`", astro.major),
                places: vec![
                    source.wrong(name.span(), "has another major"),
                    source.context(table.astro.span(), "than this version"),
                ],
            });
        }
        if let Some(commit) = table.commit.as_ref().filter(|commit| !is_commit(commit.get_ref())) {
            return Err(invalid(
                source,
                commit.span(),
                format!("`{}` is not a commit", commit.get_ref()),
                "expected 40 hexadecimal digits in lower case",
                format!(
                    "run `git ls-remote origin refs/tags/astro@{astro}` in a clone of Astro; an adapter released later has its own tag. If the commit is unknown, leave it out"
                ),
            ));
        }
        let packages = table
            .packages
            .into_iter()
            .map(|(package, pin)| {
                let is_elsewhere = matches!(pin.form, Some(OnlyForm::Registry));
                let pin = PackagePin::validate(source, &package, &pin.version, &pin.integrity)?;
                Ok((package, PackagePin { is_elsewhere, ..pin }))
            })
            .collect::<Result<_, UpstreamError>>()?;
        Ok(Self {
            name: name.get_ref().clone(),
            major: astro.major,
            astro,
            commit_place: table.commit.as_ref().map(|it| source.context(it.span(), "pinned here")),
            commit: table.commit.map(Spanned::into_inner),
            tag: table.tag.unwrap_or_else(|| name.get_ref().clone()),
            revision: table.revision.unwrap_or(0),
            packages,
            as_of: as_of(source, table.as_of)?,
            place: source.wrong(name.span(), "in this table"),
        })
    }
}

impl PackagePin {
    /// A release pinned outside the pins file.
    #[must_use]
    pub fn of(version: Version, integrity: Integrity) -> Self {
        Self { version, integrity, is_elsewhere: false, version_place: None, integrity_place: None }
    }

    /// Checks a pin in a file.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::PinInvalid`].
    pub fn validate(
        source: &Arc<Source>,
        package: &str,
        written_version: &Spanned<String>,
        written_integrity: &Spanned<String>,
    ) -> Result<Self, UpstreamError> {
        let version = version(source, written_version)?;
        let integrity = written_integrity.get_ref().parse().map_err(|reason: &str| {
            invalid(
                source,
                written_integrity.span(),
                format!("the integrity of `{package}` is not a sha512"),
                reason,
                format!("run `npm view {package}@{version} dist.integrity`"),
            )
        })?;
        Ok(Self {
            version,
            integrity,
            is_elsewhere: false,
            version_place: Some(source.context(written_version.span(), "pinned here")),
            integrity_place: Some(
                source.wrong(written_integrity.span(), "belongs to another tarball"),
            ),
        })
    }
}

/// Whether a text is a full commit hash: 40 digits, as git writes them.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn as_of(
    source: &Arc<Source>,
    written: Option<Spanned<String>>,
) -> Result<Option<String>, UpstreamError> {
    let Some(written) = written else { return Ok(None) };
    let span = written.span();
    let day = written.into_inner();
    match day.parse::<Day>() {
        Ok(_) => Ok(Some(day)),
        Err(reason) => Err(invalid(
            source,
            span,
            format!("`{day}` is not a date"),
            reason,
            "write the date of the pin, for example `2026-11-18`".to_owned(),
        )),
    }
}

fn version(source: &Arc<Source>, text: &Spanned<String>) -> Result<Version, UpstreamError> {
    Version::parse(text.get_ref()).map_err(|error| {
        invalid(
            source,
            text.span(),
            format!("`{}` is not a version", text.get_ref()),
            &error.to_string(),
            "write the full version of a release, for example `7.2.4`".to_owned(),
        )
    })
}

fn invalid(
    source: &Arc<Source>,
    span: Range<usize>,
    message: String,
    label: &str,
    advice: String,
) -> UpstreamError {
    UpstreamError::PinInvalid { message, advice, places: vec![source.wrong(span, label)] }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use diagnostics::{Explain as _, Source};

    use super::{Pins, UpstreamError};

    const GOOD: &str = r#"
[astro7]
astro  = "7.2.4"
commit = "8a31cba625a23d886614172e1d3b02b8eb896a18"
[astro7.packages]
"@astrojs/node" = { version = "11.1.4", integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==" }
"#;

    fn parse(text: &str) -> Result<Pins, UpstreamError> {
        Pins::parse(&Source::new("upstream.toml", text))
    }

    #[test]
    fn a_valid_file_is_read() {
        let pins = parse(GOOD).unwrap();
        let line = &pins.lines[0];
        assert_eq!((line.name.as_str(), line.major), ("astro7", 7));
        assert_eq!(line.package("@astrojs/node").unwrap().version.to_string(), "11.1.4");
        assert!(matches!(line.package("other"), Err(UpstreamError::NotPinned { .. })));
    }

    #[test]
    fn a_line_may_have_no_commit() {
        let without: String = GOOD
            .lines()
            .filter(|line| !line.starts_with("commit"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(parse(&without).unwrap().lines[0].commit, None);
    }

    #[test]
    fn every_mistake_is_marked_at_its_location() {
        for (good, bad, marked) in [
            ("[astro7]", "[astro6]", "astro6"),
            ("\"7.2.4\"", "\"7.2\"", "\"7.2\""),
            ("8a31cba625", "8A31cba625", "\"8A31cba625a23d886614172e1d3b02b8eb896a18\""),
            ("896a18", "896a1", "\"8a31cba625a23d886614172e1d3b02b8eb896a1\""),
            ("\"11.1.4\"", "\"^11\"", "\"^11\""),
            ("sha512-z4Ph", "sha512-", ""),
            ("sha512-z", "sha256-z", ""),
            ("{ version", "{ tag = 1, version", "tag"),
            ("commit =", "comit =", "comit"),
        ] {
            let text = GOOD.replacen(good, bad, if marked == "astro6" { 2 } else { 1 });
            let text =
                text.replace("[astro7.", if marked == "astro6" { "[astro6." } else { "[astro7." });
            let error = parse(&text).unwrap_err();
            let place = &error.places()[0];
            assert!(
                place.is_wrong && text[place.span.clone()].contains(marked),
                "{bad}: {error:?}"
            );
            assert!(!place.span.is_empty(), "{bad}");
        }
    }
}
