//! A terminal chat on Waxwing, for people and for scripts. `docs/chat.md` is its manual.

mod args;
mod command;
mod demo;
mod fail;
mod home;
mod out;
mod record;
mod safe_text;
mod session;
mod time;
mod tui;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::args::Cli;
use crate::fail::{Exit, Fail};

/// Switches the log on: what to log, such as `debug` or `waxwing=trace`. It goes to standard error, and holds no content.
const LOG_VARIABLE: &str = "WAXWING_LOG";

fn main() -> ExitCode {
    if let Ok(filter) = std::env::var(LOG_VARIABLE) {
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).init();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return tell_usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let fail = Fail::new("no_runtime", "bug", format!("the runtime does not start: {error}"))
                .advise("raise the limits of threads and open files, and run the command again");
            fail.tell(cli.common.json);
            return fail.exit.code();
        }
    };
    let as_json = cli.common.json;
    let code = match runtime.block_on(command::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) => {
            fail.tell(as_json);
            fail.exit.code()
        }
    };
    runtime.shutdown_background();
    code
}

/// Help and version are answers; anything else is a mistake, told like every other failure.
fn tell_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { Exit::Quiet.code() };
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (message, usage) = text.split_once('\n').unwrap_or((text, ""));
    let usage = usage.trim();
    let advice = if usage.is_empty() { "see waxwing-chat --help" } else { usage };
    let fail = Fail::usage("usage", message).advise(advice.split_whitespace().collect::<Vec<_>>().join(" "));
    fail.tell(std::env::args_os().any(|argument| argument == "--json"));
    fail.exit.code()
}
