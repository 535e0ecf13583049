//! Under construction.
use crate::{error::*, shared::Shared, socket::Endpoint, store::Store};
pub(crate) struct Setup { pub(crate) endpoint: Endpoint, pub(crate) store: Store, pub(crate) agent: String, pub(crate) offline: bool }
pub(crate) async fn start(_setup: Setup) -> Result<Shared> { Err(Code::Bug.into()) }
