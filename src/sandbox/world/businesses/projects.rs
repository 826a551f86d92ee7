//! Projects: what a business does, where, and what it costs.

use super::super::dice::Dice;
use super::build;
use super::catalogue::{KBLI, Kbli, Place};
use chrono::NaiveDate;

/// A place of a project.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) address: String,
    /// Corners, `lat,lng`.
    pub(crate) corners: Vec<String>,
    /// Codes of lampiran 24: land, water, forest.
    pub(crate) positions: Vec<&'static str>,
}

/// What is made.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) capacity: i64,
    pub(crate) unit: &'static str,
}

/// A project.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) kbli: &'static Kbli,
    pub(crate) filed: NaiveDate,
    /// Men and women, Indonesian and foreign.
    pub(crate) staff: [i64; 4],
    /// Square metres.
    pub(crate) land: i64,
    /// Rupiah: land, buildings, machines, other, working capital.
    pub(crate) costs: [i64; 5],
    pub(crate) sites: Vec<Site>,
    pub(crate) products: Vec<Product>,
    /// The service writes this project's codes as numbers: 01111 becomes 1111.
    pub(crate) bare_codes: bool,
}

impl Project {
    /// Fixed assets in rupiah.
    pub(crate) fn assets(&self) -> i64 {
        self.costs[..4].iter().sum()
    }

    /// Assets and working capital in rupiah.
    pub(crate) fn investment(&self) -> i64 {
        self.costs.iter().sum()
    }
}

const PRODUCTS: [(&str, &str); 5] = [
    ("Pakaian kerja", "potong"),
    ("Roti manis", "kg"),
    ("Mebel kantor", "unit"),
    ("Barang cetakan", "rim"),
    ("Beras", "ton"),
];

/// One to three projects of a business of `scale` at `place`.
pub(super) fn projects(
    dice: &mut Dice,
    index: usize,
    filed: NaiveDate,
    scale: &str,
    home: (&Place, &str),
) -> Vec<Project> {
    let count = 1 + dice.weighted(&[600, 280, 120]);
    (0..count).map(|nth| project(dice, index * 10 + nth, filed, scale, home)).collect()
}

fn project(dice: &mut Dice, key: usize, filed: NaiveDate, scale: &str, home: (&Place, &str)) -> Project {
    let stamp = filed.format("%Y%m%d0915");
    // Rupiah of one share of the costs.
    let size = match scale {
        "01" => 2_000_000,
        "02" => 40_000_000,
        "03" => 450_000_000,
        _ => 6_000_000_000,
    };
    let mut cost = |least, most| dice.between(least, most) * size;
    let costs = [cost(0, 4), cost(1, 5), cost(1, 8), cost(0, 2), cost(1, 6)];
    let kbli = dice.pick(&KBLI);
    let staff = [dice.between(1, 30), dice.between(0, 30), 0, 0];
    let land = dice.between(20, 9_000);
    let sites = (0..1 + dice.weighted(&[750, 250])).map(|nth| site(dice, key * 10 + nth, nth, home)).collect();
    let products = (0..dice.weighted(&[500, 350, 150])).map(|nth| product(dice, key * 10 + nth)).collect();
    let bare_codes = key.is_multiple_of(3);
    Project {
        id: format!("R-{stamp}{key:09}"),
        number: format!("P{stamp}{key:07}"),
        kbli,
        filed,
        staff,
        land,
        costs,
        sites,
        products,
        bare_codes,
    }
}

fn site(dice: &mut Dice, key: usize, nth: usize, home: (&Place, &str)) -> Site {
    let (place, address) = match nth {
        0 => (home.0.clone(), home.1.to_owned()),
        _ => {
            let place = build::place(dice);
            let address = build::address(dice, &place);
            (place, address)
        }
    };
    let corners = (0..dice.below(3)).map(|_| {
        let (lat, lng) = (dice.between(6_100_000, 7_900_000), dice.between(106_000_000, 113_000_000));
        format!("-{}.{:06},{}.{:06}", lat / 1_000_000, lat % 1_000_000, lng / 1_000_000, lng % 1_000_000)
    });
    let corners = corners.collect();
    let positions = [&[][..], &["01"][..], &["01", "02"][..]][dice.weighted(&[200, 700, 100])].to_vec();
    Site { id: format!("L-{key:010}"), place, address, corners, positions }
}

fn product(dice: &mut Dice, key: usize) -> Product {
    let (name, unit) = *dice.pick(&PRODUCTS);
    Product { id: format!("PRD{key:09}"), name, capacity: dice.between(10, 90_000), unit }
}
