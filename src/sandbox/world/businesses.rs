//! Businesses: who holds a NIB, their projects, licences, certificates, shareholders and managers, and which of them sell
//! to the ministry over PaDi. The same business has one NPWP and one name in OSS and in PaDi.
//!
//! Persons are those of `people`. Everything of a business is known from the day its NIB is issued; new ones come with
//! every year. Money is whole rupiah.

mod build;
mod catalogue;
mod licences;
mod operators;
mod projects;
mod purchases;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::{Form, Place};
pub(crate) use licences::{Licence, Requirement};
pub(crate) use operators::{OnlineSystem, Operator};
pub(crate) use projects::{Product, Project, Site};
pub(crate) use purchases::{Purchase, SATKER_ID_FIRST, purchases};

use super::people::Person;
use chrono::NaiveDate;

/// Businesses of a world of scale 1 whose NIB was issued before 2025.
const BUSINESSES: usize = 300;
/// New ones a year from then on, at scale 1.
const NEW_A_YEAR: usize = 24;
/// The last year with new ones.
const LAST_YEAR: i32 = 2034;

/// How a business stands on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// 01, a company.
    Company,
    /// 02, a person.
    Individual,
    /// 04, abroad: a franchisor (STPW).
    Foreign,
}

impl Actor {
    /// Code of the guide's lampiran 18.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Company => "01",
            Self::Individual => "02",
            Self::Foreign => "04",
        }
    }
}

/// Who holds shares.
#[derive(Debug)]
pub(crate) enum Holder {
    /// A person: index into the people.
    Person(usize),
    /// A company abroad.
    Company { name: &'static str, country: &'static str },
}

/// A shareholder and what they put in.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) holder: Holder,
    /// Rupiah.
    pub(crate) capital: i64,
}

/// A deed or another legal paper.
#[derive(Debug)]
pub(crate) struct Deed {
    /// Code of lampiran 7.
    pub(crate) kind: &'static str,
    pub(crate) number: String,
    pub(crate) date: NaiveDate,
    /// The notary: index into the people.
    pub(crate) notary: usize,
}

/// A plan to employ foreigners (RPTKA).
#[derive(Debug)]
pub(crate) struct StaffPlan {
    pub(crate) number: String,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    /// Rupiah a month.
    pub(crate) pay: i64,
    pub(crate) posts: Vec<Post>,
    /// Country and how many.
    pub(crate) countries: Vec<(&'static str, u32)>,
    /// Place and how many.
    pub(crate) places: Vec<(Place, u32)>,
}

/// A post of a [`StaffPlan`].
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) id: u32,
    pub(crate) title: &'static str,
    pub(crate) count: u32,
    /// Indonesian understudies: indices into the people.
    pub(crate) understudies: Vec<usize>,
}

/// A business with its NIB.
#[derive(Debug)]
pub(crate) struct Business {
    /// 13 digits, some with a leading zero.
    pub(crate) nib: String,
    pub(crate) oss_id: String,
    pub(crate) filed: NaiveDate,
    pub(crate) issued: NaiveDate,
    pub(crate) changed: Option<NaiveDate>,
    pub(crate) actor: Actor,
    pub(crate) form: &'static Form,
    pub(crate) name: String,
    pub(crate) short_name: String,
    /// 16 digits: a person's is the NIK, a company's begins with 0.
    pub(crate) npwp: String,
    /// 01 micro to 04 large.
    pub(crate) scale: &'static str,
    pub(crate) address: String,
    pub(crate) place: Place,
    /// Rupiah.
    pub(crate) capital: i64,
    /// Share of foreign capital in percent.
    pub(crate) foreign_percent: i64,
    pub(crate) shares: Vec<Share>,
    /// Persons in charge, and who filed: indices into the people.
    pub(crate) managers: Vec<usize>,
    pub(crate) applicant: usize,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) staff_plan: Option<StaffPlan>,
    /// Codes of closed or restricted fields (DNI).
    pub(crate) restricted: Vec<u32>,
    pub(crate) projects: Vec<Project>,
    pub(crate) licences: Vec<Licence>,
    /// Code of lampiran 14.
    pub(crate) status: &'static str,
    /// 9 original, 5 update, 3 revoked.
    pub(crate) document: &'static str,
    /// Its id as a PaDi vendor; none = it sells nothing there.
    pub(crate) vendor: Option<String>,
    /// Running number: which of the answers' habits it gets.
    pub(crate) index: usize,
}

impl Business {
    /// NPWP of the older form where there is one: 15 digits; a person's has 16 only.
    pub(crate) fn npwp15(&self) -> &str {
        self.npwp.strip_prefix('0').filter(|_| self.actor != Actor::Individual).unwrap_or(&self.npwp)
    }

    /// Whether its main project enjoys a tax facility.
    pub(crate) fn has_facility(&self) -> bool {
        self.index % 25 == 4
    }

    /// Whether its projects are one production line.
    pub(crate) fn is_one_line(&self) -> bool {
        self.projects.len() == 3
    }

    /// PaDi's category: the scale of the business as a bare number.
    pub(crate) fn padi_category(&self) -> &'static str {
        match self.scale {
            "01" => "1",
            "02" => "2",
            "03" => "3",
            _ => "4",
        }
    }
}

/// All businesses, by the day of issue.
pub(crate) struct Businesses {
    all: Vec<Business>,
    operators: Vec<Operator>,
    people: Vec<Person>,
}

impl Businesses {
    /// The businesses of a world of `scale`, run by `people` (at least one).
    pub(crate) fn new(seed: u64, scale: f64, people: &[Person]) -> Self {
        let count = |base: usize, least: usize| ((base as f64 * scale.min(8.0)).round() as usize).max(least);
        let old = count(BUSINESSES, 40);
        let new_a_year = count(NEW_A_YEAR, 4);
        let years = (LAST_YEAR - build::FIRST_NEW_YEAR + 1) as usize;
        let mut all: Vec<Business> = (0..old + new_a_year * years)
            .map(|index| {
                let year = (index >= old).then(|| build::FIRST_NEW_YEAR + ((index - old) / new_a_year) as i32);
                build::business(seed, index, year, people)
            })
            .collect();
        all.sort_by_key(|business| (business.issued, business.index));
        let operators = operators::operators(seed, people);
        Self { all, operators, people: people.to_vec() }
    }

    /// Those whose NIB was issued before `today`.
    pub(crate) fn issued(&self, today: NaiveDate) -> &[Business] {
        &self.all[..self.all.partition_point(|business| business.issued < today)]
    }

    /// PaDi's vendors: all were there before the first transaction.
    pub(crate) fn vendors(&self) -> Vec<&Business> {
        self.all.iter().filter(|business| business.vendor.is_some()).collect()
    }

    /// Operators of electronic systems abroad registered before `today`.
    pub(crate) fn operators(&self, today: NaiveDate) -> impl Iterator<Item = &Operator> {
        self.operators.iter().filter(move |operator| operator.issued < today)
    }

    /// The person of an index a business holds.
    pub(crate) fn person(&self, index: usize) -> &Person {
        &self.people[index]
    }
}
