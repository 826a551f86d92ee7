//! Documents as the services write them: SIMDA's budget plans, ten levels deep, and PaDi's pages of orders.

use std::fmt::Write;

/// Sub-items of an item, items of an account, and so on outwards: what one activity holds.
const LEAVES: usize = 8;
const ITEMS: usize = 4;
const ACCOUNTS: usize = 3;

/// Bytes at which a document ends; the loader takes 32 MiB.
const DOCUMENT_BYTES: usize = 24 << 20;

/// Plans with `n_leaves` sub-items in all.
pub(crate) fn plans(n_leaves: usize) -> Vec<String> {
    let mut documents = Vec::new();
    let (mut written, mut activity) = (0, 0);
    while written < n_leaves {
        let mut text = String::from("{\"code\":200,\"status\":\"success\",\"message\":\"\",\"data\":[");
        text.push_str("{\"idJenisUrusan\":1,\"namaJenisUrusan\":\"Wajib\",\"dataUrusan\":[");
        text.push_str("{\"idUrusan\":\"1.01\",\"namaUrusan\":\"Pendidikan\",\"dataProgram\":[");
        let first = activity;
        while written < n_leaves && text.len() < DOCUMENT_BYTES {
            written += programme(&mut text, activity, activity > first);
            activity += 1;
        }
        text.push_str("]}]}]}");
        documents.push(text);
    }
    documents
}

/// One programme of one activity; returns its sub-items.
fn programme(text: &mut String, n: usize, follows: bool) -> usize {
    let comma = if follows { "," } else { "" };
    let _ = write!(
        text,
        "{comma}{{\"idProgram\":\"{n}\",\"idRenjaAkhir\":{n},\"namaProgram\":\"Program Pendidikan Dasar {n}\",\
         \"lokasiProgram\":\"Kota\",\"dataIndikatorProgram\":[],\"dataKegiatan\":[{{\"idKegiatan\":\"{n}.1\",\
         \"idRka\":\"R{n}\",\"namaKegiatan\":\"Penyediaan sarana belajar {n}\",\"lokasiKegiatan\":\"Kecamatan {}\",\
         \"sumberDana\":\"DAU\",\"pagu\":19200000,\"kelompokSasaran\":\"Siswa\",\"dataIndikatorKegiatan\":[],\
         \"dataBelanja\":[{{\"rekAkun\":5,\"namaRekAkun\":\"Belanja\",\"dataRekKelompok\":{{\"rekKelompok\":2,\
         \"namaRekKelompok\":\"Belanja Langsung\",\"dataRekBelanja\":[{{\"rekBelanja\":2,\"namaRekBelanja\":\
         \"Barang dan Jasa\",\"dataRekBagian\":[{{\"rekBagian\":1,\"namaRekBagian\":\"Bahan\",\"dataSubBagian\":[",
        n % 30
    );
    for account in 0..ACCOUNTS {
        let comma = if account > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}{{\"rekSubBagian\":{account},\"namaSubBagian\":\"Alat tulis kantor\",\"dataRincian\":["
        );
        for item in 0..ITEMS {
            let comma = if item > 0 { "," } else { "" };
            let _ = write!(text, "{comma}{{\"idRincian\":{item},\"namaRincian\":\"Buku\",\"dataSubRincian\":[");
            for leaf in 0..LEAVES {
                let comma = if leaf > 0 { "," } else { "" };
                let price = 1_000 * (1 + (n * 7 + leaf * 13) % 900);
                let _ = write!(
                    text,
                    "{comma}{{\"idSubRincian\":{leaf},\"namaSubRincian\":\"Buku tulis {leaf} isi 38 lembar\",\
                     \"volume1\":{},\"satuan1\":\"buah\",\"volume2\":12,\"satuan2\":\"bulan\",\"volume3\":\"\",\
                     \"satuan3\":\"\",\"nilai\":{price},\"jumlah\":{}}}",
                    2 + leaf,
                    (2 + leaf) * 12 * price
                );
            }
            text.push_str("]}");
        }
        text.push_str("]}");
    }
    text.push_str("]}]}]}}]}]}");
    ACCOUNTS * ITEMS * LEAVES
}

/// Rows of one of PaDi's pages.
const PAGE_ROWS: usize = 500;

/// Pages of orders, `n_rows` in all.
pub(crate) fn orders(n_rows: usize) -> Vec<String> {
    let page = |page: usize| {
        let mut text = String::from("{\"status\":\"success\",\"messages\":\"\",\"data\":[");
        for n in page * PAGE_ROWS..((page + 1) * PAGE_ROWS).min(n_rows) {
            let comma = if n % PAGE_ROWS > 0 { "," } else { "" };
            let day = 1 + n % 28;
            let _ = write!(
                text,
                "{comma}{{\"tanggal_transaksi\":\"2026-03-{day:02}\",\"transaksi_id\":\"PTPN3-{n:010}\",\"bumn_id\":\"PTPN3\",\
                 \"nama_project\":\"Pengadaan bahan makanan {n}\",\"kategori_project\":\"{}\",\"total_nilai_project\":\"{}\",\
                 \"tipe_nilai_project\":\"OPEX\",\"kategori_umkm\":\"{}\",\"uid_umkm\":\"UMKM-{}\",\"nama_umkm\":\"CV Maju {}\",\
                 \"target_penyelesaian\":\"{} Hari\",\"tanggal_order_placement\":\"2026-03-{day:02}\",\
                 \"tanggal_confirmation\":\"2026-03-{day:02}\",\"tanggal_delivery\":\"2026-03-{day:02}\",\
                 \"tannggal_invoice\":\"2026-03-{day:02}\",\"total_cycle_time\":\"{}\",\"kategori_delivery_time\":\"1\",\
                 \"rating\":\"5\",\"feedback\":\"OK\",\"deskripsi_project\":\"Pengadaan bahan makanan untuk kantor {n}\",\
                 \"id_satker\":\"{}\",\"is_pdn\":\"1\",\"tkdn\":\"40.50\",\"is_certificate\":\"0\",\"certificate_tkdn\":\"\"}}",
                1 + n % 27,
                1_000 * (1 + n % 90_000),
                1 + n % 4,
                n % 5_000,
                n % 5_000,
                3 + n % 30,
                2 + n % 30,
                100 + n % 480,
            );
        }
        text.push_str("],\"count\":500}");
        text
    };
    (0..n_rows.div_ceil(PAGE_ROWS)).map(page).collect()
}
