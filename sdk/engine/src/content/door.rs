//! Invitations and requests, as those say them to each other who let in.

use waxwing_wire::AccountId;

use super::{BadContent, ContentBody, proto};
use crate::model::{Invitation, InvitationId, JoinRequest};

/// Invitations, or requests, in one content.
const SAID_MAX: usize = 256;

/// Accounts that an invitation names.
const INVITERS_MAX: usize = waxwing_crypto::group::INVITERS_MAX;

pub(super) fn to_proto(invitations: &[Invitation], requests: &[JoinRequest]) -> proto::Invitations {
    let invitation = |invitation: &Invitation| proto::Invitation {
        id: invitation.id.0.to_vec(),
        by: invitation.by.as_bytes().to_vec(),
        inviters: invitation.inviters.iter().map(|account| account.as_bytes().to_vec()).collect(),
        made_at_ms: invitation.made_at_ms,
        expires_at_ms: invitation.expires_at_ms,
        needs_approval: invitation.needs_approval,
        revoked: invitation.revoked,
    };
    let request = |asks: &JoinRequest| proto::JoinRequest {
        account: asks.account.as_bytes().to_vec(),
        invitation: asks.invitation.0.to_vec(),
        asked_at_ms: asks.asked_at_ms,
        refused: asks.refused,
    };
    proto::Invitations {
        invitations: invitations.iter().map(invitation).collect(),
        requests: requests.iter().map(request).collect(),
    }
}

pub(super) fn from_proto(said: proto::Invitations) -> Result<ContentBody, BadContent> {
    if said.invitations.len() > SAID_MAX || said.requests.len() > SAID_MAX {
        return Err(BadContent);
    }
    let account = |bytes: &[u8]| AccountId::from_slice(bytes).ok_or(BadContent);
    let id = |bytes: Vec<u8>| bytes.try_into().map(InvitationId).map_err(|_| BadContent);
    let invitation = |said: proto::Invitation| {
        if said.inviters.len() > INVITERS_MAX || said.expires_at_ms < 0 {
            return Err(BadContent);
        }
        Ok(Invitation {
            id: id(said.id)?,
            by: account(&said.by)?,
            inviters: said.inviters.iter().map(|bytes| account(bytes)).collect::<Result<_, _>>()?,
            made_at_ms: said.made_at_ms,
            expires_at_ms: said.expires_at_ms,
            needs_approval: said.needs_approval,
            revoked: said.revoked,
            // A link is the token itself: it leaves its device only by the hand of the user.
            link: String::new(),
        })
    };
    let request = |said: proto::JoinRequest| {
        Ok(JoinRequest {
            account: account(&said.account)?,
            invitation: id(said.invitation)?,
            asked_at_ms: said.asked_at_ms,
            refused: said.refused,
        })
    };
    Ok(ContentBody::Invitations {
        invitations: said.invitations.into_iter().map(invitation).collect::<Result<_, _>>()?,
        requests: said.requests.into_iter().map(request).collect::<Result<_, _>>()?,
    })
}
