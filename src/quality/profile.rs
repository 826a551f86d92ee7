//! What a file's columns look like: how many values are NULL, how many distinct ones there are. Two profiles are compared by
//! [`drift`](mod@super::drift); rows and sums are known from the recount and stand in the ledger.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{DataFrame, Engine, Expr, IntoLazy, LazyFrame, PolarsError, UniqueKeepStrategy, col, len};
use serde::{Deserialize, Serialize};

use super::{RecountError, STEP_ROWS, count, in_steps, scan};

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
    profile_by(STEP_ROWS, path, request)
}

fn profile_by(step_rows: u64, path: &Path, request: &ProfileRequest) -> Result<Profile, RecountError> {
    let read = |source| RecountError::Read { path: path.to_path_buf(), source };
    let schema = scan(path).and_then(|mut rows| rows.collect_schema()).map_err(read)?;
    let there = |names: &[String]| -> Vec<String> {
        names.iter().filter(|name| schema.contains(name.as_str())).cloned().collect()
    };
    let nulls = there(&request.nulls);
    let mut values: Vec<(String, DataFrame)> =
        there(&request.distinct).into_iter().map(|name| (name, DataFrame::empty())).collect();
    let mut profile = Profile { nulls: nulls.iter().map(|name| (name.clone(), 0)).collect(), ..Profile::default() };
    in_steps(step_rows, path, |rows| {
        let frame = empty_ones(rows.clone(), &nulls).map_err(read)?;
        for (i, name) in nulls.iter().enumerate() {
            *profile.nulls.entry(name.clone()).or_default() += count(&frame, path, &format!("nulls{i}"))?;
        }
        for (name, values) in &mut values {
            *values = distinct(rows.clone(), name, values).map_err(read)?;
        }
        let n = count(&frame, path, "rows")?;
        profile.rows += n;
        Ok(n)
    })?;
    profile.distinct = values.into_iter().map(|(name, values)| (name, values.height() as u64)).collect();
    Ok(profile)
}

/// One row: `rows`, and `nulls<i>` of every column of `names`.
fn empty_ones(rows: LazyFrame, names: &[String]) -> Result<DataFrame, PolarsError> {
    // A sum is streamed; `null_count` would hold the whole column.
    let nulls =
        names.iter().enumerate().map(|(i, name)| col(name.as_str()).is_null().sum().alias(format!("nulls{i}")));
    let wanted: Vec<Expr> = std::iter::once(len().alias("rows")).chain(nulls).collect();
    Ok(rows.select(wanted).collect_with_engine(Engine::Streaming)?.unwrap_single())
}

/// The values of a column that `rows` have or that were seen `before`, each once, NULL not being one.
fn distinct(rows: LazyFrame, name: &str, before: &DataFrame) -> Result<DataFrame, PolarsError> {
    let once = |rows: LazyFrame| rows.unique(None, UniqueKeepStrategy::Any);
    let found = once(rows.select([col(name)]).drop_nulls(None));
    let found = found.collect_with_engine(Engine::Streaming)?.unwrap_single();
    if before.width() == 0 {
        return Ok(found);
    }
    once(before.vstack(&found)?.lazy()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use tempfile::TempDir;

    use super::{Profile, ProfileRequest, profile, profile_by};

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
        for step_rows in 1..=6 {
            assert_eq!(profile_by(step_rows, &path, &asked).unwrap(), found, "{step_rows} rows at a time");
        }
        assert!(!found.answers(&asked) && found.answers(&request(&["n"], &["kode"])));
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), found);
        let two = found.clone().beside(&found);
        assert_eq!((two.rows, two.nulls["kode"], two.distinct.len()), (10, 4, 0));
    }
}
