//! Rows by position under a header, in every way spanint's PNBP answer has been described:
//!
//! * `{"Header": "a,b", "data": [["1","2"], …]}`; the header also as a list of names, or as an object that holds either;
//! * rows as lists, as one comma-separated text, as objects with numbers for keys, or keyed like any object;
//! * the document's own spelling with braces around bare texts: `{"Header": {"a,b"}, "data": [{"1","2"}]}`;
//! * a plain list of keyed objects.
//!
//! A row whose width differs from the header's is refused. Where a row is one text and the surplus can only be commas
//! inside one column (`fold_surplus_into`), the surplus goes back into it.

use super::objects::FieldReader;
use super::{skip_mark, skip_separators};
use crate::contract::{Dataset, normalise_key};
use crate::decode::ROW_BYTES_MAX;
use crate::decode::row::{Row, RowReader, Step};
use crate::decode::scan::{Kind, Token, printable, skip_blank, unescape, value};

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// Inside the enclosing object, between its members.
    Members,
    /// Inside the list of rows; `enclosed` when an object encloses the list.
    Rows {
        enclosed: bool,
    },
    End,
}

/// Reads rows by position.
pub struct PositionalReader {
    place: Place,
    fields: FieldReader,
    /// Normalised names of the header; `None` before it was read.
    header: Option<Vec<String>>,
    /// The key of the column that takes the surplus.
    fold_key: Option<String>,
    /// The values of the row being read.
    tokens: Vec<Token>,
}

impl PositionalReader {
    /// A reader for `dataset`.
    #[must_use]
    pub fn new(dataset: &Dataset, fold_surplus_into: Option<usize>) -> Self {
        let fold_key = fold_surplus_into.and_then(|i| dataset.columns[i].keys.first().cloned());
        Self { place: Place::Start, fields: FieldReader::default(), header: None, fold_key, tokens: Vec::new() }
    }
}

impl RowReader for PositionalReader {
    fn next(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        match self.place {
            Place::Start => self.start(buffer, at),
            Place::Members => self.member(buffer, at),
            Place::Rows { enclosed } => self.row(buffer, at, row, enclosed),
            Place::End => match buffer.get(skip_separators(buffer, *at)) {
                None => Ok(Step::NeedMore),
                Some(other) => Err(format!("{} after the end of the rows", printable(*other))),
            },
        }
    }

    fn may_end(&self) -> bool {
        false
    }
}

impl PositionalReader {
    fn start(&mut self, buffer: &[u8], at: &mut usize) -> Result<Step, String> {
        let Some(first) = skip_mark(buffer) else { return Ok(Step::NeedMore) };
        *at = first;
        self.place = match buffer.get(*at) {
            None => return Ok(Step::NeedMore),
            Some(b'{') => Place::Members,
            Some(b'[') => Place::Rows { enclosed: false },
            Some(other) => {
                return Err(format!("expected an object with header and rows, found {}", printable(*other)));
            }
        };
        *at += 1;
        Ok(Step::Frame)
    }

    /// One member of the enclosing object: the header, the rows' opening bracket, or something to step over.
    fn member(&mut self, buffer: &[u8], at: &mut usize) -> Result<Step, String> {
        let mut i = skip_separators(buffer, *at);
        match buffer.get(i) {
            None => return Ok(Step::NeedMore),
            Some(b'}') => {
                self.place = Place::End;
                *at = i + 1;
                return Ok(Step::Done);
            }
            Some(_) => {}
        }
        let Some((key, after)) = value(buffer, i)? else { return Ok(Step::NeedMore) };
        if key.kind != Kind::Plain {
            return Err("expected a key of the enclosing object".to_owned());
        }
        let name = normalise_key(&String::from_utf8_lossy(&buffer[key.start..key.end]));
        i = skip_blank(buffer, after);
        match buffer.get(i) {
            None => return Ok(Step::NeedMore),
            Some(b':') => i = skip_blank(buffer, i + 1),
            Some(other) => return Err(format!("expected ':' after a key, found {}", printable(*other))),
        }
        if name == "DATA" && buffer.get(i) == Some(&b'[') {
            self.place = Place::Rows { enclosed: true };
            *at = i + 1;
            return Ok(Step::Frame);
        }
        let Some((token, after)) = value(buffer, i)? else { return Ok(Step::NeedMore) };
        if name == "HEADER" {
            self.header = Some(header_names(buffer, token)?);
        }
        *at = after;
        Ok(Step::Frame)
    }

    fn row(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row, enclosed: bool) -> Result<Step, String> {
        let i = skip_separators(buffer, *at);
        match buffer.get(i) {
            None => return Ok(Step::NeedMore),
            Some(b']') => {
                *at = i + 1;
                self.place = if enclosed { Place::Members } else { Place::End };
                return Ok(if enclosed { Step::Frame } else { Step::Done });
            }
            Some(_) => {}
        }
        let Some((token, after)) = value(buffer, i)? else { return Ok(Step::NeedMore) };
        *at = after;
        match token.kind {
            Kind::Null => return Ok(Step::Null),
            Kind::Literal => return Err("expected a row, found a number".to_owned()),
            Kind::Plain | Kind::Escaped => self.take_text(buffer, token, row)?,
            Kind::Nested if buffer[i] == b'[' => {
                list_values(buffer, token, &mut self.tokens)?;
                self.take_values(buffer, row)?;
            }
            Kind::Nested => self.take_braces(buffer, token, row)?,
        }
        Ok(Step::Row)
    }

    /// A row in braces: keyed by name, keyed by number, or bare texts.
    fn take_braces(&mut self, buffer: &[u8], token: Token, row: &mut Row) -> Result<(), String> {
        let first = skip_separators(buffer, token.start + 1);
        let Some((key, after)) = value(buffer, first).unwrap_or(None) else {
            row.fault = Some("an empty row".to_owned());
            return Ok(());
        };
        if buffer.get(skip_blank(buffer, after)) != Some(&b':') {
            list_values(buffer, token, &mut self.tokens)?;
            return self.take_values(buffer, row);
        }
        if buffer[key.start..key.end].iter().all(u8::is_ascii_digit) {
            numbered_values(buffer, token, &mut self.tokens)?;
            return self.take_values(buffer, row);
        }
        let mut at = token.start;
        match self.fields.object(&buffer[..token.end], &mut at, row)? {
            Step::Row => Ok(()),
            _ => Err("a row that does not close".to_owned()),
        }
    }

    fn take_values(&mut self, buffer: &[u8], row: &mut Row) -> Result<(), String> {
        let header = self.header.as_ref().ok_or("rows by position, but no header before them")?;
        if let [only] = self.tokens[..]
            && header.len() > 1
            && matches!(only.kind, Kind::Plain | Kind::Escaped)
        {
            return self.take_text(buffer, only, row);
        }
        if self.tokens.len() != header.len() {
            row.fault = Some(format!("{} values under a header of {} names", self.tokens.len(), header.len()));
            return Ok(());
        }
        for (name, token) in header.iter().zip(&self.tokens) {
            // A name of the header that the contract does not know has no place in a personal dataset's files.
            match row.keys.find(name.as_bytes()) {
                Some(index) => row.set(buffer, index, *token),
                None => row.set_unknown_name(name, *token),
            }
        }
        Ok(())
    }

    /// A row that is one comma-separated text.
    fn take_text(&self, buffer: &[u8], token: Token, row: &mut Row) -> Result<(), String> {
        let header = self.header.as_ref().ok_or("rows by position, but no header before them")?;
        let start = row.scratch.len();
        if token.kind == Kind::Escaped {
            unescape(&buffer[token.start..token.end], &mut row.scratch)?;
        } else {
            row.scratch.extend_from_slice(&buffer[token.start..token.end]);
        }
        let mut fields = split_fields(&row.scratch, start);
        let surplus = fields.len().saturating_sub(header.len());
        if surplus > 0
            && let Some(at) = self.fold_key.as_ref().and_then(|key| header.iter().position(|name| name == key))
        {
            fields[at].1 = fields[at + surplus].1;
            fields.drain(at + 1..=at + surplus);
        }
        if fields.len() != header.len() {
            row.fault = Some(format!("{} values under a header of {} names", fields.len(), header.len()));
            return Ok(());
        }
        for (name, (from, to)) in header.iter().zip(fields) {
            match row.keys.find(name.as_bytes()) {
                Some(index) => row.set_scratch(index, from, to),
                None => row.set_unknown_name(name, token),
            }
        }
        Ok(())
    }
}

/// The fields of a comma-separated text as ranges; commas inside double quotes do not separate.
fn split_fields(text: &[u8], start: usize) -> Vec<(usize, usize)> {
    let mut fields = Vec::new();
    let mut from = start;
    let mut quoted = false;
    for (i, &byte) in text.iter().enumerate().skip(start) {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                fields.push((from, i));
                from = i + 1;
            }
            _ => {}
        }
    }
    fields.push((from, text.len()));
    for (from, to) in &mut fields {
        let field = &text[*from..*to];
        if field.len() >= 2 && field.starts_with(b"\"") && field.ends_with(b"\"") {
            *from += 1;
            *to -= 1;
        }
    }
    fields
}

/// The names of a header written as text, list, or object that holds either (or only a bare text).
fn header_names(buffer: &[u8], token: Token) -> Result<Vec<String>, String> {
    if token.end - token.start > ROW_BYTES_MAX {
        return Err("a header that is too long".to_owned());
    }
    let mut texts = Vec::new();
    match token.kind {
        Kind::Plain => texts.push(token),
        Kind::Nested => {
            let mut tokens = Vec::new();
            list_values(buffer, token, &mut tokens).or_else(|_| {
                tokens.clear();
                all_texts(buffer, token, &mut tokens)
            })?;
            texts.extend(tokens);
        }
        _ => return Err("a header that is no text".to_owned()),
    }
    let names: Vec<String> = texts
        .iter()
        .filter(|text| text.kind == Kind::Plain)
        .flat_map(|text| buffer[text.start..text.end].split(|&byte| byte == b','))
        .map(|name| normalise_key(&String::from_utf8_lossy(name)))
        .filter(|name| !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    if names.len() < 2 { Err("a header without names".to_owned()) } else { Ok(names) }
}

/// Every text of an object, keys and values alike.
fn all_texts(buffer: &[u8], token: Token, out: &mut Vec<Token>) -> Result<(), String> {
    let mut i = token.start + 1;
    while i < token.end - 1 {
        match buffer[i] {
            b'"' => {
                let Some((text, after)) = value(buffer, i)? else { break };
                // A short key in front of the text is not a name of the header.
                if buffer.get(skip_blank(buffer, after)) != Some(&b':')
                    || buffer[text.start..text.end].contains(&b',')
                {
                    out.push(text);
                }
                i = after;
            }
            b'[' => {
                let Some((list, after)) = value(buffer, i)? else { break };
                list_values(buffer, list, out)?;
                i = after;
            }
            _ => i += 1,
        }
    }
    Ok(())
}

/// The values between brackets or braces.
///
/// # Errors
/// When there is anything but values and commas.
fn list_values(buffer: &[u8], token: Token, out: &mut Vec<Token>) -> Result<(), String> {
    out.clear();
    let inside = &buffer[..token.end - 1];
    let mut i = token.start + 1;
    loop {
        i = skip_blank(inside, i);
        if i >= inside.len() {
            return Ok(());
        }
        // The closing bracket ends a number, so the search may look one byte further.
        let Some((item, after)) = value(&buffer[..token.end], i)? else {
            return Err("a list that does not close".to_owned());
        };
        out.push(item);
        i = skip_blank(inside, after);
        match inside.get(i) {
            None => return Ok(()),
            Some(b',') => i += 1,
            Some(other) => return Err(format!("expected ',' between values, found {}", printable(*other))),
        }
    }
}

/// The values of an object with numbers for keys, in the order of the numbers; gaps are an error.
fn numbered_values(buffer: &[u8], token: Token, out: &mut Vec<Token>) -> Result<(), String> {
    let mut numbered: Vec<(u32, Token)> = Vec::new();
    let whole = &buffer[..token.end];
    let mut i = skip_separators(whole, token.start + 1);
    while whole[i] != b'}' {
        let broken = || "a row with numbers for keys that is broken".to_owned();
        let (key, after) = value(whole, i)?.ok_or_else(broken)?;
        let number: u32 = std::str::from_utf8(&whole[key.start..key.end])
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or("a row whose keys are numbers and names")?;
        i = skip_blank(whole, after);
        if whole.get(i) != Some(&b':') {
            return Err(broken());
        }
        let (item, after) = value(whole, skip_blank(whole, i + 1))?.ok_or_else(broken)?;
        numbered.push((number, item));
        i = skip_separators(whole, after);
    }
    numbered.sort_by_key(|(number, _)| *number);
    out.clear();
    let first = numbered.first().map_or(0, |(number, _)| *number);
    for (expected, (number, item)) in (first..).zip(numbered) {
        if number != expected {
            return Err("a row whose numbered keys have a gap".to_owned());
        }
        out.push(item);
    }
    Ok(())
}
