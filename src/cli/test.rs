//! `lumbung test`: the SQL data tests.

use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::{Context, session};
use crate::warehouse::{AsOf, Warehouse};

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let catalog = session::open(context, &warehouse, AsOf::Latest).await?;
    let reports = catalog.run_checks().await;
    let mut table = Table::new(&["test", "result", ">rows"]);
    let mut code = None;
    for report in &reports {
        let (result, rows) = match &report.outcome {
            Ok(found) if found.rows == 0 => ("passed".to_owned(), 0),
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
            print_json(&json!({ "test": report.name, "result": result, "rows": rows }))?;
        } else {
            table.row(vec![report.name.clone(), result, grouped(rows)]);
        }
    }
    if context.output == OutputFormat::Table {
        print(&table.render())?;
    }
    code.map_or(Ok(()), |code| Err(Failure::told(code)))
}
