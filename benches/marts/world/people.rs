//! The kabupaten's families and the aid they get. A NIK is what the warehouse holds: a hash.

use std::fmt::Write;

use super::World;
use crate::cells::{Cells, Seen, Table, dice};
use Cells::{Boolean, Integer, Text};

pub(super) fn tables(world: &World) -> Vec<Table> {
    vec![
        Table {
            source: "sipp",
            name: "p3ke",
            rows: families(world),
            cells: p3ke(),
            daily: &["desil_kesejahteraan"],
            keep: None,
        },
        Table {
            source: "sipp",
            name: "bantuan",
            rows: world.postings * 3 / 10,
            cells: aid(),
            daily: &["strategi"],
            keep: None,
        },
    ]
}

fn families(world: &World) -> u64 {
    world.postings / 4
}

/// The hash of person `n`.
fn nik(n: u64, text: &mut String) -> bool {
    write!(text, "{:016x}{:016x}{:016x}{:016x}", dice(n, 200), dice(n, 201), dice(n, 202), dice(n, 203)).is_ok()
}

fn village(n: u64, world: &World) -> usize {
    // Villages are not of one size.
    let (a, b) = (dice(n, 204) % world.villages.len() as u64, dice(n, 205) % world.villages.len() as u64);
    a.min(b) as usize
}

fn put(text: &mut String, value: &str) -> bool {
    text.push_str(value);
    true
}

fn p3ke() -> Vec<(&'static str, Cells)> {
    fn whole(s: &Seen) -> bool {
        s.dice(206) % 25 != 0
    }
    vec![
        ("id_keluarga_p3ke", Text(|s, t| write!(t, "3514{:012}", s.row).is_ok())),
        ("provinsi", Text(|_, t| put(t, "JAWA TIMUR"))),
        (
            "kabupaten_kota",
            Text(|s, t| write!(t, "KABUPATEN {}", &s.world.villages[village(s.row, s.world)][..4]).is_ok()),
        ),
        (
            "kecamatan",
            Text(|s, t| write!(t, "KECAMATAN {}", &s.world.villages[village(s.row, s.world)][..6]).is_ok()),
        ),
        ("desa_kelurahan", Text(|s, t| write!(t, "DESA {}", s.world.villages[village(s.row, s.world)]).is_ok())),
        ("kode_kemdagri", Text(|s, t| s.dice(207) % 400 != 0 && put(t, &s.world.villages[village(s.row, s.world)]))),
        (
            "desil_kesejahteraan",
            Integer(|s| {
                let moved = dice(s.row, 3_000 + u64::from(s.age)) % 100 == 0;
                Some((s.dice(208) % 4 + 1) as i64 + i64::from(moved))
            }),
        ),
        ("nik", Text(|s, t| whole(s) && nik(s.row, t))),
        ("nik_keadaan", Text(|s, t| put(t, if whole(s) { "utuh" } else { "tersamar" }))),
        ("padan_dukcapil", Boolean(|s| Some(s.dice(209) % 10 != 0))),
        ("jenis_kelamin", Text(|s, t| put(t, ["LAKI-LAKI", "PEREMPUAN"][(s.dice(210) % 2) as usize]))),
        ("tanggal_lahir", Integer(|s| Some(1_940 + (s.dice(211) % 60) as i64))),
        ("pekerjaan", Text(|s, t| write!(t, "PEKERJAAN {}", s.dice(212) % 20).is_ok())),
        ("pendidikan", Text(|s, t| write!(t, "PENDIDIKAN {}", s.dice(213) % 8).is_ok())),
        ("kepemilikan_rumah", Text(|s, t| put(t, ["MILIK SENDIRI", "SEWA", "LAINNYA"][(s.dice(214) % 3) as usize]))),
        ("jenis_atap", Text(|s, t| put(t, ["GENTENG", "SENG", "ASBES"][(s.dice(215) % 3) as usize]))),
        ("jenis_dinding", Text(|s, t| put(t, ["TEMBOK", "KAYU", "BAMBU"][(s.dice(216) % 3) as usize]))),
        ("jenis_lantai", Text(|s, t| put(t, ["KERAMIK", "SEMEN", "TANAH"][(s.dice(217) % 3) as usize]))),
        ("sumber_air_minum", Text(|s, t| put(t, ["SUMUR", "PAM", "MATA AIR"][(s.dice(218) % 3) as usize]))),
        ("penerima_bpnt", Boolean(|s| Some(s.dice(219) % 3 == 0))),
        ("penerima_pkh", Boolean(|s| Some(s.dice(220) % 4 == 0))),
        ("resiko_stunting", Integer(|s| Some((s.dice(221) % 3) as i64))),
    ]
}

/// Who gets aid: mostly heads of families, some of them twice and more, some on no list.
fn recipient(s: &Seen) -> u64 {
    let families = families(s.world);
    s.dice(230) % (families * 5 / 4)
}

/// A programme with its activity and sub-activity: 240 of them.
fn kind(s: &Seen) -> u64 {
    (s.dice(231) % 240).min(s.dice(232) % 260)
}

fn aid() -> Vec<(&'static str, Cells)> {
    fn whole(s: &Seen) -> bool {
        s.dice(233) % 30 != 0
    }
    vec![
        (
            "kecamatan",
            Text(|s, t| write!(t, "KECAMATAN {}", &s.world.villages[village(recipient(s), s.world)][..6]).is_ok()),
        ),
        (
            "desa_kelurahan",
            Text(|s, t| write!(t, "DESA {}", s.world.villages[village(recipient(s), s.world)]).is_ok()),
        ),
        (
            "kode_kemdagri",
            Text(|s, t| s.dice(234) % 500 != 0 && put(t, &s.world.villages[village(recipient(s), s.world)])),
        ),
        ("nik", Text(|s, t| whole(s) && nik(recipient(s), t))),
        ("nik_keadaan", Text(|s, t| put(t, if whole(s) { "utuh" } else { "tersamar" }))),
        ("nama_opd", Text(|s, t| write!(t, "DINAS {:02}", kind(s) % 20).is_ok())),
        (
            "strategi",
            Text(|s, t| {
                write!(
                    t,
                    "STRATEGI {}",
                    (s.dice(235) + u64::from(dice(s.row, 4_000 + u64::from(s.age)) % 100 == 0)) % 3
                )
                .is_ok()
            }),
        ),
        ("program_kode", Text(|s, t| write!(t, "1.{:02}.{:02}", kind(s) % 20, kind(s) / 20 % 3).is_ok())),
        ("program_nama", Text(|s, t| write!(t, "PROGRAM LAYANAN {}", kind(s) % 60).is_ok())),
        (
            "kegiatan_kode",
            Text(|s, t| write!(t, "1.{:02}.{:02}.2.{:02}", kind(s) % 20, kind(s) / 20 % 3, kind(s) / 60).is_ok()),
        ),
        ("kegiatan_nama", Text(|s, t| write!(t, "Kegiatan Layanan {}", kind(s) % 120).is_ok())),
        (
            "sub_kegiatan_kode",
            Text(|s, t| {
                write!(t, "1.{:02}.{:02}.2.{:02}.{:02}", kind(s) % 20, kind(s) / 20 % 3, kind(s) / 60, kind(s) % 7)
                    .is_ok()
            }),
        ),
        ("sub_kegiatan_nama", Text(|s, t| write!(t, "Sub Kegiatan {}", kind(s)).is_ok())),
    ]
}
