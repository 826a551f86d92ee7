//! The templates that are compiled in: one hash says whether an edition was laid out by the same.

use super::sha256;

/// The named files of `templates/report/` with their bytes.
macro_rules! templates {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_bytes!(concat!("../../../templates/report/", $name)))),+] };
}

/// Every text below `templates/report/`; pictures are part of the messages.
const TEMPLATES: &[(&str, &[u8])] = templates!["macros.html", "macros.txt", "report.html", "report.txt"];

/// SHA-256 over names and texts of the templates, hexadecimal.
#[must_use]
pub fn templates_sha256() -> String {
    let all: String = TEMPLATES.iter().map(|(name, bytes)| format!("{name} {}\n", sha256(bytes))).collect();
    sha256(all.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::TEMPLATES;

    #[test]
    fn every_template_counts() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/report");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        files.retain(|name| name.ends_with(".html") || name.ends_with(".txt"));
        files.sort();
        assert_eq!(files, TEMPLATES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
