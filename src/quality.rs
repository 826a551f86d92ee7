//! Polars: the independent recount of a written file.
