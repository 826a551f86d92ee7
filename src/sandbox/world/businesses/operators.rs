//! Operators of electronic systems abroad (PSE asing) that have registered: what OSS pushes about them.

use super::super::dice::Dice;
use super::super::people::Person;
use chrono::{Days, NaiveDate};

/// How many there are.
const OPERATORS: usize = 15;

const NAMES: [(&str, &str); OPERATORS] = [
    ("ORBITAL SOCIAL INC", "US"),
    ("NIMBUS STORAGE LTD", "IE"),
    ("LUMEN VIDEO PTE LTD", "SG"),
    ("KITE MESSENGER LLC", "US"),
    ("POLARIS MAPS GMBH", "DE"),
    ("TIDEPOOL GAMES KK", "JP"),
    ("QUARRY PAYMENTS BV", "NL"),
    ("ACORN LEARNING LTD", "GB"),
    ("HELIX HEALTH INC", "CA"),
    ("BAMBOO MARKET CO LTD", "CN"),
    ("FJORD MUSIC AS", "NO"),
    ("SUMMIT TRAVEL BV", "NL"),
    ("ECHO PODCASTS AB", "SE"),
    ("MERIDIAN ADS INC", "US"),
    ("JADE CLOUD PTE LTD", "SG"),
];

/// A system they run.
#[derive(Debug)]
pub(crate) struct OnlineSystem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    /// Code of lampiran 20.
    pub(crate) sector: &'static str,
    pub(crate) users: i64,
    /// Rupiah a year.
    pub(crate) turnover: i64,
}

/// An operator.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) nib: String,
    pub(crate) oss_id: String,
    pub(crate) licence: String,
    pub(crate) issued: NaiveDate,
    pub(crate) name: &'static str,
    pub(crate) country: &'static str,
    pub(crate) address: String,
    /// Persons in charge and who filed: indices into the people.
    pub(crate) managers: Vec<usize>,
    pub(crate) applicant: usize,
    pub(crate) systems: Vec<OnlineSystem>,
    pub(crate) index: usize,
}

/// The operators of a world with `people` (at least one).
pub(super) fn operators(seed: u64, people: &[Person]) -> Vec<Operator> {
    NAMES.iter().enumerate().map(|(index, (name, country))| operator(seed, index, (name, country), people)).collect()
}

fn operator(seed: u64, index: usize, called: (&'static str, &'static str), people: &[Person]) -> Operator {
    let dice = &mut Dice::new(seed, &format!("operator {index}"));
    let (name, country) = called;
    let start = NaiveDate::from_ymd_opt(2022, 1, 3).expect("3 January 2022 exists");
    let issued = start + Days::new(dice.below(900));
    let stamp = issued.format("%Y%m%d");
    let brand = name.split(' ').next().unwrap_or_default();
    let anyone = |dice: &mut Dice| dice.below(people.len() as u64) as usize;
    let systems = (0..1 + dice.below(2)).map(|nth| OnlineSystem {
        id: format!("R-{stamp}0900{:09}", 900_000_000 + index as u64 * 10 + nth),
        name: format!("{brand} {}", if nth == 0 { "App" } else { "Web" }),
        domain: format!("{}{nth}.example", brand.to_lowercase()),
        sector: "059",
        users: dice.between(10_000, 40_000_000),
        turnover: dice.between(1, 900) * 1_000_000_000,
    });
    let systems = systems.collect();
    Operator {
        nib: format!("{}{:02}9{index:04}", issued.format("%d%m%y"), dice.below(100)),
        oss_id: format!("U-{stamp}0900{:09}", 900_000_000 + index),
        licence: format!("I-{stamp}0900{:09}", 900_000_000 + index),
        issued,
        name,
        country,
        address: format!("{} Harbour Road, Suite {}", 100 + dice.below(900), 1 + dice.below(60)),
        systems,
        managers: (0..1 + dice.below(2)).map(|_| anyone(dice)).collect(),
        applicant: anyone(dice),
        index,
    }
}
