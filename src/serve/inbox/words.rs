//! What is wrong with a column, in the sender's language. The decoder's reasons are fixed English texts; an unknown one is
//! passed on as it is, so that a new reason is readable before it is translated.

/// Each reason of the decoder, and what the sender reads.
const REASONS: &[(&str, &str)] = &[
    ("the key is missing", "wajib diisi"),
    ("the value is missing", "wajib diisi"),
    ("none of the allowed values", "bukan nilai yang diperbolehkan"),
    ("a text that is too long", "teks terlalu panjang"),
    ("a text that is not UTF-8", "bukan UTF-8"),
    ("a broken escape in a text", "karakter escape rusak"),
    ("a code that is too long", "kode terlalu panjang"),
    ("a code that is too short (a lost leading zero?)", "kode terlalu pendek (nol di depan hilang?)"),
    ("no number", "bukan angka"),
    ("no number in the text", "tidak memuat angka"),
    ("more than one number in the text", "memuat lebih dari satu angka"),
    ("a number of too many decimals", "terlalu banyak angka di belakang koma"),
    ("a number of too many digits", "terlalu banyak digit"),
    ("an ambiguous number: one point before three digits", "angka ambigu: satu titik sebelum tiga digit"),
    ("a number of mixed separators", "pemisah angka bercampur"),
    ("a number of misplaced separators", "pemisah ribuan salah tempat"),
    ("an amount with a fraction where whole ones are due", "harus rupiah bulat tanpa pecahan"),
    ("a value outside the allowed range (a lost decimal point?)", "di luar rentang yang diperbolehkan"),
    ("neither yes nor no", "bukan ya atau tidak"),
    ("no date in the agreed form", "format tanggal tidak sesuai"),
    ("no instant in the agreed form", "format tanggal dan jam tidak sesuai"),
    ("an object or a list where one value is due", "harus satu nilai, bukan objek atau daftar"),
    ("no programme code in front of the name", "tidak diawali kode program"),
    ("a programme code of an unknown shape", "bentuk kode program tidak dikenal"),
];

/// What a wrapper that is not there is told.
pub(crate) const MISSING_ROWS: &str = "tidak ada dalam isi permintaan";

/// What more rows than are taken are told.
pub(crate) const TOO_MANY_ROWS: &str = "terlalu banyak baris";

/// What is told of a document whose rows cannot be read.
pub(crate) const UNREADABLE: &str = "susunan tidak dapat dibaca";

/// `reason` of the decoder in the sender's language.
pub(crate) fn in_indonesian(reason: &str) -> &str {
    REASONS.iter().find(|(english, _)| *english == reason).map_or(reason, |(_, indonesian)| indonesian)
}

#[cfg(test)]
mod tests {
    use super::{REASONS, in_indonesian};

    #[test]
    fn every_reason_of_the_decoder_that_a_push_can_meet_is_translated() {
        let sources = [
            include_str!("../../decode/builder.rs"),
            include_str!("../../decode/reading.rs"),
            include_str!("../../decode/value.rs"),
            include_str!("../../decode/date.rs"),
            include_str!("../../decode/extract.rs"),
        ];
        // A reason that was reworded there would be told in English here.
        for (reason, _) in REASONS {
            let quoted = format!("\"{reason}\"");
            assert!(sources.iter().any(|source| source.contains(&quoted)), "no reason of the decoder: {reason}");
        }
        let mut untold = Vec::new();
        for line in sources.iter().flat_map(|source| source.lines().take_while(|line| *line != "mod tests {")) {
            for opening in ["Err(\"", "ok_or(\"", "map_err(|_| \""] {
                let reason =
                    line.split_once(opening).and_then(|(_, rest)| rest.split_once('"')).map(|(reason, _)| reason);
                untold.extend(reason.filter(|reason| in_indonesian(reason) == *reason));
            }
        }
        assert!(untold.is_empty(), "{untold:?}");
    }

    #[test]
    fn an_unknown_reason_is_passed_on() {
        assert_eq!(in_indonesian("a new reason"), "a new reason");
        assert_eq!(in_indonesian("the key is missing"), "wajib diisi");
    }
}
