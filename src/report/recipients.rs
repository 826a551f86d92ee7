//! Who gets a report, and which of them get the same edition: offices of the definition, of a CSV file, of a query.

use super::definition::{Burst, Recipient, RecipientSource, ReportDefinition};
use super::rows::{Parameters, RowsError, Session};
use std::collections::{BTreeMap, BTreeSet};

/// Recipients who get the same edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The roles that decide what they see.
    pub roles: BTreeSet<String>,
    /// What their edition is about; empty for a report without burst.
    pub parameters: BTreeMap<String, String>,
    /// At least one.
    pub recipients: Vec<Recipient>,
}

/// Why recipients could not be found.
#[derive(Debug, thiserror::Error)]
pub enum RecipientsError {
    /// The query of a recipients entry failed.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The CSV file could not be had.
    #[error("{file}: {message}")]
    File {
        /// The file, as the definition names it.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// A row is no recipient.
    #[error("{place}, row {row}: {message}")]
    Row {
        /// The CSV file or the query's file.
        place: String,
        /// Counted from 1, the header of a CSV file not among them.
        row: usize,
        /// What is wrong and what to write.
        message: String,
    },
}

/// The texts of a CSV file of the config folder, by the name a definition calls it.
pub type ReadCsv<'a> = &'a (dyn Fn(&str) -> Result<String, String> + Sync);

/// Every recipient of the report, in the definition's order, each address with the same parameters once.
///
/// # Errors
/// [`RecipientsError`]: a query that fails, a file that is missing, a row without address or parameter.
pub async fn recipients(
    definition: &ReportDefinition,
    session: &Session<'_>,
    read_csv: ReadCsv<'_>,
) -> Result<Vec<Recipient>, RecipientsError> {
    let mut all: Vec<Recipient> = Vec::new();
    for source in &definition.recipients {
        let found = match source {
            RecipientSource::Office(recipient) => vec![recipient.clone()],
            RecipientSource::Csv(file) => {
                let failed = |message| RecipientsError::File { file: file.clone(), message };
                from_csv(file, &read_csv(file).map_err(failed)?, definition.burst.as_ref())?
            }
            RecipientSource::Query(query) => {
                let answer = session.ask(query, &Parameters::new(), None).await?;
                let rows = answer.rows().map(|row| {
                    row.cells().map(|(name, value)| (name.to_owned(), value.to_string())).collect::<BTreeMap<_, _>>()
                });
                let rows: Vec<_> = rows.collect();
                from_rows(answer.file(), rows, definition.burst.as_ref())?
            }
        };
        for recipient in found {
            let same =
                |other: &Recipient| other.address == recipient.address && other.parameters == recipient.parameters;
            if !all.iter().any(same) {
                all.push(recipient);
            }
        }
    }
    Ok(all)
}

fn from_csv(file: &str, text: &str, burst: Option<&Burst>) -> Result<Vec<Recipient>, RecipientsError> {
    let failed = |error: &csv::Error| RecipientsError::File { file: file.to_owned(), message: error.to_string() };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        rows.push(header.iter().zip(&record).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect());
    }
    from_rows(file, rows, burst)
}

fn from_rows(
    place: &str,
    rows: Vec<BTreeMap<String, String>>,
    burst: Option<&Burst>,
) -> Result<Vec<Recipient>, RecipientsError> {
    let recipient = |(index, mut row): (usize, BTreeMap<String, String>)| {
        let wrong = |message: String| RecipientsError::Row { place: place.to_owned(), row: index + 1, message };
        let mut required = |column: &str| {
            let cell = row.remove(column).filter(|cell| !cell.is_empty());
            cell.ok_or_else(|| wrong(format!("{column} is empty or missing: give every recipient one")))
        };
        let (name, address) = (required("name")?, required("address")?);
        let address = address.parse().map_err(|error| wrong(format!("the address is not one ({error})")))?;
        let roles = row.remove("roles").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let empty = burst.filter(|burst| row.get(&burst.key).is_none_or(String::is_empty));
        match empty {
            Some(burst) => Err(wrong(format!("{} is empty or missing: it says whose rows are meant", burst.key))),
            None => Ok(Recipient { name, address, roles, parameters: row }),
        }
    };
    rows.into_iter().enumerate().map(recipient).collect()
}

/// Recipients put together by the edition they get, in the order of their first.
#[must_use]
pub fn audiences(definition: &ReportDefinition, recipients: Vec<Recipient>) -> Vec<Audience> {
    let telling: BTreeSet<&String> = definition.sections.iter().flat_map(|section| &section.roles).collect();
    let mut order: Vec<Audience> = Vec::new();
    let mut places: BTreeMap<(BTreeSet<String>, BTreeMap<String, String>), usize> = BTreeMap::new();
    for recipient in recipients {
        let roles: BTreeSet<String> = recipient.roles.iter().filter(|role| telling.contains(role)).cloned().collect();
        let parameters = if definition.burst.is_some() { recipient.parameters.clone() } else { BTreeMap::new() };
        let place = *places.entry((roles.clone(), parameters.clone())).or_insert_with(|| {
            order.push(Audience { roles, parameters, recipients: Vec::new() });
            order.len() - 1
        });
        // The same office in two lists gets one mail.
        let known = order[place].recipients.iter().any(|known| known.address == recipient.address);
        if !known {
            order[place].recipients.push(recipient);
        }
    }
    order
}

impl Audience {
    /// What tells this audience's edition from others of the period: `431001`, `keuangan`; `None` where there is one for all.
    pub(crate) fn variant(&self, definition: &ReportDefinition) -> Option<String> {
        let key = definition.burst.as_ref().and_then(|burst| self.parameters.get(&burst.key));
        let parts: Vec<String> = key.into_iter().chain(&self.roles).map(|part| plain(part)).collect();
        (!parts.is_empty()).then(|| parts.join("-"))
    }

    /// Whether it may read a section for `roles`.
    pub(crate) fn may_read(&self, roles: &[String]) -> bool {
        roles.is_empty() || roles.iter().any(|role| self.roles.contains(role))
    }
}

/// Part of a file name.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Burst, from_csv};

    fn burst() -> Burst {
        Burst { key: "satker".to_owned(), parameters: Vec::new() }
    }

    #[test]
    fn a_csv_file_gives_offices_with_parameters_and_roles() {
        let text =
            "\u{feff}name,address,roles,satker\nYth. Kepala Kantor, kantah@contoh.go.id ,keuangan umum,431001\n";
        let found = from_csv("recipients/kartu.csv", text, Some(&burst())).unwrap();
        assert_eq!(found[0].parameters["satker"], "431001");
        assert_eq!(found[0].roles, ["keuangan", "umum"]);
        assert_eq!(found[0].address.to_string(), "kantah@contoh.go.id");
    }

    #[test]
    fn a_row_that_is_no_recipient_is_named_without_its_address() {
        for (row, expected) in [
            ("A,bukan alamat,,431001", "recipients/kartu.csv, row 2: the address is not one"),
            ("A,,,431001", "recipients/kartu.csv, row 2: address is empty or missing"),
            ("A,a@contoh.go.id,,", "recipients/kartu.csv, row 2: satker is empty or missing"),
        ] {
            let text = format!("name,address,roles,satker\nB,b@contoh.go.id,,1\n{row}\n");
            let error = from_csv("recipients/kartu.csv", &text, Some(&burst())).unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains("bukan alamat"), "{error}");
        }
    }
}
