//! Families as the register of extreme poverty knows them.

use super::super::dice::Dice;
use super::NikForm;

/// One in so many families has its neighbour's number, or one that a spreadsheet spoiled.
const NEIGHBOUR_EVERY: usize = 1_400;
const EXPONENT_EVERY: usize = 3_000;

/// A family; its head is the person of the same index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// Its number in the register.
    pub(crate) id: u32,
    /// Welfare decile, 1 the poorest; mostly 1 to 4.
    pub(crate) decile: u8,
    /// What else there is to know, as bits to pick from.
    pub(crate) traits: u64,
    /// Members at risk of stunting.
    pub(crate) stunting: u8,
    /// How the head's number is written.
    pub(crate) nik_form: NikForm,
    /// Whether the number is that of the family before.
    pub(crate) neighbours_nik: bool,
}

/// So many families.
pub(super) fn families(seed: u64, count: usize) -> Vec<Family> {
    let mut dice = Dice::new(seed, "families");
    let mut id = 106_000_000 + dice.below(900_000) as u32;
    let mut family = |index: usize| {
        id += 1 + dice.below(90) as u32;
        let decile = 1 + dice.weighted(&[300, 270, 220, 160, 20, 12, 8, 5, 3, 2]) as u8;
        let stunting = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][dice.below(10) as usize];
        let masked = dice.chance(10);
        let neighbours_nik = index % NEIGHBOUR_EVERY == NEIGHBOUR_EVERY / 20;
        let exponent = index % EXPONENT_EVERY == EXPONENT_EVERY / 40;
        let nik_form = match (neighbours_nik, exponent, masked) {
            (true, ..) => NikForm::Whole,
            (_, true, _) => NikForm::Exponent,
            (_, _, true) => NikForm::Masked,
            _ => NikForm::Whole,
        };
        Family { id, decile, traits: dice.bits(), stunting, nik_form, neighbours_nik }
    };
    (0..count).map(&mut family).collect()
}
