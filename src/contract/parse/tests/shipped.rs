//! Every shipped contract reads, and the OSS contract covers its guide: all methods, all documented fields, and none of
//! the sensitive ones in the clear.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::contract::{
    Class, Column, ColumnType, Contract, Dataset, MethodDirection, PUSH_BODY, RowShape, normalise_key, parse,
};

const SHIPPED: [(&str, &str); 5] = [
    ("omspan", include_str!("../../../../config/sources/omspan.toml")),
    ("oss", include_str!("../../../../config/sources/oss.toml")),
    ("padi", include_str!("../../../../config/sources/padi.toml")),
    ("simda", include_str!("../../../../config/sources/simda.toml")),
    ("sipp", include_str!("../../../../config/sources/sipp.toml")),
];

pub(super) fn contract(name: &str) -> Contract {
    let (_, text) = SHIPPED.iter().find(|(source, _)| *source == name).unwrap();
    parse(&format!("{name}.toml"), text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_shipped_contract_reads() {
    for (name, _) in SHIPPED {
        assert_eq!(contract(name).source, name);
    }
}

#[test]
fn each_source_has_its_datasets() {
    let names = |source: &str| -> Vec<String> {
        contract(source).datasets.into_iter().filter(|d| d.same_answer_as.is_none()).map(|d| d.name).collect()
    };
    assert_eq!(names("sipp"), ["p3ke", "bantuan", "tracking"]);
    assert_eq!(names("simda"), ["instansi", "renstra", "rka"]);
    assert_eq!(names("padi"), ["transaksi", "umkm", "transaksi_masuk"]);
    let oss = [
        "kkpr",
        "pse",
        "nib_masuk",
        "nib_stpw_masuk",
        "file_ds_masuk",
        "komitmen",
        "nib",
        "cek_nib",
        "nib_stpw",
        "referensi",
        "status_izin",
        "sertifikat",
        "nib_daftar",
        "proyek",
        "izin",
        "file_ds",
    ];
    assert_eq!(names("oss"), oss);
}

#[test]
fn a_family_of_p3ke_has_its_thirty_columns_and_shows_no_person() {
    let sipp = contract("sipp");
    let p3ke = sipp.dataset("p3ke").unwrap();
    // The 30 of the lists in use, the state of the NIK, and the two that tell P3KE from DTSEN.
    assert_eq!(p3ke.columns.len(), 33);
    assert_eq!(sipp.dataset("tracking").unwrap().columns.len(), 33);
    for hidden in ["kepala_keluarga", "alamat"] {
        assert_eq!(p3ke.columns[p3ke.column(hidden).unwrap()].class, Class::Drop);
    }
    assert!(matches!(p3ke.columns[p3ke.column("nik").unwrap()].class, Class::Key(_)));
    assert_eq!(p3ke.columns[p3ke.column("tanggal_lahir").unwrap()].class, Class::Coarse);
    assert!(sipp.datasets.iter().all(|dataset| dataset.personal));
}

#[test]
fn the_leaf_of_a_budget_plan_carries_every_ancestor() {
    let simda = contract("simda");
    let rka = simda.dataset("rka").unwrap();
    let RowShape::Document { rows_at, .. } = &rka.rows else { panic!("rows of a document") };
    let mut steps: Vec<String> = rows_at[0].to_string().split('.').map(str::to_owned).collect();
    steps.pop();
    for step in steps {
        let of_step: Vec<&Column> = rka.columns.iter().filter(|c| c.of.as_deref() == Some(&step)).collect();
        assert!(of_step.iter().any(|column| column.name.starts_with("nama_")), "{step} has no name");
        assert!(of_step.len() >= 2, "{step} has no id");
    }
}

#[test]
fn the_methods_of_the_oss_guide_are_all_there() {
    let oss = contract("oss");
    let numbers: Vec<u32> = oss.methods.iter().filter_map(|method| method.no).collect();
    assert!(numbers.iter().copied().eq(1..=27), "{numbers:?}");
    let direction = |name: &str| oss.methods.iter().find(|m| m.name == name).unwrap().direction;
    for removed in ["checkNIBError", "checkNIBUpdate", "rekonNIB"] {
        assert_eq!(direction(removed), MethodDirection::Removed);
    }
    assert_eq!(direction("rekonAHUNIB"), MethodDirection::Undocumented);
    assert_eq!(direction("sendSecurityKey"), MethodDirection::Login);
    let pulled = oss.methods.iter().filter(|method| method.direction == MethodDirection::Pull);
    assert!(pulled.clone().count() == 10 && pulled.into_iter().all(|method| method.dataset.is_some()));
    let received =
        ["receiveNIB", "checkKomitmen", "receiveNIBSTPW", "receiveFileDS", "receiveNIBKKPR", "receiveNIBPSE"];
    for (method, no) in received.into_iter().zip([2, 12, 13, 16, 17, 18]) {
        let method = oss.method(method).unwrap();
        assert_eq!((method.no, method.direction), (Some(no), MethodDirection::Receive));
        let dataset = oss.dataset(method.dataset.as_deref().unwrap()).unwrap();
        assert_eq!(dataset.receive.as_ref().map(|receive| receive.method.as_str()), Some(method.name.as_str()));
    }
    assert_eq!(oss.received().count(), received.len());
    assert_eq!(oss.auth.len(), 2);
    let open: Vec<&str> = oss.datasets.iter().filter(|d| !d.personal).map(|d| d.name.as_str()).collect();
    assert_eq!(open, ["referensi"]);
}

/// A documented field of a method that the contract loads.
struct Field {
    method: String,
    /// Path from the document, normalised.
    path: String,
    /// `Object`, `string`, … or the kind of personal data.
    kind: String,
}

/// The rows of a table of the guide; nothing where the tables are not at hand.
#[expect(clippy::disallowed_methods, reason = "the guide's tables lie outside the project")]
pub(super) fn guide(file: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let Some(shared) = std::env::var_os("LUMBUNG_SHARED") else {
        println!("skipped: needs LUMBUNG_SHARED");
        return None;
    };
    let path = PathBuf::from(shared).join("data").join(file);
    Some(csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect())
}

/// The fields of `file` that lie in answers we ask for or bodies we are sent; `kind` is the column that tells it.
fn documented(oss: &Contract, file: &str, kind: &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    for row in guide(file)? {
        let name = row["method"].split('/').next().unwrap_or_default();
        let known = oss.methods.iter().find(|known| known.name == name && known.dataset.is_some());
        let wanted = match known.map(|known| known.direction) {
            Some(MethodDirection::Pull) => "response",
            Some(MethodDirection::Receive) => "request",
            _ => continue,
        };
        if row["part"] == wanted {
            let path = row["field"].split('.').map(normalise_key).collect::<Vec<_>>().join(".");
            // What is pushed lies in a page of the inbox, under a key of its own.
            let pushed = wanted == "request";
            let path = if pushed { format!("{}.{path}", normalise_key(PUSH_BODY)) } else { path };
            fields.push(Field { method: name.to_owned(), path, kind: row[kind].clone() });
        }
    }
    Some(fields)
}

/// The columns that read a field: of the table whose rows it stands in, and of the tables below that take it over.
fn readings<'a>(oss: &'a Contract, field: &Field) -> Vec<&'a Column> {
    let method = oss.methods.iter().find(|method| method.name == field.method).unwrap();
    let family = method.dataset.as_deref().unwrap();
    let of_family = |d: &&Dataset| d.name == family || d.same_answer_as.as_deref() == Some(family);
    let mut found = Vec::new();
    for dataset in oss.datasets.iter().filter(of_family) {
        let RowShape::Document { rows_at, .. } = &dataset.rows else { continue };
        for at in rows_at.iter().map(ToString::to_string) {
            let own = field.path.strip_prefix(&format!("{at}."));
            let over =
                field.path.rsplit_once('.').filter(|(parent, _)| format!("{at}.").starts_with(&format!("{parent}.")));
            let over = over.map(|(parent, key)| format!("{}/{key}", parent.rsplit('.').next().unwrap_or(parent)));
            let reads = |column: &&Column| {
                column.keys.iter().any(|key| Some(key.as_str()) == own || Some(key) == over.as_ref())
            };
            found.extend(dataset.columns.iter().filter(reads));
        }
    }
    found
}

#[test]
fn no_sensitive_field_of_the_oss_guide_is_stored_in_the_clear() {
    let oss = contract("oss");
    let Some(fields) = documented(&oss, "oss_pia_sensitive_fields.csv", "class") else { return };
    assert!(fields.len() > 130, "{} fields", fields.len());
    for field in fields {
        let columns = readings(&oss, &field);
        assert!(!columns.is_empty(), "{} {} has no column", field.method, field.path);
        // Taken for a blob by its length (65,535): it is what a reference code means, and the lists hold no person.
        if field.path.ends_with(".URAIAN_REFERENSI") {
            continue;
        }
        for column in columns {
            let hidden = match field.kind.as_str() {
                "identity_number" | "tax_id" => matches!(column.class, Class::Key(_) | Class::Drop),
                "birth" => matches!(column.class, Class::Coarse | Class::Drop),
                _ => column.class == Class::Drop,
            };
            let told = matches!(column.ty, ColumnType::KeyState(_));
            assert!(hidden || told, "{} {} ({}) is {:?}", field.method, field.path, field.kind, column.class);
        }
    }
}

#[test]
fn every_documented_field_of_an_oss_answer_is_known() {
    let oss = contract("oss");
    let Some(fields) = documented(&oss, "oss_pia_4.3.22_fields.csv", "type") else { return };
    for (method, n_fields) in [
        ("receiveNIB", 289),
        ("receiveNIBSTPW", 55),
        ("receiveFileDS", 4),
        ("receiveNIBKKPR", 284),
        ("receiveNIBPSE", 66),
    ] {
        assert_eq!(fields.iter().filter(|field| field.method == method).count(), n_fields, "{method}");
    }
    // What an answer says about itself; the rows begin below.
    let envelope = ["KODE", "KODE_STATUS", "KETERANGAN", "SUCCESS", "CODE", "MESSAGE"];
    let mut unknown = Vec::new();
    for field in fields.iter().filter(|field| !field.kind.starts_with("Object")) {
        let (parent, key) = field.path.rsplit_once('.').unwrap_or(("", &field.path));
        let about_itself = !parent.contains('.') && envelope.contains(&key);
        // `dataCertificate` is an object that the guide calls a string.
        let is_object = fields.iter().any(|other| other.path.starts_with(&format!("{}.", field.path)));
        if !about_itself && !is_object && readings(&oss, field).is_empty() {
            unknown.push(format!("{} {}", field.method, field.path));
        }
    }
    assert!(unknown.is_empty(), "a personal dataset is held by a key that it does not know: {unknown:#?}");
}
