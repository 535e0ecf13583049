//! `devices`: the devices of our own account.

use serde_json::json;
use tokio::time::timeout;
use waxwing::{Client, Device, OwnDevices};

use super::patience;
use super::task::Manner;
use crate::args::DevicesCommand;
use crate::fail::Fail;
use crate::{out, safe_text, session, time};

/// Lists, renames or removes, and tells the devices as they are then.
pub(super) async fn carry_out(
    client: &Client,
    command: &DevicesCommand,
    manner: Manner,
) -> Result<Vec<String>, Fail> {
    let known = client.devices().await.map_err(session::fail)?;
    match command {
        DevicesCommand::List => {}
        DevicesCommand::Rename { device, name } => {
            let device = find(&known, device)?;
            client.rename_device(device.id, name).await.map_err(session::fail)?;
            if known.devices.len() > 1 {
                patience::flush(client, manner.patience).await?;
            }
        }
        DevicesCommand::Remove { device } => {
            let device = find(&known, device)?;
            if timeout(manner.patience, client.wait_online()).await.is_err() {
                return Err(Fail::unfinished("offline", "the relay is out of reach; nothing was changed")
                    .advise("run it again once there is a network"));
            }
            client.remove_device(device.id).await.map_err(session::fail)?;
        }
    }
    let known = client.devices().await.map_err(session::fail)?;
    Ok(known.devices.iter().map(|device| line(&known, device, manner)).collect())
}

/// The device that is meant: by its name, its id, or the end of its id.
fn find<'a>(known: &'a OwnDevices, wanted: &str) -> Result<&'a Device, Fail> {
    let fits = |device: &&Device| {
        (wanted == "this" && device.is_this)
            || device.name.as_deref() == Some(wanted)
            || (wanted.len() >= 4 && device.id.to_string().ends_with(&wanted.to_lowercase()))
    };
    let found: Vec<&Device> = known.devices.iter().filter(fits).collect();
    match found[..] {
        [device] => Ok(device),
        [] => Err(Fail::new("device_unknown", "not_found", "this account has no such device")
            .advise("waxwing-chat devices lists them; name one by its name or the end of its id")),
        [..] => Err(Fail::new("device_ambiguous", "misuse", "several devices fit that")
            .advise("give the whole id, as devices --json shows it")),
    }
}

fn line(known: &OwnDevices, device: &Device, manner: Manner) -> String {
    if manner.json {
        return out::json_text(&json!({
            "device": device.id.to_string(),
            "name": device.name,
            "this": device.is_this,
            "known_since": time::rfc3339_millis(device.known_since_ms),
            "known_since_ms": device.known_since_ms,
            "can_link": known.holds_account_key,
        }));
    }
    let name = device.name.as_deref().map_or_else(|| String::from("(no name)"), safe_text::one_line);
    let this = if device.is_this { "  this device" } else { "" };
    format!("{}  {name}  since {}{this}", device.id, time::rfc3339_seconds(device.known_since_ms))
}
