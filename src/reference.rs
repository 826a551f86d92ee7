//! Reference tables (`ref.<name>`): small lists beside the config, and official lists that a user imports.
//!
//! A table is two files below `config/reference/`: `<name>.toml` says what it is (columns, key, who fills it), and
//! `<name>.csv` holds its rows, if the release or the customer ships any. `lumbung reference import` commits a larger
//! list into the warehouse as the dataset `ref.<name>`; from then on that one counts. The grammar is in
//! `docs/reference.md`.
//!
//! | file | what |
//! |---|---|
//! | [`definition`] | the TOML: [`TableDefinition`] |
//! | [`rows`] | CSV bytes to one record batch, with every problem of the file at once |
//! | [`import`] | a user's file into the warehouse |
//! | `header` | which column of the file is which column of the table |
//! | `quoting` | where a CSV file's quotes do not match |
//! | `check` | keys, periods, and the tree of a hierarchical code |
//! | `findings` | problems, the first of them kept, all counted |

mod check;
pub mod definition;
mod findings;
mod header;
pub mod import;
mod quoting;
pub mod rows;

use arrow::array::RecordBatch;

use crate::config::{ConfigFolder, Problem, Problems};
pub use definition::{FilledBy, TableDefinition};
pub use import::{ImportError, ImportReport, ImportRequest, ImportStatus};
use rows::Limits;

/// SQL schema of the reference tables, and the source name of imported ones in the ledger.
pub const REF: &str = "ref";

/// The folder of the files, below the config folder.
const FOLDER: &str = "reference";

/// Most rows of a CSV file in the config folder: it is read and held by every session. Larger lists are imported.
pub const CONFIG_ROWS_MAX: usize = 20_000;

/// Most problems told of one file in the config folder.
const CONFIG_PROBLEMS_MAX: usize = 100;

/// Where the rows of a table in the config come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The binary carries them.
    Embedded,
    /// The user's config folder.
    Folder,
    /// Nowhere yet: the table is empty until a list is imported.
    Nowhere,
}

impl Origin {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Folder => "config folder",
            Self::Nowhere => "not imported yet",
        }
    }
}

/// One table with the rows that the config has for it.
#[derive(Debug, Clone)]
pub struct ReferenceTable {
    /// What it is.
    pub definition: TableDefinition,
    /// Its rows, in the schema of [`TableDefinition::schema`].
    pub batch: RecordBatch,
    /// Where the rows come from.
    pub origin: Origin,
}

/// Every reference table of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// The tables by name.
    pub tables: Vec<ReferenceTable>,
}

impl Reference {
    /// Reads every table of the config folder.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn load(folder: &ConfigFolder) -> Result<Self, Problems> {
        let (reference, problems) = Self::load_what_is_good(folder);
        if problems.0.is_empty() { Ok(reference) } else { Err(problems) }
    }

    /// Reads every table; one whose rows are broken comes without rows, so that what reads it can still be looked at.
    #[must_use]
    pub fn load_what_is_good(folder: &ConfigFolder) -> (Self, Problems) {
        let mut reference = Self::default();
        let mut problems = Problems::default();
        for file in folder.list(FOLDER, "toml") {
            match definition(folder, &file) {
                Ok(definition) => {
                    let (table, Problems(more)) = table(folder, definition);
                    reference.tables.push(table);
                    problems.0.extend(more);
                }
                Err(Problems(more)) => problems.0.extend(more),
            }
        }
        let described = folder.list(FOLDER, "toml");
        for file in folder.list(FOLDER, "csv") {
            let toml = file.replace(".csv", ".toml");
            if !described.contains(&toml) {
                let message = format!("nothing describes this table: {toml} is missing");
                let hint = "docs/reference.md shows what stands in it".to_owned();
                problems.0.push(Problem { file, line: 0, message, hint });
            }
        }
        (reference, problems)
    }

    /// The table called `name`.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&ReferenceTable> {
        self.tables.iter().find(|table| table.definition.name == name)
    }

    /// The names of all tables, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.tables.iter().map(|table| table.definition.name.as_str()).collect()
    }
}

fn definition(folder: &ConfigFolder, file: &str) -> Result<TableDefinition, Problems> {
    let name = file.trim_start_matches(FOLDER).trim_start_matches('/').trim_end_matches(".toml");
    let (shown, text) = folder.read(file)?;
    definition::parse(name, &shown, &text)
}

/// The table of `definition` with its rows; empty where there are none or they are broken.
fn table(folder: &ConfigFolder, definition: TableDefinition) -> (ReferenceTable, Problems) {
    let file = format!("{FOLDER}/{}.csv", definition.name);
    let empty = RecordBatch::new_empty(definition.schema());
    if !folder.list(FOLDER, "csv").contains(&file) {
        let problems = if definition.filled_by == FilledBy::Import { Vec::new() } else { vec![no_rows(&file)] };
        return (ReferenceTable { definition, batch: empty, origin: Origin::Nowhere }, Problems(problems));
    }
    let origin = if folder.overrides(&file) { Origin::Folder } else { Origin::Embedded };
    let limits = Limits { rows: CONFIG_ROWS_MAX, rows_name: "CONFIG_ROWS_MAX", problems: CONFIG_PROBLEMS_MAX };
    let read = folder
        .read(&file)
        .and_then(|(shown, text)| rows::read(&definition, &shown, text.as_bytes(), &limits).map_err(Problems::from));
    let (batch, problems) = match read {
        Ok(read) => (read.batch, Problems::default()),
        Err(problems) => (empty, problems),
    };
    (ReferenceTable { definition, batch, origin }, problems)
}

fn no_rows(file: &str) -> Problem {
    let message = "is missing, and its toml does not say filled_by = \"import\"".to_owned();
    let hint = "write the file, with a header line at least".to_owned();
    Problem { file: file.to_owned(), line: 0, message, hint }
}

#[cfg(test)]
mod tests;
