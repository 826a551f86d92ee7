//! What a file's columns look like: how many values are NULL, how many distinct ones there are. Two profiles are compared by
//! [`drift`](mod@super::drift); rows and sums are known from the recount and stand in the ledger.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{DataFrame, Engine, Expr, PolarsError, col, len};
use serde::{Deserialize, Serialize};

use super::{RecountError, count, scan};

/// The columns that are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileRequest {
    /// Columns whose NULLs are counted.
    pub nulls: Vec<String>,
    /// Columns whose distinct values are counted, NULL not being one.
    pub distinct: Vec<String>,
}

/// What the columns of one file, or of several together, look like. Figures only: no value of a row is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Rows.
    pub rows: u64,
    /// NULLs by column.
    pub nulls: BTreeMap<String, u64>,
    /// Distinct values by column; none where several files were put together, because values may be in more than one.
    pub distinct: BTreeMap<String, u64>,
}

impl Profile {
    /// Whether it has a figure for everything that `request` asks.
    #[must_use]
    pub fn answers(&self, request: &ProfileRequest) -> bool {
        request.nulls.iter().all(|column| self.nulls.contains_key(column))
            && request.distinct.iter().all(|column| self.distinct.contains_key(column))
    }

    /// The profile of both files' rows. Columns that only one of them has are left out.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        let both = |(column, nulls): (String, u64)| other.nulls.get(&column).map(|more| (column, nulls + more));
        Self {
            rows: self.rows + other.rows,
            nulls: self.nulls.into_iter().filter_map(both).collect(),
            distinct: BTreeMap::new(),
        }
    }
}

/// Profiles the Parquet file at `path`, streaming; column statistics are not believed. A column that the file lacks is left
/// out: an older file may not have had it yet.
///
/// # Errors
/// When the file cannot be read.
pub fn profile(path: &Path, request: &ProfileRequest) -> Result<Profile, RecountError> {
    let read = |source| RecountError::Read { path: path.to_path_buf(), source };
    let (frame, nulls, distinct) = counted(path, request).map_err(read)?;
    let figures = |names: Vec<&String>, prefix: &str| -> Result<BTreeMap<String, u64>, RecountError> {
        let one = |(i, name): (usize, &String)| Ok((name.clone(), count(&frame, path, &format!("{prefix}{i}"))?));
        names.into_iter().enumerate().map(one).collect()
    };
    Ok(Profile {
        rows: count(&frame, path, "rows")?,
        nulls: figures(nulls, "nulls")?,
        distinct: figures(distinct, "distinct")?,
    })
}

/// One row: `rows`, `nulls<i>`, `distinct<i>`; and the columns of the request that the file has.
fn counted<'a>(
    path: &Path,
    request: &'a ProfileRequest,
) -> Result<(DataFrame, Vec<&'a String>, Vec<&'a String>), PolarsError> {
    let mut scan = scan(path)?;
    let schema = scan.collect_schema()?;
    let there = |names: &'a [String]| names.iter().filter(|name| schema.contains(name.as_str())).collect::<Vec<_>>();
    let (nulls, distinct) = (there(&request.nulls), there(&request.distinct));
    let mut wanted: Vec<Expr> = vec![len().alias("rows")];
    wanted
        // A sum is streamed; `null_count` would hold the whole column.
        .extend(
            nulls.iter().enumerate().map(|(i, name)| col(name.as_str()).is_null().sum().alias(format!("nulls{i}"))),
        );
    let values = |name: &str| col(name).drop_nulls().n_unique();
    wanted.extend(distinct.iter().enumerate().map(|(i, name)| values(name).alias(format!("distinct{i}"))));
    let frame = scan.select(wanted).collect_with_engine(Engine::Streaming)?.unwrap_single();
    Ok((frame, nulls, distinct))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use tempfile::TempDir;

    use super::{Profile, ProfileRequest, profile};

    fn request(nulls: &[&str], distinct: &[&str]) -> ProfileRequest {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        ProfileRequest { nulls: owned(nulls), distinct: owned(distinct) }
    }

    #[test]
    fn nulls_and_distinct_values_are_counted_and_columns_of_later_contracts_left_out() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a*b=1.parquet");
        let codes: ArrayRef = Arc::new(StringArray::from(vec![Some("01"), None, Some("1"), Some("01"), None]));
        let n: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]));
        let batch = RecordBatch::try_from_iter([("kode", codes), ("n", n)]).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let asked = request(&["kode", "n", "later"], &["kode", "later"]);
        let found = profile(&path, &asked).unwrap();
        assert_eq!(found.rows, 5);
        assert_eq!(found.nulls.iter().map(|(c, n)| (c.as_str(), *n)).collect::<Vec<_>>(), [("kode", 2), ("n", 0)]);
        assert_eq!(found.distinct.iter().map(|(c, n)| (c.as_str(), *n)).collect::<Vec<_>>(), [("kode", 2)]);
        assert!(!found.answers(&asked) && found.answers(&request(&["n"], &["kode"])));
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), found);
        let two = found.clone().beside(&found);
        assert_eq!((two.rows, two.nulls["kode"], two.distinct.len()), (10, 4, 0));
    }
}
