//! Functions that clients call when they connect and look around. Most have one answer for everybody; some answer for the
//! session, some for a table by its object id.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::{
    array_bounds_udf, create_pg_encoding_to_char_udf, format_type, quote_ident_udf,
};

use super::super::session::CATALOG;
use super::SessionFacts;
use super::listing::Listing;

/// The version of PostgreSQL that clients are told: what they ask depends on it.
pub const SERVER_VERSION: &str = "16.6";

/// Object ids below are PostgreSQL's own.
const OWN_OIDS_BELOW: i32 = 16_384;

/// Functions that say yes.
const YES: [&str; 17] = [
    "has_table_privilege",
    "has_schema_privilege",
    "has_database_privilege",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_function_privilege",
    "has_sequence_privilege",
    "has_type_privilege",
    "has_language_privilege",
    "has_tablespace_privilege",
    "pg_has_role",
    "pg_function_is_visible",
    "pg_type_is_visible",
    "pg_operator_is_visible",
    "pg_opclass_is_visible",
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
];

/// Functions that say no.
const NO: [&str; 5] = [
    "pg_is_in_recovery",
    "pg_is_other_temp_schema",
    "pg_relation_is_publishable",
    "row_security_active",
    "pg_is_wal_replay_paused",
];

/// Functions that have no text to give.
const NO_TEXT: [&str; 20] = [
    "pg_get_expr",
    "pg_get_constraintdef",
    "pg_get_partkeydef",
    "pg_get_statisticsobjdef_columns",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_functiondef",
    "pg_get_function_result",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_serial_sequence",
    "obj_description",
    "col_description",
    "shobj_description",
    "json_build_object",
    "jsonb_build_object",
    "pg_tablespace_location",
    "pg_get_partition_constraintdef",
    "inet_server_addr",
];

/// Registers the functions that answer everybody alike.
pub(super) fn register_fixed(context: &SessionContext) {
    let text = |value: &str| ScalarValue::Utf8(Some(value.to_owned()));
    let put = |name: &'static str, value: ScalarValue| context.register_udf(constant(name, value));
    YES.iter().for_each(|name| put(name, ScalarValue::Boolean(Some(true))));
    NO.iter().for_each(|name| put(name, ScalarValue::Boolean(Some(false))));
    NO_TEXT.iter().for_each(|name| put(name, ScalarValue::Utf8(None)));
    for name in ["pg_relation_size", "pg_total_relation_size", "pg_table_size", "pg_indexes_size", "pg_database_size"]
    {
        put(name, ScalarValue::Int64(Some(0)));
    }
    for name in ["pg_my_temp_schema", "pg_stat_get_numscans", "inet_server_port"] {
        put(name, ScalarValue::Int32(Some(0)));
    }
    for name in ["to_regclass", "to_regtype", "to_regnamespace", "to_regproc", "generate_subscripts"] {
        put(name, ScalarValue::Int32(None));
    }
    put("version", text(&format!("PostgreSQL {SERVER_VERSION} (lumbung {})", env!("CARGO_PKG_VERSION"))));
    put("current_database", text(CATALOG));
    put("current_catalog", text(CATALOG));
    put("pg_client_encoding", text("UTF8"));
    put("getdatabaseencoding", text("UTF8"));
    put("pg_char_to_encoding", ScalarValue::Int32(Some(6)));
    // What a pool of connections calls when it takes one back.
    put("pg_advisory_unlock_all", text(""));
    for library in [
        format_type::create_format_type_udf(),
        create_pg_encoding_to_char_udf(),
        quote_ident_udf::create_quote_ident_udf(),
        quote_ident_udf::create_parse_ident_udf(),
        array_bounds_udf::create_array_upper_udf(),
        array_bounds_udf::create_array_lower_udf(),
    ] {
        context.register_udf(library);
    }
}

/// Registers those that answer for the session and, with `listing`, for tables.
pub(super) fn register(
    state: &mut SessionState,
    session: &SessionFacts,
    role: &str,
    listing: Option<&Listing>,
) -> Result<()> {
    let text = |value: &str| ScalarValue::Utf8(Some(value.to_owned()));
    let schema = session.search_path.first().map_or("", String::as_str);
    for (name, value) in [
        ("session_user", text(&session.user)),
        ("current_user", text(&session.user)),
        ("current_role", text(&session.user)),
        ("pg_get_userbyid", text(role)),
        ("current_schema", text(schema)),
        ("pg_backend_pid", ScalarValue::Int32(Some(session.process))),
    ] {
        state.register_udf(Arc::new(constant(name, value)))?;
    }
    let path: Vec<ScalarValue> = session.search_path.iter().map(|name| text(name)).collect();
    let path = ScalarValue::List(ScalarValue::new_list_nullable(&path, &DataType::Utf8));
    state.register_udf(Arc::new(constant("current_schemas", path)))?;
    let settings = session.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    state.register_udf(Arc::new(Setting { settings, signature: any_arguments() }.into()))?;
    if let Some(listing) = listing {
        let visible = listing.visible_in(&session.search_path);
        state.register_udf(Arc::new(Visible { visible, signature: any_arguments() }.into()))?;
        let texts = listing.tables.iter().filter_map(|table| Some((table.oid, table.definition.clone()?)));
        state.register_udf(Arc::new(ViewText { texts: texts.collect(), signature: any_arguments() }.into()))?;
    }
    Ok(())
}

fn any_arguments() -> Signature {
    Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Stable)
}

fn constant(name: &'static str, value: ScalarValue) -> ScalarUDF {
    Constant { name, value, signature: any_arguments() }.into()
}

/// A function with one answer, whatever it is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

/// `current_setting(name)`: what SHOW shows, NULL for what it does not know.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Setting {
    settings: Vec<(String, String)>,
    signature: Signature,
}

impl ScalarUDFImpl for Setting {
    fn name(&self) -> &'static str {
        "current_setting"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = match arguments.args.first() {
            Some(ColumnarValue::Scalar(value)) => value.try_as_str().flatten().unwrap_or_default().to_lowercase(),
            _ => String::new(),
        };
        let value = self.settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(value)))
    }
}

/// `pg_table_is_visible(oid)`: whether a table can be named without its schema.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Visible {
    visible: BTreeSet<i32>,
    signature: Signature,
}

impl ScalarUDFImpl for Visible {
    fn name(&self) -> &'static str {
        "pg_table_is_visible"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let oids = oids(&arguments)?;
        let sees = |oid: i32| oid < OWN_OIDS_BELOW || self.visible.contains(&oid);
        let answers: BooleanArray = oids.iter().map(|oid| oid.map(sees)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers) as ArrayRef))
    }
}

/// `pg_get_viewdef(oid)`: the SQL of a view.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ViewText {
    texts: std::collections::BTreeMap<i32, String>,
    signature: Signature,
}

impl ScalarUDFImpl for ViewText {
    fn name(&self) -> &'static str {
        "pg_get_viewdef"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let oids = oids(&arguments)?;
        let answers: StringArray = oids.iter().map(|oid| self.texts.get(&oid?).cloned()).collect();
        Ok(ColumnarValue::Array(Arc::new(answers) as ArrayRef))
    }
}

/// The first argument as object ids, one a row.
fn oids(arguments: &ScalarFunctionArgs) -> Result<Int32Array> {
    let Some(first) = arguments.args.first() else { return Ok(Int32Array::new_null(arguments.number_rows)) };
    let array = first.to_array(arguments.number_rows)?;
    let oids = cast(&array, &DataType::Int32)?;
    Ok(oids.as_any().downcast_ref::<Int32Array>().cloned().unwrap_or_else(|| Int32Array::new_null(array.len())))
}
