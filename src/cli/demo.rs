//! `lumbung demo`: everything at once, without network or secrets. Five simulated systems are loaded over real HTTP, twice
//! (a week ago and today), joined in the views, proved against the simulation's own totals and reported by mail.

mod inbox;
mod proof;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate};
use clap::Args;

use super::exit::{Code, Failure};
use super::output::print;
use super::progress::talk;
use super::snapshot::{load_all, targets, worst};
use super::{Context, marts, report, session};
use crate::config;
use crate::load::{LoadRequest, Parameters};
use crate::sandbox::{Control, Sandbox, SandboxOptions, ScaleFactor};
use crate::warehouse::{AsOf, Warehouse};
use inbox::Senders;
use proof::prove;
use world::SECRETS;

/// Show everything at once: simulated sources, a load of each, the views and a mailed report
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lumbung demo --dir demo-7 --seed 7")]
pub(crate) struct DemoArgs {
    /// Where everything is written; an earlier demo there is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
    /// Everything in the simulated world follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Size of the world; 1 has some 60,000 realisasi rows
    #[arg(long, default_value_t = ScaleFactor::DEMO)]
    scale: ScaleFactor,
}

/// Says that a folder is a demo's and may be replaced.
const CONTROL_FILE: &str = "control.json";

/// Days between the two snapshots.
const DAYS_APART: u64 = 7;

pub(crate) async fn run(mut context: Context, args: DemoArgs) -> Result<(), Failure> {
    prepare(&args.dir)?;
    let today = context.clock.today(context.config.deployment.timezone);
    let earlier = earlier_day(today);
    let sandbox = Sandbox::start(SandboxOptions {
        port: 0,
        seed: args.seed,
        scale: args.scale,
        today: earlier.unwrap_or(today),
        faults: Vec::new(),
    })
    .await?;
    let credentials = world::point_at(&mut context, &sandbox, &args.dir, today)?;
    context.warehouse = args.dir.join("warehouse");
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    say(&context, &format!("a random key for personal data and an archive identity lie in {}", secrets(&args.dir)));
    world::import_mapping(&context, &warehouse, &sandbox, (&args.dir, earlier.unwrap_or(today)))?;
    if let Some(day) = earlier {
        say(&context, &format!("the snapshot of {day}, from {}", sandbox.control_url().replace("/_control", "")));
        // Some thousand questions to OSS are asked once: what changes from week to week is seen in the others.
        let sources: Vec<String> = sandbox.sources().filter(|name| *name != "oss").map(str::to_owned).collect();
        load(&context, &warehouse, &sources, (day, BTreeMap::new())).await?;
        sandbox.set_today(today);
    }
    say(&context, "OSS and a buyer push to the inbox");
    let senders = Senders { sandbox: &sandbox, credentials: &credentials };
    let acknowledged = inbox::receive(&context, &warehouse, &senders).await?;
    say(&context, &format!("the snapshot of {today}"));
    snapshot(&context, &warehouse, &sandbox, (&args.dir, today)).await?;
    let control = sandbox.control();
    write_control(&args.dir, &control)?;
    sandbox.stop().await;
    let proof = format!("{}\n{}", prove(&warehouse, &control)?, inbox::prove(&warehouse, acknowledged)?);
    marts::after_commit(&context, &warehouse).await;
    let views = views(&context, &warehouse).await?;
    let mut text = String::new();
    let mut mails = Vec::new();
    for definition in report::definitions(&context)? {
        let editions = report::make(&context, &warehouse, &definition, today).await?;
        report::record(&context, &warehouse, &editions)?;
        // A report with an edition for each office would fill the screen.
        match editions.as_slice() {
            [only] => only.edition.headline_lines.iter().for_each(|line| text.push_str(&format!("{line}\n"))),
            many => text.push_str(&format!("{}: {} editions\n", definition.name, many.len())),
        }
        for composed in &editions {
            mails.extend(report::deliver(composed, &args.dir.join("outbox"))?);
        }
    }
    text.push_str(&format!("\n{proof}\n{views}\n\nReport     "));
    let mails: Vec<String> = mails.iter().map(|path| path.display().to_string()).collect();
    text.push_str(&mails.join("\n           "));
    let dir = args.dir.display();
    text.push_str(&format!(
        "\nWarehouse  {dir}/warehouse/latest and {dir}/warehouse/history (Parquet)\n\
         Marts      {dir}/warehouse/marts (Parquet)\nControl    {dir}/{CONTROL_FILE}\n\
         Secrets    {dir}/{SECRETS} (the PII key and the identity that opens sealed raw pages; made for this demo)\n\
         Query      lumbung --warehouse {dir}/warehouse sql \"SELECT * FROM mart.serapan_eselon1\"\n"
    ));
    print(&text)
}

/// A week before, but in the same fiscal year: the sources know two years at a time.
fn earlier_day(today: NaiveDate) -> Option<NaiveDate> {
    let new_year = NaiveDate::from_ymd_opt(today.year(), 1, 1)?;
    let day = today.checked_sub_days(Days::new(DAYS_APART))?.max(new_year);
    (day < today).then_some(day)
}

/// Empties the folder of an earlier demo; any other folder must be empty.
fn prepare(dir: &Path) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::new(Code::CannotWrite, format!("{}: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(fail)?;
    let mut entries = std::fs::read_dir(dir).map_err(fail)?;
    if !dir.join(CONTROL_FILE).exists() {
        if entries.next().is_some() {
            let message = format!("{} is not empty and not a demo's; choose another --dir", dir.display());
            return Err(Failure::usage(message));
        }
        // The marker comes first, so that a demo that was interrupted can be repeated.
        return std::fs::write(dir.join(CONTROL_FILE), "{}\n").map_err(fail);
    }
    for folder in world::FOLDERS.map(|name| dir.join(name)) {
        if folder.is_dir() {
            std::fs::remove_dir_all(&folder).map_err(fail)?;
        }
    }
    Ok(())
}

fn secrets(dir: &Path) -> String {
    dir.join(SECRETS).display().to_string()
}

/// One snapshot of every source, and of one family for the drill-down.
async fn snapshot(
    context: &Context,
    warehouse: &Warehouse,
    sandbox: &Sandbox,
    (dir, date): (&Path, NaiveDate),
) -> Result<(), Failure> {
    world::deliver_files(sandbox, dir)?;
    let sources: Vec<String> = sandbox.sources().map(str::to_owned).collect();
    load(context, warehouse, &sources, (date, BTreeMap::new())).await?;
    match sandbox.some_nik() {
        Some(nik) => {
            let parameters = BTreeMap::from([("nik".to_owned(), nik)]);
            load(context, warehouse, &["sipp.tracking".to_owned()], (date, parameters)).await
        }
        None => Ok(()),
    }
}

async fn load(
    context: &Context,
    warehouse: &Warehouse,
    names: &[String],
    (date, parameters): (NaiveDate, Parameters),
) -> Result<(), Failure> {
    let contracts = context.folder.contracts()?;
    let targets = targets(context, &contracts, names)?;
    let request = LoadRequest { parameters, ..LoadRequest::of(date, config::operator()) };
    let reports = load_all(context, warehouse, &targets, &request).await;
    worst(&reports).map_or(Ok(()), |code| Err(Failure::new(code, "the demo's load failed; the reason stands above")))
}

fn write_control(dir: &Path, control: &Control) -> Result<(), Failure> {
    let path = dir.join(CONTROL_FILE);
    let json = serde_json::to_string_pretty(control).map_err(Failure::internal)?;
    std::fs::write(&path, json + "\n")
        .map_err(|error| Failure::new(Code::CannotWrite, format!("{}: {error}", path.display())))
}

/// Evaluates every view once that was not when the marts were made.
async fn views(context: &Context, warehouse: &Warehouse) -> Result<String, Failure> {
    let catalog = session::open(context, warehouse, AsOf::Latest)?;
    if let Some(problem) = catalog.problems().await?.first() {
        return Err(Failure::internal(problem));
    }
    let marts: Vec<String> = catalog.table_names().into_iter().filter(|name| name.starts_with("mart.")).collect();
    let files = warehouse.mart_state()?.files;
    let is_file = |mart: &str| files.iter().any(|file| mart.strip_prefix("mart.") == Some(&file.mart));
    for mart in marts.iter().filter(|mart| !is_file(mart)) {
        // All of it: counting rows would let the engine leave out the columns.
        catalog.query(&format!("SELECT * FROM {mart}")).await?.collect().await?;
    }
    Ok(format!("Views      {}", marts.join(", ")))
}

fn say(context: &Context, text: &str) {
    if !context.quiet {
        talk(text);
    }
}
