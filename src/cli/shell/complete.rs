//! What Tab offers: tables, columns of the tables in the statement, keywords, and the shell's own commands.

use super::meta::COMMANDS;
use crate::catalog::tokens::{KEYWORDS, Kind, Token, tokens};
use crate::catalog::{Format, TableShape};

/// Words after which a table is named.
const BEFORE_TABLE: [&str; 4] = ["from", "join", "describe", "table"];

/// The tables that Tab knows.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    tables: Vec<(String, String, Vec<String>)>,
}

/// A table of the statement: what it is called there, and its columns.
struct Named<'a> {
    alias: String,
    columns: &'a [String],
}

impl Vocabulary {
    pub(super) fn new(shapes: &[TableShape]) -> Self {
        let columns = |shape: &TableShape| shape.columns.iter().map(|column| column.name.clone()).collect();
        Self { tables: shapes.iter().map(|s| (s.schema.clone(), s.table.clone(), columns(s))).collect() }
    }

    /// Where the word at `pos` begins (what an offer replaces), and the offers.
    pub(super) fn offers(&self, text: &str, pos: usize) -> (usize, Vec<String>) {
        let before = &text[..pos];
        if before.trim_start().starts_with('\\') {
            return self.meta_offers(before);
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let start =
            before.rfind(|c| !is_part(c)).map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        if is_inside_literal(before) {
            return (pos, Vec::new());
        }
        let named = self.tables_of(statement_at(text, pos));
        match word.rsplit_once('.') {
            Some((owner, begun)) => (pos - begun.len(), self.after_dot(owner, begun, &named)),
            None => (start, self.bare(word, names_a_table(&before[..start]), &named)),
        }
    }

    fn meta_offers(&self, before: &str) -> (usize, Vec<String>) {
        let Some((command, argument)) = before.trim_start().split_once(char::is_whitespace) else {
            let begun = before.trim_start();
            let offers =
                COMMANDS.iter().map(|(name, _, _)| (*name).to_owned()).filter(|name| name.starts_with(begun));
            return (before.len() - begun.len(), offers.collect());
        };
        let argument = argument.trim_start();
        let all: Vec<String> = match command {
            r"\d" | r"\dt" | r"\profile" => self.tables.iter().map(|(s, t, _)| format!("{s}.{t}")).collect(),
            r"\format" => Format::ALL.iter().map(|format| format.name().to_owned()).collect(),
            r"\x" => ["on", "off", "auto"].map(str::to_owned).into(),
            r"\timing" | r"\pager" => ["on", "off"].map(str::to_owned).into(),
            _ => Vec::new(),
        };
        (before.len() - argument.len(), all.into_iter().filter(|name| name.starts_with(argument)).collect())
    }

    /// After `owner.`: the columns of an alias or table, or the tables of a schema.
    fn after_dot(&self, owner: &str, begun: &str, named: &[Named<'_>]) -> Vec<String> {
        let owner = owner.to_lowercase();
        let mut all: Vec<String> = Vec::new();
        let of_alias =
            named.iter().filter(|table| table.alias == owner).flat_map(|table| table.columns.iter().cloned());
        all.extend(of_alias);
        let of_schema =
            self.tables.iter().filter(|(schema, _, _)| *schema == owner).map(|(_, table, _)| table.clone());
        all.extend(of_schema);
        if let Some((_, _, columns)) = self.tables.iter().find(|(s, t, _)| format!("{s}.{t}") == owner) {
            all.extend(columns.iter().cloned());
        }
        beginning_with(all, begun)
    }

    fn bare(&self, begun: &str, wants_table: bool, named: &[Named<'_>]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        if !wants_table {
            all.extend(named.iter().flat_map(|table| table.columns.iter().cloned()));
            all.extend(named.iter().map(|table| table.alias.clone()));
        }
        // Views need no schema; the others do.
        all.extend(self.tables.iter().filter(|(schema, _, _)| schema == "mart").map(|(_, table, _)| table.clone()));
        all.extend(self.tables.iter().map(|(schema, _, _)| format!("{schema}.")));
        if begun.is_empty() && !wants_table && named.is_empty() {
            all.clear();
        }
        let mut offers = beginning_with(all, begun);
        if !wants_table && !begun.is_empty() {
            let lower = begun.chars().all(|c| c.is_lowercase() || c == '_');
            let cased = |word: &str| if lower { word.to_lowercase() } else { word.to_owned() };
            let begun = begun.to_uppercase();
            offers.extend(KEYWORDS.into_iter().filter(|word| word.starts_with(&begun)).map(cased));
        }
        offers
    }

    /// The tables that `statement` names after FROM and JOIN, with their aliases.
    fn tables_of(&self, statement: &str) -> Vec<Named<'_>> {
        let all: Vec<Token<'_>> = tokens(statement).into_iter().filter(|token| token.kind != Kind::Comment).collect();
        let mut named = Vec::new();
        let mut i = 0;
        while i < all.len() {
            let is_from =
                |token: &Token<'_>| token.kind == Kind::Word && BEFORE_TABLE[..2].contains(&lower(token).as_str());
            let follows = is_from(&all[i]) || (all[i].text == "," && !named.is_empty());
            i += 1;
            if !follows {
                continue;
            }
            let Some((name, after)) = table_name(&all, i) else { continue };
            i = after;
            let (schema, table) = name.split_once('.').unwrap_or(("mart", &name));
            let found = self.tables.iter().find(|(s, t, _)| s == schema && t == table);
            let Some((_, table, columns)) = found else { continue };
            let alias = alias_at(&all, i).unwrap_or_else(|| table.clone());
            named.push(Named { alias, columns });
        }
        named
    }
}

fn lower(token: &Token<'_>) -> String {
    token.text.to_lowercase()
}

/// `a` or `a.b` at `i`, and the place after it.
fn table_name(all: &[Token<'_>], i: usize) -> Option<(String, usize)> {
    let is_name = |token: &&Token<'_>| matches!(token.kind, Kind::Word | Kind::Quoted);
    let first = all.get(i).filter(is_name)?;
    let dotted = all.get(i + 1).is_some_and(|token| token.text == ".");
    match all.get(i + 2).filter(is_name).filter(|_| dotted) {
        Some(second) => Some((format!("{}.{}", lower(first), lower(second)), i + 3)),
        None => Some((lower(first), i + 1)),
    }
}

/// The alias at `i`, with or without AS.
fn alias_at(all: &[Token<'_>], i: usize) -> Option<String> {
    let word = |i: usize| all.get(i).filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted)).map(lower);
    let first = word(i)?;
    if first == "as" {
        return word(i + 1);
    }
    const CLAUSES: [&str; 16] = [
        "where", "on", "using", "join", "left", "right", "full", "inner", "cross", "natural", "group", "order",
        "having", "limit", "union", "except",
    ];
    (!CLAUSES.contains(&first.as_str())).then_some(first)
}

/// The statement around `pos`: between the semicolons on either side.
fn statement_at(text: &str, pos: usize) -> &str {
    let ends: Vec<usize> =
        tokens(text).iter().filter(|t| t.kind == Kind::Symbol && t.text == ";").map(|t| t.at).collect();
    let from = ends.iter().rfind(|end| **end < pos).map_or(0, |end| end + 1);
    let to = ends.iter().find(|end| **end >= pos).copied().unwrap_or(text.len());
    &text[from..to]
}

/// Is the next word the name of a table?
fn names_a_table(before: &str) -> bool {
    let last = tokens(before).into_iter().rfind(|token| token.kind != Kind::Comment);
    last.is_some_and(|token| token.kind == Kind::Word && BEFORE_TABLE.contains(&lower(&token).as_str()))
}

fn is_inside_literal(before: &str) -> bool {
    tokens(before).last().is_some_and(|token| !token.closed)
}

/// Those of `all` that begin with `begun`, sorted, each once.
fn beginning_with(all: Vec<String>, begun: &str) -> Vec<String> {
    let begun = begun.to_lowercase();
    let mut found: Vec<String> = all.into_iter().filter(|name| name.to_lowercase().starts_with(&begun)).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    fn offers(marked: &str) -> (usize, Vec<String>) {
        let table = |schema: &str, table: &str, columns: &[&str]| {
            (schema.to_owned(), table.to_owned(), columns.iter().map(ToString::to_string).collect())
        };
        let vocabulary = Vocabulary {
            tables: vec![
                table("mart", "serapan_satker", &["kdsatker", "pagu"]),
                table("omspan", "dipa_belanja", &["akun", "amount", "kdsatker"]),
                table("omspan", "detail_pnbp", &["ntpn"]),
                table("sipp", "p3ke", &["nik"]),
            ],
        };
        let pos = marked.find('|').unwrap();
        vocabulary.offers(&marked.replace('|', ""), pos)
    }

    fn words(marked: &str) -> Vec<String> {
        offers(marked).1
    }

    #[test]
    fn after_a_dot_come_tables_of_a_schema_and_columns_of_an_alias() {
        assert_eq!(
            offers("SELECT * FROM omspan.d|"),
            (21, vec!["detail_pnbp".to_owned(), "dipa_belanja".to_owned()])
        );
        assert_eq!(words("SELECT b.a| FROM omspan.dipa_belanja AS b"), ["akun", "amount"]);
        assert_eq!(words("SELECT b.| FROM mart.serapan_satker s JOIN omspan.dipa_belanja b ON true").len(), 3);
        assert_eq!(words("SELECT s.p| FROM serapan_satker s, omspan.dipa_belanja"), ["pagu"]);
        assert_eq!(words("SELECT omspan.dipa_belanja.am|"), ["amount"]);
        assert_eq!(words("SELECT x.| FROM omspan.dipa_belanja b"), [""; 0]);
    }

    #[test]
    fn after_from_come_tables_only_and_elsewhere_the_statements_columns() {
        assert_eq!(words("SELECT * FROM |"), ["mart.", "omspan.", "serapan_satker", "sipp."]);
        assert_eq!(words("SELECT * FROM s|"), ["serapan_satker", "sipp."]);
        assert_eq!(words("SELECT a| FROM omspan.dipa_belanja"), ["akun", "amount", "as", "and", "avg", "asc"]);
        assert_eq!(words("SEL|"), ["SELECT"]);
        assert_eq!(words("sel|"), ["select"]);
        // The statement before a semicolon is another one.
        assert_eq!(words("SELECT * FROM omspan.dipa_belanja; SELECT am|"), [""; 0]);
    }

    #[test]
    fn literals_are_left_alone_and_commands_are_offered() {
        assert_eq!(words("SELECT 'sel|"), [""; 0]);
        assert_eq!(words(r"\pro|"), [r"\profile"]);
        assert_eq!(words(r"\d sipp.|"), ["sipp.p3ke"]);
        assert_eq!(words(r"\format x|"), ["xlsx"]);
    }
}
