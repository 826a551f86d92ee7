//! `lumbung sandbox`: only the simulated source systems, and on request their calls to an inbox.

mod push;

use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde_json::{Map, Value, json};

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, print, print_json};
use crate::config::SourceSettings;
use crate::sandbox::{Fault, Sandbox, SandboxOptions, ScaleFactor};
use push::PushArgs;

/// Only the simulated source systems
#[derive(Debug, Args)]
#[command(after_help = fault_help())]
pub(crate) struct SandboxArgs {
    /// The port on this machine; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Everything in the simulated world follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Size of the world; 1 is the demo's, 35 has two million realisasi rows
    #[arg(long, default_value_t = ScaleFactor::DEMO)]
    scale: ScaleFactor,
    /// What goes wrong (repeatable); NAME@DATASET restricts it to one dataset
    #[arg(long, value_name = "NAME", num_args = 1..)]
    fault: Vec<Fault>,
    #[command(flatten)]
    push: PushArgs,
}

fn fault_help() -> String {
    let mut text = "Examples:\n  lumbung sandbox --port 8080 --fault truncated@realisasi_belanja\n  \
                    lumbung sandbox --push http://127.0.0.1:8088/inbox --push-count 1000\n\nFaults:\n"
        .to_owned();
    for info in Fault::ALL {
        text.push_str(&format!("  {:18} {}\n", info.name, info.meaning));
    }
    text
}

pub(crate) async fn run(context: &Context, args: &SandboxArgs) -> Result<(), Failure> {
    let today = context.clock.today(context.config.deployment.timezone);
    let sandbox = Sandbox::start(SandboxOptions {
        port: args.port,
        seed: args.seed,
        scale: args.scale,
        today,
        faults: args.fault.clone(),
    })
    .await?;
    let pusher = args.push.pusher(context, &sandbox, args.seed)?;
    if let Some(pusher) = pusher.as_ref().filter(|_| args.push.ends()) {
        push::to_the_end(context, pusher).await?;
        sandbox.stop().await;
        return Ok(());
    }
    if context.output == OutputFormat::Json {
        as_json(&sandbox, today)?;
    } else {
        as_text(&sandbox, today)?;
    }
    if let Some(pusher) = pusher {
        push::without_end(context, &pusher).await;
    }
    // Runs until the program is told to stop.
    std::future::pending().await
}

/// Fiscal years whose tokens the systems know.
fn years(today: NaiveDate) -> [i32; 2] {
    [today.year() - 1, today.year()]
}

fn as_json(sandbox: &Sandbox, today: NaiveDate) -> Result<(), Failure> {
    let mut sources = Map::new();
    for source in sandbox.sources() {
        let token = |year: i32| (year.to_string(), json!(sandbox.token(source, year)));
        let tokens: Map<String, Value> = years(today).map(token).into_iter().collect();
        let mut about = json!({ "base_url": sandbox.base_url(source), "tokens": tokens });
        if source == "oss" {
            about["user"] = json!(sandbox.oss_user());
        }
        sources.insert(source.to_owned(), about);
    }
    print_json(&json!({
        "sources": sources,
        "control": sandbox.control_url(),
        "received": sandbox.received_url(),
    }))
}

fn as_text(sandbox: &Sandbox, today: NaiveDate) -> Result<(), Failure> {
    let mut text = String::new();
    for source in sandbox.sources() {
        text.push_str(&format!("{source:8} {}\n", sandbox.base_url(source)));
    }
    text.push_str(&format!("control  {}\nreceived {}\n\n", sandbox.control_url(), sandbox.received_url()));
    for source in sandbox.sources() {
        for year in years(today) {
            let name = SourceSettings::default_for(source).token_env;
            text.push_str(&format!("export {name}_{year}={}\n", sandbox.token(source, year)));
        }
        let settings = SourceSettings::default_for(source);
        text.push_str(&format!("export {}={}\n", settings.token_env, sandbox.token(source, today.year())));
    }
    text.push_str(&format!("export {}={}\n", SourceSettings::default_for("oss").user_env, sandbox.oss_user()));
    let set: Vec<String> = sandbox
        .sources()
        .map(|source| format!("--set sources.{source}.base_url={}", sandbox.base_url(source)))
        .collect();
    text.push_str(&format!(
        "\nlumbung {} snapshot omspan\n\nThese systems and tokens are made up. Ctrl-C stops them.\n",
        set.join(" \\\n  ")
    ));
    print(&text)
}
