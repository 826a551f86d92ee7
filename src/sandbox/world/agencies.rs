//! The agencies of the regional government and the programmes they run: names and codes as the ministry's list of
//! 2020 has them. What families get as aid and what the agencies plan to spend both come from here.

mod catalogue;

pub(crate) use catalogue::AGENCIES;

/// A field of government, by its code: 1 and 2 make `1.02`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Urusan {
    /// Kind: 1 and 2 obligatory, 3 by choice, 5 support, 7 territorial.
    pub(crate) kind: u8,
    pub(crate) number: u8,
    pub(crate) name: &'static str,
}

impl Urusan {
    /// What its kind is called.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            1 => "Wajib Pelayanan Dasar",
            2 => "Wajib",
            3 => "Pilihan",
            5 => "Penunjang",
            _ => "Kewilayahan",
        }
    }
}

/// A programme of a field.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) urusan: &'static Urusan,
    pub(crate) number: u8,
    /// Without the word "Program".
    pub(crate) name: &'static str,
    pub(crate) kegiatan: &'static [Kegiatan],
}

/// An activity of a programme.
#[derive(Debug)]
pub(crate) struct Kegiatan {
    /// 202 = `2.02`.
    pub(crate) number: u16,
    pub(crate) name: &'static str,
    pub(crate) subs: &'static [SubKegiatan],
}

/// A part of an activity.
#[derive(Debug)]
pub(crate) struct SubKegiatan {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    /// Where families get it: the strategy against poverty it belongs to.
    pub(crate) strategi: Option<&'static str>,
}

/// An agency.
#[derive(Debug)]
pub(crate) struct Agency {
    /// `idInstansi`.
    pub(crate) id: u32,
    /// `idKantor`: a kelurahan's is its kecamatan's.
    pub(crate) office: u32,
    /// `skpd`, `kecamatan` or `kelurahan`.
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    /// Its programmes; none for an agency whose parent plans for it.
    pub(crate) programs: &'static [&'static Program],
}

/// Something that families get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AidKind {
    pub(crate) agency: &'static Agency,
    pub(crate) program: &'static Program,
    pub(crate) kegiatan: &'static Kegiatan,
    pub(crate) sub: &'static SubKegiatan,
    pub(crate) strategi: &'static str,
}

/// Everything that families get, from all agencies.
pub(crate) fn given_to_families() -> Vec<AidKind> {
    let mut all = Vec::new();
    for agency in &AGENCIES {
        for program in agency.programs {
            for kegiatan in program.kegiatan {
                for sub in kegiatan.subs {
                    if let Some(strategi) = sub.strategi {
                        all.push(AidKind { agency, program, kegiatan, sub, strategi });
                    }
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{AGENCIES, given_to_families};
    use std::collections::BTreeSet;

    #[test]
    fn agencies_are_told_apart() {
        assert_eq!(AGENCIES.len(), 25);
        let ids: BTreeSet<u32> = AGENCIES.iter().map(|agency| agency.id).collect();
        let names: BTreeSet<&str> = AGENCIES.iter().map(|agency| agency.name).collect();
        assert_eq!((ids.len(), names.len()), (25, 25));
        for agency in AGENCIES.iter().filter(|agency| agency.kind == "kelurahan") {
            let parent = AGENCIES.iter().find(|other| other.kind == "kecamatan" && other.office == agency.office);
            assert!(parent.is_some(), "{} has no kecamatan", agency.name);
        }
    }

    #[test]
    fn a_code_has_one_name() {
        let mut names = std::collections::BTreeMap::new();
        for kind in given_to_families() {
            let urusan = kind.program.urusan;
            let code = (urusan.kind, urusan.number, kind.program.number, kind.kegiatan.number, kind.sub.number);
            let known = names.entry(code).or_insert(kind.sub.name);
            assert_eq!(*known, kind.sub.name, "{code:?}");
        }
        assert!(names.len() >= 10, "{} kinds of aid", names.len());
        assert!(names.contains_key(&(1, 2, 5, 202, 2)), "the kind of aid the document shows");
    }
}
