//! Relays that refuse: one that wants a token, one that speaks another version, one that is not there. The program says which,
//! and what to do.

mod house;

use std::fs;
use std::net::TcpListener;
use std::thread;

use futures_util::{SinkExt as _, StreamExt as _};
use house::House;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use waxwing_wire::{
    RefusalCode, Refused, RelayBody, RelayFrame, Request as Number, SUBPROTOCOL, encode_relay,
};

/// The public half of a key that signed one token, and was thrown away.
const TOKEN_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEA58fQrith2juEY/7WE+FxG2+W7eVXxbj0Fpx85iE9XHM=\n\
-----END PUBLIC KEY-----\n\
";

/// For `alice`, until September 2020.
const EXPIRED_TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTYwMDAwMDAwMH0.Ismh_eL6wxTsram-dKAGQ2UOS4yjKOPSPFAjZJovRnqLh1tjwzK7M4zjyYNNOmMVdKECxJaOIS6Gz8obugl1AA";

#[test]
fn an_expired_token_and_a_missing_one_are_told_apart() {
    let house = House::build();
    let key = house.path("token-key.pem");
    fs::write(&key, TOKEN_KEY).expect("the key can be written");
    let key = key.to_str().expect("the path is UTF-8");
    let _relay = house.start_relay_with(&["--registration", "token", "--token-key", key]);
    house.chat("alice", &["register", "alice", "--token", EXPIRED_TOKEN]).fails_with("error[token_expired]");
    house.chat("alice", &["register", "alice"]).fails_with("error[token_required]");
    house.chat("alice", &["register", "alice", "--token", "nonsense"]).fails_with("error[not_authorised]");
    house.chat("alice", &["whoami"]).fails_with("error[not_registered]");
}

/// A relay of the year after next: it answers whatever comes with the versions that it speaks.
fn relay_of_another_version() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("the port is known");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("the listener can wait");
            let listener = tokio::net::TcpListener::from_std(listener).expect("the listener moves over");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(refuse(stream));
            }
        });
    });
    format!("ws://{address}")
}

#[allow(clippy::result_large_err)] // the shape that the library wants
fn name_the_subprotocol(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(response)
}

async fn refuse(stream: tokio::net::TcpStream) {
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, name_the_subprotocol).await else {
        return;
    };
    let _ = socket.next().await;
    let refused = Refused { versions: Some((7, 9)), ..Refused::because(RefusalCode::VersionUnsupported) };
    let frame = RelayFrame { request: Number::NONE, body: RelayBody::Refused(refused) };
    let _ = socket.send(Message::Binary(encode_relay(&frame))).await;
    let _ = socket.close(None).await;
}

#[test]
fn a_relay_of_another_version_is_named_and_nothing_is_lost() {
    let house = House::build();
    {
        let _relay = house.start_relay();
        house.chat("alice", &["register", "alice"]).succeeds();
        house.chat("bob", &["register", "bob"]).succeeds();
        house.chat("alice", &["send", "bob", "before"]).succeeds();
    }
    house.talk_to(relay_of_another_version());
    house.chat("carol", &["register", "carol"]).fails_with("error[version_unsupported]");
    let told = house.chat("alice", &["--timeout", "2", "send", "bob", "after"]).output();
    assert_eq!(
        told.status.code(),
        Some(3),
        "the message is queued: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert_eq!(house.texts("alice", "bob", "out"), ["before", "after"]);
    assert_eq!(house.states("alice", "bob", "out"), ["sent", "queued"]);
}
