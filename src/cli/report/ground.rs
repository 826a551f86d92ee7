//! What the editions of one composition stand on: taken from the warehouse and the config of today, or from what was recorded.
//! Both ways lead through the same sessions, so that a recorded edition comes out again as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Snapshots, deployment, previous_date, source_notes};
use crate::catalog::{Below, ViewSet};
use crate::cli::exit::{Code, Failure};
use crate::cli::{Context, session};
use crate::config::ConfigFolder;
use crate::contract::Contract;
use crate::reference::Reference;
use crate::report::record::{DeploymentRecord, FORMAT, Grounds, LogoRecord, MomentRecord, TextRecord, sha256};
use crate::report::{
    Deployment, Inputs, Logo, QueryFile, QuerySet, ReportDefinition, Session, SourceNote, required_columns,
};
use crate::warehouse::{CommittedFile, EditionFilter, EditionRecord, LedgerMark, Moment, PinnedFile, Warehouse};

/// Everything that one composition is made from.
pub(crate) struct Ground {
    pub(super) definition: ReportDefinition,
    /// The definition's name in the config folder, and its text.
    text: (String, String),
    contracts: Vec<Contract>,
    reference: Reference,
    pub(super) views: ViewSet,
    /// The texts that contracts and reference tables were read from.
    config: BTreeMap<String, String>,
    current: Moment,
    previous: Option<Previous>,
    pub(super) sources: Vec<SourceNote>,
    deployment: Deployment,
    period: NaiveDate,
    day: NaiveDate,
    pub(super) now: DateTime<Utc>,
}

/// What "what changed" compares with.
struct Previous {
    /// The recorded edition; `None` where only older snapshots are known.
    edition: Option<String>,
    moment: Moment,
}

/// The folders and extensions of what a session is built from.
const CONFIG: [(&str, &str); 3] = [("sources", "toml"), ("reference", "toml"), ("reference", "csv")];

impl Ground {
    /// The ground of the editions that `day` makes of a report, as the warehouse and the config stand.
    pub(super) fn take(
        context: &Context,
        warehouse: &Warehouse,
        definition: &ReportDefinition,
        day: NaiveDate,
    ) -> Result<Self, Failure> {
        let contracts = context.folder.contracts()?;
        let current = warehouse.moment(Some(day))?;
        let period = definition.period.of(day);
        Ok(Self {
            text: definition_text(context, &definition.name)?,
            reference: Reference::load(&context.folder)?,
            views: session::views(context)?,
            config: config_texts(&context.folder)?,
            previous: previous(warehouse, &definition.name, period, &current)?,
            sources: source_notes(warehouse, &contracts, &current)?,
            deployment: deployment(context)?,
            now: context.clock.now(),
            definition: definition.clone(),
            contracts,
            current,
            period,
            day,
        })
    }

    /// The ground that was recorded.
    pub(super) fn recorded(warehouse: &Warehouse, grounds: &Grounds) -> Result<Self, Failure> {
        let text = |sha256: &str| -> Result<String, Failure> {
            String::from_utf8(warehouse.edition_object(sha256)?).map_err(Failure::internal)
        };
        let texts = |hashes: &BTreeMap<String, String>| -> Result<BTreeMap<String, String>, Failure> {
            hashes.iter().map(|(name, sha256)| Ok((name.clone(), text(sha256)?))).collect()
        };
        let mut queries = QuerySet::default();
        for (name, sql) in texts(&grounds.queries)? {
            queries = queries.with_query(&name, &sql);
        }
        let mut views = ViewSet::default();
        for (name, sql) in texts(&grounds.views)? {
            views = match name.split_once('.') {
                Some(("check", name)) => views.with_check(name, &sql),
                Some((_, name)) => views.with_view(name, &sql),
                None => views.with_view(&name, &sql),
            };
        }
        let own = (grounds.definition.name.clone(), text(&grounds.definition.sha256)?);
        let definition = ReportDefinition::load(&own.1, &own.0, &queries).map_err(|problems| {
            Failure::new(Code::Data, format!("this program cannot read the recorded definition: {problems}"))
        })?;
        let config = texts(&grounds.config)?;
        let folder = ConfigFolder::written_down(config.clone());
        let previous = grounds.previous.as_ref();
        let previous = previous.map(|record| {
            Ok::<_, Failure>(Previous { edition: record.edition.clone(), moment: moment(warehouse, record)? })
        });
        Ok(Self {
            definition,
            text: own,
            contracts: folder.contracts()?,
            reference: Reference::load(&folder)?,
            views,
            config,
            current: moment(warehouse, &grounds.current)?,
            previous: previous.transpose()?,
            sources: grounds.sources.clone(),
            deployment: deployment_of(warehouse, &grounds.deployment)?,
            period: grounds.period,
            day: grounds.day,
            now: grounds.now,
        })
    }

    /// The sessions: of the editions' own snapshots, and of the previous ones.
    pub(super) fn snapshots(
        &self,
        context: &Context,
        warehouse: &Warehouse,
    ) -> Result<(Snapshots, Option<Snapshots>), Failure> {
        let over = |moment: &Moment| -> Result<Snapshots, Failure> {
            let over = (self.contracts.as_slice(), &self.reference, &self.views);
            Ok(Snapshots(session::of_moment(context, warehouse, over, moment)?))
        };
        Ok((over(&self.current)?, self.previous.as_ref().map(|previous| over(&previous.moment)).transpose()?))
    }

    /// What compositions read.
    pub(super) fn inputs<'a>(&'a self, current: &'a Session<'a>, previous: Option<&'a Session<'a>>) -> Inputs<'a> {
        Inputs {
            current,
            previous,
            sources: &self.sources,
            period: self.period,
            day: self.day,
            now: self.now,
            deployment: &self.deployment,
        }
    }

    /// The queries of the report.
    fn queries(&self) -> Vec<QueryFile> {
        required_columns(&self.definition).into_iter().map(|(query, _)| query).collect()
    }

    /// The query called `name`.
    pub(super) fn query(&self, name: &str) -> Option<QueryFile> {
        self.queries().into_iter().find(|query| query.name == name)
    }

    /// What is written down of this ground, and every text that is named in it by its hash. The files whose rows are read are
    /// hashed and kept.
    pub(super) fn write_down(&self, warehouse: &Warehouse) -> Result<(Grounds, Vec<Vec<u8>>), Failure> {
        let mut objects: Vec<Vec<u8>> = Vec::new();
        let mut object = |bytes: &[u8]| {
            objects.push(bytes.to_vec());
            sha256(bytes)
        };
        let queries = self.queries();
        let below = below(&self.views, &queries)?;
        let logo = self.deployment.logo.as_ref().map(|logo| LogoRecord {
            sha256: object(&logo.png),
            alt: logo.alt.clone(),
            width: logo.width,
            height: logo.height,
        });
        let previous = self
            .previous
            .as_ref()
            .map(|previous| moment_record(warehouse, &previous.moment, previous.edition.clone(), &below.tables));
        let grounds = Grounds {
            format: FORMAT,
            report: self.definition.name.clone(),
            period: self.period,
            day: self.day,
            now: self.now,
            definition: TextRecord { name: self.text.0.clone(), sha256: object(self.text.1.as_bytes()) },
            queries: queries.iter().map(|query| (query.name.clone(), object(query.sql.as_bytes()))).collect(),
            views: below.sql.iter().map(|(name, sql)| (name.clone(), object(sql.as_bytes()))).collect(),
            config: self.config.iter().map(|(name, text)| (name.clone(), object(text.as_bytes()))).collect(),
            deployment: DeploymentRecord {
                agency: self.deployment.agency.clone(),
                contact_unit: self.deployment.contact_unit.clone(),
                contact_address: self.deployment.contact_address.to_string(),
                from_name: self.deployment.from_name.clone(),
                from_address: self.deployment.from_address.to_string(),
                logo,
            },
            sources: self.sources.clone(),
            current: moment_record(warehouse, &self.current, None, &below.tables)?,
            previous: previous.transpose()?,
        };
        Ok((grounds, objects))
    }

    /// What differs between the recorded texts and those of today: it explains nothing, but whoever verifies wants to know.
    pub(super) fn changed_since(&self, context: &Context) -> Result<Vec<String>, Failure> {
        let mut changed = Vec::new();
        match definition_text(context, &self.definition.name) {
            Ok((_, text)) if text == self.text.1 => {}
            Ok(_) => changed.push("the report's definition".to_owned()),
            Err(_) => changed.push("the report's definition (it is gone)".to_owned()),
        }
        let today = super::queries(context)?;
        let own = self.queries();
        let other = |query: &&QueryFile| today.get(&query.name).is_none_or(|now| now.sql != query.sql);
        changed.extend(own.iter().filter(other).map(|query| format!("the query {}", query.name)));
        let (then, now) = (below(&self.views, &own)?, below(&session::views(context)?, &own)?);
        let other = |(name, sql): &(&String, &String)| now.sql.get(*name) != Some(*sql);
        changed.extend(then.sql.iter().filter(other).map(|(name, _)| format!("the view {name}")));
        let texts = config_texts(&context.folder)?;
        let other = |(name, text): &(&String, &String)| texts.get(*name) != Some(*text);
        changed.extend(self.config.iter().filter(other).map(|(name, _)| name.clone()));
        Ok(changed)
    }
}

/// What `queries` are made of together.
pub(super) fn below(views: &ViewSet, queries: &[QueryFile]) -> Result<Below, Failure> {
    let mut all = Below::default();
    for query in queries {
        let below = views.below_query(&query.sql);
        let below =
            below.ok_or_else(|| Failure::new(Code::Configuration, format!("{} is not one query", query.file)))?;
        all.sql.extend(below.sql);
        all.tables.extend(below.tables);
    }
    Ok(all)
}

/// Whether one of `tables` shows the rows of a file: of its dataset as it is now, or of its history.
pub(super) fn is_read(tables: &BTreeSet<String>, dataset: &str, latest: bool) -> bool {
    latest && tables.contains(dataset) || tables.contains(&format!("history.{}", dataset.replacen('.', "_", 1)))
}

/// The name and text of the definition of a report.
fn definition_text(context: &Context, report: &str) -> Result<(String, String), Failure> {
    let queries = super::queries(context)?;
    for name in context.folder.list("reports", "toml") {
        let (file, text) = context.folder.read(&name)?;
        if ReportDefinition::load(&text, &file, &queries).is_ok_and(|definition| definition.name == report) {
            return Ok((name, text));
        }
    }
    Err(Failure::usage(format!("no report is called {report}")))
}

fn config_texts(folder: &ConfigFolder) -> Result<BTreeMap<String, String>, Failure> {
    let names = CONFIG.iter().flat_map(|(kind, extension)| folder.list(kind, extension));
    names.map(|name| Ok((name.clone(), folder.read(&name)?.1))).collect()
}

/// What the editions of `period` are compared with: the snapshots of the newest recorded edition before them, while they are
/// there; else the snapshots before the newest of `current`.
fn previous(
    warehouse: &Warehouse,
    report: &str,
    period: NaiveDate,
    current: &Moment,
) -> Result<Option<Previous>, Failure> {
    let before =
        EditionFilter { report: Some(report), before: Some(period), limit: Some(1), ..EditionFilter::default() };
    if let Some(record) = warehouse.editions(&before)?.pop() {
        match recorded_moment(warehouse, &record) {
            Ok(moment) => return Ok(Some(Previous { edition: Some(record.edition), moment })),
            // Nothing of the past keeps a report from being made.
            Err(failure) => tracing::warn!(
                edition = %record.edition, reason = failure.message,
                "cannot be compared with: older snapshots stand for the previous edition"
            ),
        }
    }
    match previous_date(current) {
        // Older snapshots are meant: where retention left none of that day, still older ones do.
        Some(date) => Ok(Some(Previous { edition: None, moment: warehouse.moment(Some(date))?.with_older() })),
        None => Ok(None),
    }
}

/// The snapshots of a recorded edition, if all that it read are still there.
fn recorded_moment(warehouse: &Warehouse, record: &EditionRecord) -> Result<Moment, Failure> {
    let (_, grounds) = super::recorded::read(warehouse, record)?;
    let moment = moment(warehouse, &grounds.current)?;
    let read: BTreeSet<(&str, &str, &str)> = grounds.current.read().map(names).collect();
    let is_gone = |file: &&CommittedFile| {
        let pinned = PinnedFile::of(file, true);
        read.contains(&names(&pinned)) && !file.path.exists()
    };
    match moment.files.retained.iter().find(is_gone) {
        Some(file) => Err(Failure::new(Code::Data, format!("{} of run {} is gone", file.dataset, file.run))),
        None => Ok(moment),
    }
}

fn names(file: &PinnedFile) -> (&str, &str, &str) {
    (&file.dataset, &file.partition, &file.run)
}

/// A moment, written down: the files whose rows `tables` read, and all of them where the list itself is read.
fn moment_record(
    warehouse: &Warehouse,
    moment: &Moment,
    edition: Option<String>,
    tables: &BTreeSet<String>,
) -> Result<MomentRecord, Failure> {
    let whole = tables.contains("ops.snapshots");
    let mut files = Vec::new();
    for (file, latest) in moment.retained() {
        let mut pinned = PinnedFile::of(file, latest);
        if is_read(tables, &pinned.dataset, latest) {
            pinned.sha256 = Some(warehouse.keep_file(file)?);
        }
        if whole || pinned.sha256.is_some() {
            files.push(pinned);
        }
    }
    let open_runs = moment.mark.open.iter().map(ToString::to_string).collect();
    Ok(MomentRecord { edition, day: moment.day, runs: moment.mark.runs, open_runs, files })
}

fn moment(warehouse: &Warehouse, record: &MomentRecord) -> Result<Moment, Failure> {
    let open: Result<_, crate::warehouse::WarehouseError> = record.open_runs.iter().map(|run| run.parse()).collect();
    let mark = LedgerMark { runs: record.runs, open: open? };
    Ok(Moment { day: record.day, files: Arc::new(warehouse.pinned(&record.files)?), mark })
}

fn deployment_of(warehouse: &Warehouse, record: &DeploymentRecord) -> Result<Deployment, Failure> {
    let address =
        |text: &str| text.parse().map_err(|error| Failure::internal(format!("a recorded address: {error}")));
    let logo = record.logo.as_ref().map(|logo| {
        Ok::<_, Failure>(Logo {
            png: warehouse.edition_object(&logo.sha256)?.into(),
            alt: logo.alt.clone(),
            width: logo.width,
            height: logo.height,
        })
    });
    Ok(Deployment {
        agency: record.agency.clone(),
        contact_unit: record.contact_unit.clone(),
        contact_address: address(&record.contact_address)?,
        from_name: record.from_name.clone(),
        from_address: address(&record.from_address)?,
        logo: logo.transpose()?,
    })
}
