//! `backup write`, `backup restore`: what the account knows, in a file that its recovery key opens.

use serde_json::json;
use waxwing::{BackupSummary, Client, RecoveryKey};

use crate::args::{Backup, BackupFile, Common};
use crate::fail::Fail;
use crate::session::{self, Link, Session};
use crate::{out, safe_text};

/// Writes a backup, or takes one in.
pub(super) async fn run(common: &Common, options: Backup) -> Result<(), Fail> {
    let (word, options, link) = match &options {
        Backup::Write(options) => ("written", options, Link::Down),
        // What it brings is of yesterday: the groups are asked for what happened since.
        Backup::Restore(options) => ("restored", options, Link::Up),
    };
    let Session { client, .. } = session::open(common, link).await?;
    let result = carry_out(&client, options, link).await;
    session::close(&client).await;
    let BackupSummary { messages, bytes } = result?;
    let file = options.file.display().to_string();
    if common.json {
        return out::json(&json!({ word: file, "messages": messages, "bytes": bytes }));
    }
    let are = if messages == 1 { "message" } else { "messages" };
    out::line(&format!("{word} {}: {messages} {are}, {bytes} bytes", safe_text::one_line(&file)))
}

async fn carry_out(client: &Client, options: &BackupFile, link: Link) -> Result<BackupSummary, Fail> {
    let key: RecoveryKey = match &options.recovery_key {
        Some(text) => text.parse().map_err(session::fail)?,
        None => client.recovery_key().map_err(|error| {
            let fail = session::fail(error);
            if fail.code == "not_found" {
                return fail.advise("this device does not hold the account's key: give --recovery-key KEY");
            }
            fail
        })?,
    };
    let backup = client.backup();
    match link {
        Link::Down => backup.write(&options.file, &key).await,
        Link::Up => backup.restore(&options.file, &key).await,
    }
    .map_err(session::fail)
}
