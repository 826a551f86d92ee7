//! What tables a catalog has: names, columns, types, and where a view's columns come from.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;

use super::error::CatalogError;
use super::lineage::{self, Origin};
use super::session::{Bound, Catalog};

/// One table or view of a catalog.
#[derive(Debug, Clone)]
pub struct TableShape {
    /// SQL schema.
    pub schema: String,
    /// SQL table.
    pub table: String,
    /// Whether it is computed from others.
    pub is_view: bool,
    /// Its columns, in order.
    pub columns: Vec<ColumnShape>,
}

impl TableShape {
    /// `schema.table`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

/// One column of a table or view.
#[derive(Debug, Clone)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// Its type, as results show it.
    pub data_type: DataType,
    /// A view's column: the columns whose values it shows unchanged.
    pub(crate) shows: BTreeSet<Origin>,
    /// A view's column: the columns it is computed from; those it shows unchanged among them.
    pub(crate) made_of: BTreeSet<Origin>,
    /// The same, as the view's own SQL names them: columns of tables and of other views.
    pub(crate) direct: BTreeSet<Origin>,
}

impl ColumnShape {
    /// Its type in the words of SQL.
    #[must_use]
    pub fn sql_type(&self) -> String {
        sql_type(&self.data_type)
    }
}

impl Catalog {
    /// Every table and view with its columns, by name.
    ///
    /// # Errors
    /// When the engine cannot describe one.
    pub async fn shapes(&self) -> Result<Vec<TableShape>, CatalogError> {
        // Broken views are known to be none once all have been planned.
        self.problems().await?;
        let mut shapes = Vec::new();
        for name in self.table_names() {
            let Some((schema, table)) = name.split_once('.') else { continue };
            let provider = self.provider(schema, table).await?;
            let view = provider.get_logical_plan();
            let column = |(i, field): (usize, &Arc<arrow::datatypes::Field>)| ColumnShape {
                name: field.name().clone(),
                data_type: field.data_type().clone(),
                shows: view.as_ref().map(|plan| lineage::origins(plan, i)).unwrap_or_default(),
                made_of: view.as_ref().map(|plan| lineage::sources(plan, i)).unwrap_or_default(),
                direct: view.as_ref().map(|plan| lineage::direct(plan, i)).unwrap_or_default(),
            };
            shapes.push(TableShape {
                schema: schema.to_owned(),
                table: table.to_owned(),
                is_view: view.is_some(),
                columns: provider.schema().fields().iter().enumerate().map(column).collect(),
            });
        }
        Ok(shapes)
    }
}

impl Catalog {
    /// The committed columns, as `schema.table.column`, that one output column of a statement of our own is computed from, its
    /// views looked into; what joins and filters ask does not count. None where there is no such column.
    ///
    /// # Errors
    /// When the statement cannot be planned.
    pub async fn made_of(
        &self,
        sql: &str,
        values: &[(String, Bound)],
        column: &str,
    ) -> Result<Vec<String>, CatalogError> {
        let plan = self.plan_bound(sql, values).await?;
        let place = plan.schema().fields().iter().position(|field| field.name() == column);
        let origins = place.map(|place| lineage::sources(&plan, place)).unwrap_or_default();
        Ok(origins.into_iter().map(|o| format!("{}.{}.{}", o.schema, o.table, o.column)).collect())
    }
}

/// A type in the words of SQL.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => "BIGINT UNSIGNED".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("DECIMAL({precision},{scale})")
        }
        other => other.to_string(),
    }
}
