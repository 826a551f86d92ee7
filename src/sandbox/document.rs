//! Documents as JSON text, with the misspellings real services are known for; and faults within a row of a document.

use super::dataset::Dataset;
use super::fault::{Fault, Faults};
use serde_json::{Map, Value};

/// How a document is written where it differs from plain JSON.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spelling {
    /// `/` in texts as `\/`, as PHP does.
    pub(crate) escaped_slashes: bool,
    /// A comma after the last element of arrays under this key.
    pub(crate) comma_in: Option<&'static str>,
    /// A comma after the value of this key where it is the last of its object.
    pub(crate) comma_after: Option<&'static str>,
    /// Objects under this key in square brackets: `[ "a": 1 ]`.
    pub(crate) bracketed: Option<&'static str>,
    /// An array of a single object under this key is that object alone.
    pub(crate) single_in: Option<&'static str>,
}

impl Spelling {
    /// The document as text.
    pub(crate) fn write(&self, document: &Value) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 * 1024);
        self.value(&mut out, "", document);
        out
    }

    fn value(&self, out: &mut Vec<u8>, key: &str, value: &Value) {
        match value {
            Value::Object(pairs) => self.object(out, key, pairs),
            Value::Array(values) => match values.as_slice() {
                [single @ Value::Object(_)] if self.single_in == Some(key) => self.value(out, key, single),
                values => self.array(out, key, values),
            },
            Value::String(text) if self.escaped_slashes && text.contains('/') => {
                let text = Value::from(text.as_str()).to_string().replace('/', "\\/");
                out.extend_from_slice(text.as_bytes());
            }
            other => out.extend_from_slice(other.to_string().as_bytes()),
        }
    }

    fn object(&self, out: &mut Vec<u8>, key: &str, pairs: &Map<String, Value>) {
        let brackets = if self.bracketed == Some(key) { (b'[', b']') } else { (b'{', b'}') };
        out.push(brackets.0);
        for (index, (name, value)) in pairs.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(Value::from(name.as_str()).to_string().as_bytes());
            out.push(b':');
            self.value(out, name, value);
            if index + 1 == pairs.len() && self.comma_after == Some(name) {
                out.push(b',');
            }
        }
        out.push(brackets.1);
    }

    fn array(&self, out: &mut Vec<u8>, key: &str, values: &[Value]) {
        out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.value(out, "", value);
        }
        if !values.is_empty() && self.comma_in == Some(key) {
            out.push(b',');
        }
        out.push(b']');
    }
}

/// `object` with `value` under `key` at its end. `json!` would copy the value, and in a tree every level again.
pub(crate) fn with(mut object: Value, key: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(pairs) = &mut object {
        pairs.insert(key.to_owned(), value.into());
    }
    object
}

/// What goes wrong within the rows of one dataset: a key too many, a key too few, an unreadable value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFaults {
    unknown_key: bool,
    missing_key: Option<&'static str>,
    bad_key: Option<&'static str>,
}

/// Index of the row that is spoilt.
const BAD_ROW: usize = 2;

impl RowFaults {
    /// The faults of `dataset`, whose rows can do without the key `optional` and are refused without a readable
    /// `required`.
    pub(crate) fn new(faults: &Faults, dataset: Dataset, optional: &'static str, required: &'static str) -> Self {
        Self {
            unknown_key: faults.on(&Fault::UnknownKey, dataset),
            missing_key: faults.on(&Fault::MissingKey, dataset).then_some(optional),
            bad_key: faults.on(&Fault::BadRow, dataset).then_some(required),
        }
    }

    /// Spoils the row with this index in its dataset.
    pub(crate) fn apply(&self, index: usize, row: &mut Value) {
        let Value::Object(pairs) = row else { return };
        if let Some(key) = self.missing_key {
            pairs.shift_remove(key);
        }
        if let Some(value) = self.bad_key.filter(|_| index == BAD_ROW).and_then(|key| pairs.get_mut(key)) {
            *value = "dua belas juta".into();
        }
        if self.unknown_key {
            pairs.insert("KETERANGAN".to_owned(), "ditambahkan 2026".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spelling, with};
    use serde_json::{Value, json};

    fn text(spelling: Spelling, document: &Value) -> String {
        String::from_utf8(spelling.write(document)).unwrap()
    }

    #[test]
    fn plain_documents_are_json() {
        let document = json!({ "b": [1, null, true, "x \"y\" \\ / é"], "a": { "c": [], "d": {} } });
        assert_eq!(text(Spelling::default(), &document), document.to_string());
    }

    #[test]
    fn a_value_goes_to_the_end() {
        assert_eq!(with(json!({ "b": 1 }), "a", vec![json!(2)]).to_string(), r#"{"b":1,"a":[2]}"#);
    }

    #[test]
    fn misspellings_are_those_asked_for() {
        let document =
            json!({ "data": [{ "a": "1/2" }, { "a": "2" }], "k": { "n": 2, "j": 3 }, "one": [{ "x": 1 }] });
        let with = |spelling| text(spelling, &document);
        let slashes = Spelling { escaped_slashes: true, ..Spelling::default() };
        assert!(with(slashes).contains(r#""1\/2""#));
        let comma = Spelling { comma_in: Some("data"), ..Spelling::default() };
        assert!(with(comma).contains(r#"{"a":"2"},]"#));
        let after = Spelling { comma_after: Some("j"), ..Spelling::default() };
        assert!(with(after).contains(r#""j":3,}"#));
        let bracketed = Spelling { bracketed: Some("k"), ..Spelling::default() };
        assert!(with(bracketed).contains(r#""k":["n":2,"j":3]"#));
        let single = Spelling { single_in: Some("one"), ..Spelling::default() };
        assert!(with(single).contains(r#""one":{"x":1}"#));
    }
}
