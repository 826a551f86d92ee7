//! `lumbung man`: the manual, made from the help of the commands.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use super::aside::cannot_write;
use super::exit::Failure;
use super::output::{print, print_bytes};

/// The manual: the page of the program, or a folder with a page a command
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung man | man -l -\n  lumbung man --dir /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write lumbung.1 and a page for every command (lumbung-snapshot.1, …) to this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, program: Command) -> Result<(), Failure> {
    let pages = pages(program);
    match &args.dir {
        None => pages.first().map_or(Ok(()), |(_, page)| print_bytes(page)),
        Some(dir) => to_folder(dir, &pages),
    }
}

fn to_folder(dir: &Path, pages: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))?;
    for (name, page) in pages {
        let path = dir.join(name);
        std::fs::write(&path, page).map_err(|error| cannot_write(&path, &error))?;
    }
    print(&format!("{} pages in {}\n", pages.len(), dir.display()))
}

/// The page of the program and of each command below it, by file name.
fn pages(program: Command) -> Vec<(String, Vec<u8>)> {
    let mut program = program.disable_help_subcommand(true);
    // Only a built command knows the options that all commands share.
    program.build();
    let mut pages = Vec::new();
    collect(&program, &mut pages);
    pages
}

fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let man = Man::new(command.clone()).source(concat!("lumbung ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render(&mut page).expect("a vector takes every byte");
    pages.push((man.get_filename(), page));
    command.get_subcommands().for_each(|inner| collect(inner, pages));
}

#[cfg(test)]
mod tests {
    use super::pages;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_a_page_with_its_options() {
        let pages = pages(crate::cli::Cli::command());
        let page = |name: &str| {
            let found = pages.iter().find(|(known, _)| known == name);
            String::from_utf8(found.unwrap_or_else(|| panic!("no {name}")).1.clone()).unwrap()
        };
        assert!(page("lumbung.1").contains("lumbung\\-snapshot(1)"), "{}", page("lumbung.1"));
        let snapshot = page("lumbung-snapshot.1");
        for said in [".TH lumbung-snapshot 1", "accept\\-shrink", "warehouse", "Examples"] {
            assert!(snapshot.contains(said), "no {said} in\n{snapshot}");
        }
        assert!(page("lumbung-report-send.1").contains("report send"));
    }
}
