//! `lumbung completions`: what a shell needs to complete commands and options, made from the commands themselves.

use clap::{Args, Command};
use clap_complete::Shell;

use super::exit::Failure;
use super::output::print_bytes;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung completions bash > /etc/bash_completion.d/lumbung\n  \
    lumbung completions zsh > ~/.zfunc/_lumbung\n  lumbung completions fish > ~/.config/fish/completions/lumbung.fish\n\n\
    The Debian package brings those of bash, zsh and fish.")]
pub(crate) struct CompletionsArgs {
    /// Which one
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, mut program: Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut program, "lumbung", &mut text);
    print_bytes(&text)
}
