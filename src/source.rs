//! Plan, fetch, page and classify: the closed set of strategies a contract can name.
