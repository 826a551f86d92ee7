//! Where records come from: a file, standard input, or a query.

use std::io::Read;
use std::path::Path;

use super::SubmitArgs;
use crate::cli::exit::{Code, Failure};
use crate::contract::Submission;
use crate::load::Loaded;
use crate::submit::records::{self, FILE_BYTES_MAX, InputFormat, Record};

/// Longest query read from a file, in bytes.
const QUERY_BYTES_MAX: u64 = 1 << 20;

/// The records that the arguments name.
pub(super) async fn records(
    args: &SubmitArgs,
    submission: &Submission,
    loaded: &dyn Loaded,
) -> Result<Vec<Record>, Failure> {
    let query = match (&args.sql, &args.query_file) {
        (Some(sql), _) => Some(sql.clone()),
        (None, Some(path)) => Some(query_in(path)?),
        (None, None) => None,
    };
    if let Some(sql) = query {
        let rows = loaded.rows(&sql).await.map_err(|reason| Failure::usage(format!("the query: {reason}")))?;
        return records::from_rows(&rows).map_err(|error| Failure::new(Code::Data, format!("the query: {error}")));
    }
    let Some(path) = &args.file else {
        return Err(Failure::usage("no records: name a file, - for standard input, or a query with --sql"));
    };
    let (name, bytes) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), limited(&mut std::io::stdin(), "standard input", FILE_BYTES_MAX)?)
    } else {
        let name = path.display().to_string();
        let mut file = std::fs::File::open(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        let bytes = limited(&mut file, &name, FILE_BYTES_MAX)?;
        (name, bytes)
    };
    let format: InputFormat = match &args.format {
        Some(format) => format.parse().map_err(|known| Failure::usage(format!("--format: {known}")))?,
        None => InputFormat::of_path(path).unwrap_or_else(|| InputFormat::of_content(&bytes)),
    };
    records::read(&bytes, format, submission).map_err(|error| Failure::new(Code::Data, format!("{name}: {error}")))
}

fn query_in(path: &Path) -> Result<String, Failure> {
    let name = path.display().to_string();
    let mut file = std::fs::File::open(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let bytes = limited(&mut file, &name, QUERY_BYTES_MAX)?;
    if bytes.len() as u64 > QUERY_BYTES_MAX {
        return Err(Failure::usage(format!("{name} is longer than {QUERY_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is not UTF-8")))
}

/// At most one byte more than allowed: what is too long is told from what just fits.
fn limited(source: &mut dyn Read, name: &str, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    Ok(bytes)
}
