//! A command that runs as part of a proposal, and its result.

use std::{
    io::{self, BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::program::ProgramError;

/// The maximum number of output characters to pass on: GitHub's limit is 65,536 in total.
const SHOWN: usize = 12_000;

/// A command and its result.
#[derive(Debug)]
pub struct Step {
    /// The command as typed.
    pub command: String,
    pub code: i32,
    /// Its output.
    pub output: String,
}

impl Step {
    /// Runs a command to its end. `name` is the command as typed. Calls `line` with every line of
    /// output.
    ///
    /// # Errors
    ///
    /// [`ProgramError::Failed`] if it does not start.
    pub fn run(
        mut command: Command,
        name: String,
        line: impl Fn(&str),
    ) -> Result<Self, ProgramError> {
        let failed = |error: io::Error| ProgramError::Failed {
            command: name.clone(),
            reason: error.to_string(),
        };
        // One pipe for both streams keeps the lines in order.
        let (reader, writer) = io::pipe().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        // The command also holds the writing end: without this, reading would never end.
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

    /// The command, its exit code, and the end of its output.
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

/// A fence of at least three backticks, longer than any run of them in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, Step};

    #[test]
    fn output_cannot_close_its_code_block() {
        let step =
            Step { command: "x".to_owned(), code: 1, output: "a\n````\n# no heading\n".to_owned() };
        assert!(step.markdown(false).contains("`````text\na\n````\n# no heading\n`````\n"));
    }

    #[test]
    fn long_output_is_cut_at_the_start() {
        let output = format!("{}end\n", "ä".repeat(SHOWN));
        let shown = Step { command: "x".to_owned(), code: 1, output }.markdown(true);
        assert!(shown.len() < SHOWN + 200 && shown.contains("…\nä") && shown.contains("äend\n"));
    }
}
