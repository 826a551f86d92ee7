//! The form in which a record is sent: the source's keys in the contract's order, texts as texts, what the contract calls
//! literals as JSON numbers and truth values, and nothing for what is absent.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::contract::{Column, ColumnType, DateFormat, Extract, Submission};
use crate::decode::value;

/// Whether a text stands for no value in `column`.
pub(super) fn is_absent(column: &Column, text: &str) -> bool {
    let text = text.trim();
    // A spreadsheet or a database writes NULL for nothing, and no source wants to hear it.
    text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || (column.ty != ColumnType::Text && value::is_absent(text.as_bytes()))
}

/// What is sent for a value that `column` takes: the same value in the spelling of the contract.
pub(super) fn sent_text(column: &Column, text: &str) -> String {
    let text = text.trim();
    let respelt = match &column.ty {
        _ if column.reading.extract.is_some() => None,
        ColumnType::Integer | ColumnType::Money | ColumnType::Decimal { .. } => plain_number(column, text),
        ColumnType::Date(formats) => iso_date(formats, text),
        ColumnType::Code { .. } | ColumnType::Text => listed(column, text),
        ColumnType::Boolean | ColumnType::Timestamp(_) | ColumnType::KeyState(_) | ColumnType::Any => None,
    };
    respelt.unwrap_or_else(|| text.to_owned())
}

/// The date alone, where a time may follow it.
fn iso_date(formats: &[DateFormat], text: &str) -> Option<String> {
    formats.contains(&DateFormat::IsoPrefix).then(|| text.get(..10)).flatten().map(str::to_owned)
}

/// A code with the zeros it lost, in the spelling of the list it is from.
fn listed(column: &Column, text: &str) -> Option<String> {
    let filled = match column.ty {
        ColumnType::Code { max, .. }
            if column.reading.pad_zeros && text.len() < max && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some(format!("{text:0>max$}"))
        }
        _ => None,
    };
    let allowed = column.reading.one_of.as_ref();
    let spelt = allowed.and_then(|allowed| allowed.find(filled.as_deref().unwrap_or(text)).map(str::to_owned));
    spelt.or(filled)
}

/// A number without separators of thousands, with a point; a whole one without a fraction. `1.973.930,00` is `1973930`.
pub(super) fn plain_number(column: &Column, text: &str) -> Option<String> {
    let scale = match column.ty {
        ColumnType::Integer => 0,
        ColumnType::Money => 2,
        ColumnType::Decimal { scale, .. } => scale,
        _ => return None,
    };
    let bytes = text.as_bytes();
    // What was a JSON number is no text any more; only the one reading that fits can be meant.
    let unscaled = value::decimal(bytes, scale, false).or_else(|_| value::decimal(bytes, scale, true)).ok()?;
    let whole_wanted = scale == 0 || column.reading.whole;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().filter(|&byte| byte == b'.').count() <= 1
        && text.starts_with(|c: char| c.is_ascii_digit());
    let has_idle_zero = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    if is_plain && !has_idle_zero && !(whole_wanted && text.contains('.')) {
        return Some(text.to_owned());
    }
    Some(written(unscaled, scale))
}

fn written(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A text as a JSON number or truth value.
///
/// # Errors
/// When it is neither.
pub(super) fn literal(column: &Column, text: &str) -> Result<String, &'static str> {
    if column.ty == ColumnType::Boolean {
        return value::boolean(text.as_bytes()).map(|flag| flag.to_string());
    }
    if column.reading.extract == Some(Extract::Integer) {
        return crate::decode::whole_number_in(text).map(|number| number.to_string());
    }
    let plain = plain_number(column, text).unwrap_or_else(|| text.to_owned());
    match serde_json::from_str(&plain) {
        Ok(Value::Number(_) | Value::Bool(_)) => Ok(plain),
        _ => Err("neither a number nor true or false"),
    }
}

/// A value of a column that is never looked into, as JSON. A cell of a CSV file that holds a list or an object is one, too.
pub(super) fn whole_json(raw: &str) -> String {
    let text = match serde_json::from_str(raw) {
        Ok(Value::String(text)) => text,
        _ => return raw.to_owned(),
    };
    let inner = text.trim();
    let is_nested = inner.starts_with('{') || inner.starts_with('[');
    if is_nested && serde_json::from_str::<IgnoredAny>(inner).is_ok() { inner.to_owned() } else { raw.to_owned() }
}

/// A record as it is sent: `texts` are what [`sent_text`] made of each column, `None` for what is left out. Literals were
/// checked with [`literal`].
pub(super) fn record(submission: &Submission, texts: &[Option<String>]) -> String {
    let mut object = Vec::new();
    for (i, column) in submission.record.columns.iter().enumerate() {
        let (Some(key), Some(text)) = (&submission.wire[i], &texts[i]) else { continue };
        // What is never looked into is JSON already.
        let is_json = column.ty == ColumnType::Any;
        let is_literal = submission.literals.contains(&i);
        let literal = is_literal.then(|| literal(column, text).ok()).flatten();
        let literal = if is_json { Some(text.clone()) } else { literal };
        let json = literal.unwrap_or_else(|| Value::from(text.as_str()).to_string());
        place(&mut object, key, json);
    }
    let mut json = String::new();
    write_object(&object, &mut json);
    json
}

/// The body of the request that sends `record`.
pub(super) fn body(submission: &Submission, record: &str) -> String {
    submission.body.replacen("{record}", record, 1)
}

/// A value, or the members of an object.
enum Node {
    Json(String),
    Object(Vec<(String, Node)>),
}

/// Puts `json` at the dotted `path`.
fn place(object: &mut Vec<(String, Node)>, path: &str, json: String) {
    let Some((outer, inner)) = path.split_once('.') else {
        object.push((path.to_owned(), Node::Json(json)));
        return;
    };
    let known = object.iter().position(|(key, node)| key == outer && matches!(node, Node::Object(_)));
    let at = known.unwrap_or_else(|| {
        object.push((outer.to_owned(), Node::Object(Vec::new())));
        object.len() - 1
    });
    if let (_, Node::Object(members)) = &mut object[at] {
        place(members, inner, json);
    }
}

fn write_object(members: &[(String, Node)], out: &mut String) {
    out.push('{');
    for (i, (key, node)) in members.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        match node {
            Node::Json(json) => out.push_str(json),
            Node::Object(members) => write_object(members, out),
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::{is_absent, literal, record, sent_text, whole_json};
    use crate::contract::{Contract, parse};

    fn contract() -> Contract {
        let submit = r#"
[[method]]
name = "kirim"
function = "x"
direction = "submit"
[method.submit]
path = "kirim"
body = '{"IZIN":{record}}'
key = ["id"]
numbers = ["setuju", "nominal"]
personal = true
columns = [
  { name = "id", type = "text", required = true, class = "public", meaning = "id" },
  { name = "kbli", type = "code(5)", pad_zeros = true, class = "public", meaning = "kbli" },
  { name = "jenis", type = "text", one_of = ["CAPEX", "OPEX"], ignore_case = true, class = "public", meaning = "kind" },
  { name = "kd_billing", type = "text", from = "data_pnbp.kd_billing", class = "public", meaning = "billing" },
  { name = "setuju", type = "boolean", class = "public", meaning = "yes" },
  { name = "nominal", type = "money", from = "data_pnbp.nominal", class = "public", meaning = "amount" },
  { name = "legalitas", type = "any", class = "drop", meaning = "deeds" },
]
"#;
        let padi = include_str!("../../config/sources/padi.toml");
        parse("padi.toml", &format!("{padi}{submit}")).unwrap()
    }

    #[test]
    fn values_are_respelt_and_never_changed() {
        let contract = contract();
        let columns = &contract.dataset("transaksi").unwrap().columns;
        let sent = |name: &str, text: &str| {
            let column = columns.iter().find(|column| column.name == name).unwrap();
            sent_text(column, text)
        };
        for (column, text, expected) in [
            ("total_nilai_project", "1.973.930", "1973930"),
            ("total_nilai_project", "50000000.00", "50000000"),
            ("total_nilai_project", "1,973,930", "1973930"),
            ("total_nilai_project", " 50000000 ", "50000000"),
            ("tkdn", "70.50", "70.50"),
            ("tkdn", "8.5", "8.5"),
            ("tkdn", "70,5", "70.5"),
            ("tkdn", "0.5", "0.5"),
            ("tkdn", "99.99%", "99.99"),
            ("is_pdn", "01", "1"),
            ("tanggal_transaksi", "2021-06-20 00:00:00", "2021-06-20"),
            ("target_penyelesaian", "30 Hari", "30 Hari"),
            ("transaksi_id", "0012", "0012"),
            ("kategori_project", "9", "9"),
        ] {
            assert_eq!(sent(column, text), expected, "{column} {text}");
        }
        let absent =
            |name: &str, text: &str| is_absent(columns.iter().find(|column| column.name == name).unwrap(), text);
        assert!(absent("feedback", " Null ") && absent("tkdn", "-") && absent("feedback", ""));
        assert!(!absent("feedback", "-") && !absent("feedback", "NA"));
    }

    #[test]
    fn a_record_is_written_in_the_contracts_order_with_nested_keys_and_literals() {
        let contract = contract();
        let submission = contract.method("KIRIM").unwrap().submit.as_ref().unwrap();
        let texts = ["1", "1111", "opex", "82\"0", "Ya", "1.000,50", "[{\"no\": 1.50}]"];
        let columns = &submission.record.columns;
        let sent: Vec<Option<String>> =
            columns.iter().zip(texts).map(|(column, text)| Some(sent_text(column, text))).collect();
        let json = record(submission, &sent);
        assert_eq!(
            json,
            r#"{"id":"1","kbli":"01111","jenis":"OPEX","data_pnbp":{"kd_billing":"82\"0","nominal":1000.5},"setuju":true,"legalitas":[{"no": 1.50}]}"#
        );
        assert_eq!(whole_json(r#""[1, 2]""#), "[1, 2]");
        assert_eq!((whole_json(r#""[1, 2""#), whole_json("[1]")), (r#""[1, 2""#.to_owned(), "[1]".to_owned()));
        assert_eq!(super::body(submission, &json), format!("{{\"IZIN\":{json}}}"));
        let none: Vec<Option<String>> = std::iter::once(Some("{record}".to_owned())).chain(vec![None; 6]).collect();
        assert_eq!(super::body(submission, &record(submission, &none)), r#"{"IZIN":{"id":"{record}"}}"#);
        assert!(literal(&columns[4], "mungkin").is_err());
        assert!(literal(&columns[0], "[1]").is_err());
    }
}
