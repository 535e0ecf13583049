//! `demo`: a relay in this process, two people, and a chair for the newcomer.
//!
//! The script is played, told and checked: whatever is claimed here is measured first, and a claim that does not hold fails
//! the program.

mod proof;
mod stage;
mod teller;
mod wren;

use std::io::{self, IsTerminal as _};

use waxwing::{Delivery, History, PAGE_ITEMS_MAX, Page, Sent};

use crate::args::Common;
use crate::fail::Fail;
use crate::{out, session, tui};
use proof::Finding;
use stage::{Stage, YOU, in_time};
use teller::{Teller, Tick};

/// What Wren writes while you are away.
const WRITTEN_TO_YOU: [&str; 2] = [
    "Hi, this is Wren. You are offline, so the relay keeps this for you.",
    "It is sealed: the relay can carry it, not read it.",
];
/// What the script lets you answer.
const WRITTEN_BY_YOU: [&str; 2] =
    ["Hello Wren! I have just come online.", "Both of your messages are here, in order."];
const WELCOME: &str = "Welcome! Come in and write me something, if you like.";

/// Plays the script, and lets the newcomer join where there is a terminal.
pub(crate) async fn run(_common: &Common, script_only: bool) -> Result<(), Fail> {
    let interactive = !script_only && io::stdout().is_terminal() && io::stdin().is_terminal();
    let teller = Teller::new(interactive, io::stdout().is_terminal());
    let stage = in_time("starting", Stage::build()).await?;
    let result = async {
        play(&teller, &stage).await?;
        if interactive {
            join(&teller, &stage).await
        } else {
            teller.line("\nTry it yourself in a terminal: waxwing-chat demo")
        }
    }
    .await;
    stage.clear().await;
    result
}

async fn play(teller: &Teller, stage: &Stage) -> Result<(), Fail> {
    teller.title("Waxwing in one minute")?;
    teller.line("A relay and two people, all in this process and a temporary folder.")?;
    teller.step("A relay starts", &format!("at {}", stage.relay_url()))?;
    teller.step(
        "Two people register",
        "Wren, and you. Each has an encrypted store; the relay has neither's keys.",
    )?;

    teller.step(
        "You are offline, and Wren writes",
        "✓ the relay has it on disk   ✓✓ your device has it   ✓✓ you read it",
    )?;
    in_time("going offline", stage.go_offline()).await?;
    let mut written = Vec::new();
    for text in WRITTEN_TO_YOU {
        written.push(in_time("sending", say(teller, stage, "wren", text, Tick::Sent)).await?);
    }

    teller.step("What does the relay know now?", "Its files are searched byte by byte.")?;
    tell_findings(teller, stage, &WRITTEN_TO_YOU)?;

    teller.step("You come online", "")?;
    in_time("coming online", stage.come_online()).await?;
    for text in WRITTEN_TO_YOU {
        let message = in_time("receiving", stage.you_receive()).await?;
        is_exactly(text, &message.text)?;
        teller.told("wren", &message.text, "received by you")?;
    }
    for sent in &written {
        in_time("receipts", reached(sent, Delivery::Read)).await?;
    }
    teller.remark("✓✓ Wren sees that you have read both.")?;
    for text in WRITTEN_BY_YOU {
        in_time("answering", say(teller, stage, "you", text, Tick::Read)).await?;
    }
    in_time("sending", say(teller, stage, "wren", WELCOME, Tick::Delivered)).await?;
    is_exactly(WELCOME, &in_time("receiving", stage.you_receive()).await?.text)?;

    teller.step("Searched once more", "The relay's files, and both encrypted stores.")?;
    let all: Vec<&str> = WRITTEN_TO_YOU.into_iter().chain(WRITTEN_BY_YOU).chain([WELCOME]).collect();
    tell_findings(teller, stage, &all)?;
    teller.remark("Checked: every message came once, in order, and no file holds a word of it.")
}

/// Sends one message of the script, and shows its ticks as they come. Only what you write is read at once, by Wren.
async fn say(teller: &Teller, stage: &Stage, who: &str, text: &str, until: Tick) -> Result<Sent, Fail> {
    let sent = stage.send(who, text).await?;
    let mut line = teller.message(who, text)?;
    for (delivery, tick) in
        [(Delivery::Sent, Tick::Sent), (Delivery::Delivered, Tick::Delivered), (Delivery::Read, Tick::Read)]
    {
        if tick == Tick::Read {
            is_exactly(text, &stage.wren_receives().await?.text)?;
        }
        reached(&sent, delivery).await?;
        line.tick(teller, tick).await?;
        if tick == until {
            break;
        }
    }
    line.end(teller)?;
    teller.pause().await;
    Ok(sent)
}

fn is_exactly(written: &str, received: &str) -> Result<(), Fail> {
    if written == received {
        return Ok(());
    }
    Err(Fail::new("demo_failed", "bug", "a message came that was not the next one")
        .advise("please report this"))
}

async fn reached(sent: &Sent, wanted: Delivery) -> Result<(), Fail> {
    let state = sent.wait_for(wanted).await.map_err(session::fail)?;
    match state {
        Delivery::Failed(_) | Delivery::Cancelled | Delivery::Held(_) => {
            Err(Fail::new("demo_failed", "bug", "a message of the demo did not go out")
                .advise("please report this"))
        }
        Delivery::Queued | Delivery::Sending | Delivery::Sent | Delivery::Delivered | Delivery::Read => {
            Ok(())
        }
    }
}

/// Searches for every text, tells what was found, and fails when the relay could have read anything.
fn tell_findings(teller: &Teller, stage: &Stage, texts: &[&str]) -> Result<(), Fail> {
    let findings = proof::search(stage.dir(), YOU, texts)?;
    for (file, bytes) in &findings.files {
        teller.remark(&format!("{file:<22} {bytes:>9} bytes"))?;
    }
    let handle = if findings.control {
        "found: the relay knows who is there, and who writes to whom"
    } else {
        "not found"
    };
    teller.finding(&format!("the handle \"{YOU}\""), handle, true)?;
    for Finding { text, found_in } in &findings.texts {
        let what = found_in.as_deref().map_or(String::from("not found"), |file| format!("FOUND in {file}"));
        teller.finding(&format!("\"{}\"", shorten(text)), &what, found_in.is_none())?;
    }
    if !findings.control {
        return Err(Fail::new("demo_failed", "bug", "the search finds nothing at all, so it proves nothing")
            .advise("please report this"));
    }
    if findings.texts.iter().any(|finding| finding.found_in.is_some()) {
        return Err(Fail::new("plaintext_found", "bug", "a text of the demo stands readable in a file")
            .advise("please report this at once: it must never happen"));
    }
    Ok(())
}

/// Opens the interface for the newcomer, with Wren on the other side.
async fn join(teller: &Teller, stage: &Stage) -> Result<(), Fail> {
    teller.step("Your turn", "Press Enter to chat with Wren; Esc comes back here.")?;
    wait_for_enter().await;
    let wren = tokio::spawn(wren::answer(stage.wren().clone()));
    let shown = tui::show(stage.you(), Some("wren")).await;
    wren.abort();
    shown?;
    let typed = typed_texts(stage).await?;
    let searchable: Vec<&str> =
        typed.iter().map(String::as_str).filter(|text| text.len() >= proof::TEXT_MIN_BYTES).collect();
    if !searchable.is_empty() {
        teller.step("What you typed", "Searched in the relay's files and both stores.")?;
        tell_findings(teller, stage, &searchable)?;
    }
    teller.step("That was Waxwing", "Next, with a relay of your own:")?;
    for command in [
        "waxwing-relay",
        "waxwing-chat --home alice register alice",
        "waxwing-chat --home bob register bob",
        "waxwing-chat --home alice send bob \"hello\"",
        "waxwing-chat --home bob listen",
    ] {
        out::line(&format!("    {command}"))?;
    }
    Ok(())
}

/// What the newcomer typed, and Wren's answers: everything after the script.
async fn typed_texts(stage: &Stage) -> Result<Vec<String>, Fail> {
    let history: History = stage.your_history().await?;
    let conversation = history.direct("wren").await.map_err(session::fail)?;
    let items = history.messages(conversation, Page::newest(PAGE_ITEMS_MAX)).await.map_err(session::fail)?;
    let script = WRITTEN_TO_YOU.len() + WRITTEN_BY_YOU.len() + 1;
    Ok(items.iter().filter_map(|item| item.text()).skip(script).map(str::to_owned).collect())
}

async fn wait_for_enter() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::stdin().read_line(&mut String::new());
        let _ = sender.send(());
    });
    let _ = receiver.await;
}

fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 44;
    let one_line = crate::safe_text::one_line(text);
    if one_line.chars().count() <= CHARS_MAX {
        return one_line;
    }
    one_line.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}
