//! What there is, as PostgreSQL numbers it: every schema, table and column that a role may see, with the object ids that
//! clients join its catalog by.
//!
//! An id is computed from the name. So it is the same for every role, in every state of the warehouse and after a
//! restart, and a client that remembers one across its questions never meets another table under it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::CatalogProvider;
use datafusion::logical_expr::TableType;
use sha2::{Digest, Sha256};

use super::super::error::CatalogError;
use super::super::plain::plain_schema;
use super::types::{self, TypeInfo};

/// The schema that PostgreSQL keeps its own catalog in, and its id there.
pub(super) const PG_CATALOG: &str = "pg_catalog";
const PG_CATALOG_OID: i32 = 11;
/// The schema that the standard keeps its catalog in.
pub(super) const INFORMATION_SCHEMA: &str = "information_schema";

/// One table or view.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) oid: i32,
    pub(super) is_view: bool,
    pub(super) columns: Vec<ListedColumn>,
    /// The SQL of a view, for those who may read plans.
    pub(super) definition: Option<String>,
}

/// One column.
#[derive(Debug)]
pub(super) struct ListedColumn {
    pub(super) name: String,
    pub(super) nullable: bool,
    pub(super) info: TypeInfo,
    pub(super) data_type: DataType,
}

/// Everything a role may see.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Schemas and their ids, `pg_catalog` and `information_schema` among them.
    pub(super) schemas: BTreeMap<String, i32>,
    /// By schema and name.
    pub(super) tables: Vec<Listed>,
}

impl Listing {
    /// Lists the schemas `visible` of `catalog`. A view that cannot be planned is left out: nobody can read it. `texts`:
    /// whether the SQL of views is told.
    pub(super) async fn of(
        catalog: &dyn CatalogProvider,
        visible: &BTreeSet<String>,
        texts: bool,
    ) -> Result<Self, CatalogError> {
        let mut taken = BTreeSet::from([PG_CATALOG_OID]);
        let mut listing = Self::default();
        listing.schemas.insert(PG_CATALOG.to_owned(), PG_CATALOG_OID);
        listing.schemas.insert(INFORMATION_SCHEMA.to_owned(), oid_of(INFORMATION_SCHEMA, &mut taken));
        for name in visible {
            let Some(schema) = catalog.schema(name) else { continue };
            listing.schemas.insert(name.clone(), oid_of(name, &mut taken));
            let mut tables = schema.table_names();
            tables.sort();
            for table in tables {
                let provider = match schema.table(&table).await {
                    Ok(Some(provider)) => provider,
                    Ok(None) => continue,
                    Err(error) => {
                        tracing::debug!(table = format!("{name}.{table}"), %error, "a table cannot be listed");
                        continue;
                    }
                };
                listing.tables.push(Listed {
                    oid: oid_of(&format!("{name}.{table}"), &mut taken),
                    is_view: provider.table_type() == TableType::View,
                    columns: columns_of(&plain_schema(&provider.schema())),
                    definition: provider.get_table_definition().filter(|_| texts).map(str::to_owned),
                    schema: name.clone(),
                    name: table,
                });
            }
        }
        Ok(listing)
    }

    /// The ids of the tables in `schemas`: what a client may name without a schema.
    pub(super) fn visible_in(&self, schemas: &[String]) -> BTreeSet<i32> {
        self.tables.iter().filter(|table| schemas.contains(&table.schema)).map(|table| table.oid).collect()
    }
}

fn columns_of(schema: &SchemaRef) -> Vec<ListedColumn> {
    let column = |field: &arrow::datatypes::FieldRef| ListedColumn {
        name: field.name().clone(),
        nullable: field.is_nullable(),
        info: types::of(field.data_type()),
        data_type: field.data_type().clone(),
    };
    schema.fields().iter().map(column).collect()
}

/// The id of `name`: far above those of PostgreSQL's own objects, positive, and free.
pub(super) fn oid_of(name: &str, taken: &mut BTreeSet<i32>) -> i32 {
    let digest = Sha256::digest(name.as_bytes());
    let bytes = [digest[0] & 0x3f | 0x40, digest[1], digest[2], digest[3]];
    let mut oid = i32::from_be_bytes(bytes);
    while !taken.insert(oid) {
        oid = if oid == i32::MAX { 0x4000_0000 } else { oid + 1 };
    }
    oid
}

#[cfg(test)]
mod tests {
    use super::oid_of;
    use std::collections::BTreeSet;

    #[test]
    fn an_id_follows_from_the_name_and_is_never_given_twice() {
        let mut taken = BTreeSet::new();
        let first = oid_of("mart.sisa_dana", &mut taken);
        assert!(first >= 0x4000_0000);
        assert_eq!(oid_of("mart.sisa_dana", &mut BTreeSet::new()), first);
        assert_eq!(oid_of("mart.sisa_dana", &mut taken), first + 1);
    }
}
