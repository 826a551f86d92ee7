//! DataFusion sessions: tables from committed files, views from `queries/`.
