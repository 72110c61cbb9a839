//! The parts of GitHub's runner that the release needs: jobs in their own clones, the scripts of
//! their steps, and the artifacts passed between jobs. Other actions are skipped.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::locations::files_ending_with;
use tests::tools::run;

use crate::workflow::{Job, Step};

/// The environment of a workflow run.
pub struct Runner {
    /// The parent folder of all files.
    pub folder: PathBuf,
    /// The repository to clone.
    pub origin: PathBuf,
    /// The tag that triggers the workflow.
    pub tag: String,
    /// `PATH` with the stand-ins for the runner's programs in front.
    pub path: OsString,
}

/// A finished job.
pub struct Ran {
    /// The folder of the job.
    pub folder: PathBuf,
    /// The output of its scripts.
    pub printed: String,
    /// The outputs of its steps, by name.
    pub outputs: BTreeMap<String, String>,
}

impl Runner {
    /// Runs the steps of a job in a folder of this name. Each script is passed to `before` first.
    pub fn job(
        &self,
        name: &str,
        job: &Job,
        matrix: &Value,
        before: impl Fn(&Path, &str) -> Result<()>,
    ) -> Result<Ran> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        let mut ran = Ran { folder, printed: String::new(), outputs: BTreeMap::new() };
        for step in &job.steps {
            let action = step.uses.as_deref().and_then(|uses| uses.split('@').next());
            let with = |key: &str| {
                let value = step.with.get(key)?.as_str()?;
                Some(filled(value, matrix))
            };
            match action {
                Some("actions/checkout") => self.check_out(&ran.folder)?,
                Some("actions/upload-artifact") => {
                    let name = with("name").context("an artifact without a name")?;
                    self.upload(&ran.folder, &name, &with("path").context("no path")?)?;
                }
                Some("actions/download-artifact") => {
                    let into = ran.folder.join(with("path").unwrap_or_default());
                    self.download(with("pattern").as_deref(), &into)?;
                }
                _ => {}
            }
            if let Some(script) = &step.run {
                before(&ran.folder, script)?;
                self.script(&mut ran, step, script, matrix)
                    .with_context(|| format!("{name}: {script}"))?;
            }
        }
        Ok(ran)
    }

    fn check_out(&self, folder: &Path) -> Result<()> {
        run(Command::new("git").args(["clone", "--quiet"]).arg(&self.origin).arg(folder))?;
        run(Command::new("git").current_dir(folder).args(["checkout", "--quiet", &self.tag]))
    }

    fn script(&self, ran: &mut Ran, step: &Step, script: &str, matrix: &Value) -> Result<()> {
        let outputs = self.folder.join("outputs");
        fs::write(&outputs, "")?;
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        shell.current_dir(&ran.folder).env("PATH", &self.path).env_remove("CARGO_TARGET_DIR");
        shell.env("GITHUB_REF_NAME", &self.tag).env("GITHUB_OUTPUT", &outputs);
        shell.envs(step.env.iter().map(|(name, value)| (name, filled(value, matrix))));
        let output = shell.output()?;
        let printed = [output.stdout.as_slice(), &output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        ensure!(output.status.success(), "{}\n{printed}", output.status);
        ran.printed.push_str(&printed);
        let outputs = fs::read_to_string(&outputs)?;
        let outputs = outputs.lines().filter_map(|line| line.split_once('='));
        ran.outputs.extend(outputs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(())
    }

    /// Keeps the files that match a pattern, below the folder before its first wildcard.
    fn upload(&self, folder: &Path, name: &str, pattern: &str) -> Result<()> {
        let (base, _) = pattern.split_once('*').unwrap_or((pattern, ""));
        let base = folder.join(base.rsplit_once('/').map_or("", |(base, _)| base));
        let listed = Command::new("bash")
            .current_dir(folder)
            .args(["-c", &format!("shopt -s nullglob; printf '%s\\n' {pattern}")])
            .output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let files: Vec<&str> = listed.lines().filter(|file| !file.is_empty()).collect();
        ensure!(!files.is_empty(), "nothing is there for the artifact {name}: {pattern}");
        for file in files {
            let path = folder.join(file);
            let kept = self.artifacts().join(name).join(path.strip_prefix(&base)?);
            copy(&path, &kept)?;
        }
        Ok(())
    }

    /// Downloads all artifacts, each into a folder of its name, or those that match a prefix
    /// pattern into one folder.
    fn download(&self, pattern: Option<&str>, into: &Path) -> Result<()> {
        for artifact in fs::read_dir(self.artifacts())? {
            let artifact = artifact?.path();
            let name = artifact.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let into = match pattern {
                Some(pattern) if name.starts_with(pattern.trim_end_matches('*')) => into.to_owned(),
                Some(_) => continue,
                None => into.join(&name),
            };
            for file in files_ending_with(&artifact, "")? {
                copy(&file, &into.join(file.strip_prefix(&artifact)?))?;
            }
        }
        Ok(())
    }

    fn artifacts(&self) -> PathBuf {
        self.folder.join("artifacts")
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("no folder")?)?;
    fs::copy(from, to)?;
    Ok(())
}

/// Replaces the expressions in a value.
fn filled(value: &str, matrix: &Value) -> String {
    let mut text = value.to_owned();
    for (name, value) in matrix.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text = text.replace(&format!("${{{{ matrix.{name} }}}}"), &value);
    }
    text
}
