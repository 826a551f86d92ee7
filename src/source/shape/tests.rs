//! Bodies in, rows out: the decoder under every row shape, in one piece and in pieces of every size.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::contract::{Contract, parse};
use crate::decode::{DecodeError, DecodeSettings, Decoder, PageSummary, Refused};

struct Page {
    rows: Vec<String>,
    summary: PageSummary,
    refused: Vec<Refused>,
    unknown: Vec<(String, u64)>,
}

fn contract() -> Contract {
    parse("omspan.toml", include_str!("../../../config/sources/omspan.toml")).unwrap()
}

/// The named columns of every row, joined by `|`; NULL is empty.
fn rows_of(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    let options = FormatOptions::default();
    let formatters: Vec<ArrayFormatter<'_>> = columns
        .iter()
        .map(|name| ArrayFormatter::try_new(batch.column_by_name(name).unwrap(), &options).unwrap())
        .collect();
    let row = |i| formatters.iter().map(|f| f.value(i).to_string()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}

fn decode_in_chunks(dataset: &str, body: &[u8], size: usize, columns: &[&str]) -> Result<Page, DecodeError> {
    let dataset = Arc::new(contract().dataset(dataset).unwrap().clone());
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(dataset, super::reader, settings)?;
    let mut rows = Vec::new();
    let mut emit = |batch: RecordBatch| {
        rows.extend(rows_of(&batch, columns));
        Ok::<(), DecodeError>(())
    };
    for chunk in body.chunks(size) {
        decoder.push(chunk, &mut emit)?;
    }
    let summary = decoder.end_page(&mut emit)?;
    if let Some(batch) = decoder.flush()? {
        rows.extend(rows_of(&batch, columns));
    }
    let unknown = decoder.unknown_keys().iter().map(|(key, n)| (key.clone(), *n)).collect();
    Ok(Page { rows, summary, refused: decoder.take_refused(), unknown })
}

/// Decodes in one piece and checks that pieces of every size give the same.
fn decode(dataset: &str, body: &str, columns: &[&str]) -> Page {
    let whole = decode_in_chunks(dataset, body.as_bytes(), usize::MAX, columns).unwrap();
    for size in [1, 2, 3, 7, 64, 255] {
        let pieces = decode_in_chunks(dataset, body.as_bytes(), size, columns).unwrap();
        assert_eq!(pieces.rows, whole.rows, "in pieces of {size}");
        assert_eq!(pieces.summary, whole.summary);
        assert_eq!(pieces.refused, whole.refused);
    }
    whole
}

const DIPA: &str = r#"{ "KDSATKER": "527560", "KPPN": "001", "BA": "015", "BAES1": "01508", "AKUN": "522151", "PROGRAM": "0150809",
 "KEGIATAN": "1705", "OUTPUT": "994", "KEWENANGAN": "2", "SUMBER_DANA": "A", "LOKASI": "0651", "BUDGET_TYPE": "2", "AMOUNT": "3600000" }"#;

#[test]
fn the_documents_rows_in_every_frame() {
    let columns = ["kdsatker", "kppn", "lokasi", "amount", "extra"];
    let expected = "527560|001|0651|3600000.00|";
    for body in [
        format!("[{DIPA}]"),
        DIPA.to_owned(),
        format!("{DIPA},"),
        format!("[{DIPA},]"),
        format!("\u{feff}  [ {DIPA} ]\r\n"),
    ] {
        let page = decode("dipa_belanja", &body, &columns);
        assert_eq!(page.rows, [expected], "{body}");
    }
    let page = decode("dipa_belanja", &format!("[{DIPA}, null, {DIPA}]"), &columns);
    assert_eq!((page.rows.len(), page.summary.nulls), (2, 1));
    let two_bare = decode("dipa_belanja", &format!("{DIPA}\n{DIPA}"), &columns);
    assert_eq!(two_bare.rows.len(), 2);
}

#[test]
fn realisasi_has_dates_and_signs() {
    let row = |n: u32, date: &str, amount: &str| {
        format!(
            r#"{{"ROWNUM":"{n}","KDSATKER":"527560","KPPN":"001","BA":"015","BAES1":"01508","AKUN":"524113","PROGRAM":"0150809","KEGIATAN":"1705","OUTPUT":"002","KEWENANGAN":"2","SUMBER_DANA":"A","CARA_TARIK":"0","KDREGISTER":"00000001","LOKASI":"0651","BUDGET_TYPE":"2","TANGGAL":"{date}","MAXDATE":"15-MAR-19","AMOUNT":{amount}}}"#
        )
    };
    let body = format!(
        "[{},{},{}]",
        row(1, "04-FEB-19", "\"750000\""),
        row(2, "31-DES-18", "\"-750000\""),
        row(3, "05-MEI-19", "null")
    );
    let page = decode("realisasi_belanja", &body, &["rownum", "tanggal", "maxdate", "kdregister", "amount"]);
    assert_eq!(
        page.rows,
        [
            "1|2019-02-04|2019-03-15|00000001|750000.00",
            "2|2018-12-31|2019-03-15|00000001|-750000.00",
            "3|2019-05-05|2019-03-15|00000001|"
        ]
    );
}

#[test]
fn keys_fold_and_unknown_ones_are_kept() {
    let body = r#"[{"ba":"056","NMBA":"ATR \"BPN\" é","PERIODE":"01","IK_DATA KONTRAK":"38.00","IK_DATA_KONTRAK":"38.00","bbt_ind kontrak":15,"BARU":{"a":[1,"}"]},"LAIN":"x\"y"}]"#;
    let page = decode("capaian_ik_kl", body, &["ba", "nmba", "ik_data_kontrak", "bbt_ind_kontrak", "extra"]);
    assert_eq!(page.rows, [r#"056|ATR "BPN" é|38.00|15.00|{"BARU":{"a":[1,"}"]},"LAIN":"x\"y"}"#]);
    assert_eq!(page.unknown, [("BARU".to_owned(), 1), ("LAIN".to_owned(), 1)]);
}

#[test]
fn bad_rows_are_refused_with_their_reason() {
    let good = r#"{"BA":"056","PERIODE":"01","IK_UP":"100.00"}"#;
    let rows = [
        good,
        r#"{"BA":"056","PERIODE":"01","IK_DISPENSASI_SPM":"10000"}"#,
        r#"{"BA":"56","PERIODE":"01"}"#,
        r#"{"PERIODE":"01"}"#,
        r#"{"BA":"","PERIODE":"01"}"#,
        r#"{"BA":"056","PERIODE":"01","IK_UP":"abc"}"#,
        r#"{"BA":"056","PERIODE":"01","IK DATA KONTRAK":"1","IK_DATA_KONTRAK":"2"}"#,
        r#"{"BA":"056","PERIODE":"01","NMBA":["x"]}"#,
    ];
    let page = decode("capaian_ik_kl", &format!("[{}]", rows.join(",")), &["ba", "ik_up"]);
    assert_eq!(page.rows, ["056|100.00"]);
    let refused: Vec<String> = page
        .refused
        .iter()
        .map(|r| format!("{} {} {}", r.row, r.column.as_deref().unwrap_or("-"), r.reason))
        .collect();
    assert_eq!(
        refused,
        [
            "2 ik_dispensasi_spm a value outside the allowed range (a lost decimal point?)",
            "3 ba a code that is too short (a lost leading zero?)",
            "4 ba the key is missing",
            "5 ba the value is missing",
            "6 ik_up no number",
            "7 - two values under one key",
            "8 nmba an object or a list where one value is due",
        ]
    );
    assert_eq!(page.refused[0].original.as_deref(), Some(rows[1].as_bytes()));
}

#[test]
fn broken_answers_are_errors() {
    let error = |body: &str| decode_in_chunks("dipa_belanja", body.as_bytes(), 64, &[]).err().map(|e| e.to_string());
    let cut = error(&format!("[{DIPA},{}", &DIPA[..100])).unwrap();
    assert_eq!(cut, "the answer ends in the middle, after 1 rows: it was cut off");
    assert!(error(&format!("[{DIPA}")).unwrap().contains("cut off"));
    assert!(error("[").unwrap().contains("cut off"));
    assert!(error("").unwrap().contains("cut off"));
    let fatal = error(&format!("[{DIPA},\n<br />\n<b>Fatal error</b>")).unwrap();
    assert_eq!(
        fatal,
        "the answer is broken after row 1: markup between the rows: the service failed while it answered"
    );
    assert!(error(&format!("[{DIPA}] x")).is_some());
    assert!(error(r#"[{"AMOUNT":"1" "KPPN":"2"}]"#).unwrap().contains("expected ','"));
    assert!(error(&format!("[{{\"X\":{}", "[".repeat(1_000))).unwrap().contains("nest deeper"));
    assert!(error(&format!("[{{\"X\":\"{}", "a".repeat(2 << 20))).unwrap().contains("longer than"));
}

const NAMES: &str = "kdsatker,kdbilling,ntb,ntpn,nama_waj_bay,akun,budget_type,rupiah,tgl_bayar,tgl_buku,mata_uang,bank,tanggal_insert,posisi_transaksi";
const VALUES: [&str; 14] = [
    "017202",
    "820190408091892",
    "000000683195",
    "792E02CON8MM4E48",
    "Melisa Tanjung Sari",
    "425912",
    "2",
    "3825000",
    "2019-04-08",
    "2019-04-08",
    "IDR",
    "BANK MANDIRI",
    "2019-04-13 04:1033",
    "GL",
];
const PNBP_COLUMNS: [&str; 8] = [
    "kdsatker",
    "kdbilling",
    "akun",
    "rupiah",
    "tgl_buku",
    "tanggal_insert",
    "tanggal_insert_date",
    "posisi_transaksi",
];
const PNBP_ROW: &str = "017202|820190408091892|425912|3825000.00|2019-04-08|2019-04-13 04:1033|2019-04-13|GL";

#[test]
fn pnbp_rows_in_every_described_form() {
    let quoted = VALUES.map(|value| format!("\"{value}\"")).join(",");
    let names = NAMES.split(',').map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
    let numbered = |first: usize| {
        let pairs: Vec<String> =
            VALUES.iter().enumerate().map(|(i, v)| format!("\"{}\":\"{v}\"", i + first)).collect();
        pairs.join(",")
    };
    let keyed: Vec<String> = NAMES.split(',').zip(VALUES).map(|(name, v)| format!("\"{name}\":\"{v}\"")).collect();
    let keyed = keyed.join(",");
    for (form, body) in [
        ("a", format!(r#"{{"Header":"{NAMES}","data":[[{quoted}]]}}"#)),
        ("b", format!(r#"{{"Header":[{names}],"data":[[{quoted}]]}}"#)),
        ("c, value", format!(r#"{{"Header":{{"0":"{NAMES}"}},"data":[[{quoted}]]}}"#)),
        ("c, key", format!(r#"{{"Header":{{"{NAMES}":""}},"data":[[{quoted}]]}}"#)),
        ("d", format!("[{{{keyed}}}]")),
        ("d, enclosed", format!(r#"{{"data":[{{{keyed}}}]}}"#)),
        ("e", format!(r#"{{"Header":"{NAMES}","data":["{}"]}}"#, VALUES.join(","))),
        ("e, in a list", format!(r#"{{"Header":"{NAMES}","data":[["{}"]]}}"#, VALUES.join(","))),
        ("f, from 0", format!(r#"{{"Header":"{NAMES}","data":[{{{}}}]}}"#, numbered(0))),
        ("f, from 1", format!(r#"{{"Header":"{NAMES}","data":[{{{}}}]}}"#, numbered(1))),
        ("the document", format!(r#"{{ "Header": {{ "{NAMES}" }}, "data": [{{ {quoted} }}] }}"#)),
        ("trailing commas", format!(r#"{{"Header":"{NAMES}","data":[[{quoted},],],}}"#)),
    ] {
        let page = decode("detail_pnbp", &body, &PNBP_COLUMNS);
        assert_eq!(page.rows, [PNBP_ROW], "form {form}: {:?}", page.refused);
    }
}

#[test]
fn a_comma_in_a_payers_name_is_folded_back() {
    let with_comma = VALUES.join(",").replace("Melisa Tanjung Sari", "Dr. Melisa, S.H., M.Kn.");
    let body = format!(r#"{{"Header":"{NAMES}","data":["{with_comma}"]}}"#);
    assert_eq!(decode("detail_pnbp", &body, &PNBP_COLUMNS).rows, [PNBP_ROW]);
    let quoted = with_comma.replace("Dr. Melisa, S.H., M.Kn.", r#"\"Dr. Melisa, S.H., M.Kn.\""#);
    let body = format!(r#"{{"Header":"{NAMES}","data":["{quoted}"]}}"#);
    assert_eq!(decode("detail_pnbp", &body, &PNBP_COLUMNS).rows, [PNBP_ROW]);
}

#[test]
fn rows_of_another_width_are_refused_without_their_values() {
    let body = format!(r#"{{"Header":"{NAMES}","data":[["017202","Melisa Tanjung Sari"],"a,b"]}}"#);
    let page = decode("detail_pnbp", &body, &PNBP_COLUMNS);
    assert_eq!(page.rows, Vec::<String>::new());
    assert_eq!(page.refused[0].reason, "2 values under a header of 14 names");
    assert_eq!(page.refused.len(), 2);
    assert!(page.refused.iter().all(|refused| refused.original.is_none()));
}

#[test]
fn an_unknown_name_in_the_header_is_noticed() {
    let body = r#"{"Header":"kdsatker,akun,nik","data":[["017202","425912","3514000000000001"]]}"#;
    let page = decode("detail_pnbp", body, &["kdsatker"]);
    assert_eq!(page.unknown, [("NIK".to_owned(), 1)]);
}

#[test]
fn a_trailing_null_list_is_no_rows() {
    let page = decode("detail_pnbp", &format!(r#"{{"Header":"{NAMES}","data":[]}}"#), &PNBP_COLUMNS);
    assert_eq!(page.summary, PageSummary::default());
}

#[test]
fn a_key_with_escapes_is_the_key_it_spells() {
    let body = format!("[{}]", DIPA.replace("\"KPPN\"", "\"\\u004bPP\\u004e\""));
    let page = decode("dipa_belanja", &body, &["kppn", "extra"]);
    assert_eq!((page.rows, page.unknown), (vec!["001|".to_owned()], Vec::new()));
}

#[test]
fn a_batch_of_very_long_texts_has_fewer_rows() {
    let dataset = Arc::new(contract().dataset("dipa_belanja").unwrap().clone());
    let settings = DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key: None };
    let mut decoder = Decoder::new(dataset, super::reader, settings).unwrap();
    let row = DIPA.replacen('{', &format!("{{\"catatan\":\"{}\",", "x".repeat(1_000_000)), 1);
    let mut batches = Vec::new();
    for i in 0..70 {
        let lead = if i == 0 { "[" } else { "," };
        let mut emit = |batch: RecordBatch| {
            batches.push(batch.num_rows());
            Ok::<(), DecodeError>(())
        };
        decoder.push(format!("{lead}{row}").as_bytes(), &mut emit).unwrap();
    }
    assert_eq!(batches, [68], "64 MiB of text are a batch");
}

#[test]
fn what_stands_behind_the_rows_is_told_the_same_way_in_however_many_pieces() {
    for (dataset, body) in [
        ("detail_pnbp", r#"{"Header":"kdsatker,akun","data":[]}1"#.to_owned()),
        ("dipa_belanja", format!("[{DIPA}] {{")),
    ] {
        for size in 1..=body.len() {
            let error =
                decode_in_chunks(dataset, body.as_bytes(), size, &[]).err().expect("it is broken").to_string();
            assert!(error.contains("after the end of the"), "{error} in pieces of {size}");
        }
    }
}
