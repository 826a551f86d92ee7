//! Templates of a contract with their `{placeholders}` filled in.

/// `template` with every `{name}` that `value` knows replaced by what it gives. Braces around anything else stay, so that a
/// template can be JSON; what a value holds is never taken for a placeholder.
pub(crate) fn filled(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(name, tail)| Some((value(name)?, tail))) {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

/// `text` as it stands between the quotes of a JSON string.
pub(crate) fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{filled, json_escaped};

    #[test]
    fn json_around_placeholders_stays_and_values_are_not_read_again() {
        let value = |name: &str| match name {
            "method" => Some("receiveNIB".to_owned()),
            "message" => Some(json_escaped("a \"{method}\"\n")),
            _ => None,
        };
        let text = filled(r#"{"respon{method}":{"keterangan":"{message}","x":{},"y":"{other}"}}"#, value);
        let expected = r#"{"responreceiveNIB":{"keterangan":"a \"{method}\"\n","x":{},"y":"{other}"}}"#;
        assert_eq!(text, expected);
        assert_eq!(filled("{", |_| None), "{");
    }
}
