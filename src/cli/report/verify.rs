//! `lumbung report verify`: a recorded edition is made again from what it stood on, and every part compared byte by byte.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::ground::Ground;
use super::{Composed, compose_for, recorded};
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::output::{OutputFormat, Table, grouped, print, print_json};
use crate::report::Session;
use crate::report::record::{
    Grounds, Manifest, MomentRecord, Part, PartRecord, RECIPIENTS, parts, program, recipients_of, templates_sha256,
};
use crate::warehouse::{EditionRecord, PinnedFile, PinnedState, Warehouse};

/// Make a recorded edition again and compare every part, byte by byte
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung report verify serapan-anggaran-2026-10-31\n  \
    lumbung report verify serapan-anggaran-2026-10-31/1 --output json\n\n\
    It is made from the recorded snapshots, definition, queries, names and time; what is committed and configured today does\n\
    not count. Exit codes: 0 every part is equal, 65 one is not, or a snapshot is gone")]
pub(super) struct VerifyArgs {
    /// The edition; EDITION/NUMBER for an earlier record of it
    edition: String,
}

/// What became of one part.
struct Verdict {
    part: PartRecord,
    /// Why it is not equal; `None` where it is.
    problem: Option<String>,
}

/// What was found.
#[derive(Default)]
struct Findings {
    parts: Vec<Verdict>,
    /// Why the edition could not be made again as it was.
    problems: Vec<String>,
    /// What is worth knowing.
    notes: Vec<String>,
}

pub(super) async fn run(context: &Context, args: &VerifyArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let record = recorded::find(&warehouse, &args.edition)?;
    let (manifest, grounds) = recorded::read(&warehouse, &record)?;
    let mut findings = Findings { notes: other_program(&manifest), ..Findings::default() };
    let moments = std::iter::once(&grounds.current).chain(&grounds.previous);
    for moment in moments {
        findings.problems.extend(files(&warehouse, moment)?);
    }
    let made = match findings.problems.is_empty() {
        true => again(context, &warehouse, (&record, &manifest, &grounds), &mut findings).await?,
        false => None,
    };
    for part in manifest.parts.iter().filter(|part| part.name != RECIPIENTS) {
        let kept = warehouse.edition_part(&record, &part.name);
        let problem = judge(part, kept.as_deref().map_err(ToString::to_string), made.as_deref());
        findings.parts.push(Verdict { part: part.clone(), problem });
    }
    for extra in made.iter().flatten().filter(|made| manifest.parts.iter().all(|part| part.name != made.name)) {
        findings.problems.push(format!("{} is made today and was not recorded", extra.name));
    }
    show(context, &record, &findings)
}

/// What another program or other templates explain.
fn other_program(manifest: &Manifest) -> Vec<String> {
    let mut notes = Vec::new();
    if manifest.program != program() {
        notes.push(format!("made by lumbung {}; this is lumbung {}", manifest.program, program()));
    }
    if manifest.templates != templates_sha256() {
        notes.push("the templates of this program are other ones".to_owned());
    }
    notes
}

/// The files of a moment that are gone or changed, in words.
pub(super) fn files(warehouse: &Warehouse, moment: &MomentRecord) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for file in moment.read() {
        let name = |file: &PinnedFile| format!("{} {} of run {}", file.dataset, file.partition, file.run);
        match warehouse.pinned_state(file)? {
            PinnedState::Same => {}
            PinnedState::Gone => problems.push(format!("the snapshot {} is gone (retention)", name(file))),
            PinnedState::Changed => problems.push(format!("the snapshot {} is not the recorded one", name(file))),
        }
    }
    Ok(problems)
}

/// Makes the edition again; `None` where it cannot be, with the reason among the problems.
async fn again(
    context: &Context,
    warehouse: &Warehouse,
    (record, manifest, grounds): (&EditionRecord, &Manifest, &Grounds),
    findings: &mut Findings,
) -> Result<Option<Vec<Part>>, Failure> {
    let ground = match Ground::recorded(warehouse, grounds) {
        Ok(ground) => Arc::new(ground),
        Err(failure) => {
            findings.problems.push(failure.message);
            return Ok(None);
        }
    };
    match ground.changed_since(context) {
        Ok(changed) if changed.is_empty() => {}
        Ok(changed) => findings.notes.push(format!("changed since, and not used here: {}", shortened(&changed))),
        Err(failure) => findings.notes.push(format!("today's config cannot be read: {}", failure.message)),
    }
    let recipients = manifest.parts.iter().find(|part| part.name == RECIPIENTS).and_then(|part| {
        let bytes = warehouse.edition_part(record, RECIPIENTS).ok().filter(|bytes| part.holds(bytes))?;
        recipients_of(&bytes)
    });
    let Some(recipients) = recipients else {
        findings.problems.push(format!("{RECIPIENTS} is not what was recorded"));
        return Ok(None);
    };
    match remake(context, warehouse, &ground, manifest.audience(recipients)).await {
        Ok(composed) => Ok(Some(parts(&composed.edition, &composed.messages))),
        Err(failure) => {
            findings.problems.push(format!("it cannot be made again: {}", failure.message));
            Ok(None)
        }
    }
}

/// Makes a recorded edition again.
pub(super) async fn remake(
    context: &Context,
    warehouse: &Warehouse,
    ground: &Arc<Ground>,
    audience: crate::report::Audience,
) -> Result<Composed, Failure> {
    let (current, previous) = ground.snapshots(context, warehouse)?;
    let current = Session::new(&current);
    let previous = previous.as_ref().map(|snapshots| Session::new(snapshots));
    Ok(compose_for(ground, &ground.inputs(&current, previous.as_ref()), audience).await?)
}

/// What is wrong with one part: its recorded bytes, or those made today.
fn judge(part: &PartRecord, kept: Result<&[u8], String>, made: Option<&[Part]>) -> Option<String> {
    let kept = match kept {
        Ok(kept) => kept,
        Err(error) => return Some(error),
    };
    if !part.holds(kept) {
        return Some("it was changed after it was recorded".to_owned());
    }
    let Some(made) = made else { return Some("not compared".to_owned()) };
    match made.iter().find(|made| made.name == part.name) {
        None => Some("it is not made any more".to_owned()),
        Some(made) if made.bytes == kept => None,
        Some(made) => Some(first_difference(kept, &made.bytes)),
    }
}

/// Where two files part: the first differing line, or byte.
fn first_difference(recorded: &[u8], made: &[u8]) -> String {
    let (Ok(old), Ok(new)) = (std::str::from_utf8(recorded), std::str::from_utf8(made)) else {
        let same = recorded.iter().zip(made).take_while(|(old, new)| old == new).count();
        return format!("byte {} differs ({} recorded, {} now)", same + 1, recorded.len(), made.len());
    };
    let (mut old, mut new) = (old.lines(), new.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (None, None) => return "line ends differ".to_owned(),
            (old, new) => {
                let (old, new) = (old.unwrap_or(""), new.unwrap_or(""));
                let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
                return format!(
                    "line {number} differs: recorded {:?}, now {:?}",
                    excerpt(old, same),
                    excerpt(new, same)
                );
            }
        }
    }
}

/// Characters shown of a line.
const EXCERPT_CHARS: usize = 90;

/// A line around its first differing character, addresses masked.
fn excerpt(line: &str, same: usize) -> String {
    let from = same.saturating_sub(EXCERPT_CHARS / 3);
    let cut: String = line.chars().skip(from).take(EXCERPT_CHARS).collect();
    let mask = |word: &str| match word.split_once('@') {
        Some((_, domain)) if domain.contains('.') => format!("…@{domain}"),
        _ => word.to_owned(),
    };
    let masked: Vec<String> = cut.split(' ').map(mask).collect();
    masked.join(" ")
}

/// Names in a row, the first of them.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

fn show(context: &Context, record: &EditionRecord, findings: &Findings) -> Result<(), Failure> {
    let equal = findings.problems.is_empty() && findings.parts.iter().all(|verdict| verdict.problem.is_none());
    if context.output == OutputFormat::Json {
        let part = |verdict: &Verdict| {
            json!({ "part": verdict.part.name, "bytes": verdict.part.bytes, "sha256": verdict.part.sha256,
                "equal": verdict.problem.is_none(), "problem": verdict.problem })
        };
        print_json(&json!({
            "edition": record.edition, "number": record.number, "equal": equal,
            "parts": findings.parts.iter().map(part).collect::<Vec<_>>(),
            "problems": findings.problems, "notes": findings.notes,
        }))?;
    } else {
        let mut table = Table::new(&["part", ">bytes", "sha256", "verdict"]);
        for verdict in &findings.parts {
            table.row(vec![
                verdict.part.name.clone(),
                grouped(verdict.part.bytes),
                verdict.part.sha256.chars().take(12).collect(),
                verdict.problem.clone().unwrap_or_else(|| "equal".to_owned()),
            ]);
        }
        let lines =
            |head: &str, lines: &[String]| lines.iter().map(|line| format!("{head}: {line}\n")).collect::<String>();
        let (problems, notes) = (lines("problem", &findings.problems), lines("note", &findings.notes));
        print(&format!("{}/{}\n{}{problems}{notes}", record.edition, record.number, table.render()))?;
    }
    if equal { Ok(()) } else { Err(Failure::told(Code::Data)) }
}

#[cfg(test)]
mod tests {
    use super::{excerpt, first_difference, judge};
    use crate::report::record::{Part, PartRecord};

    fn part(name: &str, bytes: &[u8]) -> Part {
        Part { name: name.to_owned(), bytes: bytes.to_vec() }
    }

    #[test]
    fn the_first_differing_line_is_told() {
        let told = first_difference("satu\ndua 71,4%\n".as_bytes(), "satu\ndua 71,5%\n".as_bytes());
        assert_eq!(told, "line 2 differs: recorded \"dua 71,4%\", now \"dua 71,5%\"");
        assert_eq!(first_difference(b"a\nb", b"a\nb\nc"), "line 3 differs: recorded \"\", now \"c\"");
        assert_eq!(first_difference(b"a\nb", b"a\r\nb"), "line ends differ");
        assert_eq!(first_difference(b"\xff\x00\x01", b"\xff\x00\x02\x03"), "byte 3 differs (3 recorded, 4 now)");
        assert_eq!(excerpt("To: A <a.b@contoh.go.id>", 4), "To: A …@contoh.go.id>");
    }

    #[test]
    fn a_part_is_equal_only_where_both_its_bytes_are() {
        let record = PartRecord::of(&part("edition.txt", b"71,4%"));
        let made = |bytes: &[u8]| vec![part("edition.txt", bytes)];
        assert_eq!(judge(&record, Ok(b"71,4%"), Some(&made(b"71,4%"))), None);
        assert!(judge(&record, Ok(b"71,4%"), Some(&made(b"71,5%"))).unwrap().starts_with("line 1"));
        assert!(judge(&record, Ok(b"99,9%"), Some(&made(b"71,4%"))).unwrap().contains("changed after"));
        assert_eq!(judge(&record, Ok(b"71,4%"), None).unwrap(), "not compared");
        assert_eq!(judge(&record, Ok(b"71,4%"), Some(&[])).unwrap(), "it is not made any more");
        assert_eq!(judge(&record, Err("gone".to_owned()), None).unwrap(), "gone");
    }
}
