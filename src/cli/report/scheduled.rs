//! An edition that is due: judged by its freshness rule, then recorded and laid in the outbox.

use chrono::{DateTime, NaiveDate, Utc};

use super::send::lay_in_new;
use super::{definition, deployment, make, source_notes};
use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::config::MailTransport;
use crate::report::{PeriodRule, ReportDefinition, Verdict, judge};
use crate::warehouse::{Enqueued, Warehouse};

/// What became of an edition that is due.
pub(crate) enum Laid {
    /// Its mails are in the outbox.
    In(Enqueued),
    /// Its data is late: it waits, at the latest until then.
    Waits(DateTime<Utc>, String),
    /// Its data is late, and it never goes out so.
    Held(String),
}

/// Whether mail leaves this deployment at all.
pub(crate) fn is_mailed(context: &Context) -> bool {
    let mail = &context.config.mail;
    mail.transport != MailTransport::File || mail.file_is_delivery
}

/// Lays the editions of a report in the outbox, which were due at `due_at` and taken up at `began`: from then the deadline of the
/// freshness rule runs, so that what is made up for after a long silence waits for its data, too.
pub(crate) async fn lay_in_due(
    context: &Context,
    warehouse: &Warehouse,
    name: &str,
    (due_at, began): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Laid, Failure> {
    let definition = definition(context, name)?;
    // A wrong address is found before anything is computed.
    deployment(context)?;
    let now = context.clock.now();
    let day = day_of(&definition, due_at, now);
    let contracts = context.folder.contracts()?;
    let notes = source_notes(warehouse, &contracts, &warehouse.moment(Some(day))?)?;
    match judge(&definition.freshness, &notes, day, began.max(due_at), now) {
        Verdict::Wait { until, why } => return Ok(Laid::Waits(until, why.join(" "))),
        Verdict::Hold(why) => return Ok(Laid::Held(why.join(" "))),
        // What is late, the edition says itself.
        Verdict::Ready | Verdict::SendWithBanner(_) => {}
    }
    let composed = make(context, warehouse, &definition, day).await?;
    Ok(Laid::In(lay_in_new(context, warehouse, composed)?))
}

/// The day of an edition: today, as long as that gives the same edition, else the day it was due.
fn day_of(definition: &ReportDefinition, due_at: DateTime<Utc>, now: DateTime<Utc>) -> NaiveDate {
    let local = |at: DateTime<Utc>| at.with_timezone(&definition.timezone).date_naive();
    same_edition(definition.period, local(due_at), local(now))
}

fn same_edition(period: PeriodRule, due: NaiveDate, today: NaiveDate) -> NaiveDate {
    if period.of(today) == period.of(due) { today } else { due }
}

#[cfg(test)]
mod tests {
    use super::same_edition;
    use crate::report::PeriodRule;

    #[test]
    fn a_late_edition_has_the_newest_data_of_its_own_period() {
        for (period, due, today, day) in [
            (PeriodRule::Monthly, "2026-11-02", "2026-11-02", "2026-11-02"),
            (PeriodRule::Monthly, "2026-11-02", "2026-11-20", "2026-11-20"),
            (PeriodRule::Monthly, "2026-11-02", "2026-12-05", "2026-11-02"),
            (PeriodRule::Weekly, "2026-11-02", "2026-11-07", "2026-11-07"),
            (PeriodRule::Weekly, "2026-11-02", "2026-11-08", "2026-11-02"),
            (PeriodRule::Daily, "2026-11-02", "2026-11-03", "2026-11-02"),
        ] {
            let found = same_edition(period, due.parse().unwrap(), today.parse().unwrap());
            assert_eq!(found.to_string(), day, "{period:?} {due} {today}");
        }
    }
}
