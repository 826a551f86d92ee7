//! `lumbung init`: a config folder to edit, with what the binary carries. Needs no config: it may be what is broken.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::GlobalArgs;
use super::aside::cannot_write;
use super::exit::Failure;
use super::output::{OutputFormat, print, print_json};
use crate::clock::Clock;
use crate::config::{ENV_EXAMPLE, ENV_FILE, shipped};

/// Write a commented config folder
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung init\n  lumbung init /etc/lumbung\n  lumbung init --force new-release && diff -r config new-release\n\n\
    The folder holds lumbung.toml with every key and its default, the contracts of the sources, the reports, the reference \
    tables, and a pattern for the file with the secrets. A file in it goes before the one that the binary carries: delete \
    what you do not change, and it comes from each release anew."
)]
pub(crate) struct InitArgs {
    /// The folder; made where it is not there
    #[arg(value_name = "DIR", default_value = "config")]
    dir: PathBuf,
    /// Write over files that are there; each one that differs is kept beside as <file>.<time>.bak
    #[arg(long)]
    force: bool,
}

/// Files of a config folder that are there already and named in a refusal.
const NAMED_MAX: usize = 3;

/// What was done.
#[derive(Debug, Default)]
struct Written {
    files: Vec<&'static str>,
    unchanged: usize,
    kept: Vec<PathBuf>,
}

pub(crate) fn run(global: &GlobalArgs, args: &InitArgs) -> Result<(), Failure> {
    let now = global.now.map_or(Clock::System, Clock::Fixed).now();
    if !args.force {
        nothing_is_there(&args.dir)?;
    }
    let mut written = Written::default();
    for (name, text) in shipped() {
        write(&args.dir, (name, text), now, &mut written)?;
    }
    say(global.output, &args.dir, &written)
}

fn nothing_is_there(dir: &Path) -> Result<(), Failure> {
    let there: Vec<&str> = shipped().map(|(name, _)| name).filter(|name| dir.join(name).exists()).collect();
    if there.is_empty() {
        return Ok(());
    }
    let named = there.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if there.len() > NAMED_MAX { ", …" } else { "" };
    let message =
        format!("{} has {} of these files already ({named}{more}); nothing was written", dir.display(), there.len());
    Err(Failure::usage(message).with_hint("another folder, or --force, which keeps a copy of each file that differs"))
}

/// Puts one file in its place, whole; what differs there is kept first.
fn write(
    dir: &Path,
    (name, text): (&'static str, &str),
    now: DateTime<Utc>,
    written: &mut Written,
) -> Result<(), Failure> {
    let path = dir.join(name);
    let failed = |error: io::Error| cannot_write(&path, &error);
    match std::fs::read(&path) {
        Ok(found) if found == text.as_bytes() => {
            written.unchanged += 1;
            return Ok(());
        }
        Ok(_) => {
            let copy = dir.join(format!("{name}.{}.bak", now.format("%Y%m%dT%H%M%SZ")));
            std::fs::copy(&path, &copy).map_err(failed)?;
            written.kept.push(copy);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // Recipients stand in the folder; what is secret in it is for its owner alone.
    let folder = path.parent().unwrap_or(dir);
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(folder).map_err(failed)?;
    let mode = if name == ENV_EXAMPLE { 0o600 } else { 0o640 };
    let aside = dir.join(format!("{name}.part"));
    let place = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &path)
    };
    place().map_err(failed)?;
    written.files.push(name);
    Ok(())
}

fn say(output: OutputFormat, dir: &Path, written: &Written) -> Result<(), Failure> {
    if output == OutputFormat::Json {
        let kept: Vec<String> = written.kept.iter().map(|path| path.display().to_string()).collect();
        return print_json(&json!({
            "folder": dir.display().to_string(), "written": written.files, "unchanged": written.unchanged, "kept": kept,
        }));
    }
    let (place, n_files) = (dir.display(), written.files.len());
    let mut text = format!("{n_files} files written to {place}");
    if written.unchanged > 0 {
        text.push_str(&format!(", {} were so already", written.unchanged));
    }
    text.push('\n');
    for copy in &written.kept {
        text.push_str(&format!("kept {}\n", copy.display()));
    }
    // ./config is found by itself.
    let lumbung = if dir == Path::new("config") { "lumbung".to_owned() } else { format!("lumbung --config {place}") };
    text.push_str(&format!(
        "\nNext:\n\
         1. edit {place}/lumbung.toml: who you are ([deployment]), which sources are switched on, [mail]\n\
         2. cp -p {place}/{ENV_EXAMPLE} {place}/{ENV_FILE}   and fill in the secrets of those sources\n\
         3. lumbung key new {place}/pii.key   and name it in [privacy] key_file\n\
         4. set -a; . {place}/{ENV_FILE}; set +a; {lumbung} check   says what is still missing, each with what to do\n\
         5. {lumbung} snapshot, then {lumbung} serve   (docs/operate.md)\n"
    ));
    print(&text)
}

#[cfg(test)]
mod tests {
    use super::{Written, nothing_is_there, write};
    use crate::config::shipped;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_differs_is_kept_and_nothing_is_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("etc/lumbung");
        let now = "2026-11-20T05:30:00Z".parse().unwrap();
        let all = |written: &mut Written| shipped().for_each(|file| write(&dir, file, now, written).unwrap());
        let mut first = Written::default();
        assert!(nothing_is_there(&dir).is_ok());
        all(&mut first);
        assert_eq!((first.files.len(), first.unchanged, first.kept.len()), (shipped().count(), 0, 0));
        let mode = |name: &str| std::fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("lumbung.env.example"), mode("lumbung.toml"), mode("sources")), (0o600, 0o640, 0o750));

        let refused = nothing_is_there(&dir).unwrap_err();
        assert!(refused.message.contains("nothing was written") && refused.message.contains("lumbung.toml"));
        std::fs::write(dir.join("sources/padi.toml"), "mine").unwrap();
        let mut again = Written::default();
        all(&mut again);
        let copy = dir.join("sources/padi.toml.20261120T053000Z.bak");
        assert_eq!((again.files, &again.kept), (vec!["sources/padi.toml"], &vec![copy.clone()]));
        assert_eq!(std::fs::read(copy).unwrap(), b"mine");
        assert_ne!(std::fs::read(dir.join("sources/padi.toml")).unwrap(), b"mine");
    }
}
