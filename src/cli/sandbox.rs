//! `rolecall sandbox`: the embedded API as a server of its own.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use rolecall::sandbox::{Options, Sandbox};

use super::{
    failure::{Exit, Failure},
    output::Output,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Port on 127.0.0.1; 0 for any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What there is at first: companies, roles, users, groups
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Keeps what is changed; used instead of the seed where it exists
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Begins with the objects of this snapshot, to rehearse an apply
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "seed")]
    load: Option<PathBuf>,
    /// Delay of every answer, such as 20ms
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = delay)]
    latency: Duration,
}

/// Like other times, but nothing is a delay as well.
fn delay(raw: &str) -> Result<Duration, String> {
    if raw.trim_start_matches('0').trim_end_matches(['s', 'm']).is_empty() {
        return Ok(Duration::ZERO);
    }
    super::duration(raw)
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let sandbox = Sandbox::start(Options {
        seed: arguments.seed.clone(),
        state: arguments.state.clone(),
        load: arguments.load.clone(),
        port: arguments.port,
        latency: arguments.latency,
        ..Options::default()
    })?;
    let (id, secret) = Sandbox::credentials();
    output.result(&format!("Sandbox API at {}\n", sandbox.url()));
    output.remark(&format!(
        "Use it with:  export ROLECALL_ENDPOINT={} ROLECALL_CLIENT_ID={id} ROLECALL_CLIENT_SECRET={secret}\nStop it with Ctrl-C.",
        sandbox.url()
    ));
    sandbox.wait();
    Ok(Exit::Ok)
}
