//! The people hold together.

use super::{NikForm, People};
use std::collections::{BTreeMap, BTreeSet};

fn people() -> People {
    People::new(7, 1.0)
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_register_has_the_size_it_promises() {
    let people = people();
    let (families, aid) = (people.families(day("2026-11-01")).len(), people.aid(day("2026-11-01")).len());
    assert!((5_900..6_200).contains(&families), "{families} families");
    assert!((2_900..3_200).contains(&aid), "{aid} aid rows");
}

#[test]
fn numbers_are_built_like_real_ones_and_differ() {
    let people = people();
    let mut all = BTreeSet::new();
    for person in people.heads().iter().chain(people.others()) {
        let nik = person.nik();
        assert!(nik.len() == 16 && nik.bytes().all(|byte| byte.is_ascii_digit()), "{nik}");
        assert!(nik.starts_with("3514"));
        let day: u32 = nik[6..8].parse().unwrap();
        assert_eq!(day > 40, person.is_woman());
        assert_eq!(nik[10..12], format!("{:02}", chrono::Datelike::year(&person.birth_date()) % 100));
        assert!(nik[12..].parse::<u32>().unwrap() >= 7_000, "a serial the registry has not reached");
        assert_eq!(person.npwp16(), nik);
        assert!(person.name().split(' ').count() >= 2);
        assert!(person.address().starts_with("DUSUN "));
        assert!(all.insert(nik), "two persons have one number");
    }
}

#[test]
fn a_later_day_adds_families_and_aid() {
    let people = people();
    let (early, late) = (day("2026-10-25"), day("2026-11-01"));
    assert!(people.families(late).len() > people.families(early).len());
    assert!(people.aid(late).len() > people.aid(early).len());
    let today = people.families(early).len();
    for aid in people.aid(early) {
        assert!(aid.family.is_none_or(|family| family < today), "aid to a family that is not known yet");
    }
}

#[test]
fn registers_have_the_flaws_of_real_ones() {
    let people = people();
    let families = people.families(day("2026-11-01"));
    let count = |form| families.iter().filter(|family| family.nik_form == form).count();
    let (masked, exponent) = (count(NikForm::Masked), count(NikForm::Exponent));
    assert!((30..120).contains(&masked), "{masked} masked");
    assert!((1..=3).contains(&exponent), "{exponent} in exponent form");
    let mut owners = BTreeMap::new();
    for index in 0..families.len() {
        *owners.entry(people.family_nik(index)).or_insert(0) += 1;
    }
    let twice = owners.iter().filter(|(nik, count)| nik.len() == 16 && !nik.contains('x') && **count == 2).count();
    assert!((2..=8).contains(&twice), "{twice} numbers twice");
    assert_eq!(NikForm::Masked.write("3514140112567001"), "35141401125670xx");
    assert_eq!(NikForm::Exponent.write("3514140112567001"), "3.51414E+15");
}

#[test]
fn aid_leans_to_the_poor_overlaps_and_misses() {
    let people = people();
    let today = day("2026-11-01");
    let (families, aid) = (people.families(today), people.aid(today));
    let mut rows = BTreeMap::new();
    for family in aid.iter().filter_map(|aid| aid.family) {
        *rows.entry(family).or_insert(0) += 1;
    }
    assert!(rows.values().any(|count| *count > 1), "no family has two programmes");
    assert!(aid.iter().any(|aid| aid.family.is_none()), "nobody outside the register gets aid");
    let share = |poor: bool| {
        let all = families.iter().enumerate().filter(|(_, family)| (family.decile <= 2) == poor);
        let (with, all) =
            all.fold((0, 0), |(with, all), (index, _)| (with + i32::from(rows.contains_key(&index)), all + 1));
        with * 100 / all
    };
    assert!(share(true) > share(false) + 10, "{} against {}", share(true), share(false));
    assert!(share(true) < 95);
}
