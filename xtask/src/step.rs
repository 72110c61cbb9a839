//! A command that is run on the way to a proposal, and what came of it.

use std::{
    io::{self, BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::program::ProgramError;

/// How many characters of what a command printed are passed on: GitHub takes 65,536 in all.
const SHOWN: usize = 12_000;

/// A command that was run, and what came of it.
#[derive(Debug)]
pub struct Step {
    /// As it is typed.
    pub command: String,
    pub code: i32,
    /// What it printed.
    pub output: String,
}

impl Step {
    /// Runs a command to its end. `name` is how it is typed; every line that it prints is passed to
    /// `line`.
    ///
    /// # Errors
    ///
    /// [`ProgramError::Failed`] where it cannot be started.
    pub fn run(
        mut command: Command,
        name: String,
        line: impl Fn(&str),
    ) -> Result<Self, ProgramError> {
        let failed = |error: io::Error| ProgramError::Failed {
            command: name.clone(),
            reason: error.to_string(),
        };
        // One pipe for both streams, so that the lines stay in the order in which they were printed.
        let (reader, writer) = io::pipe().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        // It holds the writing end too: the pipe would have no end.
        drop(command);
        let mut output = String::new();
        for printed in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            let printed = String::from_utf8_lossy(&printed);
            line(&printed);
            output.push_str(&printed);
            output.push('\n');
        }
        let status = child.wait().map_err(failed)?;
        Ok(Self { command: name, code: status.code().unwrap_or(1), output })
    }

    /// The command, how it ended, and the end of what it printed.
    pub fn markdown(&self, is_open: bool) -> String {
        let Self { command, code, output } = self;
        let output = output.trim_end();
        let cut = output.len().saturating_sub(SHOWN);
        let cut = (cut..output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
        let before = if cut > 0 { "…\n" } else { "" };
        let fence = fence(output);
        let open = if is_open { " open" } else { "" };
        format!(
            "<details{open}><summary><code>{command}</code> ended with {code}</summary>\n\n{fence}text\n{before}{}\n{fence}\n\n</details>\n",
            &output[cut..]
        )
    }
}

/// More backticks than the text has in a row, and at least three.
fn fence(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, Step};

    #[test]
    fn output_cannot_leave_its_block() {
        let step =
            Step { command: "x".to_owned(), code: 1, output: "a\n````\n# no heading\n".to_owned() };
        assert!(step.markdown(false).contains("`````text\na\n````\n# no heading\n`````\n"));
    }

    #[test]
    fn of_long_output_the_end_is_shown() {
        let output = format!("{}end\n", "ä".repeat(SHOWN));
        let shown = Step { command: "x".to_owned(), code: 1, output }.markdown(true);
        assert!(shown.len() < SHOWN + 200 && shown.contains("…\nä") && shown.contains("äend\n"));
    }
}
