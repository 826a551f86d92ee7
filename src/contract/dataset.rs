//! One endpoint's rows: how they are asked for, how they are written, and what their columns are.

use super::{CHANGE, Column, Drift, Envelope, JsonPath, Receive, RequestTemplate};

/// One endpoint's rows, or a further table of its answers.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The dataset's name: SQL table and folder.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What one row is.
    pub grain: String,
    /// The heading of the source document that describes the endpoint.
    pub document_section: String,
    /// Which way the rows come.
    pub direction: Direction,
    /// Where answers come from.
    pub transport: Transport,
    /// What is asked.
    pub request: RequestTemplate,
    /// What becomes of what is pushed.
    pub receive: Option<Receive>,
    /// The parameters that the request is repeated for.
    pub for_each: Option<ForEach>,
    /// The dataset whose answers hold these rows, too.
    pub same_answer_as: Option<String>,
    /// How the rows are divided over requests.
    pub paging: Paging,
    /// How rows are wrapped.
    pub envelope: Envelope,
    /// How one row is written.
    pub rows: RowShape,
    /// Whether its snapshots and credentials are per fiscal year.
    pub fiscal_year: bool,
    /// Whether rows hold personal data: then unknown columns keep the dataset from being published.
    pub personal: bool,
    /// Index of the date column whose values lie in the fiscal year asked for. The key of another year answers with
    /// that year's rows, and only a date can tell.
    pub fiscal_year_column: Option<usize>,
    /// Indices of the money columns whose sums are the control totals.
    pub control: Vec<usize>,
    /// The columns that tell one row of a snapshot from every other; none where the source gives no such key.
    pub key: Vec<String>,
    /// Most rows that may be refused, in percent, before nothing is published. Five rows are always tolerated.
    pub quarantine_pct_max: u32,
    /// Most a snapshot may shrink against the one before, in percent, before it is held; 100 = as much as it likes.
    pub shrink_pct_max: u32,
    /// Other limits on how far a snapshot may be from the one before.
    pub drift: Drift,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
}

impl Dataset {
    /// The index of the column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The columns that tell one row of a snapshot from every other: the contract's, for what is pushed those of the push
    /// and its number. None where rows have no key.
    #[must_use]
    pub fn row_key(&self) -> Vec<String> {
        let pushed = self.receive.as_ref().filter(|receive| !receive.key.is_empty());
        match pushed {
            Some(receive) if self.key.is_empty() => receive.key.iter().cloned().chain([CHANGE.to_owned()]).collect(),
            _ => self.key.clone(),
        }
    }

    /// The columns that say where in an answer a row stood, or what held for the whole answer: two rows that differ in
    /// them alone are the same.
    #[must_use]
    pub fn answer_columns(&self) -> Vec<&str> {
        match &self.paging {
            Paging::RowRange { row_number, constant, .. } => {
                let indices = std::iter::once(row_number).chain(constant);
                indices.map(|&index| self.columns[index].name.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether every partition stays current (`latest` links them all) instead of only the newest snapshot.
    #[must_use]
    pub fn accumulates(&self) -> bool {
        matches!(self.paging, Paging::Daily { .. } | Paging::Inbox { .. })
    }

    /// The partition key that holds the date: `snapshot_date`, or the dataset's own.
    #[must_use]
    pub fn date_key(&self) -> &str {
        match &self.paging {
            Paging::Daily { partition, .. } | Paging::Inbox { partition } => partition,
            Paging::Whole | Paging::RowRange { .. } | Paging::PageNumber { .. } | Paging::Files { .. } => {
                "snapshot_date"
            }
        }
    }

    /// Whether an answer is read whole before its rows are.
    #[must_use]
    pub fn is_document(&self) -> bool {
        matches!(self.rows, RowShape::Document { .. })
    }

    /// How often a load begins again when the source moved while it was read; `None` = as often as a request is tried.
    #[must_use]
    pub fn restarts(&self) -> Option<u32> {
        match self.paging {
            Paging::RowRange { restarts, .. } | Paging::PageNumber { restarts, .. } => Some(restarts),
            Paging::Whole | Paging::Daily { .. } | Paging::Files { .. } | Paging::Inbox { .. } => None,
        }
    }
}

/// Which way the rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// We ask.
    Pull,
    /// The source sends them to us.
    Receive,
    /// We send them: the record of a submission, never a table.
    Submit,
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Requests.
    Http,
    /// Files that somebody puts into a folder.
    Folder,
    /// Pushes that the inbox took in.
    Inbox,
}

/// The parameters that a request is repeated for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForEach {
    /// The rows of a query over what is loaded; its columns are the parameters.
    Sql(String),
    /// The rows of a file that the deployment names (`sources.<name>.lists.<list>`).
    List {
        /// The list's name.
        list: String,
        /// The parameters, in the order of the file's columns.
        columns: Vec<String>,
        /// What to ask where the deployment names no file.
        sql: Option<String>,
    },
    /// One parameter with these values.
    Values {
        /// The parameter.
        parameter: String,
        /// Its values.
        values: Vec<String>,
    },
}

/// How the rows of a dataset are divided over requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// One request, everything.
    Whole,
    /// Row ranges `{from}`..`{to}`, 1-based and inclusive, until an empty page.
    RowRange {
        /// Rows asked for in a request; 0 asks for everything at once through `path_whole`.
        page_rows: u64,
        /// Index of the column that numbers the rows; contiguous and unique over all pages.
        row_number: usize,
        /// Indices of columns that must hold one value over all pages.
        constant: Vec<usize>,
        /// How often a load begins again when the source moved while it was read.
        restarts: u32,
    },
    /// Pages `{page}` of `{size}` rows, until the announced total is reached or, where none is announced, a page is empty.
    PageNumber {
        /// Number of the first page.
        first: u64,
        /// Rows asked for in a page.
        page_rows: u64,
        /// Where an answer announces how many rows there are in all.
        total: Option<JsonPath>,
        /// How often a load begins again when the total moved while it was read.
        restarts: u32,
    },
    /// One request a day through `{date}` (YYYYMMDD), one partition a day.
    Daily {
        /// The partition key that holds the day.
        partition: String,
        /// Days asked again before the newest committed one.
        back_fill_days: u32,
    },
    /// Every file of a folder, in the order of their names.
    Files {
        /// Whether files are moved to `done/` once they are committed.
        done: bool,
    },
    /// The pushes that wait in the inbox; a partition a day, to which later ones are added.
    Inbox {
        /// The partition key that holds the day.
        partition: String,
    },
}

/// How one row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowShape {
    /// `{"KEY": "value", …}`.
    Objects,
    /// A header and rows by position, in any of the ways spanint writes them.
    HeaderPositional {
        /// Index of the column that takes the surplus of an unquoted comma.
        fold_surplus_into: Option<usize>,
    },
    /// Objects somewhere inside a document.
    Document {
        /// Where they are; the first of these paths that is there.
        rows_at: Vec<JsonPath>,
        /// Keys of a row that belong to another table of the same answers, normalised.
        of_other_tables: Vec<String>,
    },
    /// Separated values under a header line.
    Csv {
        /// What stands between two values.
        delimiter: u8,
    },
}
