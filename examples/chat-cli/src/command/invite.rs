//! `group invite`, `group join`, `group requests`: the door of a group.

use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Value, json};
use waxwing::{
    Client, Group, Invitation, InvitationLink, InvitationState, InvitationTerms, Join, JoinRequest, JoinState,
};

use super::task::Manner;
use super::{group, patience};
use crate::args::{Door, Invite};
use crate::fail::Fail;
use crate::record::group::name_of;
use crate::{out, safe_text, session, time};

impl Door {
    /// Whether it needs no relay.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Door::Invite(options) => options.list,
            Door::Join { link } => link.is_none(),
            Door::Requests { .. } => true,
        }
    }
}

/// Does it, and returns the lines that tell of it.
pub(super) async fn carry_out(client: &Client, options: Door, manner: Manner) -> Result<Vec<String>, Fail> {
    match options {
        Door::Invite(options) => invite(client, &options, manner).await,
        Door::Join { link: Some(link) } => join(client, &link, manner).await,
        Door::Join { link: None } => {
            let joins = client.joins().await.map_err(session::fail)?;
            Ok(joins.iter().map(|join| join_line(join, manner)).collect())
        }
        Door::Requests { group } => {
            let waiting = open(client, &group).await?.requests().await.map_err(session::fail)?;
            Ok(waiting.iter().map(|asks| request_line(asks, manner)).collect())
        }
    }
}

async fn open(client: &Client, name: &str) -> Result<Group, Fail> {
    group::group_of(&group::open(client, name).await?)
}

async fn invite(client: &Client, options: &Invite, manner: Manner) -> Result<Vec<String>, Fail> {
    let group = open(client, &options.group).await?;
    let known = async || group.invitations().await.map_err(session::fail);
    let lines = |all: &[Invitation]| all.iter().flat_map(|invitation| lines(invitation, manner)).collect();
    if options.list {
        return Ok(lines(&known().await?));
    }
    if let Some(wanted) = &options.revoke {
        let is_meant = |invitation: &Invitation| invitation.id.to_string().eq_ignore_ascii_case(wanted);
        let Some(meant) = known().await?.into_iter().find(is_meant) else {
            return Err(Fail::new("invitation_unknown", "not_found", "there is no such invitation here")
                .advise("waxwing-chat group invite GROUP --list shows them"));
        };
        group.revoke(meant.id).await.map_err(session::fail)?;
        patience::flush(client, manner.patience).await?;
        let all: Vec<Invitation> = known().await?.into_iter().filter(is_meant).collect();
        return Ok(lines(&all));
    }
    let mut terms = InvitationTerms::open();
    if options.approval {
        terms = terms.with_approval();
    }
    if let Some(lifetime) = options.expires {
        terms = terms.expires_after(lifetime);
    }
    let made = group.invite(terms).await.map_err(session::fail)?;
    // It is stored: the link serves as soon as its makers are online, whether the others hear of it now or not.
    patience::flush(client, manner.patience).await?;
    let mut told: Vec<String> = lines(std::slice::from_ref(&made));
    if let Some(link) = made.link.filter(|_| options.qr) {
        told.extend(drawn(&link));
    }
    Ok(told)
}

async fn join(client: &Client, link: &str, manner: Manner) -> Result<Vec<String>, Fail> {
    let read: InvitationLink = link.parse().map_err(session::fail)?;
    let asked = client.join(link).await.map_err(session::fail)?;
    patience::flush(client, manner.patience).await?;
    let mut told = vec![join_line(&asked, manner)];
    if !manner.json && asked.state == JoinState::Waiting {
        let by = safe_text::one_line(read.handle());
        let how = if read.needs_approval() { "somebody looks at it" } else { "listen, and you are let in" };
        told.push(format!("invited by {by}: {how}"));
    }
    Ok(told)
}

fn lines(invitation: &Invitation, manner: Manner) -> Vec<String> {
    if manner.json {
        return vec![out::json_text(&invitation_json(invitation))];
    }
    let approval = if invitation.needs_approval { ", with approval" } else { "" };
    let expires = invitation
        .expires_at_ms
        .map(|at_ms| format!(", until {}", time::rfc3339_seconds(at_ms)))
        .unwrap_or_default();
    let (word, by) = (state_word(invitation.state), name_of(&invitation.by));
    let mut told = vec![format!("{} {word}, by {by}{approval}{expires}", invitation.id)];
    told.extend(invitation.link.iter().map(|link| format!("  {link}")));
    told
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

fn join_line(join: &Join, manner: Manner) -> String {
    let word = match join.state {
        JoinState::Waiting => "waiting",
        JoinState::Refused => "refused",
        JoinState::Joined => "joined",
    };
    let id = join.conversation_id.to_string();
    if manner.json {
        let told = json!({ "conversation_id": id, "state": word, "asked_at_ms": join.asked_at_ms });
        return out::json_text(&told);
    }
    format!("{id} {word}")
}

fn request_line(asks: &JoinRequest, manner: Manner) -> String {
    if manner.json {
        return out::json_text(&json!({
            "handle": asks.contact.handle.as_ref().map(waxwing::Handle::as_str),
            "account": asks.contact.account.to_string(),
            "invitation_id": asks.invitation.to_string(),
            "asked_at_ms": asks.asked_at_ms,
        }));
    }
    format!("{} since {}", name_of(&asks.contact), time::rfc3339_seconds(asks.asked_at_ms))
}

/// A QR code, two of its rows in each line.
fn drawn(link: &str) -> Vec<String> {
    let Ok(code) = QrCode::encode_text(link, QrCodeEcc::Low) else { return Vec::new() };
    let quiet = 2;
    let is_dark = |x, y| code.get_module(x, y);
    let row = |y| {
        let pixel = |x| match (is_dark(x, y), is_dark(x, y + 1)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        (-quiet..code.size() + quiet).map(pixel).collect()
    };
    (-quiet..code.size() + quiet).step_by(2).map(row).collect()
}
