//! Charts for the tests: ordinary ones, and each thing that may go wrong.

use crate::report::attach::sample::{chart, drawn, line};
use crate::report::page::{Chart, LineKind, Unit};

const ACTUAL: LineKind = LineKind::Actual;
const PREVIOUS: LineKind = LineKind::Previous;
const TARGET: LineKind = LineKind::Target;

/// Each with a name.
pub(in crate::report::attach) fn samples() -> Vec<(&'static str, Chart)> {
    let year = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
    let long = "Pendapatan Jasa Pelayanan Pendidikan dan Pelatihan Kerja ".repeat(6);
    let close = |name: &str, kind, last: &str| line(name, kind, &["10", "20", "30", last]);
    let several = |count: usize| {
        let name = |index: usize| format!("Kanwil {index}");
        (0..count).map(|index| line(&name(index), ACTUAL, &["5", "6", &format!("6.{index}")])).collect()
    };
    vec![
        ("ordinary", chart()),
        ("two-years", two_years()),
        ("money", drawn("PNBP mencapai Rp1,07 triliun, 97% dari target", Unit::Rupiah, &year, money())),
        ("huge", drawn("Mendekati 10^20", Unit::Rupiah, &year[..3], huge())),
        ("negative", drawn("Selisih membaik sejak Maret", Unit::Points, &year[..6], points())),
        ("gaps", drawn("Data April belum masuk", Unit::Count, &year[..6], gaps())),
        ("one-point", drawn("Baru Januari", Unit::Percent, &year[..1], vec![line("Realisasi", ACTUAL, &["2.1"])])),
        (
            "close",
            drawn(
                "Ketiganya berakhir di tempat yang sama",
                Unit::Value(2),
                &year[..4],
                vec![
                    close("IKPA", ACTUAL, "40"),
                    close("Tahun lalu", PREVIOUS, "40.1"),
                    close("Target", TARGET, "40"),
                ],
            ),
        ),
        ("none-at-all", drawn("Belum ada titik", Unit::Percent, &[], Vec::new())),
        (
            "none-known",
            drawn("Belum ada angka", Unit::Percent, &year, vec![line("Realisasi", ACTUAL, &["", "", ""])]),
        ),
        ("zero", drawn("Semua nol", Unit::Rupiah, &year[..3], vec![line("Realisasi", ACTUAL, &["0", "0", "0"])])),
        ("many", drawn("Delapan wilayah", Unit::Percent, &year[..3], several(8))),
        ("too-many", drawn("Empat puluh wilayah", Unit::Percent, &year[..3], several(40))),
        (
            "long-names",
            drawn(&long, Unit::Rupiah, &[&long, &long, &long], vec![line(&long, ACTUAL, &["1", "2", "3"])]),
        ),
        (
            "foreign",
            drawn(
                "Judul 🎉 <&> 名前 سلام",
                Unit::Count,
                &["α", "🎉"],
                vec![line("👩\u{200d}👧 é", ACTUAL, &["1", "2"])],
            ),
        ),
        (
            "points-too-many",
            drawn("Lebih banyak titik", Unit::Count, &["a", "b"], vec![line("n", ACTUAL, &["1", "2", "9"])]),
        ),
    ]
}

/// 24 months and three lines.
fn two_years() -> Chart {
    let months: Vec<String> = (0..24).map(|index| format!("{:02}/{}", index % 12 + 1, 2025 + index / 12)).collect();
    let labels: Vec<&str> = months.iter().map(String::as_str).collect();
    let wave = |base: i32, step: i32| -> Vec<String> {
        (0..24).map(|index| format!("{}.{}", base + index * step + (index * 7) % 5, index % 10)).collect()
    };
    let of = |name: &str, kind, figures: &[String]| {
        line(name, kind, &figures.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let lines = vec![
        of("Tenaga kerja ditempatkan", ACTUAL, &wave(1_200, 37)),
        of("Tahun sebelumnya", PREVIOUS, &wave(1_100, 31)),
        of("Rencana", TARGET, &wave(1_300, 40)),
    ];
    drawn("Penempatan tumbuh dua tahun berturut-turut dan melampaui tahun sebelumnya", Unit::Count, &labels, lines)
}

fn money() -> Vec<crate::report::page::Line> {
    let step = |index: i64, each: i64| (each * index + index * index * 7_310_000).to_string();
    let figures = |count: i64, each: i64| -> Vec<String> { (1..=count).map(|index| step(index, each)).collect() };
    let of = |name: &str, kind, figures: &[String]| {
        line(name, kind, &figures.iter().map(String::as_str).collect::<Vec<_>>())
    };
    vec![
        of("PNBP 2026", ACTUAL, &figures(12, 89_000_000_000)),
        of("PNBP 2025", PREVIOUS, &figures(12, 81_000_000_000)),
        of("Target 2026", TARGET, &figures(12, 91_000_000_000)),
    ]
}

fn huge() -> Vec<crate::report::page::Line> {
    vec![
        line("Realisasi", ACTUAL, &["1", "50000000000000000000.25", "99999999999999999999.99"]),
        line("Target", TARGET, &["-99999999999999999999.99", "0", "99999999999999999999.99"]),
    ]
}

fn points() -> Vec<crate::report::page::Line> {
    vec![line("Selisih ke target", ACTUAL, &["-2.5", "-6.1", "-8.4", "-5.2", "-1.1", "0.8"])]
}

fn gaps() -> Vec<crate::report::page::Line> {
    vec![
        line("Peserta pelatihan", ACTUAL, &["1200", "1350", "1500", "", "1800", ""]),
        line("Tahun lalu", PREVIOUS, &["", "1100", "", "1300", "1400", "1650"]),
    ]
}
