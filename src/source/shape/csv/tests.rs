//! CSV in, rows out: quoting, line ends, widths, repeated names, and a real file.

use std::sync::Arc;

use arrow::array::{Array, Decimal128Array, RecordBatch, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::contract::Dataset;
use crate::decode::{DecodeError, DecodeSettings, Decoder, PageSummary, Refused, fixture};

/// A dataset of CSV rows with `columns`, whatever way it is asked for.
fn dataset(columns: &str, more: &str) -> Arc<Dataset> {
    fixture::dataset("csv", columns, more)
}

const COLUMNS: &str = r#"
  { name = "kode", type = "code(1..4)", required = true, class = "public", meaning = "m" },
  { name = "nama", type = "text", class = "public", meaning = "m" },
  { name = "nilai", type = "money", class = "public", meaning = "m" },"#;

#[derive(Debug)]
struct Page {
    rows: Vec<String>,
    summary: PageSummary,
    refused: Vec<Refused>,
    unknown: Vec<String>,
}

fn decode_in_chunks(dataset: &Arc<Dataset>, body: &[u8], size: usize) -> Result<Page, DecodeError> {
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(Arc::clone(dataset), crate::source::shape::reader, settings)?;
    let mut batches = Vec::new();
    let mut emit = |batch: RecordBatch| {
        batches.push(batch);
        Ok::<(), DecodeError>(())
    };
    for chunk in body.chunks(size) {
        decoder.push(chunk, &mut emit)?;
    }
    let summary = decoder.end_page(&mut emit)?;
    batches.extend(decoder.flush()?);
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in &batches {
        let formatters: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        let row = |i| formatters.iter().map(|f| f.value(i).to_string()).collect::<Vec<_>>().join("|");
        rows.extend((0..batch.num_rows()).map(row));
    }
    let unknown = decoder.unknown_keys().iter().map(|(name, n)| format!("{name} {n}")).collect();
    Ok(Page { rows, summary, refused: decoder.take_refused(), unknown })
}

/// Decodes in one piece and checks that pieces of every size give the same.
fn decode(dataset: &Arc<Dataset>, body: &str) -> Page {
    let whole = decode_in_chunks(dataset, body.as_bytes(), usize::MAX).unwrap();
    for size in [1, 2, 3, 7, 64] {
        let pieces = decode_in_chunks(dataset, body.as_bytes(), size).unwrap();
        assert_eq!(pieces.rows, whole.rows, "in pieces of {size}");
        assert_eq!(pieces.summary, whole.summary, "in pieces of {size}");
        assert_eq!(pieces.refused, whole.refused, "in pieces of {size}");
        assert_eq!(pieces.unknown, whole.unknown, "in pieces of {size}");
    }
    whole
}

#[test]
fn rows_in_every_spelling() {
    let dataset = dataset(COLUMNS, "");
    let expected = ["0a|Satu|1.00|", "0b||-2.00|"];
    for body in [
        "kode,nama,nilai\n0a,Satu,1\n0b,,-2\n",
        "kode,nama,nilai\n0a,Satu,1\n0b,,-2",
        "kode,nama,nilai\r\n0a,Satu,1\r\n0b,,-2\r\n",
        "kode,nama,nilai\r\n0a,Satu,1\r\n0b,,-2",
        "\u{feff}Kode,NAMA, Nilai \n\n0a,Satu,1\n\n0b,,-2\n\n,,\n",
        "\"kode\",\"nama\",\"nilai\"\n\"0a\",\"Satu\",\"1\"\n\"0b\",\"\",\"-2\"",
        "nilai,nama,kode\n1,Satu,0a\n-2,,0b\n",
        "\u{feff} \n  \"kode\",nama,nilai\n0a,Satu,1\n0b,,-2\n",
    ] {
        let page = decode(&dataset, body);
        assert_eq!(page.rows, expected, "{body}");
        assert_eq!(page.summary, PageSummary { rows: 2, refused: 0, nulls: 0 }, "{body}");
    }
    assert_eq!(decode(&dataset, "kode,nama,nilai\n").summary, PageSummary::default());
    assert_eq!(decode(&dataset, "kode,nama,nilai").summary, PageSummary::default());
}

#[test]
fn quotes_hold_delimiters_breaks_and_quotes() {
    let page = decode(
        &dataset(COLUMNS, ""),
        "kode,nama,nilai\n1,\"a, \"\"b\"\"\",\"1,234,567\"\n2,\"two\r\nlines\",2\n3,5\" pipe,3\n4,\"\"\"\"\"\",4\n",
    );
    assert_eq!(page.rows, ["1|a, \"b\"|1234567.00|", "2|two\r\nlines|2.00|", "3|5\" pipe|3.00|", "4|\"\"|4.00|"]);
}

#[test]
fn other_delimiters_are_named() {
    let page = decode(&dataset(COLUMNS, "delimiter = \";\""), "kode;nama;nilai\n1;a,b;1.234,5\n");
    assert_eq!(page.rows, ["1|a,b|1234.50|"]);
    let error = decode_in_chunks(&dataset(COLUMNS, ""), b"kode;nama;nilai\n1;a;2\n", 64).unwrap_err().to_string();
    assert_eq!(
        error,
        "the answer is broken after row 0: the first line has 1 fields and none is a column of the contract: another \
         delimiter, or no header?"
    );
}

#[test]
fn rows_that_do_not_fit_are_refused_and_reading_goes_on() {
    let body = "kode,nama,nilai\n1,a\n2,b,2,x\n3,\"c\" d,3\n,e,4\n5,f,x\n6,g,6\n";
    let page = decode(&dataset(COLUMNS, ""), body);
    assert_eq!(page.rows, ["6|g|6.00|"]);
    let refused: Vec<String> = page
        .refused
        .iter()
        .map(|r| format!("{} {} {}", r.row, r.column.as_deref().unwrap_or("-"), r.reason))
        .collect();
    assert_eq!(
        refused,
        [
            "1 - 2 values under a header of 3 names",
            "2 - 4 values under a header of 3 names",
            "3 - text behind the closing quote of a value",
            "4 kode the value is missing",
            "5 nilai no number",
        ]
    );
    assert_eq!(page.refused[3].original.as_deref(), Some(&b",e,4"[..]));
}

#[test]
fn a_name_that_comes_twice_holds_one_value() {
    let body = "kode,nilai,nama,Kode\n1,2,a,1\n2,3,b,9\n3,4,c,\"3\"\n4,5,d,\"\"\"4\"\"\"\n";
    let page = decode(&dataset(COLUMNS, ""), body);
    assert_eq!(page.rows, ["1|a|2.00|", "3|c|4.00|"]);
    assert!(page.refused.iter().all(|refused| refused.reason == "two values under one key"));
    assert_eq!(page.refused.len(), 2);
}

#[test]
fn unknown_columns_are_kept_as_json_or_noticed() {
    let body = "kode,nama,nilai,Catatan \"x\",\n1,a,2,\"say \"\"hi\"\"\",\n";
    let page = decode(&dataset(COLUMNS, ""), body);
    assert_eq!(page.rows, ["1|a|2.00|{\"Catatan \\\"x\\\"\":\"say \\\"hi\\\"\",\"column 5\":\"\"}"]);
    assert_eq!(page.unknown, ["Catatan \"x\" 1", "column 5 1"]);
    let page = decode(&dataset(COLUMNS, "personal = true"), body);
    assert_eq!(page.rows, ["1|a|2.00"]);
    assert_eq!(page.unknown.len(), 2);
}

#[test]
fn a_cut_file_is_noticed_where_it_can_be() {
    let error =
        |body: &str| decode_in_chunks(&dataset(COLUMNS, ""), body.as_bytes(), 7).err().map(|error| error.to_string());
    assert!(error("").unwrap().contains("cut off"));
    assert!(error("kode,nama,nilai\n1,\"a").unwrap().contains("cut off"));
    assert!(error(&format!("kode,nama,nilai\n1,\"{}", "a".repeat(2 << 20))).unwrap().contains("longer than"));
    assert!(error("<!DOCTYPE html>\n<html>\n").unwrap().contains("none is a column"));
}

/// The columns of the shipped contract.
fn sirup_columns() -> &'static str {
    let text = include_str!("../../../../config/sources/sirup.toml");
    let (_, columns) = text.split_once("columns = [").unwrap();
    columns.split_once("\n]").unwrap().0
}

#[test]
fn the_procurement_plan_reads_as_its_contract_says() {
    let dataset = dataset(sirup_columns(), "control = [\"pagu\"]");
    let head = "Kode RUP,Satuan Kerja,Nama Paket,Pagu,Metode Pemilihan,Sumber Dana,Kode RUP,Waktu Pemilihan\r\n";
    let row = "62394996,DINAS A &amp; B,Belanja &quot;X&quot; &#x27;Y&#x27;,4970000,Pengadaan Langsung,\"APBD,APBD, APBDP,\",62394996,October 2025\r\n";
    let page = decode(&dataset, &format!("{head}{row}{}", row.replace("4970000", "4970000.50")));
    assert_eq!(
        page.rows,
        ["62394996|DINAS A & B|Belanja \"X\" 'Y'|4970000.00|Pengadaan Langsung|APBD,APBDP|2025-10-01|"]
    );
    assert_eq!(page.refused[0].reason, "an amount with a fraction where whole ones are due");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the real file lies outside the project; without it the test says so")]
fn the_real_procurement_plan_is_read_to_the_last_row() {
    let Ok(shared) = std::env::var("LUMBUNG_SHARED") else {
        println!("skipped: needs LUMBUNG_SHARED");
        return;
    };
    let path = std::path::Path::new(&shared).join("data/rup_kalsel_2025_penyedia.csv");
    let dataset = dataset(sirup_columns(), "control = [\"pagu\"]");
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(dataset, crate::source::shape::reader, settings).unwrap();
    let (mut sum, mut satker, mut e_purchasing) = (0, std::collections::BTreeSet::new(), 0);
    let mut take = |batch: RecordBatch| {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_any().downcast_ref::<StringArray>().unwrap();
        let pagu = batch.column_by_name("pagu").unwrap();
        sum += pagu.as_any().downcast_ref::<Decimal128Array>().unwrap().iter().flatten().sum::<i128>();
        satker.extend(text("satuan_kerja").iter().flatten().map(str::to_owned));
        e_purchasing += text("metode_pemilihan").iter().filter(|m| *m == Some("E-Purchasing")).count();
        assert_eq!(batch.column_by_name("waktu_pemilihan").unwrap().null_count(), 0);
        assert_eq!(batch.column_by_name("extra").unwrap().null_count(), batch.num_rows());
        assert!(text("nama_paket").iter().flatten().all(|name| !name.contains("&amp;") && !name.contains("&quot;")));
        assert!(text("sumber_dana").iter().flatten().all(|list| !list.ends_with(',') && list.len() <= 20));
        Ok::<(), DecodeError>(())
    };
    for chunk in std::fs::read(path).unwrap().chunks(10_007) {
        decoder.push(chunk, &mut take).unwrap();
    }
    let page = decoder.end_page(&mut take).unwrap();
    take(decoder.flush().unwrap().unwrap()).unwrap();
    assert_eq!(page, PageSummary { rows: 21_474, refused: 0, nulls: 0 });
    assert_eq!((sum, satker.len(), e_purchasing), (526_553_732_802_000, 122, 12_359));
    assert!(decoder.unknown_keys().is_empty());
}
