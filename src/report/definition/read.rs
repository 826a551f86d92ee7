//! The head of a definition: who, when, how fresh, and the figures that everything below may name.

use super::super::attach::Format;
use super::super::freshness::{FreshnessRule, Late};
use super::super::id_id;
use super::super::queries::QuerySet;
use super::super::rows::{Parameter, Parameters};
use super::super::value::Kind;
use super::names::{Names, Own};
use super::{Burst, FigureBlock, Headline, Recipient, RecipientSource, ReportDefinition, sections};
use crate::config::document::{Document, PlainValue, Section as Keys};
use crate::config::{CRON_FIELDS, CronLine, DayRule, Problems};
use crate::report::Amount;
use chrono_tz::Tz;

/// The whole file.
pub(super) fn definition(text: &str, file: &str, queries: &QuerySet) -> Result<ReportDefinition, Problems> {
    let document = Document::parse(file, text);
    let root = document.root();
    let mut names = Names::new(queries);
    let parameters = parameters(&root, &mut names);
    let burst = root.section("burst").map(|keys| burst(keys, &mut names));
    let recipients = recipients(&root, burst.as_ref(), &names);
    let figures: Vec<FigureBlock> =
        root.sections("figures").into_iter().filter_map(|keys| figure_block(keys, &mut names)).collect();
    let money = root.text("money").map(str::to_owned);
    names.check(&root, "money", &money.iter().map(String::as_str).collect::<Vec<_>>(), Own::Nothing);
    let head = root.section("report").map(head);
    if head.is_none() {
        root.problem("report", "[report] is missing", "name, title and unit stand there");
    }
    let (cron, days, period) = root.section("schedule").map(schedule).unwrap_or_default();
    let freshness = root.section("freshness").map(freshness).unwrap_or_default();
    let (headline, sections) = sections::all(&root, &mut names);
    root.finish();
    let problems = document.into_problems();
    match (head, headline) {
        (Some(head), Some(headline)) if problems.is_empty() => Ok(ReportDefinition {
            name: head.name,
            title: head.title,
            unit: head.unit,
            version: head.version,
            order: head.order,
            timezone: head.timezone,
            cron,
            days,
            period,
            attachments: head.attachments,
            recipients,
            burst,
            freshness,
            parameters,
            money,
            figures,
            headline,
            sections,
        }),
        _ => Err(Problems(problems)),
    }
}

struct Head {
    name: String,
    title: String,
    unit: String,
    version: u32,
    order: i64,
    timezone: Tz,
    attachments: Vec<Format>,
}

fn head(keys: Keys<'_, '_>) -> Head {
    let name = keys.required_text("name", "it names files");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.chars().all(plain) {
        keys.problem("name", format!("{name:?} cannot name files"), "lower-case letters, digits and hyphens");
    }
    let printed = |key: &'static str| {
        let text = keys.required_text(key, "it is printed");
        if keys.has(key) && text.trim().is_empty() {
            keys.problem(key, format!("`report.{key}` is empty"), "write a text, it is printed");
        }
        text
    };
    let (title, unit) = (printed("title"), printed("unit"));
    let zone = keys.text("timezone").unwrap_or("Asia/Jakarta");
    let timezone = zone.parse::<Tz>().ok().filter(|zone| id_id::zone_name(*zone).is_some());
    if timezone.is_none() {
        let hint = "Asia/Jakarta, Asia/Pontianak, Asia/Makassar or Asia/Jayapura";
        keys.problem("timezone", format!("{zone:?} is not an Indonesian zone"), hint);
    }
    let version = keys.integer("version", 1..=9999).and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
    let order = keys.integer("order", 0..=9999).unwrap_or(100);
    let attachments = attachments(&keys);
    keys.finish();
    Head { name, title, unit, version, order, timezone: timezone.unwrap_or(Tz::Asia__Jakarta), attachments }
}

/// The workbook alone, unless `attachments` says something else.
fn attachments(keys: &Keys<'_, '_>) -> Vec<Format> {
    if !keys.has("attachments") {
        return vec![Format::Xlsx];
    }
    let mut formats: Vec<Format> = Vec::new();
    for text in keys.texts("attachments") {
        match text.parse() {
            Ok(format) if formats.contains(&format) => {
                keys.problem(
                    "attachments",
                    format!("{text:?} stands twice in `report.attachments`"),
                    "write it once",
                );
            }
            Ok(format) => formats.push(format),
            Err(hint) => keys.problem("attachments", format!("{text:?} is no kind of file"), hint),
        }
    }
    formats
}

fn schedule(keys: Keys<'_, '_>) -> (String, DayRule, super::PeriodRule) {
    let cron = keys.required_text("cron", CRON_FIELDS);
    let line = match cron.parse::<CronLine>() {
        Ok(line) => Some(line),
        Err(hint) => {
            if keys.has("cron") {
                keys.problem("cron", format!("{cron:?} is no schedule"), hint);
            }
            None
        }
    };
    let days = DayRule::read(&keys, line.as_ref()).unwrap_or_default();
    let period = keys.required_parsed("period", "daily, weekly or monthly").unwrap_or_default();
    keys.finish();
    (cron, days, period)
}

fn freshness(keys: Keys<'_, '_>) -> FreshnessRule {
    let mut rule = FreshnessRule {
        late: keys.parsed::<Late>("late").unwrap_or_default(),
        wait_hours: keys.integer("wait_hours", 0..=240).unwrap_or(0),
        data_date_days: keys.integer("data_date_days", 0..=400),
        datasets: Vec::new(),
    };
    for (name, value) in keys.plain_map("datasets") {
        let days =
            if let PlainValue::One(text) = &value { text.parse().ok().filter(|days| *days >= 0) } else { None };
        match days {
            Some(days) if name.contains('.') => rule.datasets.push((name, days)),
            _ => {
                let message = format!("{name:?} in `freshness.datasets` is no rule");
                keys.problem("datasets", message, "\"source.dataset\" = days, e.g. \"omspan.dipa_belanja\" = 7");
            }
        }
    }
    keys.finish();
    rule
}

fn parameters(root: &Keys<'_, '_>, names: &mut Names<'_>) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in root.plain_map("parameters") {
        let parameter = match value {
            PlainValue::List(items) => Parameter::Text(items.join(" ")),
            PlainValue::One(text) => match Amount::parse(&text) {
                Some(amount) => Parameter::Decimal(amount.parts().0, amount.parts().1),
                None => Parameter::Text(text),
            },
        };
        names.report.insert(name.clone());
        names.bound.insert(name.clone());
        parameters.insert(name, parameter);
    }
    parameters
}

fn burst(keys: Keys<'_, '_>, names: &mut Names<'_>) -> Burst {
    let key = keys.required_text("key", "the recipients' parameter, e.g. satker");
    let parameters = keys.texts("parameters");
    for name in std::iter::once(&key).chain(&parameters) {
        names.report.insert(name.clone());
        names.bound.insert(name.clone());
    }
    keys.finish();
    Burst { key, parameters }
}

fn figure_block(keys: Keys<'_, '_>, names: &mut Names<'_>) -> Option<FigureBlock> {
    let query = names.query(&keys, "query");
    let mut columns = Vec::new();
    for (name, kind) in keys.text_map("columns") {
        match kind.parse::<Kind>() {
            Ok(kind) => columns.push((name.clone(), kind)),
            Err(hint) => keys.problem("columns", format!("{kind:?} of {name} is no kind of column"), hint),
        }
        if let Some(query) = &query {
            names.column(&keys, "columns", query, &name);
        }
        if !names.report.insert(name.clone()) {
            keys.problem(
                "columns",
                format!("{name:?} is the name of an earlier figure"),
                "call it AS something else",
            );
        }
        names.bound.insert(name);
    }
    if columns.is_empty() {
        keys.problem("columns", "`columns` is missing", "{ serapan = \"percent\", pagu = \"rupiah\" }");
    }
    keys.finish();
    Some(FigureBlock { query: query?, columns })
}

fn recipients(root: &Keys<'_, '_>, burst: Option<&Burst>, names: &Names<'_>) -> Vec<RecipientSource> {
    let entries = root.sections("recipients");
    if entries.is_empty() {
        root.problem(
            "recipients",
            "`recipients` is missing",
            "name at least one office: [[recipients]] with name and address",
        );
    }
    let mut sources: Vec<RecipientSource> = Vec::new();
    for keys in entries {
        let source = if keys.has("csv") {
            Some(RecipientSource::Csv(keys.required_text("csv", "")))
        } else if keys.has("query") {
            names.query(&keys, "query").map(RecipientSource::Query)
        } else {
            office(&keys, burst, &sources)
        };
        sources.extend(source);
        keys.finish();
    }
    sources
}

fn office(keys: &Keys<'_, '_>, burst: Option<&Burst>, known: &[RecipientSource]) -> Option<RecipientSource> {
    let name = keys.required_text("name", "the office, e.g. Yth. Sekretaris Jenderal");
    let text = keys.required_text("address", "the office's mail address");
    let roles = keys.texts("roles");
    let parameters = keys.text_map("parameters").into_iter().collect();
    let recipient = match text.parse::<lettre::Address>() {
        Ok(address) => Recipient { name, address, roles, parameters },
        Err(error) => {
            keys.problem("address", format!("{text:?} is not a mail address ({error})"), "");
            return None;
        }
    };
    if let Some(burst) = burst.filter(|burst| !recipient.parameters.contains_key(&burst.key)) {
        let hint = format!("parameters = {{ {} = \"…\" }}", burst.key);
        keys.problem("parameters", format!("`{}` of this recipient is missing", burst.key), hint);
    }
    let twice = known.iter().any(|source| match source {
        RecipientSource::Office(other) => {
            other.address == recipient.address && other.parameters == recipient.parameters
        }
        _ => false,
    });
    if twice {
        keys.problem("address", format!("{text} stands twice: it would get the report twice"), "");
    }
    Some(RecipientSource::Office(recipient))
}

/// `[[section]] kind = "headline"`.
pub(super) fn headline(keys: Keys<'_, '_>, names: &Names<'_>) -> Headline {
    let lines = keys.sections("lines").into_iter().map(|line| {
        let choice = names.required_choice(&line, "text", Own::Nothing);
        line.finish();
        choice
    });
    let headline = Headline {
        lines: lines.collect(),
        text: names.required_choice(&keys, "text", Own::Nothing),
        subject: names.required_choice(&keys, "subject", Own::Nothing),
        preheader: names.required_choice(&keys, "preheader", Own::Nothing),
        position: names.required_choice(&keys, "position", Own::Nothing),
        data_date: keys.text("data_date").map(str::to_owned),
    };
    names.check(&keys, "data_date", &headline.data_date.iter().map(String::as_str).collect::<Vec<_>>(), Own::Nothing);
    for (key, choice) in [("text", &headline.text), ("subject", &headline.subject)] {
        if choice.variants.last().is_some_and(|(condition, _)| condition.is_some()) {
            keys.problem(key, format!("the last variant of `{key}` has an `if`"), "end with one that always fits");
        }
    }
    keys.finish();
    headline
}
