//! `/operasi/jadwal`: jobs and the next 14 days; to run a job now, to hold one back, to let it run again. What an operator asks is a row
//! of the ledger that the one scheduler reads, wherever it runs: its locks, leases and retries hold for it as for every other time.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::checked::Checked;
use super::super::frame::{Frame, Section};
use super::super::page::{page, see};
use super::super::place::encoded;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::{Tag, occurrence_tag, shortened};
use crate::schedule::{Decision, Job, JobId, Outlook, Plan, Prospect, Standing, Why};
use crate::warehouse::{AuditAct, AuditOutcome, HOLD_REASON_MAX, JobHold, OccurrenceState};

/// How far the page looks ahead.
const AHEAD: TimeDelta = TimeDelta::days(14);
/// Times of a page.
const PAGE_TIMES: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The last time of the page before: seconds since 1970, a point, and the job.
    #[serde(default)]
    sesudah: String,
    #[serde(default)]
    kabar: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    job: String,
    #[serde(default)]
    alasan: String,
}

/// A job, with what an operator may do about it.
struct Shown {
    id: String,
    label: String,
    next: String,
    last: Option<Tag>,
    last_at: String,
    last_reason: String,
    hold: Option<String>,
    /// Since when it runs, or who asked for it.
    open: Option<String>,
}

/// A time of a job.
struct Time {
    at: String,
    job: String,
    tag: Tag,
    why: String,
}

#[derive(Template)]
#[template(path = "console/operasi-jadwal.html")]
struct SchedulePage {
    frame: Frame,
    tab: &'static str,
    done: Option<&'static str>,
    /// What to know about who runs the schedule.
    warning: Option<String>,
    jobs: Vec<Shown>,
    times: Vec<Time>,
    reason_max: usize,
    next: Option<String>,
    first: Option<&'static str>,
}

pub(super) async fn show(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Operate)?;
    let template = server.blocking(move |server| schedule_page(server, &signed, &asked)).await?;
    Ok(page(&template, StatusCode::OK))
}

fn schedule_page(server: &ConsoleServer, signed: &Signed, asked: &Asked) -> Result<SchedulePage, Problem> {
    let now = server.now();
    let failed = |error| Problem::internal(&error);
    let host = server.parts.warehouse.scheduler_host(now).map_err(failed)?;
    let mut template = SchedulePage {
        frame: Frame::new("Jadwal", Section::Operations, signed),
        tab: "jadwal",
        done: word(&asked.kabar),
        warning: None,
        jobs: Vec::new(),
        times: Vec::new(),
        reason_max: HOLD_REASON_MAX,
        next: None,
        first: (!asked.sesudah.is_empty()).then_some("/operasi/jadwal"),
    };
    let Some(plan) = &server.parts.plan else {
        template.warning = Some("Jadwal dimatikan di proses ini (schedule.enabled = false).".to_owned());
        return Ok(template);
    };
    if host.is_none() {
        let words = "Saat ini tidak ada proses yang menjalankan jadwal. Permintaan dijalankan begitu ada, dan batal setelah 24 jam.";
        template.warning = Some(words.to_owned());
    }
    let standing = Standing::of(&server.parts.warehouse, plan, now).map_err(failed)?;
    let prospects = standing.prospects(plan, (now, now + AHEAD));
    template.jobs = plan.jobs.iter().map(|job| shown(server, job, (&standing, &prospects))).collect();
    let after = asked.sesudah.split_once('.');
    let after = after.and_then(|(seconds, job)| Some((seconds.parse::<i64>().ok()?, job.to_owned())));
    let mut times: Vec<(&Prospect<'_>, (i64, String))> =
        prospects.iter().map(|prospect| (prospect, key(prospect))).collect();
    times.sort_by(|a, b| a.1.cmp(&b.1));
    times.retain(|(_, key)| after.as_ref().is_none_or(|after| key > after));
    let more = times.len() > PAGE_TIMES;
    times.truncate(PAGE_TIMES);
    template.next = times
        .last()
        .filter(|_| more)
        .map(|(_, (seconds, job))| format!("/operasi/jadwal?sesudah={}#waktu", encoded(&format!("{seconds}.{job}"))));
    template.times = times.iter().map(|(prospect, _)| time(server, prospect, &standing)).collect();
    Ok(template)
}

fn key(prospect: &Prospect<'_>) -> (i64, String) {
    (prospect.at.timestamp(), prospect.job.id.to_string())
}

/// What the page says was just done.
fn word(news: &str) -> Option<&'static str> {
    match news {
        "diminta" => Some("Permintaan dicatat; pekerjaan mulai dalam satu menit, setelah yang sedang berjalan."),
        "ditahan" => Some("Pekerjaan ditahan: waktunya dilewati sampai dilepas. Yang sedang berjalan diselesaikan."),
        "dilepas" => Some("Pekerjaan dilepas dan mengikuti jadwalnya kembali."),
        _ => None,
    }
}

fn label(id: &JobId) -> String {
    match id {
        JobId::Source(name) => format!("Muat {name}"),
        JobId::Dataset(name) => format!("Muat {name}"),
        JobId::Report(name) => format!("Laporan {name}"),
        JobId::Gc => "Hapus menurut aturan retensi".to_owned(),
    }
}

fn shown(server: &ConsoleServer, job: &Job, (standing, prospects): (&Standing, &[Prospect<'_>])) -> Shown {
    let (id, zone) = (job.id.to_string(), server.parts.zone);
    let runs = |prospect: &&Prospect<'_>| {
        let is_free = matches!(&prospect.what, Outlook::Coming(occurrence) if matches!(occurrence.why, Why::Free(_)));
        matches!(prospect.what, Outlook::Coming(_)) && !is_free && prospect.job.id == job.id
    };
    let next = prospects.iter().find(runs).map(|prospect| units::weekday_moment(prospect.at, zone));
    let last = standing.last.get(&id);
    let open = standing.open.iter().find(|record| record.job == id);
    let asked = standing.orders.iter().find(|order| order.job == id);
    Shown {
        label: label(&job.id),
        next: next.unwrap_or_else(|| "tidak dalam 14 hari".to_owned()),
        last: last.map(|record| occurrence_tag(record.state)),
        last_at: last.map(|record| units::moment(record.due_at, zone)).unwrap_or_default(),
        last_reason: last.and_then(|record| record.reason.as_deref()).map(shortened).unwrap_or_default(),
        hold: standing.holds.get(&id).map(|hold| held_words(hold, server)),
        open: match (open, asked) {
            (Some(record), _) => {
                Some(format!("{} sejak {}", occurrence_tag(record.state).0, since(server, record.due_at)))
            }
            (None, Some(order)) => Some(format!("diminta {} pada {}", order.by, since(server, order.at))),
            (None, None) => None,
        },
        id,
    }
}

fn since(server: &ConsoleServer, at: DateTime<Utc>) -> String {
    units::moment(at, server.parts.zone)
}

fn held_words(hold: &JobHold, server: &ConsoleServer) -> String {
    format!("{} sejak {}: {}", hold.by, since(server, hold.since), hold.reason)
}

fn time(server: &ConsoleServer, prospect: &Prospect<'_>, standing: &Standing) -> Time {
    let (tag, why) = match &prospect.what {
        Outlook::Open(record) => {
            (occurrence_tag(record.state), record.reason.as_deref().map(shortened).unwrap_or_default())
        }
        Outlook::Asked(order) => (("diminta", ""), format!("oleh {}", order.by)),
        Outlook::Due(Decision::Run) => (("jatuh tempo", "warn"), "belum dijalankan".to_owned()),
        Outlook::Due(Decision::Skip(reason)) => (("dilewati", ""), reason.to_string()),
        Outlook::Coming(occurrence) => match &occurrence.why {
            Why::Cron => (("jalan", ""), String::new()),
            Why::Shifted { from, free } => {
                (("jalan", ""), format!("digeser dari {} ({free})", units::weekday_moment(*from, server.parts.zone)))
            }
            Why::Free(free) => (("dilewati", ""), format!("hari libur: {free}")),
        },
    };
    let runs = matches!(&prospect.what, Outlook::Open(record) if record.state == OccurrenceState::Running);
    let hold = standing.holds.get(&prospect.job.id.to_string()).filter(|_| !runs && tag.0 != "dilewati");
    let (tag, why) = match hold {
        Some(hold) => (("ditahan", "warn"), held_words(hold, server)),
        None => (tag, why),
    };
    Time { at: units::weekday_moment(prospect.at, server.parts.zone), job: label(&prospect.job.id), tag, why }
}

/// The job of a form, where the plan has it.
fn job_of(server: &ConsoleServer, name: &str) -> Result<JobId, Problem> {
    let plan: Option<&Plan> = server.parts.plan.as_ref();
    let id = name.parse::<JobId>().ok().filter(|id| plan.is_some_and(|plan| plan.job(id).is_some()));
    id.ok_or(Problem::NotFound)
}

/// Asks the scheduler to run a job now.
pub(super) async fn order(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Wanted { job, .. } }: Checked<Wanted>,
) -> Result<Response, Problem> {
    let job = operator(&server, &signed, AuditAct::Trigger, &job).await?;
    if server.is_held(&job).await? {
        server.note(Some(&signed.name), AuditAct::Trigger, Some(&job), AuditOutcome::Refused).await?;
        return Err(Problem::Conflict("Pekerjaan ini sedang ditahan. Lepaskan dahulu.".to_owned()));
    }
    server.note(Some(&signed.name), AuditAct::Trigger, Some(&job), AuditOutcome::Done).await?;
    let by = signed.name.clone();
    server
        .blocking(move |server| {
            server.parts.ledger.order_job(&job, &by, server.now()).map_err(|error| Problem::internal(&error))
        })
        .await?;
    Ok(see("/operasi/jadwal?kabar=diminta"))
}

/// Holds a job back.
pub(super) async fn hold(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Wanted { job, alasan } }: Checked<Wanted>,
) -> Result<Response, Problem> {
    let job = operator(&server, &signed, AuditAct::Hold, &job).await?;
    let reason: String = alasan.trim().chars().filter(|c| !c.is_control()).collect();
    if reason.is_empty() || reason.chars().count() > HOLD_REASON_MAX {
        let words = format!("Tulis alasan menahan, paling panjang {HOLD_REASON_MAX} huruf.");
        return Err(Problem::Unreadable(words));
    }
    // It is kept in the ledger and stands in the log: no number of a person belongs there.
    if reason.chars().filter(char::is_ascii_digit).count() >= DIGITS_MAX {
        return Err(Problem::Unreadable("Alasan tidak boleh memuat nomor panjang.".to_owned()));
    }
    server.note(Some(&signed.name), AuditAct::Hold, Some(&job), AuditOutcome::Done).await?;
    let hold = JobHold { job, by: signed.name.clone(), reason, since: server.now() };
    server
        .blocking(move |server| server.parts.ledger.hold_job(&hold).map_err(|error| Problem::internal(&error)))
        .await?;
    Ok(see("/operasi/jadwal?kabar=ditahan"))
}

/// Digits of a reason from which on it may name a person: a NIK has 16, a NPWP 15.
const DIGITS_MAX: usize = 12;

/// Lets a job run again.
pub(super) async fn release(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Wanted { job, .. } }: Checked<Wanted>,
) -> Result<Response, Problem> {
    let job = operator(&server, &signed, AuditAct::Release, &job).await?;
    if !server.is_held(&job).await? {
        server.note(Some(&signed.name), AuditAct::Release, Some(&job), AuditOutcome::Failed).await?;
        return Err(Problem::Conflict("Pekerjaan ini tidak sedang ditahan.".to_owned()));
    }
    server.note(Some(&signed.name), AuditAct::Release, Some(&job), AuditOutcome::Done).await?;
    // Whoever released it meanwhile wanted the same.
    server
        .blocking(move |server| server.parts.ledger.release_job(&job).map_err(|error| Problem::internal(&error)))
        .await?;
    Ok(see("/operasi/jadwal?kabar=dilepas"))
}

impl ConsoleServer {
    /// Whether somebody holds the job back.
    async fn is_held(self: &Arc<Self>, job: &str) -> Result<bool, Problem> {
        let held = self
            .blocking(|server| server.parts.warehouse.held_jobs().map_err(|error| Problem::internal(&error)))
            .await?;
        Ok(held.iter().any(|hold| hold.job == job))
    }
}

/// The name of the job, where the user may act on it. That somebody may not is noted.
async fn operator(server: &Arc<ConsoleServer>, signed: &Signed, act: AuditAct, job: &str) -> Result<String, Problem> {
    let id = job_of(server, job).map(|id| id.to_string());
    if let Err(problem) = signed.may(Right::Operate) {
        server.note(Some(&signed.name), act, id.as_deref().ok(), AuditOutcome::Refused).await?;
        return Err(problem);
    }
    id
}
