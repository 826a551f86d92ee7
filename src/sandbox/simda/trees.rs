//! Plans as the document's trees: each level under its own key, leaves at the bottom.

use crate::sandbox::document::{RowFaults, with};
use crate::sandbox::world::{Agency, Indikator, Item, Plan, PlannedKegiatan, PlannedProgram, Sasaran};
use serde_json::{Value, json};

/// One agency.
pub(super) fn agency(agency: &Agency) -> Value {
    json!({
        "idKantor": agency.office,
        "idInstansi": agency.id,
        "jenis": agency.kind,
        "namaInstansi": agency.name,
    })
}

/// Aims: visi, misi, tujuan, sasaran.
pub(super) fn aims(aims: &[Sasaran], spoil: RowFaults) -> Value {
    let mut index = 0;
    let mut leaf = |aim: &Sasaran| {
        let mut leaf = json!({ "idSasaran": aim.sasaran.0, "namaSasaran": aim.sasaran.1 });
        spoil.apply(index, &mut leaf);
        index += 1;
        leaf
    };
    let visi = aims.chunk_by(|a, b| a.visi == b.visi).map(|aims| {
        let misi: Vec<Value> = aims
            .chunk_by(|a, b| a.misi == b.misi)
            .map(|aims| {
                let tujuan: Vec<Value> = aims
                    .chunk_by(|a, b| a.tujuan == b.tujuan)
                    .map(|aims| {
                        let sasaran: Vec<Value> = aims.iter().map(&mut leaf).collect();
                        let (id, name) = aims[0].tujuan;
                        with(json!({ "idTujuan": id, "namaTujuan": name }), "dataSasaran", sasaran)
                    })
                    .collect();
                let (id, name) = aims[0].misi;
                with(json!({ "idMisi": id, "namaMisi": name }), "dataTujuan", tujuan)
            })
            .collect();
        let (id, name) = aims[0].visi;
        with(json!({ "idVisi": id, "namaVisi": name }), "dataMisi", misi)
    });
    visi.collect()
}

/// Writes budgets, with what goes wrong in them.
pub(super) struct Budget {
    pub(super) spoil: RowFaults,
    /// `dataRekKelompok` is an array.
    pub(super) kelompok_array: bool,
    /// The first item of each activity has a wrong `jumlah`.
    pub(super) wrong_amount: bool,
    /// Items to write at most.
    pub(super) most: usize,
    /// Items written so far.
    pub(super) written: usize,
}

impl Budget {
    /// The plan of an agency: jenis urusan, urusan, program, kegiatan, belanja.
    pub(super) fn plan(&mut self, plan: &Plan) -> Value {
        let same_kind = |a: &PlannedProgram, b: &PlannedProgram| a.program.urusan.kind == b.program.urusan.kind;
        let same_urusan = |a: &PlannedProgram, b: &PlannedProgram| a.program.urusan == b.program.urusan;
        let mut kinds = Vec::new();
        for programs in plan.programs.chunk_by(same_kind) {
            let mut fields = Vec::new();
            for programs in programs.chunk_by(same_urusan) {
                let urusan = programs[0].program.urusan;
                let programs: Vec<Value> =
                    programs.iter().map(|program| self.program(plan.agency, program)).collect();
                let field = json!({ "idUrusan": urusan.number, "namaUrusan": urusan.name });
                fields.push(with(field, "dataProgram", programs));
            }
            let urusan = programs[0].program.urusan;
            let kind = json!({ "idJenisUrusan": urusan.kind, "namaJenisUrusan": urusan.kind_name() });
            kinds.push(with(kind, "dataUrusan", fields));
        }
        kinds.into()
    }

    fn program(&mut self, agency: &Agency, planned: &PlannedProgram) -> Value {
        let indicators: Vec<Value> =
            planned.indicators.iter().map(|one| indicator("indikatorProgram", one)).collect();
        let kegiatan: Vec<Value> = planned.kegiatan.iter().map(|kegiatan| self.kegiatan(kegiatan)).collect();
        let program = json!({
            "idProgram": planned.program.number,
            "idRenjaAkhir": planned.id,
            "namaProgram": format!("Program {}", planned.program.name),
            "lokasiProgram": agency.name,
            "dataIndikatorProgram": indicators,
        });
        with(program, "dataKegiatan", kegiatan)
    }

    fn kegiatan(&mut self, planned: &PlannedKegiatan) -> Value {
        let indicators: Vec<Value> =
            planned.indicators.iter().map(|one| indicator("indikatorKegiatan", one)).collect();
        let count = planned.items.len().min(self.most - self.written);
        let belanja = self.belanja(&planned.items[..count]);
        let kegiatan = json!({
            "idKegiatan": planned.kegiatan.number,
            "idRka": planned.id,
            "namaKegiatan": planned.kegiatan.name,
            "lokasiKegiatan": planned.place,
            "sumberDana": planned.fund,
            "pagu": planned.pagu,
            "kelompokSasaran": planned.target_group,
            "dataIndikatorKegiatan": indicators,
        });
        with(kegiatan, "dataBelanja", vec![belanja])
    }

    /// The items of an activity under five levels of accounts.
    fn belanja(&mut self, items: &[Item]) -> Value {
        let mut first = self.wrong_amount;
        let mut kinds = Vec::new();
        for items in items.chunk_by(|a, b| a.account.belanja == b.account.belanja) {
            let mut parts = Vec::new();
            for items in items.chunk_by(|a, b| a.account.bagian == b.account.bagian) {
                let mut accounts = Vec::new();
                for items in items.chunk_by(|a, b| a.account == b.account) {
                    let mut details = Vec::new();
                    for items in items.chunk_by(|a, b| a.rincian == b.rincian) {
                        let leaves: Vec<Value> =
                            items.iter().map(|item| self.item(item, std::mem::take(&mut first))).collect();
                        let detail = json!({ "idRincian": items[0].rincian, "namaRincian": items[0].rincian_name });
                        details.push(with(detail, "dataSubRincian", leaves));
                    }
                    let (code, name) = items[0].account.sub_bagian;
                    let account = json!({ "rekSubBagian": code, "namaSubBagian": name });
                    accounts.push(with(account, "dataRincian", details));
                }
                let (code, name) = items[0].account.bagian;
                let part = json!({ "rekBagian": code, "namaRekBagian": name });
                parts.push(with(part, "dataSubBagian", accounts));
            }
            let (code, name) = items[0].account.belanja;
            let kind = json!({ "rekBelanja": code, "namaRekBelanja": name });
            kinds.push(with(kind, "dataRekBagian", parts));
        }
        let group = json!({ "rekKelompok": 2, "namaRekKelompok": "Belanja Langsung" });
        let group = with(group, "dataRekBelanja", kinds);
        let group = if self.kelompok_array { vec![group].into() } else { group };
        with(json!({ "rekAkun": 5, "namaRekAkun": "Belanja" }), "dataRekKelompok", group)
    }

    fn item(&mut self, item: &Item, wrong: bool) -> Value {
        // An empty volume is an empty text, not a zero.
        let volume = |index: usize| item.volumes[index].map_or(Value::from(""), Value::from);
        let mut leaf = json!({
            "idSubRincian": item.id,
            "namaSubRincian": item.name,
            "volume1": volume(0),
            "satuan1": item.units[0],
            "volume2": volume(1),
            "satuan2": item.units[1],
            "volume3": volume(2),
            "satuan3": item.units[2],
            "nilai": item.price,
            "jumlah": item.amount() + if wrong { 1_000 } else { 0 },
        });
        self.spoil.apply(self.written, &mut leaf);
        self.written += 1;
        leaf
    }
}

fn indicator(key: &str, indicator: &Indikator) -> Value {
    json!({ key: indicator.name, "volume": indicator.volume, "satuan": indicator.unit })
}
