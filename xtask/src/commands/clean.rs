//! `cargo xtask clean`: removes the built packages.

use std::process::Command;

use camino::Utf8Path;
use diagnostics::Failure;

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout,
    output::{self, Locked, Mode, ModeFlags},
    program::{self, ProgramError},
    upstream::SUBMODULE,
};

/// Remove the built packages
#[derive(clap::Args)]
pub struct Clean {
    /// Also reset the submodule to the pinned commit and remove its untracked files
    #[arg(long)]
    upstream: bool,
    #[command(flatten)]
    mode: ModeFlags,
}

impl Clean {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let mode = self.mode.mode();
        let mut found = false;
        for adapter in Adapter::select(&root, &[])? {
            let folder = adapter.packages();
            if !root.join(&folder).exists() {
                continue;
            }
            found = true;
            if mode == Mode::Write {
                // A running build keeps its folder.
                let _locked = Locked::take(&root.join(&folder), &adapter.build_name())?;
                output::remove(&root.join(&folder))
                    .map_err(|error| output::unwritable(&root.join(&folder), &error))?;
            }
            output::line!(
                "{} {folder}",
                if mode == Mode::Write { "removed" } else { "would remove" }
            );
        }
        if self.upstream && root.join(SUBMODULE).join(".git").exists() {
            found = true;
            let steps: [&[&str]; 2] = [
                &["submodule", "update", "--init", "--force", "--depth", "1", SUBMODULE],
                &["-C", SUBMODULE, "clean", "-fdxq"],
            ];
            for arguments in steps {
                if mode == Mode::Write {
                    git(&root, arguments)?;
                } else {
                    output::line!("would run git {}", arguments.join(" "));
                }
            }
        }
        Ok(if mode == Mode::Check && found { Answer::No } else { Answer::Fine })
    }
}

fn git(root: &Utf8Path, arguments: &[&str]) -> Result<(), ProgramError> {
    let mut git = Command::new("git");
    git.current_dir(root).args(arguments);
    match git.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(program::failed(&git, status)),
        Err(error) => Err(program::failed(&git, error)),
    }
}
