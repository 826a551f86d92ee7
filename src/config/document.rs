//! A TOML file read key by key, so that one reading reports every problem with file, line and a hint.
//!
//! serde stops at its first error; an operator with three typos should not need three runs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing wrong in a file, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name as the user knows it.
    pub file: String,
    /// 1-based line; 0 where no line applies.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)?;
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)?;
        }
        if self.hint.is_empty() { Ok(()) } else { write!(f, " (hint: {})", self.hint) }
    }
}

/// Every problem of one or more files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A parsed file and the problems found in it so far.
pub struct Document<'i> {
    file: String,
    text: &'i str,
    root: Spanned<DeTable<'i>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'i> Document<'i> {
    /// Parses `text`; syntax errors become problems and what could be read stays readable.
    pub fn parse(file: &str, text: &'i str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self { file: file.to_owned(), text, root, problems: RefCell::new(Vec::new()) };
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            document.report(at, error.message().to_owned(), "this is not valid TOML".to_owned());
        }
        document
    }

    /// Lays one `key=value` of `--set` over the file. The value is TOML where it parses as such, else a text.
    pub fn set(&mut self, pair: &'i str) {
        let Some((path, value)) = pair.split_once('=').filter(|(path, _)| !path.trim().is_empty()) else {
            self.report(
                OVERRIDE,
                format!("\"{pair}\" is no key=value"),
                "--set sources.omspan.page_rows=100".to_owned(),
            );
            return;
        };
        let mut keys: Vec<&str> = path.trim().split('.').collect();
        let last = keys.pop().unwrap_or_default();
        let mut table = self.root.get_mut();
        for key in keys {
            let entry = table.entry(Spanned::new(OVERRIDE..OVERRIDE, Cow::Borrowed(key)));
            let value = entry.or_insert_with(|| Spanned::new(OVERRIDE..OVERRIDE, DeValue::Table(DeTable::new())));
            match value.get_mut() {
                DeValue::Table(inner) => table = inner,
                _ => {
                    self.report(OVERRIDE, format!("`{key}` in \"{path}\" is no table"), String::new());
                    return;
                }
            }
        }
        table.remove(last);
        let key = Spanned::new(OVERRIDE..OVERRIDE, Cow::Borrowed(last));
        table.insert(key, Spanned::new(OVERRIDE..OVERRIDE, override_value(value.trim())));
    }

    /// The top-level table.
    pub fn root(&self) -> Section<'_, 'i> {
        Section::new(self, self.root.get_ref(), String::new(), 0)
    }

    /// All problems, in file order; empty when the file is good.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    fn report(&self, at: usize, message: String, hint: String) {
        if at == OVERRIDE {
            self.problems.borrow_mut().push(Problem { file: "--set".to_owned(), line: 0, message, hint });
            return;
        }
        let line = self.text.as_bytes().iter().take(at).filter(|&&b| b == b'\n').count() + 1;
        self.problems.borrow_mut().push(Problem { file: self.file.clone(), line, message, hint });
    }
}

/// A number or text as the file writes it, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlainValue {
    /// One value.
    One(String),
    /// A list.
    List(Vec<String>),
}

/// A text, or a decimal number by its digits.
fn plain(value: &DeValue<'_>) -> Option<String> {
    if let Some(number) = value.as_integer() {
        return (number.radix() == 10).then(|| number.as_str().replace('_', ""));
    }
    match value.as_float() {
        Some(number) => Some(number.as_str().replace('_', "")),
        None => value.as_str().map(str::to_owned),
    }
}

/// The position of values that came from `--set`.
const OVERRIDE: usize = usize::MAX;

fn override_value(text: &str) -> DeValue<'_> {
    match DeValue::parse(text) {
        Ok(value) if !value.get_ref().is_datetime() => value.into_inner(),
        _ => DeValue::String(Cow::Borrowed(text)),
    }
}

/// One table of a document. Keys nobody asked for are reported by [`Section::finish`].
pub struct Section<'d, 'i> {
    document: &'d Document<'i>,
    table: &'d DeTable<'i>,
    path: String,
    at: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'d, 'i> Section<'d, 'i> {
    fn new(document: &'d Document<'i>, table: &'d DeTable<'i>, path: String, at: usize) -> Self {
        Self { document, table, path, at, asked: RefCell::new(BTreeSet::new()) }
    }

    fn name_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// Records a problem at `key`, or at the section's own line when the key is absent.
    pub fn problem(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.document.report(at, message.into(), hint.into());
    }

    fn wrong_type(&self, key: &str, wanted: &str, got: &DeValue<'_>) {
        let message = format!("`{}` must be {wanted}, found {}", self.name_of(key), got.type_str());
        self.problem(key, message, "");
    }

    fn missing(&self, key: &str, hint: &str) {
        let place = if self.path.is_empty() { "the file".to_owned() } else { format!("[{}]", self.path) };
        self.problem(key, format!("`{key}` is missing in {place}"), hint);
    }

    /// An optional text.
    pub fn text(&self, key: &'static str) -> Option<&'d str> {
        let value = self.value(key)?.get_ref();
        if value.as_str().is_none() {
            self.wrong_type(key, "a text in quotes", value);
        }
        value.as_str()
    }

    /// A text that must be there; an empty text stands in after a problem was recorded.
    pub fn required_text(&self, key: &'static str, hint: &str) -> String {
        if self.value(key).is_none() {
            self.missing(key, hint);
        }
        self.text(key).unwrap_or_default().to_owned()
    }

    /// An optional value in the type's own notation (`FromStr`); the error's text becomes the problem.
    pub fn parsed<T: FromStr<Err = String>>(&self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(hint) => {
                self.problem(key, format!("`{}` cannot be \"{text}\"", self.name_of(key)), hint);
                None
            }
        }
    }

    /// As [`Section::parsed`], and the key must be there.
    pub fn required_parsed<T: FromStr<Err = String>>(&self, key: &'static str, hint: &str) -> Option<T> {
        if self.value(key).is_none() {
            self.missing(key, hint);
        }
        self.parsed(key)
    }

    /// An optional whole number within `range`.
    pub fn integer(&self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(key)?.get_ref();
        let Some(number) = value.as_integer() else {
            self.wrong_type(key, "a whole number", value);
            return None;
        };
        match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
            Ok(n) if range.contains(&n) => Some(n),
            _ => {
                let (low, high) = (range.start(), range.end());
                self.problem(key, format!("`{}` is out of range", self.name_of(key)), format!("{low} to {high}"));
                None
            }
        }
    }

    /// An optional true or false.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?.get_ref();
        if value.as_bool().is_none() {
            self.wrong_type(key, "true or false", value);
        }
        value.as_bool()
    }

    /// An optional list of texts; empty when absent.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, "a list of texts", value.get_ref());
            return Vec::new();
        };
        let texts: Vec<String> = items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
        if texts.len() != items.len() {
            self.problem(key, format!("`{}` may hold texts only", self.name_of(key)), "");
        }
        texts
    }

    /// An optional list of whole numbers within `range`; empty when absent.
    pub fn integers(&self, key: &'static str, range: &RangeInclusive<i64>) -> Vec<i64> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items: Vec<_> = value.get_ref().as_array().into_iter().flat_map(|array| array.iter()).collect();
        let numbers: Vec<i64> = items
            .iter()
            .filter_map(|item| item.get_ref().as_integer()?.as_str().replace('_', "").parse().ok())
            .filter(|n| range.contains(n))
            .collect();
        if !value.get_ref().is_array() || numbers.len() != items.len() {
            let hint = format!("whole numbers from {} to {}", range.start(), range.end());
            self.problem(key, format!("`{}` must be a list of whole numbers", self.name_of(key)), hint);
        }
        numbers
    }

    /// An optional sub-table.
    pub fn section(&self, key: &'static str) -> Option<Section<'d, 'i>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, "a table", value.get_ref());
            return None;
        };
        Some(Section::new(self.document, table, self.name_of(key), value.span().start))
    }

    /// The tables of a list of tables (`[[key]]` or `key = [{ … }]`); empty when absent.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'d, 'i>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, "a list of tables", value.get_ref());
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            match item.get_ref().as_table() {
                Some(table) => {
                    let path = format!("{}[{i}]", self.name_of(key));
                    sections.push(Section::new(self.document, table, path, item.span().start));
                }
                None => self.wrong_type(key, "a list of tables", item.get_ref()),
            }
        }
        sections
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the key holds a list.
    pub fn is_list(&self, key: &'static str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().is_array())
    }

    /// Whether the key holds a text.
    pub fn is_text(&self, key: &'static str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// An optional table of texts under free names (`{ page = "{page}" }`), in the file's order; empty when absent.
    pub fn text_map(&self, key: &'static str) -> Vec<(String, String)> {
        let Some(section) = self.section(key) else { return Vec::new() };
        let mut texts = Vec::new();
        for (name, value) in section.table.iter() {
            let name: &str = name.get_ref();
            match value.get_ref().as_str() {
                Some(text) => texts.push((name.to_owned(), text.to_owned())),
                None => section.wrong_type(name, "a text in quotes", value.get_ref()),
            }
        }
        texts
    }

    /// An optional table of lists of texts under free names, in the file's order; empty when absent.
    pub fn texts_map(&self, key: &'static str) -> Vec<(String, Vec<String>)> {
        let Some(section) = self.section(key) else { return Vec::new() };
        let mut lists = Vec::new();
        for (name, value) in section.table.iter() {
            let name: &str = name.get_ref();
            let items = value.get_ref().as_array().map(|items| items.iter().map(|item| item.get_ref().as_str()));
            match items.and_then(|items| items.map(|text| text.map(str::to_owned)).collect()) {
                Some(texts) => lists.push((name.to_owned(), texts)),
                None => section.wrong_type(name, "a list of texts", value.get_ref()),
            }
        }
        lists
    }

    /// An optional table of plain values under free names, in the file's order; each is a number or a text, or a list of
    /// them, as it is written (`15`, `76.5`, `"a"`): a number never becomes a float.
    pub fn plain_map(&self, key: &'static str) -> Vec<(String, PlainValue)> {
        let Some(section) = self.section(key) else { return Vec::new() };
        let mut values = Vec::new();
        for (name, value) in section.table.iter() {
            let name: &str = name.get_ref();
            let found = match value.get_ref().as_array() {
                Some(items) => {
                    items.iter().map(|item| plain(item.get_ref())).collect::<Option<_>>().map(PlainValue::List)
                }
                None => plain(value.get_ref()).map(PlainValue::One),
            };
            match found {
                Some(found) => values.push((name.to_owned(), found)),
                None => section.wrong_type(name, "a number, a text or a list of them", value.get_ref()),
            }
        }
        values
    }

    /// Every sub-table with its free name, for maps such as `[sources.<name>]`.
    pub fn named_sections(&self) -> Vec<(String, Section<'d, 'i>)> {
        let mut named = Vec::new();
        for (key, value) in self.table.iter() {
            let name: &str = key.get_ref();
            match value.get_ref().as_table() {
                Some(table) => {
                    let section = Section::new(self.document, table, self.name_of(name), value.span().start);
                    named.push((name.to_owned(), section));
                }
                None => self.wrong_type(name, "a table", value.get_ref()),
            }
        }
        named
    }

    /// Reports keys that nothing reads, each with the nearest known one.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if asked.contains(name) {
                continue;
            }
            let nearest =
                asked.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let hint = match nearest {
                Some(known) if strsim::jaro_winkler(known, name) > 0.8 => format!("did you mean `{known}`?"),
                _ => format!("known keys: {}", asked.iter().copied().collect::<Vec<_>>().join(", ")),
            };
            self.document.report(key.span().start, format!("unknown key `{}`", self.name_of(name)), hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn every_problem_is_reported_with_its_line() {
        let text = "name = 3\ntilte = \"x\"\n[limits]\nrows = 0\nflag = \"yes\"\n";
        let document = Document::parse("a.toml", text);
        let root = document.root();
        assert_eq!(root.required_text("name", ""), "");
        assert_eq!(root.text("title"), None);
        let limits = root.section("limits").unwrap();
        assert_eq!(limits.integer("rows", 1..=9), None);
        assert_eq!(limits.flag("flag"), None);
        limits.finish();
        root.finish();
        let lines: Vec<String> = document.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "a.toml:1: `name` must be a text in quotes, found integer",
                "a.toml:2: unknown key `tilte` (hint: did you mean `title`?)",
                "a.toml:4: `limits.rows` is out of range (hint: 1 to 9)",
                "a.toml:5: `limits.flag` must be true or false, found string",
            ]
        );
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        let document = Document::parse("b.toml", "a = 1\nb = = 2\n");
        let problems = document.into_problems();
        assert!(problems.iter().any(|p| p.line == 2), "{problems:?}");
    }
}
