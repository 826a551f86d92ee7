//! Statements of clients.
