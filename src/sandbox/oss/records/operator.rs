//! Operators of electronic systems abroad: what receiveNIBPSE pushes.

use super::person::{InCharge, Party};
use super::{Record, VERSION, boxed};
use crate::sandbox::world::businesses::{Businesses, OnlineSystem, Operator};

/// `dataNIBPSE`.
pub(in crate::sandbox::oss) struct OperatorRecord<'a> {
    pub(in crate::sandbox::oss) businesses: &'a Businesses,
    pub(in crate::sandbox::oss) operator: &'a Operator,
}

impl Record for OperatorRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let operator = self.operator;
        let value = match key {
            "nib" => operator.nib.clone(),
            "tgl_pengajuan_nib" | "tgl_terbit_nib" | "tgl_perubahan_nib" => operator.issued.to_string(),
            "oss_id" => operator.oss_id.clone(),
            "id_izin" => operator.licence.clone(),
            "kd_izin" => "059000000001".to_owned(),
            "kd_daerah" => "0000000000".to_owned(),
            "kewenangan" => "00".to_owned(),
            "versi_pia" => VERSION.to_owned(),
            "nama_prinsipal" => operator.name.to_owned(),
            "alamat_prinsipal" => operator.address.clone(),
            "id_negara_prinsipal" => operator.country.to_owned(),
            "nomor_telepon_prinsipal" => format!("+1555{:07}", 1_000_000 + operator.index * 77),
            "email_prinsipal" => format!("legal{}@operator.example", operator.index),
            "no_akta_pendirian" => format!("REG-{:05}", 10_000 + operator.index),
            "tgl_akta_pendirian" => "2015-06-01".to_owned(),
            "status_nib" => "01".to_owned(),
            "tipe_dokumen" => "9".to_owned(),
            _ => return Party::new(self.businesses, operator.applicant).plain(key.strip_suffix("_user_proses")?),
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        let operator = self.operator;
        match key {
            "penanggung_jwb" => boxed(
                operator
                    .managers
                    .iter()
                    .enumerate()
                    .map(|(nth, index)| InCharge { party: Party::new(self.businesses, *index), first: nth == 0 }),
            ),
            "data_proyek" => boxed(operator.systems.iter().map(Online)),
            "data_checklist" => vec![Box::new(Registration(operator))],
            _ => Vec::new(),
        }
    }
}

/// An electronic system.
struct Online<'a>(&'a OnlineSystem);

impl Record for Online<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let system = self.0;
        let value = match key {
            "id_proyek" => system.id.clone(),
            "nama_sistem_elektronik" => system.name.clone(),
            "sektor_sistem" => system.sector.to_owned(),
            "url_sistem" => format!("https://{}", system.domain),
            "domain" => system.domain.clone(),
            "deskripsi_model_bisnis" => "Langganan dan iklan".to_owned(),
            "jumlah_pengguna_indonesia" => system.users.to_string(),
            "nilai_transaksi_indonesia" => system.turnover.to_string(),
            _ if key.starts_with("deskripsi_") || key.starts_with("uraian_") => "Layanan digital".to_owned(),
            _ => return None,
        };
        Some(value)
    }
}

/// The one licence an operator has: its registration.
struct Registration<'a>(&'a Operator);

impl Record for Registration<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_proyek" => self.0.systems[0].id.clone(),
            "id_izin" => self.0.licence.clone(),
            "kd_izin" => "059000000001".to_owned(),
            "kd_daerah" => "0000000000".to_owned(),
            "nama_izin" => "Tanda Daftar Penyelenggara Sistem Elektronik".to_owned(),
            "instansi" => "Kementerian Komunikasi dan Digital".to_owned(),
            "kewenangan" => "00".to_owned(),
            "flag_checklist" => "Y".to_owned(),
            _ => return None,
        };
        Some(value)
    }
}
