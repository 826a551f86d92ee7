//! The gate's look at the columns: what is staged against the snapshot before it, under the limits of the contract.
//!
//! A snapshot is compared with the newest one of its fiscal year. A day of events has no predecessor, so all new days
//! together are compared with the newest days before them, and only in what a day has in common with others: the share of
//! NULLs. What is pushed was looked at when it came in, and was acknowledged: it is not judged again.

use std::path::Path;

use crate::contract::{Contract, Dataset, EXTRA_COLUMN, Transport, file_schema};
use crate::load::{LoadError, LoadRequest};
use crate::quality::drift::{Finding, Snapshot, drift, nulls};
use crate::quality::{Profile, ProfileRequest, RecountError, profile};
use crate::warehouse::{CommittedFile, Partition, StagedFile, Warehouse, WarehouseError};

use super::{Objection, Totals};

/// Days of events that new ones are compared with.
const DAYS: usize = 30;

/// What a dataset's files are compared with.
pub(super) struct Judge<'a> {
    pub(super) warehouse: &'a Warehouse,
    pub(super) contract: &'a Contract,
    pub(super) dataset: &'a Dataset,
    /// What is published of the dataset, as of the day of the load.
    pub(super) before: &'a [&'a CommittedFile],
}

/// A staged file and the label of its window.
pub(super) type Labelled = (String, StagedFile);

impl Judge<'_> {
    /// Profiles the staged files and objects to those that are too far from what was before. They come back with their
    /// profiles, for the next load to be compared with.
    pub(super) fn judge(
        &self,
        staged: Vec<Labelled>,
        request: &LoadRequest,
        totals: &mut Totals,
    ) -> Result<Vec<StagedFile>, LoadError> {
        if self.dataset.transport == Transport::Inbox || staged.is_empty() {
            return Ok(staged.into_iter().map(|(_, file)| file).collect());
        }
        let wanted = self.wanted();
        let profiles = profiles(&staged, &wanted)?;
        let profiled: Vec<_> =
            staged.into_iter().zip(profiles).map(|((label, file), found)| (label, file, found)).collect();
        let findings = match self.dataset.accumulates() {
            true => self.of_days(&profiled, &wanted)?,
            false => self.of_snapshots(&profiled, &wanted)?,
        };
        let (losses, others): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| finding.is_loss);
        for (found, accepted, option) in
            [(losses, request.accept_shrink, "--accept-shrink"), (others, request.accept_drift, "--accept-drift")]
        {
            if !found.is_empty() {
                let what = found.into_iter().map(|finding| finding.what).collect::<Vec<_>>().join("; ");
                Objection { what, option }.hold_unless(accepted, totals)?;
            }
        }
        Ok(profiled.into_iter().map(|(_, file, found)| file.with_profile(found)).collect())
    }

    /// The columns that can be NULL, but for the one of unknown keys, and those whose values the contract has counted.
    fn wanted(&self) -> ProfileRequest {
        let required = |name: &str| self.dataset.columns.iter().any(|column| column.name == name && column.required);
        let schema = file_schema(self.dataset);
        let names = schema.fields().iter().map(|field| field.name());
        let nulls = names.filter(|name| *name != EXTRA_COLUMN && !required(name)).cloned().collect();
        let distinct = if self.dataset.accumulates() { Vec::new() } else { self.dataset.drift.distinct.clone() };
        ProfileRequest { nulls, distinct }
    }

    fn of_snapshots(
        &self,
        profiled: &[(String, StagedFile, Profile)],
        wanted: &ProfileRequest,
    ) -> Result<Vec<Finding>, LoadError> {
        let mut findings = Vec::new();
        for (label, file, found) in profiled {
            let year = |partition: &Partition| partition.get("tahun_anggaran").map(str::to_owned);
            let of_year = self.before.iter().filter(|before| year(&before.partition) == year(file.partition()));
            let Some(before) = of_year.max_by_key(|before| before.snapshot_date) else { continue };
            let Some(earlier) = self.earlier(before, wanted)? else { continue };
            let then = Snapshot { profile: earlier, sums: before.sums.clone() };
            let now = Snapshot { profile: found.clone(), sums: file.sums().clone() };
            let of_window = drift(&then, &now, &self.dataset.drift).into_iter();
            findings
                .extend(of_window.map(|finding| Finding { what: format!("{label}: {}", finding.what), ..finding }));
        }
        Ok(findings)
    }

    fn of_days(
        &self,
        profiled: &[(String, StagedFile, Profile)],
        wanted: &ProfileRequest,
    ) -> Result<Vec<Finding>, LoadError> {
        let replaced =
            |file: &CommittedFile| profiled.iter().any(|(_, staged, _)| *staged.partition() == file.partition);
        let mut days: Vec<&&CommittedFile> = self.before.iter().filter(|file| !replaced(file)).collect();
        days.sort_by_key(|file| std::cmp::Reverse(file.snapshot_date));
        let mut earlier = Vec::new();
        for day in days.into_iter().take(DAYS) {
            earlier.extend(self.earlier(day, wanted)?);
        }
        let together =
            |all: Vec<Profile>| all.into_iter().reduce(|one, other| one.beside(&other)).unwrap_or_default();
        let then = together(earlier);
        let now = together(profiled.iter().map(|(_, _, found)| found.clone()).collect());
        let limits = &self.dataset.drift;
        if then.rows < limits.rows_min || now.rows < limits.rows_min {
            return Ok(Vec::new());
        }
        let label = format!("the {} new or changed days", profiled.len());
        let found = nulls(&then, &now, limits).into_iter();
        Ok(found.map(|finding| Finding { what: format!("{label}: {}", finding.what), ..finding }).collect())
    }

    /// What a committed file's columns look like: as noted when it was committed, else looked at now. `None` where it was
    /// written under another version of the contract: a column may mean something else since.
    fn earlier(&self, file: &CommittedFile, wanted: &ProfileRequest) -> Result<Option<Profile>, LoadError> {
        let known = self.warehouse.profile_of(file)?;
        let Some(known) = known.filter(|known| known.contract_version == self.contract.version) else {
            return Ok(None);
        };
        match known.profile.filter(|noted| noted.answers(wanted)) {
            Some(noted) => Ok(Some(noted)),
            None => Ok(look(&[file.path.as_path()], wanted)?.pop()),
        }
    }
}

/// What the staged files look like. Their NULLs were counted while they were written; for their distinct values they are
/// read again.
fn profiles(staged: &[Labelled], wanted: &ProfileRequest) -> Result<Vec<Profile>, LoadError> {
    let distinct = ProfileRequest { nulls: Vec::new(), distinct: wanted.distinct.clone() };
    let looked = match distinct.distinct.is_empty() {
        true => vec![Profile::default(); staged.len()],
        false => look(&staged.iter().map(|(_, file)| file.path()).collect::<Vec<_>>(), &distinct)?,
    };
    let both = |((_, file), looked): (&Labelled, Profile)| {
        let counted = wanted.nulls.iter().filter_map(|name| Some((name.clone(), *file.nulls().get(name)?)));
        Profile { rows: file.rows(), nulls: counted.collect(), ..looked }
    };
    Ok(staged.iter().zip(looked).map(both).collect())
}

/// Profiles files on a thread of their own: the engine has threads that must not be waited for on the program's.
fn look(paths: &[&Path], wanted: &ProfileRequest) -> Result<Vec<Profile>, LoadError> {
    let all = || paths.iter().map(|path| profile(path, wanted)).collect::<Result<Vec<_>, RecountError>>();
    let looked = std::thread::scope(|scope| scope.spawn(all).join());
    let looked = looked.map_err(|_| LoadError::Worker("the look at the staged files ended by a bug".to_owned()))?;
    looked.map_err(|error| WarehouseError::from(error).into())
}
