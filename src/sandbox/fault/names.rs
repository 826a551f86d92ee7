//! Names and meanings of the faults: the list `--help` prints.

use super::{Fault, FaultInfo};

const fn info(fault: Fault, name: &'static str, meaning: &'static str) -> FaultInfo {
    FaultInfo { fault, name, meaning }
}

/// Every fault.
pub(super) const ALL: &[FaultInfo] = &[
    info(
        Fault::Overrun,
        "overrun",
        "some satker spend more than their pagu: the balance of a line and of its group is negative",
    ),
    info(
        Fault::MaxdateMoves,
        "maxdate-moves",
        "the first page of a fiscal year has a MAXDATE one day older than all later ones",
    ),
    info(
        Fault::RownumGap,
        "rownum-gap",
        "the first page of a fiscal year lacks a row in its middle, all later pages are whole",
    ),
    info(Fault::PageOverlap, "page-overlap", "every page but the first begins with the last row of the page before"),
    info(
        Fault::ShortPageMid,
        "short-page-mid",
        "every page but the last lacks its last tenth although the rows exist",
    ),
    info(Fault::SingleObject, "single-object", "an answer of one row is a bare object instead of an array"),
    info(Fault::TrailingComma, "trailing-comma", "a comma after the last row"),
    info(Fault::Bom, "bom", "a UTF-8 byte order mark before the answer"),
    info(Fault::HtmlFatal, "html-fatal", "HTTP 200 with a PHP fatal error page"),
    info(Fault::Truncated, "truncated", "a well-formed HTTP answer with half a JSON text"),
    info(Fault::CutConnection, "cut-connection", "the connection drops in the middle of the body"),
    info(Fault::Gzip, "gzip", "bodies compressed with gzip although nobody asked, announced in Content-Encoding"),
    info(Fault::GzipUnannounced, "gzip-unannounced", "bodies compressed with gzip, not announced"),
    info(Fault::Empty, "empty", "Tidak Ada Data to every question"),
    info(Fault::Shrink, "shrink", "only the first tenth of the rows"),
    info(Fault::Error500Once, "error-500-once", "the first request of each path is answered 500"),
    info(Fault::Error500, "error-500", "every request is answered 500"),
    info(Fault::RateLimit, "rate-limit", "the first request of each path is answered 429 with Retry-After: 1"),
    info(Fault::Unauthorised, "unauthorised", "401 to every token"),
    info(
        Fault::Dispensasi10000,
        "dispensasi-10000",
        "IK_DISPENSASI_SPM of January is 10000, its decimal point lost (K/L answer)",
    ),
    info(Fault::UnknownKey, "unknown-key", "rows have a key no document names: KETERANGAN (DIPA, unless restricted)"),
    info(
        Fault::MissingKey,
        "missing-key",
        "rows lack a key that is not required: KPPN, NMBA or ntb (DIPA, unless restricted)",
    ),
    info(Fault::BadRow, "bad-row", "the third row has an unreadable amount or score (DIPA, unless restricted)"),
    info(Fault::IndonesianMonths, "indonesian-months", "AGT, OKT, DES, MEI in dates instead of AUG, OCT, DEC, MAY"),
    info(Fault::Slow, "slow", "every answer begins 150 ms late"),
    info(Fault::PnbpHeaderArray, "pnbp-header-array", "PNBP: Header is an array of names"),
    info(Fault::PnbpHeaderObject, "pnbp-header-object", "PNBP: Header is an object with the names in its one value"),
    info(Fault::PnbpKeyed, "pnbp-keyed", "PNBP: an array of keyed objects and no Header"),
    info(
        Fault::PnbpCsvRows,
        "pnbp-csv-rows",
        "PNBP: each row is one comma-separated string, payers' commas included",
    ),
    info(Fault::PnbpNumericKeys, "pnbp-numeric-keys", "PNBP: each row is an object with the keys 0, 1, 2 ..."),
    info(
        Fault::PnbpBraces,
        "pnbp-braces",
        "PNBP: the document's literal form, braces around bare strings (not JSON)",
    ),
];
