//! Sender keys: each comes in its stored form, and goes back in it.

use rand_chacha::ChaCha20Rng;
use serde_json::json;
use waxwing_crypto::group::{
    GroupEpoch, GroupMessage, ReceiverKey, SenderKey, Transcript, Waiting, verify_backlog,
};

use crate::request::{Outcome, Request, Trouble};

pub(crate) fn make(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let key = SenderKey::generate(&epoch_of(request)?, request.object("sender")?.address()?, rng);
    Ok(json!({ "key": hex::encode(key.to_snapshot()) }))
}

pub(crate) fn own(request: &Request) -> Outcome {
    let key = sender_of(request)?;
    Ok(json!({
        "key": hex::encode(key.to_snapshot()),
        "distribution": hex::encode(key.distribution()),
        "chain_id": hex::encode(key.chain_id()),
        "messages": key.messages(),
    }))
}

pub(crate) fn encrypt(request: &Request, rng: &mut ChaCha20Rng) -> Outcome {
    let mut key = sender_of(request)?;
    let (plaintext, associated) = (request.bytes("plaintext")?, request.bytes("associated")?);
    match key.encrypt(&plaintext, &associated, rng) {
        Ok(sealed) => Ok(json!({
            "key": hex::encode(key.to_snapshot()),
            "message": hex::encode(sealed.bytes),
            "digest": hex::encode(sealed.digest),
            "iteration": sealed.iteration,
        })),
        Err(error) => Err(Trouble::refused_by(hex::encode(key.to_snapshot()), error)),
    }
}

pub(crate) fn accept(request: &Request) -> Outcome {
    let distribution = request.bytes("distribution")?;
    let sender = request.object("sender")?.address()?;
    let key = ReceiverKey::accept(&distribution, &epoch_of(request)?, &sender).map_err(Trouble::refused)?;
    Ok(json!({ "key": hex::encode(key.to_snapshot()) }))
}

pub(crate) fn anothers(request: &Request) -> Outcome {
    let key = receiver_of(request)?;
    Ok(json!({
        "key": hex::encode(key.to_snapshot()),
        "chain_id": hex::encode(key.chain_id()),
        "first": key.first(),
        "next": key.next(),
    }))
}

pub(crate) fn decrypt(request: &Request) -> Outcome {
    let mut key = receiver_of(request)?;
    let message = GroupMessage::parse(&request.bytes("message")?).map_err(Trouble::refused)?;
    match key.decrypt(&message, &request.bytes("associated")?) {
        Ok(opened) => Ok(json!({
            "key": hex::encode(key.to_snapshot()),
            "plaintext": hex::encode(opened.as_bytes()),
            "digest": hex::encode(opened.digest()),
            "iteration": opened.iteration(),
        })),
        Err(error) => Err(Trouble::refused_by(hex::encode(key.to_snapshot()), error)),
    }
}

/// Verifies messages of one chain in batches, and says of each whether its signature holds.
pub(crate) fn backlog(request: &Request) -> Outcome {
    let (key, associated) = (receiver_of(request)?, request.bytes("associated")?);
    let parse = |item: &Request| GroupMessage::parse(&item.bytes("message")?).map_err(Trouble::refused);
    let messages = request.objects("messages")?.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let waiting = messages.iter().map(|message| Waiting { key: &key, message, associated_data: &associated });
    let verified = verify_backlog(&waiting.collect::<Vec<_>>());
    Ok(json!({ "verified": verified.iter().map(Option::is_some).collect::<Vec<_>>() }))
}

pub(crate) fn transcript(request: &Request) -> Outcome {
    let mut transcript = Transcript::default();
    for item in request.objects("digests")? {
        transcript.add(&item.array("digest")?);
    }
    Ok(json!({ "transcript": hex::encode(transcript.to_bytes()) }))
}

fn epoch_of(request: &Request) -> Result<GroupEpoch, Trouble> {
    let epoch = request.object("epoch")?;
    let (group, roster_hash) = (epoch.array("group")?, epoch.array("roster_hash")?);
    Ok(GroupEpoch { group, number: epoch.number("number")?, roster_hash })
}

fn sender_of(request: &Request) -> Result<SenderKey, Trouble> {
    SenderKey::from_snapshot(&request.bytes("key")?).map_err(Trouble::refused)
}

fn receiver_of(request: &Request) -> Result<ReceiverKey, Trouble> {
    ReceiverKey::from_snapshot(&request.bytes("key")?).map_err(Trouble::refused)
}
