//! Businesses as the methods that ask for a NIB see them.

use super::licence::Check;
use super::person::{InCharge, Party, Shareholder};
use super::project::Undertaking;
use super::staff::Plan;
use super::{Record, VERSION, boxed, day, yes};
use crate::sandbox::world::businesses::{Actor, Business, Businesses, Deed, Licence};

/// `dataNIB` of inqueryNIB, and of receiveNIBKKPR where a licence is what the push is about.
pub(in crate::sandbox::oss) struct NibRecord<'a> {
    pub(in crate::sandbox::oss) businesses: &'a Businesses,
    pub(in crate::sandbox::oss) business: &'a Business,
    /// The licence of a push, and when it was sent.
    pub(in crate::sandbox::oss) push: Option<(&'a Licence, String)>,
}

/// What all records about a business say: dates, ids, scale.
fn common(business: &Business, key: &str) -> Option<String> {
    let value = match key {
        "nib" => business.nib.clone(),
        "tgl_pengajuan_nib" => business.filed.to_string(),
        "tgl_terbit_nib" => business.issued.to_string(),
        "tgl_perubahan_nib" => day(business.changed),
        "oss_id" => business.oss_id.clone(),
        "jenis_pelaku_usaha" => business.actor.code().to_owned(),
        "skala_usaha" => business.scale.to_owned(),
        "jenis_perubahan_terakhir" => (if business.changed.is_some() { "02" } else { "" }).to_owned(),
        "versi_pia" => VERSION.to_owned(),
        "status_nib" => business.status.to_owned(),
        "tipe_dokumen" => business.document.to_owned(),
        "jenis_perseroan" | "jenis_perusahaan" => business.form.code.to_owned(),
        "nama_perseroan" | "nama_perusahaan" => business.name.clone(),
        "alamat_perseroan" | "alamat_perusahaan" => business.address.clone(),
        "perseroan_daerah_id" => business.place.code.clone(),
        "rt_rw_perseroan" => format!("{:03}/{:03}", 1 + business.index % 9, 1 + business.index % 14),
        "status_penanaman_modal" => (if business.foreign_percent > 0 { "01" } else { "02" }).to_owned(),
        _ => return None,
    };
    Some(value)
}

impl NibRecord<'_> {
    /// Foreign and domestic capital. Amounts that are text in the guide's tables have two decimals.
    fn capital(&self, key: &str) -> Option<String> {
        let business = self.business;
        let foreign = business.capital / 100 * business.foreign_percent;
        let amount = match key {
            "total_pma" | "nilai_pma_dominan" => foreign.to_string(),
            "nilai_pmdn" => (business.capital - foreign).to_string(),
            "persen_pma" => format!("{}.00", business.foreign_percent),
            "persen_pmdn" => format!("{}.00", 100 - business.foreign_percent),
            "dalam_bentuk_uang" | "total_modal_dasar" | "total_modal_ditempatkan" if self.push.is_none() => {
                format!("{}.00", business.capital)
            }
            "dalam_bentuk_uang" | "total_modal_dasar" | "total_modal_ditempatkan" => business.capital.to_string(),
            _ => return None,
        };
        Some(amount)
    }

    fn particulars(&self, key: &str) -> Option<String> {
        let business = self.business;
        let n = business.index;
        let value = match key {
            "no_npp" => format!("NP{n:08}"),
            "no_va" => format!("8888{n:012}"),
            "no_wlkp" => format!("{}.{n:08}", &business.place.code[..4]),
            "flag_perusahaan" => yes(business.changed.is_none()),
            "flag_ekspor" => yes(n.is_multiple_of(9)),
            "flag_impor" => yes(n.is_multiple_of(11)),
            "jenis_api" => (if n.is_multiple_of(11) { "01" } else { "" }).to_owned(),
            "gabung_negara" => yes(false),
            "negara_pma_dominan" => (if business.foreign_percent > 0 { "SG" } else { "" }).to_owned(),
            "kd_kawasan" => "0".to_owned(),
            "jangka_waktu" => String::new(),
            "status_badan_hukum" => (if business.shares.is_empty() { "02" } else { "01" }).to_owned(),
            "npwp_perseroan" => business.npwp15().to_owned(),
            "nama_singkatan" => business.short_name.clone(),
            "status_perseroan" => yes(false),
            "kelurahan_perseroan" => business.place.village.clone(),
            "kode_pos_perseroan" => format!("{}", 10_110 + n * 37 % 80_000),
            "nomor_telpon_perseroan" => format!("0213{:07}", 4_100_000 + n * 17),
            "email_perusahaan" => format!("kontak{n}@usaha.example"),
            "dalam_bentuk_lain" => "-".to_owned(),
            "flag_umk" => yes(matches!(business.scale, "01" | "02")),
            "no_pengesahan" => business.deeds.first().map(|deed| deed.number.clone()).unwrap_or_default(),
            "tgl_pengesahan" => day(business.deeds.first().map(|deed| deed.date)),
            "no_akta_lama" => business.deeds.get(1).map(|deed| deed.number.clone()).unwrap_or_default(),
            "tgl_akta_lama" => day(business.deeds.get(1).map(|deed| deed.date)),
            _ => return self.capital(key),
        };
        Some(value)
    }
}

impl Record for NibRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        if let Some(plain) = key.strip_suffix("_user_proses") {
            return Party::new(self.businesses, self.business.applicant).plain(plain);
        }
        if let Some((licence, sent)) = &self.push {
            match key {
                "tgl_terkirim_oss" => return Some(sent.clone()),
                "id_izin" | "kd_izin" | "kd_daerah" | "kewenangan" => {
                    return Check { business: self.business, licence }.text(key);
                }
                _ => {}
            }
        }
        common(self.business, key).or_else(|| self.particulars(key))
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        let (businesses, business) = (self.businesses, self.business);
        match key {
            "pemegang_saham" => boxed(business.shares.iter().map(|share| Shareholder { businesses, share })),
            "penanggung_jwb" => boxed(
                business
                    .managers
                    .iter()
                    .enumerate()
                    .map(|(nth, index)| InCharge { party: Party::new(businesses, *index), first: nth == 0 }),
            ),
            "legalitas" => boxed(business.deeds.iter().map(|deed| Legal { businesses, deed })),
            "data_rptka" => boxed(business.staff_plan.iter().map(|plan| Plan { businesses, plan })),
            "data_dni" => boxed(business.restricted.iter().map(|code| Restricted(*code))),
            "data_checklist" => boxed(business.licences.iter().map(|licence| Check { business, licence })),
            _ => projects(business, key),
        }
    }
}

/// `data_proyek` of a business.
fn projects<'a>(business: &'a Business, key: &str) -> Vec<Box<dyn Record + 'a>> {
    if key != "data_proyek" {
        return Vec::new();
    }
    boxed(business.projects.iter().enumerate().map(|(nth, project)| Undertaking { business, project, nth }))
}

/// A legal paper.
struct Legal<'a> {
    businesses: &'a Businesses,
    deed: &'a Deed,
}

impl Record for Legal<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "jenis_legal" => Some(self.deed.kind.to_owned()),
            "no_legal" => Some(self.deed.number.clone()),
            "tgl_legal" => Some(self.deed.date.to_string()),
            _ => Party::new(self.businesses, self.deed.notary).plain(key.strip_suffix("_notaris")?),
        }
    }
}

/// A field of business that is closed or restricted.
struct Restricted(u32);

impl Record for Restricted {
    fn text(&self, key: &str) -> Option<String> {
        (key == "kd_dni").then(|| self.0.to_string())
    }
}

/// `dataNIB` of fetchNIB.
pub(in crate::sandbox::oss) struct FetchRecord<'a>(pub(in crate::sandbox::oss) &'a Business);

impl Record for FetchRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "_id" => Some(format!("{:024x}", 0x64a1_0000_0000_u64 + self.0.index as u64)),
            _ => common(self.0, key),
        }
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        projects(self.0, key)
    }
}

/// `data` of inqueryProyek: one project of a business.
pub(in crate::sandbox::oss) struct ProjectsRecord<'a> {
    pub(in crate::sandbox::oss) business: &'a Business,
    /// Its number among the projects.
    pub(in crate::sandbox::oss) nth: usize,
}

impl Record for ProjectsRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            // The guide's own spelling.
            "npwp_perusahaaan" => Some(self.business.npwp.clone()),
            _ => common(self.business, key),
        }
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        if key != "data_proyek" {
            return Vec::new();
        }
        let (business, nth) = (self.business, self.nth);
        vec![Box::new(Undertaking { business, project: &business.projects[nth], nth })]
    }
}

/// `dataNIBSTPW` of inqueryNIBSTPW.
pub(in crate::sandbox::oss) struct StpwRecord<'a> {
    pub(in crate::sandbox::oss) businesses: &'a Businesses,
    pub(in crate::sandbox::oss) business: &'a Business,
}

impl<'a> StpwRecord<'a> {
    /// None for a business that is no franchisor.
    pub(in crate::sandbox::oss) fn new(businesses: &'a Businesses, business: &'a Business) -> Option<Self> {
        (business.actor == Actor::Foreign).then_some(Self { businesses, business })
    }
}

impl Record for StpwRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let business = self.business;
        if let Some(plain) = key.strip_suffix("_user_proses") {
            return Party::new(self.businesses, business.applicant).plain(plain);
        }
        let n = business.index;
        let value = match key {
            "paspor_pj" => format!("X{:07}", 1_200_000 + n * 31),
            "asal_negara_pj" | "negara_perusahaan_ln" => "SG".to_owned(),
            "nama_perusahaan_ln" => business.name.clone(),
            "alamat_perusahaan_ln" => format!("{n} Franchise Avenue, Level {}", 1 + n % 30),
            "telp_perusahaan_ln" => format!("+65{:08}", 61_000_000 + n * 19),
            "jangka_waktu" => String::new(),
            "id_izin" | "kd_izin" | "kd_daerah" | "kewenangan" => {
                let first = business.licences.first()?;
                return Check { business, licence: first }.text(key);
            }
            _ => {
                let own =
                    key.strip_suffix("_pj").and_then(|p| Party::new(self.businesses, business.applicant).plain(p));
                return own.or_else(|| common(business, key));
            }
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        if key != "data_checklist" {
            return Vec::new();
        }
        let business = self.business;
        boxed(business.licences.iter().map(|licence| Check { business, licence }))
    }
}
