//! Persons: shareholders, persons in charge, applicants, notaries. All of it is personal data, invented.

use super::{Record, yes};
use crate::sandbox::world::businesses::{Businesses, Holder, Share};
use crate::sandbox::world::{KABUPATEN, Person};

/// What a person has to say about themselves, by the plain name of the field.
pub(super) struct Party<'a> {
    pub(super) person: &'a Person,
    pub(super) index: usize,
}

impl<'a> Party<'a> {
    pub(super) fn new(businesses: &'a Businesses, index: usize) -> Self {
        Self { person: businesses.person(index), index }
    }

    /// The value of a field without the suffix that says who it is: `alamat` of `alamat_user_proses`.
    pub(super) fn plain(&self, field: &str) -> Option<String> {
        let n = self.index;
        let value = match field {
            "nama" => self.person.name(),
            "no_identitas" | "no_id" | "nik" => self.person.nik(),
            "jns_identitas" | "jenis_id" | "jenis_identitas" => "01".to_owned(),
            "npwp" => self.npwp(),
            "alamat" => self.address(),
            "jalan" => self.person.address().split(" RT").next().unwrap_or_default().to_owned(),
            "rt_rw" => format!("{:03}/{:03}", 1 + n % 12, 1 + n % 7),
            "kelurahan" => self.person.village().name.to_owned(),
            "daerah_id" => self.person.village().code.to_owned(),
            "kode_pos" => format!("{}", 67_110 + n % 80),
            "email" => format!("warga{n}@surel.example"),
            "no_hp" | "hp" | "no_telp" | "telepon" | "telp" => format!("0813{:08}", 20_000_000 + n * 37),
            "kebangsaan" => "01".to_owned(),
            "negara_asal" => "ID".to_owned(),
            "flag_pajak" => "00".to_owned(),
            "ket_pajak" => "Valid".to_owned(),
            "jns_kelamin" => (if self.person.is_woman() { "P" } else { "L" }).to_owned(),
            "tempat_lahir" => KABUPATEN.to_owned(),
            "tgl_lahir" => self.person.birth_date().to_string(),
            "agama" => "ISLAM".to_owned(),
            "status_perkawinan" => ["KAWIN", "BELUM KAWIN"][n % 2].to_owned(),
            "pekerjaan" => ["WIRASWASTA", "KARYAWAN SWASTA", "PETANI/PEKEBUN"][n % 3].to_owned(),
            _ => return None,
        };
        Some(value)
    }

    /// Where they live, the village's name included.
    fn address(&self) -> String {
        format!("{}, {}", self.person.address(), self.person.village().name)
    }

    /// The NIK, which is the NPWP of a person today, or 15 digits of old.
    fn npwp(&self) -> String {
        if self.index.is_multiple_of(3) {
            format!("{:09}624000", 470_000_000 + self.index * 11)
        } else {
            self.person.npwp16()
        }
    }
}

/// A person in charge, in fields that end in `_penanggung_jwb`.
pub(super) struct InCharge<'a> {
    pub(super) party: Party<'a>,
    /// The first is the director.
    pub(super) first: bool,
}

impl Record for InCharge<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "flag_asing" => Some(yes(false)),
            "jabatan_penanggung_jwb" => Some((if self.first { "DIREKTUR" } else { "KOMISARIS" }).to_owned()),
            "blok_penanggung_jwb" => Some("-".to_owned()),
            "no_penanggung_jwb" => Some((1 + self.party.index % 90).to_string()),
            _ => self.party.plain(key.strip_suffix("_penanggung_jwb")?),
        }
    }
}

/// A shareholder, in fields that end in `_pemegang_saham`.
pub(super) struct Shareholder<'a> {
    pub(super) businesses: &'a Businesses,
    pub(super) share: &'a Share,
}

impl Record for Shareholder<'_> {
    fn text(&self, key: &str) -> Option<String> {
        if key == "total_modal_pemegang" {
            return Some(self.share.capital.to_string());
        }
        match &self.share.holder {
            Holder::Person(index) => {
                let party = Party::new(self.businesses, *index);
                match key {
                    "jenis_pemegang_saham" => Some("01".to_owned()),
                    "flag_asing" => Some(yes(false)),
                    "jabatan_pemegang_saham" => Some("PEMEGANG SAHAM".to_owned()),
                    "pengendali_pemegang_saham" => party.plain("nama"),
                    "fax_pemegang_saham" => Some(String::new()),
                    _ => party.plain(key.strip_suffix("_pemegang_saham")?),
                }
            }
            Holder::Company { name, country } => {
                let value = match key {
                    "jenis_pemegang_saham" => "02",
                    "flag_asing" => "Y",
                    "nama_pemegang_saham" | "pengendali_pemegang_saham" => name,
                    "negara_asal_pemegang_saham" => country,
                    "flag_pajak_pemegang_saham" => "04",
                    "ket_pajak_pemegang_saham" => "-",
                    _ => return None,
                };
                Some(value.to_owned())
            }
        }
    }
}
