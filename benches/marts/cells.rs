//! Columns from formulas: every value follows from its row number alone, so that any part of any day can be made again.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringBuilder, new_null_array,
};
use arrow::datatypes::{DataType, Field, SchemaRef};

use crate::world::World;

/// What a formula sees.
pub(crate) struct Seen<'a> {
    pub(crate) world: &'a World,
    /// The row's number within its table, from 0.
    pub(crate) row: u64,
    /// Days before the newest snapshot; 0 is the newest.
    pub(crate) age: u32,
}

impl Seen<'_> {
    /// A number that looks random and follows from the row and `salt`.
    pub(crate) fn dice(&self, salt: u64) -> u64 {
        dice(self.row, salt)
    }
}

/// SplitMix64.
pub(crate) fn dice(row: u64, salt: u64) -> u64 {
    let mut z = row.wrapping_add(salt.wrapping_mul(0xd1b5_4a32_d192_ed03)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The formula of a column. A text formula writes its value and says whether there is one.
pub(crate) enum Cells {
    Text(fn(&Seen, &mut String) -> bool),
    /// Unscaled: 1.00 of a column with two decimals is 100.
    Decimal(fn(&Seen) -> Option<i128>),
    Integer(fn(&Seen) -> Option<i64>),
    /// Days since 1970-01-01.
    Date(fn(&Seen) -> Option<i32>),
    Boolean(fn(&Seen) -> Option<bool>),
}

/// One table of the generated world.
pub(crate) struct Table {
    pub(crate) source: &'static str,
    pub(crate) name: &'static str,
    pub(crate) rows: u64,
    /// Columns without a formula are NULL.
    pub(crate) cells: Vec<(&'static str, Cells)>,
    /// Columns that differ between days.
    pub(crate) daily: &'static [&'static str],
    /// Which rows a day has.
    pub(crate) keep: Option<fn(&Seen) -> bool>,
}

/// The rows `rows` of a day; columns that are the same every day are taken from `before`, the same rows of another day.
pub(crate) fn batch(
    (world, table, schema): (&World, &Table, &SchemaRef),
    rows: std::ops::Range<u64>,
    age: u32,
    before: Option<&RecordBatch>,
) -> RecordBatch {
    let columns = schema.fields().iter().enumerate().map(|(i, field)| match before {
        Some(before) if !table.daily.contains(&field.name().as_str()) => Arc::clone(before.column(i)),
        _ => column((world, table, field), rows.clone(), age),
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect()).expect("columns are made after the schema")
}

/// The rows of `batch` that the day has.
pub(crate) fn kept(world: &World, table: &Table, batch: RecordBatch, first: u64, age: u32) -> RecordBatch {
    let Some(keep) = table.keep else { return batch };
    let rows = first..first + batch.num_rows() as u64;
    let kept: BooleanArray = rows.map(|row| Some(keep(&Seen { world, row, age }))).collect();
    arrow::compute::filter_record_batch(&batch, &kept).expect("the filter is as long as the batch")
}

fn column((world, table, field): (&World, &Table, &Field), rows: std::ops::Range<u64>, age: u32) -> ArrayRef {
    let n = usize::try_from(rows.end - rows.start).expect("a batch fits memory");
    let seen = rows.map(|row| Seen { world, row, age });
    let formula = table.cells.iter().find(|(name, _)| name == field.name()).map(|(_, cells)| cells);
    match formula {
        None => new_null_array(field.data_type(), n),
        Some(Cells::Text(of)) => {
            let mut builder = StringBuilder::with_capacity(n, n * 8);
            let mut text = String::new();
            for seen in seen {
                text.clear();
                if of(&seen, &mut text) { builder.append_value(&text) } else { builder.append_null() }
            }
            Arc::new(builder.finish())
        }
        Some(Cells::Decimal(of)) => {
            let values: Decimal128Array = seen.map(|seen| of(&seen)).collect();
            let DataType::Decimal128(precision, scale) = field.data_type() else {
                panic!("{}.{}: {} is not a decimal", table.source, table.name, field.name());
            };
            Arc::new(values.with_precision_and_scale(*precision, *scale).expect("the contract's precision"))
        }
        Some(Cells::Integer(of)) => Arc::new(seen.map(|seen| of(&seen)).collect::<Int64Array>()),
        Some(Cells::Date(of)) => Arc::new(seen.map(|seen| of(&seen)).collect::<Date32Array>()),
        Some(Cells::Boolean(of)) => Arc::new(seen.map(|seen| of(&seen)).collect::<BooleanArray>()),
    }
}
