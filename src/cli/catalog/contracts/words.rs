//! The words of the contract reference for what a contract names by kinds.

use crate::contract::{Class, ColumnType, Dataset, Direction, ForEach, HttpMethod, Paging, RuleVerdict};
use crate::privacy::KeyForm;

/// The type as a contract writes it, with the ways a date is written.
pub(super) fn type_word(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Code { min, max } if min == max => format!("code({min})"),
        ColumnType::Code { min, max } => format!("code({min}..{max})"),
        ColumnType::Text => "text".to_owned(),
        ColumnType::Money => "money".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        ColumnType::Integer => "integer".to_owned(),
        ColumnType::Boolean => "boolean".to_owned(),
        ColumnType::Date(formats) => {
            let formats: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
            format!("date: {}", formats.join(" or "))
        }
        ColumnType::Timestamp(_) => "timestamp".to_owned(),
        ColumnType::KeyState(_) => "key_state".to_owned(),
        ColumnType::Any => "any".to_owned(),
    }
}

/// The class as a contract writes it.
pub(super) fn class_word(class: Class) -> &'static str {
    match class {
        Class::Public => "public",
        Class::Key(KeyForm::Nik) => "key (nik)",
        Class::Key(KeyForm::Npwp) => "key (npwp)",
        Class::Key(KeyForm::Text) => "key (text)",
        Class::Coarse => "coarse",
        Class::Drop => "drop",
    }
}

/// Which way the rows come.
pub(super) fn direction_word(dataset: &Dataset) -> &'static str {
    match dataset.direction {
        Direction::Pull => "asked",
        Direction::Receive => "pushed",
        Direction::Submit => "sent",
    }
}

pub(super) fn http_word(method: HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
    }
}

pub(super) fn verdict_word(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Rows => "rows",
        RuleVerdict::Empty => "empty",
        RuleVerdict::Unauthorised => "unauthorised",
        RuleVerdict::WrongParameter => "wrong parameter",
        RuleVerdict::Unavailable => "unavailable",
        RuleVerdict::Failed => "failed",
    }
}

/// How the rows are divided over requests.
pub(super) fn paging(paging: &Paging) -> String {
    match paging {
        Paging::Whole => "one answer".to_owned(),
        Paging::RowRange { page_rows, .. } => format!("row ranges of {page_rows}, until an empty page"),
        Paging::PageNumber { first, page_rows, total, .. } => {
            let until = match total {
                Some(path) => format!("until the total at `{path}`"),
                None => "until an empty page".to_owned(),
            };
            format!("pages of {page_rows} from {first} on, {until}")
        }
        Paging::Daily { back_fill_days, .. } => {
            format!("one request a day; the last {back_fill_days} days are asked for again")
        }
        Paging::Files { done: true } => "every file of the drop folder, moved to done/ afterwards".to_owned(),
        Paging::Files { done: false } => "every file of the drop folder".to_owned(),
        Paging::Inbox { .. } => "what waits in the inbox".to_owned(),
    }
}

/// What a request is repeated for.
pub(super) fn repeated(each: &ForEach) -> String {
    match each {
        ForEach::Sql(sql) => format!("each row of `{sql}`"),
        ForEach::List { list, columns, sql } => {
            let else_ = sql.as_ref().map(|sql| format!(", else of `{sql}`")).unwrap_or_default();
            format!("each row of the list `{list}` ({}){else_}", columns.join(", "))
        }
        ForEach::Values { parameter, values } => format!("`{parameter}` = {}", values.join(", ")),
    }
}
