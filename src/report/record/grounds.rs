//! What the editions of one composition stand on: everything that has to be the same for the same bytes to come out again.

use super::{FORMAT, Manifest};
use crate::report::inputs::SourceNote;
use crate::warehouse::PinnedFile;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the editions of one report, day and now stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// [`FORMAT`].
    pub format: u32,
    /// The report.
    pub report: String,
    /// The date its editions stand for.
    pub period: NaiveDate,
    /// The day whose snapshots they show.
    pub day: NaiveDate,
    /// The time they were composed, as it was handed in.
    pub now: DateTime<Utc>,
    /// The definition, `reports/<file>.toml`.
    pub definition: TextRecord,
    /// The report's queries by name.
    pub queries: BTreeMap<String, String>,
    /// The views and data tests below them by `mart.<name>` and `check.<name>`.
    pub views: BTreeMap<String, String>,
    /// Contracts and reference tables by their names in the config folder.
    pub config: BTreeMap<String, String>,
    /// The names that are printed.
    pub deployment: DeploymentRecord,
    /// What the ledger said of each dataset's load.
    pub sources: Vec<SourceNote>,
    /// The committed files, and how far the ledger had come.
    pub current: MomentRecord,
    /// Those of the previous edition, if there was one.
    pub previous: Option<MomentRecord>,
}

/// A text by its SHA-256; the values of the maps in [`Grounds`] are such hashes too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRecord {
    /// Its name in the config folder.
    pub name: String,
    /// Its hash, by which the warehouse gives it back.
    pub sha256: String,
}

/// [`crate::report::Deployment`], written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// The ministry or agency.
    pub agency: String,
    /// The unit that answers questions.
    pub contact_unit: String,
    /// Its address, which every edition prints.
    pub contact_address: String,
    /// The sender's display name.
    pub from_name: String,
    /// The sender's address.
    pub from_address: String,
    /// The picture in the band.
    pub logo: Option<LogoRecord>,
}

/// [`crate::report::Logo`], written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoRecord {
    /// Hash of the PNG.
    pub sha256: String,
    /// What is read where it is blocked.
    pub alt: String,
    /// Width in px as shown.
    pub width: u32,
    /// Height in px as shown.
    pub height: u32,
}

/// A moment of the warehouse, written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentRecord {
    /// The recorded edition that it is the moment of; `None` for the present one, and where only snapshots are older.
    pub edition: Option<String>,
    /// The day whose snapshots are meant.
    pub day: Option<NaiveDate>,
    /// The number of the last run that had begun.
    pub runs: u64,
    /// The runs that had not ended.
    pub open_runs: Vec<String>,
    /// The files; those whose rows are read have their hash.
    pub files: Vec<PinnedFile>,
}

impl MomentRecord {
    /// The files whose rows are read.
    pub fn read(&self) -> impl Iterator<Item = &PinnedFile> {
        self.files.iter().filter(|file| file.sha256.is_some())
    }
}

impl Grounds {
    /// Reads grounds.
    ///
    /// # Errors
    /// Why they cannot be read, in words: another shape, or one of a newer program.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        read(bytes)
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Why it cannot be read, in words: another shape, or one of a newer program.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        read(bytes)
    }
}

fn read<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if head.format > FORMAT {
        return Err(format!("it has format {} and this program knows {FORMAT}: use the newer lumbung", head.format));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Why two compositions of one edition differ: what is another one in their grounds, in words.
#[must_use]
pub fn why((old, before): (&Manifest, &Grounds), (new, now): (&Manifest, &Grounds)) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut differs = |is: bool, what: &str| {
        if is {
            reasons.push(what.to_owned());
        }
    };
    differs(old.program != new.program, "another version of the program");
    differs(old.templates != new.templates, "other templates");
    differs(before.definition.sha256 != now.definition.sha256, "another definition");
    differs(before.queries != now.queries, "other queries");
    differs(before.views != now.views, "other views");
    differs(before.config != now.config, "other contracts or reference tables");
    differs(before.deployment != now.deployment, "other names of the deployment");
    let files = |moment: &MomentRecord| moment.read().cloned().collect::<Vec<_>>();
    differs(files(&before.current) != files(&now.current), "other snapshots");
    let previous = |grounds: &Grounds| grounds.previous.as_ref().map(files);
    differs(previous(before) != previous(now), "another previous edition");
    differs(before.sources != now.sources, "other loads in the ledger");
    differs(before.now != now.now, "composed at another time");
    let mails = |manifest: &Manifest| manifest.messages.iter().map(|m| m.message_id.clone()).collect::<Vec<_>>();
    differs(mails(old) != mails(new), "other recipients");
    if reasons.is_empty() { "the same grounds gave other bytes".to_owned() } else { reasons.join(", ") }
}
