//! The report `serapan-anggaran`: how much of the budget has been spent, against target, with what needs attention.
//!
//! Read it top to bottom: facts from the session, the standing against target, the exceptions, the changes since the
//! previous edition, and the page that the templates lay out.

mod changes;
mod exceptions;
mod facts;
mod standing;
mod tables;

pub use facts::QUERIES;

use super::definition::ReportDefinition;
use super::edition::{Edition, Snapshot};
use super::inputs::{Inputs, SourceNote};
use super::page::{Footer, LogoRef, Page};
use super::{ReportError, freshness, id_id};
use askama::Template;
use chrono::Datelike;
use exceptions::Exceptions;
use facts::{Facts, Headline};
use standing::Standing;
use tables::MoneyUnit;

#[derive(Template)]
#[template(path = "report/serapan-anggaran.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "report/serapan-anggaran.txt", escape = "none")]
struct Text<'a> {
    page: &'a Page,
}

/// Makes one edition.
///
/// # Errors
/// [`ReportError::Rows`] when a query fails or answers in another shape, [`ReportError::NoFigures`] when no fiscal year
/// up to the period has rows, [`ReportError::Template`] when a template cannot be rendered.
pub(super) async fn compose(definition: &ReportDefinition, inputs: &Inputs<'_>) -> Result<Edition, ReportError> {
    let year_max = i64::from(inputs.period.year());
    let facts =
        Facts::read(inputs.current, year_max).await?.ok_or(ReportError::NoFigures { period: inputs.period })?;
    let before = match inputs.previous {
        Some(previous) => Headline::read(previous, year_max).await?,
        None => None,
    };
    let standing = Standing::of(&facts.headline.total, &definition.targets);
    let reasons = freshness::reasons(definition, inputs.sources, standing.per_tanggal, inputs.period);
    let exceptions = Exceptions::find(&facts, standing.target, &definition.thresholds, &definition.rows);
    let stale = !reasons.is_empty();
    let subject = standing.subject(stale, exceptions.far_behind);
    let headline_lines = headline_lines(&facts, &standing, &exceptions, stale);
    let page =
        Draft { definition, inputs, facts: &facts, standing: &standing }.page(exceptions, before.as_ref(), reasons);
    Ok(Edition {
        name: definition.name.clone(),
        title: definition.title.clone(),
        period: inputs.period,
        per_tanggal: standing.per_tanggal,
        stale,
        subject,
        html: Html { page: &page }.render()?,
        text: Text { page: &page }.render()?,
        headline_lines,
        definition_version: definition.version,
        snapshots: inputs.sources.iter().map(Snapshot::of).collect(),
    })
}

/// Three to five short lines for a terminal.
fn headline_lines(facts: &Facts, standing: &Standing, exceptions: &Exceptions, stale: bool) -> Vec<String> {
    let budget = facts.headline.total.budget;
    let count = |number: usize| id_id::count(i64::try_from(number).unwrap_or(i64::MAX));
    let mut lines = vec![
        standing.headline(),
        format!(
            "Realisasi {} dari pagu {}, posisi {}",
            id_id::rupiah_prose(budget.realisasi),
            id_id::rupiah_prose(budget.pagu),
            id_id::date_long(standing.per_tanggal)
        ),
        format!(
            "Perlu perhatian: {} temuan, {} satker jauh di bawah target",
            count(exceptions.found),
            count(exceptions.far_behind)
        ),
    ];
    if let Some(ikpa) = &facts.headline.ikpa {
        lines.push(format!("IKPA K/L {} ({})", id_id::decimal(ikpa.value, 2), ikpa.category));
    }
    if stale {
        lines.push("DATA BELUM DIPERBARUI".to_owned());
    }
    lines
}

/// What a page is drawn from.
struct Draft<'a> {
    definition: &'a ReportDefinition,
    inputs: &'a Inputs<'a>,
    facts: &'a Facts,
    standing: &'a Standing,
}

impl Draft<'_> {
    fn page(&self, exceptions: Exceptions, before: Option<&Headline>, reasons: Vec<String>) -> Page {
        let Self { definition, inputs, facts, standing } = self;
        let unit = MoneyUnit::for_total(facts.headline.total.budget.pagu);
        let threshold = definition.thresholds.satker_points;
        let position = format!("posisi {}", id_id::date_long(standing.per_tanggal));
        Page {
            title: format!("{} per {}", definition.title, id_id::date_long(standing.per_tanggal)),
            preheader: standing::preheader(facts, exceptions.found),
            agency: inputs.deployment.agency.clone(),
            unit: definition.unit.clone(),
            logo: self.logo(),
            headline: standing.headline(),
            position: self.position(),
            tiles: standing::tiles(facts, standing, exceptions.far_behind, &definition.thresholds),
            changes: changes::lines(&facts.headline, before, definition.rows.changes),
            attention: exceptions.attention(&position, facts),
            sections: [
                tables::eselon1(facts, standing, threshold, definition.rows.eselon1, unit),
                tables::kinds(facts, unit),
                tables::months(facts, standing, &definition.targets, unit),
            ]
            .into_iter()
            .flatten()
            .collect(),
            notes: self.notes(&reasons),
            warnings: reasons,
            chart: None,
            footer: self.footer(),
        }
    }

    fn logo(&self) -> Option<LogoRef> {
        let deployment = self.inputs.deployment;
        deployment.logo.as_ref().map(|logo| LogoRef {
            content_id: deployment.logo_content_id(),
            alt: logo.alt.clone(),
            width: logo.width,
            height: logo.height,
        })
    }

    /// The data date and the oldest extraction the figures stand on.
    fn position(&self) -> String {
        let used = |source: &&SourceNote| self.definition.datasets.contains(&source.dataset);
        let oldest = self.inputs.sources.iter().filter(used).map(|source| source.extracted_at).min();
        let date = id_id::date_long(self.standing.per_tanggal);
        match oldest {
            Some(at) => {
                let at = id_id::instant(at, self.definition.timezone);
                format!("Posisi {date}, data Online Monitoring SPAN (OMSPAN) ditarik {at}.")
            }
            None => format!("Posisi {date}; waktu penarikan data tidak tercatat."),
        }
    }

    /// "Catatan mutu data": the sources, the books, the gaps, and how figures were made.
    fn notes(&self, reasons: &[String]) -> Vec<String> {
        let Self { definition, inputs, facts, standing } = self;
        let mut notes = freshness::notes(definition, inputs.sources, reasons);
        notes.push(self.books());
        notes.push(match facts.headline.ikpa {
            Some(_) => "IKPA adalah Indikator Kinerja Pelaksanaan Anggaran, dengan skala 0 sampai 100.".to_owned(),
            None => "Nilai Indikator Kinerja Pelaksanaan Anggaran (IKPA) belum tersedia.".to_owned(),
        });
        if facts.kinds.is_empty() || facts.months.is_empty() {
            notes
                .push("Rincian jenis belanja atau bulanan belum tersedia sehingga tabelnya tidak dimuat.".to_owned());
        }
        if tables::last_year_total(facts).is_none() && !facts.kinds.is_empty() {
            notes.push(format!("Data tahun {} belum ada sehingga kolomnya kosong.", facts.headline.total.year - 1));
        }
        if !standing::is_month_end(standing.per_tanggal) {
            notes.push(format!(
                "Target {} dihitung pada garis lurus antara target akhir bulan sebelum dan sesudah tanggal data.",
                id_id::percent(standing.target)
            ));
        }
        notes.push(
            "Persen dibulatkan ke satu desimal; selisih poin dihitung dari persen yang tercetak. Jumlah dihitung \
             sebelum pembulatan."
                .to_owned(),
        );
        notes
    }

    /// How far budget and postings agree with fund availability.
    fn books(&self) -> String {
        let mismatches = &self.facts.mismatches;
        let (lines, differing): (i64, i64) =
            mismatches.iter().fold((0, 0), |sum, line| (sum.0 + line.lines, sum.1 + line.differing));
        if lines == 0 {
            return "Data ketersediaan dana belum ada, jadi pagu dan realisasi belum dicocokkan.".to_owned();
        }
        if differing == 0 {
            return format!(
                "Pagu dan realisasi cocok dengan ketersediaan dana pada {} baris akun.",
                id_id::count(lines)
            );
        }
        format!(
            "{} dari {} baris akun berbeda dari data ketersediaan dana, yang ditarik pada jam yang berbeda.",
            id_id::count(differing),
            id_id::count(lines)
        )
    }

    fn footer(&self) -> Footer {
        let Self { definition, inputs, .. } = self;
        let zone = definition.timezone;
        let source = |source: &SourceNote| {
            format!(
                "{} ({}): snapshot {}, ditarik {}, {} baris, run {}",
                source.title,
                source.dataset,
                id_id::date_long(source.snapshot_date),
                id_id::instant(source.extracted_at, zone),
                freshness::unsigned(source.rows),
                source.run
            )
        };
        let deployment = inputs.deployment;
        Footer {
            sources: inputs.sources.iter().map(source).collect(),
            made: format!(
                "Data per {}. Disusun otomatis oleh lumbung pada {}, definisi {} versi {}.",
                id_id::date_long(self.standing.per_tanggal),
                id_id::instant(inputs.now, zone),
                definition.name,
                definition.version
            ),
            contact_unit: deployment.contact_unit.clone(),
            contact_address: deployment.contact_address.to_string(),
            subscription: deployment.subscription_link(&definition.name),
        }
    }
}

#[cfg(test)]
mod tests;
