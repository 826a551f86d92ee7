//! Names and meanings of the faults: the list `--help` prints.

use super::FaultInfo;
use crate::sandbox::dataset::Dataset;

/// Declares [`Fault`] and its list: one line a fault, with its name and what it does.
macro_rules! faults {
    ($($variant:ident $name:literal $meaning:literal,)*) => {
        /// Something a source system does wrong. Written in kebab case (`error-500-once`); restricted to a dataset
        /// with an at sign (`truncated@realisasi_belanja`, `empty@sipp.p3ke`).
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fault {
            $(
                #[doc = concat!("`", $name, "`: ", $meaning)]
                $variant,
            )*
            /// Any of the others, in the answers of one dataset only.
            On {
                /// What goes wrong.
                fault: Box<Fault>,
                /// Where.
                dataset: Dataset,
            },
        }

        impl Fault {
            /// Every fault, for `--help`.
            pub const ALL: &'static [FaultInfo] =
                &[$(FaultInfo { fault: Fault::$variant, name: $name, meaning: $meaning }),*];
        }
    };
}

faults! {
    Overrun "overrun"
        "some satker spend more than their pagu: the balance of a line and of its group is negative",
    MaxdateMoves "maxdate-moves" "the first page of a fiscal year has a MAXDATE one day older than all later ones",
    RownumGap "rownum-gap" "the first page of a fiscal year lacks a row in its middle, all later pages are whole",
    PageOverlap "page-overlap" "every page but the first begins with the last row of the page before",
    ShortPageMid "short-page-mid" "every page but the last lacks its last tenth although the rows exist",
    MovingTotal "moving-total" "the first page announces a total one lower than all later ones (page numbers)",
    SingleObject "single-object" "an answer of one row is a bare object instead of an array",
    TrailingComma "trailing-comma" "a comma after the last row (SIMDA: after every jumlah)",
    Bom "bom" "a UTF-8 byte order mark before the answer",
    HtmlFatal "html-fatal" "HTTP 200 with a PHP fatal error page",
    Truncated "truncated" "a well-formed HTTP answer with half a JSON text",
    CutConnection "cut-connection" "the connection drops in the middle of the body",
    Overlong "overlong" "the body is twice as long as its Content-Length says",
    SlowBody "slow-body" "the body trickles for a second and ends whole",
    StalledBody "stalled-body" "the body begins and then nothing comes until the client hangs up",
    NestedBrackets "nested-brackets" "10 GB of opening brackets, until the client hangs up",
    Gzip "gzip" "bodies compressed with gzip although nobody asked, announced in Content-Encoding",
    GzipUnannounced "gzip-unannounced" "bodies compressed with gzip, not announced",
    Empty "empty" "no rows to every question, in the system's own words",
    Shrink "shrink" "only the first tenth of the rows",
    Error500Once "error-500-once" "the first request of each path is answered 500",
    Error500 "error-500" "every request is answered 500",
    RateLimit "rate-limit" "the first request of each path is answered 429 with Retry-After: 1",
    Unauthorised "unauthorised" "401 to every token",
    ExpiredKey "expired-key" "401 to every token, which is said to have expired",
    Dispensasi10000 "dispensasi-10000"
        "IK_DISPENSASI_SPM of January is 10000, its decimal point lost (K/L answer)",
    UnknownKey "unknown-key" "rows have a key no document names: KETERANGAN (DIPA, unless restricted)",
    MissingKey "missing-key" "rows lack a key that is not required: KPPN, NMBA, ntb (DIPA, unless restricted)",
    BadRow "bad-row" "the third row has an unreadable amount or score (DIPA, unless restricted)",
    IndonesianMonths "indonesian-months" "AGT, OKT, DES, MEI in dates instead of AUG, OCT, DEC, MAY",
    Slow "slow" "every answer begins 150 ms late",
    PnbpHeaderArray "pnbp-header-array" "PNBP: Header is an array of names",
    PnbpHeaderObject "pnbp-header-object" "PNBP: Header is an object with the names in its one value",
    PnbpKeyed "pnbp-keyed" "PNBP: an array of keyed objects and no Header",
    PnbpCsvRows "pnbp-csv-rows" "PNBP: each row is one comma-separated string, payers' commas included",
    PnbpNumericKeys "pnbp-numeric-keys" "PNBP: each row is an object with the keys 0, 1, 2 ...",
    PnbpBraces "pnbp-braces" "PNBP: the document's literal form, braces around bare strings (not JSON)",
    RekKelompokArray "rek-kelompok-array" "SIMDA: dataRekKelompok is an array of objects instead of an object",
    RekKelompokBare "rek-kelompok-bare" "SIMDA: dataRekKelompok is the document's [ \"rekKelompok\": 2, ... ] (not JSON)",
    RkaJumlahWrong "rka-jumlah-wrong" "SIMDA: the first item of each activity has a jumlah 1,000 above its product",
    PadiFraction "padi-fraction" "PaDi: the second transaction has a total of 27000000.27",
    PadiBadCategory "padi-bad-category" "PaDi: the third transaction has category 28 of 27",
    PadiUnknownSatker "padi-unknown-satker" "PaDi: one transaction in 500 names a satker that is not in the buyer's list",
    SubmitCut "submit-cut"
        "a record sent to PaDi or OSS is accepted and the connection cut before the answer, once a record",
    SubmitSlow "submit-slow" "a record sent to PaDi or OSS is accepted and answered 1.5 s late, once a record",
    Submit500Once "submit-500-once" "a record sent to PaDi or OSS is first answered 500 and not accepted, once a record",
    KeyExpiresSoon "key-expires-soon" "OSS: a security key is good for two requests, then 401 (logins only)",
}
