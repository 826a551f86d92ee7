//! Documents as the services write them: SIMDA's budget plans, ten levels deep, and PaDi's pages of orders.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::loading::Job;

/// Answers that are read whole, and the rows in them.
pub(crate) struct Documents {
    pub(crate) texts: Vec<String>,
    n_rows: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A plan for each agency of one office.
    Plans,
    /// Pages, until one is empty.
    Orders,
}

impl Documents {
    /// Writes each into a file that is asked for below `folder`.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let put = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().expect("it is below the folder"))?;
            std::fs::write(path, text)
        };
        for (i, text) in self.texts.iter().enumerate() {
            put(folder.join(self.path(i)), text)?;
        }
        match self.kind {
            Kind::Plans => Ok(()),
            Kind::Orders => put(folder.join(self.path(self.texts.len())), NO_ORDERS),
        }
    }

    /// The load of them all.
    pub(crate) fn job(&self, base_url: &str) -> Job {
        let n_rows = self.n_rows as u64;
        match self.kind {
            Kind::Plans => {
                let of = |i: usize| [("id_kantor", "1".to_owned()), ("id_instansi", (i + 1).to_string())];
                let named = |set: [(&str, String); 2]| set.map(|(name, value)| (name.to_owned(), value)).to_vec();
                let parameters = (0..self.texts.len()).map(|i| named(of(i))).collect();
                let job = Job::of("simda", "rka", base_url, n_rows).of_files("rka/{id_kantor}/{id_instansi}");
                Job { parameters, ..job }
            }
            Kind::Orders => Job::of("padi", "transaksi", base_url, n_rows).of_files("padis/{page}"),
        }
    }

    fn path(&self, i: usize) -> String {
        match self.kind {
            Kind::Plans => format!("rka/1/{}", i + 1),
            Kind::Orders => format!("padis/{}", i + 1),
        }
    }
}

/// The page behind the last order.
const NO_ORDERS: &str = r#"{"status":"success","messages":"","data":[],"count":0}"#;

/// Sub-items of an item, items of an account, and so on outwards: what one activity holds.
const LEAVES: usize = 8;
const ITEMS: usize = 4;
const ACCOUNTS: usize = 3;

/// Bytes at which a document ends; the loader takes 32 MiB.
const DOCUMENT_BYTES: usize = 24 << 20;

/// Plans with `n_leaves` sub-items in all.
pub(crate) fn plans(n_leaves: usize) -> Documents {
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
    Documents { texts: documents, n_rows: written, kind: Kind::Plans }
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
pub(crate) fn orders(n_rows: usize) -> Documents {
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
    Documents { texts: (0..n_rows.div_ceil(PAGE_ROWS)).map(page).collect(), n_rows, kind: Kind::Orders }
}
