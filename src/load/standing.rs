//! What the warehouse has of the days of daily data, and which years a scheduled load asks for.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{LoadError, Loader, Window, plan};
use crate::contract::{Dataset, Transport};
use crate::warehouse::{AsOf, CommittedFile, Partition};

/// After this month the year before is no longer asked for by itself.
const CLOSING_MONTH_MAX: u32 = 3;

/// How the days of a span stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The days to ask for, in order.
    pub due: Vec<Window>,
    /// Days that are there already.
    pub there: usize,
    /// What one day took to be answered so far, in milliseconds; `None` where none was ever asked for.
    pub millis_a_day: Option<u64>,
}

impl Loader<'_> {
    /// Which of `windows` are there already. A day is, when a good run asked for it after it was over, and either it has no
    /// rows or they are published.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn standing(&self, dataset: &Dataset, windows: Vec<Window>) -> Result<Standing, LoadError> {
        let dataset = self.contract.asked_with(dataset);
        let id = plan::dataset_id(self.contract, dataset);
        let received = self.warehouse.received(&id)?;
        let committed = self.warehouse.committed_files(AsOf::All)?;
        let committed: BTreeSet<String> =
            committed.iter().filter(|file| file.dataset == id).map(|file| file.partition.to_string()).collect();
        let (pages, millis) =
            received.values().fold((0_u64, 0_u64), |(pages, millis), one| (pages + one.pages, millis + one.millis));
        let mut standing =
            Standing { due: Vec::new(), there: 0, millis_a_day: millis.checked_div(pages).filter(|_| pages > 0) };
        for window in windows {
            let partition: Partition = plan::partition(dataset, &window)?;
            let is_there = received.get(&plan::label(&window)).is_some_and(|received| {
                let asked_on = received.at.with_timezone(&self.contract.timezone).date_naive();
                asked_on > window.date && (received.rows == 0 || committed.contains(&partition.to_string()))
            });
            if is_there { standing.there += 1 } else { standing.due.push(window) }
        }
        Ok(standing)
    }

    /// The fiscal year before that of `date`, where a load of `dataset` that was told no years has to ask for it as well: its
    /// last days come in after New Year. That is so through January, and until the end of March as long as it was not asked for
    /// in the new year; where something of it is loaded; and where it has a token of its own, because the one that is no year's
    /// may be the new year's by now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn closing_year(&self, dataset: &Dataset, date: NaiveDate) -> Result<Option<i32>, LoadError> {
        let dataset = self.contract.asked_with(dataset);
        let before = date.year() - 1;
        let variable = format!("{}_{before}", self.settings.token_env);
        let may_be = dataset.fiscal_year
            && dataset.transport == Transport::Http
            && self.settings.fiscal_years.is_empty()
            && date.month() <= CLOSING_MONTH_MAX
            && self.credentials.has(&variable);
        if !may_be {
            return Ok(None);
        }
        let id = plan::dataset_id(self.contract, dataset);
        let committed = self.warehouse.committed_files(AsOf::Date(date))?;
        let of_year = |file: &CommittedFile| {
            file.dataset == id && file.partition.get("tahun_anggaran") == Some(before.to_string().as_str())
        };
        if !committed.iter().any(of_year) {
            return Ok(None);
        }
        let is_closed = || -> Result<bool, LoadError> {
            let of_year = format!("{before}/");
            let received = self.warehouse.received(&id)?;
            let after_new_year = |at: DateTime<Utc>| at.with_timezone(&self.contract.timezone).year() > before;
            Ok(received.iter().any(|(label, one)| label.starts_with(&of_year) && after_new_year(one.at)))
        };
        Ok((date.month() == 1 || !is_closed()?).then_some(before))
    }
}
