//! What PostgreSQL calls the engine's types.

use arrow::datatypes::{DataType, Field, IntervalUnit};

/// A type as PostgreSQL describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeInfo {
    /// Its object id.
    pub oid: u32,
    /// Its modifier: precision and scale of a decimal; -1 where it has none.
    pub modifier: i32,
    /// Bytes of a value; -1 where they differ.
    pub size: i16,
    /// Its name in the catalog of the standard.
    pub name: &'static str,
}

/// Text; what has no counterpart is shown as text, too.
pub const TEXT: u32 = 25;

/// A list of texts.
pub(super) const TEXT_LIST: u32 = 1009;

/// What decimals are called: `numeric(p, s)`.
const NUMERIC: u32 = 1700;

/// The metadata by which `datafusion-pg-catalog` marks its columns: object ids, and texts of one byte.
const OID_MARK: &str = "pg.oid_alias";
const CHAR_MARK: &str = "pg.char";

/// The type of a column of a result.
pub(super) fn of_field(field: &Field) -> TypeInfo {
    let is_text = field.data_type() == &DataType::Utf8;
    match (field.data_type(), field.metadata().get(OID_MARK).map(String::as_str)) {
        (DataType::Int32, Some("oid")) => fixed(26, 4, "oid"),
        _ if is_text && field.metadata().contains_key(CHAR_MARK) => fixed(18, 1, "\"char\""),
        _ => of(field.data_type()),
    }
}

/// The type of values of `data_type`.
#[must_use]
pub fn of(data_type: &DataType) -> TypeInfo {
    use DataType as T;
    match data_type {
        T::Boolean => fixed(16, 1, "boolean"),
        T::Int8 | T::UInt8 | T::Int16 => fixed(21, 2, "smallint"),
        T::UInt16 | T::Int32 => fixed(23, 4, "integer"),
        T::UInt32 | T::Int64 => fixed(20, 8, "bigint"),
        T::UInt64 => fixed(NUMERIC, -1, "numeric"),
        T::Float16 | T::Float32 => fixed(700, 4, "real"),
        T::Float64 => fixed(701, 8, "double precision"),
        T::Decimal32(precision, scale)
        | T::Decimal64(precision, scale)
        | T::Decimal128(precision, scale)
        | T::Decimal256(precision, scale) => numeric(*precision, *scale),
        T::Date32 | T::Date64 => fixed(1082, 4, "date"),
        T::Time32(_) | T::Time64(_) => fixed(1083, 8, "time without time zone"),
        T::Timestamp(_, None) => fixed(1114, 8, "timestamp without time zone"),
        T::Timestamp(_, Some(_)) => fixed(1184, 8, "timestamp with time zone"),
        T::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano)
        | T::Duration(_) => fixed(1186, 16, "interval"),
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => fixed(17, -1, "bytea"),
        T::List(item) | T::LargeList(item) => list_of(item.data_type()),
        _ => fixed(TEXT, -1, "text"),
    }
}

const fn fixed(oid: u32, size: i16, name: &'static str) -> TypeInfo {
    TypeInfo { oid, modifier: -1, size, name }
}

/// PostgreSQL keeps precision and scale in one number, 4 above.
fn numeric(precision: u8, scale: i8) -> TypeInfo {
    // What has more digits before the point than behind can be said there; anything else has no modifier.
    let modifier = u8::try_from(scale).map_or(-1, |scale| ((i32::from(precision) << 16) | i32::from(scale)) + 4);
    TypeInfo { oid: NUMERIC, modifier, size: -1, name: "numeric" }
}

fn list_of(item: &DataType) -> TypeInfo {
    let oid = match of(item).oid {
        16 => 1000,
        21 => 1005,
        23 => 1007,
        20 => 1016,
        NUMERIC => 1231,
        700 => 1021,
        701 => 1022,
        1082 => 1182,
        1114 => 1115,
        1184 => 1185,
        17 => 1001,
        _ => TEXT_LIST,
    };
    fixed(oid, -1, "ARRAY")
}

/// What a value of the type `oid` is cast to in SQL; `None` where it is taken as it comes: decimals keep their own digits.
pub(super) fn sql_name(oid: u32) -> Option<&'static str> {
    Some(match oid {
        16 => "BOOLEAN",
        21 => "SMALLINT",
        23 | 26 => "INTEGER",
        20 => "BIGINT",
        700 => "REAL",
        701 => "DOUBLE PRECISION",
        1082 => "DATE",
        1083 => "TIME",
        1114 => "TIMESTAMP",
        1184 => "TIMESTAMP WITH TIME ZONE",
        17 => "BYTEA",
        18 | 19 | TEXT | 1042 | 1043 | 705 => "TEXT",
        1000 => "BOOLEAN[]",
        1005 => "SMALLINT[]",
        1007 => "INTEGER[]",
        1016 => "BIGINT[]",
        TEXT_LIST | 1015 | 1003 => "TEXT[]",
        _ => return None,
    })
}

/// The object id of a type as SQL writes it in a PREPARE.
#[must_use]
pub fn oid_of_name(name: &str) -> u32 {
    let name = name.to_lowercase();
    let word = name.split(['(', ' ']).next().unwrap_or_default();
    match word {
        "bool" | "boolean" => 16,
        "smallint" | "int2" => 21,
        "int" | "integer" | "int4" => 23,
        "bigint" | "int8" => 20,
        "real" | "float4" => 700,
        "double" | "float" | "float8" => 701,
        "numeric" | "decimal" => NUMERIC,
        "date" => 1082,
        "timestamp" if name.contains("with time zone") => 1184,
        "timestamp" => 1114,
        "timestamptz" => 1184,
        _ => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::{of, oid_of_name};
    use arrow::datatypes::DataType;

    #[test]
    fn money_says_its_digits_and_lists_what_they_hold() {
        let money = of(&DataType::Decimal128(20, 2));
        assert_eq!((money.oid, money.name), (1700, "numeric"));
        assert_eq!((money.modifier - 4) >> 16, 20);
        assert_eq!((money.modifier - 4) & 0xffff, 2);
        assert_eq!(of(&DataType::Decimal128(20, -2)).modifier, -1);
        let texts = DataType::List(std::sync::Arc::new(arrow::datatypes::Field::new("item", DataType::Utf8, true)));
        assert_eq!(of(&texts).oid, 1009);
        assert_eq!(of(&DataType::Null).oid, 25);
        assert_eq!(oid_of_name("NUMERIC(20,2)"), 1700);
        assert_eq!(oid_of_name("timestamp with time zone"), 1184);
    }
}
