//! Plans to employ foreigners (RPTKA).

use super::person::Party;
use super::{Record, boxed};
use crate::sandbox::world::businesses::{Businesses, Post, StaffPlan};

/// `data_rptka`.
pub(super) struct Plan<'a> {
    pub(super) businesses: &'a Businesses,
    pub(super) plan: &'a StaffPlan,
}

impl Record for Plan<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let plan = self.plan;
        let value = match key {
            "jenis_rptka" => "01".to_owned(),
            "no_rptka" => plan.number.clone(),
            "rptka_awal" => plan.from.to_string(),
            "rptka_akhir" => plan.to.to_string(),
            "rptka_gaji" => plan.pay.to_string(),
            "jumlah_tka_rptka" => plan.posts.iter().map(|post| post.count).sum::<u32>().to_string(),
            "jangka_penggunaan_waktu" => "24 bulan".to_owned(),
            "jangka_waktu_permohonan_rptka" => "6".to_owned(),
            _ => return None,
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        match key {
            "rptka_jabatan" => boxed(self.plan.posts.iter().map(|post| Opening {
                businesses: self.businesses,
                post,
                plan: self.plan,
            })),
            "rptka_negara" => boxed(self.plan.countries.iter().map(|(id, count)| Headcount { id, count: *count })),
            "rptka_lokasi" => {
                boxed(self.plan.places.iter().map(|(place, count)| Headcount { id: &place.code, count: *count }))
            }
            _ => Vec::new(),
        }
    }
}

/// How many in a country or place.
struct Headcount<'a> {
    id: &'a str,
    count: u32,
}

impl Record for Headcount<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match key {
            "id_negara" | "lokasi_id" => Some(self.id.to_owned()),
            "jumlah" => Some(self.count.to_string()),
            _ => None,
        }
    }
}

/// A post.
struct Opening<'a> {
    businesses: &'a Businesses,
    post: &'a Post,
    plan: &'a StaffPlan,
}

impl Record for Opening<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_jabatan" => self.post.id.to_string(),
            "jabatan" => self.post.title.to_owned(),
            "jumlah" => self.post.count.to_string(),
            "tgl_mulai" => self.plan.from.to_string(),
            "tgl_selesai" => self.plan.to.to_string(),
            "keterangan" => "Alih teknologi".to_owned(),
            _ => return None,
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        if key != "rptka_tki_pendamping" {
            return Vec::new();
        }
        let party = |index: &usize| Understudy { party: Party::new(self.businesses, *index), post: self.post };
        boxed(self.post.understudies.iter().map(party))
    }
}

/// An Indonesian who learns the post.
struct Understudy<'a> {
    party: Party<'a>,
    post: &'a Post,
}

impl Record for Understudy<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_jabatan" => self.post.id.to_string(),
            "id_pendamping" => (50_000 + self.party.index).to_string(),
            "jabatan" => format!("Pendamping {}", self.post.title),
            "pendidikan_min" => "07".to_owned(),
            "sertifikat" => "Sertifikat kompetensi".to_owned(),
            "pengalaman_kerja" => (1 + self.party.index % 9).to_string(),
            "keterangan" => "-".to_owned(),
            _ => return self.party.plain(key),
        };
        Some(value)
    }
}
