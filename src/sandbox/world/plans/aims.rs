//! Aims of an agency for five years: vision, mission, goal, target.

use super::super::agencies::Agency;
use super::super::dice::Dice;

/// The vision of the government, shared by all agencies, with its `idVisi`.
const VISI: (u32, &str) = (20, "Menuju Kabupaten Pasuruan yang sejahtera, maju dan berkelanjutan");

/// The missions, with their `idMisi`.
const MISI: [(u32, &str); 4] = [
    (25, "Meningkatkan kualitas sumber daya manusia melalui pendidikan dan kesehatan"),
    (26, "Mewujudkan pembangunan ekonomi yang merata berbasis potensi daerah"),
    (27, "Meningkatkan pelayanan publik dan tata kelola pemerintahan yang baik"),
    (28, "Mewujudkan lingkungan hidup dan permukiman yang layak"),
];
const TUJUAN: [&str; 4] = [
    "Meningkatkan kesempatan kerja",
    "Menurunkan kemiskinan",
    "Meningkatkan akuntabilitas kinerja",
    "Meningkatkan derajat kesehatan dan pendidikan",
];
const SASARAN: [&str; 6] = [
    "Meningkatnya jangkauan dan kualitas pendidikan",
    "Menurunnya beban pengeluaran keluarga miskin",
    "Meningkatnya pendapatan keluarga miskin",
    "Meningkatnya kualitas pelayanan publik",
    "Menurunnya prevalensi stunting",
    "Meningkatnya kualitas permukiman",
];

/// A target with everything above it, each with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sasaran {
    pub(crate) visi: (u32, &'static str),
    pub(crate) misi: (u32, &'static str),
    pub(crate) tujuan: (u32, &'static str),
    pub(crate) sasaran: (u32, &'static str),
}

/// The targets of an agency, by mission and goal; none for a kelurahan, whose kecamatan has them.
pub(super) fn aims(seed: u64, agency: &Agency) -> Vec<Sasaran> {
    let mut all = Vec::new();
    if agency.kind == "kelurahan" {
        return all;
    }
    let mut dice = Dice::new(seed, &format!("renstra {}", agency.id));
    let skipped = dice.below(MISI.len() as u64) as usize;
    let (mut tujuan, mut sasaran) = (agency.id * 40, agency.id * 100);
    for (_, misi) in MISI.iter().enumerate().filter(|(index, _)| *index != skipped) {
        for _ in 0..dice.between(1, 2) {
            tujuan += 1;
            let goal = (tujuan, *dice.pick(&TUJUAN));
            for _ in 0..dice.between(1, 3) {
                sasaran += 1;
                all.push(Sasaran { visi: VISI, misi: *misi, tujuan: goal, sasaran: (sasaran, *dice.pick(&SASARAN)) });
            }
        }
    }
    all
}
