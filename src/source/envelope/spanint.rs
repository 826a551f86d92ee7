//! spanint answers with an array of rows or one bare row; when it has none, with a cell of its HTML table:
//! `{"body":{"value":"Tidak Ada Data …"}}` or `[[{"colspan":26,"value":"Harap isi filter …"}]]`; when it refuses the
//! token, with plain text; when it breaks, with an HTML page. All of it may come under HTTP 200.

use super::{Verdict, by_text};
use crate::contract::{Answers, Dataset, RowShape, normalise_key};
use crate::decode::scan::{skip_blank, string_end};

/// Judges the beginning of a body.
pub(super) fn judge(answers: &Answers, dataset: &Dataset, head: &[u8]) -> Verdict {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let message = || by_text(answers, dataset, head);
    match head.first() {
        None => Verdict::Garbage("an empty body".to_owned()),
        Some(b'[') => match head.get(skip_blank(head, 1)) {
            Some(b']') => Verdict::Empty,
            Some(b'[') => message(),
            _ => Verdict::Rows,
        },
        Some(b'{') => {
            if begins_rows(head, dataset) {
                Verdict::Rows
            } else {
                message()
            }
        }
        Some(b'n') if head.trim_ascii_end() == b"null" => Verdict::Empty,
        Some(_) => message(),
    }
}

/// Whether an object is a row, or the frame of rows by position: judged by its first key.
fn begins_rows(head: &[u8], dataset: &Dataset) -> bool {
    let at = skip_blank(head, 1);
    if head.get(at) != Some(&b'"') {
        return false;
    }
    let Some((end, _)) = string_end(head, at + 1) else { return false };
    let key = normalise_key(&String::from_utf8_lossy(&head[at + 1..end]));
    let framed = matches!(dataset.rows, RowShape::HeaderPositional { .. }) && (key == "HEADER" || key == "DATA");
    framed || dataset.columns.iter().any(|column| column.keys.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::contract::parse;
    use crate::source::envelope::Verdict;

    fn verdict(dataset: &str, body: &str) -> Verdict {
        let contract = parse("omspan.toml", include_str!("../../../config/sources/omspan.toml")).unwrap();
        judge(&contract.answers, contract.dataset(dataset).unwrap(), body.as_bytes())
    }

    #[test]
    fn the_answers_of_the_document() {
        let of = |body| verdict("dipa_belanja", body);
        assert_eq!(of("[{ \"KDSATKER\": \"527560\" }, {}]"), Verdict::Rows);
        assert_eq!(of("{ \"body\": { \"value\": \"Tidak Ada Data (no data found)\" } }"), Verdict::Empty);
        let wrong = "[[{\"colspan\":26,\"classes\":\"bold align-center\",\"value\":\"Harap isi filter atau parameter \
                     terlebih dahulu\"}]]";
        assert_eq!(of(wrong), Verdict::WrongParameter);
        assert_eq!(of("Token yang dikirimkan tidak valid (Signature verification failed)"), Verdict::Unauthorised);
    }

    #[test]
    fn the_answers_of_practice() {
        let of = |body| verdict("dipa_belanja", body);
        assert_eq!(of("\u{feff} [ {\"KDSATKER\""), Verdict::Rows);
        assert_eq!(of("{ \"kdsatker\": \"527560\","), Verdict::Rows);
        assert_eq!(of("{ \"BAES1\": \"01508\","), Verdict::Rows);
        assert_eq!(of("[ ]"), Verdict::Empty);
        assert_eq!(of("null"), Verdict::Empty);
        assert_eq!(of(" \n"), Verdict::Garbage("an empty body".to_owned()));
        let html = of("<html><body><b>Fatal error</b>: Allowed memory size exhausted</body></html>");
        assert_eq!(
            html,
            Verdict::Garbage("an HTML page: \"Fatal error : Allowed memory size exhausted\"".to_owned())
        );
        assert!(matches!(of("{\"message\":\"Unauthenticated.\"}"), Verdict::Garbage(_)));
        assert!(matches!(of("{\"body\":{\"value\":\"???\"}}"), Verdict::Garbage(_)));
        assert!(matches!(of("[[{\"value\":\"???\"}]]"), Verdict::Garbage(_)));
    }

    #[test]
    fn rows_by_position_begin_with_a_header() {
        let of = |body| verdict("detail_pnbp", body);
        assert_eq!(of("{ \"Header\": { \"kdsatker,kdbilling\" }"), Verdict::Rows);
        assert_eq!(of("[{\"kdsatker\":\"017202\"}]"), Verdict::Rows);
        assert_eq!(of("<b>Melisa Tanjung Sari</b>"), Verdict::Garbage("an HTML page".to_owned()));
        assert!(matches!(verdict("dipa_belanja", "{\"Header\":\"a,b\"}"), Verdict::Garbage(_)));
    }
}
