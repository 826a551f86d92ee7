//! What a reference table is: `config/reference/<name>.toml`, with every problem of the file at once.

use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::config::Problems;
use crate::config::document::{Document, Section};
use crate::contract::{ColumnType, normalise_key};

/// Most columns of a table.
const COLUMNS_MAX: usize = 100;
/// Longest name of a table or column.
const NAME_BYTES_MAX: usize = 63;

/// One reference table.
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// SQL table in `ref`, and the stem of its files.
    pub name: String,
    /// What it lists.
    pub title: String,
    /// Regulation, guide or system it comes from.
    pub source: String,
    /// What may be done with the rows, and how far they go.
    pub licence: String,
    /// Raised when a column's meaning changes; an import under another version is never "unchanged".
    pub version: u32,
    /// Who fills it.
    pub filled_by: FilledBy,
    /// Indices of the columns that identify a row; never NULL, never twice the same.
    pub key: Vec<usize>,
    /// Headers that a file may have and the table leaves aside, normalised.
    pub ignored: Vec<String>,
    /// The hierarchy that a code holds in its digits.
    pub tree: Option<Tree>,
    /// The span of years or days a row holds for.
    pub period: Option<Period>,
    /// The columns, in SQL order.
    pub columns: Vec<ReferenceColumn>,
}

impl TableDefinition {
    /// The Arrow schema of the rows: every column may be NULL, as in every table of a session.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &ReferenceColumn| Field::new(&column.name, column.data_type(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The names of the key columns, for messages.
    #[must_use]
    pub fn key_names(&self) -> String {
        self.key.iter().map(|&i| self.columns[i].name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Who fills a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilledBy {
    /// The release carries the rows.
    Release,
    /// The release carries what is known; the customer completes it in the config folder, or imports it.
    Customer,
    /// `lumbung reference import`; the table is empty before.
    Import,
}

impl FromStr for FilledBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "release" => Ok(Self::Release),
            "customer" => Ok(Self::Customer),
            "import" => Ok(Self::Import),
            _ => Err("one of release, customer, import".to_owned()),
        }
    }
}

/// One column.
#[derive(Debug, Clone)]
pub struct ReferenceColumn {
    /// Name in SQL.
    pub name: String,
    /// The headers that carry it, normalised; the name's own is the first.
    pub keys: Vec<String>,
    /// What its values are: code, text, integer, decimal, date (YYYY-MM-DD) or boolean.
    pub ty: ColumnType,
    /// Whether it may not be NULL.
    pub required: bool,
    /// Characters taken out of every value: the dots of `35.14.14.1005`.
    pub remove: String,
    /// The values allowed; empty = any.
    pub one_of: Vec<String>,
    /// How the value is computed from the tree's code. A file that has the column too must agree.
    pub make: Option<Make>,
    /// One line for the data dictionary.
    pub meaning: String,
}

impl ReferenceColumn {
    fn data_type(&self) -> DataType {
        self.ty.data_type()
    }
}

/// How a column is computed from the code of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// `3514141005` -> `35.14.14.1005`.
    Dotted,
    /// `3514` -> `3514000000`.
    Padded,
    /// `351414` -> `3514`; NULL on the first level.
    Parent,
    /// The level's name.
    Level,
    /// The number of digits.
    Digits,
}

impl FromStr for Make {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dotted" => Ok(Self::Dotted),
            "padded" => Ok(Self::Padded),
            "parent" => Ok(Self::Parent),
            "level" => Ok(Self::Level),
            "digits" => Ok(Self::Digits),
            _ => Err("one of dotted, padded, parent, level, digits".to_owned()),
        }
    }
}

/// A hierarchy held in the digits of a code: each level's code begins with its parent's.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Index of the code's column.
    pub code: usize,
    /// Digits of each level's code, growing.
    pub digits: Vec<usize>,
    /// The levels' names; empty where they have none.
    pub levels: Vec<String>,
    /// Whether a code without its parent is refused, or only told.
    pub orphans_refused: bool,
}

impl Tree {
    /// The level (0-based) of a code, by its length.
    #[must_use]
    pub fn level(&self, code: &str) -> Option<usize> {
        self.digits.iter().position(|&digits| digits == code.len())
    }

    /// The code of the parent; `None` on the first level and for a code of no level.
    #[must_use]
    pub fn parent<'c>(&self, code: &'c str) -> Option<&'c str> {
        let above = self.level(code)?.checked_sub(1)?;
        code.get(..self.digits[above])
    }

    /// The value of a column that is made from `code`.
    #[must_use]
    pub fn make(&self, make: Make, code: &str) -> Option<String> {
        let level = self.level(code)?;
        match make {
            Make::Dotted => {
                let mut starts = vec![0];
                starts.extend(&self.digits[..level]);
                let parts = starts.iter().zip(&self.digits).map(|(&from, &to)| code.get(from..to));
                Some(parts.collect::<Option<Vec<&str>>>()?.join("."))
            }
            Make::Padded => Some(format!("{code:0<width$}", width = *self.digits.last()?)),
            Make::Parent => self.parent(code).map(str::to_owned),
            Make::Level => self.levels.get(level).cloned(),
            Make::Digits => Some(code.len().to_string()),
        }
    }
}

/// The columns that say from when and until when a row holds, both inclusive: integers (years) or dates.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// Index of the column of the first year or day; part of the key.
    pub from: usize,
    /// Index of the column of the last one; NULL = still in force.
    pub to: usize,
}

/// Reads the definition of the table `name` in `text`; `file` is how the user knows it.
///
/// # Errors
/// Every problem found, each with its line and a hint.
pub fn parse(name: &str, file: &str, text: &str) -> Result<TableDefinition, Problems> {
    let document = Document::parse(file, text);
    let root = document.root();
    let definition = match root.section("table") {
        Some(section) => Some(table(name, &root, &section)).inspect(|_| section.finish()),
        None => {
            root.problem("table", "the table [table] is missing", "title, source, licence, version, key, columns, …");
            None
        }
    };
    root.finish();
    let problems = document.into_problems();
    match definition {
        Some(definition) if problems.is_empty() => Ok(definition),
        _ => Err(Problems(problems)),
    }
}

fn table(name: &str, root: &Section<'_, '_>, section: &Section<'_, '_>) -> TableDefinition {
    if !is_name(name) {
        root.problem(
            "table",
            format!("\"{name}\" cannot name a table"),
            "the file's stem: a-z, 0-9 and _, a letter first",
        );
    }
    let columns: Vec<ReferenceColumn> = section.sections("columns").into_iter().map(column).collect();
    if columns.is_empty() || columns.len() > COLUMNS_MAX {
        section.problem("columns", "a table needs columns", format!("1 to {COLUMNS_MAX}"));
    }
    let position = |wanted: &str| columns.iter().position(|column| column.name == wanted);
    let key: Vec<usize> = named(section, "key", &section.texts("key"), &position);
    if key.is_empty() {
        section.problem("key", "`key` is missing or empty in [table]", "the columns that identify a row");
    }
    let definition = TableDefinition {
        name: name.to_owned(),
        title: section.required_text("title", "what the table lists"),
        source: section.required_text("source", "the regulation, guide or system"),
        licence: section.required_text("licence", "what may be done with the rows"),
        version: u32::try_from(section.integer("version", 1..=9_999).unwrap_or(1)).expect("checked range"),
        filled_by: section.required_parsed("filled_by", "release, customer or import").unwrap_or(FilledBy::Customer),
        key,
        ignored: section.texts("ignored").iter().map(|header| normalise_key(header)).collect(),
        tree: section.section("tree").and_then(|tree_section| tree(&tree_section, &position)),
        period: section.section("period").and_then(|span| period(&span, &position)),
        columns,
    };
    agreement(section, &definition);
    definition
}

/// What the parts of a definition demand of each other.
fn agreement(section: &Section<'_, '_>, definition: &TableDefinition) {
    let mut seen: Vec<&str> = Vec::new();
    for key in definition.columns.iter().flat_map(|column| &column.keys) {
        if seen.contains(&key.as_str()) {
            let message = format!("two columns answer to the header \"{}\"", key.to_lowercase());
            section.problem("columns", message, "names and aliases stand once");
        }
        seen.push(key);
    }
    for &i in &definition.key {
        let column = &definition.columns[i];
        if !column.required {
            let message = format!("the key column {} must be required", column.name);
            section.problem("key", message, "a key is never NULL: required = true");
        }
    }
    let made: Vec<&ReferenceColumn> = definition.columns.iter().filter(|column| column.make.is_some()).collect();
    match &definition.tree {
        None if !made.is_empty() => section.problem(
            "columns",
            format!("the column {} is made from a tree and there is none", made[0].name),
            "tree = { code = \"kode\", digits = [2, 4] }",
        ),
        Some(tree) if tree.levels.is_empty() && made.iter().any(|column| column.make == Some(Make::Level)) => {
            section.problem("tree", "a column is made from the level's name and `levels` is missing", "one a level");
        }
        Some(tree) if definition.columns[tree.code].make.is_some() => {
            section.problem("tree", "the tree's code cannot be made from itself", "");
        }
        _ => {}
    }
    if definition.period.is_some_and(|period| !definition.key.contains(&period.from)) {
        section.problem("period", "the column of `from` must be part of the key", "a row for each span");
    }
}

/// The indices of the columns called `names`.
fn named(
    section: &Section<'_, '_>,
    key: &'static str,
    names: &[String],
    position: &dyn Fn(&str) -> Option<usize>,
) -> Vec<usize> {
    let mut indices = Vec::with_capacity(names.len());
    for name in names {
        match position(name) {
            Some(i) if !indices.contains(&i) => indices.push(i),
            Some(_) => section.problem(key, format!("the column {name} stands twice in `{key}`"), ""),
            None => {
                section.problem(key, format!("`{key}` names no column: \"{name}\""), "the name of a column below");
            }
        }
    }
    indices
}

fn tree(section: &Section<'_, '_>, position: &dyn Fn(&str) -> Option<usize>) -> Option<Tree> {
    let code = named(section, "code", &[section.required_text("code", "the column of the code")], position);
    let digits: Vec<usize> =
        section.integers("digits", &(1..=64)).into_iter().map(|n| usize::try_from(n).expect("1 to 64")).collect();
    if digits.is_empty() || !digits.is_sorted_by(|a, b| a < b) {
        section.problem("digits", "`digits` must be growing lengths", "digits = [2, 4, 6, 10]");
    }
    let levels = section.texts("levels");
    if !levels.is_empty() && levels.len() != digits.len() {
        section.problem(
            "levels",
            format!("{} levels for {} lengths", levels.len(), digits.len()),
            "one name a length",
        );
    }
    let orphans_refused = match section.text("orphans") {
        None | Some("refuse") => true,
        Some("tell") => false,
        Some(other) => {
            section.problem("orphans", format!("`orphans` cannot be \"{other}\""), "one of refuse, tell");
            true
        }
    };
    Some(Tree { code: *code.first()?, digits, levels, orphans_refused })
}

fn period(section: &Section<'_, '_>, position: &dyn Fn(&str) -> Option<usize>) -> Option<Period> {
    let column = |key: &'static str| {
        let name = section.required_text(key, "the name of a column below");
        named(section, key, &[name], position).first().copied()
    };
    let (from, to) = (column("from"), column("to"));
    Some(Period { from: from?, to: to? })
}

fn column(section: Section<'_, '_>) -> ReferenceColumn {
    let name = section.required_text("name", "a name in lower snake case");
    if !is_name(&name) && !name.is_empty() {
        section.problem("name", format!("\"{name}\" is not lower snake case"), "a-z, 0-9 and _, a letter first");
    }
    let known = "code(n), text, integer, decimal(p,s), date or boolean";
    let ty: Option<ColumnType> = section.required_parsed("type", known);
    if let Some(ty) = &ty
        && !is_of_reference(ty)
    {
        section.problem("type", format!("{name} has a type that reference tables do not have"), known);
    }
    let mut keys = vec![normalise_key(&name)];
    keys.extend(section.texts("aliases").iter().map(|alias| normalise_key(alias)));
    let column = ReferenceColumn {
        name,
        keys,
        ty: ty.unwrap_or(ColumnType::Text),
        required: section.flag("required").unwrap_or(false),
        remove: section.text("remove").unwrap_or_default().to_owned(),
        one_of: section.texts("one_of"),
        make: section.parsed("make"),
        meaning: section.required_text("meaning", "one line for the data dictionary"),
    };
    section.finish();
    column
}

/// Whether reference tables have columns of this type.
fn is_of_reference(ty: &ColumnType) -> bool {
    use ColumnType::{Boolean, Code, Date, Decimal, Integer, Text};
    matches!(ty, Code { .. } | Text | Integer | Decimal { .. } | Date(_) | Boolean)
}

fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
