//! `group invite`, `group join`, `group requests`: the door of a group.

use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Value, json};
use waxwing::{
    Client, Group, Invitation, InvitationLink, InvitationState, InvitationTerms, Join, JoinRequest, JoinState,
};

use super::{group, patience};
use crate::args::{Common, Door, Invite};
use crate::fail::Fail;
use crate::record::group::name_of;
use crate::session::{self, Link, Session};
use crate::{out, safe_text, time};

/// Does what the command line asks for.
pub(super) async fn run(common: &Common, options: Door) -> Result<(), Fail> {
    let reads = match &options {
        Door::Invite(options) => options.list,
        Door::Join { link } => link.is_none(),
        Door::Requests { .. } => true,
    };
    let session = session::open(common, if reads { Link::Down } else { Link::Up }).await?;
    let result = match options {
        Door::Invite(options) => invite(common, &session, &options).await,
        Door::Join { link: Some(link) } => join(common, &session.client, &link).await,
        Door::Join { link: None } => match session.client.joins().await.map_err(session::fail) {
            Ok(joins) => joins.iter().try_for_each(|join| tell_join(common, join)),
            Err(fail) => Err(fail),
        },
        Door::Requests { group } => requests(common, &session, &group).await,
    };
    session.close().await;
    result
}

async fn open(session: &Session, name: &str) -> Result<Group, Fail> {
    group::group_of(&group::open(&session.client, name).await?)
}

async fn invite(common: &Common, session: &Session, options: &Invite) -> Result<(), Fail> {
    let group = open(session, &options.group).await?;
    let known = async || group.invitations().await.map_err(session::fail);
    if options.list {
        return known().await?.iter().try_for_each(|invitation| tell(common, invitation));
    }
    if let Some(wanted) = &options.revoke {
        let is_meant = |invitation: &&Invitation| invitation.id.to_string().eq_ignore_ascii_case(wanted);
        let all = known().await?;
        let Some(meant) = all.iter().find(is_meant) else {
            return Err(Fail::new("invitation_unknown", "not_found", "there is no such invitation here")
                .advise("waxwing-chat group invite GROUP --list shows them"));
        };
        group.revoke(meant.id).await.map_err(session::fail)?;
        patience::flush(&session.client, common.patience()).await?;
        let all = known().await?;
        return all.iter().filter(is_meant).try_for_each(|invitation| tell(common, invitation));
    }
    let mut terms = InvitationTerms::open();
    if options.approval {
        terms = terms.with_approval();
    }
    if let Some(lifetime) = options.expires {
        terms = terms.expires_after(lifetime);
    }
    let made = group.invite(terms).await.map_err(session::fail)?;
    tell(common, &made)?;
    if let Some(link) = made.link.filter(|_| options.qr) {
        draw(&link)?;
    }
    // What was made is stored, whether the others hear of it now or not.
    patience::flush(&session.client, common.patience()).await
}

async fn join(common: &Common, client: &Client, link: &str) -> Result<(), Fail> {
    let read: InvitationLink = link.parse().map_err(session::fail)?;
    let asked = client.join(link).await.map_err(session::fail)?;
    tell_join(common, &asked)?;
    if !common.json && asked.state == JoinState::Waiting {
        let by = safe_text::one_line(read.handle());
        let how = if read.needs_approval() { "somebody looks at it" } else { "listen, and you are let in" };
        out::remark(&format!("invited by {by}: {how}"));
    }
    patience::flush(client, common.patience()).await
}

async fn requests(common: &Common, session: &Session, name: &str) -> Result<(), Fail> {
    let group = open(session, name).await?;
    let waiting = group.requests().await.map_err(session::fail)?;
    waiting.iter().try_for_each(|asks| tell_request(common, asks))
}

fn tell(common: &Common, invitation: &Invitation) -> Result<(), Fail> {
    if common.json {
        return out::json(&invitation_json(invitation));
    }
    let approval = if invitation.needs_approval { ", with approval" } else { "" };
    let expires = invitation
        .expires_at_ms
        .map(|at_ms| format!(", until {}", time::rfc3339_seconds(at_ms)))
        .unwrap_or_default();
    let (word, by) = (state_word(invitation.state), name_of(&invitation.by));
    out::line(&format!("{} {word}, by {by}{approval}{expires}", invitation.id))?;
    invitation.link.iter().try_for_each(|link| out::line(&format!("  {link}")))
}

fn invitation_json(invitation: &Invitation) -> Value {
    json!({
        "invitation_id": invitation.id.to_string(),
        "state": state_word(invitation.state),
        "by": invitation.by.handle.as_ref().map(waxwing::Handle::as_str),
        "account": invitation.by.account.to_string(),
        "made_at_ms": invitation.made_at_ms,
        "expires_at_ms": invitation.expires_at_ms,
        "needs_approval": invitation.needs_approval,
        "link": invitation.link,
    })
}

fn state_word(state: InvitationState) -> &'static str {
    match state {
        InvitationState::Open => "open",
        InvitationState::Expired => "expired",
        InvitationState::Revoked => "revoked",
        InvitationState::Void => "void",
    }
}

fn tell_join(common: &Common, join: &Join) -> Result<(), Fail> {
    let word = match join.state {
        JoinState::Waiting => "waiting",
        JoinState::Refused => "refused",
        JoinState::Joined => "joined",
    };
    let id = join.conversation_id.to_string();
    if common.json {
        return out::json(&json!({ "conversation_id": id, "state": word, "asked_at_ms": join.asked_at_ms }));
    }
    out::line(&format!("{id} {word}"))
}

fn tell_request(common: &Common, asks: &JoinRequest) -> Result<(), Fail> {
    if common.json {
        return out::json(&json!({
            "handle": asks.contact.handle.as_ref().map(waxwing::Handle::as_str),
            "account": asks.contact.account.to_string(),
            "invitation_id": asks.invitation.to_string(),
            "asked_at_ms": asks.asked_at_ms,
        }));
    }
    out::line(&format!("{} since {}", name_of(&asks.contact), time::rfc3339_seconds(asks.asked_at_ms)))
}

/// Draws a QR code, two of its rows in each line.
fn draw(link: &str) -> Result<(), Fail> {
    let Ok(code) = QrCode::encode_text(link, QrCodeEcc::Low) else { return Ok(()) };
    let quiet = 2;
    let is_dark = |x, y| code.get_module(x, y);
    for y in (-quiet..code.size() + quiet).step_by(2) {
        let pixel = |x| match (is_dark(x, y), is_dark(x, y + 1)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        let row: String = (-quiet..code.size() + quiet).map(pixel).collect();
        out::line(&row)?;
    }
    Ok(())
}
