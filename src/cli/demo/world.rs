//! The demo's surroundings: configuration that points at the sandbox, secrets made for this one demo, the files that
//! systems would drop, and the lists that a deployment keeps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use secrecy::{ExposeSecret, SecretString};

use super::inbox;
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::key::write_secret;
use crate::config::{Credentials, SourceSettings};
use crate::privacy::{PII_KEY_ENV, PiiKey};
use crate::reference::Reference;
use crate::reference::import::{self, ImportRequest};
use crate::sandbox::{PushCredentials, Sandbox};
use crate::seal::Identity;
use crate::warehouse::Warehouse;

/// Where the demo's secrets lie: beside the warehouse, never in it.
pub(super) const SECRETS: &str = "secrets";

/// Where the lists lie that requests are repeated for.
const LISTS: &str = "lists";

/// Where files lie until they are read.
const DROP: &str = "drop";

/// The folders that a demo fills, which the next one empties.
pub(super) const FOLDERS: [&str; 5] = ["warehouse", "outbox", SECRETS, LISTS, DROP];

/// Points the configuration at the sandbox: addresses, tokens, both fiscal years, and a PII key and an archive identity
/// made for this demo alone. Returns what senders show to the inbox.
pub(super) fn point_at(
    context: &mut Context,
    sandbox: &Sandbox,
    dir: &Path,
    today: NaiveDate,
) -> Result<PushCredentials, Failure> {
    let years = [today.year() - 1, today.year()];
    let mut secrets: BTreeMap<String, SecretString> = BTreeMap::new();
    for source in sandbox.sources() {
        let default = || SourceSettings::default_for(source);
        let settings = context.config.sources.entry(source.to_owned()).or_insert_with(default);
        settings.enabled = true;
        settings.base_url = Some(sandbox.base_url(source));
        settings.fiscal_years = years.to_vec();
        settings.folder = Some(dir.join(DROP).join(source));
        for year in years {
            secrets.insert(format!("{}_{year}", settings.token_env), sandbox.token(source, year).into());
        }
        secrets.insert(settings.token_env.clone(), sandbox.token(source, today.year()).into());
        if source == "oss" {
            settings.lists.insert("nib".to_owned(), list_file(dir, "nib"));
        }
    }
    let key = PiiKey::random_text().map_err(Failure::internal)?;
    let identity = Identity::generate();
    let folder = dir.join(SECRETS);
    std::fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, &error))?;
    write_secret(&folder.join("pii.key"), &SecretString::from(format!("{}\n", key.expose_secret())))?;
    write_secret(&folder.join("archive.identity"), &identity.to_file())?;
    secrets.insert(PII_KEY_ENV.to_owned(), key);
    let [user, password, token] = [random()?, random()?, random()?];
    for (name, value) in [("OSS_USER", &user), ("OSS_PASSWORD", &password), ("PADI_TOKEN", &token)] {
        secrets.insert(format!("LUMBUNG_INBOX_{name}"), value.clone());
    }
    context.config.archive.recipient = identity.recipients().into_iter().next();
    context.credentials = Credentials::Given(secrets);
    Ok(inbox::credentials(user.expose_secret(), password.expose_secret(), token.expose_secret()))
}

/// A secret for this demo alone.
fn random() -> Result<SecretString, Failure> {
    PiiKey::random_text().map_err(Failure::internal)
}

/// Writes what the outside world has put into the deployment's hands by now: the NIBs to ask for.
pub(super) fn deliver_files(sandbox: &Sandbox, dir: &Path) -> Result<(), Failure> {
    let nib = list_file(dir, "nib");
    write_list(&nib, "nib", sandbox.nibs().into_iter())?;
    Ok(())
}

/// Imports the mapping of PaDi's satker numbers, which no source tells.
pub(super) fn import_mapping(
    context: &Context,
    warehouse: &Warehouse,
    sandbox: &Sandbox,
    (dir, date): (&Path, NaiveDate),
) -> Result<(), Failure> {
    let file = list_file(dir, "padi_satker");
    let pairs = sandbox.padi_satkers().into_iter().map(|(id, kdsatker)| format!("{id},{kdsatker}"));
    write_list(&file, "id_satker,kdsatker", pairs)?;
    let reference = Reference::load(&context.folder)?;
    let table = reference.table("padi_satker").ok_or_else(|| Failure::internal("ref.padi_satker is shipped"))?;
    let request = ImportRequest { file: &file, date, accept_shrink: true, at: context.clock.now() };
    tokio::task::block_in_place(|| import::import(warehouse, &table.definition, &request))?;
    Ok(())
}

fn list_file(dir: &Path, name: &str) -> PathBuf {
    dir.join(LISTS).join(format!("{name}.csv"))
}

fn write_list(file: &Path, header: &str, lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let text: String = std::iter::once(header.to_owned()).chain(lines).map(|line| line + "\n").collect();
    std::fs::write(file, text).map_err(|error| cannot_write(file, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::CannotWrite, format!("cannot write {}: {error}", path.display()))
}
