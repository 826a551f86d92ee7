//! `lumbung key`: the secret that personal values are hashed under, and the identity that opens the archive.

mod rotate;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::Context;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, print, print_json};
use crate::privacy::{KeyForm, PII_KEY_ENV, PiiKey};
use crate::seal::Identity;
use crate::warehouse::{AsOf, Warehouse};

/// The key that personal values are hashed under, and the identity that opens the archive
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung key new /etc/lumbung/pii.key\n  lumbung key identity archive.identity\n  \
    lumbung key id\n\nWho keeps what: docs/privacy.md"
)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key for NIK, NPWP and the like in FILE, which must not exist
    #[command(after_help = "Example:\n  lumbung key new /etc/lumbung/pii.key")]
    New {
        /// Where to write it; only its owner may read it
        file: PathBuf,
    },
    /// The id of the key in use, and the keys that the snapshots were hashed under
    #[command(after_help = "Example:\n  lumbung key id --output json")]
    Id,
    /// The hash of one value, read from stdin, to look for it in a query
    #[command(
        after_help = "Example:\n  lumbung key hash < nik.txt\n\nThe value is read from stdin, so that it stands in no \
        history of commands. Then: lumbung sql \"SELECT * FROM sipp.bantuan WHERE nik = '<hash>'\""
    )]
    Hash {
        /// What the value is: nik, npwp or text
        #[arg(long, value_name = "FORM", default_value = "nik")]
        form: KeyForm,
    },
    /// Make the identity that opens sealed raw pages, and print its recipient
    #[command(
        after_help = "Example:\n  lumbung key identity archive.identity\n\nDo this on another machine and keep FILE \
        there: who can load should not be able to read back. An existing FILE is read, never overwritten."
    )]
    Identity {
        /// Where it is, or is to be written; only its owner may read it
        file: PathBuf,
    },
    /// Hash every snapshot of personal data again, under a new key
    Rotate(rotate::RotateArgs),
}

pub(crate) async fn run(context: &Context, args: &KeyArgs) -> Result<(), Failure> {
    match &args.command {
        KeyCommand::Rotate(args) => rotate::run(context, args).await,
        KeyCommand::New { file } => new(context, file),
        KeyCommand::Id => id(context),
        KeyCommand::Hash { form } => hash(context, *form),
        KeyCommand::Identity { file } => identity(context, file),
    }
}

fn new(context: &Context, file: &Path) -> Result<(), Failure> {
    let text = PiiKey::random_text().map_err(Failure::internal)?;
    let key = PiiKey::from_text(text.expose_secret()).map_err(Failure::internal)?;
    let line = SecretString::from(format!("{}\n", text.expose_secret()));
    write_secret(file, &line)?;
    if context.output == OutputFormat::Json {
        return print_json(&json!({ "file": file.display().to_string(), "key_id": key.key_id() }));
    }
    print(&format!(
        "key id  {}\nfile    {}\n\nNext: [privacy] key_file = \"{}\" in lumbung.toml, or its line in {PII_KEY_ENV}.\n\
         Keep a copy where the warehouse is not: without it new data joins nothing that is there.\n",
        key.key_id(),
        file.display(),
        file.display()
    ))
}

/// Longest value that is hashed.
const VALUE_BYTES_MAX: u64 = 1_024;

fn hash(context: &Context, form: KeyForm) -> Result<(), Failure> {
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref())?;
    let mut value = String::new();
    let read = std::io::stdin().take(VALUE_BYTES_MAX).read_to_string(&mut value);
    read.map_err(|error| Failure::usage(format!("stdin cannot be read: {error}")))?;
    // A value that is not whole is stored as NULL: there is nothing to look for.
    let hash = key.keyed(form, value.trim()).map_err(|state| {
        Failure::new(
            Code::Data,
            format!("the value is not whole ({}): no row is stored under a hash of it", state.as_str()),
        )
    })?;
    if context.output == OutputFormat::Json {
        return print_json(&json!({ "hash": hash, "key_id": key.key_id() }));
    }
    print(&format!("{hash}\n"))
}

fn identity(context: &Context, file: &Path) -> Result<(), Failure> {
    let identity = if file.exists() {
        Identity::read(file)?
    } else {
        let identity = Identity::generate();
        write_secret(file, &identity.to_file())?;
        identity
    };
    let recipients: Vec<String> = identity.recipients().iter().map(ToString::to_string).collect();
    if context.output == OutputFormat::Json {
        return print_json(&json!({ "file": file.display().to_string(), "recipients": recipients }));
    }
    let lines: String = recipients.iter().map(|recipient| format!("recipient = \"{recipient}\"\n")).collect();
    print(&format!("[archive]\n{lines}"))
}

/// The key in use and, where there is a warehouse, the keys of its snapshots.
fn id(context: &Context) -> Result<(), Failure> {
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref())?;
    let counts = match Warehouse::open_for_reading(&context.warehouse) {
        Ok(warehouse) => counts(&warehouse)?,
        Err(_) => BTreeMap::new(),
    };
    if context.output == OutputFormat::Json {
        let counts: Vec<_> = counts
            .iter()
            .map(|((dataset, id), n)| json!({ "dataset": dataset, "key_id": id, "snapshots": n }))
            .collect();
        return print_json(&json!({ "key_id": key.key_id(), "datasets": counts }));
    }
    let mut table = Table::new(&["dataset", "key id", ">snapshots", "joins with new data"]);
    for ((dataset, id), n) in &counts {
        let joins = if id == key.key_id() { "yes" } else { "no: lumbung key rotate" };
        table.row(vec![dataset.clone(), id.clone(), n.to_string(), joins.to_owned()]);
    }
    let table = if counts.is_empty() { String::new() } else { format!("\n{}", table.render()) };
    print(&format!("{}\n{table}", key.key_id()))
}

/// Committed snapshots by dataset and key.
fn counts(warehouse: &Warehouse) -> Result<BTreeMap<(String, String), u64>, Failure> {
    let mut by_run: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for file in warehouse.committed_files(AsOf::All)? {
        let run = file.run.to_string();
        if !by_run.contains_key(&run) {
            let detail = warehouse.run(&file.run)?;
            by_run.insert(run.clone(), detail.and_then(|detail| detail.run.key_id));
        }
        if let Some(id) = by_run.get(&run).cloned().flatten() {
            *counts.entry((file.dataset.to_string(), id)).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Writes a file that only its owner may read, and never over one that is there.
pub(super) fn write_secret(path: &Path, text: &SecretString) -> Result<(), Failure> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.expose_secret().as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already, and a key is never overwritten", path.display()))
        }
        _ => Failure::new(Code::CannotWrite, format!("cannot write {}: {error}", path.display())),
    })
}
