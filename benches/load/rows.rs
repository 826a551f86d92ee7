//! Realisasi rows as the service writes them: codes that repeat as in a real dump, amounts and dates that do not.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

/// Satker in the made-up dump.
const N_SATKER: usize = 480;

/// What the service answers beyond the last row.
const NO_DATA: &str = r#"{ "body": { "value": "Tidak Ada Data (no data found)" } }"#;

/// The answers of the service, a file each, under the path that it is asked for: `RealisasiKL/{from}/{to}`.
pub(crate) struct Pages {
    /// Those that hold rows, in their order.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) n_bytes: u64,
}

impl Pages {
    /// Writes `n_rows` rows into `folder`, `page_rows` a page, and the empty answer after them.
    pub(crate) fn write(folder: &Path, n_rows: usize, page_rows: usize) -> Result<Self> {
        let (mut rows, mut files, mut n_bytes) = (Rows::new(), Vec::new(), 0);
        for before in (0..n_rows).step_by(page_rows) {
            let path = Self::path(folder, before, page_rows)?;
            n_bytes += rows.write(&path, page_rows.min(n_rows - before))?;
            files.push(path);
        }
        std::fs::write(Self::path(folder, files.len() * page_rows, page_rows)?, NO_DATA)?;
        Ok(Self { files, n_bytes })
    }

    /// The file of the page that has `before` rows before it.
    fn path(folder: &Path, before: usize, page_rows: usize) -> Result<PathBuf> {
        let folder = folder.join(format!("RealisasiKL/{}", before + 1));
        std::fs::create_dir_all(&folder)?;
        Ok(folder.join((before + page_rows).to_string()))
    }
}

/// A congruential walk: the same bytes on every machine, without the order of a counter.
struct Rows {
    state: u64,
    n_rows: usize,
}

impl Rows {
    fn new() -> Self {
        Self { state: 88_172_645_463_325_252, n_rows: 0 }
    }

    /// Writes the next `n_rows` rows as one array and returns the size in bytes.
    fn write(&mut self, path: &Path, n_rows: usize) -> Result<u64> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        out.write_all(b"[")?;
        for i in 0..n_rows {
            if i > 0 {
                out.write_all(b",")?;
            }
            self.row(&mut out)?;
        }
        out.write_all(b"]")?;
        out.into_inner()?.metadata().map(|metadata| metadata.len())
    }

    fn row(&mut self, out: &mut impl Write) -> Result<()> {
        const ACCOUNTS: [&str; 8] = ["511111", "511121", "521111", "521211", "522151", "524113", "532111", "571111"];
        const MONTHS: [&str; 10] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT"];
        self.n_rows += 1;
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let state = self.state;
        let pick = |n: usize, shift: u32| (state >> shift) as usize % n;
        let satker = pick(N_SATKER, 3);
        let amount = pick(90_000_000, 17) as i64 + 1_000;
        let amount = if pick(50, 41) == 0 { -amount } else { amount };
        write!(
            out,
            "{{\"ROWNUM\":\"{}\",\"KDSATKER\":\"{}\",\"KPPN\":\"{:03}\",\"BA\":\"056\",\"BAES1\":\"0560{}\",\
             \"AKUN\":\"{}\",\"PROGRAM\":\"0560{}WA\",\"KEGIATAN\":\"{}\",\"OUTPUT\":\"EB{}\",\"KEWENANGAN\":\"{}\",\
             \"SUMBER_DANA\":\"A\",\"CARA_TARIK\":\"0\",\"KDREGISTER\":\"00000001\",\"LOKASI\":\"{:04}\",\
             \"BUDGET_TYPE\":\"2\",\"TANGGAL\":\"{:02}-{}-26\",\"MAXDATE\":\"31-OCT-26\",\"AMOUNT\":\"{amount}\"}}",
            self.n_rows,
            620_000 + satker,
            satker % 180,
            satker % 6 + 1,
            ACCOUNTS[pick(8, 9)],
            satker % 6 + 1,
            5_700 + satker % 40,
            ["A", "B", "C", "D"][pick(4, 29)],
            1 + satker % 3,
            100 + satker % 3_300,
            1 + pick(28, 33),
            MONTHS[pick(10, 47)],
        )
    }
}
