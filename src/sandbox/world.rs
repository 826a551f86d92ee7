//! One seeded, internally consistent world: a ministry, its budget, what it spends and what it earns; a kabupaten, its
//! people, and what its agencies plan and give. Pure data, no HTTP: what a source system answers is made from it
//! elsewhere.
//!
//! A fiscal year is planned whole and looked at as of a day, so that a later day adds to what was served and never
//! rewrites it. Money is whole rupiah in `i64`; sums are `i128`.

mod agencies;
mod budget;
pub(crate) mod businesses;
mod calendar;
mod catalogue;
mod dice;
mod growth;
mod offices;
mod payments;
mod people;
mod plans;
mod postings;
mod region;
mod scores;
#[cfg(test)]
mod tests;

pub(crate) use agencies::{AGENCIES, Agency};
pub(crate) use budget::{DipaRole, DipaRow, Line};
pub(crate) use calendar::{AsOf, date_of, days_in};
#[cfg(test)]
pub(crate) use catalogue::Kind;
pub(crate) use dice::Dice;
pub(crate) use offices::{ESELON1, MINISTRY, MINISTRY_NAME, Satker};
pub(crate) use payments::Payment;
pub(crate) use people::{Aid, Family, People, Person};
pub(crate) use plans::{Indikator, Item, Plan, PlannedKegiatan, PlannedProgram, Sasaran};
pub(crate) use postings::Posting;
pub(crate) use region::{KABUPATEN, PROVINCE};
pub(crate) use scores::{Indicator, Score, Values};

use businesses::{Businesses, Purchase};
use scores::{Absorption, Scores};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Satker of a world of scale 1.
const SATKERS: usize = 60;
/// Beyond this the world grows by postings a line, not by satker: the ministry has some 500 of them.
const SATKER_SCALE_MAX: f64 = 8.0;
/// PNBP payments a working day at scale 1.
const PAYMENTS_A_DAY: usize = 5;

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    /// Everything follows from it.
    pub(crate) seed: u64,
    /// 1.0 = the demo: 60 satker.
    pub(crate) scale: f64,
    /// Whether some satker spend more than their pagu.
    pub(crate) overrun: bool,
}

impl Recipe {
    fn satkers(&self) -> usize {
        let count = (SATKERS as f64 * self.scale.min(SATKER_SCALE_MAX)).round() as usize;
        count.max(offices::ESELON1.len() + 4)
    }

    fn spending(&self) -> postings::Spending {
        let density = (self.scale / SATKER_SCALE_MAX).max(1.0) * 1000.0;
        postings::Spending { density: density.round() as u64, overrun: self.overrun }
    }

    fn payments_a_day(&self) -> usize {
        ((PAYMENTS_A_DAY as f64 * self.scale).round() as usize).max(2)
    }
}

/// The world: its satker; fiscal years, people and plans are built when they are first asked for.
pub(crate) struct World {
    recipe: Recipe,
    satkers: Arc<[Satker]>,
    years: Mutex<BTreeMap<i32, Arc<FiscalYear>>>,
    people: OnceLock<People>,
    plans: Mutex<BTreeMap<i32, Arc<[Plan]>>>,
    businesses: OnceLock<Arc<Businesses>>,
    purchases: Mutex<BTreeMap<i32, Arc<[Purchase]>>>,
}

impl World {
    /// The world of a recipe.
    pub(crate) fn new(recipe: Recipe) -> Self {
        let satkers = offices::satkers(recipe.seed, recipe.satkers()).into();
        Self {
            recipe,
            satkers,
            years: Mutex::default(),
            people: OnceLock::new(),
            plans: Mutex::default(),
            businesses: OnceLock::new(),
            purchases: Mutex::default(),
        }
    }

    /// Fiscal year `year`, built on first use (a second or two in the largest worlds).
    pub(crate) fn year(&self, year: i32) -> Arc<FiscalYear> {
        let mut years = self.years.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || Arc::new(FiscalYear::new(&self.recipe, year, Arc::clone(&self.satkers)));
        Arc::clone(years.entry(year).or_insert_with(build))
    }

    /// The people of the kabupaten, built on first use.
    pub(crate) fn people(&self) -> &People {
        self.people.get_or_init(|| People::new(self.recipe.seed, self.recipe.scale))
    }

    /// The businesses, run by the people; built on first use.
    pub(crate) fn businesses(&self) -> Arc<Businesses> {
        let build = || Arc::new(Businesses::new(self.recipe.seed, self.recipe.scale, self.people().heads()));
        Arc::clone(self.businesses.get_or_init(build))
    }

    /// What the ministry buys over PaDi and is invoiced in `year`, by day; built on first use.
    pub(crate) fn purchases(&self, year: i32) -> Arc<[Purchase]> {
        let mut purchases = self.purchases.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            let businesses = self.businesses();
            let vendors = businesses.vendors();
            businesses::purchases(self.recipe.seed, year, self.recipe.scale, &vendors, self.satkers.len()).into()
        };
        Arc::clone(purchases.entry(year).or_insert_with(build))
    }

    /// The satker, headquarters first: PaDi numbers them in this order.
    pub(crate) fn satkers(&self) -> &[Satker] {
        &self.satkers
    }

    /// What each agency plans for a fiscal year, in the order of [`AGENCIES`]; built on first use.
    pub(crate) fn plans(&self, year: i32) -> Arc<[Plan]> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || plans::plans(self.recipe.seed, year, self.recipe.scale).into();
        Arc::clone(plans.entry(year).or_insert_with(build))
    }
}

/// Everything that happens in one fiscal year, from January to December.
pub(crate) struct FiscalYear {
    pub(crate) year: i32,
    pub(crate) satkers: Arc<[Satker]>,
    /// Budget lines, by satker.
    pub(crate) lines: Vec<Line>,
    /// DIPA's rows.
    pub(crate) dipa: Vec<DipaRow>,
    /// All postings of the year, by day.
    postings: Vec<Posting>,
    /// All payments of the year, by day of insertion.
    payments: Vec<Payment>,
    scores: Scores,
}

impl FiscalYear {
    fn new(recipe: &Recipe, year: i32, satkers: Arc<[Satker]>) -> Self {
        let seed = recipe.seed;
        let lines = budget::lines(seed, year, &satkers);
        let dipa = budget::dipa(&lines, &satkers);
        let postings = postings::postings(seed, year, &satkers, &lines, recipe.spending());
        let payments = payments::payments(seed, year, &satkers, recipe.payments_a_day());
        let absorption = absorption(year, satkers.len(), &lines, &postings);
        let scores = Scores::of(seed, year, &satkers, &absorption);
        Self { year, satkers, lines, dipa, postings, payments, scores }
    }

    /// The satker of a line.
    pub(crate) fn satker_of(&self, line: &Line) -> &Satker {
        &self.satkers[line.satker as usize]
    }

    /// Postings known as of `as_of`. A posting's row number is its index + 1, today and later.
    pub(crate) fn postings(&self, as_of: AsOf) -> &[Posting] {
        &self.postings[..self.postings.partition_point(|posting| as_of.covers(posting.day))]
    }

    /// The posting of row number `index` + 1.
    pub(crate) fn posting(&self, index: usize) -> &Posting {
        &self.postings[index]
    }

    /// Payments inserted as of `as_of`.
    pub(crate) fn payments(&self, as_of: AsOf) -> &[Payment] {
        &self.payments[..self.payments.partition_point(|payment| as_of.covers(payment.inserted))]
    }

    /// IKPA of the ministry, for the months complete as of `as_of`.
    pub(crate) fn ministry_scores(&self, as_of: AsOf) -> &[Score] {
        &self.scores.ministry[..as_of.complete_months()]
    }

    /// IKPA of the eselon 1 units.
    pub(crate) fn unit_scores(&self, as_of: AsOf) -> &[Score] {
        &self.scores.units[..as_of.complete_months() * ESELON1.len()]
    }

    /// IKPA of the satker.
    pub(crate) fn satker_scores(&self, as_of: AsOf) -> &[Score] {
        &self.scores.satkers[..as_of.complete_months() * self.satkers.len()]
    }

    /// Funds of every line as of `as_of`, in the order of [`FiscalYear::lines`].
    pub(crate) fn balances(&self, as_of: AsOf) -> Vec<Balance> {
        let mut spent = vec![0_i64; self.lines.len()];
        for posting in self.postings(as_of) {
            spent[posting.line as usize] += posting.amount;
        }
        self.lines.iter().zip(spent).map(|(line, spent)| Balance::of(line, spent, as_of)).collect()
    }

    /// Names of all who pay in the year, each once.
    pub(crate) fn payers(&self) -> BTreeSet<String> {
        self.payments.iter().map(Payment::payer).collect()
    }
}

/// What is left of a budget line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Balance {
    /// Pagu.
    pub(crate) pagu: i64,
    /// Under contract and not yet paid.
    pub(crate) contract: i64,
    /// Blocked.
    pub(crate) blocked: i64,
    /// Spent, with signs.
    pub(crate) spent: i64,
}

impl Balance {
    fn of(line: &Line, spent: i64, as_of: AsOf) -> Self {
        let open = as_of.covers(line.contract_from) && !as_of.closed();
        let unpaid = (line.contract - spent).min(line.spendable() - spent).max(0);
        Self { pagu: line.pagu, contract: if open { unpaid } else { 0 }, blocked: line.blocked, spent }
    }

    /// Still available; negative where more was spent than there is.
    pub(crate) fn available(&self) -> i64 {
        self.pagu - self.contract - self.blocked - self.spent
    }
}

/// Pagu of each satker and what it has spent at the end of each month.
fn absorption(year: i32, satkers: usize, lines: &[Line], postings: &[Posting]) -> Vec<Absorption> {
    let mut all = vec![Absorption::default(); satkers];
    for line in lines {
        all[line.satker as usize].pagu += line.pagu;
    }
    for posting in postings {
        let satker = lines[posting.line as usize].satker as usize;
        let month = chrono::Datelike::month0(&date_of(year, posting.day)) as usize;
        for spent in &mut all[satker].spent[month..] {
            *spent += posting.amount;
        }
    }
    all
}
