//! `link`: a new device joins an account, by a text that goes from one to the other and six digits that a person compares.

use serde_json::json;
use tokio::time::timeout;
use waxwing::{Client, LinkCode, LinkStep, Linking};

use crate::args::Common;
use crate::fail::Fail;
use crate::out;
use crate::session::{self, Link};

/// Links this home: with a text, it is a device of the account; without, the new device.
pub(super) async fn run(common: &Common, text: Option<&str>) -> Result<(), Fail> {
    match text {
        Some(text) => {
            let session = session::open(common, Link::Up).await?;
            let result = of_the_account(common, &session.client, text).await;
            session.close().await;
            result
        }
        None => {
            let home = session::home(common)?;
            home.create()?;
            let client = session::open_client(common, &home, Link::Down).await?;
            let result = async {
                let plan = home.relay(common.relay.as_deref(), common.dangerous_allow_plain)?;
                new_device(common, &client).await.and_then(|()| home.remember_relay(&plan))
            }
            .await;
            session::close(&client).await;
            result
        }
    }
}

/// Gets the history from another device of the account.
pub(super) async fn resume(common: &Common) -> Result<(), Fail> {
    let session = session::open(common, Link::Up).await?;
    let result = async {
        online(common, &session.client).await?;
        let linking = session.client.fetch_history().await.map_err(session::fail)?;
        if !common.json {
            out::line("waiting for another device of your account to be online")?;
        }
        go_on(common, linking).await
    }
    .await;
    session.close().await;
    result
}

async fn new_device(common: &Common, client: &Client) -> Result<(), Fail> {
    let offer = client.link_as_new().await.map_err(session::fail)?;
    if common.json {
        out::json(&json!({ "link_text": offer.text() }))?;
    } else {
        out::line("on a device of your account run: waxwing-chat link, followed by this text")?;
        out::line(&offer.text())?;
    }
    let code = offer.scanned().await.map_err(session::fail)?;
    finish(common, code).await
}

async fn of_the_account(common: &Common, client: &Client, text: &str) -> Result<(), Fail> {
    online(common, client).await?;
    let code = client.link_device(text).await.map_err(session::fail)?;
    finish(common, code).await
}

async fn online(common: &Common, client: &Client) -> Result<(), Fail> {
    if timeout(common.patience(), client.wait_online()).await.is_ok() {
        return Ok(());
    }
    Err(Fail::unfinished("offline", "the relay is out of reach; nothing was changed")
        .advise("run it again once there is a network"))
}

/// Compares the codes, and tells how far it is.
async fn finish(common: &Common, code: LinkCode) -> Result<(), Fail> {
    if common.json {
        out::json(&json!({ "code": code.code() }))?;
    } else {
        out::line(&format!("this device shows {}", code.code()))?;
        out::piece("type what the other device shows: ")?;
    }
    let theirs = read_line().await?;
    go_on(common, code.confirm(&theirs).map_err(session::fail)?).await
}

async fn go_on(common: &Common, mut linking: Linking) -> Result<(), Fail> {
    loop {
        let step = linking.next().await.map_err(session::fail)?;
        tell(common, &step)?;
        if step == LinkStep::Done {
            return Ok(());
        }
    }
}

fn tell(common: &Common, step: &LinkStep) -> Result<(), Fail> {
    match (step, common.json) {
        (LinkStep::Linked(device), true) => out::json(&json!({ "linked": device.to_string() })),
        (LinkStep::Linked(_), false) => Ok(()),
        (LinkStep::History { messages, per_mille }, true) => {
            out::json(&json!({ "messages": messages, "per_mille": per_mille }))
        }
        (LinkStep::History { messages, per_mille }, false) => {
            out::line(&format!("{messages} messages ({} %)", per_mille / 10))
        }
        (LinkStep::Done, true) => out::json(&json!({ "done": true })),
        (LinkStep::Done, false) => out::line("linked"),
    }
}

async fn read_line() -> Result<String, Fail> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    match read.await {
        Ok(Ok(line)) if !line.trim().is_empty() => Ok(line),
        Ok(_) | Err(_) => Err(Fail::usage("code_missing", "no code was given on standard input")
            .advise("type the six digits that the other device shows")),
    }
}
