//! `information_schema`, in the words of the standard: the engine's own one names types as Arrow does and shows its settings.

use std::sync::Arc;

use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::TableType;

use super::super::session::CATALOG;
use super::fill::{self, Row, row};
use super::lazy::LazyListing;
use super::listing::{Listed, ListedColumn, Listing};

/// Its tables and their columns; a `#` marks numbers. Those that speak of keys and routines are empty.
const TABLES: [(&str, &[&str]); 12] = [
    ("tables", &["table_catalog", "table_schema", "table_name", "table_type", "is_insertable_into", "is_typed"]),
    (
        "columns",
        &[
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "#ordinal_position",
            "column_default",
            "is_nullable",
            "data_type",
            "#character_maximum_length",
            "#character_octet_length",
            "#numeric_precision",
            "#numeric_precision_radix",
            "#numeric_scale",
            "#datetime_precision",
            "interval_type",
            "character_set_name",
            "collation_name",
            "domain_name",
            "udt_catalog",
            "udt_schema",
            "udt_name",
            "is_identity",
            "is_generated",
            "generation_expression",
            "is_updatable",
        ],
    ),
    ("schemata", &["catalog_name", "schema_name", "schema_owner", "default_character_set_name"]),
    ("views", &["table_catalog", "table_schema", "table_name", "view_definition", "check_option", "is_updatable"]),
    (
        "table_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "constraint_type",
            "is_deferrable",
            "initially_deferred",
        ],
    ),
    (
        "key_column_usage",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "#ordinal_position",
            "#position_in_unique_constraint",
        ],
    ),
    (
        "referential_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "unique_constraint_catalog",
            "unique_constraint_schema",
            "unique_constraint_name",
            "match_option",
            "update_rule",
            "delete_rule",
        ],
    ),
    (
        "constraint_column_usage",
        &["table_catalog", "table_schema", "table_name", "column_name", "constraint_schema", "constraint_name"],
    ),
    (
        "routines",
        &["specific_catalog", "specific_schema", "specific_name", "routine_schema", "routine_name", "routine_type"],
    ),
    ("parameters", &["specific_catalog", "specific_schema", "specific_name", "#ordinal_position", "parameter_name"]),
    ("character_sets", &["character_set_schema", "character_set_name", "default_collate_name"]),
    ("sequences", &["sequence_catalog", "sequence_schema", "sequence_name", "data_type"]),
];

/// `information_schema` for one role.
#[derive(Debug)]
pub(super) struct InformationSchema {
    listing: Arc<LazyListing>,
}

impl InformationSchema {
    pub(super) fn new(listing: Arc<LazyListing>) -> Self {
        Self { listing }
    }
}

#[async_trait]
impl SchemaProvider for InformationSchema {
    fn table_names(&self) -> Vec<String> {
        TABLES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some((_, columns)) = TABLES.iter().find(|(table, _)| *table == name) else { return Ok(None) };
        let listing = self.listing.get().await?;
        fill::table(fill::schema(columns), &rows(name, &listing)).map(Some)
    }

    async fn table_type(&self, _name: &str) -> Result<Option<TableType>> {
        Ok(Some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        TABLES.iter().any(|(table, _)| *table == name)
    }
}

fn rows(table: &str, listing: &Listing) -> Vec<Row> {
    match table {
        "tables" => listing.tables.iter().map(table_row).collect(),
        "columns" => listing.tables.iter().flat_map(column_rows).collect(),
        "schemata" => {
            let one = |name: &String| {
                row([
                    ("catalog_name", CATALOG.to_owned()),
                    ("schema_name", name.clone()),
                    ("schema_owner", CATALOG.to_owned()),
                ])
            };
            listing.schemas.keys().map(one).collect()
        }
        "views" => {
            let of_views = listing.tables.iter().filter(|table| table.is_view);
            of_views.map(|table| named(table, [("is_updatable", "NO"), ("check_option", "NONE")])).collect()
        }
        "character_sets" => vec![row([("character_set_name", "UTF8".to_owned())])],
        _ => Vec::new(),
    }
}

/// A row about `table` with further cells.
fn named<const N: usize>(table: &Listed, cells: [(&'static str, &str); N]) -> Row {
    let mut made = row([
        ("table_catalog", CATALOG.to_owned()),
        ("table_schema", table.schema.clone()),
        ("table_name", table.name.clone()),
    ]);
    made.extend(cells.map(|(name, value)| (name, value.to_owned())));
    if let Some(definition) = &table.definition {
        made.insert("view_definition", definition.clone());
    }
    made
}

fn table_row(table: &Listed) -> Row {
    let kind = if table.is_view { "VIEW" } else { "BASE TABLE" };
    named(table, [("table_type", kind), ("is_insertable_into", "NO"), ("is_typed", "NO")])
}

fn column_rows(table: &Listed) -> Vec<Row> {
    let one = |(i, column): (usize, &ListedColumn)| {
        let nullable = if column.nullable { "YES" } else { "NO" };
        let mut made = named(
            table,
            [
                ("column_name", column.name.as_str()),
                ("is_nullable", nullable),
                ("data_type", column.info.name),
                ("udt_catalog", CATALOG),
                ("udt_schema", super::listing::PG_CATALOG),
                ("udt_name", short_name(column)),
                ("is_identity", "NO"),
                ("is_generated", "NEVER"),
                ("is_updatable", "NO"),
            ],
        );
        made.insert("ordinal_position", (i + 1).to_string());
        if let Some((precision, radix, scale)) = digits(&column.data_type) {
            made.insert("numeric_precision", precision.to_string());
            made.insert("numeric_precision_radix", radix.to_string());
            made.insert("numeric_scale", scale.to_string());
        }
        if matches!(column.info.oid, 1114 | 1184) {
            made.insert("datetime_precision", "6".to_owned());
        }
        made
    };
    table.columns.iter().enumerate().map(one).collect()
}

/// The short name of a column's type: `int4`, `timestamptz`.
fn short_name(column: &ListedColumn) -> &'static str {
    match column.info.oid {
        16 => "bool",
        17 => "bytea",
        20 => "int8",
        21 => "int2",
        23 => "int4",
        700 => "float4",
        701 => "float8",
        1082 => "date",
        1083 => "time",
        1114 => "timestamp",
        1184 => "timestamptz",
        1186 => "interval",
        1700 => "numeric",
        1000..=1231 => "_text",
        _ => "text",
    }
}

/// Precision, the base it is counted in, and scale of a number.
fn digits(data_type: &DataType) -> Option<(u8, u8, i8)> {
    Some(match data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => (*precision, 10, *scale),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => (16, 2, 0),
        DataType::UInt16 | DataType::Int32 => (32, 2, 0),
        DataType::UInt32 | DataType::Int64 => (64, 2, 0),
        _ => return None,
    })
}
