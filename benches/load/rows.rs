//! Realisasi rows as the service writes them: codes that repeat as in a real dump, amounts and dates that do not.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// Satker in the made-up dump.
const N_SATKER: usize = 480;

/// Writes `n_rows` rows as one array and returns the size in bytes.
pub(crate) fn write(path: &Path, n_rows: usize) -> Result<u64> {
    const ACCOUNTS: [&str; 8] = ["511111", "511121", "521111", "521211", "522151", "524113", "532111", "571111"];
    const MONTHS: [&str; 10] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT"];
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(b"[")?;
    // A congruential walk: the same bytes on every machine, without the order of a counter.
    let mut state = 88_172_645_463_325_252_u64;
    for i in 0..n_rows {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let pick = |n: usize, shift: u32| (state >> shift) as usize % n;
        let satker = pick(N_SATKER, 3);
        let amount = pick(90_000_000, 17) as i64 + 1_000;
        let amount = if pick(50, 41) == 0 { -amount } else { amount };
        if i > 0 {
            out.write_all(b",")?;
        }
        write!(
            out,
            "{{\"ROWNUM\":\"{}\",\"KDSATKER\":\"{}\",\"KPPN\":\"{:03}\",\"BA\":\"056\",\"BAES1\":\"0560{}\",\
             \"AKUN\":\"{}\",\"PROGRAM\":\"0560{}WA\",\"KEGIATAN\":\"{}\",\"OUTPUT\":\"EB{}\",\"KEWENANGAN\":\"{}\",\
             \"SUMBER_DANA\":\"A\",\"CARA_TARIK\":\"0\",\"KDREGISTER\":\"00000001\",\"LOKASI\":\"{:04}\",\
             \"BUDGET_TYPE\":\"2\",\"TANGGAL\":\"{:02}-{}-26\",\"MAXDATE\":\"31-OCT-26\",\"AMOUNT\":\"{amount}\"}}",
            i + 1,
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
        )?;
    }
    out.write_all(b"]")?;
    out.into_inner()?.metadata().map(|metadata| metadata.len())
}
