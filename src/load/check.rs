//! Checks over all pages of a window: row numbers without gap or repetition, columns that must not change, and dates
//! that lie in the fiscal year asked for.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};
use arrow::util::display::array_value_to_string;
use chrono::NaiveDate;

use crate::contract::{ColumnType, Dataset, Paging};

/// Greatest row number that is checked: 512 MiB of bits would be too many.
const ROW_NUMBER_MAX: u64 = 1 << 30;

/// What has been seen of a window so far.
pub(super) struct Continuity {
    row_number: Option<String>,
    /// Name and first value of each column that must not change.
    constant: Vec<(String, Option<String>)>,
    seen: Vec<u64>,
    n_seen: u64,
    greatest: u64,
}

impl Continuity {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let name = |i: usize| dataset.columns[i].name.clone();
        let (row_number, constant) = match &dataset.paging {
            Paging::RowRange { row_number, constant, .. } => {
                (Some(name(*row_number)), constant.iter().map(|&i| (name(i), None)).collect())
            }
            _ => (None, Vec::new()),
        };
        debug_assert!(row_number.is_none() || dataset.columns.iter().any(|c| c.ty == ColumnType::Integer));
        Self { row_number, constant, seen: Vec::new(), n_seen: 0, greatest: 0 }
    }

    /// Takes the next rows.
    ///
    /// # Errors
    /// What shows that the source moved while it was read.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<(), String> {
        if let Some(name) = self.row_number.clone() {
            let column = batch.column_by_name(&name).expect("the contract names its columns");
            for number in column.as_primitive::<Int64Type>().values() {
                self.number(&name, *number)?;
            }
        }
        for (name, first) in &mut self.constant {
            let column = batch.column_by_name(name).expect("the contract names its columns");
            let differs = match column.as_primitive_opt::<Date32Type>() {
                Some(days) => days.values().windows(2).any(|pair| pair[0] != pair[1]),
                None => (1..column.len()).any(|i| column.slice(i, 1).as_ref() != column.slice(0, 1).as_ref()),
            };
            let value = array_value_to_string(column, 0).unwrap_or_default();
            if differs {
                return Err(format!("{name} changes within one answer, from {value}"));
            }
            match first {
                Some(first) if *first != value => return Err(format!("{name} moved from {first} to {value}")),
                Some(_) => {}
                None => *first = Some(value),
            }
        }
        Ok(())
    }

    fn number(&mut self, name: &str, number: i64) -> Result<(), String> {
        let number = u64::try_from(number).ok().filter(|n| (1..=ROW_NUMBER_MAX).contains(n));
        let number = number.ok_or_else(|| format!("{name} is outside 1 to {ROW_NUMBER_MAX}"))?;
        let (word, bit) = (usize::try_from(number / 64).expect("at most 2^24"), 1_u64 << (number % 64));
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit != 0 {
            return Err(format!("{name} {number} comes twice"));
        }
        self.seen[word] |= bit;
        self.n_seen += 1;
        self.greatest = self.greatest.max(number);
        Ok(())
    }

    /// Checks the whole window, in which `refused` rows went to quarantine.
    ///
    /// # Errors
    /// What shows that rows are missing.
    pub(super) fn finish(&self, refused: u64) -> Result<(), String> {
        match &self.row_number {
            // Refused rows have numbers too, but nobody could read them.
            Some(name) if self.greatest > self.n_seen + refused => {
                let missing = self.greatest - self.n_seen - refused;
                Err(format!("{missing} of {} row numbers ({name}) are missing", self.greatest))
            }
            _ => Ok(()),
        }
    }
}

/// The fiscal year of a window, where a column of the dataset can tell it.
pub(super) struct FiscalYear {
    /// The column's name, and the first day of the year and of the next, as days since 1970-01-01.
    column: Option<(String, i32, i32)>,
}

impl FiscalYear {
    pub(super) fn new(dataset: &Dataset, year: Option<i32>) -> Self {
        let first_day = |year| NaiveDate::from_ymd_opt(year, 1, 1).map(Date32Type::from_naive_date);
        let column = dataset.fiscal_year_column.zip(year).and_then(|(i, year)| {
            Some((dataset.columns[i].name.clone(), first_day(year)?, first_day(year.checked_add(1)?)?))
        });
        Self { column }
    }

    /// Checks the next rows.
    ///
    /// # Errors
    /// The first date of another year.
    pub(super) fn check(&self, batch: &RecordBatch) -> Result<(), String> {
        let Some((name, first, next)) = &self.column else { return Ok(()) };
        let column = batch.column_by_name(name).expect("the contract names its columns");
        let stranger = column.as_primitive::<Date32Type>().iter().flatten().find(|day| day < first || day >= next);
        match stranger {
            Some(day) => Err(format!("{name} {}", Date32Type::to_naive_date_opt(day).unwrap_or_default())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Continuity, FiscalYear};
    use crate::contract::{file_schema, parse};
    use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, new_null_array};
    use arrow::datatypes::{Field, Schema};
    use std::sync::Arc;

    fn continuity() -> Continuity {
        let contract = parse("omspan.toml", include_str!("../../config/sources/omspan.toml")).unwrap();
        Continuity::new(contract.dataset("realisasi_belanja").unwrap())
    }

    fn batch(numbers: &[i64], days: &[i32]) -> RecordBatch {
        let contract = parse("omspan.toml", include_str!("../../config/sources/omspan.toml")).unwrap();
        let schema = file_schema(contract.dataset("realisasi_belanja").unwrap());
        let fields: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
        let n = numbers.len();
        let columns: Vec<ArrayRef> = fields
            .iter()
            .map(|field| match field.name().as_str() {
                "rownum" => Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef,
                "maxdate" | "tanggal" => Arc::new(Date32Array::from(days.to_vec())),
                _ => new_null_array(field.data_type(), n),
            })
            .collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    #[test]
    fn numbers_may_come_in_any_order_but_only_once_and_all() {
        let mut good = continuity();
        good.take(&batch(&[3, 1], &[5, 5])).unwrap();
        good.take(&batch(&[2, 4], &[5, 5])).unwrap();
        assert_eq!(good.finish(0), Ok(()));
        assert_eq!(good.take(&batch(&[2], &[5])), Err("rownum 2 comes twice".to_owned()));
        let mut gap = continuity();
        gap.take(&batch(&[1, 2, 5], &[5, 5, 5])).unwrap();
        assert_eq!(gap.finish(0), Err("2 of 5 row numbers (rownum) are missing".to_owned()));
        assert_eq!(gap.finish(2), Ok(()));
        assert!(continuity().take(&batch(&[0], &[5])).is_err());
    }

    #[test]
    fn a_data_date_that_moves_is_noticed_within_and_between_pages() {
        let mut between = continuity();
        between.take(&batch(&[1], &[0])).unwrap();
        assert_eq!(between.take(&batch(&[2], &[1])), Err("maxdate moved from 1970-01-01 to 1970-01-02".to_owned()));
        assert!(continuity().take(&batch(&[1, 2], &[0, 1])).unwrap_err().contains("within one answer"));
    }

    #[test]
    fn a_date_of_another_fiscal_year_is_noticed() {
        let contract = parse("omspan.toml", include_str!("../../config/sources/omspan.toml")).unwrap();
        let of = |dataset, year| FiscalYear::new(contract.dataset(dataset).unwrap(), year);
        let days = |days: &[i32]| batch(&(1..).take(days.len()).collect::<Vec<i64>>(), days);
        let year = of("realisasi_belanja", Some(1971));
        assert_eq!(year.check(&days(&[365, 729])), Ok(()));
        assert_eq!(year.check(&days(&[365, 364])), Err("tanggal 1970-12-31".to_owned()));
        assert_eq!(year.check(&days(&[730])), Err("tanggal 1972-01-01".to_owned()));
        assert_eq!(of("realisasi_belanja", None).check(&days(&[1])), Ok(()));
        assert_eq!(of("dipa_belanja", Some(1971)).check(&days(&[1])), Ok(()));
    }
}
