//! `rolecall sandbox`: the embedded API as a server of its own.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use rolecall::sandbox::{DialectSpec, FaultSpec, Options, Sandbox};
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Exit, Failure, Format, Global, Output, run};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Address to listen on
    #[arg(long, env = "ROLECALL_SANDBOX_LISTEN", value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// Name it may be asked for by, beside localhost and its address; repeatable
    #[arg(long = "host", env = "ROLECALL_SANDBOX_HOST", value_name = "NAME", value_delimiter = ',')]
    hosts: Vec<String>,
    /// Port; 0 for any that is free
    // Kubernetes sets variables that end in the name of a service and `_PORT`, to something else.
    #[arg(long, env = "ROLECALL_SANDBOX_LISTEN_PORT", default_value_t = 0)]
    port: u16,
    /// What there is at first: companies, roles, users, groups
    #[arg(long, env = "ROLECALL_SANDBOX_FROM", value_name = "FILE")]
    from: Option<PathBuf>,
    /// Keeps what is changed; used instead of `--from` and `--load` where it exists
    #[arg(long, env = "ROLECALL_SANDBOX_STATE", value_name = "FILE")]
    state: Option<PathBuf>,
    /// Begins with the objects of this snapshot, to rehearse an apply
    #[arg(long, env = "ROLECALL_SANDBOX_LOAD", value_name = "SNAPSHOT", conflicts_with = "from")]
    load: Option<PathBuf>,
    /// Delay of every answer, such as 20ms
    #[arg(long, env = "ROLECALL_SANDBOX_LATENCY", value_name = "TIME", default_value = "0s", value_parser = delay)]
    latency: Duration,
    /// What goes wrong, such as 429:0.05,reset:0.01,slow:200ms,lie-total:+5:0.01
    #[arg(
        long,
        env = "ROLECALL_SANDBOX_FAULT",
        value_name = "SPEC",
        default_value = "",
        hide_default_value = true
    )]
    fault: FaultSpec,
    /// Number that faults with a probability are drawn from
    #[arg(long, env = "ROLECALL_SANDBOX_SEED", value_name = "N", default_value_t = 0, value_parser = seed)]
    seed: u64,
    /// Switches of the dialect, such as predicate=id,maxLimit=50
    #[arg(
        long,
        env = "ROLECALL_SANDBOX_DIALECT",
        value_name = "KEY=VALUE",
        default_value = "",
        hide_default_value = true
    )]
    dialect: DialectSpec,
    /// Writes each request and its answer, as NDJSON
    #[arg(long, env = "ROLECALL_SANDBOX_LOG", value_name = "FILE", value_parser = super::json_file())]
    log: Option<PathBuf>,
}

/// A number; a file given here is one that `--from` reads.
fn seed(raw: &str) -> Result<u64, String> {
    raw.parse().map_err(|_| "write a whole number; a file of objects is given by --from".to_owned())
}

/// Like other times, but nothing is a delay as well.
fn delay(raw: &str) -> Result<Duration, String> {
    if raw.trim_start_matches('0').trim_end_matches(['s', 'm']).is_empty() {
        return Ok(Duration::ZERO);
    }
    super::duration(raw)
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let goes_on = arguments.state.as_ref().is_some_and(|it| it.exists());
    let sandbox = Sandbox::start(Options {
        from: arguments.from.clone(),
        state: arguments.state.clone(),
        load: arguments.load.clone(),
        listen: Some(arguments.listen),
        hosts: arguments.hosts.clone(),
        port: arguments.port,
        latency: arguments.latency,
        faults: arguments.fault.clone(),
        seed: arguments.seed,
        max_rps: global.max_rps,
        dialect: arguments.dialect.clone(),
        log: arguments.log.clone(),
        ..Options::default()
    })?;
    if let (Some(load), true) = (&arguments.load, goes_on) {
        output.remark(&format!("{} is not read: what --state keeps goes on.", load.display()));
    }
    if !arguments.listen.is_loopback() {
        output.message(&format!(
            "warning: others reach the sandbox at {}: what it holds and what it is sent goes there in the clear",
            arguments.listen
        ));
    }
    let (url, control) = (sandbox.url(), sandbox.control_token().expose_secret());
    let credentials = sandbox.credentials().map(|(id, secret)| (id, secret.expose_secret()));
    run::block_on(async {
        // Listened for before the address is printed: from then on it may come.
        let stop = run::signal();
        // On one line, for whoever waits for it.
        let facts = json!({
            "version": 1, "kind": "sandbox", "url": url, "clientId": credentials.map(|it| it.0),
            "clientSecret": credentials.map(|it| it.1), "controlToken": control,
        });
        output.result(&match output.format {
            Format::Json => format!("{facts}\n"),
            Format::Text | Format::Markdown => format!("Sandbox API at {url}\n"),
        });
        if let Some((id, secret)) = credentials {
            output.remark(&format!(
                "Use it with:  export ROLECALL_ENDPOINT={url} ROLECALL_CLIENT_ID={id} ROLECALL_CLIENT_SECRET={secret}"
            ));
        }
        output.remark(&format!(
            "Steer it with:  curl -H 'Authorization: Bearer {control}' {url}/__sandbox/stats\nStop it with Ctrl-C."
        ));
        stop.await;
        Ok(())
    })?;
    drop(sandbox);
    Ok(Exit::Ok)
}
