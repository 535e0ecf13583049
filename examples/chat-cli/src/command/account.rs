//! `register`, `whoami`, `recovery-key`, `accept`, `account delete`: who we are, and whom we trust.

use serde_json::{Value, json};
use tokio::time::timeout;
use waxwing::{Client, Event, Me, Recover, RecoveryKey, Registration};

use super::patience;
use super::task::Manner;
use crate::args::{Common, Register};
use crate::fail::Fail;
use crate::home::Home;
use crate::session::{self, Link, Session};
use crate::{out, safe_text};

/// Makes an account, or brings one here.
pub(super) async fn register(common: &Common, options: Register) -> Result<(), Fail> {
    let home = session::home(common)?;
    let registration = registration(&options)?;
    home.create()?;
    let client = session::open_client(common, &home, Link::Up).await?;
    let result = async {
        if client.me().map_err(session::fail)?.is_none() {
            home.remember_relay(&home.relay(common.relay.as_deref(), common.dangerous_allow_plain)?)?;
        }
        match timeout(common.patience(), client.register(registration)).await {
            Ok(registered) => registered.map_err(session::fail),
            Err(_) => Err(Fail::new("timeout", "offline", "the relay did not answer in time")
                .advise("run the same command again: it goes on where it stood")),
        }
    }
    .await;
    session::close(&client).await;
    tell_me(common, &home, &result?, "registered as ")
}

fn registration(options: &Register) -> Result<Registration, Fail> {
    let mut registration = Registration::open(&options.handle).map_err(session::fail)?;
    if let Some(token) = &options.token {
        registration = registration.token(token.as_str());
    }
    if let Some(text) = &options.recovery_key {
        let key: RecoveryKey = text.parse().map_err(session::fail)?;
        registration =
            registration.recover(key, if options.replace { Recover::Replace } else { Recover::Add });
    }
    Ok(registration)
}

/// Shows the account of this home.
pub(super) async fn whoami(common: &Common) -> Result<(), Fail> {
    let (_, me) = session::open_history(common).await?;
    tell_me(common, &session::home(common)?, &me, "")
}

fn tell_me(common: &Common, home: &Home, me: &Me, before: &str) -> Result<(), Fail> {
    if common.json {
        return out::json(&me_json(common, home, me)?);
    }
    out::line(&format!("{before}{}", me.handle))
}

/// The account as JSON, shared with `status`.
pub(super) fn me_json(common: &Common, home: &Home, me: &Me) -> Result<Value, Fail> {
    let plan = home.relay(common.relay.as_deref(), common.dangerous_allow_plain)?;
    Ok(json!({
        "handle": me.handle.as_str(),
        "account": me.account.to_string(),
        "device": me.device.to_string(),
        "relay": plan.url,
    }))
}

/// The key that brings the account to another device.
pub(super) fn recovery_key(client: &Client, manner: Manner) -> Result<Vec<String>, Fail> {
    let key = client.recovery_key().map_err(session::fail)?.to_string();
    Ok(vec![if manner.json { out::json_text(&json!({ "recovery_key": key })) } else { key }])
}

/// Accepts the changed key of a person, and lets go what was held.
pub(super) async fn accept(client: &Client, handle: &str, manner: Manner) -> Result<Vec<String>, Fail> {
    client.accept_key(handle).await.map_err(session::fail)?;
    patience::flush(client, manner.patience).await?;
    Ok(vec![if manner.json {
        out::json_text(&json!({ "accepted": handle }))
    } else {
        format!("accepted the key of {}", safe_text::one_line(handle))
    }])
}

/// Deletes the account at the relay and here.
pub(super) async fn delete(common: &Common) -> Result<(), Fail> {
    let Session { client, me } = session::open(common, Link::Up).await?;
    let mut events = client.events();
    let gone = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::SignedOut("account_deleted")) {
                return;
            }
        }
    };
    let begun = async {
        client.wait_online().await.map_err(session::fail)?;
        match client.delete_account().await {
            // It goes on by itself.
            Err(error) if error.code() == "offline" => std::future::pending().await,
            result => result.map_err(session::fail),
        }
    };
    // One that was begun before ends by itself.
    let deletion = async {
        tokio::select! {
            result = begun => result,
            () = gone => Ok(()),
        }
    };
    let result = match timeout(common.patience(), deletion).await {
        Ok(result) => result,
        Err(_) => Err(Fail::unfinished("offline", "the relay did not say in time that the account is gone")
            .advise("run it again once there is a network: it goes on where it stood")),
    };
    let is_gone = client.me().map_err(session::fail)?.is_none();
    session::close(&client).await;
    if !is_gone {
        result?;
    }
    if common.json {
        return out::json(&json!({ "deleted": me.handle.as_str() }));
    }
    out::line(&format!("deleted {}", me.handle))
}
