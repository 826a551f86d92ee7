//! The kabupaten's plans and the businesses of OSS.

use std::fmt::Write;

use super::World;
use crate::cells::{Cells, Seen, Table, dice};
use Cells::{Date, Decimal, Integer, Text};

pub(super) fn tables(world: &World) -> Vec<Table> {
    let (nib, items) = (world.postings / 10, (world.postings / 50).max(60));
    let table = |source, name, rows, cells, daily| Table { source, name, rows, cells, daily, keep: None };
    vec![
        table("simda", "instansi", 60, agencies(), &[] as &[&str]),
        table("simda", "rka", items, plan(true), &["jumlah"]),
        table("simda", "rka_indikator_kegiatan", items / 10, plan(false), &[]),
        table("oss", "nib", nib, businesses(), &["flag_umk"]),
        table("oss", "nib_proyek", nib * 3 / 2, projects(), &["jumlah_investasi"]),
        table("oss", "nib_proyek_lokasi", nib * 3 / 2, places(), &["status_lokasi"]),
        table("oss", "nib_izin", nib * 2, permits(), &["status_checklist"]),
        table("oss", "status_izin", nib * 2, statuses(), &["kd_status"]),
    ]
}

fn put(text: &mut String, value: &str) -> bool {
    text.push_str(value);
    true
}

fn agencies() -> Vec<(&'static str, Cells)> {
    vec![
        ("id_kantor", Text(|s, t| write!(t, "{}", s.row % 4 + 1).is_ok())),
        ("id_instansi", Text(|s, t| write!(t, "{}", s.row).is_ok())),
        ("jenis", Text(|_, t| put(t, "skpd"))),
        ("nama_instansi", Text(|s, t| write!(t, "Dinas {:02}", s.row).is_ok())),
    ]
}

/// Activity of a sub-item; every tenth indicator is of an activity without items.
fn activity(s: &Seen) -> u64 {
    s.row / 12
}

fn programme(s: &Seen) -> u64 {
    activity(s) / 5
}

fn agency(s: &Seen) -> u64 {
    programme(s) / 3 % 61
}

fn plan(items: bool) -> Vec<(&'static str, Cells)> {
    let mut cells: Vec<(&'static str, Cells)> = vec![
        ("id_kantor", Text(|s, t| write!(t, "{}", agency(s) % 4 + 1).is_ok())),
        ("id_instansi", Text(|s, t| write!(t, "{}", agency(s)).is_ok())),
        ("id_jenis_urusan", Text(|_, t| put(t, "1"))),
        ("nama_jenis_urusan", Text(|_, t| put(t, "Wajib"))),
        ("id_urusan", Text(|s, t| write!(t, "{}", agency(s) % 20).is_ok())),
        ("nama_urusan", Text(|s, t| write!(t, "Urusan {}", agency(s) % 20).is_ok())),
        ("id_program", Text(|s, t| write!(t, "{}", programme(s)).is_ok())),
        ("nama_program", Text(|s, t| write!(t, "1.02 Program Layanan {}", programme(s) % 90).is_ok())),
        ("id_kegiatan", Text(|s, t| write!(t, "{}", activity(s)).is_ok())),
        ("id_rka", Text(|s, t| write!(t, "R{}", activity(s)).is_ok())),
        ("nama_kegiatan", Text(|s, t| write!(t, "Kegiatan Layanan {}", activity(s) % 300).is_ok())),
        ("sumber_dana", Text(|_, t| put(t, "DAU"))),
        ("pagu", Decimal(|s| Some(i128::from(dice(activity(s), 300) % 900 + 100) * 100_000_000))),
    ];
    if items {
        cells.extend([
            ("rek_akun", Text(|_, t| put(t, "5"))),
            ("nama_rek_akun", Text(|_, t| put(t, "Belanja"))),
            ("rek_kelompok", Text(|s, t| write!(t, "{}", s.dice(301) % 2 + 1).is_ok())),
            ("nama_rek_kelompok", Text(|s, t| write!(t, "Belanja kelompok {}", s.dice(301) % 2 + 1).is_ok())),
            ("rek_belanja", Text(|s, t| write!(t, "{}", s.dice(302) % 3 + 1).is_ok())),
            ("nama_rek_belanja", Text(|s, t| write!(t, "Belanja jenis {}", s.dice(302) % 3 + 1).is_ok())),
            ("rek_bagian", Text(|s, t| write!(t, "{}", s.dice(303) % 9 + 1).is_ok())),
            ("nama_rek_bagian", Text(|s, t| write!(t, "Belanja bagian {}", s.dice(303) % 9 + 1).is_ok())),
            ("rek_sub_bagian", Text(|s, t| write!(t, "{}", s.dice(304) % 12 + 1).is_ok())),
            ("nama_sub_bagian", Text(|s, t| write!(t, "Belanja {}", s.dice(304) % 12 + 1).is_ok())),
            ("id_rincian", Text(|s, t| write!(t, "{}", s.row / 3).is_ok())),
            ("id_sub_rincian", Text(|s, t| write!(t, "{}", s.row).is_ok())),
            ("nama_sub_rincian", Text(|s, t| write!(t, "Barang {}", s.dice(305) % 2_000).is_ok())),
            ("volume1", Decimal(|s| Some(i128::from(s.dice(306) % 50 + 1) * 10_000))),
            ("nilai", Decimal(|s| Some(i128::from(s.dice(307) % 1_000 + 1) * 100_000))),
            (
                "jumlah",
                Decimal(|s| {
                    let wrong = dice(s.row, 5_000 + u64::from(s.age)) % 200 == 0;
                    let right = i128::from(s.dice(306) % 50 + 1) * i128::from(s.dice(307) % 1_000 + 1) * 100_000;
                    Some(right + if wrong { 50_000 } else { 0 })
                }),
            ),
        ]);
    }
    cells
}

fn nib(n: u64, text: &mut String) -> bool {
    write!(text, "{:013}", 120_000_000 + n * 13).is_ok()
}

fn place(n: u64, s: &Seen, text: &mut String) -> bool {
    let code = &s.world.regions[(dice(n, 310) % s.world.regions.len() as u64) as usize];
    match dice(n, 311) % 20 {
        0 => write!(text, "{}00000000", &code[..2]).is_ok(),
        _ => write!(text, "{code}{:06}", 102_001 + dice(n, 312) % 40).is_ok(),
    }
}

const SCALES: [&str; 6] = ["01", "1", "02", "Usaha Kecil", "03", "04"];

fn businesses() -> Vec<(&'static str, Cells)> {
    vec![
        ("nib", Text(|s, t| nib(s.row, t))),
        ("tgl_terbit_nib", Date(|s| Some(s.world.today - (s.dice(313) % 1_500) as i32))),
        ("oss_id", Text(|s, t| write!(t, "I-{:018}", s.row).is_ok())),
        ("jenis_pelaku_usaha", Text(|s, t| put(t, ["01", "02", "02", "02"][(s.dice(314) % 4) as usize]))),
        ("skala_usaha", Text(|s, t| put(t, SCALES[(s.dice(315) % 12).min(5) as usize]))),
        ("status_penanaman_modal", Text(|s, t| put(t, if s.dice(316) % 30 == 0 { "01" } else { "02" }))),
        ("perseroan_daerah_id", Text(|s, t| s.dice(317) % 100 != 0 && place(s.row, s, t))),
        ("flag_umk", Text(|s, t| put(t, if dice(s.row, 6_000 + u64::from(s.age)) % 100 == 0 { "N" } else { "Y" }))),
        (
            "npwp_perseroan",
            Text(|s, t| {
                write!(t, "{:016x}{:016x}{:016x}{:016x}", s.dice(318), s.dice(319), s.dice(320), s.dice(321)).is_ok()
            }),
        ),
    ]
}

fn owner(project: u64) -> u64 {
    project * 2 / 3
}

fn projects() -> Vec<(&'static str, Cells)> {
    vec![
        ("nib", Text(|s, t| nib(owner(s.row), t))),
        ("id_proyek", Text(|s, t| write!(t, "R-{:016}", s.row).is_ok())),
        ("uraian_usaha", Text(|s, t| write!(t, "Usaha {}", s.dice(330) % 3_000).is_ok())),
        ("jumlah_tki_l", Integer(|s| Some((s.dice(331) % 12) as i64))),
        ("jumlah_tki_p", Integer(|s| Some((s.dice(332) % 8) as i64))),
        ("jumlah_tka_l", Integer(|s| (s.dice(333) % 50 == 0).then_some(1))),
        ("kbli", Text(|s, t| write!(t, "{:05}", 10_000 + s.dice(334) % 1_520 * 37).is_ok())),
        ("sektor", Text(|s, t| write!(t, "{:03}", s.dice(334) % 20).is_ok())),
        (
            "jumlah_investasi",
            Decimal(|s| {
                let changed = dice(s.row, 7_000 + u64::from(s.age)) % 100 == 0;
                Some(i128::from(s.dice(335) % 1_000_000 + u64::from(changed)) * 10_000)
            }),
        ),
        ("skala_usaha", Text(|s, t| s.dice(336) % 3 != 0 && put(t, SCALES[(s.dice(337) % 12).min(5) as usize]))),
        ("skala_resiko", Text(|s, t| put(t, ["R", "MR", "MT", "T"][(s.dice(338) % 4) as usize]))),
    ]
}

fn places() -> Vec<(&'static str, Cells)> {
    vec![
        ("nib", Text(|s, t| nib(owner(s.row), t))),
        ("id_proyek", Text(|s, t| write!(t, "R-{:016}", s.row).is_ok())),
        ("id_proyek_lokasi", Text(|s, t| write!(t, "L-{:016}", s.row).is_ok())),
        ("proyek_daerah_id", Text(|s, t| s.dice(340) % 50 != 0 && place(s.row + 7, s, t))),
        (
            "status_lokasi",
            Text(|s, t| put(t, if dice(s.row, 8_000 + u64::from(s.age)) % 100 == 0 { "02" } else { "01" })),
        ),
    ]
}

/// A permit is of a project; one in eleven is listed for two products.
fn permit(s: &Seen) -> u64 {
    if s.row % 11 == 10 { s.row - 1 } else { s.row }
}

fn permits() -> Vec<(&'static str, Cells)> {
    vec![
        ("nib", Text(|s, t| nib(owner(permit(s) * 3 / 4), t))),
        ("id_produk", Text(|s, t| write!(t, "{}", s.row % 11).is_ok())),
        ("id_proyek", Text(|s, t| write!(t, "R-{:016}", permit(s) * 3 / 4).is_ok())),
        ("id_izin", Text(|s, t| write!(t, "I-{:018}", permit(s)).is_ok())),
        ("jenis_izin", Text(|s, t| put(t, ["01", "02", "04"][(s.dice(341) % 3) as usize]))),
        ("kd_izin", Text(|s, t| write!(t, "{:012}", s.dice(342) % 400).is_ok())),
        ("kd_daerah", Text(|s, t| s.dice(343) % 10 != 0 && place(permit(s) + 3, s, t))),
        ("nama_izin", Text(|s, t| write!(t, "Izin {}", s.dice(342) % 400).is_ok())),
        (
            "status_checklist",
            Text(|s, t| put(t, if dice(s.row, 9_000 + u64::from(s.age)) % 100 == 0 { "02" } else { "01" })),
        ),
    ]
}

fn statuses() -> Vec<(&'static str, Cells)> {
    vec![
        ("nib", Text(|s, t| nib(owner(permit(s) * 3 / 4), t))),
        ("id_izin", Text(|s, t| write!(t, "I-{:018}", permit(s)).is_ok())),
        (
            "kd_status",
            Text(|s, t| {
                let moved = dice(s.row, 10_000 + u64::from(s.age)) % 100;
                s.dice(344) % 15 != 0
                    && put(
                        t,
                        ["50", "57", "20", "10", "90", "50"][((s.dice(345) + u64::from(moved == 0)) % 6) as usize],
                    )
            }),
        ),
    ]
}
