//! The relay as a program: `waxwing-relay --help`.

mod args;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use waxwing_relay::Relay;

use args::{Args, LogFormat};

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = start_logs(&args).and_then(|()| run(args)) {
        let _ = writeln!(std::io::stderr(), "waxwing-relay: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn start_logs(args: &Args) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&args.log)?;
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match args.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let relay = Relay::start(args.into_config()?).await?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening on {}", relay.url())?;
        stdout.flush()?;
        tracing::info!(address = %relay.address(), "listening");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("draining");
        relay.shutdown().await;
        tracing::info!("stopped");
        Ok(())
    })
}
