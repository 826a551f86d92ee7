//! What the load is compared with, over the same bytes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde::de::{Deserializer as _, SeqAccess, Visitor};

/// A typed row: texts borrowed where serde allows it, nothing converted. A lower bound of what a serde loader must do.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Realisasi {
    rownum: String,
    kdsatker: String,
    kppn: String,
    ba: String,
    baes1: String,
    akun: String,
    program: String,
    kegiatan: String,
    output: String,
    kewenangan: String,
    #[serde(rename = "SUMBER_DANA")]
    sumber_dana: String,
    #[serde(rename = "CARA_TARIK")]
    cara_tarik: String,
    kdregister: String,
    lokasi: String,
    #[serde(rename = "BUDGET_TYPE")]
    budget_type: String,
    tanggal: String,
    maxdate: String,
    amount: String,
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = i128;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<i128, A::Error> {
        let mut sum = 0;
        while let Some(row) = rows.next_element::<Realisasi>()? {
            sum += row.amount.parse::<i128>().unwrap_or(0);
            std::hint::black_box((
                &row.rownum,
                &row.kdsatker,
                &row.kppn,
                &row.ba,
                &row.baes1,
                &row.akun,
                &row.program,
                &row.kegiatan,
                &row.output,
            ));
            std::hint::black_box((
                &row.kewenangan,
                &row.sumber_dana,
                &row.cara_tarik,
                &row.kdregister,
                &row.lokasi,
                &row.budget_type,
                &row.tanggal,
                &row.maxdate,
            ));
        }
        Ok(sum)
    }
}

/// Reads every row of a page with serde_json and drops it.
pub(crate) fn serde_rows(text: &[u8]) {
    let mut reader = serde_json::Deserializer::from_slice(text);
    std::hint::black_box(reader.deserialize_seq(Each).expect("the answer is good"));
}

/// One run a line that it is sent.
const DUCKDB: &str = "
import duckdb, sys, time, os, resource
out, pages = sys.argv[1], sys.argv[2:]
duckdb.sql('SET enable_progress_bar = false')
for _ in sys.stdin:
    if os.path.exists(out): os.remove(out)
    began = time.perf_counter()
    duckdb.sql(f'''COPY (SELECT cast(ROWNUM AS BIGINT) AS rownum, * EXCLUDE (ROWNUM, TANGGAL, MAXDATE, AMOUNT),
        strptime(TANGGAL, '%d-%b-%y')::date AS tanggal, strptime(MAXDATE, '%d-%b-%y')::date AS maxdate,
        cast(AMOUNT AS DECIMAL(20,2)) AS amount
        FROM read_json({pages}, format='array', columns={{ROWNUM: 'VARCHAR', KDSATKER: 'VARCHAR', KPPN: 'VARCHAR',
        BA: 'VARCHAR', BAES1: 'VARCHAR', AKUN: 'VARCHAR', PROGRAM: 'VARCHAR', KEGIATAN: 'VARCHAR', OUTPUT: 'VARCHAR',
        KEWENANGAN: 'VARCHAR', SUMBER_DANA: 'VARCHAR', CARA_TARIK: 'VARCHAR', KDREGISTER: 'VARCHAR', LOKASI: 'VARCHAR',
        BUDGET_TYPE: 'VARCHAR', TANGGAL: 'VARCHAR', MAXDATE: 'VARCHAR', AMOUNT: 'VARCHAR'}}))
        TO '{out}' (FORMAT parquet, COMPRESSION zstd)''')
    seconds = time.perf_counter() - began
    # What it left for later is not to be written while the next load waits for the disk.
    with open(out) as file: os.fsync(file)
    print(seconds, os.path.getsize(out), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
";

const POLARS: &str = "
import polars as pl, sys, time, os, resource
out, pages = sys.argv[1], sys.argv[2:]
began = time.perf_counter()
pl.concat([pl.read_json(page) for page in pages]).with_columns(
    pl.col('ROWNUM').cast(pl.Int64), pl.col('AMOUNT').cast(pl.Decimal(20, 2)),
    pl.col('TANGGAL', 'MAXDATE').str.to_titlecase().str.to_date('%d-%b-%y')).write_parquet(out, compression='zstd')
seconds = time.perf_counter() - began
print(seconds, os.path.getsize(out), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
";

/// What another loader made of the same pages, without HTTP, hash, archive or checks.
pub(crate) struct Peer {
    pub(crate) seconds: f64,
    pub(crate) parquet_bytes: u64,
    pub(crate) memory_mb: u64,
}

/// DuckDB, which waits in a process of its own and runs when it is asked to.
pub(crate) struct DuckDb {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl DuckDb {
    /// Starts it; `None` without python3.
    pub(crate) fn start(pages: &[PathBuf], folder: &Path) -> Option<Self> {
        let mut command = python(DUCKDB, pages, &folder.join("duckdb.parquet"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().ok()?;
        let answers = BufReader::new(process.stdout.take()?);
        Some(Self { process, answers })
    }

    /// One run; `None` where it is not installed.
    pub(crate) fn run(&mut self) -> Option<Peer> {
        self.process.stdin.as_mut()?.write_all(b"run\n").ok()?;
        let mut said = String::new();
        self.answers.read_line(&mut said).ok()?;
        Peer::read(&said)
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        // It ends with its input; who was killed before has ended already.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Polars; `None` where it is not installed.
pub(crate) fn polars(pages: &[PathBuf], folder: &Path) -> Option<Peer> {
    let ran = python(POLARS, pages, &folder.join("polars.parquet")).output().ok()?;
    Peer::read(&String::from_utf8(ran.stdout).ok().filter(|_| ran.status.success())?)
}

fn python(script: &str, pages: &[PathBuf], out: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(out).args(pages);
    command
}

impl Peer {
    fn read(said: &str) -> Option<Self> {
        let mut words = said.split_whitespace();
        Some(Self {
            seconds: words.next()?.parse().ok()?,
            parquet_bytes: words.next()?.parse().ok()?,
            memory_mb: words.next()?.parse().ok()?,
        })
    }
}

/// A pure scan: every byte compared with the characters that structure JSON, many at a time. The least that any reader of
/// the text must do.
pub(crate) fn scan(text: &[u8]) {
    let structure = |byte: &u8| u8::from(*byte == b'"') | u8::from(*byte == b'\\') | u8::from(*byte == b',');
    // Sums of 255 bytes fit a byte, so that the compiler adds whole vectors.
    let found: usize = text.chunks(255).map(|chunk| usize::from(chunk.iter().map(structure).sum::<u8>())).sum();
    std::hint::black_box(found);
}
