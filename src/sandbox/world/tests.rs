//! The world holds together: budgets, spending, balances and history.

use super::{AsOf, DipaRole, FiscalYear, Kind, Recipe, World};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

fn world(overrun: bool) -> World {
    World::new(Recipe { seed: 7, scale: 1.0, overrun })
}

fn as_of(year: i32, today: &str) -> AsOf {
    AsOf::new(year, today.parse::<NaiveDate>().unwrap())
}

fn spent(year: &FiscalYear, as_of: AsOf) -> i64 {
    year.postings(as_of).iter().map(|posting| posting.amount).sum()
}

fn pagu(year: &FiscalYear) -> i64 {
    year.dipa.iter().filter(|row| row.role == DipaRole::Pagu).map(|row| row.amount).sum()
}

#[test]
fn the_demo_has_the_size_it_promises() {
    let world = world(false);
    let (last, this) = (world.year(2025), world.year(2026));
    let dipa = last.dipa.len() + this.dipa.len();
    let postings = last.postings(as_of(2025, "2026-11-01")).len() + this.postings(as_of(2026, "2026-11-01")).len();
    assert!((3_600..4_600).contains(&dipa), "{dipa} DIPA rows");
    assert!((52_000..70_000).contains(&postings), "{postings} postings");
    let absorbed = spent(&this, as_of(2026, "2026-11-01")) * 1000 / pagu(&this);
    assert!((660..740).contains(&absorbed), "{absorbed} per mille absorbed by the end of October");
    let first_quarter = spent(&this, as_of(2026, "2026-04-01")) * 1000 / pagu(&this);
    assert!((90..190).contains(&first_quarter), "{first_quarter} per mille absorbed by the end of March");
    let whole = spent(&last, as_of(2025, "2026-01-01")) * 1000 / pagu(&last);
    assert!((880..970).contains(&whole), "{whole} per mille absorbed in the whole year");
}

#[test]
fn no_line_is_ever_spent_beyond_its_pagu() {
    let year = world(false).year(2026);
    let mut spent = vec![0_i64; year.lines.len()];
    for posting in year.postings(as_of(2026, "2027-01-01")) {
        let line = posting.line as usize;
        spent[line] += posting.amount;
        assert!(spent[line] <= year.lines[line].spendable(), "line {line}");
        assert!(spent[line] >= 0, "line {line} is paid back more than it spent");
    }
    for today in ["2026-02-15", "2026-08-01", "2027-01-01"] {
        assert!(year.balances(as_of(2026, today)).iter().all(|balance| balance.available() >= 0));
    }
}

#[test]
fn an_overrun_world_is_beyond_pagu_where_control_is_exercised() {
    let year = world(true).year(2026);
    let mut groups: BTreeMap<(u32, &str, Kind), i64> = BTreeMap::new();
    for (line, balance) in year.lines.iter().zip(year.balances(as_of(2026, "2026-02-01"))) {
        *groups.entry((line.satker, line.activity.output, line.kind())).or_default() += balance.available();
    }
    let minus: BTreeSet<u32> =
        groups.iter().filter(|(_, left)| **left < 0).map(|((satker, ..), _)| *satker).collect();
    assert!((5..=9).contains(&minus.len()), "{} satker", minus.len());
}

#[test]
fn a_later_day_adds_and_never_rewrites() {
    let year = world(false).year(2026);
    let (early, late) = (as_of(2026, "2026-09-10"), as_of(2026, "2026-09-11"));
    assert_eq!(&year.postings(late)[..year.postings(early).len()], year.postings(early));
    assert!(year.postings(late).len() > year.postings(early).len());
    let months = |as_of: AsOf| year.ministry_scores(as_of).iter().map(|row| row.month).collect::<Vec<_>>();
    assert_eq!(months(early), (0..8).collect::<Vec<_>>());
    assert_eq!(months(late), months(early));
}

#[test]
fn the_oddities_of_real_books_are_there() {
    let year = world(false).year(2026);
    let all = year.postings(as_of(2026, "2027-01-01"));
    assert!(all.iter().any(|posting| posting.amount < 0));
    assert!(all.windows(2).any(|pair| pair[0] == pair[1]), "no duplicate posting");
    assert!(year.lines.iter().any(|line| line.pagu == 0));
    assert!(year.lines.iter().any(|line| line.blocked > 0));
    assert!(year.lines.iter().any(|line| line.revision < 0));
    let role = |role| year.dipa.iter().filter(|row| row.role == role).count();
    assert!((3..=8).contains(&role(DipaRole::Proposal)));
    assert_eq!(role(DipaRole::Summary), 2);
    for kind in [Kind::Pegawai, Kind::Barang, Kind::Modal, Kind::Bansos] {
        assert!(year.lines.iter().any(|line| line.kind() == kind), "no {kind:?}");
    }
}

#[test]
fn lagging_satker_stand_out() {
    let year = world(false).year(2026);
    let mut sums = vec![(0_i64, 0_i64); year.satkers.len()];
    for (line, balance) in year.lines.iter().zip(year.balances(as_of(2026, "2026-11-01"))) {
        let sum = &mut sums[line.satker as usize];
        *sum = (sum.0 + balance.pagu, sum.1 + balance.spent);
    }
    let share = |lagging: bool| {
        let rows = year.satkers.iter().zip(&sums).filter(move |(satker, _)| satker.lagging == lagging);
        rows.map(|(_, (pagu, spent))| spent * 100 / pagu).collect::<Vec<_>>()
    };
    let (slow, normal) = (share(true), share(false));
    assert!(slow.len() >= 4, "{} lagging", slow.len());
    assert!(slow.iter().max() < normal.iter().min(), "{slow:?} against {normal:?}");
}

#[test]
fn payments_have_revisions_dollars_and_commas() {
    let year = world(false).year(2026);
    let all = year.payments(as_of(2026, "2027-01-01"));
    assert!(all.iter().any(|payment| payment.dollars));
    assert!(all.iter().any(|payment| payment.malformed));
    assert!(all.iter().any(|payment| payment.payer().contains(',')));
    let mut revised = BTreeMap::new();
    for payment in all {
        assert!(payment.paid <= payment.booked && payment.booked <= payment.inserted, "{payment:?}");
        revised
            .entry((payment.key, payment.akun, payment.satker, payment.amount))
            .or_insert_with(Vec::new)
            .push(payment.inserted);
    }
    assert!(revised.values().any(|days| days.len() > 1 && days[0] < days[1]));
}

#[test]
fn a_large_world_has_more_satker_and_then_more_postings() {
    let recipe = |scale| Recipe { seed: 7, scale, overrun: false };
    assert_eq!((recipe(8.0).satkers(), recipe(8.0).spending().density), (480, 1000));
    assert_eq!((recipe(35.0).satkers(), recipe(35.0).spending().density), (480, 4375));
    assert_eq!(recipe(0.01).satkers(), 10, "each eselon 1 unit, and some offices");
    let posted = |world: &World| world.year(2025).postings(as_of(2025, "2026-01-01")).len();
    let (one, double) = (World::new(recipe(0.2)), World::new(recipe(0.4)));
    assert!((150..260).contains(&(posted(&double) * 100 / posted(&one))));
}
