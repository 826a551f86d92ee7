//! What a faultless load of OSS comes to: the rows of every table that the contract makes of an answer, one a business,
//! or one an element of a list, counted in the world.

use super::{Registry, pushes, reference};
use crate::sandbox::control::ControlTotals;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::world::businesses::{Actor, Business, Operator, Project, StaffPlan};

/// The money column that is summed.
const INVESTMENT: &str = "jumlah_investasi";

/// A table of inqueryNIB, its sister in receiveNIBKKPR, and its rows for one business.
type NibTable = (Dataset, Dataset, fn(&Business) -> usize);

/// The tables that are made of `dataNIB`, pulled or pushed.
const NIB_TABLES: [NibTable; 17] = [
    (Dataset::OssNib, Dataset::OssKkpr, |_| 1),
    (Dataset::OssNibPemegangSaham, Dataset::OssKkprPemegangSaham, |business| business.shares.len()),
    (Dataset::OssNibPenanggungJawab, Dataset::OssKkprPenanggungJawab, |business| business.managers.len()),
    (Dataset::OssNibLegalitas, Dataset::OssKkprLegalitas, |business| business.deeds.len()),
    (Dataset::OssNibRptka, Dataset::OssKkprRptka, |business| usize::from(business.staff_plan.is_some())),
    (Dataset::OssNibRptkaJabatan, Dataset::OssKkprRptkaJabatan, |business| plan(business, |plan| plan.posts.len())),
    (Dataset::OssNibRptkaPendamping, Dataset::OssKkprRptkaPendamping, |business| {
        plan(business, |plan| plan.posts.iter().map(|post| post.understudies.len()).sum())
    }),
    (Dataset::OssNibRptkaNegara, Dataset::OssKkprRptkaNegara, |business| plan(business, |plan| plan.countries.len())),
    (Dataset::OssNibRptkaLokasi, Dataset::OssKkprRptkaLokasi, |business| plan(business, |plan| plan.places.len())),
    (Dataset::OssNibProyek, Dataset::OssKkprProyek, |business| business.projects.len()),
    (Dataset::OssNibProyekLokasi, Dataset::OssKkprProyekLokasi, |business| {
        projects(business, |project| project.sites.len())
    }),
    (Dataset::OssNibProyekKoordinat, Dataset::OssKkprProyekKoordinat, |business| {
        projects(business, |project| project.sites.iter().map(|site| site.corners.len()).sum())
    }),
    (Dataset::OssNibProyekPosisi, Dataset::OssKkprProyekPosisi, |business| {
        projects(business, |project| project.sites.iter().map(|site| site.positions.len()).sum())
    }),
    (Dataset::OssNibProyekProduk, Dataset::OssKkprProyekProduk, |business| {
        projects(business, |project| project.products.len())
    }),
    (Dataset::OssNibDni, Dataset::OssKkprDni, |business| business.restricted.len()),
    (Dataset::OssNibIzin, Dataset::OssKkprIzin, |business| business.licences.len()),
    (Dataset::OssNibIzinSyarat, Dataset::OssKkprIzinSyarat, requirements),
];

/// A table of another method and its rows for one business.
type Table = (Dataset, fn(&Business) -> usize);

/// The tables of the other methods that are asked about a business, its projects or its licences.
const TABLES: [Table; 17] = [
    (Dataset::OssCekNib, |_| 1),
    (Dataset::OssNibStpw, |business| usize::from(business.actor == Actor::Foreign)),
    (Dataset::OssNibStpwIzin, |business| if business.actor == Actor::Foreign { business.licences.len() } else { 0 }),
    (Dataset::OssStatusIzin, |business| business.licences.len()),
    (Dataset::OssSertifikat, |business| {
        business.licences.iter().filter(|licence| licence.certificate.is_some()).count()
    }),
    (Dataset::OssNibDaftar, |_| 1),
    (Dataset::OssNibDaftarProyek, |business| business.projects.len()),
    (Dataset::OssNibDaftarKbli, |business| licences_by_project(business).map(|count| count.max(1)).sum()),
    (Dataset::OssProyek, |business| business.projects.len()),
    (Dataset::OssProyekFasilitas, |business| usize::from(business.has_facility())),
    (Dataset::OssProyekIzin, |business| licences_by_project(business).map(|count| count.min(1)).sum()),
    (Dataset::OssProyekSatuLini, |business| if business.is_one_line() { business.projects.len() } else { 0 }),
    (Dataset::OssIzin, |business| business.licences.len()),
    (Dataset::OssIzinProyek, |business| business.licences.len()),
    (Dataset::OssIzinChecklist, |business| business.licences.len()),
    (Dataset::OssIzinSyarat, requirements),
    (Dataset::OssFileDs, |business| business.licences.iter().filter(|licence| licence.granted.is_some()).count()),
];

fn plan(business: &Business, count: fn(&StaffPlan) -> usize) -> usize {
    business.staff_plan.as_ref().map_or(0, count)
}

fn projects(business: &Business, count: fn(&Project) -> usize) -> usize {
    business.projects.iter().map(count).sum()
}

fn requirements(business: &Business) -> usize {
    business.licences.iter().map(|licence| licence.requirements.len()).sum()
}

/// How many licences each project has.
fn licences_by_project(business: &Business) -> impl Iterator<Item = usize> {
    let of = |nth: usize| business.licences.iter().filter(|licence| licence.project == nth).count();
    (0..business.projects.len()).map(of)
}

/// The totals of every table.
pub(super) fn totals(registry: &Registry) -> Vec<(Dataset, ControlTotals)> {
    let mut all = Vec::new();
    let known: Vec<&Business> = registry.known().iter().collect();
    let pushed: Vec<&Business> = pushes::applications(registry)
        .enumerate()
        .flat_map(|(nth, (business, _))| std::iter::repeat_n(business, pushes::times(nth)))
        .collect();
    for (pulled, sister, rows) in NIB_TABLES {
        all.push((pulled, of(pulled, &known, rows)));
        all.push((sister, of(sister, &pushed, rows)));
    }
    all.extend(TABLES.map(|(dataset, rows)| (dataset, of(dataset, &known, rows))));
    all.push((Dataset::OssReferensi, ControlTotals::new(reference::count(), &[])));
    let operators: Vec<&Operator> = registry.businesses.operators(registry.today).collect();
    let of_operators = |rows: fn(&Operator) -> usize| operators.iter().map(|operator| rows(operator)).sum();
    all.push((Dataset::OssPse, ControlTotals::new(operators.len(), &[])));
    let managers = of_operators(|operator| operator.managers.len());
    all.push((Dataset::OssPsePenanggungJawab, ControlTotals::new(managers, &[])));
    all.push((Dataset::OssPseProyek, ControlTotals::new(of_operators(|operator| operator.systems.len()), &[])));
    all.push((Dataset::OssPseIzin, ControlTotals::new(operators.len(), &[])));
    all
}

/// Rows over `businesses`, and what they invest where the table says it.
fn of(dataset: Dataset, businesses: &[&Business], rows: fn(&Business) -> usize) -> ControlTotals {
    let count = businesses.iter().map(|business| rows(business)).sum();
    match dataset {
        Dataset::OssNibProyek | Dataset::OssKkprProyek | Dataset::OssProyek => {
            let projects = businesses.iter().flat_map(|business| &business.projects);
            let sum = projects.map(|project| i128::from(project.investment())).sum();
            ControlTotals::new(count, &[(INVESTMENT, sum)])
        }
        _ => ControlTotals::new(count, &[]),
    }
}
