//! Projects with their places and products.

use super::{Record, boxed, day, yes};
use crate::sandbox::world::businesses::{Business, Product, Project, Site};

/// An element of `data_proyek`.
pub(super) struct Undertaking<'a> {
    pub(super) business: &'a Business,
    pub(super) project: &'a Project,
    /// The first is the main one.
    pub(super) nth: usize,
}

impl Undertaking<'_> {
    fn money(&self, key: &str) -> Option<i64> {
        let [land, buildings, machines, other, working] = self.project.costs;
        let amount = match key {
            "pembelian_pematang_tanah" => land,
            "bangunan_gedung" => buildings,
            "mesin_peralatan" => machines,
            "investasi_lain" => other,
            "sub_jumlah" => self.project.assets(),
            "modal_kerja" => working,
            "jumlah_investasi" => self.project.investment(),
            _ => return None,
        };
        Some(amount)
    }

    fn about(&self, key: &str) -> Option<String> {
        let (business, project) = (self.business, self.project);
        let value = match key {
            "id_proyek" => project.id.clone(),
            "nomor_proyek" => project.number.clone(),
            "uraian_usaha" | "nama_kegiatan" | "deskripsi_kegiatan" => project.kbli.title.to_owned(),
            "kbli" => project.kbli.code.to_owned(),
            "sektor" => project.kbli.sector.to_owned(),
            "skala_usaha" => business.scale.to_owned(),
            "skala_resiko" | "kd_resiko" => project.kbli.risk.to_owned(),
            "jenis_proyek" => (if self.nth == 0 { "01" } else { "02" }).to_owned(),
            "status_proyek" => "01".to_owned(),
            "tgl_pengajuan_proyek" => project.filed.to_string(),
            "tgl_masa_berlaku" => day(business.licences.iter().find_map(|licence| {
                licence.certificate.as_ref().filter(|_| licence.project == self.nth).map(|certificate| certificate.to)
            })),
            "alamat_usaha" => project.sites[0].address.clone(),
            "kd_daerah" => project.sites[0].place.code.clone(),
            "npwp_kantor_cabang" | "npwp_cabang" if self.nth > 0 => business.npwp15().to_owned(),
            _ => return None,
        };
        Some(value)
    }
}

impl Record for Undertaking<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let [men, women, foreign_men, foreign_women] = self.project.staff;
        let value = match key {
            "jumlah_tki_l" => men.to_string(),
            "jumlah_tki_p" => women.to_string(),
            "jumlah_tka_l" => foreign_men.to_string(),
            "jumlah_tka_p" => foreign_women.to_string(),
            "memiliki_menguasai" => yes(self.nth == 0),
            "jenis_lokasi" => "02".to_owned(),
            "status_tanah" => ["01", "02", "03"][self.business.index % 3].to_owned(),
            "luas_tanah" => self.project.land.to_string(),
            "satuan_luas_tanah" => "01".to_owned(),
            "satu_lini" => yes(self.business.is_one_line()),
            "tanggal_kurs" => self.project.filed.to_string(),
            "nilai_kurs" => "15500".to_owned(),
            _ => return self.money(key).map(|amount| amount.to_string()).or_else(|| self.about(key)),
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        match key {
            "data_lokasi_proyek" => {
                boxed(self.project.sites.iter().enumerate().map(|(nth, site)| Spot { site, nth }))
            }
            "data_proyek_produk" => {
                boxed(self.project.products.iter().map(|product| Make { product, project: self.project }))
            }
            "kbli" => super::licence::lines(self.business, self.project, self.nth),
            "fasilitas" if self.nth == 0 && self.business.has_facility() => vec![Box::new(Facility(self.business))],
            "data_teknis_lokasi" => vec![Box::new(Ground(self.project.land))],
            "data_checklist" => super::licence::first_of(self.business, self.nth),
            "satu_lini" if self.business.is_one_line() => {
                vec![Box::new(Line(Self { business: self.business, project: self.project, nth: self.nth }))]
            }
            _ => Vec::new(),
        }
    }

    fn bare_codes(&self) -> bool {
        self.project.bare_codes
    }
}

/// A place of a project.
struct Spot<'a> {
    site: &'a Site,
    nth: usize,
}

impl Record for Spot<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_proyek_lokasi" => self.site.id.clone(),
            "proyek_daerah_id" => self.site.place.code.clone(),
            "alamat_usaha" => self.site.address.clone(),
            "kd_kawasan" => "000".to_owned(),
            "jenis_lokasi" => "02".to_owned(),
            "status_lokasi" => (if self.nth == 0 { "01" } else { "02" }).to_owned(),
            "id_kegiatan" => "1".to_owned(),
            "response_kegiatan" => "Sesuai".to_owned(),
            _ => return None,
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        match key {
            "data_lokasi_proyek" => {
                boxed(self.site.corners.iter().enumerate().map(|(nth, corner)| Corner { nth, corner }))
            }
            "data_posisi_proyek" => {
                let position = |(nth, position): (usize, &&'static str)| Position { site: self.site, nth, position };
                boxed(self.site.positions.iter().enumerate().map(position))
            }
            _ => Vec::new(),
        }
    }
}

/// A corner of a place.
struct Corner<'a> {
    nth: usize,
    corner: &'a str,
}

impl Record for Corner<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "serial" => Some((self.nth + 1).to_string()),
            "lat_lng" => Some(self.corner.to_owned()),
            _ => None,
        }
    }
}

/// On land, on water or in a forest.
struct Position<'a> {
    site: &'a Site,
    nth: usize,
    position: &'static str,
}

impl Record for Position<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "id_proyek_posisi" => Some(format!("{}-{}", self.site.id, self.nth + 1)),
            "id_proyek_lokasi" => Some(self.site.id.clone()),
            "posisi_lokasi" => Some(self.position.to_owned()),
            _ => None,
        }
    }
}

/// A product.
struct Make<'a> {
    product: &'a Product,
    project: &'a Project,
}

impl Record for Make<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_produk" => self.product.id.clone(),
            "id_proyek" => self.project.id.clone(),
            "kbli" => self.project.kbli.code.to_owned(),
            "id_bidang_usaha" => "0".to_owned(),
            "jenis_produksi" => self.product.name.to_owned(),
            "kapasitas" => format!("{}.50", self.product.capacity),
            "satuan" => self.product.unit.to_owned(),
            "merk_dagang" => "-".to_owned(),
            "tkdn" => "40.25".to_owned(),
            _ => return None,
        };
        Some(value)
    }

    fn bare_codes(&self) -> bool {
        self.project.bare_codes
    }
}

/// A tax facility.
struct Facility<'a>(&'a Business);

impl Record for Facility<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "flag_fasilitas" => "01".to_owned(),
            "id_permohonan_fasilitas" => format!("F-{:010}", self.0.index),
            "nomor_kmk_fasilitas" => format!("{}/KM.3/{}", 10 + self.0.index, self.0.issued.format("%Y")),
            "tgl_persetujuan_fasilitas" => self.0.issued.to_string(),
            _ => return None,
        };
        Some(value)
    }
}

/// Approved land in square metres.
struct Ground(i64);

impl Record for Ground {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "luas_tanah_disetujui" => Some(self.0.to_string()),
            "satuan_luas_tanah_disetujui" => Some("01".to_owned()),
            _ => None,
        }
    }
}

/// A project as part of a production line.
struct Line<'a>(Undertaking<'a>);

impl Record for Line<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "nib_satu_lini" => self.0.business.nib.clone(),
            "id_proyek_satu_lini" => self.0.project.id.clone(),
            "flag_utama" => yes(self.0.nth == 0),
            "urutan_lini" => (self.0.nth + 1).to_string(),
            "jenis_kegiatan_usaha" => (if self.0.nth == 0 { "01" } else { "02" }).to_owned(),
            "id_resiko" => format!("RS{:08}", self.0.business.index),
            "mesin_peralatan_usd" => "0".to_owned(),
            _ => return self.0.money(key).map(|amount| amount.to_string()).or_else(|| self.0.about(key)),
        };
        Some(value)
    }
}
