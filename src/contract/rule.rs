//! What a column allows, in words: for whoever is told that a value does not fit, and for the data dictionary.

use super::{Class, Column, ColumnType, DateFormat, Extract};
use crate::privacy::KeyForm;

/// Most allowed values that are listed one by one.
const VALUES_LISTED_MAX: usize = 6;

impl Column {
    /// What a value must be, in words: `required, one of CAPEX, OPEX`.
    #[must_use]
    pub fn rule(&self) -> String {
        let required = self.required.then(|| "required".to_owned());
        let longest = self.reading.max_chars.map(|longest| format!("at most {longest} characters"));
        let parts = [required, self.kind(), longest];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        if said.is_empty() { "text".to_owned() } else { said.join(", ") }
    }

    /// What its type and its list of values say; `None` for any text.
    fn kind(&self) -> Option<String> {
        if let Class::Key(KeyForm::Nik) = self.class {
            return Some("NIK of 16 digits".to_owned());
        }
        if let Class::Key(KeyForm::Npwp) = self.class {
            return Some("NPWP of 15 or 16 digits".to_owned());
        }
        if let Some(allowed) = &self.reading.one_of {
            return Some(one_of(&allowed.values));
        }
        let within = self.range.map_or(String::new(), |(min, max)| format!(" from {min} to {max}"));
        Some(match &self.ty {
            ColumnType::Text if self.reading.extract.is_none() => return None,
            ColumnType::Text | ColumnType::KeyState(_) | ColumnType::Any => return None,
            ColumnType::Code { min, max } if min == max => format!("{min} characters"),
            ColumnType::Code { min, max } => format!("{min} to {max} characters"),
            ColumnType::Integer if self.reading.extract == Some(Extract::Integer) => {
                format!("one whole number{within}, words around it allowed")
            }
            ColumnType::Integer => match self.range {
                Some((min, max)) if max == min + 1 => format!("{min} or {max}"),
                _ => format!("whole number{within}"),
            },
            ColumnType::Money | ColumnType::Decimal { .. } if self.reading.whole => format!("whole number{within}"),
            ColumnType::Money => format!("amount{within} with at most 2 decimals"),
            ColumnType::Decimal { scale, .. } => format!("number{within} with at most {scale} decimals"),
            ColumnType::Boolean => "yes or no (Ya, Tidak, 1, 0)".to_owned(),
            ColumnType::Date(formats) => format!("date {}", date_formats(formats)),
            ColumnType::Timestamp(_) => "time YYYY-MM-DD HH:MM:SS".to_owned(),
        })
    }
}

fn one_of(values: &[String]) -> String {
    match values {
        [first, .., last] if values.len() > VALUES_LISTED_MAX => {
            format!("one of {} values ({first} … {last})", values.len())
        }
        few => format!("one of {}", few.join(", ")),
    }
}

fn date_formats(formats: &[DateFormat]) -> String {
    // What may follow a date is nobody's concern who writes one.
    let mut names: Vec<&str> = formats.iter().map(|format| format.as_str().trim_end_matches('*')).collect();
    names.dedup();
    names.join(" or ")
}

#[cfg(test)]
mod tests {
    use crate::contract::parse;

    #[test]
    fn rules_are_said_in_words() {
        let padi = parse("padi.toml", include_str!("../../config/sources/padi.toml")).unwrap();
        let transaksi = padi.dataset("transaksi").unwrap();
        let rule = |name: &str| transaksi.columns[transaksi.column(name).unwrap()].rule();
        for (name, said) in [
            ("tanggal_transaksi", "required, date YYYY-MM-DD"),
            ("transaksi_id", "required, at most 100 characters"),
            ("kategori_project", "required, one of 27 values (1 … 27)"),
            ("total_nilai_project", "required, whole number"),
            ("tipe_nilai_project", "required, one of CAPEX, OPEX"),
            ("nama_umkm", "text"),
            ("target_penyelesaian", "one whole number, words around it allowed"),
            ("is_pdn", "required, 0 or 1"),
            ("tkdn", "required, number from 0 to 100 with at most 2 decimals"),
            ("rating", "1 to 3 characters"),
            ("feedback", "text"),
        ] {
            assert_eq!(rule(name), said, "{name}");
        }
    }
}
