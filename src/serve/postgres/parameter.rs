//! The values of parameters off the wire: read by the type that the client names, in text or binary form.

use bytes::{Buf, Bytes};

use super::encode::digits_of;
use super::reply::Told;
use super::sqlstate::{BAD_VALUE, NOT_OFFERED};
use crate::catalog::port::value::{Parameter, exact};

/// Days and microseconds from 1970 to the day that PostgreSQL counts from.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Most values of a list.
const ITEMS_MAX: usize = 100_000;

/// The value of a parameter of the type `oid`.
pub(super) fn read(oid: u32, binary: bool, value: Option<Bytes>) -> Result<Parameter, Told> {
    let Some(bytes) = value else { return Ok(Parameter::Null) };
    let found = if binary { of_binary(oid, bytes)? } else { of_text(oid, &bytes) };
    // What the client sent is not repeated.
    found.ok_or_else(|| Told::error(BAD_VALUE, format!("the value of a parameter is none of its type (oid {oid})")))
}

fn of_text(oid: u32, bytes: &Bytes) -> Option<Parameter> {
    let text = std::str::from_utf8(bytes).ok()?;
    if let Some(item) = item_of(oid) {
        return list_of_text(item, text);
    }
    Some(match oid {
        16 => match text.trim().to_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Parameter::Bool(true),
            "f" | "false" | "n" | "no" | "off" | "0" => Parameter::Bool(false),
            _ => return None,
        },
        20 | 21 | 23 | 26 => Parameter::Int(text.trim().parse().ok()?),
        700 | 701 => {
            text.trim().parse::<f64>().ok()?;
            Parameter::Float(text.trim().to_owned())
        }
        1700 => {
            let (unscaled, scale) = exact(text)?;
            Parameter::Decimal { unscaled, scale }
        }
        _ => Parameter::Text(text.to_owned()),
    })
}

fn of_binary(oid: u32, mut bytes: Bytes) -> Result<Option<Parameter>, Told> {
    let length = bytes.len();
    if item_of(oid).is_some() {
        return list_of_binary(bytes);
    }
    Ok(match (oid, length) {
        (16, 1) => Some(Parameter::Bool(bytes[0] != 0)),
        (21, 2) => Some(Parameter::Int(i64::from(bytes.get_i16()))),
        (23 | 26, 4) => Some(Parameter::Int(i64::from(bytes.get_i32()))),
        (20, 8) => Some(Parameter::Int(bytes.get_i64())),
        (700, 4) => Some(Parameter::Float(bytes.get_f32().to_string())),
        (701, 8) => Some(Parameter::Float(bytes.get_f64().to_string())),
        (1700, _) => digits_of(bytes)
            .and_then(|text| exact(&text))
            .map(|(unscaled, scale)| Parameter::Decimal { unscaled, scale }),
        (1082, 4) => bytes.get_i32().checked_add(EPOCH_DAYS).map(Parameter::Date),
        (1114 | 1184, 8) => {
            let micros = bytes.get_i64().checked_add(EPOCH_MICROS);
            micros.map(|micros| Parameter::Timestamp { micros, utc: oid == 1184 })
        }
        (17, _) => Some(Parameter::Bytes(bytes.to_vec())),
        (0 | 18 | 19 | 25 | 114 | 705 | 1042 | 1043, _) => {
            String::from_utf8(bytes.to_vec()).ok().map(Parameter::Text)
        }
        (16 | 20 | 21 | 23 | 26 | 700 | 701 | 1082 | 1114 | 1184, _) => None,
        _ => return Err(Told::error(NOT_OFFERED, format!("binary values of the type with oid {oid} are not read"))),
    })
}

/// The type of the values of a list.
fn item_of(oid: u32) -> Option<u32> {
    Some(match oid {
        1000 => 16,
        1001 => 17,
        1005 => 21,
        1007 => 23,
        1016 => 20,
        1009 | 1015 | 1002 | 1003 | 1014 => 25,
        1021 => 700,
        1022 => 701,
        1115 => 1114,
        1182 => 1082,
        1185 => 1184,
        1231 => 1700,
        _ => return None,
    })
}

fn list_of_binary(mut bytes: Bytes) -> Result<Option<Parameter>, Told> {
    if bytes.len() < 12 {
        return Ok(None);
    }
    let (dimensions, _has_null, item) = (bytes.get_i32(), bytes.get_i32(), bytes.get_u32());
    if dimensions == 0 {
        return Ok(Some(Parameter::List(Vec::new())));
    }
    if dimensions != 1 || bytes.len() < 8 || item_of(item).is_some() {
        return Ok(None);
    }
    let (count, _first) = (bytes.get_i32(), bytes.get_i32());
    let Some(count) = usize::try_from(count).ok().filter(|count| *count <= ITEMS_MAX) else { return Ok(None) };
    let mut items = Vec::new();
    for _ in 0..count {
        if bytes.len() < 4 {
            return Ok(None);
        }
        let length = bytes.get_i32();
        if length == -1 {
            items.push(Parameter::Null);
            continue;
        }
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= bytes.len()) else {
            return Ok(None);
        };
        items.push(read(item, true, Some(bytes.split_to(length)))?);
    }
    Ok(Some(Parameter::List(items)).filter(|_| bytes.is_empty()))
}

/// `{a,"b c",NULL}`; lists within lists are not read.
fn list_of_text(item: u32, text: &str) -> Option<Parameter> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    let mut rest = inner.chars().peekable();
    while rest.peek().is_some() {
        let (mut word, mut quoted) = (String::new(), false);
        loop {
            match rest.next() {
                None | Some(',') => break,
                Some('"') => {
                    quoted = true;
                    loop {
                        match rest.next()? {
                            '"' => break,
                            '\\' => word.push(rest.next()?),
                            other => word.push(other),
                        }
                    }
                }
                Some('{' | '}') => return None,
                Some('\\') => word.push(rest.next()?),
                Some(other) => word.push(other),
            }
        }
        if items.len() == ITEMS_MAX {
            return None;
        }
        items.push(match !quoted && word.eq_ignore_ascii_case("null") {
            true => Parameter::Null,
            false => of_text(item, &Bytes::from(word))?,
        });
    }
    Some(Parameter::List(items))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::catalog::port::value::Parameter;
    use bytes::Bytes;

    fn text(oid: u32, value: &'static str) -> Option<Parameter> {
        read(oid, false, Some(Bytes::from_static(value.as_bytes()))).ok()
    }

    fn binary(oid: u32, value: &[u8]) -> Option<Parameter> {
        read(oid, true, Some(Bytes::copy_from_slice(value))).ok()
    }

    #[test]
    fn texts_are_read_by_their_type() {
        assert_eq!(text(23, " 42 "), Some(Parameter::Int(42)));
        assert_eq!(text(1700, "1.50"), Some(Parameter::Decimal { unscaled: 150, scale: 2 }));
        assert_eq!(text(0, "0512"), Some(Parameter::Text("0512".to_owned())));
        assert_eq!(text(16, "maybe"), None);
        assert_eq!(text(23, "3514120101800001x"), None);
        assert_eq!(
            text(1009, r#"{a,"b, \"c\"",NULL,"NULL"}"#),
            Some(Parameter::List(vec![
                Parameter::Text("a".to_owned()),
                Parameter::Text("b, \"c\"".to_owned()),
                Parameter::Null,
                Parameter::Text("NULL".to_owned()),
            ]))
        );
        assert_eq!(text(1007, "{1,2}"), Some(Parameter::List(vec![Parameter::Int(1), Parameter::Int(2)])));
        assert_eq!(read(23, false, None).unwrap(), Parameter::Null);
    }

    #[test]
    fn bytes_are_read_by_their_type_and_length() {
        assert_eq!(binary(23, &[0, 0, 0, 42]), Some(Parameter::Int(42)));
        assert_eq!(binary(1082, &[0, 0, 0, 0]), Some(Parameter::Date(10_957)));
        assert_eq!(binary(1184, &[0; 8]), Some(Parameter::Timestamp { micros: 946_684_800_000_000, utc: true }));
        let money = [0, 2, 0, 0, 0x40, 0, 0, 2, 0x04, 0xd2, 0x15, 0xe0];
        assert_eq!(binary(1700, &money), Some(Parameter::Decimal { unscaled: -123_456, scale: 2 }));
        let list = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9];
        assert_eq!(binary(1007, &list), Some(Parameter::List(vec![Parameter::Int(9)])));
        for length in 0..list.len() {
            assert_eq!(binary(1007, &list[..length]), None, "{length}");
        }
        assert_eq!(binary(23, &[0, 42]), None);
        assert_eq!(binary(25, &[0xff]), None);
    }
}
