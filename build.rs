//! Lists every `queries/<kind>/<stem>.sql` for embedding, so that adding a query needs no edit in Rust.
//!
//! Writes `$OUT_DIR/queries.rs`: one `(kind, stem, text)` per file, sorted; `src/catalog/views.rs` includes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo hands its folders to a build script in the environment")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo:rerun-if-changed=queries");
    println!("cargo:rerun-if-changed=build.rs");
    let mut listing = String::from("&[\n");
    for folder in sorted(&root.join("queries"))? {
        for file in sorted(&folder)? {
            if file.extension().is_some_and(|e| e == "sql") {
                let (kind, stem) = (name(folder.file_name())?, name(file.file_stem())?);
                let path = name(Some(file.as_os_str()))?;
                let _ = writeln!(listing, "    ({kind:?}, {stem:?}, include_str!({path:?})),");
            }
        }
    }
    listing.push(']');
    fs::write(out.join("queries.rs"), listing)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(part: Option<&std::ffi::OsStr>) -> io::Result<&str> {
    part.and_then(|p| p.to_str()).ok_or_else(|| io::Error::other("a query's file name is not UTF-8"))
}
