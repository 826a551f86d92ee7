//! The people of a kabupaten: invented persons with numbers, names and addresses built like real ones, families, and
//! the aid they get. All of it is personal data of nobody: serials are from a range the civil registry has not reached.

mod aid;
mod family;
mod person;

pub(crate) use aid::Aid;
pub(crate) use family::Family;
pub(crate) use person::Person;

use super::dice::Dice;
use super::growth::Growth;
use chrono::NaiveDate;

/// Heads of families have serials from here on, others from [`OTHER_SERIALS`] on.
const HEAD_SERIALS: std::ops::Range<u16> = 7000..9500;
const OTHER_SERIALS: std::ops::Range<u16> = 9500..10_000;

/// What a written identity number looks like in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NikForm {
    /// 16 digits.
    Whole,
    /// Its last two digits are `xx`.
    Masked,
    /// As a spreadsheet shows it: `3.51404E+15`.
    Exponent,
}

impl NikForm {
    /// The number as written.
    pub(crate) fn write(self, nik: &str) -> String {
        match self {
            Self::Whole => nik.to_owned(),
            Self::Masked => format!("{}xx", &nik[..14]),
            Self::Exponent => format!("{}.{}E+15", &nik[..1], &nik[1..6]),
        }
    }
}

/// All persons, families and aid there will ever be; how much of it is known on a day, [`People::families`] and
/// [`People::aid`] say.
pub(crate) struct People {
    heads: Vec<Person>,
    others: Vec<Person>,
    families: Vec<Family>,
    aid: Vec<Aid>,
    family_growth: Growth,
    aid_growth: Growth,
}

impl People {
    /// The people of a world: some 6,000 families and 3,000 aid rows at scale 1 in 2026.
    pub(super) fn new(seed: u64, scale: f64) -> Self {
        let scaled = |n: f64, least: f64| (n * scale).round().max(least);
        let growth = |base: f64, daily: f64| Growth {
            base: scaled(base, 20.0) as usize,
            per_thousand_days: scaled(daily, 300.0) as u64,
        };
        let (family_growth, aid_growth) = (growth(5_400.0, 600.0), growth(2_200.0, 800.0));
        let heads = person::persons(&mut Dice::new(seed, "heads"), family_growth.all(), HEAD_SERIALS);
        let others = person::persons(&mut Dice::new(seed, "others"), scaled(400.0, 40.0) as usize, OTHER_SERIALS);
        let families = family::families(seed, heads.len());
        let aid = aid::aid(seed, &families, others.len(), (family_growth, aid_growth));
        Self { heads, others, families, aid, family_growth, aid_growth }
    }

    /// Heads of families, by family; those of families not yet known included.
    pub(crate) fn heads(&self) -> &[Person] {
        &self.heads
    }

    /// Persons who head no family in the register: some get aid all the same.
    pub(crate) fn others(&self) -> &[Person] {
        &self.others
    }

    /// Families known on a day, the earliest known first.
    pub(crate) fn families(&self, today: NaiveDate) -> &[Family] {
        &self.families[..self.family_growth.known(today)]
    }

    /// Aid known on a day, the earliest first.
    pub(crate) fn aid(&self, today: NaiveDate) -> &[Aid] {
        &self.aid[..self.aid_growth.known(today)]
    }

    /// Who gets the aid.
    pub(crate) fn recipient(&self, aid: &Aid) -> &Person {
        match aid.family {
            Some(family) => &self.heads[family],
            None => &self.others()[aid.other],
        }
    }

    /// The register's number of a family.
    pub(crate) fn family_id(&self, index: usize) -> u32 {
        self.families[index].id
    }

    /// The identity number of a family as the register has it: at times its neighbour's.
    pub(crate) fn family_nik(&self, index: usize) -> String {
        let family = &self.families[index];
        let owner = if family.neighbours_nik { index.saturating_sub(1) } else { index };
        family.nik_form.write(&self.heads[owner].nik())
    }

    /// The identity number of an aid row as the register has it.
    pub(crate) fn aid_nik(&self, aid: &Aid) -> String {
        aid.nik_form.write(&self.recipient(aid).nik())
    }
}

#[cfg(test)]
mod tests;
