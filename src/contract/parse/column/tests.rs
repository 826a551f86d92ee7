//! Columns are read, and wrong combinations are told with what to do.

use super::columns;
use crate::config::document::Document;
use crate::contract::{Class, Column, ColumnType, DateFormat, Extract, OneOf, TimestampFormat};
use crate::privacy::KeyForm;

/// The columns in `text` and the problems found.
fn read(text: &str, personal: bool) -> (Vec<Column>, Vec<String>) {
    let text = format!("columns = [\n{text}\n]");
    let document = Document::parse("c.toml", &text);
    let root = document.root();
    let columns = columns(&root, personal);
    root.finish();
    (columns, document.into_problems().iter().map(ToString::to_string).collect())
}

/// The columns of a good text.
fn good(text: &str) -> Vec<Column> {
    let (columns, problems) = read(text, true);
    assert_eq!(problems, Vec::<String>::new());
    columns
}

#[test]
fn a_column_says_where_it_stands() {
    let columns = good(
        r#"{ name = "id", type = "text", class = "public", meaning = "m" },
        { name = "billing", type = "text", class = "public", meaning = "m", from = "data_pnbp.Kd Billing" },
        { name = "id_program", type = "text", class = "public", meaning = "m", of = "dataProgram", from = "id", aliases = ["kode"] },
        { name = "waktu", type = "text", class = "public", meaning = "m", of = ".", from = "datetime" },
        { name = "kode", type = "text", class = "public", meaning = "m", param = "kode" }"#,
    );
    let keys: Vec<&[String]> = columns.iter().map(|column| column.keys.as_slice()).collect();
    assert_eq!(
        keys,
        [
            &["ID"][..],
            &["DATA_PNBP.KD_BILLING"],
            &["DATAPROGRAM/ID", "DATAPROGRAM/KODE"],
            &["./DATETIME"],
            &["?KODE"]
        ]
    );
    assert_eq!(columns[2].of.as_deref(), Some("DATAPROGRAM"));
    assert_eq!((columns[3].of.as_deref(), columns[4].param.as_deref()), (Some("."), Some("kode")));
}

#[test]
fn classes_and_types_of_personal_data() {
    let columns = good(
        r#"{ name = "nik", type = "text", class = "key", form = "nik", meaning = "m" },
        { name = "nik_keadaan", type = "key_state", form = "nik", from = "nik", class = "public", meaning = "m" },
        { name = "lahir", type = "date", format = "YYYYMMDD | DD-MM-YYYY|MON YYYY", class = "coarse", meaning = "m" },
        { name = "foto", type = "any", class = "drop", meaning = "m" },
        { name = "kapan", type = "timestamp", class = "public", meaning = "m" },
        { name = "sejak", type = "timestamp", format = "RFC 3339", class = "public", meaning = "m" }"#,
    );
    assert_eq!((columns[0].class, &columns[1].ty), (Class::Key(KeyForm::Nik), &ColumnType::KeyState(KeyForm::Nik)));
    let formats = vec![DateFormat::Compact, DateFormat::DdMmYyyyDashed, DateFormat::MonYyyy];
    assert_eq!((columns[2].class, &columns[2].ty), (Class::Coarse, &ColumnType::Date(formats)));
    assert_eq!((columns[3].class, &columns[3].ty), (Class::Drop, &ColumnType::Any));
    assert_eq!(columns[4].ty, ColumnType::Timestamp(vec![TimestampFormat::DateTime, TimestampFormat::Rfc3339]));
    assert_eq!(columns[5].ty, ColumnType::Timestamp(vec![TimestampFormat::Rfc3339]));
}

#[test]
fn readings_are_kept() {
    let columns = good(
        r#"{ name = "program", type = "text", class = "drop", meaning = "m" },
        { name = "kode", type = "text", extract = "kode_program", repair_from = "Program", from = "kegiatan", class = "public", meaning = "m" },
        { name = "hari", type = "integer", extract = "integer", min = 0, max = 9, class = "public", meaning = "m" },
        { name = "jenis", type = "text", one_of = ["CAPEX", "OPEX"], ignore_case = true, class = "public", meaning = "m" },
        { name = "kbli", type = "code(5)", pad_zeros = true, class = "public", meaning = "m" },
        { name = "nama", type = "text", unescape = "html", max_chars = 255, class = "public", meaning = "m" },
        { name = "nilai", type = "money", whole = true, class = "public", meaning = "m" }"#,
    );
    assert!(columns[0].reading.is_plain());
    assert_eq!(columns[1].reading.extract, Some(Extract::ProgramCode { repair_from: Some("PROGRAM".to_owned()) }));
    assert_eq!(columns[2].reading.extract, Some(Extract::Integer));
    let one_of = OneOf { values: vec!["CAPEX".to_owned(), "OPEX".to_owned()], ignore_case: true };
    assert_eq!(columns[3].reading.one_of, Some(one_of));
    assert!(columns[4].reading.pad_zeros && columns[5].reading.unescape_html && columns[6].reading.whole);
    assert_eq!(columns[5].reading.max_chars, Some(255));
}

#[test]
fn wrong_combinations_are_told() {
    for (column, expected) in [
        (r#"type = "text", class = "key""#, "the key column \"v\" states no `form`"),
        (r#"type = "text", class = "key", form = "ktp""#, "`columns[0].form` cannot be \"ktp\""),
        (r#"type = "integer", class = "key", form = "nik""#, "the key column \"v\" is no text"),
        (r#"type = "text", class = "key", form = "nik", required = true"#, "cannot be required"),
        (r#"type = "text", class = "key", form = "nik", max_chars = 16"#, "is read in two ways"),
        (r#"type = "text", class = "public", form = "nik""#, "`form` of \"v\" says nothing here"),
        (r#"type = "key_state", class = "public", from = "nik""#, "a key_state needs the `form`"),
        (r#"type = "key_state", class = "public", form = "nik""#, "the key_state \"v\" tells of no key"),
        (r#"type = "text", class = "coarse""#, "the coarse column \"v\" is no date"),
        (r#"type = "any", class = "public""#, "the column \"v\" of type any would be stored or looked at"),
        (r#"type = "any", class = "drop", required = true"#, "the column \"v\" of type any"),
        (
            r#"type = "text", class = "secret""#,
            "`class` cannot be \"secret\" (hint: one of public, key, coarse, drop)",
        ),
        (r#"type = "text""#, "the column \"v\" states no `class`"),
        (r#"type = "date", class = "public""#, "a date needs a `format`"),
        (r#"type = "date", format = "YYYY-MM-DD HH:MM:SS", class = "public""#, "YYYY-MM-DD* takes the date"),
        (r#"type = "timestamp", format = "DD-MM-YYYY", class = "public""#, "one of YYYY-MM-DD HH:MM:SS, RFC 3339"),
        (r#"type = "text", format = "YYYYMMDD", class = "public""#, "goes with the types date and timestamp only"),
        (r#"type = "text", class = "public", extract = "integer""#, "`extract` does not go with the type of \"v\""),
        (r#"type = "integer", class = "public", extract = "kode_program""#, "`extract` does not go with"),
        (r#"type = "text", class = "public", extract = "words""#, "unknown part \"words\" to extract"),
        (r#"type = "text", class = "public", repair_from = "p""#, "`repair_from` says nothing here"),
        (
            r#"type = "text", class = "public", extract = "kode_program", repair_from = "p""#,
            "`repair_from` of \"v\" names the key P, which no column reads",
        ),
        (r#"type = "integer", class = "public", one_of = ["1"]"#, "`one_of` does not go with"),
        (r#"type = "text", class = "public", one_of = [" a"]"#, "no value can be \" a\""),
        (r#"type = "text", class = "public", ignore_case = true"#, "`ignore_case` says nothing"),
        (r#"type = "integer", class = "public", whole = true"#, "`whole` does not go with"),
        (r#"type = "code(1..5)", class = "public", pad_zeros = true"#, "`pad_zeros` does not go with"),
        (r#"type = "money", class = "public", unescape = "html""#, "`unescape` does not go with"),
        (r#"type = "text", class = "public", unescape = "url""#, "unknown way to unescape \"url\""),
        (r#"type = "code(5)", class = "public", max_chars = 5"#, "`max_chars` does not go with"),
        (r#"type = "boolean", class = "public", min = 0, max = 1"#, "`min` does not go with"),
        (r#"type = "text", class = "public", param = "p", from = "x""#, "is a parameter of the request and a key"),
        (r#"type = "text", class = "public", extrct = "integer""#, "did you mean `extract`?"),
    ] {
        let (_, problems) = read(&format!("{{ name = \"v\", meaning = \"m\", {column} }}"), true);
        assert_eq!(problems.len(), 1, "{column}: {problems:?}");
        assert!(problems[0].contains(expected), "{column}: {problems:?}");
        assert!(problems[0].starts_with("c.toml:"), "{problems:?}");
    }
}

#[test]
fn personal_columns_need_a_personal_dataset() {
    for column in [
        r#"type = "text", class = "key", form = "nik""#,
        r#"type = "key_state", class = "public", form = "nik", from = "nik""#,
        r#"type = "date", format = "YYYYMMDD", class = "coarse""#,
    ] {
        let (_, problems) = read(&format!("{{ name = \"v\", meaning = \"m\", {column} }}"), false);
        assert!(problems.len() == 1 && problems[0].contains("the dataset does not say so"), "{problems:?}");
    }
}

#[test]
fn a_key_feeds_one_column_in_each_place() {
    let (_, problems) = read(
        r#"{ name = "a", type = "text", class = "public", meaning = "m" },
        { name = "b", type = "text", class = "public", meaning = "m", aliases = ["A"] },
        { name = "c", type = "text", class = "public", meaning = "m", of = "x", aliases = ["a"] },
        { name = "c", type = "text", class = "public", meaning = "m", from = "a" }"#,
        false,
    );
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("the key A belongs to both \"a\" and \"b\""), "{problems:?}");
    assert!(problems[1].contains("two columns are called \"c\""), "{problems:?}");
}
