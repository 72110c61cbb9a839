//! The parts of a GitHub Actions workflow that the tests inspect.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Deserializer};
use tests::locations::{files_ending_with, repository};

/// A file of `.github/workflows`.
pub struct File {
    pub name: String,
    pub text: String,
    pub workflow: Workflow,
}

#[derive(Deserialize)]
pub struct Workflow {
    pub on: serde_json::Value,
    pub permissions: Option<BTreeMap<String, String>>,
    pub concurrency: Option<serde_json::Value>,
    pub jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    pub permissions: Option<BTreeMap<String, String>>,
    pub timeout_minutes: Option<u64>,
    #[serde(default)]
    pub needs: Needs,
    pub steps: Vec<Step>,
}

/// The jobs that must end before a job starts.
#[derive(Default)]
pub struct Needs(Vec<String>);

/// GitHub accepts one name or a list of names.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl<'de> Deserialize<'de> for Needs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(match OneOrSeveral::deserialize(deserializer)? {
            OneOrSeveral::One(name) => Self(vec![name]),
            OneOrSeveral::Several(names) => Self(names),
        })
    }
}

impl PartialEq<&str> for Needs {
    fn eq(&self, name: &&str) -> bool {
        self.0 == [*name]
    }
}

#[derive(Deserialize)]
pub struct Step {
    pub uses: Option<String>,
    pub run: Option<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub with: BTreeMap<String, serde_json::Value>,
}

impl File {
    /// All workflows.
    pub fn all() -> Result<Vec<Self>> {
        let files = files_ending_with(&repository().join(".github/workflows"), ".yml")?;
        ensure!(!files.is_empty(), "there are no workflows");
        files.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&path)?;
        let workflow = serde_saphyr::from_str(&text)
            .with_context(|| format!("not a workflow: {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, text, workflow })
    }

    /// The scripts of all steps, each with its job.
    pub fn scripts(&self) -> impl Iterator<Item = (&str, &Step, &str)> {
        self.workflow.jobs.iter().flat_map(|(job, it)| {
            let runs = it.steps.iter();
            runs.filter_map(move |step| Some((job.as_str(), step, step.run.as_deref()?)))
        })
    }
}
