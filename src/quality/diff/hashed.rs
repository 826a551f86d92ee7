//! One hash a row: of all the columns that identify it.
//!
//! 128 bits, so that among ten million rows two different ones share a hash with a probability below 10^-24. What is
//! hashed is the value in the type both sides are compared in, so that equal values have equal hashes.

use std::hash::{DefaultHasher, Hasher};

use polars::prelude::{DataType, IdxSize, PolarsError, Series};

use super::{DiffError, Side};

/// One row of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hashed {
    pub(super) hash: [u64; 2],
    /// Its number in the snapshot.
    pub(super) row: IdxSize,
}

/// The rows of `side`, sorted by the hash of `columns`.
pub(super) fn rows(side: &Side<'_>, columns: &[(&str, DataType)]) -> Result<Vec<Hashed>, DiffError> {
    let mut rows: Vec<Hashed> = Vec::new();
    for (i, (name, ty)) in columns.iter().enumerate() {
        let series = side.column(name, ty)?;
        if i == 0 {
            let n = IdxSize::try_from(series.len()).map_err(|_| DiffError::TooManyRows)?;
            rows = (0..n).map(|row| Hashed { hash: [0; 2], row }).collect();
        }
        fold(&series, &mut rows)?;
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Folds the value of each row into its hash.
fn fold(series: &Series, rows: &mut [Hashed]) -> Result<(), PolarsError> {
    match series.dtype() {
        DataType::String => {
            rows.iter_mut().zip(series.str()?.iter()).for_each(|(row, text)| row.add(text.map(str::as_bytes)));
        }
        DataType::Decimal(..) => {
            let values = series.decimal()?.physical().iter();
            rows.iter_mut().zip(values).for_each(|(row, value)| row.add_bytes(value.map(i128::to_le_bytes)));
        }
        ty if ty.is_integer() || ty.is_temporal() => {
            let numbers = series.to_physical_repr().cast(&DataType::Int64)?;
            let values = numbers.i64()?.iter();
            rows.iter_mut().zip(values).for_each(|(row, value)| row.add_bytes(value.map(i64::to_le_bytes)));
        }
        _ => {
            let texts = series.cast(&DataType::String)?;
            rows.iter_mut().zip(texts.str()?.iter()).for_each(|(row, text)| row.add(text.map(str::as_bytes)));
        }
    }
    Ok(())
}

impl Hashed {
    fn add_bytes<const N: usize>(&mut self, value: Option<[u8; N]>) {
        self.add(value.as_ref().map(<[u8; N]>::as_slice));
    }

    /// NULL is a value of its own, equal to itself and to nothing else.
    fn add(&mut self, value: Option<&[u8]>) {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.hash[0]);
        hasher.write_u64(self.hash[1]);
        match value {
            None => hasher.write_u8(0),
            Some(bytes) => {
                hasher.write_u8(1);
                hasher.write(bytes);
            }
        }
        let first = hasher.finish();
        // The hasher's state is twice as wide as what it gives: one more step gives the other half.
        hasher.write_u8(2);
        self.hash = [first, hasher.finish()];
    }
}
