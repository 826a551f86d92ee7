//! Every way to write the same records.

use std::path::Path;

use super::{InputError, InputFormat, Record, from_rows, read, wrapper};
use crate::contract::{Submission, parse};

fn submission() -> Submission {
    let padi = parse("padi.toml", include_str!("../../../config/sources/padi.toml")).unwrap();
    padi.method("transaksi").unwrap().submit.clone().unwrap()
}

fn texts(records: Vec<Record>) -> Vec<String> {
    records.into_iter().map(|record| String::from_utf8(record.json).unwrap()).collect()
}

fn of(text: &str) -> Result<Vec<String>, InputError> {
    read(text.as_bytes(), InputFormat::of_content(text.as_bytes()), &submission()).map(texts)
}

#[test]
fn records_come_bare_listed_wrapped_and_in_lines() {
    for document in [
        r#"{"a": 1}"#,
        r#"[{"a": 1}]"#,
        r#"{"transaksi": {"a": 1}}"#,
        r#"{"Transaksi": [{"a": 1}]}"#,
        r#"[{"transaksi": {"a": 1}}]"#,
        "\u{feff} {\"a\": 1}\n",
    ] {
        assert_eq!(of(document).unwrap(), [r#"{"a": 1}"#], "{document}");
    }
    assert_eq!(of("{\"a\":1}\n\n{\"transaksi\":{\"a\":2}}\r\n").unwrap(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(of("[]").unwrap(), Vec::<String>::new());
    assert_eq!(wrapper(r#"{"IZINSTATUS":{"x":1,"data":{record}}}"#), ["IZINSTATUS", "DATA"]);
    assert_eq!(wrapper("{record}"), Vec::<String>::new());
}

#[test]
fn separated_values_follow_the_header() {
    let csv = "\u{feff}transaksi_id, Nama_Project,data_pnbp.kd_billing\r\n0012,\"a \"\"b\"\", c\",\r\n2,x,8\r\n";
    let first = r#"{"transaksi_id":"0012","Nama_Project":"a \"b\", c"}"#;
    let second = r#"{"transaksi_id":"2","Nama_Project":"x","data_pnbp.kd_billing":"8"}"#;
    assert_eq!(of(csv).unwrap(), [first, second]);
    assert_eq!(of("a;b\n\"1,5\";2\n").unwrap(), [r#"{"a":"1,5","b":"2"}"#]);
    let rows = [vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())]];
    assert_eq!(texts(from_rows(&rows).unwrap()), [r#"{"a":"1"}"#]);
}

#[test]
fn what_cannot_be_read_says_where() {
    for (text, said) in [
        ("{\"a\":1,}", "line 1 column 8"),
        ("{\"a\":1}\n{\"a\":}\n", "line 2: "),
        ("[{\"a\":1},7]", "element 2 is no object"),
        ("a,b\n1,2\n1\n", "line 3: 1 values where the header names 2"),
        ("a,A\n1,2\n", "the header names A twice"),
        ("a,\n1,2\n", "column 2 has no name"),
    ] {
        let error = of(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let error = read(b"a\n\xff\n", InputFormat::Csv, &submission()).err().unwrap().to_string();
    assert!(error.contains("not UTF-8"), "{error}");
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(crate::decode::ROW_BYTES_MAX));
    assert_eq!(of(&long), Err(InputError::RecordTooLong { row: 1 }));
    let many = "[".to_owned() + &"{},".repeat(super::RECORDS_MAX) + "{}]";
    assert_eq!(of(&many), Err(InputError::TooMany));
}

#[test]
fn extensions_say_the_format() {
    let of = |name: &str| InputFormat::of_path(Path::new(name));
    assert_eq!(of("a.CSV"), Some(InputFormat::Csv));
    assert_eq!((of("a.jsonl"), of("a.json")), (Some(InputFormat::Ndjson), Some(InputFormat::Json)));
    assert_eq!((of("a.txt"), of("a")), (None, None));
}
