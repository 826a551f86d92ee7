//! Licences: what a business has applied for, how far it came, and the certificate where one was issued.

use super::super::dice::Dice;
use super::projects::Project;
use chrono::{Days, NaiveDate};

/// A kind of licence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Permit {
    /// 12 digits, a ministry's code first.
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    /// Code of lampiran 27.
    pub(crate) kind: &'static str,
    /// Who issues it.
    pub(crate) issuer: &'static str,
    /// 00 national, 01 province, 02 regency.
    pub(crate) level: &'static str,
}

/// The ministry's own licence comes first: it is what KKPR pushes are about.
pub(crate) const PERMITS: [Permit; 6] = [
    Permit {
        code: "056000000001",
        title: "Persetujuan Kesesuaian Kegiatan Pemanfaatan Ruang",
        kind: "01",
        issuer: "Kementerian Agraria dan Tata Ruang/Badan Pertanahan Nasional",
        level: "00",
    },
    Permit {
        code: "029000000012",
        title: "Persetujuan Lingkungan",
        kind: "01",
        issuer: "Kementerian Lingkungan Hidup",
        level: "01",
    },
    Permit {
        code: "033000000021",
        title: "Sertifikat Standar Jasa Konstruksi",
        kind: "04",
        issuer: "Kementerian Pekerjaan Umum",
        level: "00",
    },
    Permit {
        code: "090000000034",
        title: "Izin Usaha Perdagangan",
        kind: "02",
        issuer: "Kementerian Perdagangan",
        level: "02",
    },
    Permit {
        code: "019000000007",
        title: "Izin Usaha Industri",
        kind: "02",
        issuer: "Kementerian Perindustrian",
        level: "02",
    },
    Permit {
        code: "063000000015",
        title: "Sertifikat Pemenuhan Komitmen Produksi Pangan Olahan",
        kind: "K03",
        issuer: "Badan Pengawas Obat dan Makanan",
        level: "00",
    },
];

/// Codes of lampiran 10 with how common they are.
const STATUSES: [(&str, &str, u32); 12] = [
    ("50", "Disetujui", 520),
    ("57", FICTITIOUS, 40),
    ("10", "Dokumen Lengkap", 60),
    ("11", "Dokumen Belum Lengkap", 50),
    ("12", "Pemenuhan Komitmen", 40),
    ("20", "Validasi", 80),
    ("30", "Verifikasi Pembayaran", 30),
    ("32", "Menunggu Verifikasi Bukti Bayar PNBP", 30),
    ("40", "Inspeksi", 40),
    ("45", "Persyaratan terverifikasi", 30),
    ("90", "Ditolak", 60),
    ("93", "Penolakan Persyaratan", 20),
];

/// Approval by silence.
const FICTITIOUS: &str = "Disetujui secara otomatis oleh sistem OSS (fiktif positif) berdasarkan Pasal 175 angka 6 \
                          Undang-Undang Nomor 11 Tahun 2020";

/// A paper a licence needs.
#[derive(Debug)]
pub(crate) struct Requirement {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) date: NaiveDate,
}

/// What an approved licence comes with.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

/// A licence applied for.
#[derive(Debug)]
pub(crate) struct Licence {
    pub(crate) id: String,
    /// Index of the project it is for.
    pub(crate) project: usize,
    pub(crate) permit: &'static Permit,
    /// Code and text of lampiran 10.
    pub(crate) status: (&'static str, &'static str),
    /// Number and day of the licence, once approved.
    pub(crate) granted: Option<(String, NaiveDate)>,
    pub(crate) certificate: Option<Certificate>,
    /// Whether it is about a building.
    pub(crate) building: bool,
    pub(crate) requirements: Vec<Requirement>,
}

/// The licences for `projects`, filed on a day: one a project, rarely two, at most three in all.
pub(super) fn licences(dice: &mut Dice, index: usize, filed: NaiveDate, projects: &[Project]) -> Vec<Licence> {
    let mut all = Vec::new();
    for (at, _) in projects.iter().enumerate() {
        let count = if dice.chance(150) { 2 } else { usize::from(!dice.chance(60)) };
        for _ in 0..count {
            if all.len() < 3 {
                let key = index * 10 + all.len();
                all.push(licence(dice, key, at, filed));
            }
        }
    }
    all
}

fn licence(dice: &mut Dice, key: usize, project: usize, filed: NaiveDate) -> Licence {
    let weights = STATUSES.map(|(_, _, weight)| weight);
    let (code, text, _) = STATUSES[dice.weighted(&weights)];
    let applied = filed + Days::new(dice.below(10));
    let permit = &PERMITS[dice.weighted(&[300, 150, 150, 200, 150, 50])];
    let approved = matches!(code, "50" | "57");
    let granted = approved.then(|| {
        let day = applied + Days::new(3 + dice.below(40));
        (format!("{}/{}/{}", permit.code, key + 101, day.format("%m/%Y")), day)
    });
    let certified = granted.as_ref().filter(|_| dice.chance(700));
    let certificate = certified.map(|(_, day)| Certificate {
        id: format!("SRT{key:08}"),
        number: format!("{}{key:06}", day.format("%d%m%y")),
        from: *day,
        to: *day + Days::new(5 * 365),
    });
    let requirements = (0..dice.below(4))
        .map(|nth| Requirement {
            id: format!("{}", 700_000 + key as u64 * 4 + nth),
            number: format!("DOK-{:05}/{}", dice.below(99_999), nth + 1),
            date: applied,
        })
        .collect();
    Licence {
        id: format!("I-{}{:09}", applied.format("%Y%m%d0915"), key),
        project,
        permit,
        status: (code, text),
        granted,
        certificate,
        building: permit.code.starts_with("033"),
        requirements,
    }
}
