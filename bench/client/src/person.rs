//! Somebody with a device and a store.

use std::path::Path;

use waxwing::{Client, ClientBuilder, Registration, Store, StoreKey};
use waxwing_bench::server::Server;

use crate::Outcome;

/// Keys of stores here are all the same: nothing in them is worth more.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// A client that is not yet built, with its store in `folder`.
pub(crate) fn client(relay: &Server, folder: &Path, name: &str) -> ClientBuilder {
    let store = Store::file(folder.join(format!("{name}.db"))).key(StoreKey::from_bytes(KEY));
    Client::builder(format!("ws://{}", relay.address)).store(store)
}

/// A client that is registered under its name, and online.
pub(crate) async fn registered(relay: &Server, folder: &Path, name: &str) -> Outcome<Client> {
    let client = client(relay, folder, name).build().await?;
    client.register(Registration::open(name)?).await?;
    client.wait_online().await?;
    Ok(client)
}
