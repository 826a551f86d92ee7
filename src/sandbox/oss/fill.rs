//! Filling the guide's trees from the world, with the service's habits: nothing where a list is due, numbers as text,
//! codes as numbers.

use super::shape::{Field, Kind};
use serde_json::{Map, Value};

/// A file, as short as base64 can be: `%PDF-1.4`, a line end and `%%EOF`.
pub(super) const BLOB: &str = "JVBERi0xLjQKJSVFT0YK";

/// Something of the world that a tree, or a part of one, is filled from.
pub(super) trait Record {
    /// The value of a field; none = the record says nothing about it, which leaves it to [`usual`].
    fn text(&self, key: &str) -> Option<String>;

    /// The elements of a list, or the one of an object; none of them = there is nothing.
    fn children(&self, _key: &str) -> Vec<Box<dyn Record + '_>> {
        Vec::new()
    }

    /// Whether codes are written as numbers.
    fn bare_codes(&self) -> bool {
        false
    }
}

/// Codes that are numbers in the guide's tables, and lose their zeros where they are.
const CODES: [&str; 2] = ["kbli", "kd_kawasan"];

/// An object of `fields`. `habit` decides how an empty list looks.
pub(super) fn object(fields: &[Field], record: &dyn Record, habit: usize) -> Value {
    let mut map = Map::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        let value = match &field.kind {
            Kind::Text => Value::String(record.text(field.key).unwrap_or_else(|| usual(field.key).to_owned())),
            Kind::Number => number(field.key, record),
            Kind::Object(below) => {
                let children = record.children(field.key);
                children.first().map_or_else(|| nothing(habit + at), |child| object(below, child.as_ref(), habit))
            }
            Kind::List(below) => {
                let elements: Vec<Value> = record
                    .children(field.key)
                    .iter()
                    .enumerate()
                    .map(|(nth, child)| object(below, child.as_ref(), habit + nth))
                    .collect();
                if elements.is_empty() { nothing(habit + at) } else { Value::Array(elements) }
            }
        };
        map.insert(field.key.to_owned(), value);
    }
    Value::Object(map)
}

/// An object of `fields` with nothing in it: what comes with a refusal.
pub(super) fn blank(fields: &[Field]) -> Value {
    fields.iter().map(|field| (field.key.to_owned(), Value::String(String::new()))).collect::<Map<_, _>>().into()
}

/// What stands where there is nothing: an empty list, or text, an object or null in its place.
fn nothing(habit: usize) -> Value {
    match habit % 7 {
        0 => Value::String(String::new()),
        3 => Value::Object(Map::new()),
        5 => Value::Null,
        _ => Value::Array(Vec::new()),
    }
}

/// A number, or its text where it has a fraction or is a code.
fn number(key: &str, record: &dyn Record) -> Value {
    let Some(text) = record.text(key) else { return 0.into() };
    match text.parse::<i64>() {
        Ok(number) if !CODES.contains(&key) || record.bare_codes() => number.into(),
        _ => Value::String(text),
    }
}

/// What a field holds that the world knows nothing about.
fn usual(key: &str) -> &'static str {
    match key {
        _ if key.starts_with("flag_") || key.starts_with("jawab_") || key.starts_with("pasal_") => "N",
        _ if key.starts_with("file_") => BLOB,
        "foto" => BLOB,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOB, Record, blank, object};
    use crate::sandbox::oss::shape::{Field, Kind};
    use serde_json::json;

    struct One(bool);

    impl Record for One {
        fn text(&self, key: &str) -> Option<String> {
            let text = match key {
                "kbli" => "01111",
                "tkdn" => "70.50",
                "total" => "12",
                "name" => "x",
                _ => return None,
            };
            Some(text.to_owned())
        }

        fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
            if key == "parts" { vec![Box::new(One(false)), Box::new(One(true))] } else { Vec::new() }
        }

        fn bare_codes(&self) -> bool {
            self.0
        }
    }

    fn fields() -> Vec<Field> {
        let leaf = |key, kind| Field { key, kind };
        vec![
            leaf("name", Kind::Text),
            leaf("file_izin", Kind::Text),
            leaf("flag_x", Kind::Text),
            leaf("total", Kind::Number),
            leaf("tkdn", Kind::Number),
            leaf("other", Kind::Number),
            leaf("parts", Kind::List(vec![leaf("kbli", Kind::Number)])),
            leaf("none", Kind::List(vec![leaf("kbli", Kind::Number)])),
        ]
    }

    #[test]
    fn trees_are_filled_with_the_services_habits() {
        let filled = object(&fields(), &One(false), 0);
        let expected = json!({
            "name": "x", "file_izin": BLOB, "flag_x": "N", "total": 12, "tkdn": "70.50", "other": 0,
            "parts": [{"kbli": "01111"}, {"kbli": 1111}], "none": "",
        });
        assert_eq!(filled, expected);
        let empties: Vec<_> = (0..7).map(|habit| object(&fields(), &One(false), habit)["none"].clone()).collect();
        for empty in [json!(""), json!([]), json!({}), json!(null)] {
            assert!(empties.contains(&empty), "{empty}");
        }
    }

    #[test]
    fn a_blank_has_all_keys_and_no_values() {
        let blank = blank(&fields());
        assert_eq!(blank.as_object().unwrap().len(), fields().len());
        assert!(blank.as_object().unwrap().values().all(|value| value == ""));
    }
}
