//! The SQL port, by the real clients: psql, psycopg, SQLAlchemy, JDBC, ODBC. They connect over TLS with a password, look
//! around, ask, cancel, and are refused what a read-only port does not do. What a machine lacks is skipped by name.

mod clients;
mod house;
mod refused;
mod roles;
mod start;
mod together;
mod totals;
mod wire;
