//! What somebody may have meant: the known name nearest to one that is not known.

/// `"; did you mean serapan?"`, or the known names; nothing where there are none.
pub(crate) fn hint<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    match candidates(wanted, known) {
        text if text.is_empty() => text,
        text => format!("; {text}"),
    }
}

/// `"did you mean serapan?"`, or the first known names; nothing where there are none.
pub(crate) fn candidates<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<(usize, &str)> = known.map(|name| (strsim::damerau_levenshtein(wanted, name), name)).collect();
    known.sort_unstable();
    known.dedup();
    let near: Vec<&str> =
        known.iter().filter(|(far, _)| *far <= 2.max(wanted.len() / 3)).map(|(_, name)| *name).take(3).collect();
    match (near.as_slice(), known.as_slice()) {
        ([], []) => String::new(),
        ([], known) => {
            let mut names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
            names.sort_unstable();
            let more = if names.len() > 12 { ", …" } else { "" };
            format!("known: {}{more}", names[..names.len().min(12)].join(", "))
        }
        (near, _) => format!("did you mean {}?", near.join(" or ")),
    }
}
