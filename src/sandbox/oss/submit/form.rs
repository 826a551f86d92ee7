//! The guide's parameters of what is sent to OSS, as text files in `forms/`, and the judgement of a record by them. Two
//! blanks a level; after the name what it is, how long it may be, and `!` where it must not be empty.
//!
//! `date` is YYYY-MM-DD, `#` a number (also as text), `bool` a truth value, `{}` an object, `[]` a list of objects or one
//! of them, a number the most characters. Where the guide contradicts itself the wider reading holds: `tgl_status` has
//! 19 characters and not 18, an NPWP 16 and not 15, and long free texts and links may be empty everywhere.

use chrono::NaiveDate;
use serde_json::Value;

/// A parameter.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    is: Is,
    required: bool,
}

/// What stands in a parameter.
#[derive(Debug)]
enum Is {
    /// At most so many characters; none = no limit.
    Text(Option<usize>),
    Date,
    Number,
    Bool,
    Object(Vec<Field>),
    List(Vec<Field>),
}

/// A line: its depth, its name, and what the marks behind it say.
type Line = (usize, &'static str, Vec<&'static str>);

/// Reads a form. The files are part of the program, so that a wrong one is a defect of the program.
pub(super) fn parse(text: &'static str) -> Vec<Field> {
    let line = |line: &'static str| {
        let mut words = line.split_whitespace();
        let name = words.next().expect("a line of a form has a name");
        ((line.len() - line.trim_start().len()) / 2, name, words.collect())
    };
    let lines: Vec<Line> = text.lines().map(line).collect();
    let (fields, rest) = level(&lines, 0);
    assert!(rest.is_empty(), "every line of a form stands below its parent");
    fields
}

/// The fields at `depth` that `lines` begin with, and the lines behind them.
fn level(mut lines: &[Line], depth: usize) -> (Vec<Field>, &[Line]) {
    let mut fields = Vec::new();
    while let Some(((at, name, marks), rest)) = lines.split_first()
        && *at == depth
    {
        let (children, rest) = level(rest, depth + 1);
        let has = |mark: &str| marks.contains(&mark);
        let is = match marks.iter().find_map(|mark| mark.parse().ok()) {
            _ if has("{}") => Is::Object(children),
            _ if has("[]") => Is::List(children),
            _ if has("date") => Is::Date,
            _ if has("#") => Is::Number,
            _ if has("bool") => Is::Bool,
            most => Is::Text(most),
        };
        fields.push(Field { name, is, required: has("!") });
        lines = rest;
    }
    (fields, lines)
}

/// Everything that is wrong with `record`, each as `parameter: alasan`; nothing = it is good.
pub(super) fn faults(fields: &[Field], record: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    judge(fields, record, "", &mut faults);
    faults
}

fn judge(fields: &[Field], record: &Value, above: &str, faults: &mut Vec<String>) {
    for field in fields {
        let value = &record[field.name];
        let name = format!("{above}{}", field.name);
        if is_empty(value) {
            if field.required {
                faults.push(format!("{name}: tidak boleh kosong"));
            }
            continue;
        }
        match (&field.is, value) {
            (Is::Object(below), Value::Object(_)) => judge(below, value, &format!("{name}."), faults),
            (Is::List(below), Value::Object(_)) => judge(below, value, &format!("{name}."), faults),
            (Is::List(below), Value::Array(elements)) => {
                for (nth, element) in elements.iter().enumerate() {
                    judge(below, element, &format!("{name}[{nth}]."), faults);
                }
            }
            (is, value) => {
                if let Some(reason) = wrong(is, value) {
                    faults.push(format!("{name}: {reason}"));
                }
            }
        }
    }
}

/// Nothing, in any of the ways there are to say it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// What is wrong with a value that is there.
fn wrong(is: &Is, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) if matches!(is, Is::Bool) => return None,
        _ => String::new(),
    };
    let (good, reason) = match is {
        Is::Text(None) => (!text.is_empty(), "harus berupa teks".to_owned()),
        Is::Text(Some(most)) => (
            !text.is_empty() && text.chars().count() <= *most,
            format!("harus berupa teks, paling panjang {most} karakter"),
        ),
        Is::Date => (is_date(&text), "harus berupa tanggal YYYY-MM-DD".to_owned()),
        Is::Number => (is_number(&text), "harus berupa bilangan".to_owned()),
        Is::Bool => {
            (matches!(text.as_str(), "true" | "false" | "0" | "1" | "Y" | "N"), "harus true atau false".to_owned())
        }
        Is::Object(_) => (false, "harus berupa objek".to_owned()),
        Is::List(_) => (false, "harus berupa daftar".to_owned()),
    };
    (!good).then_some(reason)
}

fn is_date(text: &str) -> bool {
    text.len() == "YYYY-MM-DD".len() && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Digits, perhaps with a sign and a fraction.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::{faults, parse};
    use serde_json::json;

    #[test]
    fn a_record_is_judged_by_its_form_and_all_is_said_at_once() {
        let form = parse("nib 3 !\nday date !\ncost #\nyes bool\nmore {} !\n  name 2 !\nlist []\n  id !\nfree\n");
        let good = json!({
            "nib": "123", "day": "2026-01-31", "cost": "-1.50", "yes": true, "more": {"name": "ab"},
            "list": [{"id": 7}, {"id": "x"}], "free": "x".repeat(9_999), "unknown": [1],
        });
        assert_eq!(faults(&form, &good), Vec::<String>::new());
        let one = json!({"nib": 12, "day": "2026-01-31", "more": {"name": "a"}, "list": {"id": "x"}});
        assert_eq!(faults(&form, &one), Vec::<String>::new(), "a list of one may be bare");
        let bad = json!({
            "nib": "1234", "day": "31-01-2026", "cost": "1,5", "yes": "maybe", "more": {"name": ""},
            "list": [{"id": "x"}, {}], "free": {"a": 1},
        });
        let expected = [
            "nib: harus berupa teks, paling panjang 3 karakter",
            "day: harus berupa tanggal YYYY-MM-DD",
            "cost: harus berupa bilangan",
            "yes: harus true atau false",
            "more.name: tidak boleh kosong",
            "list[1].id: tidak boleh kosong",
            "free: harus berupa teks",
        ];
        assert_eq!(faults(&form, &bad), expected);
        let none = ["nib: tidak boleh kosong", "day: tidak boleh kosong", "more: tidak boleh kosong"];
        assert_eq!(faults(&form, &json!({})), none);
        assert_eq!(
            faults(&form, &json!({"nib": "", "day": null, "more": "x", "list": "x"}))[2..],
            ["more: harus berupa objek", "list: harus berupa daftar",]
        );
    }
}
