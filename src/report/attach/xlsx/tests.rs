//! The workbook read back by openpyxl.

use super::{sheet_name, text, xlsx};
use crate::report::attach::sample::{awkward, made, page};
use crate::report::page::Page;
use std::process::Command;

/// What a Python program prints that has the workbook as `book`; `None` without openpyxl.
fn openpyxl(page: &Page, program: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("serapan.xlsx");
    std::fs::write(&path, xlsx(page, made()).unwrap()).unwrap();
    let there = Command::new("python3").args(["-c", "import openpyxl"]).output().ok()?;
    if !there.status.success() {
        println!("skipped: needs openpyxl");
        return None;
    }
    let program = format!("import sys, openpyxl\nbook = openpyxl.load_workbook(sys.argv[1])\n{program}");
    let run = Command::new("python3").args(["-c", &program]).arg(&path).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap())
}

#[test]
fn figures_are_numbers_and_codes_are_text() {
    let program = "s = book['Serapan menurut unit eselon I']\n\
        head = s.freeze_panes\n\
        print(head, s.auto_filter.ref)\n\
        row = int(head[1:]) - 1\n\
        print([c.value for c in s[row]])\n\
        for i in range(row + 1, s.max_row + 1):\n\
        \x20   print([(c.value, c.data_type, c.number_format, bool(c.font.b)) for c in s[i]])";
    let Some(read) = openpyxl(&page(), program) else { return };
    let lines: Vec<&str> = read.lines().collect();
    assert_eq!(lines[0], "B8 A7:F10");
    assert_eq!(lines[1], "['Unit eselon I', 'Rincian', 'Pagu (Rp)', 'Realisasi (Rp)', 'Sisa (Rp)', '%']");
    assert_eq!(
        lines[2],
        "[('Sekretariat Jenderal', 's', 'General', False), ('015.01', 's', 'General', False), \
         (1234567890123, 'n', '#,##0', False), (903703695570.25, 'n', '#,##0.00', False), \
         (330864194552.75, 'n', '#,##0.00', False), (73.2, 'n', '#,##0.0', False)]"
    );
    assert!(lines[3].ends_with("(61.2, 'n', '\"▼ \"#,##0.0;\"▼ \"-#,##0.0', False)]"), "{}", lines[3]);
    assert!(lines[5].starts_with("[('Jumlah', 's', 'General', True)"), "{}", lines[5]);
    assert!(lines[5].contains("(2222267211123, 'n', '#,##0', True)"), "{}", lines[5]);
}

#[test]
fn the_first_and_last_sheet_say_what_it_is() {
    let program = "print(book.sheetnames)\n\
        words = lambda s: [c.value for r in s.iter_rows() for c in r if c.value]\n\
        first, last = words(book.worksheets[0]), words(book.worksheets[-1])\n\
        print('Serapan 67,9% dari pagu, tertinggal 8,1 poin dari target 76,0%' in first)\n\
        print('Realisasi belanja terakhir ditarik 9 hari lalu.' in first, 'Semua satker sudah melapor.' in first)\n\
        print('Realisasi Belanja (omspan.realisasi_belanja): snapshot 2 November 2026' in last)\n\
        print(all('Realisasi belanja terakhir ditarik 9 hari lalu.' in words(s) for s in book.worksheets[:-1]))\n\
        print(book.properties.created, book.properties.title)";
    let Some(read) = openpyxl(&page(), program) else { return };
    let lines: Vec<&str> = read.lines().collect();
    assert_eq!(
        lines[0],
        "['Ringkasan', 'Perlu perhatian', 'Serapan menurut unit eselon I', 'Serapan bulanan', 'Definisi dan sumber']"
    );
    assert_eq!(lines[1..5], ["True", "True True", "True", "True"]);
    assert_eq!(lines[5], "2026-11-01 23:30:00 Laporan serapan anggaran per 31 Oktober 2026");
}

#[test]
fn nothing_is_a_formula() {
    let program = "print([c.coordinate for s in book for r in s.iter_rows() for c in r if c.data_type == 'f'])\n\
        print(book['Perlu perhatian']['A9'].value, book['Perlu perhatian']['C9'].value)";
    let Some(read) = openpyxl(&page(), program) else { return };
    assert_eq!(read.trim(), "[]\n=HYPERLINK(\"http://contoh\") -1+1 dan @SUM(A1) bukan rumus");
}

#[test]
fn long_figures_keep_their_digits_as_text() {
    let program = "print(book.sheetnames)\n\
        s = book.worksheets[1]\n\
        row = int(s.freeze_panes[1:])\n\
        print([(c.value, c.data_type) for c in s[row]][:4])\n\
        print(any('15 digit' in str(s.cell(i, 1).value) for i in range(1, row)), s.max_row - row + 1)";
    let Some(read) = openpyxl(&awkward(), program) else { return };
    let lines: Vec<&str> = read.lines().collect();
    assert_eq!(
        lines[0],
        "['Ringkasan', 'Daftar semua satker a b c yang', 'Daftar semua satker a b c (2)', 'Kosong', \
         'Definisi dan sumber']"
    );
    assert_eq!(
        lines[1],
        "[('Satuan Kerja 0 🎉 dengan 名前 yang tidak ada di fon', 's'), ('000000', 's'), \
         ('99.999.999.999.999.999.999,99', 's'), (-12.5, 'n')]"
    );
    assert_eq!(lines[2], "True 301");
}

#[test]
fn sheets_are_named_as_excel_allows() {
    let mut taken = vec!["Ringkasan".to_owned()];
    for (heading, name) in [
        ("RINGKASAN", "RINGKASAN (2)"),
        ("", "Tabel"),
        ("'[]:*?/\\'", "Tabel (2)"),
        ("a/b", "a b"),
        ("Pendapatan Negara Bukan Pajak menurut jenis", "Pendapatan Negara Bukan Pajak"),
    ] {
        assert_eq!(sheet_name(heading, &mut taken), name);
    }
    let long = sheet_name(&"🎉".repeat(40), &mut taken);
    assert_eq!(long.encode_utf16().count(), 30);
}

#[test]
fn a_text_longer_than_a_cell_is_cut() {
    assert_eq!(text(&"a".repeat(32_767)).len(), 32_767);
    let cut = text(&"🎉".repeat(20_000));
    assert!(cut.ends_with('…') && cut.encode_utf16().count() <= 32_767);
}
