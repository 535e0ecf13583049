//! The Rust side of the independent check: it answers JSON lines, and keeps nothing between them.
//!
//! A line is an object whose `do` names the operation and whose other fields are its arguments; bytes are hex. Keys and sessions
//! come and go in their stored forms, so that each answer also tries those. The answer is one of
//! `{"ok": {..}}`, `{"refused": "Variant"}` with what was stored as it is then, and `{"broken": "words"}` for a request that makes no sense.

mod groups;
mod keys;
mod request;
mod sessions;

use std::io::{BufRead, Write};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::json;

use request::{Outcome, Request, Trouble};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).ok_or("usage: interop_peer SEED, 32 bytes in hex")?;
    let seed = <[u8; 32]>::try_from(hex::decode(seed)?).map_err(|_| "the seed has 32 bytes")?;
    let mut rng = ChaCha20Rng::from_seed(seed);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match answer(&line?, &mut rng) {
            Ok(fields) => json!({ "ok": fields }),
            Err(Trouble::Refused(variant)) => json!({ "refused": variant }),
            Err(Trouble::RefusedBy { stored, variant }) => json!({ "refused": variant, "stored": stored }),
            Err(Trouble::Broken(words)) => json!({ "broken": words }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(line: &str, rng: &mut ChaCha20Rng) -> Outcome {
    let request = Request::parse(line)?;
    match request.text("do")? {
        "account" => keys::account(rng),
        "device" => keys::device(rng),
        "device_public" => keys::device_public(&request),
        "sign_device_list" => keys::sign_device_list(&request),
        "verify_device_list" => keys::verify_device_list(&request),
        "weekly" => keys::weekly(&request, rng),
        "one_time" => keys::one_time(&request, rng),
        "bundle" => keys::bundle(&request),
        "verify_bundle" => keys::verify_bundle(&request),
        "initiate" => sessions::initiate(&request, rng),
        "respond" => sessions::respond(&request),
        "encrypt" => sessions::encrypt(&request, rng),
        "decrypt" => sessions::decrypt(&request),
        "session" => sessions::describe(&request),
        "message" => sessions::message(&request),
        "make_sender_key" => groups::make(&request, rng),
        "own_sender_key" => groups::own(&request),
        "group_encrypt" => groups::encrypt(&request, rng),
        "accept_sender_key" => groups::accept(&request),
        "anothers_sender_key" => groups::anothers(&request),
        "group_decrypt" => groups::decrypt(&request),
        "group_backlog" => groups::backlog(&request),
        "transcript" => groups::transcript(&request),
        "pad" => Ok(json!({ "padded": hex::encode(waxwing_crypto::pad(&request.bytes("content")?)) })),
        "unpad" => {
            let padded = request.bytes("padded")?;
            let content = waxwing_crypto::unpad(&padded).map_err(Trouble::refused)?;
            Ok(json!({ "content": hex::encode(content) }))
        }
        other => Err(Trouble::Broken(format!("there is no operation `{other}`"))),
    }
}
