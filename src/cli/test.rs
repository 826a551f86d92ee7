//! `lumbung test`: the SQL data tests. One of severity error that finds rows ends with 65; a warning is only shown.

use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::{Context, session};
use crate::catalog::Severity;
use crate::warehouse::{AsOf, Warehouse};

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let catalog = session::open(context, &warehouse, AsOf::Latest)?;
    let reports = catalog.run_checks().await;
    let mut table = Table::new(&["test", "severity", "result", ">rows"]);
    let mut code = None;
    for report in &reports {
        let (result, rows) = match &report.outcome {
            Ok(found) if found.rows == 0 => ("passed".to_owned(), 0),
            Ok(found) if report.severity == Severity::Warning => ("warning".to_owned(), found.rows),
            Ok(found) => {
                code = code.max(Some(Code::Data));
                ("failed".to_owned(), found.rows)
            }
            Err(error) => {
                code = code.max(Some(Code::Internal));
                (format!("broken: {error}"), 0)
            }
        };
        if context.output == OutputFormat::Json {
            let severity = report.severity.word();
            print_json(&json!({ "test": report.name, "severity": severity, "result": result, "rows": rows }))?;
        } else {
            let severity = report.severity.word().to_owned();
            table.row(vec![report.name.clone(), severity, result, grouped(rows)]);
        }
    }
    if context.output == OutputFormat::Table {
        print(&table.render())?;
    }
    code.map_or(Ok(()), |code| Err(Failure::told(code)))
}
