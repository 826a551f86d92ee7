//! The documents: no link leads nowhere, the pages for operators stay short, and name what there is.

use super::root;

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// README, CHANGELOG and everything below docs/, with its folder.
fn documents() -> Vec<(String, String)> {
    let mut names: Vec<String> = ["README.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    for entry in std::fs::read_dir(root().join("docs")).unwrap().flatten() {
        names.push(format!("docs/{}", entry.file_name().to_str().unwrap()));
    }
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut found = 0;
    for (name, text) in documents() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let place = link.split('#').next().unwrap();
            if place.is_empty() || place.contains("://") || place.contains(' ') {
                continue;
            }
            assert!(folder.join(place).exists(), "{name} links to {link}");
            found += 1;
        }
    }
    assert!(found > 30, "links were looked for: {found}");
}

#[test]
fn pages_for_operators_are_short_and_complete() {
    for (name, lines_max) in [("README.md", 100), ("docs/operate.md", 150), ("docs/glossary.md", 120)] {
        assert!(read(name).lines().count() <= lines_max, "{name} has more than {lines_max} lines");
    }
    let operate = read("docs/operate.md");
    for code in ["65", "69", "70", "73", "75", "77", "78"] {
        assert!(operate.contains(&format!("| {code} ")), "exit code {code} is not in the table");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("CHANGELOG.md").contains(&format!("## [{version}]")), "the version {version} has no entry");
}

/// Every invariant says where it is tested, and the place is there.
#[test]
fn invariants_name_their_tests() {
    let architecture = read("docs/architecture.md");
    let (_, invariants) = architecture.split_once("## Invariants\n").unwrap();
    let items: Vec<&str> = invariants.split("\n- ").skip(1).collect();
    assert!(items.len() >= 12, "{}", items.len());
    for item in items {
        // A line may end anywhere.
        let item = item.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(item.starts_with("**"), "in bold: {item}");
        let item = item.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, places) = item.split_once("Tested by ").unwrap_or_else(|| panic!("tested where? {item}"));
        let mut places = places.split('`').skip(1).step_by(2).filter(|place| place.contains('/')).peekable();
        assert!(places.peek().is_some(), "{item}");
        places.for_each(|place| assert!(root().join(place).exists(), "{place} is not there: {item}"));
    }
}
