//! How a table is read from elsewhere: the files by DuckDB and Python, everything by SQL.

use crate::catalog::TableEntry;
use crate::catalog::dictionary::Kind;

/// How a frame is read; `FILES` are the files.
const FRAME: &str = include_str!("../../../../templates/console/reading-frame.txt");

/// One way, with the text to copy.
pub(super) struct Way {
    /// What it is read with.
    pub(super) tool: &'static str,
    /// What to know.
    pub(super) words: &'static str,
    /// The text to copy.
    pub(super) text: String,
}

/// The ways to read `table`. Files are named from the folder of the warehouse: where that lies is the operator's to say.
pub(super) fn ways(table: &TableEntry, not_in_files: bool) -> Vec<Way> {
    let name = table.name();
    let mut ways = Vec::new();
    if let Some(files) = files(table).filter(|_| !not_in_files) {
        ways.push(Way {
            tool: "DuckDB",
            words: "Membaca berkas Parquet langsung; ganti warehouse/ dengan letak foldernya.",
            text: format!("SELECT * FROM read_parquet('{files}', hive_partitioning = true) LIMIT 100;"),
        });
        ways.push(Way {
            tool: "Python: Polars",
            words: "Nilai uang tetap desimal, tidak menjadi float.",
            text: FRAME.replace("FILES", &files),
        });
        ways.push(Way {
            tool: "Python: PyArrow dan pandas",
            words: "ArrowDtype menjaga desimal dan kode apa adanya.",
            text: format!(
                "import pandas as pd\nimport pyarrow.dataset as ds\ntable = ds.dataset(\"{}\", partitioning=\"hive\").to_table()\n\
                 df = table.to_pandas(types_mapper=pd.ArrowDtype)",
                files.split("/*").next().unwrap_or_default()
            ),
        });
    }
    ways.push(Way {
        tool: "Excel dan Power BI",
        words: "Data > Get Data > From Database > PostgreSQL; pengguna dan kata sandi port SQL diberikan operator.",
        text: format!("Server: NAMA-SERVER:5432\nDatabase: lumbung\nSQL: SELECT * FROM {name}"),
    });
    ways.push(Way {
        tool: "psql",
        words: "Port SQL hanya membaca.",
        text: format!(
            "psql \"host=NAMA-SERVER port=5432 dbname=lumbung user=NAMA sslmode=verify-full\" \\\n  -c 'SELECT * FROM {name} LIMIT 100'"
        ),
    });
    ways
}

/// The files of a table as a pattern, where it has any.
fn files(table: &TableEntry) -> Option<String> {
    let name = &table.table;
    match table.kind {
        Kind::Dataset => Some(format!("warehouse/latest/{}/{name}/**/*.parquet", table.schema)),
        Kind::History => {
            let (source, dataset) = name.split_once('_')?;
            Some(format!("warehouse/history/{source}/{dataset}/**/*.parquet"))
        }
        Kind::View => Some(format!("warehouse/marts/{name}/*.parquet")),
        Kind::Reference | Kind::Ledger => None,
    }
}
