//! The part of a text that is the value: a number among words, a programme's code and name, the items of a list.

use std::borrow::Cow;

use super::value;

/// The one run of digits in a text, with the sign in front of it: `27 Hari` is 27.
///
/// # Errors
/// When there is no number, or more than one.
pub(crate) fn integer(text: &str) -> Result<i64, &'static str> {
    let is_digit = |c: char| c.is_ascii_digit();
    let start = text.find(is_digit).ok_or("no number in the text")?;
    let rest = &text[start..];
    let end = rest.find(|c: char| !is_digit(c)).unwrap_or(rest.len());
    if rest[end..].contains(is_digit) {
        return Err("more than one number in the text");
    }
    let n = value::whole(&rest.as_bytes()[..end]).ok_or("a number of too many digits")?;
    // A dash behind a letter joins words; only one that stands alone is a sign.
    let is_negative = text[..start]
        .strip_suffix('-')
        .is_some_and(|before| before.trim_end().len() < before.len() || before.is_empty());
    Ok(if is_negative { -n } else { n })
}

/// The code in front of a programme's, activity's or sub-activity's name, in the spelling of Permendagri 90/2019:
/// `1.02.05`, `1.02.05.2.02` or `1.02.05.2.02.02`, with four digits in the last group since Kepmendagri 050-5889.
///
/// The activity's two parts are often written as one (`202`), and the first group gets lost (`.02.05.202`): then
/// `parent`, the text of the programme of the same row, supplies it, provided the rest agrees with it.
///
/// # Errors
/// When there is no such code, or it cannot be made whole.
pub(crate) fn program_code(text: &str, parent: Option<&str>) -> Result<String, &'static str> {
    let (code, _) = split_program(text).ok_or("no programme code in front of the name")?;
    let upper = code.to_ascii_uppercase();
    let mut groups: Vec<&str> = upper.trim_matches('.').split('.').collect();
    let repaired;
    if code.starts_with('.') {
        repaired = missing_groups(&groups, parent)?;
        drop(groups.splice(0..0, repaired.iter().map(String::as_str)));
    }
    // 202 is the second kind of activity, number 02.
    if let Some(&activity) = groups.get(3)
        && activity.len() == 3
        && activity.is_ascii()
    {
        drop(groups.splice(3..4, [&activity[..1], &activity[1..]]));
    }
    if is_program_code(&groups) { Ok(groups.join(".")) } else { Err("a programme code of an unknown shape") }
}

/// The name behind a programme's code; all of the text when it has none.
pub(crate) fn program_name(text: &str) -> &str {
    let name = split_program(text).map_or(text, |(_, name)| name);
    name.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | ':' | '.')).trim_end()
}

/// Each item of a comma-separated list once, in order: `APBD,APBD,APBDP,` is `APBD,APBDP`.
pub(crate) fn distinct_list(text: &str) -> Cow<'_, str> {
    let mut items: Vec<&str> = Vec::new();
    for item in text.split(',').map(str::trim) {
        if !item.is_empty() && !items.contains(&item) {
            items.push(item);
        }
    }
    match items[..] {
        [only] => Cow::Borrowed(only),
        _ => Cow::Owned(items.join(",")),
    }
}

/// Code (with its outer points) and the rest; `None` when the text begins with no code. A code has a point: a name may
/// begin with a number or an X.
fn split_program(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'X' | 'x'))).unwrap_or(text.len());
    let (code, rest) = text.split_at(end);
    let has_point = code.contains('.');
    (has_point && code.bytes().any(|byte| byte != b'.')).then_some((code, rest))
}

/// The groups of the parent's code that stand in front of `groups`: the fewest after which the parent's own groups go on
/// as `groups` begin.
fn missing_groups(groups: &[&str], parent: Option<&str>) -> Result<Vec<String>, &'static str> {
    const LOST: &str = "a programme code without its beginning, which the programme of the row does not supply";
    let (code, _) = parent.and_then(split_program).ok_or(LOST)?;
    if code.starts_with('.') {
        return Err(LOST);
    }
    let upper = code.to_ascii_uppercase();
    let whole: Vec<&str> = upper.trim_matches('.').split('.').collect();
    let goes_on = |n: &usize| groups.starts_with(&whole[*n..]);
    let n = (1..whole.len()).find(goes_on).ok_or(LOST)?;
    Ok(whole[..n].iter().map(|group| (*group).to_owned()).collect())
}

/// Whether the groups are `d.dd.dd`, `d.dd.dd.d.dd` or `d.dd.dd.d.dd.dd(dd)`; support programmes have X.XX in front.
fn is_program_code(groups: &[&str]) -> bool {
    let digits = |group: &str, low: usize, high: usize| {
        (low..=high).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (field, rest) = match groups {
        [affair, field, rest @ ..] if *affair == "X" => (*field == "XX", rest),
        [affair, field, rest @ ..] => (digits(affair, 1, 1) && digits(field, 2, 2), rest),
        _ => (false, groups),
    };
    field
        && match rest {
            [program] => digits(program, 2, 2),
            [program, kind, activity] => digits(program, 2, 2) && digits(kind, 1, 1) && digits(activity, 2, 2),
            [program, kind, activity, sub] => {
                digits(program, 2, 2) && digits(kind, 1, 1) && digits(activity, 2, 2) && digits(sub, 2, 4)
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::{distinct_list, integer, program_code, program_name};

    #[test]
    fn one_number_among_words() {
        for (text, n) in [("27 Hari", 27), ("DESIL 1", 1), ("2", 2), ("-3 hari", -3), ("telat -3", -3), ("Kat-3", 3)]
        {
            assert_eq!(integer(text), Ok(n), "{text}");
        }
        for wrong in ["Hari", "2021-07-10", "70,5", "1.200", "27 Hari 3 Jam", &"9".repeat(19), ""] {
            assert!(integer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn codes_of_programmes_have_one_spelling() {
        for (text, code) in [
            ("1.02.05. PROGRAM PENINGKATAN GIZI", "1.02.05"),
            ("1.02.05 PROGRAM PENINGKATAN GIZI", "1.02.05"),
            ("1.02.05.2.02 Pelaksanaan", "1.02.05.2.02"),
            ("1.02.05.202. Pelaksanaan", "1.02.05.2.02"),
            ("1.02.05.202.02 Penumbuhan Kesadaran Keluarga", "1.02.05.2.02.02"),
            ("1.02.05.2.02.02", "1.02.05.2.02.02"),
            ("1.02.05.202.0002 Penumbuhan", "1.02.05.2.02.0002"),
            ("1.02.05.2.02.0002Penumbuhan", "1.02.05.2.02.0002"),
            ("X.XX.01 PROGRAM PENUNJANG URUSAN", "X.XX.01"),
            ("x.xx.01.201.01 Perencanaan", "X.XX.01.2.01.01"),
            (" 1.02.05.. PROGRAM", "1.02.05"),
        ] {
            assert_eq!(program_code(text, None).as_deref(), Ok(code), "{text}");
        }
        for wrong in [
            "PROGRAM SEMBAKO",
            "",
            "1.02",
            "12.02.05 X",
            "1.2.5 X",
            "1.02.05.2 X",
            "1.02.05.2020 X",
            "1.02.05.202.02.01 X",
            "1..02.05 X",
            "2 Unit Rumah",
            "X.02.05 X",
            "...",
        ] {
            assert!(program_code(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_lost_beginning_comes_from_the_programme() {
        let parent = Some("1.02.05. PROGRAM PENINGKATAN GIZI");
        for (text, code) in [
            (".02.05.202. Pelaksanaan", "1.02.05.2.02"),
            (".02.05.202.02 Penumbuhan", "1.02.05.2.02.02"),
            (".05.202.02 Penumbuhan", "1.02.05.2.02.02"),
            ("1.02.05.202 Pelaksanaan", "1.02.05.2.02"),
        ] {
            assert_eq!(program_code(text, parent).as_deref(), Ok(code), "{text}");
        }
        for (text, parent) in [
            (".02.05.202. Pelaksanaan", None),
            (".02.05.202. Pelaksanaan", Some("PROGRAM GIZI")),
            (".02.05.202. Pelaksanaan", Some(".02.05. PROGRAM")),
            (".03.05.202. Pelaksanaan", Some("1.02.05. PROGRAM")),
            (".202.02 Pelaksanaan", Some("1.02.05. PROGRAM")),
        ] {
            assert!(program_code(text, parent).is_err(), "{text} under {parent:?}");
        }
    }

    #[test]
    fn names_stand_behind_their_codes() {
        for (text, name) in [
            ("1.02.05. PROGRAM PENINGKATAN", "PROGRAM PENINGKATAN"),
            ("1.02.05.202.02 - Penumbuhan ", "Penumbuhan"),
            (".02.05.202. Pelaksanaan", "Pelaksanaan"),
            ("X.XX.01 PROGRAM PENUNJANG", "PROGRAM PENUNJANG"),
            ("Bantuan Sembako", "Bantuan Sembako"),
            ("2 Unit Rumah", "2 Unit Rumah"),
            ("1.02.05.", ""),
        ] {
            assert_eq!(program_name(text), name, "{text}");
        }
    }

    #[test]
    fn lists_hold_each_item_once() {
        for (text, list) in [
            ("APBD", "APBD"),
            ("APBD,APBD,APBDP,", "APBD,APBDP"),
            ("APBD, APBD", "APBD"),
            ("APBDP, APBD, APBDP", "APBDP,APBD"),
            (",,", ""),
        ] {
            assert_eq!(distinct_list(text), list, "{text}");
        }
    }
}
