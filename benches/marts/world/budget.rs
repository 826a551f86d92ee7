//! The ministry: budget, postings, fund availability, scores, revenue, procurement.

use std::fmt::Write;

use super::{Line, World};
use crate::cells::{Cells, Seen, Table, dice};
use Cells::{Date, Decimal, Integer, Text};

/// One row in so many has another amount each day.
const CHANGED: u64 = 100;

pub(super) fn tables(world: &World) -> Vec<Table> {
    let lines = world.lines.len() as u64;
    let satkers = world.satkers.len() as u64;
    vec![
        Table {
            source: "omspan",
            name: "dipa_belanja",
            rows: lines,
            cells: dipa(),
            daily: &["amount"],
            keep: Some(standing),
        },
        Table {
            source: "omspan",
            name: "realisasi_belanja",
            rows: world.postings,
            cells: postings(),
            daily: &["amount", "tanggal", "maxdate"],
            keep: None,
        },
        Table {
            source: "omspan",
            name: "ketersediaan_dana",
            rows: lines,
            cells: funds(),
            daily: &["actual_amt"],
            keep: Some(standing),
        },
        Table {
            source: "omspan",
            name: "capaian_ik_satker",
            rows: satkers * 9,
            cells: scores(Level::Satker),
            daily: &["ik_realisasi"],
            keep: None,
        },
        Table {
            source: "omspan",
            name: "capaian_ik_eselon1",
            rows: 72,
            cells: scores(Level::Unit),
            daily: &["ik_realisasi"],
            keep: None,
        },
        Table {
            source: "omspan",
            name: "capaian_ik_kl",
            rows: 9,
            cells: scores(Level::Ministry),
            daily: &["ik_realisasi"],
            keep: None,
        },
        Table { source: "omspan", name: "detail_pnbp", rows: 0, cells: payments(), daily: &[], keep: None },
        Table {
            source: "padi",
            name: "transaksi",
            rows: world.postings / 10,
            cells: orders(),
            daily: &["total_nilai_project"],
            keep: None,
        },
        Table {
            source: "padi",
            name: "umkm",
            rows: world.postings / 100,
            cells: vendors(),
            daily: &["total_revenue"],
            keep: None,
        },
    ]
}

/// One line in a thousand is not there yet on some days, and gone on others.
fn standing(seen: &Seen) -> bool {
    seen.row % 1_000 != u64::from(seen.age)
}

fn posted(seen: &Seen) -> &'static str {
    if seen.dice(40) % 500 == 0 { "1" } else { "2" }
}

fn line_of<'a>(seen: &Seen<'a>) -> &'a Line {
    let lines = &seen.world.lines;
    &lines[(seen.dice(20) % lines.len() as u64) as usize]
}

fn own_line<'a>(seen: &Seen<'a>) -> &'a Line {
    &seen.world.lines[seen.row as usize]
}

fn put(text: &mut String, value: &str) -> bool {
    text.push_str(value);
    true
}

/// Another amount on one row in a hundred each day.
fn daily(seen: &Seen, amount: i128) -> i128 {
    let changed = dice(seen.row, 1_000 + u64::from(seen.age)) % CHANGED == 0;
    amount + if changed { 123_400 } else { 0 }
}

/// The codes that DIPA and postings share, by the line that `$of` finds.
macro_rules! codes {
    ($of:ident) => {
        vec![
            ("kdsatker", Text(|s, t| put(t, &s.world.satkers[$of(s).satker]))),
            ("kppn", Text(|s, t| put(t, &$of(s).kppn))),
            ("ba", Text(|_, t| put(t, "056"))),
            ("baes1", Text(|s, t| put(t, &$of(s).baes1))),
            ("akun", Text(|s, t| put(t, &$of(s).akun))),
            ("program", Text(|s, t| put(t, &$of(s).program))),
            ("kegiatan", Text(|s, t| put(t, &$of(s).kegiatan))),
            ("output", Text(|s, t| put(t, &$of(s).output))),
            ("kewenangan", Text(|s, t| put(t, if $of(s).satker % 9 == 0 { "1" } else { "2" }))),
            ("sumber_dana", Text(|s, t| put(t, $of(s).sumber_dana))),
            ("lokasi", Text(|s, t| put(t, &$of(s).lokasi))),
            ("budget_type", Text(|s, t| put(t, posted(s)))),
        ]
    };
}

fn dipa() -> Vec<(&'static str, Cells)> {
    let mut cells = codes!(own_line);
    cells.push(("amount", Decimal(|s| Some(daily(s, own_line(s).pagu * 100)))));
    cells
}

fn postings() -> Vec<(&'static str, Cells)> {
    fn booked(s: &Seen) -> i32 {
        let year_begins = s.world.today - 302;
        // One posting in a thousand is younger than the data date.
        let day = year_begins + (s.row * 302 / s.world.postings) as i32;
        if s.dice(21) % 1_000 == 0 { s.world.today + 2 } else { day.min(s.world.today - 1 - s.age as i32) }
    }
    let mut cells = codes!(line_of);
    cells.extend([
        ("rownum", Integer(|s| Some(s.row as i64 + 1))),
        ("cara_tarik", Text(|_, t| put(t, "0"))),
        ("kdregister", Text(|_, t| put(t, "00000001"))),
        ("tanggal", Date(|s| Some(booked(s)))),
        ("maxdate", Date(|s| Some(s.world.today - s.age as i32))),
        (
            "amount",
            Decimal(|s| {
                let share = i128::from(s.dice(22) % 1_000) + 1;
                let amount = line_of(s).pagu * share / 20_000 * 100 + i128::from(s.dice(23) % 3 * 25);
                Some(daily(s, if s.dice(24) % 50 == 0 { -amount } else { amount }))
            }),
        ),
    ]);
    cells
}

fn funds() -> Vec<(&'static str, Cells)> {
    vec![
        ("satker", Text(|s, t| put(t, &s.world.satkers[own_line(s).satker]))),
        ("kppn", Text(|s, t| put(t, &own_line(s).kppn))),
        ("akun", Text(|s, t| put(t, &own_line(s).akun))),
        ("program", Text(|s, t| put(t, &own_line(s).program))),
        ("output", Text(|s, t| put(t, &own_line(s).kegiatan) && put(t, &own_line(s).output))),
        ("dana", Text(|s, t| put(t, own_line(s).sumber_dana) && put(t, "000000001"))),
        ("kewenangan", Text(|_, t| put(t, "2"))),
        ("lokasi", Text(|s, t| put(t, &own_line(s).lokasi))),
        ("budget_type", Text(|s, t| put(t, posted(s)))),
        ("dipa", Decimal(|s| Some(own_line(s).pagu * 100))),
        ("kontrak", Decimal(|s| Some(if s.dice(30) % 8 == 0 { own_line(s).pagu * 10 } else { 0 }))),
        ("blokir", Decimal(|s| Some(if s.dice(31) % 12 == 0 { own_line(s).pagu * 5 } else { 0 }))),
        ("actual_amt", Decimal(|s| Some(daily(s, own_line(s).pagu * 60)))),
        ("balancing_amt", Decimal(|s| Some(own_line(s).pagu * 40))),
    ]
}

enum Level {
    Satker,
    Unit,
    Ministry,
}

/// Score and weight of the indicators; satkers have months beside each other.
fn scores(level: Level) -> Vec<(&'static str, Cells)> {
    fn score(s: &Seen, salt: u64) -> Option<i128> {
        (s.dice(salt) % 40 != 0).then(|| i128::from(6_000 + s.dice(salt + 50) % 4_001))
    }
    fn month(s: &Seen, t: &mut String) -> bool {
        write!(t, "{:02}", s.row % 9 + 1).is_ok()
    }
    let (code, name): (Cells, Cells) = match level {
        Level::Satker => (
            Text(|s, t| put(t, &s.world.satkers[(s.row / 9) as usize])),
            Text(|s, t| write!(t, "KANTOR PERTANAHAN {}", s.row / 9).is_ok()),
        ),
        Level::Unit => (
            Text(|s, t| write!(t, "0560{}", s.row / 9 + 1).is_ok()),
            Text(|s, t| write!(t, "DIREKTORAT JENDERAL {}", s.row / 9 + 1).is_ok()),
        ),
        Level::Ministry => (Text(|_, t| put(t, "056")), Text(|_, t| put(t, "KEMENTERIAN ATR/BPN"))),
    };
    let (code_name, name_name) =
        if matches!(level, Level::Satker) { ("kdsatker", "nmsatker") } else { ("ba", "nmba") };
    let mut cells = vec![
        (code_name, code),
        (name_name, name),
        ("periode", Text(month)),
        ("ik_data_kontrak", Decimal(|s| score(s, 60))),
        ("ik_hal3_dipa", Decimal(|s| score(s, 61))),
        ("ik_revisi_dipa", Decimal(|s| score(s, 62))),
        ("ik_kemajuan_tagihan", Decimal(|s| score(s, 63))),
        ("ik_up", Decimal(|s| score(s, 64))),
        ("ik_realisasi", Decimal(|s| Some(daily(s, 700_000 + (s.dice(65) % 100_000) as i128) / 100))),
        ("ik_capaian_output", Decimal(|s| score(s, 66))),
        ("bbt_ind_kontrak", Decimal(|_| Some(1_000))),
        ("bbt_ind_hal3_dipa", Decimal(|_| Some(1_500))),
        ("bbt_ind_rev_dipa", Decimal(|_| Some(1_000))),
        ("bbt_ind_kmj_tagihan", Decimal(|_| Some(1_000))),
        ("bbt_ind_up", Decimal(|s| Some(if s.dice(67) % 5 == 0 { 0 } else { 1_000 }))),
        ("bbt_ind_realisasi", Decimal(|_| Some(2_000))),
        ("bbt_ind_cap_output", Decimal(|_| Some(2_500))),
    ];
    if matches!(level, Level::Satker) {
        cells.push(("kdkppn", Text(|s, t| write!(t, "{:03}", dice(s.row / 9, 7) % 180 + 1).is_ok())));
    }
    cells
}

/// One payment in twenty is one of the day before, sent again.
fn payments() -> Vec<(&'static str, Cells)> {
    fn payment(s: &Seen) -> u64 {
        let a_day = s.world.payments_a_day();
        if s.dice(70) % 20 == 0 && s.row >= a_day { s.row - a_day } else { s.row }
    }
    fn inserted(s: &Seen, row: u64) -> i32 {
        super::day_number(s.world.payment_days[(row / s.world.payments_a_day()) as usize].1)
    }
    vec![
        (
            "kdsatker",
            Text(|s, t| put(t, &s.world.satkers[(dice(payment(s), 71) % s.world.satkers.len() as u64) as usize])),
        ),
        ("kdbilling", Text(|s, t| write!(t, "8{:014}", payment(s) / 2).is_ok())),
        ("ntb", Text(|s, t| write!(t, "{:012}", payment(s)).is_ok())),
        ("ntpn", Text(|s, t| write!(t, "{:016X}", dice(payment(s), 72)).is_ok())),
        (
            "akun",
            Text(|s, t| {
                if dice(payment(s), 73) % 30 == 0 {
                    put(t, "425912")
                } else {
                    write!(t, "4253{:02}", 41 + dice(payment(s), 74) % 9).is_ok()
                }
            }),
        ),
        ("rupiah", Decimal(|s| Some(i128::from(dice(payment(s), 75) % 5_000 + 50) * 100_000))),
        ("tgl_bayar", Date(|s| Some(inserted(s, payment(s)) - 2))),
        ("tgl_buku", Date(|s| (dice(payment(s), 76) % 80 != 0).then(|| inserted(s, payment(s)) - 1))),
        ("mata_uang", Text(|s, t| put(t, if dice(payment(s), 77) % 300 == 0 { "USD" } else { "IDR" }))),
        ("bank", Text(|s, t| write!(t, "BANK {}", s.dice(78) % 9).is_ok())),
        ("tanggal_insert", Text(|s, t| write!(t, "{} {:02}:10", inserted(s, s.row), s.dice(79) % 24).is_ok())),
        ("tanggal_insert_date", Date(|s| Some(inserted(s, s.row)))),
        ("posisi_transaksi", Text(|_, t| put(t, "GL"))),
    ]
}

fn orders() -> Vec<(&'static str, Cells)> {
    fn placed(s: &Seen) -> i32 {
        s.world.today - 660 + (s.dice(80) % 650) as i32
    }
    vec![
        ("tanggal_transaksi", Date(|s| Some(placed(s)))),
        ("transaksi_id", Text(|s, t| write!(t, "PO-{:08}", s.row).is_ok())),
        ("bumn_id", Text(|_, t| put(t, "ATRBPN"))),
        ("nama_project", Text(|s, t| write!(t, "Pengadaan {}", s.dice(81) % 5_000).is_ok())),
        ("kategori_project", Text(|s, t| write!(t, "{}", s.dice(82) % 27 + 1).is_ok())),
        ("total_nilai_project", Decimal(|s| Some(daily(s, i128::from(s.dice(83) % 90_000 + 100) * 100_000)))),
        ("tipe_nilai_project", Text(|s, t| put(t, if s.dice(84) % 4 == 0 { "CAPEX" } else { "OPEX" }))),
        ("kategori_umkm", Text(|s, t| write!(t, "{}", s.dice(85) % 4 + 1).is_ok())),
        ("uid_umkm", Text(|s, t| write!(t, "U{:07}", s.dice(86) % (s.world.postings / 90)).is_ok())),
        ("nama_umkm", Text(|s, t| write!(t, "{:016x}", dice(s.dice(86) % (s.world.postings / 90), 87)).is_ok())),
        ("target_penyelesaian", Integer(|_| Some(30))),
        ("tanggal_order_placement", Date(|s| (s.dice(88) % 60 != 0).then(|| placed(s)))),
        ("tanggal_confirmation", Date(|s| Some(placed(s) + 1))),
        ("tanggal_delivery", Date(|s| Some(placed(s) + (s.dice(89) % 30) as i32))),
        ("tanggal_invoice", Date(|s| Some(placed(s) + (s.dice(90) % 45) as i32))),
        ("total_cycle_time", Integer(|s| (s.dice(91) % 3 != 0).then(|| (s.dice(90) % 45) as i64))),
        ("rating", Text(|s, t| write!(t, "{}", s.dice(92) % 5 + 1).is_ok())),
        ("id_satker", Text(|s, t| write!(t, "S{:04}", s.dice(93) % (s.world.satkers.len() as u64 + 20)).is_ok())),
        ("is_pdn", Integer(|s| Some(i64::from(s.dice(94) % 5 != 0)))),
        ("tkdn", Decimal(|s| Some(i128::from(s.dice(95) % 10_000)))),
        ("is_certificate", Integer(|s| Some(i64::from(s.dice(96) % 2 == 0)))),
        (
            "certificate_tkdn",
            Text(|s, t| s.dice(96) % 2 == 0 && write!(t, "{}/SJ-IND.8/TKDN", s.dice(97) % 3_000).is_ok()),
        ),
    ]
}

fn vendors() -> Vec<(&'static str, Cells)> {
    vec![
        ("uid", Text(|s, t| write!(t, "U{:07}", s.row).is_ok())),
        ("nama_umkm", Text(|s, t| write!(t, "{:016x}", dice(s.row, 87)).is_ok())),
        ("kota", Text(|s, t| write!(t, "Kota {}", s.dice(98) % 300).is_ok())),
        ("kategori_usaha", Text(|s, t| write!(t, "{}", s.dice(99) % 4 + 1).is_ok())),
        ("total_revenue", Decimal(|s| Some(daily(s, i128::from(s.dice(100) % 1_000_000) * 100_000)))),
    ]
}
