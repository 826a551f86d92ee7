//! The inbox in a contract: what is read, what is refused, and what the shipped contracts receive.

use super::super::parse;
use super::shipped::contract;
use crate::contract::{
    CHANGE, Class, ColumnType, Contract, Dataset, Direction, Envelope, InboxAuth, PUSH_ID, Paging, RECEIVED_AT,
    RowShape, Transport,
};

/// A source that is asked for people's orders and is sent them, too.
const SOURCE: &str = r#"
[source]
name = "toko"
title = "Toko"
document = "Pedoman"
version = 1
base_url = "https://toko.example"
timezone = "Asia/Jakarta"

[source.auth]
kind = "bearer"

[source.inbox]
auth = { kind = "daily_sha1", header = "Token", digest = "{user}{password}{id}{date}" }
accepted = '{"status":1,"pesan":"{message}"}'
refused = '{"status":2,"pesan":"{message}","salah":{faults}}'
message = "diterima"

[[dataset]]
name = "pesanan"
title = "Pesanan"
grain = "one order"
path = "pesanan/{toko}"
paging = { kind = "whole" }
for_each = { values = { toko = ["a", "b"] } }
rows_at = ["jawaban.pesanan"]
personal = true
control = ["nilai"]
columns = [
  { name = "toko", type = "text", param = "toko", class = "public", meaning = "asked for" },
  { name = "id", type = "text", required = true, class = "public", meaning = "id" },
  { name = "pembeli", type = "text", class = "key", form = "text", meaning = "who ordered" },
  { name = "nilai", type = "money", class = "public", meaning = "value" },
]

[[dataset]]
name = "pesanan_barang"
title = "Barang"
grain = "one line of an order"
same_answer_as = "pesanan"
rows_at = ["jawaban.pesanan.barang"]
personal = true
columns = [
  { name = "id", type = "text", of = "pesanan", class = "public", meaning = "order" },
  { name = "barang", type = "text", class = "public", meaning = "goods" },
]

[[dataset]]
name = "pesanan_masuk"
title = "Pesanan yang dikirim"
grain = "one order sent"
direction = "receive"
transport = "inbox"
receive = { method = "kirimPesanan", key = ["id"] }
same_body_as = "pesanan"
rows_at = ["isi.pesanan"]
personal = true
"#;

fn problems(text: &str) -> String {
    parse("toko.toml", text).unwrap_err().to_string()
}

/// [`SOURCE`] with one thing exchanged, which must be there once.
fn with(from: &str, to: &str) -> String {
    assert_eq!(SOURCE.matches(from).count(), 1, "{from}");
    SOURCE.replace(from, to)
}

fn paths(dataset: &Dataset) -> Vec<String> {
    let RowShape::Document { rows_at, .. } = &dataset.rows else { panic!("rows of a document") };
    rows_at.iter().map(ToString::to_string).collect()
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset.columns.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn a_pushed_dataset_takes_over_columns_and_tables_of_its_model() {
    let toko = parse("toko.toml", SOURCE).unwrap();
    let pushed = toko.dataset("pesanan_masuk").unwrap();
    assert_eq!(names(pushed), [PUSH_ID, RECEIVED_AT, CHANGE, "id", "pembeli", "nilai"], "no parameter of a request");
    assert_eq!(paths(pushed), ["ISI.ISI.PESANAN"]);
    assert_eq!(pushed.columns[pushed.control[0]].name, "nilai");
    assert!(matches!(pushed.columns[4].class, Class::Key(_)));
    assert_eq!(pushed.receive.as_ref().unwrap().path, "kirimPesanan");
    assert!(pushed.accumulates() && pushed.date_key() == "tanggal_diterima");
    let lines = toko.dataset("pesanan_masuk_barang").unwrap();
    assert_eq!(paths(lines), ["ISI.ISI.PESANAN.BARANG"]);
    assert_eq!(names(lines), [PUSH_ID, RECEIVED_AT, CHANGE, "id", "barang"]);
    assert_eq!(lines.columns[3].keys, ["PESANAN/ID"]);
    for dataset in [pushed, lines] {
        assert_eq!((dataset.direction, dataset.transport), (Direction::Receive, Transport::Inbox));
        assert_eq!(dataset.envelope, Envelope::Document(Default::default()), "a push has no verdict of its own");
        assert!(matches!(dataset.paging, Paging::Inbox { .. }));
        assert_eq!(dataset.columns[2].ty, ColumnType::Integer);
    }
    // The model itself is as it was.
    let model = toko.dataset("pesanan").unwrap();
    assert_eq!(
        (names(model), paths(model)),
        (vec!["toko", "id", "pembeli", "nilai"], vec!["JAWABAN.PESANAN".to_owned()])
    );
}

#[test]
fn a_table_with_columns_of_its_own_adds_them_to_its_models() {
    let own = r#"
[[dataset]]
name = "pesanan_masuk_barang"
title = "Barang"
grain = "one line of an order sent"
same_answer_as = "pesanan_masuk"
same_body_as = "pesanan_barang"
rows_at = ["isi.pesanan.barang"]
personal = true
columns = [{ name = "jumlah", type = "integer", class = "public", meaning = "pieces" }]
"#;
    let toko = parse("toko.toml", &format!("{SOURCE}{own}")).unwrap();
    let lines: Vec<&Dataset> = toko.datasets.iter().filter(|d| d.name == "pesanan_masuk_barang").collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(names(lines[0]), [PUSH_ID, RECEIVED_AT, CHANGE, "id", "barang", "jumlah"]);
}

#[test]
fn what_is_missing_or_too_much_is_told() {
    let section = &SOURCE[SOURCE.find("[source.inbox]").unwrap()..SOURCE.find("[[dataset]]").unwrap()];
    let receive = "receive = { method = \"kirimPesanan\", key = [\"id\"] }";
    let cases = [
        (with(section, ""), "what is pushed needs [source.inbox]"),
        (with("direction = \"receive\"", "direction = \"pull\""), "what the inbox takes in is received"),
        (with(receive, ""), "what is pushed needs `receive`"),
        (with("key = [\"id\"] }", "key = [\"nomor\"] }"), "`receive.key` names the unknown column \"nomor\""),
        (with("{password}{id}{date}", "{password}{nomor}{date}"), "the token names the unknown column \"nomor\""),
        (
            with("key = [\"id\"] }", "lookup = \"SELECT 1 FROM t WHERE n = {nomor}\" }"),
            "`receive.lookup` names the unknown column \"nomor\"",
        ),
        (with(receive, &format!("{receive}\npaging = {{ kind = \"whole\" }}")), "what is pushed has no paging"),
        (with(receive, &format!("{receive}\nenvelope = \"plain\"")), "unknown key `dataset[2].envelope`"),
        (with("kirimPesanan\", key", "kirimPesanan\", path = \"a/b\", key"), "`path` cannot be \"a/b\""),
        (with("kind = \"daily_sha1\"", "kind = \"basic\""), "unknown kind of proof \"basic\""),
        (with("{user}{password}{id}{date}", "{user}{id}{date}"), "`digest` lacks {password}"),
        (with("\"salah\":{faults}}'", "\"salah\":{faults}'"), "`refused` is no JSON document once it is filled in"),
        (
            with("same_body_as = \"pesanan\"", "same_body_as = \"pesan\""),
            "has the body of the unknown dataset \"pesan\"",
        ),
        (with("rows_at = [\"isi.pesanan\"]\npersonal = true", "rows_at = [\"isi.pesanan\"]"), "which is personal"),
        (with("transport = \"inbox\"", "transport = \"queue\""), "known: http, folder, inbox"),
        (
            with("{ name = \"barang\", type", "{ name = \"perubahan_ke\", type"),
            "the column \"perubahan_ke\" is the inbox's own",
        ),
    ];
    for (text, expected) in cases {
        let found = problems(&text);
        assert!(found.contains(expected), "\"{expected}\" is not among:\n{found}");
    }
}

#[test]
fn two_datasets_never_share_an_address() {
    let again = &SOURCE[SOURCE.rfind("[[dataset]]").unwrap()..];
    let again = again.replace("pesanan_masuk", "pesanan_lagi");
    let found = problems(&format!("{SOURCE}{again}"));
    assert!(found.contains("two datasets are pushed to the path \"kirimPesanan\""), "{found}");
    let elsewhere = again.replace("kirimPesanan\"", "kirimPesanan\", path = \"lagi\"");
    assert!(parse("toko.toml", &format!("{SOURCE}{elsewhere}")).is_ok());
}

/// The methods of a source with their paths and keys.
fn received(contract: &Contract) -> Vec<(&str, &str, Vec<&str>)> {
    let each = contract.received();
    each.map(|(dataset, r)| (dataset.name.as_str(), r.path.as_str(), r.key.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn oss_is_received_where_its_guide_calls() {
    let oss = contract("oss");
    let permit = || vec!["nib", "id_izin"];
    assert_eq!(
        received(&oss),
        [
            ("kkpr", "receiveNIBKKPR", permit()),
            ("pse", "receiveNIBPSE", permit()),
            ("nib_masuk", "receiveNIB", permit()),
            ("nib_stpw_masuk", "receiveNIBSTPW", permit()),
            ("file_ds_masuk", "receiveFileDS", permit()),
            ("komitmen", "checkKomitmen", vec!["nib", "id_izin", "no_dokumen"]),
        ]
    );
    let inbox = oss.inbox.as_ref().unwrap();
    let digest = "{user}{password}{nib}{date}".to_owned();
    assert_eq!(inbox.auth, InboxAuth::DailySha1 { header: "Token".to_owned(), digest });
    assert_eq!(inbox.answers.message_chars_max, 255);
    // The guide's answer: {status, keterangan} and nothing else when all is well.
    assert_eq!(inbox.answers.accepted, r#"{"respon{method}":{"status":"1","keterangan":"{message}"}}"#);
    let tables = |name: &str| oss.further_tables(oss.dataset(name).unwrap()).count();
    assert_eq!(tables("nib_masuk"), tables("nib") + 2, "the two of halal certification");
    assert_eq!((tables("nib_stpw_masuk"), tables("file_ds_masuk")), (1, 0));
}

#[test]
fn padi_is_received_with_the_columns_it_is_sent_with() {
    let padi = contract("padi");
    assert_eq!(received(&padi), [("transaksi_masuk", "padis", vec!["bumn_id", "transaksi_id"])]);
    let (pushed, pulled) = (padi.dataset("transaksi_masuk").unwrap(), padi.dataset("transaksi").unwrap());
    assert_eq!(names(pushed)[3..], names(pulled));
    assert_eq!(paths(pushed), ["ISI.TRANSAKSI"]);
    assert_eq!(padi.inbox.as_ref().unwrap().auth, InboxAuth::Header { header: "x-api-key".to_owned() });
}

#[test]
fn samples_of_the_guide_spell_some_fields_otherwise() {
    let oss = contract("oss");
    let keys = |dataset: &str, column: &str| {
        let dataset = oss.dataset(dataset).unwrap();
        dataset.columns[dataset.column(column).unwrap()].keys.clone()
    };
    for (dataset, column, spelling) in [
        ("nib_masuk_proyek_produk", "nomor_sertifikat_sni", "NOMOR_SNI"),
        ("nib_masuk_proyek_produk", "masa_berlaku_sertifikat_sni", "MASA_BERLAKU_SNI"),
        ("nib_masuk_izin_halal_produk", "id_pengajuan_sertifikat_halal", "ID_PENGAJUAN_SERTIFIKAT_HALAL_DETAIL"),
    ] {
        assert!(keys(dataset, column).iter().any(|key| key == spelling), "{spelling}");
    }
}
