//! Pages for the tests of attachments, built by hand: an ordinary one and one with everything that goes wrong.

use crate::report::amount::Amount;
use crate::report::id_id;
use crate::report::page::{
    Attention, Bar, Cell, Chart, Column, Footer, Line, LineKind, Page, Row, Section, Table, Tile, Unit,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// When every sample was made.
pub(crate) fn made() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-01T23:30:00Z").unwrap().to_utc()
}

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];

/// A line from texts; an empty one is a gap.
pub(crate) fn line(name: &str, kind: LineKind, points: &[&str]) -> Line {
    let points = points.iter().map(|text| Amount::parse(text)).collect();
    Line { name: name.to_owned(), kind, points }
}

/// A chart of percent over one year: actual until October, the year before and the target until December.
pub(crate) fn chart() -> Chart {
    let actual = ["2.1", "6.8", "13.5", "20.2", "28.9", "37.4", "45.0", "52.8", "61.7", "71.4"];
    let previous = ["1.8", "5.9", "12.1", "19.0", "27.2", "36.6", "44.9", "54.0", "63.2", "72.3", "81.0", "95.2"];
    let target = ["3", "8", "15", "24", "33", "42", "50", "58", "67", "76", "85", "95"];
    let lines = vec![
        line("Realisasi 2026", LineKind::Actual, &actual),
        line("Realisasi 2025", LineKind::Previous, &previous),
        line("Target", LineKind::Target, &target),
    ];
    drawn("Serapan 71,4%, tertinggal 4,6 poin dari target", Unit::Percent, &MONTHS, lines)
}

/// A chart with a table of the same figures.
pub(crate) fn drawn(title: &str, unit: Unit, labels: &[&str], lines: Vec<Line>) -> Chart {
    let names: Vec<&str> = std::iter::once("Bulan").chain(lines.iter().map(|line| line.name.as_str())).collect();
    let cell = |figure: Option<&Amount>| match figure {
        Some(figure) => Cell::figure(id_id::decimal(*figure, 1)).of(*figure, unit),
        None => Cell::figure("–"),
    };
    let row = |(index, label): (usize, &&str)| {
        let figures = lines.iter().map(|line| line.points.get(index).and_then(Option::as_ref));
        Row::new(*label, figures.map(cell).collect())
    };
    let table = Table {
        caption: "Persen terhadap pagu, kumulatif.".to_owned(),
        columns: Column::list(&names, &[]),
        rows: labels.iter().enumerate().map(row).collect(),
    };
    Chart {
        title: title.to_owned(),
        subtitle: "Persen terhadap pagu, kumulatif, Januari sampai Oktober 2026, seluruh kementerian".to_owned(),
        alt: "Grafik garis serapan: Januari 2,1%, Oktober 71,4%, target Oktober 76,0%.".to_owned(),
        content_id: "grafik@contoh.go.id".to_owned(),
        drawn: true,
        heading: "Serapan bulanan".to_owned(),
        unit,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        lines,
        table,
    }
}

fn money(text: &str) -> Cell {
    let figure = amount(text);
    Cell::figure(id_id::decimal(figure.shifted_down(9), 1)).of(figure, Unit::Rupiah)
}

fn percent(text: &str, behind: bool) -> Cell {
    let figure = amount(text);
    let mark = if behind { "▼\u{a0}" } else { "" };
    Cell::figure(format!("{mark}{}", id_id::decimal(figure, 1)))
        .of(figure, Unit::Percent)
        .alerted(behind)
        .with_bar(Bar::of_permille(figure.unscaled_at(1), behind))
}

/// Rows of a budget: name, code, pagu, realisasi, percent.
fn unit(name: &str, code: &str, figures: [&str; 3], behind: bool) -> Row {
    let [pagu, spent, share] = figures;
    let left = amount(pagu).minus(amount(spent)).to_string();
    let cells = vec![money(pagu), money(spent), money(&left), percent(share, behind)];
    Row { detail: Some(code.to_owned()), ..Row::new(name, cells) }
}

/// "Serapan menurut unit eselon I" with a total.
pub(crate) fn budget() -> Table {
    let mut rows = vec![
        unit("Sekretariat Jenderal", "015.01", ["1234567890123.00", "903703695570.25", "73.2"], false),
        unit("Direktorat Jenderal Pembinaan", "015.02", ["987654321000", "604444444452", "61.2"], true),
        unit("Badan Pengembangan Sumber Daya Manusia", "015.12", ["45000000", "0", "0"], true),
        unit("Jumlah", "", ["2222267211123", "1508148140022.25", "67.9"], false),
    ];
    let last = rows.pop().unwrap();
    rows.push(Row { total: true, detail: None, ..last });
    Table {
        caption: "Rp miliar; persen terhadap pagu. Tanda ▼: 15,0 poin atau lebih di bawah target 76,0%.".to_owned(),
        columns: Column::list(&["Unit eselon I", "Pagu", "Realisasi", "Sisa", "%"], &[]),
        rows,
    }
}

fn exceptions() -> Table {
    let row = |name: &str, code: &str, finding: &str, gap: &str| Row {
        detail: Some(code.to_owned()),
        ..Row::new(
            name,
            vec![
                Cell::words(finding),
                Cell::figure(id_id::signed(amount(gap), 1)).of(amount(gap), Unit::Points).alerted(true),
            ],
        )
    };
    Table {
        caption: "Selisih dalam poin terhadap target 76,0%.".to_owned(),
        columns: Column::list(&["Satker", "Temuan", "Selisih"], &["Temuan"]),
        rows: vec![
            row("Balai Besar Jakarta", "001234", "Pagu minus pada belanja modal", "-41.3"),
            row("=HYPERLINK(\"http://contoh\")", "000007", "-1+1 dan @SUM(A1) bukan rumus", "-22"),
        ],
    }
}

/// An ordinary page.
pub(crate) fn page() -> Page {
    let tile = |label: &str, value: &str, detail: &str, alert: bool| Tile {
        label: label.to_owned(),
        value: value.to_owned(),
        detail: detail.to_owned(),
        alert,
    };
    Page {
        title: "Laporan serapan anggaran per 31 Oktober 2026".to_owned(),
        preheader: "Tiga satker jauh di bawah target; realisasi Rp1,51 triliun dari pagu Rp2,22 triliun.".to_owned(),
        agency: "Kementerian Contoh".to_owned(),
        unit: "Biro Keuangan dan Barang Milik Negara".to_owned(),
        logo: None,
        headline: "Serapan 67,9% dari pagu, tertinggal 8,1 poin dari target 76,0%".to_owned(),
        position: "Posisi 31 Oktober 2026, data SAKTI ditarik 2 November 2026 pukul 06.00 WIB.".to_owned(),
        warnings: vec!["Realisasi belanja terakhir ditarik 9 hari lalu.".to_owned()],
        tiles: vec![
            tile("Serapan", "67,9%", "target 76,0%: kurang 8,1 poin", true),
            tile("Realisasi", "Rp1,51\u{a0}triliun", "dari pagu Rp2,22\u{a0}triliun", false),
            tile("IKPA", "91,25", "batas 89: kategori Baik", false),
        ],
        changes: vec!["Serapan naik dari 61,0% menjadi 67,9% (+6,9\u{a0}poin).".to_owned()],
        attention: Attention {
            heading: "Perlu perhatian".to_owned(),
            table: Some(exceptions()),
            remark: Some("5 temuan lain ada di lampiran.".to_owned()),
        },
        sections: vec![Section { heading: "Serapan menurut unit eselon I".to_owned(), table: budget() }],
        chart: Some(chart()),
        notes: vec!["Semua satker sudah melapor.".to_owned(), "Persen dibulatkan ke satu desimal.".to_owned()],
        footer: Footer {
            sources: vec!["Realisasi Belanja (omspan.realisasi_belanja): snapshot 2 November 2026".to_owned()],
            made: "Data per 31 Oktober 2026. Disusun otomatis oleh lumbung, definisi serapan-anggaran versi 1."
                .to_owned(),
            contact_unit: "Biro Keuangan".to_owned(),
            contact_address: "birokeu@contoh.go.id".to_owned(),
            subscription: "mailto:birokeu@contoh.go.id?subject=Ubah%20langganan".to_owned(),
        },
        marks: BTreeMap::new(),
    }
}

/// A page with very long names, 300 rows, huge and negative amounts, empty cells and characters that no font has.
pub(crate) fn awkward() -> Page {
    let name = |index: usize| match index % 7 {
        0 => format!("Satuan Kerja {index} 🎉 dengan 名前 yang tidak ada di fon"),
        1 => format!("Kantor {}", "Pengembangan-Kemitraan/".repeat(3)),
        2 => "X".repeat(90),
        3 => String::new(),
        _ => format!("Kantor Wilayah {index}"),
    };
    let row = |index: usize| {
        let huge = if index.is_multiple_of(2) { "99999999999999999999.99" } else { "-12345678901234567890.5" };
        let figure = amount(huge);
        let cells = vec![
            Cell::figure(id_id::decimal(figure, 2)).of(figure, Unit::Rupiah),
            Cell::figure("−12,5")
                .of(amount("-12.5"), Unit::Percent)
                .alerted(true)
                .with_bar(Bar::of_permille(0, true)),
            Cell::words(if index.is_multiple_of(5) { "" } else { "keterangan yang cukup panjang untuk dua baris" }),
        ];
        Row { detail: Some(format!("{index:06}")), ..Row::new(name(index), cells) }
    };
    let mut rows: Vec<Row> = (0..299).map(row).collect();
    rows.insert(150, Row::new("kata ".repeat(1_500), vec![Cell::figure("1").of(Amount::whole(1), Unit::Rupiah)]));
    rows.push(Row::total("Jumlah", Vec::new()));
    let table = Table {
        caption: "Rupiah penuh.".to_owned(),
        columns: Column::list(&["Satker", "Nilai", "%", "Keterangan"], &["Keterangan"]),
        rows,
    };
    let mut page = page();
    page.title = "Judul 🎉 <&>".to_owned();
    page.sections = vec![
        Section { heading: "Daftar [semua] satker: a/b*c? yang namanya sangat panjang".to_owned(), table },
        Section {
            heading: "Daftar [semua] satker: a/b*c? yang namanya sangat panjang sekali".to_owned(),
            table: budget(),
        },
        Section {
            heading: "Kosong".to_owned(),
            table: Table { caption: String::new(), columns: Column::list(&["A", "B"], &[]), rows: Vec::new() },
        },
    ];
    page.chart = None;
    page.attention =
        Attention { heading: "Perlu perhatian".to_owned(), table: None, remark: Some("Tidak ada.".to_owned()) };
    page
}
