//! DataFusion sessions: tables from committed files, views from `queries/`, results in the formats people ask for.
//!
//! | file | what |
//! |---|---|
//! | [`session`] | [`Catalog`]: build it from a list of files, query it, run the data tests |
//! | [`table`] | [`TableSource`]: one table and exactly the files it consists of |
//! | [`committed`] | the ledger's files as tables: latest and history |
//! | [`ops`] | what the ledger and the inbox say of themselves: `ops.*` |
//! | [`reference`] | `ref.*`: the last import, else the rows of the config |
//! | [`views`] | [`ViewSet`]: the SQL files, embedded and overridden |
//! | [`shape`] | what tables and columns there are |
//! | [`dictionary`] | what they mean, where they come from, how fresh they are; also as DCAT |
//! | [`keyed`] | personal numbers in SQL are hashed before they become a query |
//! | [`pool`] | memory and spill space that several catalogs share |
//! | [`mod@profile`] | what stands in each column of a table |
//! | `tokens` | SQL text as an editor sees it |
//! | [`port`] | a catalog as clients of PostgreSQL see it, within what a role may see |
//! | `cluster` | heavy parts of a query on other machines (feature `cluster`) |
//! | [`check`] | the SQL data tests: rows that violate a rule |
//! | [`format`](mod@format) | a result as table, CSV, JSON, NDJSON, Parquet, XLSX or Markdown |
//! | `guard` | what SQL from outside may do |
//! | `lineage` | where a column's values come from |
//! | `store` | the files, behind names that tell nothing about the machine |
//! | `shared` | what a query needs twice is computed once |
//! | `plain` | result types that every reader knows |
//! | `yielding` | makes long joins stop at the time-out |
//!
//! A catalog is built from the committed file list and never lists a folder: it keeps showing the snapshots it was
//! built from while loads go on, and a new commit is seen by building a new one. All money is decimal; a decimal
//! literal in SQL (`0.1`) is a decimal too.

pub mod check;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod committed;
pub mod dictionary;
pub mod error;
pub mod format;
mod guard;
mod in_turn;
pub mod keyed;
mod lineage;
mod one_row;
pub mod ops;
mod plain;
mod planned;
pub mod pool;
pub mod port;
pub mod profile;
pub mod reference;
pub mod session;
pub mod shape;
mod shared;
mod store;
pub mod table;
pub(crate) mod tokens;
mod viewed;
pub mod views;
mod yielding;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod mart_tests;

pub use check::{CheckReport, Severity};
pub use committed::dataset_tables;
pub use dictionary::{Dictionary, DictionarySources, TableEntry};
pub use error::{CatalogError, ErrorKind};
pub use format::Format;
pub use keyed::KeyColumns;
pub use ops::{ledger_tables, ledger_tables_of};
pub use pool::SharedEngine;
pub use reference::reference_tables;
pub use session::{Bound, Catalog, QueryResult, SessionLimits};
pub use shape::{ColumnShape, TableShape};
pub use table::{MemoryTable, ReadRows, Rows, TableFile, TableSource};
pub use views::{Below, Problem, ViewFile, ViewSet};
