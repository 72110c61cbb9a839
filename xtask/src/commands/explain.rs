//! `cargo xtask explain`: prints the long explanation of an error.

use diagnostics::{Entry, Failure};

use crate::{answer::Answer, output};

/// Explain an error code, or list all codes
#[derive(clap::Args)]
pub struct Explain {
    /// Error code, for example `P012`
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    /// `catalogue` holds all errors.
    pub fn run(self, catalogue: &[&Entry]) -> Result<Answer, Failure> {
        let Some(code) = self.code else {
            for entry in catalogue {
                output::line!("{}  {}", entry.code, entry.title);
            }
            return Ok(Answer::Fine);
        };
        let entry = catalogue.iter().find(|entry| entry.code.eq_ignore_ascii_case(&code));
        let entry = entry.ok_or(ExplainError::NoCode { code })?;
        output::line!("{}: {}\n\nexit code {}", entry.code, entry.explanation, entry.exit);
        Ok(Answer::Fine)
    }
}

/// The argument is not an error code.
#[derive(Debug, thiserror::Error, diagnostics::Explain)]
#[explain(exit = 2)]
pub enum ExplainError {
    /// Unknown error code
    ///
    /// A code is a letter and three digits: P for patches, U for upstream, N for publishing on npm,
    /// B for everything else.
    #[error("there is no error code `{code}`")]
    #[explain(code = "B021", help = "run `cargo xtask explain` for the list")]
    NoCode { code: String },
}
