//! `cargo xtask explain`: the long form of an error.

use crate::{
    answer::Answer,
    error::{self, Failure, UsageError},
};

/// Explain an error code, or list them all
#[derive(clap::Args)]
pub struct Explain {
    /// For example `P012`
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    pub fn run(self) -> Result<Answer, Failure> {
        let Some(code) = self.code else {
            for entry in error::catalogue() {
                anstream::println!("{}  {}", entry.code, entry.title);
            }
            return Ok(Answer::Fine);
        };
        let entry =
            error::catalogue().into_iter().find(|entry| entry.code.eq_ignore_ascii_case(&code));
        let entry = entry.ok_or(UsageError::Code { code })?;
        anstream::println!("{}: {}\n\nexit code {}", entry.code, entry.explanation, entry.exit);
        Ok(Answer::Fine)
    }
}
