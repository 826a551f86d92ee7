//! One column of both snapshots: compared, summed, and its cells as texts.

use polars::prelude::{AnyValue, ChunkCompareEq, DataType, IdxCa, IdxSize, PolarsError, Series};

use super::pairs::{Pairs, Shown};
use super::{ColumnDifference, DiffError, MoneyDifference, Side, common_type};
use crate::quality::ExactSum;

/// A column of the older and of the newer snapshot, in one type.
pub(super) struct Both {
    old: Series,
    new: Series,
}

impl Both {
    /// Reads `name` from both sides; a side that lacks it has NULLs.
    pub(super) fn read(from: &Side<'_>, to: &Side<'_>, name: &str) -> Result<Self, DiffError> {
        let ty = common_type(from, to, name);
        Ok(Self { old: from.column(name, &ty)?, new: to.column(name, &ty)? })
    }

    /// What differs, marking the rows of `pairs.both` that do.
    pub(super) fn compare(
        &self,
        name: &str,
        pairs: &Pairs,
        changed: &mut [bool],
    ) -> Result<ColumnDifference, DiffError> {
        let old = self.old.take(&numbers(pairs.both.iter().map(|(old, _)| *old)))?;
        let new = self.new.take(&numbers(pairs.both.iter().map(|(_, new)| *new)))?;
        let mut count = 0;
        for (mark, differs) in changed.iter_mut().zip(old.not_equal_missing(&new)?.iter()) {
            if differs == Some(true) {
                *mark = true;
                count += 1;
            }
        }
        let money = match self.new.dtype().is_decimal() {
            false => None,
            true => {
                let (before, after) = (sum(&old)?, sum(&new)?);
                Some(MoneyDifference {
                    added: sum(&self.new.take(&numbers(pairs.added.iter().copied()))?)?,
                    removed: sum(&self.old.take(&numbers(pairs.removed.iter().copied()))?)?,
                    changed: ExactSum { unscaled: after.unscaled - before.unscaled, scale: after.scale },
                })
            }
        };
        Ok(ColumnDifference { column: name.to_owned(), changed: count, money })
    }

    /// The values of one row, old and new; NULL and an absent row are both nothing.
    pub(super) fn cells(&self, row: &Shown) -> Result<(Option<String>, Option<String>), DiffError> {
        let cell = |series: &Series, row: Option<IdxSize>| -> Result<Option<String>, PolarsError> {
            row.map(|row| Ok(text(&series.get(row as usize)?))).transpose().map(Option::flatten)
        };
        Ok((cell(&self.old, row.old)?, cell(&self.new, row.new)?))
    }
}

fn numbers(rows: impl Iterator<Item = IdxSize>) -> IdxCa {
    IdxCa::from_vec("rows".into(), rows.collect())
}

/// The exact sum of a decimal column.
fn sum(series: &Series) -> Result<ExactSum, DiffError> {
    let scale = match series.dtype() {
        DataType::Decimal(_, scale) => u8::try_from(*scale).unwrap_or(0),
        _ => 0,
    };
    match series.sum_reduce()?.value() {
        AnyValue::Decimal(unscaled, _, _) => Ok(ExactSum { unscaled: *unscaled, scale }),
        _ => Ok(ExactSum { unscaled: 0, scale }),
    }
}

fn text(value: &AnyValue<'_>) -> Option<String> {
    match value {
        AnyValue::Null => None,
        AnyValue::Decimal(unscaled, _, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(0);
            Some(ExactSum { unscaled: *unscaled, scale }.to_string())
        }
        other => Some(other.str_value().into_owned()),
    }
}
