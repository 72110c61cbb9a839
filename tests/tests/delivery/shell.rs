//! Parses the commands of a script, as far as the workflows use them: words, quotes, variables, and
//! output redirected to a file.

use anyhow::{Context, Result};

/// The arguments of every call of `cargo xtask` in a script. `value` supplies the values of
/// variables.
pub fn xtask_calls(script: &str, value: impl Fn(&str) -> String) -> Result<Vec<Vec<String>>> {
    let mut calls = Vec::new();
    for line in script.lines() {
        for (at, found) in line.match_indices("cargo xtask ") {
            let rest = &line[at + found.len()..];
            // The inside of `$(…)`.
            let rest = rest.split_once(')').map_or(rest, |(inside, _)| inside);
            calls.push(words(rest, &value).with_context(|| line.to_owned())?);
        }
    }
    Ok(calls)
}

fn words(command: &str, value: impl Fn(&str) -> String) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for word in command.split_whitespace().take_while(|word| *word != ">" && *word != ">>") {
        let bare = word.trim_matches('"');
        words.push(match bare.strip_prefix('$') {
            Some(name) => value(name),
            None => bare.to_owned(),
        });
    }
    anyhow::ensure!(!words.is_empty(), "no command");
    Ok(words)
}
