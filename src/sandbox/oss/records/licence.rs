//! Licences: elements of `data_checklist`, what they require, and the answer of inqueryLicense.

use super::project::Undertaking;
use super::{Record, boxed, yes};
use crate::sandbox::world::businesses::{Business, Licence, Project, Requirement};

/// An element of `data_checklist`.
pub(super) struct Check<'a> {
    pub(super) business: &'a Business,
    pub(super) licence: &'a Licence,
}

impl Check<'_> {
    fn project(&self) -> &Project {
        &self.business.projects[self.licence.project]
    }
}

impl Record for Check<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let licence = self.licence;
        let (number, granted) = match &licence.granted {
            Some((number, day)) => (number.clone(), day.to_string()),
            None => (String::new(), String::new()),
        };
        let value = match key {
            "id_proyek" => self.project().id.clone(),
            "id_izin" => licence.id.clone(),
            "jenis_izin" | "jenis_perizinan" => licence.permit.kind.to_owned(),
            "kd_izin" => licence.permit.code.to_owned(),
            "kd_daerah" => self.project().sites[0].place.code.clone(),
            "nama_izin" => licence.permit.title.to_owned(),
            "no_izin" => number,
            "tgl_izin" => granted,
            "instansi" => licence.permit.issuer.to_owned(),
            "id_bidang_spesifik" => (1_000 + self.business.index % 50).to_string(),
            "bidang_spesifik" => self.project().kbli.title.to_owned(),
            "id_kewenangan" => (200 + self.business.index % 40).to_string(),
            "parameter_kewenangan" => "Lokasi".to_owned(),
            "kewenangan" => licence.permit.level.to_owned(),
            "flag_checklist" => yes(licence.granted.is_none()),
            "status_checklist" => licence.status.0.to_owned(),
            "kd_dokumen" => format!("DOC{:06}", self.business.index),
            "nm_dokumen" => licence.permit.title.to_owned(),
            "oss_id" => self.business.oss_id.clone(),
            "kbli" => self.project().kbli.code.to_owned(),
            "nama_kbli" => self.project().kbli.title.to_owned(),
            "tipe_oss" => "RBA".to_owned(),
            _ => return None,
        };
        Some(value)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        match key {
            "data_persyaratan" => boxed(self.licence.requirements.iter().map(Paper)),
            "data_teknis" if self.licence.building => vec![Box::new(Building(self.business))],
            _ => Vec::new(),
        }
    }
}

/// A paper that is required.
struct Paper<'a>(&'a Requirement);

impl Record for Paper<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_syarat" => self.0.id.clone(),
            "no_dokumen" => self.0.number.clone(),
            // Eight characters in the guide's table, a date of ten in what is sent.
            "tgl_dokumen" => self.0.date.to_string(),
            "keterangan" => "Lengkap".to_owned(),
            _ => return None,
        };
        Some(value)
    }
}

/// Technical data of a building.
struct Building<'a>(&'a Business);

impl Record for Building<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let value = match key {
            "id_komitmen" => format!("K-{:010}", self.0.index),
            "nama_bangunan" => "Gedung kantor".to_owned(),
            "luas_bangunan" => (100 + self.0.index).to_string(),
            "jumlah_lantai" => (1 + self.0.index % 4).to_string(),
            "tinggi_bangunan" => "12".to_owned(),
            "luas_basement" | "jumlah_lantai_basement" => "0".to_owned(),
            "perancang_dokumen_teknis" => "Konsultan perencana".to_owned(),
            _ => return None,
        };
        Some(value)
    }
}

/// A licence of a project with the project's line of business: what fetchNIB lists as `kbli`.
struct BusinessLine<'a> {
    business: &'a Business,
    project: &'a Project,
    licence: Option<&'a Licence>,
}

impl Record for BusinessLine<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match (key, self.licence) {
            ("kbli", _) => Some(self.project.kbli.code.to_owned()),
            ("nama_kbli", _) => Some(self.project.kbli.title.to_owned()),
            ("tipe_oss", _) => Some("RBA".to_owned()),
            (_, Some(licence)) => Check { business: self.business, licence }.text(key),
            _ => None,
        }
    }
}

/// fetchNIB's lines of project number `nth`: one a licence, at least one.
pub(super) fn lines<'a>(business: &'a Business, project: &'a Project, nth: usize) -> Vec<Box<dyn Record + 'a>> {
    let mut lines =
        boxed(of_project(business, nth).map(|licence| BusinessLine { business, project, licence: Some(licence) }));
    if lines.is_empty() {
        lines.push(Box::new(BusinessLine { business, project, licence: None }));
    }
    lines
}

/// The first licence of project number `nth`, where there is one.
pub(super) fn first_of(business: &Business, nth: usize) -> Vec<Box<dyn Record + '_>> {
    boxed(of_project(business, nth).take(1).map(|licence| Check { business, licence }))
}

fn of_project(business: &Business, nth: usize) -> impl Iterator<Item = &Licence> {
    business.licences.iter().filter(move |licence| licence.project == nth)
}

/// The answer of inqueryLicense about one licence.
pub(in crate::sandbox::oss) struct LicenseRecord<'a> {
    pub(in crate::sandbox::oss) business: &'a Business,
    pub(in crate::sandbox::oss) licence: &'a Licence,
}

impl Record for LicenseRecord<'_> {
    fn text(&self, key: &str) -> Option<String> {
        Check { business: self.business, licence: self.licence }.text(key)
    }

    fn children(&self, key: &str) -> Vec<Box<dyn Record + '_>> {
        let (business, licence) = (self.business, self.licence);
        match key {
            "data_proyek" => {
                let project = &business.projects[licence.project];
                vec![Box::new(Undertaking { business, project, nth: licence.project })]
            }
            "data_checklist" => vec![Box::new(Check { business, licence })],
            _ => Vec::new(),
        }
    }
}
