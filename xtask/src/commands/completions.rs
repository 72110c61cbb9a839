//! `cargo xtask completions`: prints a script that completes this command line in a shell.

use clap_complete::{Shell, generate};
use diagnostics::Failure;

use crate::{answer::Answer, output};

/// Print a script that completes `cargo xtask` in a shell
///
/// Add it to the shell's start: `source <(cargo xtask completions bash)` in `.bashrc`, the same with
/// `zsh` in `.zshrc`, `cargo xtask completions fish | source` in `config.fish`.
#[derive(clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Known,
}

/// The shells that let another program's completion be extended.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Known {
    Bash,
    Fish,
    Zsh,
}

/// The name under which the scripts complete. Shells complete a program by its first word, and take
/// `xtask` for an argument of cargo. clap's script for bash completes no options of the subcommands
/// of a name with a hyphen.
const NAME: &str = "cargo_xtask";

/// The name by which cargo's own completion for zsh finds the function.
const NAME_IN_ZSH: &str = "cargo-xtask";

/// Bash asks one function for `cargo`. Of `cargo xtask …` this one makes a line of `cargo_xtask`, and
/// leaves the rest to the function from before.
const BASH: &str = r#"
_cargo_before_xtask=$(complete -p cargo 2>/dev/null | sed -n 's/.*-F \([^ ]*\) .*/\1/p')
[[ $_cargo_before_xtask == _cargo_with_xtask ]] && _cargo_before_xtask=
_cargo_with_xtask() {
	if [[ ${COMP_WORDS[1]} == xtask ]] && ((COMP_CWORD > 1)); then
		COMP_WORDS=(cargo_xtask "${COMP_WORDS[@]:2}")
		((COMP_CWORD--))
		_cargo_xtask cargo_xtask "$2" "$3"
	elif [[ -n $_cargo_before_xtask ]]; then
		"$_cargo_before_xtask" "$@"
	fi
}
complete -F _cargo_with_xtask -o bashdefault -o default cargo
"#;

/// Fish completes the line as one of `cargo_xtask`.
const FISH: &str = r#"
complete -c cargo -n '__fish_seen_subcommand_from xtask' -f -a '(complete -C "cargo_xtask "(string join " " -- (commandline -opc)[3..] (commandline -ct)))'
"#;

impl Completions {
    /// `command` is the whole command line.
    pub fn run(self, command: clap::Command) -> Result<Answer, Failure> {
        let (shell, name, more) = match self.shell {
            Known::Bash => (Shell::Bash, NAME, BASH),
            Known::Fish => (Shell::Fish, NAME, FISH),
            Known::Zsh => (Shell::Zsh, NAME_IN_ZSH, ""),
        };
        let mut script = Vec::new();
        generate(shell, &mut command.name(name).bin_name(name), name, &mut script);
        output::text!("{}{more}", String::from_utf8_lossy(&script));
        Ok(Answer::Fine)
    }
}
