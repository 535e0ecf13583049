//! `devices`: the devices of our own account.

use serde_json::json;
use tokio::time::timeout;
use waxwing::{Client, Device, OwnDevices};

use super::patience;
use crate::args::{Common, Devices, DevicesCommand};
use crate::fail::Fail;
use crate::session::{self, Link};
use crate::{out, safe_text, time};

/// Lists, renames or removes.
pub(super) async fn run(common: &Common, options: Devices) -> Result<(), Fail> {
    let command = options.command.unwrap_or(DevicesCommand::List);
    let link = if matches!(command, DevicesCommand::List) { Link::Down } else { Link::Up };
    let session = session::open(common, link).await?;
    let result = carry_out(common, &session.client, &command).await;
    session.close().await;
    tell(common, &result?)
}

async fn carry_out(common: &Common, client: &Client, command: &DevicesCommand) -> Result<OwnDevices, Fail> {
    let known = client.devices().await.map_err(session::fail)?;
    match command {
        DevicesCommand::List => return Ok(known),
        DevicesCommand::Rename { device, name } => {
            let device = find(&known, device)?;
            client.rename_device(device.id, name).await.map_err(session::fail)?;
            if known.devices.len() > 1 {
                patience::flush(client, common.patience()).await?;
            }
        }
        DevicesCommand::Remove { device } => {
            let device = find(&known, device)?;
            if timeout(common.patience(), client.wait_online()).await.is_err() {
                return Err(Fail::unfinished("offline", "the relay is out of reach; nothing was changed")
                    .advise("run it again once there is a network"));
            }
            client.remove_device(device.id).await.map_err(session::fail)?;
        }
    }
    client.devices().await.map_err(session::fail)
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

fn tell(common: &Common, known: &OwnDevices) -> Result<(), Fail> {
    for device in &known.devices {
        if common.json {
            out::json(&json!({
                "device": device.id.to_string(),
                "name": device.name,
                "this": device.is_this,
                "known_since": time::rfc3339_millis(device.known_since_ms),
                "known_since_ms": device.known_since_ms,
                "can_link": known.holds_account_key,
            }))?;
            continue;
        }
        let name = device.name.as_deref().map_or_else(|| String::from("(no name)"), safe_text::one_line);
        let this = if device.is_this { "  this device" } else { "" };
        let since = time::rfc3339_seconds(device.known_since_ms);
        out::line(&format!("{}  {name}  since {since}{this}", device.id))?;
    }
    Ok(())
}
