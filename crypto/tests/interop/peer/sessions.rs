//! Sessions: each comes as its snapshot, and goes back as one.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use serde_json::json;
use waxwing_crypto::{Message, Ours, Session, Theirs};

use crate::keys::{bundle_of, prekeys_of, public_of, secrets_of};
use crate::request::{Outcome, Request, Trouble};

pub(crate) fn initiate(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let (ours, theirs) = (request.object("ours")?, request.object("theirs")?);
    let (secrets, keys) = (secrets_of(&ours)?, public_of(&theirs)?);
    let bundle = bundle_of(request, &theirs)?;
    let ours = Ours { address: ours.address()?, secrets: &secrets };
    let theirs = Theirs { address: theirs.address()?, keys: &keys };
    let session = Session::initiate(&ours, &theirs, &bundle, rng).map_err(Trouble::refused)?;
    Ok(json!({ "session": stored(&session) }))
}

pub(crate) fn respond(request: &Request) -> Outcome {
    let (ours, theirs) = (request.object("ours")?, request.object("theirs")?);
    let (secrets, keys) = (secrets_of(&ours)?, public_of(&theirs)?);
    let (weekly, one_time) = prekeys_of(request)?;
    let ours = Ours { address: ours.address()?, secrets: &secrets };
    let theirs = Theirs { address: theirs.address()?, keys: &keys };
    let Message::Initial(initial) = message_of(request)? else {
        return Err(Trouble::Broken("not an initial message".to_owned()));
    };
    let associated = request.bytes("associated")?;
    let (session, plaintext) = Session::respond(&ours, &theirs, &weekly, &one_time, &initial, &associated)
        .map_err(Trouble::refused)?;
    Ok(json!({ "session": stored(&session), "plaintext": hex::encode(plaintext.as_bytes()) }))
}

pub(crate) fn encrypt(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let mut session = session_of(request)?;
    let (plaintext, associated) = (request.bytes("plaintext")?, request.bytes("associated")?);
    let now = Duration::from_secs(request.number("now")?);
    match session.encrypt(&plaintext, &associated, now, rng) {
        Ok(message) => Ok(json!({ "session": stored(&session), "message": hex::encode(message) })),
        Err(error) => Err(Trouble::refused_by(stored(&session), error)),
    }
}

pub(crate) fn decrypt(request: &Request) -> Outcome {
    let mut session = session_of(request)?;
    match session.decrypt(&message_of(request)?, &request.bytes("associated")?) {
        Ok(plaintext) => {
            Ok(json!({ "session": stored(&session), "plaintext": hex::encode(plaintext.as_bytes()) }))
        }
        Err(error) => Err(Trouble::refused_by(stored(&session), error)),
    }
}

pub(crate) fn describe(request: &Request) -> Outcome {
    let session = session_of(request)?;
    Ok(json!({
        "session": stored(&session),
        "id": hex::encode(session.id()),
        "handshake_id": hex::encode(session.handshake_id()),
        "initiated_by_us": session.initiated_by_us(),
        "is_acknowledged": session.is_acknowledged(),
        "refreshed_at": session.refreshed().at.map(|at| at.as_secs()),
        "messages_since": session.refreshed().messages,
    }))
}

pub(crate) fn message(request: &Request) -> Outcome {
    match message_of(request)? {
        Message::Initial(initial) => Ok(json!({
            "weekly_id": initial.weekly_prekey_id(),
            "one_time_id": initial.one_time_prekey_id(),
            "handshake_id": hex::encode(initial.handshake_id()),
        })),
        Message::Ratchet(_) => Ok(json!({})),
    }
}

fn message_of(request: &Request) -> Result<Message, Trouble> {
    Message::parse(&request.bytes("message")?).map_err(Trouble::refused)
}

fn session_of(request: &Request) -> Result<Session, Trouble> {
    Session::from_snapshot(&request.bytes("session")?).map_err(Trouble::refused)
}

fn stored(session: &Session) -> String {
    hex::encode(session.to_snapshot())
}
