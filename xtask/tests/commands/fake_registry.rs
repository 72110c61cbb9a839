//! A fake registry with several releases of the toy and of Astro.

use std::collections::BTreeMap;

use crate::{
    server::{Answer, Server},
    tarball,
};

/// The content of the registry.
#[derive(Clone, Default)]
pub struct FakeRegistry {
    toys: BTreeMap<String, Toy>,
    astro: Vec<String>,
    /// The range of Node.js of every Astro, instead of the original ones.
    node: Option<String>,
}

#[derive(Clone)]
struct Toy {
    tarball: Vec<u8>,
    /// The sha512 in the metadata.
    integrity: Option<String>,
    peer: String,
    built_with: String,
}

impl FakeRegistry {
    /// Adds a release of the toy that fits, built with this version of Astro.
    pub fn toy(self, version: &str, astro: &str) -> Self {
        self.toy_with(version, astro, tarball::MODULE)
    }

    /// Adds a release of the toy with this module.
    pub fn toy_with(mut self, version: &str, astro: &str, module: &str) -> Self {
        let tarball = toy(version, module);
        let major = astro.split('.').next().unwrap();
        let toy = Toy {
            integrity: Some(tarball::integrity(&tarball)),
            tarball,
            peer: format!("^{major}.0.0"),
            built_with: astro.to_owned(),
        };
        self.toys.insert(version.to_owned(), toy);
        self
    }

    /// Sets the sha512 in the metadata of a toy release, or removes it.
    pub fn announcing(mut self, version: &str, integrity: Option<String>) -> Self {
        self.toys.get_mut(version).unwrap().integrity = integrity;
        self
    }

    /// Sets the range of Astro for a release of the toy.
    pub fn peer(mut self, version: &str, range: &str) -> Self {
        self.toys.get_mut(version).unwrap().peer = range.to_owned();
        self
    }

    /// Sets the range of Node.js for every Astro.
    pub fn node(mut self, range: &str) -> Self {
        self.node = Some(range.to_owned());
        self
    }

    /// Adds these releases of Astro.
    pub fn astro(mut self, versions: &[&str]) -> Self {
        self.astro.extend(versions.iter().map(|version| (*version).to_owned()));
        self
    }

    /// The answer to a path.
    pub fn answer(&self, path: &str) -> Answer {
        match path {
            "/@upstream%2ftoy" => Answer::found(self.metadata()),
            "/astro" => Answer::found(self.metadata_of_astro()),
            _ => {
                let version = path.strip_prefix("/toy-").and_then(|rest| rest.strip_suffix(".tgz"));
                match version.and_then(|version| self.toys.get(version)) {
                    Some(toy) => Answer::found(toy.tarball.clone()),
                    None => Answer::Status(404, Vec::new()),
                }
            }
        }
    }

    pub fn serve(self) -> Server {
        Server::start(move |path, _| self.answer(path))
    }

    fn metadata(&self) -> String {
        let versions = self.toys.iter().map(|(version, toy)| {
            let Toy { integrity, peer, built_with, .. } = toy;
            let integrity = integrity.iter().map(|text| format!(r#","integrity":"{text}""#));
            let integrity: String = integrity.collect();
            format!(
                r#""{version}":{{"peerDependencies":{{"astro":"{peer}"}},"devDependencies":{{"astro":"{built_with}"}},"dist":{{"tarball":"/toy-{version}.tgz"{integrity}}}}}"#
            )
        });
        let versions: Vec<String> = versions.collect();
        let time = times(self.toys.keys());
        format!(r#"{{"name":"@upstream/toy","versions":{{{}}},"time":{time}}}"#, versions.join(","))
    }

    fn metadata_of_astro(&self) -> String {
        let versions = self.astro.iter().map(|version| {
            let node = if let Some(range) = &self.node {
                range
            } else if version.starts_with(['4', '5', '6']) {
                "18.20.8 || ^20.3.0 || >=22.0.0"
            } else {
                ">=22.12.0"
            };
            format!(
                r#""{version}":{{"engines":{{"node":"{node}"}},"dist":{{"tarball":"/astro.tgz","integrity":"{}"}}}}"#,
                tarball::integrity(b"astro")
            )
        });
        let versions: Vec<String> = versions.collect();
        let time = times(self.astro.iter());
        format!(r#"{{"name":"astro","versions":{{{}}},"time":{time}}}"#, versions.join(","))
    }
}

/// The first release of every major and all of 7.2 are from November 2026, all others from
/// December.
fn times<'v>(versions: impl Iterator<Item = &'v String>) -> String {
    let times = versions.map(|version| {
        let is_early = version.ends_with(".0.0") || version.starts_with("7.2.");
        let month = if is_early { "11" } else { "12" };
        format!(r#""{version}":"2026-{month}-01T08:00:00.000Z""#)
    });
    format!("{{{}}}", times.collect::<Vec<String>>().join(","))
}

/// A release of the toy.
pub fn toy(version: &str, module: &str) -> Vec<u8> {
    let manifest = tarball::MANIFEST.replace("1.2.3", version);
    tarball::with_files(&[
        ("package/package.json", manifest.as_bytes()),
        ("package/dist/index.js", module.as_bytes()),
    ])
}

/// A table of the pins. `more` holds further keys, one per line.
pub fn line(astro: &str, commit: &str, toy: &str, more: &str) -> String {
    let major = astro.split('.').next().unwrap();
    let integrity = tarball::integrity(&self::toy(toy, tarball::MODULE));
    format!(
        "[astro{major}]\nastro = \"{astro}\"\ncommit = \"{commit}\"\n{more}[astro{major}.packages]\n\"@upstream/toy\" = {{ version = \"{toy}\", integrity = \"{integrity}\" }}\n"
    )
}
