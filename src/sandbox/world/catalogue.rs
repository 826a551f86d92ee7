//! What money is for: activities with their accounts, and the funds it comes from. Accounts are real BAS codes;
//! activity and output codes follow the form in use since 2021.

use super::offices::Role;

/// Kind of expenditure, by the first two digits of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// 51, staff.
    Pegawai,
    /// 52, goods and services.
    Barang,
    /// 53, capital.
    Modal,
    /// 57, social assistance.
    Bansos,
}

impl Kind {
    /// The kind of an account.
    pub(crate) fn of(akun: &str) -> Self {
        match akun.as_bytes().get(1) {
            Some(b'1') => Self::Pegawai,
            Some(b'3') => Self::Modal,
            Some(b'7') => Self::Bansos,
            _ => Self::Barang,
        }
    }
}

/// Where money comes from: the ten characters of DataFA's DANA in their three parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fund {
    /// SUMBER_DANA.
    pub(crate) source: &'static str,
    /// CARA_TARIK.
    pub(crate) withdrawal: &'static str,
    /// KDREGISTER.
    pub(crate) register: &'static str,
}

const RM: Fund = Fund { source: "A", withdrawal: "0", register: "00000001" };
const PNBP: Fund = Fund { source: "D", withdrawal: "0", register: "00000001" };
const LOAN: Fund = Fund { source: "B", withdrawal: "1", register: "10887501" };
const SECOND_LOAN: Fund = Fund { source: "B", withdrawal: "1", register: "10887502" };

/// An activity and output, with what a plain land office spends on it.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Last two characters of PROGRAM.
    pub(crate) program: &'static str,
    /// KEGIATAN.
    pub(crate) kegiatan: &'static str,
    /// OUTPUT (KRO).
    pub(crate) output: &'static str,
    /// Who has it.
    pub(crate) roles: &'static [Role],
    /// Only in this eselon 1 unit.
    pub(crate) unit: Option<&'static str>,
    /// Where its money comes from; one line a fund.
    pub(crate) funds: &'static [Fund],
    /// Account, and budget a year in millions of rupiah.
    pub(crate) accounts: &'static [(&'static str, i64)],
}

const EVERYONE: &[Role] = &[Role::Pusat, Role::Kanwil, Role::Kantah];

const SALARIES: &[(&str, i64)] = &[
    ("511111", 3200),
    ("511119", 1),
    ("511121", 260),
    ("511122", 90),
    ("511123", 150),
    ("511124", 210),
    ("511125", 40),
    ("511126", 160),
    ("511129", 620),
    ("511151", 140),
    ("512211", 80),
];
const OPERATIONS: &[(&str, i64)] = &[
    ("521111", 480),
    ("521115", 120),
    ("521119", 90),
    ("521811", 110),
    ("522111", 260),
    ("522112", 40),
    ("522113", 20),
    ("522121", 30),
    ("522141", 150),
    ("523111", 240),
    ("523121", 260),
];

/// All activities.
pub(crate) const ACTIVITIES: [Activity; 9] = [
    Activity {
        program: "WA",
        kegiatan: "6381",
        output: "EBA",
        roles: EVERYONE,
        unit: None,
        funds: &[RM],
        accounts: SALARIES,
    },
    Activity {
        program: "WA",
        kegiatan: "6381",
        output: "EBC",
        roles: EVERYONE,
        unit: None,
        funds: &[RM],
        accounts: OPERATIONS,
    },
    Activity {
        program: "WA",
        kegiatan: "6382",
        output: "EBB",
        roles: EVERYONE,
        unit: None,
        funds: &[RM],
        accounts: &[("532111", 450), ("533111", 900)],
    },
    Activity {
        program: "WA",
        kegiatan: "6382",
        output: "EBD",
        roles: EVERYONE,
        unit: None,
        funds: &[RM],
        accounts: &[("521211", 60), ("521213", 40), ("524111", 120), ("524113", 30)],
    },
    Activity {
        program: "CP",
        kegiatan: "6385",
        output: "QAA",
        roles: &[Role::Kanwil, Role::Kantah],
        unit: None,
        funds: &[RM],
        accounts: &[
            ("521211", 400),
            ("521213", 350),
            ("521219", 900),
            ("522191", 1400),
            ("524111", 260),
            ("524113", 520),
        ],
    },
    Activity {
        program: "CP",
        kegiatan: "6386",
        output: "BAB",
        roles: &[Role::Kanwil, Role::Kantah],
        unit: None,
        funds: &[PNBP],
        accounts: &[("521211", 300), ("521219", 200), ("522151", 50), ("524113", 400)],
    },
    Activity {
        program: "CP",
        kegiatan: "6387",
        output: "RAB",
        roles: &[Role::Pusat],
        unit: Some("05604"),
        funds: &[LOAN, SECOND_LOAN],
        accounts: &[("522131", 2400), ("532111", 3100)],
    },
    Activity {
        program: "CP",
        kegiatan: "6388",
        output: "QEA",
        roles: EVERYONE,
        unit: None,
        funds: &[RM],
        accounts: &[("521213", 80), ("573111", 320)],
    },
    Activity {
        program: "CO",
        kegiatan: "6391",
        output: "PBG",
        roles: &[Role::Pusat, Role::Kanwil],
        unit: None,
        funds: &[RM],
        accounts: &[("522131", 520), ("524119", 310), ("531111", 380), ("536111", 140)],
    },
];
