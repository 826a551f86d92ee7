//! `lumbung key rotate`: every snapshot with keyed hashes is decoded again from the archive, under the new key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;
use serde_json::json;

use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::output::{OutputFormat, Table, print, print_json};
use crate::cli::replay::{replay, require_warehouse};
use crate::config::{self, Credentials};
use crate::contract::Contract;
use crate::load::ReplayRequest;
use crate::privacy::{PII_KEY_ENV, PiiKey};
use crate::seal::Identity;
use crate::warehouse::{AsOf, CommittedFile, RunId, Warehouse};

/// Hash every snapshot of personal data again, under a new key
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lumbung key new pii-2027.key\n  \
    lumbung key rotate --identity archive.identity --new-key pii-2027.key\n\nStop the loads until it is done. It can be \
    interrupted and run again. Snapshots whose raw pages are gone keep their key; they are listed, and the exit code is 65.")]
pub(crate) struct RotateArgs {
    /// The file with the identity that opens sealed pages
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The file with the new key [default: the key in use, for what is under another one]
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
}

/// A snapshot that could not be hashed again.
struct Left {
    file: CommittedFile,
    key_id: String,
    why: String,
}

pub(crate) async fn run(context: &Context, args: &RotateArgs) -> Result<(), Failure> {
    let contracts = context.folder.contracts()?;
    let identity = Identity::read(&args.identity)?;
    let (key, context) = under_key(context, args)?;
    require_warehouse(&context.warehouse)?;
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let waiting = warehouse.inbox()?.key_ids_waiting()?;
    if let Some(old) = waiting.iter().find(|id| *id != key.key_id()) {
        let message =
            format!("pushes sealed under the key {old} wait in the inbox: load them first (lumbung snapshot)");
        return Err(Failure::new(Code::Data, message));
    }
    let (mut tried, mut n_done) = (BTreeMap::new(), 0_u64);
    // Looked up anew after every replay: one of them may renew several tables.
    while let Some((file, _)) = next(&warehouse, &contracts, key.key_id(), &tried)? {
        let Some(detail) = warehouse.run(&file.run)? else {
            tried.insert(file.run.clone(), "the ledger does not know its run".to_owned());
            continue;
        };
        let request = ReplayRequest {
            run: &detail,
            identity: Some(&identity),
            date: None,
            // The rows are those that were published once: they are not judged again for being few or refused.
            accept_shrink: true,
            accept_quarantine: true,
            accept_drift: true,
            operator: config::operator(),
        };
        let reports = replay(&context, &contracts, &warehouse, &request).await?;
        n_done += reports.iter().filter(|report| report.error.is_none()).count() as u64;
        let why = reports.iter().find_map(|report| report.error.as_ref()).map(ToString::to_string);
        tried.insert(file.run.clone(), why.unwrap_or_else(|| "the replay did not renew it".to_owned()));
    }
    let left = left(&warehouse, &contracts, key.key_id(), &tried)?;
    tell(&context, &key, n_done, &left)?;
    if left.is_empty() { Ok(()) } else { Err(Failure::told(Code::Data)) }
}

/// The key that is rotated to, and the program as it runs with that key alone: no source is asked, so no token is needed.
fn under_key(context: &Context, args: &RotateArgs) -> Result<(PiiKey, Context), Failure> {
    let mut context = context.clone();
    if let Some(file) = &args.new_key {
        context.credentials = Credentials::Given(BTreeMap::<String, SecretString>::new());
        context.config.privacy.key_file = Some(file.clone());
    }
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref())?;
    Ok((key, context))
}

/// The newest snapshot under another key whose run was not tried yet, with that key's id.
fn next(
    warehouse: &Warehouse,
    contracts: &[Contract],
    key_id: &str,
    tried: &BTreeMap<RunId, String>,
) -> Result<Option<(CommittedFile, String)>, Failure> {
    let others = under_other_keys(warehouse, contracts, key_id)?;
    let due = others.into_iter().filter(|(file, _)| !tried.contains_key(&file.run));
    Ok(due.max_by_key(|(file, _)| (file.snapshot_date, file.committed_at)))
}

/// The snapshots with hashes of another key.
fn under_other_keys(
    warehouse: &Warehouse,
    contracts: &[Contract],
    key_id: &str,
) -> Result<Vec<(CommittedFile, String)>, Failure> {
    let keyed: BTreeSet<String> = contracts
        .iter()
        .flat_map(|contract| contract.datasets.iter().map(move |dataset| (contract, dataset)))
        .filter(|(_, dataset)| dataset.needs_pii_key())
        .map(|(contract, dataset)| format!("{}.{}", contract.source, dataset.name))
        .collect();
    let mut by_run: BTreeMap<RunId, Option<String>> = BTreeMap::new();
    let mut others = Vec::new();
    for file in warehouse.committed_files(AsOf::All)? {
        if !keyed.contains(&file.dataset.to_string()) {
            continue;
        }
        if !by_run.contains_key(&file.run) {
            let id = warehouse.run(&file.run)?.and_then(|detail| detail.run.key_id);
            by_run.insert(file.run.clone(), id);
        }
        let id = by_run.get(&file.run).cloned().flatten();
        if id.as_deref() != Some(key_id) {
            others.push((file, id.unwrap_or_else(|| "none".to_owned())));
        }
    }
    Ok(others)
}

/// What is still under another key when all was tried.
fn left(
    warehouse: &Warehouse,
    contracts: &[Contract],
    key_id: &str,
    tried: &BTreeMap<RunId, String>,
) -> Result<Vec<Left>, Failure> {
    let others = under_other_keys(warehouse, contracts, key_id)?;
    let why = |file: &CommittedFile| tried.get(&file.run).cloned().unwrap_or_default();
    Ok(others.into_iter().map(|(file, key_id)| Left { why: why(&file), file, key_id }).collect())
}

fn tell(context: &Context, key: &PiiKey, n_done: u64, left: &[Left]) -> Result<(), Failure> {
    if context.output == OutputFormat::Json {
        let left: Vec<_> = left
            .iter()
            .map(|left| {
                json!({
                    "dataset": left.file.dataset.to_string(), "partition": left.file.partition.to_string(),
                    "run": left.file.run.to_string(), "key_id": left.key_id, "why": left.why,
                })
            })
            .collect();
        return print_json(&json!({ "key_id": key.key_id(), "replayed": n_done, "left": left }));
    }
    let mut text = format!("{n_done} runs were decoded again under the key {}\n", key.key_id());
    if !left.is_empty() {
        let mut table = Table::new(&["dataset", "partition", "key id", "why it stays"]);
        for left in left {
            let cells = [left.file.dataset.to_string(), left.file.partition.to_string()];
            table.row(cells.into_iter().chain([left.key_id.clone(), left.why.clone()]).collect());
        }
        text.push_str(&format!(
            "\nStill under another key; they join nothing that is under this one:\n{}",
            table.render()
        ));
    } else if let Some(line) = in_use(context, key) {
        text.push_str(&line);
    }
    print(&text)
}

/// What is left to do: the loads to come need the key, too.
fn in_use(context: &Context, key: &PiiKey) -> Option<String> {
    let file =
        context.config.privacy.key_file.as_ref().filter(|_| matches!(context.credentials, Credentials::Given(_)))?;
    Some(format!(
        "Next: [privacy] key_file = \"{}\" in lumbung.toml, or the key in {PII_KEY_ENV}, before the next load (key id {})\n",
        file.display(),
        key.key_id()
    ))
}
