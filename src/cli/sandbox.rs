//! `lumbung sandbox`: only the simulated source systems.

use clap::Args;
use serde_json::json;

use super::Context;
use super::exit::Failure;
use super::output::{OutputFormat, print, print_json};
use crate::sandbox::{Fault, Sandbox, SandboxOptions, ScaleFactor};
use chrono::Datelike;

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
}

fn fault_help() -> String {
    let mut text =
        "Example:\n  lumbung sandbox --port 8080 --fault truncated@realisasi_belanja\n\nFaults:\n".to_owned();
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
    let base_url = sandbox.base_url("omspan");
    let years = [today.year() - 1, today.year()];
    if context.output == OutputFormat::Json {
        let tokens: serde_json::Map<String, serde_json::Value> =
            years.map(|year| (year.to_string(), json!(sandbox.token("omspan", year)))).into_iter().collect();
        let sources = json!({ "omspan": { "base_url": base_url, "tokens": tokens } });
        print_json(&json!({ "sources": sources, "control": sandbox.control_url() }))?;
    } else {
        let mut text = format!("omspan   {base_url}\ncontrol  {}\n\n", sandbox.control_url());
        for year in years {
            text.push_str(&format!("export LUMBUNG_OMSPAN_TOKEN_{year}={}\n", sandbox.token("omspan", year)));
        }
        text.push_str(&format!(
            "\nlumbung --set sources.omspan.base_url={base_url} snapshot\n\nThese systems and tokens are made up. Ctrl-C stops them.\n"
        ));
        print(&text)?;
    }
    // Runs until the program is told to stop.
    std::future::pending().await
}
