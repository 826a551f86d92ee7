//! The demo's proof: what is committed against what the sandbox says it served, row count by row count and sum by sum.

use crate::cli::exit::{Code, Failure};
use crate::cli::output::grouped;
use crate::quality::ExactSum;
use crate::sandbox::Control;
use crate::warehouse::{AsOf, CommittedFile, Warehouse};

/// Compares every dataset, and says how much was proved. All differences are told at once.
pub(super) fn prove(warehouse: &Warehouse, control: &Control) -> Result<String, Failure> {
    let files = warehouse.committed_files(AsOf::Latest)?;
    let (mut n_rows, mut n_sums, mut differences) = (0, 0, Vec::new());
    for (dataset, expected) in &control.datasets {
        let own: Vec<_> = files.iter().filter(|file| file.dataset.to_string() == *dataset).collect();
        let rows: u64 = own.iter().map(|file| file.rows).sum();
        if rows != expected.rows {
            differences.push(format!("{dataset}: {rows} rows are committed, {} were served", expected.rows));
        }
        for (column, sum) in &expected.sums {
            let total = total(&own, column);
            if total.to_string() != *sum && !(total.unscaled == 0 && sum == "0.00") {
                differences.push(format!("{dataset}.{column}: {total} is committed, {sum} was served"));
            }
            n_sums += 1;
        }
        n_rows += rows;
    }
    if !differences.is_empty() {
        return Err(Failure::new(Code::Data, differences.join("\n")));
    }
    Ok(format!(
        "Proved     {} rows of {} datasets and {n_sums} money sums equal what the sources served",
        grouped(n_rows),
        control.datasets.len()
    ))
}

fn total(files: &[&CommittedFile], column: &str) -> ExactSum {
    let mut total = ExactSum::default();
    for found in files.iter().filter_map(|file| file.sums.get(column)) {
        total.unscaled += found.unscaled;
        total.scale = found.scale;
    }
    total
}
