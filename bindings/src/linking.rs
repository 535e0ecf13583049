//! Linking a device: a new one shows a text, one of the account reads it, a person compares six digits, and the new one takes over
//! what the account has.
//!
//! ```text
//!   new device: link_as_new() -> FfiLinkOffer --text--> scanned() -> FfiLinkCode --code--> confirm(theirs) -> FfiLinking --pull--> Done
//!   account:    link_device(text) ---------------------------------> FfiLinkCode --code--> confirm(theirs) -> FfiLinking --pull--> Done
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use crate::call::{Answer, blocking, to_the_end, while_wanted};
use crate::cancel::CancelHandle;
use crate::client::FfiClient;
use crate::error::FfiError;
use crate::live::Kind;
use crate::pull::{Pull, Source};
use crate::records::{LinkBatch, LinkStep};
use crate::runtime::Kept;

#[uniffi::export]
impl FfiClient {
    /// Begins to link this new device, which has no account yet, to an account on another device.
    ///
    /// # Errors
    ///
    /// `already_registered`, `io_error`.
    pub async fn link_as_new(&self) -> Result<Arc<FfiLinkOffer>, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(FfiLinkOffer::new(client.link_as_new().await?)) }).await
    }

    /// Links a new device to this account: `text` is what the new device shows. Needs the account's key.
    ///
    /// # Errors
    ///
    /// `link_text_invalid`, `account_key_missing`, `not_registered`, `offline`, `link_broken` when the other device does not answer,
    /// `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn link_device(
        &self,
        text: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<FfiLinkCode>, FfiError> {
        let client = self.client.clone();
        while_wanted(cancel, async move { Ok(FfiLinkCode::new(client.link_device(&text).await?)) }).await
    }

    /// Whether a part of the account's past is missing here: the device was linked, and the transfer broke off. `fetch_history`
    /// gets it.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn lacks_history(&self) -> Result<bool, FfiError> {
        let client = self.client.clone();
        while_wanted(None, async move { Ok(client.lacks_history().await?) }).await
    }

    /// Asks the account's other devices for its past: the rest of it, where a transfer broke off, and otherwise all of it. The first of
    /// them that is online gives it; what is here already stays. No code is compared: the devices of an account know each other.
    ///
    /// # Errors
    ///
    /// `not_registered`; `not_found` where the account has no other device.
    pub async fn fetch_history(&self) -> Result<Arc<FfiLinking>, FfiError> {
        let client = self.client.clone();
        to_the_end(None, async move { Ok(FfiLinking::new(client.fetch_history().await?)) }).await
    }
}

/// What a call uses up, once.
struct Once<T: Send + 'static>(Mutex<Option<Kept<T>>>);

impl<T: Send + 'static> Once<T> {
    fn new(value: T) -> Once<T> {
        Once(Mutex::new(Some(Kept::new(Kind::Linking, value))))
    }

    fn take(&self) -> Answer<T> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.map(Kept::into_inner).ok_or_else(FfiError::link_step_taken)
    }
}

/// A new device that waits to be linked.
#[derive(uniffi::Object)]
pub struct FfiLinkOffer {
    text: String,
    offer: Once<waxwing::LinkOffer>,
}

impl FfiLinkOffer {
    fn new(offer: waxwing::LinkOffer) -> Arc<FfiLinkOffer> {
        Arc::new(FfiLinkOffer { text: offer.text(), offer: Once::new(offer) })
    }
}

#[uniffi::export]
impl FfiLinkOffer {
    /// What to show as a QR code, or as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Waits until a device of the account has read the text, at most ten minutes. It can be asked once; who gives up begins anew.
    ///
    /// # Errors
    ///
    /// `offline`, `link_broken`: begin anew; `link_step_taken`, `cancelled`.
    #[uniffi::method(default(cancel = None))]
    pub async fn scanned(&self, cancel: Option<Arc<CancelHandle>>) -> Result<Arc<FfiLinkCode>, FfiError> {
        let offer = self.offer.take()?;
        while_wanted(cancel, async move { Ok(FfiLinkCode::new(offer.scanned().await?)) }).await
    }
}

/// Two devices that have agreed on keys, and wait for a person.
#[derive(uniffi::Object)]
pub struct FfiLinkCode {
    code: String,
    unconfirmed: Once<waxwing::LinkCode>,
}

impl FfiLinkCode {
    fn new(code: waxwing::LinkCode) -> Arc<FfiLinkCode> {
        Arc::new(FfiLinkCode { code: code.code(), unconfirmed: Once::new(code) })
    }
}

#[uniffi::export]
impl FfiLinkCode {
    /// The six digits to show here.
    #[must_use]
    pub fn code(&self) -> String {
        self.code.clone()
    }

    /// Takes the six digits that a person read on the *other* device. There is one try.
    ///
    /// # Errors
    ///
    /// `link_code_differs`: nothing was sent; begin anew. `link_step_taken`.
    pub async fn confirm(&self, theirs: String) -> Result<Arc<FfiLinking>, FfiError> {
        let unconfirmed = self.unconfirmed.take()?;
        blocking(move || Ok(FfiLinking::new(unconfirmed.confirm(&theirs)?))).await
    }
}

/// A linking under way, on either device: it goes on while it is pulled. Pull until `LinkStep::Done`.
#[derive(uniffi::Object)]
pub struct FfiLinking {
    pull: Arc<Pull<Steps>>,
}

/// The steps of a linking. None: it is over, or was broken off.
struct Steps(Option<Kept<waxwing::Linking>>);

impl Source for Steps {
    type Item = LinkStep;

    async fn gather(&mut self) -> Answer<Option<Vec<LinkStep>>> {
        let Some(linking) = &mut self.0 else { return Ok(None) };
        let step = linking.next().await?.into();
        if step == LinkStep::Done {
            self.0 = None;
        }
        Ok(Some(vec![step]))
    }
}

impl FfiLinking {
    fn new(linking: waxwing::Linking) -> Arc<FfiLinking> {
        Arc::new(FfiLinking { pull: Pull::new(Steps(Some(Kept::new(Kind::Linking, linking)))) })
    }
}

#[uniffi::export]
impl FfiLinking {
    /// Waits for the batch after this one; zero asks for the first. None: it is over, or was broken off.
    ///
    /// A pull that is given up loses nothing, and the linking stands still until the next; the other device waits a minute for it.
    ///
    /// # Errors
    ///
    /// `link_broken` and what else can go wrong. Before the history began, both devices are as they were. Later, the new device is
    /// linked and lacks a part of the history: it gets `history_incomplete`, and may fetch the rest (`fetch_history`).
    /// `batch_unknown`, `cancelled`.
    #[uniffi::method(default(cancel))]
    pub async fn pull(
        &self,
        after: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Option<LinkBatch>, FfiError> {
        let batch = self.pull.next(after, cancel).await?;
        Ok(batch.map(|(number, steps)| LinkBatch { number, steps }))
    }

    /// Breaks the linking off. Before the history began, both devices are as they were; later, the new device lacks a part of it.
    ///
    /// # Errors
    ///
    /// None at present; the signature leaves room.
    pub async fn break_off(&self) -> Result<(), FfiError> {
        let pull = Arc::clone(&self.pull);
        let break_off = async move {
            pull.borrow(async |steps: &mut Steps, _: &mut [LinkStep]| steps.0 = None).await;
            pull.stop();
            Ok(())
        };
        to_the_end(None, break_off).await
    }
}
