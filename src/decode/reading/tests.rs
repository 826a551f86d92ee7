//! Objects in, columns out: every reading a contract can ask for, with the values that the sources really send.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::contract::Dataset;
use crate::decode::{DecodeError, DecodeSettings, Decoder, Refused, fixture};
use crate::privacy::{KeyForm, PiiKey};
use crate::source::shape::reader;

/// A dataset of objects with `columns`.
fn dataset(columns: &str, personal: bool) -> Arc<Dataset> {
    fixture::dataset("objects", columns, &format!("personal = {personal}"))
}

fn key() -> Arc<PiiKey> {
    Arc::new(PiiKey::from_text(&"07".repeat(32)).unwrap())
}

fn settings(pii_key: Option<Arc<PiiKey>>) -> DecodeSettings {
    DecodeSettings { zone: chrono_tz::Asia::Jakarta, pii_key }
}

/// Every row as its values joined by `|`, NULL as empty; and what was refused.
fn decode(dataset: &Arc<Dataset>, body: &str) -> (Vec<String>, Vec<Refused>) {
    let mut decoder = Decoder::new(Arc::clone(dataset), reader, settings(Some(key()))).unwrap();
    let mut keep = |_| Ok::<(), DecodeError>(());
    decoder.push(body.as_bytes(), &mut keep).unwrap();
    decoder.end_page(&mut keep).unwrap();
    let rows = decoder.flush().unwrap().map(|batch| rows_of(&batch)).unwrap_or_default();
    (rows, decoder.take_refused())
}

fn rows_of(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default();
    let formatters: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let row = |i| formatters.iter().map(|f| f.value(i).to_string()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}

/// What one column makes of JSON values: `Ok` of its text (empty for NULL), or the reason of the refusal.
fn read(column: &str, values: &[&str]) -> Vec<Result<String, String>> {
    let dataset = dataset(&format!("{{ name = \"v\", class = \"public\", meaning = \"m\", {column} }}"), false);
    values
        .iter()
        .map(|value| {
            let (rows, refused) = decode(&dataset, &format!("[{{\"V\":{value}}}]"));
            match rows.into_iter().next() {
                Some(row) => Ok(row.strip_suffix('|').unwrap_or(&row).to_owned()),
                None => Err(refused[0].reason.clone()),
            }
        })
        .collect()
}

/// Checks values one by one; an expectation that begins with `!` is the refusal's reason.
fn check(column: &str, cases: &[(&str, &str)]) {
    let values: Vec<&str> = cases.iter().map(|(value, _)| *value).collect();
    for ((value, expected), found) in cases.iter().zip(read(column, &values)) {
        let expected = match expected.strip_prefix('!') {
            Some(reason) => Err(reason.to_owned()),
            None => Ok((*expected).to_owned()),
        };
        assert_eq!(found, expected, "{value} as {column}");
    }
}

#[test]
fn absent_values_are_null_under_every_type() {
    let absent = [("\"\"", ""), ("\"-\"", ""), ("\"null\"", ""), ("null", ""), ("\" \"", "")];
    for column in [
        "type = \"code(5)\"",
        "type = \"money\"",
        "type = \"decimal(5,2)\"",
        "type = \"integer\"",
        "type = \"boolean\"",
        "type = \"date\", format = \"YYYY-MM-DD\"",
        "type = \"timestamp\"",
        "type = \"integer\", extract = \"integer\"",
        "type = \"text\", extract = \"kode_program\"",
        "type = \"text\", one_of = [\"a\"]",
        "type = \"code(5)\", pad_zeros = true",
        "type = \"money\", whole = true",
    ] {
        check(column, &absent);
    }
}

#[test]
fn numbers_come_with_separators_signs_and_words() {
    check(
        "type = \"decimal(5,2)\", min = 0, max = 100",
        &[
            ("\"70,5\"", "70.50"),
            ("\"99.99%\"", "99.99"),
            ("8.5", "8.50"),
            ("\"10000\"", "!a value outside the allowed range (a lost decimal point?)"),
        ],
    );
    check("type = \"money\"", &[("\"1,234,567\"", "1234567.00"), ("\"1.234.567,89\"", "1234567.89")]);
    check(
        "type = \"money\", whole = true",
        &[
            ("27000000", "27000000.00"),
            ("\"27000000.00\"", "27000000.00"),
            ("\"27000000.27\"", "!an amount with a fraction where whole ones are due"),
            ("-5.5", "!an amount with a fraction where whole ones are due"),
        ],
    );
    check(
        "type = \"integer\", extract = \"integer\", min = 0, max = 1000",
        &[
            ("\"27 Hari\"", "27"),
            ("\"DESIL 1\"", "1"),
            ("2", "2"),
            ("\"2021-07-17\"", "!more than one number in the text"),
            ("\"Hari\"", "!no number in the text"),
            ("\"5000 Hari\"", "!a value outside the allowed range (a lost decimal point?)"),
        ],
    );
    check("type = \"integer\", extract = \"integer\", lenient = true", &[("\"2021-07-17\"", "")]);
}

#[test]
fn codes_keep_and_regain_their_zeros() {
    check(
        "type = \"code(6)\"",
        &[("\"007202\"", "007202"), ("7202", "!a code that is too short (a lost leading zero?)")],
    );
    check(
        "type = \"code(5)\", pad_zeros = true",
        &[
            ("1111", "01111"),
            ("\"1111\"", "01111"),
            ("\"01111\"", "01111"),
            ("\" 1111 \"", "01111"),
            ("\"A111\"", "!a code that is too short (a lost leading zero?)"),
            ("\"011111\"", "!a code that is too long"),
        ],
    );
}

#[test]
fn texts_are_unescaped_bounded_and_compared() {
    check(
        "type = \"text\", unescape = \"html\", max_chars = 6",
        &[
            ("\"a &quot;b\"", "a \"b"),
            ("\"&amp;quot;\"", "&quot;"),
            ("\"\\u0026#x27;x\"", "'x"),
            ("\"-\"", "-"),
            ("\"éééééé\"", "éééééé"),
            ("\"1234567\"", "!a text that is too long"),
        ],
    );
    check(
        "type = \"text\", one_of = [\"CAPEX\", \"OPEX\"]",
        &[("\" OPEX \"", "OPEX"), ("\"Opex\"", "!none of the allowed values")],
    );
    check("type = \"text\", one_of = [\"CAPEX\", \"OPEX\"], ignore_case = true", &[("\"Opex\"", "OPEX")]);
    check("type = \"code(1)\", one_of = [\"1\", \"2\"]", &[("1", "1"), ("3", "!none of the allowed values")]);
    check("type = \"text\", extract = \"distinct_list\"", &[("\"APBD,APBD,APBDP,\"", "APBD,APBDP"), ("\",\"", "")]);
}

#[test]
fn dates_and_instants_are_read_in_the_agreed_form() {
    check(
        "type = \"date\", format = \"DD-MON-YY|DD/MM/YYYY\"",
        &[
            ("\"04-FEB-19\"", "2019-02-04"),
            ("\"17-AGT-19\"", "2019-08-17"),
            ("\"01-OKT-19\"", "2019-10-01"),
            ("\"31-DES-18\"", "2018-12-31"),
            ("\"05-MEI-19\"", "2019-05-05"),
            ("\"4/2/2019 0:00:00\"", "2019-02-04"),
            ("\"2019-02-04\"", "!no date in the agreed form"),
        ],
    );
    check(
        "type = \"date\", format = \"YYYYMMDD|DD-MM-YYYY\"",
        &[("20190204", "2019-02-04"), ("\"04-02-2019\"", "2019-02-04")],
    );
    check(
        "type = \"date\", format = \"MON YYYY\"",
        &[("\"January 2025\"", "2025-01-01"), ("\"Agustus 2025\"", "2025-08-01")],
    );
    check(
        "type = \"timestamp\"",
        &[
            ("\"2021-07-10 23:30:00\"", "2021-07-10T16:30:00Z"),
            ("\"2021-07-10T23:30:00+07:00\"", "2021-07-10T16:30:00Z"),
            ("\"2021-07-10\"", "!no instant in the agreed form"),
        ],
    );
}

#[test]
fn programme_codes_are_repaired_from_their_row() {
    let dataset = dataset(
        r#"
  { name = "program", type = "any", class = "drop", meaning = "m" },
  { name = "program_kode", from = "program", type = "text", extract = "kode_program", class = "public", meaning = "m" },
  { name = "program_nama", from = "program", type = "text", extract = "nama_program", class = "public", meaning = "m" },
  { name = "kegiatan_kode", from = "kegiatan", type = "code(1..20)", extract = "kode_program", repair_from = "program", class = "public", meaning = "m" },
  { name = "sub", from = "sub_kegiatan", type = "text", extract = "kode_program", repair_from = "program", lenient = true, class = "public", meaning = "m" },"#,
        false,
    );
    let row = |program: &str, kegiatan: &str, sub: &str| {
        format!(r#"{{"program":"{program}","kegiatan":"{kegiatan}","sub_kegiatan":"{sub}"}}"#)
    };
    let rows = [
        row("1.02.05. PROGRAM", ".02.05.202. Pelaksanaan", "1.02.05.202.02 Penumbuhan"),
        row("X.XX.01 PROGRAM PENUNJANG", "X.XX.01.2.01", "X.XX.01.2.01.0002 Penyusunan"),
        row("1.02.05. PROGRAM", ".03.05.202. Pelaksanaan", ""),
        row("1.02.05. PROGRAM", "", ".202 x"),
    ];
    let (taken, refused) = decode(&dataset, &format!("[{}]", rows.join(",")));
    assert_eq!(
        taken,
        [
            "1.02.05|PROGRAM|1.02.05.2.02|1.02.05.2.02.02|",
            "X.XX.01|PROGRAM PENUNJANG|X.XX.01.2.01|X.XX.01.2.01.0002|",
            "1.02.05|PROGRAM|||"
        ]
    );
    assert_eq!((refused[0].row, refused[0].column.as_deref()), (3, Some("kegiatan_kode")));
}

const PERSON: &str = r#"
  { name = "nik", type = "text", class = "key", form = "nik", meaning = "m" },
  { name = "nik_keadaan", type = "key_state", form = "nik", from = "nik", class = "public", meaning = "m" },
  { name = "npwp", type = "code(15..16)", class = "key", form = "npwp", meaning = "m" },
  { name = "nama", type = "text", class = "key", form = "text", meaning = "m" },
  { name = "lahir", type = "date", format = "D", class = "coarse", meaning = "m" },
  { name = "alamat", type = "text", class = "drop", meaning = "m" },
  { name = "foto", type = "any", class = "drop", meaning = "m" },"#;

fn person() -> Arc<Dataset> {
    dataset(&PERSON.replace("\"D\"", "\"DD/MM/YYYY\""), true)
}

#[test]
fn people_are_hashes_years_and_nothing_else() {
    let dataset = person();
    let nik = "3514140101900001";
    let body = format!(
        r#"[
 {{"nik":"{nik}","npwp":"{nik}","nama":"Siti  Aminah","lahir":"1/2/1990 0:00:00","alamat":"Jl. \u0041","foto":{{"b64":["x"]}}}},
 {{"nik":{nik},"npwp":"01.234.567.8-901.000","nama":"SITI AMINAH","lahir":"","alamat":[1],"foto":null}},
 {{"nik":"35140000000000xx","npwp":"","nama":"S***","lahir":null}},
 {{"nik":"3.51414E+15","npwp":1234}},
 {{"nik":{{"a":1}},"npwp":null}},
 {{}}]"#
    );
    let (rows, refused) = decode(&dataset, &body);
    assert!(refused.is_empty(), "{refused:?}");
    let hash = |form, text: &str| key().keyed(form, text).unwrap();
    let (person, name) = (hash(KeyForm::Nik, nik), hash(KeyForm::Text, "SITI AMINAH"));
    let firm = hash(KeyForm::Npwp, "0012345678901000");
    assert_eq!(
        rows,
        [
            format!("{person}|utuh|{person}|{name}|1990"),
            format!("{person}|utuh|{firm}|{name}|"),
            "|tersamar|||".to_owned(),
            "|rusak|||".to_owned(),
            "|rusak|||".to_owned(),
            "|kosong|||".to_owned(),
        ]
    );
}

#[test]
fn a_refusal_of_a_personal_row_holds_no_value() {
    let (rows, refused) = decode(&person(), r#"[{"nik":"3514140101900001","lahir":"31/02/1990"}]"#);
    assert_eq!(rows.len(), 0);
    assert_eq!(refused[0].reason, "no date in the agreed form");
    assert_eq!((refused[0].column.as_deref(), refused[0].original.as_deref()), (Some("lahir"), None));
}

#[test]
fn without_a_key_nothing_is_decoded() {
    let error = Decoder::new(person(), reader, settings(None)).err().unwrap().to_string();
    assert_eq!(
        error,
        "the column \"nik\" is stored as a keyed hash, and there is no key for it: set LUMBUNG_PII_KEY"
    );
    let plain = dataset("{ name = \"a\", type = \"text\", class = \"public\", meaning = \"m\" }", true);
    assert!(Decoder::new(plain, reader, settings(None)).is_ok());
}

#[test]
fn the_file_has_the_stored_types_only() {
    let schema = crate::contract::file_schema(&person());
    let fields: Vec<(&str, &DataType)> =
        schema.fields().iter().map(|field| (field.name().as_str(), field.data_type())).collect();
    assert_eq!(
        fields,
        [
            ("nik", &DataType::Utf8),
            ("nik_keadaan", &DataType::Utf8),
            ("npwp", &DataType::Utf8),
            ("nama", &DataType::Utf8),
            ("lahir", &DataType::Int64),
        ]
    );
    let instant = dataset("{ name = \"a\", type = \"timestamp\", class = \"public\", meaning = \"m\" }", false);
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(crate::contract::file_schema(&instant).field(0).data_type(), &utc);
}
