//! Aid: who got what from which agency's programme.

use super::super::agencies::{self, AidKind};
use super::super::dice::Dice;
use super::super::growth::Growth;
use super::{Family, NikForm};

/// Aid that a person got.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aid {
    /// Index of the family; none where the person heads none in the register.
    pub(crate) family: Option<usize>,
    /// Index among the others, where there is no family.
    pub(crate) other: usize,
    /// What it was.
    pub(crate) kind: AidKind,
    /// How the codes of programme, activity and sub-activity are spelt: 0, 1 or 2, each.
    pub(crate) spelling: [u8; 3],
    /// How the recipient's number is written.
    pub(crate) nik_form: NikForm,
}

/// All aid there will ever be: a family gets some only once it is known. `growth` is that of families and of aid.
pub(super) fn aid(seed: u64, families: &[Family], others: usize, growth: (Growth, Growth)) -> Vec<Aid> {
    let mut dice = Dice::new(seed, "aid");
    let given = agencies::given_to_families();
    let (family_growth, aid_growth) = growth;
    let mut one = |index: usize| {
        let known = family_growth.known(aid_growth.day_of(index)) as u64;
        // The poorer are more likely: whoever is beyond the second decile is asked for again, twice.
        let mut family = dice.below(known) as usize;
        for _ in 0..2 {
            if families[family].decile > 2 {
                family = dice.below(known) as usize;
            }
        }
        let outside = dice.chance(40);
        let masked = dice.chance(10);
        let nik_form = match (index % 1_500 == 40, masked) {
            (true, _) => NikForm::Exponent,
            (_, true) => NikForm::Masked,
            _ => NikForm::Whole,
        };
        Aid {
            family: (!outside).then_some(family),
            other: dice.below(others as u64) as usize,
            kind: *dice.pick(&given),
            spelling: [0; 3].map(|_| dice.below(3) as u8),
            nik_form,
        }
    };
    (0..aid_growth.all()).map(&mut one).collect()
}
