//! The rows that differ, for scripts: as they come, one after the other.

use std::io::Write;

use super::summary::{row_json, year_number};
use crate::quality::RowDifference;

/// Writes rows in one of the formats that hold all of them.
pub(super) struct RowWriter<'a> {
    form: Form<'a>,
    key: &'a [String],
    /// Rows written so far.
    rows: u64,
}

enum Form<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Ndjson(&'a mut dyn Write),
}

impl<'a> RowWriter<'a> {
    /// A line for each value that differs, and one for a row that has none. `row` counts the rows: it holds the lines of
    /// one together where there is no key.
    pub(super) fn csv(key: &'a [String], out: &'a mut dyn Write) -> std::io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        let names = key.iter().map(String::as_str);
        let header = ["tahun_anggaran", "row", "what"].into_iter().chain(names).chain(["column", "old", "new"]);
        writer.write_record(header)?;
        Ok(Self { form: Form::Csv(Box::new(writer)), key, rows: 0 })
    }

    /// A JSON value for each row.
    pub(super) fn ndjson(key: &'a [String], out: &'a mut dyn Write) -> Self {
        Self { form: Form::Ndjson(out), key, rows: 0 }
    }

    pub(super) fn write(&mut self, year: Option<&str>, row: &RowDifference) -> std::io::Result<()> {
        self.rows += 1;
        match &mut self.form {
            Form::Ndjson(out) => {
                let mut value = row_json(row, self.key);
                value["tahun_anggaran"] = year_number(year).into();
                writeln!(out, "{value}")
            }
            Form::Csv(writer) => {
                let number = self.rows.to_string();
                let text = |value: &'_ Option<String>| value.clone().unwrap_or_default();
                let head = [year.unwrap_or_default().to_owned(), number, row.fate.word().to_owned()];
                let head: Vec<String> = head.into_iter().chain(row.key.iter().map(text)).collect();
                let mut line = |cell: [String; 3]| writer.write_record(head.iter().chain(&cell));
                for cell in &row.cells {
                    line([cell.column.clone(), text(&cell.old), text(&cell.new)])?;
                }
                if row.cells.is_empty() {
                    line([String::new(), String::new(), String::new()])?;
                }
                Ok(())
            }
        }
    }

    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.form {
            Form::Csv(writer) => writer.flush(),
            Form::Ndjson(out) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RowWriter;
    use crate::quality::RowDifference;
    use crate::quality::diff::{Cell, Fate};

    fn rows() -> [RowDifference; 2] {
        let some = |text: &str| Some(text.to_owned());
        let cell = Cell { column: "amount".to_owned(), old: some("1.00"), new: None };
        [
            RowDifference { fate: Fate::Changed, key: vec![some("01, a"), None], cells: vec![cell] },
            RowDifference { fate: Fate::Added, key: vec![some("02"), some("51")], cells: Vec::new() },
        ]
    }

    #[test]
    fn a_row_is_lines_of_csv_or_one_json_value() {
        let key = ["satker".to_owned(), "akun".to_owned()];
        let mut bytes = Vec::new();
        let mut csv = RowWriter::csv(&key, &mut bytes).unwrap();
        rows().iter().for_each(|row| csv.write(Some("2026"), row).unwrap());
        csv.flush().unwrap();
        drop(csv);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "tahun_anggaran,row,what,satker,akun,column,old,new\n2026,1,changed,\"01, a\",,amount,1.00,\n\
             2026,2,added,02,51,,,\n"
        );
        let mut bytes = Vec::new();
        RowWriter::ndjson(&key, &mut bytes).write(None, &rows()[0]).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            concat!(
                r#"{"what":"changed","key":{"satker":"01, a","akun":null},"#,
                r#""values":[{"column":"amount","old":"1.00","new":null}],"tahun_anggaran":null}"#,
                "\n"
            )
        );
    }
}
