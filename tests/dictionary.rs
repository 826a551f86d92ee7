//! `lumbung catalog`: the dictionary in every format, and the export for Satu Data as a JSON-LD reader sees it.

use serde_json::Value;

use crate::harness::{Lab, python, python_has};

fn stocked() -> Lab {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "omspan.capaian_ik_kl", "omspan.dipa_belanja"]);
    lab
}

#[test]
fn the_dictionary_comes_in_every_format() {
    let lab = stocked();
    let list = lab.ok(&["catalog"]).stdout;
    assert!(list.contains("omspan.dipa_belanja") && list.contains("mart.serapan_satker"), "{list}");
    assert!(!list.contains("history."), "history is the same datasets again");
    let one = lab.ok(&["catalog", "serapan_satker"]).stdout;
    assert!(one.starts_with("mart.serapan_satker  (view)") && one.contains("mart.jumlah_anggaran"), "{one}");
    let json: Value =
        serde_json::from_str(&lab.ok(&["--output", "json", "catalog", "omspan.dipa_belanja"]).stdout).unwrap();
    assert_eq!((&json["kind"], &json["freshness"]["newest"]), (&"dataset".into(), &"2026-11-01".into()));
    let amount = json["columns"].as_array().unwrap().iter().find(|column| column["column"] == "amount").unwrap();
    assert_eq!((&amount["type"], &amount["unit"]), (&"DECIMAL(20,2)".into(), &"rupiah".into()));
    let csv = lab.ok(&["catalog", "--format", "csv"]).stdout;
    let header = "table,column,type,unit,class,meaning,from,kind,source,access,newest";
    assert_eq!(csv.lines().next(), Some(header));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert!(reader.records().all(|row| row.is_ok_and(|row| row.len() == 11)), "{csv}");
    let markdown = lab.ok(&["catalog", "mart.satker", "--format", "markdown"]).stdout;
    assert!(markdown.starts_with("## mart.satker\n") && markdown.contains("| kdsatker | VARCHAR |"), "{markdown}");
    let lineage = lab.ok(&["catalog", "--lineage", "--format", "csv"]).stdout;
    assert!(lineage.contains("mart.serapan_satker,mart.jumlah_anggaran\n"), "{lineage}");
    let columns = lab.ok(&["catalog", "mart.serapan_satker", "--lineage=columns", "--format", "csv"]).stdout;
    let edge = "mart.serapan_satker.sisa_pagu,mart.jumlah_anggaran.realisasi,computed\n";
    assert!(columns.contains(edge), "{columns}");
    assert!(columns.contains("mart.serapan_satker.nmsatker,mart.satker.nmsatker,unchanged\n"), "{columns}");
    let ran = lab.run(&["catalog", "serapan_saker"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean mart.serapan_satker"), "{}", ran.stderr);
}

#[test]
fn the_dictionary_is_exported_as_pages() {
    let lab = stocked();
    let folder = lab.path().join("kamus");
    assert_eq!(lab.ok(&["catalog", "--format", "markdown", "-o", folder.to_str().unwrap()]).stdout, "");
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let index = page("README.md");
    assert!(index.contains("| [serapan_satker](mart/serapan_satker.md) | pagu, realisasi and absorption"), "{index}");
    assert!(
        index.contains("| [dipa_belanja](omspan/dipa_belanja.md) | DIPA Belanja | 2026-11-01 | public |"),
        "{index}"
    );
    // Every link leads somewhere.
    let links: Vec<&str> = index.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 100, "{}", links.len());
    links.iter().for_each(|link| assert!(folder.join(link).is_file(), "{link}"));
    assert!(page("lineage.md").contains("  mart.jumlah_anggaran --> mart.serapan_satker\n"));
    let view = page("mart/serapan_satker.md");
    assert!(view.contains("| serapan_pct | DECIMAL(9,4) | % | public | 100 x realisasi / pagu"), "{view}");
    let one = lab.path().join("satker.md");
    lab.ok(&["catalog", "mart.satker", "--format", "markdown", "-o", one.to_str().unwrap()]);
    assert!(std::fs::read_to_string(one).unwrap().starts_with("## mart.satker\n"));
}

/// What DCAT-AP 3.0 makes mandatory (M) and what Satu Data asks for beside it, of each class, with the kind of value.
#[test]
fn the_export_for_satu_data_has_what_dcat_ap_asks_for() {
    let lab = stocked();
    let catalog: Value = serde_json::from_str(&lab.ok(&["catalog", "--format", "dcat"]).stdout).unwrap();
    let literal = |node: &Value, name: &str| {
        let text = node[name]["@value"].as_str().or(node[name].as_str()).unwrap_or_default();
        assert!(!text.is_empty(), "{}: {name}", node["@id"]);
    };
    let tagged = |node: &Value, name: &str| {
        literal(node, name);
        assert!(["id", "en"].contains(&node[name]["@language"].as_str().unwrap()), "{}: {name}", node["@id"]);
    };
    let resource = |node: &Value, name: &str| {
        let id = node[name]["@id"].as_str().unwrap_or_default();
        assert!(id.contains(':') && !id.contains(' '), "{}: {name}: {id:?}", node["@id"]);
    };
    assert_eq!(catalog["@type"], "dcat:Catalog");
    tagged(&catalog, "dct:title");
    tagged(&catalog, "dct:description");
    literal(&catalog["dct:publisher"], "foaf:name");
    let datasets = catalog["dcat:dataset"].as_array().unwrap();
    assert!(datasets.len() > 100);
    let mut distributions = 0;
    for dataset in datasets {
        assert_eq!(dataset["@type"], "dcat:Dataset");
        tagged(dataset, "dct:title");
        tagged(dataset, "dct:description");
        literal(dataset, "dct:identifier");
        resource(dataset, "dct:publisher");
        resource(dataset, "dct:accessRights");
        assert!(!dataset["dcat:keyword"].as_array().unwrap().is_empty());
        let contact = &dataset["dcat:contactPoint"];
        literal(contact, "vcard:fn");
        assert!(contact["vcard:hasEmail"]["@id"].as_str().unwrap().starts_with("mailto:"));
        if dataset.get("dct:modified").is_some() {
            resource(dataset, "dct:accrualPeriodicity");
            literal(&dataset["dct:temporal"], "dcat:startDate");
        }
        for distribution in dataset["dcat:distribution"].as_array().unwrap_or(&Vec::new()) {
            assert_eq!(distribution["@type"], "dcat:Distribution");
            resource(distribution, "dcat:accessURL");
            resource(distribution, "dcat:mediaType");
            resource(distribution, "dct:format");
            distributions += 1;
        }
        for column in dataset["csvw:tableSchema"]["csvw:column"].as_array().unwrap() {
            literal(column, "csvw:name");
            literal(column, "csvw:datatype");
        }
    }
    assert_eq!(distributions, 2, "the two datasets that were loaded");
}

#[test]
fn the_export_for_satu_data_is_sound() {
    if !python_has(&["json"]) {
        return;
    }
    let lab = stocked();
    let file = lab.path().join("catalog.jsonld");
    std::fs::write(&file, lab.ok(&["catalog", "--format", "dcat"]).stdout).unwrap();
    let program = r#"
import json, sys
catalog = json.load(open(sys.argv[1]))
prefixes = catalog['@context']
for key, value in prefixes.items():
    assert value.endswith(('#', '/')), (key, value)
def check(node):
    if isinstance(node, dict):
        for key, value in node.items():
            assert key.startswith('@') or key.split(':')[0] in prefixes, key
            check(value)
    elif isinstance(node, list):
        for each in node: check(each)
check({k: v for k, v in catalog.items() if k != '@context'})
assert catalog['@type'] == 'dcat:Catalog'
for need in ('dct:title', 'dct:description', 'dct:publisher'): assert catalog[need], need
ids = [d['@id'] for d in catalog['dcat:dataset']]
assert len(ids) == len(set(ids))
levels = {}
for d in catalog['dcat:dataset']:
    for need in ('dct:title', 'dct:description', 'dct:identifier', 'dct:publisher', 'dct:accessRights', 'dcat:contactPoint'):
        assert d.get(need), (d['@id'], need)
    assert d['dct:publisher']['@id'] == catalog['dct:publisher']['@id']
    for source in d.get('dct:source', []):
        assert source['@id'] in ids, source
    levels[d['dct:identifier']] = d['dct:accessRights']['@id'].rsplit('/', 1)[1]
    for f in d.get('dcat:distribution', []):
        assert f['dcat:accessURL']['@id'].startswith('https://') and int(f['dcat:byteSize']['@value']) > 0
        assert levels[d['dct:identifier']] == 'PUBLIC'
    if 'dct:temporal' in d:
        t = d['dct:temporal']
        assert t['dcat:startDate']['@value'] <= t['dcat:endDate']['@value']
print(levels['omspan.dipa_belanja'], levels['sipp.p3ke'], levels['mart.kesejahteraan_desa'], len(ids))
"#;
    let said = python(program, &[file.to_str().unwrap()]);
    assert!(said.starts_with("PUBLIC NON_PUBLIC RESTRICTED "), "{said}");
}
