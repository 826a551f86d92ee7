//! `lumbung backup` and `lumbung restore`: a copy of what cannot be made again, its proof, and the way back.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::talk;
use crate::config;
use crate::warehouse::{
    BackupManifest, BackupRequest, Reconciliation, Restored, Warehouse, restore_backup, verify_backup,
};

/// Copy the ledger, the inbox and what cannot be made again to a folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung backup /var/backups/lumbung-2026-11-01\n  \
    lumbung backup --verify /var/backups/lumbung-2026-11-01\n\nIt is made while the daemon runs. Snapshots are not in it: \
    they are files that never change, which rsync -aH copies (docs/retention.md). It may hold addresses and sealed pushes: \
    only its owner can enter it, and whoever moves it sees to that.")]
pub(crate) struct BackupArgs {
    /// The folder to be made, which is not there yet
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Make nothing: prove that the backup in DIR is whole
    #[arg(long)]
    verify: bool,
    /// Without recorded editions
    #[arg(long, conflicts_with = "verify")]
    without_editions: bool,
}

/// Put a backup in its place, and tell what it and the disk do not agree on
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung restore /var/backups/lumbung-2026-11-01\n  \
    lumbung restore --force /var/backups/lumbung-2026-11-01\n\nStop the daemon first. Mail that waited when the backup was \
    made is in doubt afterwards (docs/mail.md), and no time of the schedule before now is due. docs/retention.md tells the rest.")]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Move a ledger that is there aside
    #[arg(long)]
    force: bool,
    /// Note snapshots that are gone from the disk as removed, so that their datasets can be read without them
    #[arg(long)]
    drop_lost: bool,
}

pub(crate) fn run(context: &Context, args: &BackupArgs) -> Result<(), Failure> {
    if args.verify {
        return show(context, "whole", args, &verify_backup(&args.folder)?);
    }
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let request = BackupRequest {
        folder: &args.folder,
        editions: !args.without_editions,
        program: env!("CARGO_PKG_VERSION"),
        at: context.clock.now(),
    };
    show(context, "made", args, &warehouse.backup(&request)?)
}

fn show(context: &Context, word: &str, args: &BackupArgs, manifest: &BackupManifest) -> Result<(), Failure> {
    if context.output == OutputFormat::Json {
        return print_json(&json!({
            "backup": args.folder.display().to_string(), "state": word, "members": manifest.members.len(),
            "bytes": manifest.bytes(), "made_at": manifest.made_at.to_rfc3339(), "program": manifest.program,
            "ledger_version": manifest.ledger_version, "inbox_version": manifest.inbox_version, "counts": manifest.counts,
        }));
    }
    let made = manifest.made_at.with_timezone(&context.config.deployment.timezone).format("%Y-%m-%d %H:%M");
    let (members, kb) = (manifest.members.len(), grouped(manifest.bytes().div_ceil(1_000)));
    let counts: Vec<String> = manifest.counts.iter().map(|(what, n)| format!("{} {what}", grouped(*n))).collect();
    print(&format!(
        "{}: {word}, {members} files, {kb} kB, of {made}\nledger of version {}: {}\n",
        args.folder.display(),
        manifest.ledger_version,
        counts.join(", ")
    ))
}

pub(crate) fn restore(context: &Context, args: &RestoreArgs) -> Result<(), Failure> {
    let now = context.clock.now();
    let (warehouse, restored) = restore_backup(&args.folder, &context.warehouse, args.force, now)?;
    let found = warehouse.reconcile()?;
    if args.drop_lost {
        warehouse.drop_lost(&found.lost, &config::operator(), now)?;
    }
    match context.output {
        OutputFormat::Json => as_json(&restored, &found, args.drop_lost),
        OutputFormat::Table => as_text(context, &restored, &found, args.drop_lost),
    }
}

fn as_json(restored: &Restored, found: &Reconciliation, dropped: bool) -> Result<(), Failure> {
    print_json(&json!({
        "restored": restored.manifest.made_at.to_rfc3339(),
        "moved_to": restored.moved_to.as_ref().map(|path| path.display().to_string()),
        "given_up": restored.given_up, "in_doubt": restored.in_doubt, "counts": restored.manifest.counts,
        "lost": found.lost.len(), "stray": found.stray.len(),
    }))?;
    for file in &found.lost {
        print_json(&json!({
            "what": "lost", "dataset": file.dataset.to_string(), "partition": file.partition,
            "run": file.run.to_string(), "rows": file.rows, "dropped": dropped,
        }))?;
    }
    for file in &found.stray {
        print_json(&json!({
            "what": "stray", "dataset": file.dataset, "partition": file.partition, "run": file.run, "bytes": file.bytes,
        }))?;
    }
    Ok(())
}

fn as_text(context: &Context, restored: &Restored, found: &Reconciliation, dropped: bool) -> Result<(), Failure> {
    let made = restored.manifest.made_at.with_timezone(&context.config.deployment.timezone);
    let mut text = format!("restored: the ledger of {}\n", made.format("%Y-%m-%d %H:%M"));
    if let Some(path) = &restored.moved_to {
        text.push_str(&format!("what was there is in {}\n", path.display()));
    }
    if restored.given_up > 0 {
        text.push_str(&format!("{} commits were not finished then and are given up\n", restored.given_up));
    }
    if restored.in_doubt > 0 {
        text.push_str(&format!(
            "{} mails or records waited then: nobody knows whether they went since. `lumbung report deliveries` and \
             ops.submissions show them\n",
            restored.in_doubt
        ));
    }
    if found.lost.is_empty() && found.stray.is_empty() {
        text.push_str("ledger and disk agree on every snapshot\n");
    }
    if !found.lost.is_empty() {
        text.push_str(match dropped {
            true => "\nthe ledger knew these and their files are gone: noted as removed\n",
            false => {
                "\nthe ledger knows these and their files are gone: their datasets cannot be read. Load them again \
                 (lumbung snapshot DATASET --date DAY), copy the files back, or run again with --force --drop-lost\n"
            }
        });
        let mut table = Table::new(&["dataset", "partition", ">rows", "run"]);
        for file in &found.lost {
            let rows = grouped(file.rows);
            table.row(vec![file.dataset.to_string(), file.partition.clone(), rows, file.run.to_string()]);
        }
        text.push_str(&table.render());
    }
    if !found.stray.is_empty() {
        text.push_str(
            "\nthese files are there and the ledger does not know them (loaded after the backup). SQL does not show them; \
             tools that list history do. Load these days again: the new file takes the place of the old one\n",
        );
        let mut table = Table::new(&["dataset", "partition", ">kB", "run"]);
        for file in &found.stray {
            let kb = grouped(file.bytes.div_ceil(1_000));
            table.row(vec![file.dataset.clone(), file.partition.clone(), kb, file.run.clone()]);
        }
        text.push_str(&table.render());
    }
    if !found.lost.is_empty() || !found.stray.is_empty() {
        talk("note: the ledger and the disk do not agree on every snapshot; docs/retention.md says what to do");
    }
    print(&text)
}
