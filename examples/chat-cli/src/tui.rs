//! The terminal interface.
//!
//! ```text
//!   keys --> App::on_key --> Action --> driver --> client
//!                 |                        |          |
//!   screen <-- view::draw <---- App <------+-- diffs -+
//! ```
//!
//! The state and the picture are pure; `driver` is the only part that waits for anything.

mod choose;
mod driver;
mod editor;
mod state;
mod view;

use std::io::{self, IsTerminal as _};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use waxwing::Client;

use crate::args::Common;
use crate::command::control;
use crate::fail::Fail;
use crate::session::{self, Link};

/// Opens the interface of a home, and returns when the user leaves.
///
/// # Errors
///
/// `not_a_terminal`, or what the home, the store or the terminal says.
pub(crate) async fn run(common: &Common) -> Result<(), Fail> {
    let home = session::home(common)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Fail::usage("not_a_terminal", "the interface needs a terminal")
            .advise("use the commands in scripts: send, listen, history; see waxwing-chat --help"));
    }
    home.create()?;
    let client = session::open_client(common, &home, Link::Up).await?;
    let plan = home.relay(common.relay.as_deref(), common.dangerous_allow_plain)?;
    if client.me().map_err(session::fail)?.is_none() {
        home.remember_relay(&plan)?;
    }
    let control = control::serve(&client, &home);
    let result = show(&client, None).await;
    drop(control);
    session::close(&client).await;
    result
}

/// Shows the interface for a client that is open already, perhaps with a conversation.
///
/// # Errors
///
/// What the terminal or the store says.
pub(crate) async fn show(client: &Client, open: Option<&str>) -> Result<(), Fail> {
    // From here on a panic restores the terminal before it is told.
    let mut terminal = ratatui::try_init().map_err(|error| cannot_draw(&error))?;
    let _ = execute!(io::stdout(), EnableBracketedPaste);
    let result = driver::Driver::new(client.clone(), open).run(&mut terminal).await;
    let _ = execute!(io::stdout(), DisableBracketedPaste);
    ratatui::restore();
    result
}

fn cannot_draw(error: &io::Error) -> Fail {
    Fail::new("terminal_failed", "storage", format!("the terminal does not answer: {error}"))
        .advise("try another terminal, or use the commands: waxwing-chat --help")
}
