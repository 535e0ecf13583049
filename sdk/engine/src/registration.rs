//! How this device gets, keeps and gets back its place at the relay.
//!
//! ```text
//!   Creating  --Register-------------------------> Done
//!   Replacing --FetchAccount, UpdateDevices------> Done       the account's key was kept; its older devices end
//!   Adding    --FetchAccount, UpdateDevices------> Done       the account's key was kept; its older devices stay
//!   Done      --Login--------------------> Done
//!             --unknown------------------> Register, UpdateDevices  the relay lost what it had
//!             --unknown, FetchAccount----> Revoked                  the account's newer list does not name this device
//! ```

use rand_core::CryptoRng;
use waxwing_crypto::{AccountKey, AccountPublicKey, DeviceEntry, DeviceList, DeviceListError};
use waxwing_wire::{
    AccountId, AccountQuery, AccountRecord, Challenge, ClientBody, DeviceId, FrameSignature, Handle,
    PublicKeyBytes, RefusalCode, Refused, Register, RelayId, Request, UpdateDevices, login_statement,
    registration_statement, update_devices_statement,
};
use zeroize::Zeroizing;

use crate::effect::{CommandId, Failure};
use crate::input::{RegisterAccount, RegisterAs};
use crate::me::{Me, device_records, new_device_secrets};
use crate::model::{DeviceAddress, LocalDevice, Registration};

/// What is asked of the relay while it logs this device in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Login,
    Register,
    Account,
    UpdateDevices,
}

/// How often in a row another list may come before ours, while this device registers.
const CONFLICTS_MAX: u32 = 8;

/// A login or registration under way.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    /// The command that waits for the outcome.
    pub(crate) command: Option<CommandId>,
    token: Option<String>,
    asked: Option<(Request, Asked)>,
    /// How often another list came before ours.
    conflicts: u32,
    /// The relay lost its database, so being unknown there is no verdict.
    relay_is_new: bool,
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send this, and wait.
    Say(ClientBody),
    /// The device's record changed: store it, send this, and wait.
    StoreAndSay(Box<LocalDevice>, ClientBody),
    /// It cannot be done.
    Fail(Failure),
    /// The relay will not have this device any more.
    Revoked(RefusalCode),
    /// The account was to be deleted, and the relay does not have it.
    Erase,
}

impl Registrar {
    /// A command wants this device registered.
    pub(crate) fn begin(&mut self, command: CommandId, token: Option<String>) {
        self.command = Some(command);
        self.token = token;
        self.conflicts = 0;
    }

    /// The link is gone.
    pub(crate) fn on_down(&mut self) -> Option<CommandId> {
        self.asked = None;
        self.command.take()
    }

    /// Whether an answer belongs to this.
    pub(crate) fn awaits(&self, request: Request) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == request)
    }

    /// The relay showed itself: log in, or register.
    pub(crate) fn on_welcome(
        &mut self,
        me: &Me,
        relay: RelayId,
        challenge: &Challenge,
        relay_is_new: bool,
        request: Request,
    ) -> Next {
        self.relay_is_new = relay_is_new;
        match me.record.registration {
            Registration::Creating => self.register(me, relay, challenge, request),
            Registration::Replacing | Registration::Adding => self.fetch(me, request),
            Registration::Done | Registration::Deleting => {
                self.asked = Some((request, Asked::Login));
                let DeviceAddress { account, device } = me.address();
                let signature = me.prove(&login_statement(&relay, challenge, &account, &device));
                Next::Say(ClientBody::Login { account, device, signature })
            }
            Registration::Revoked => Next::Fail(Failure::NotRegistered),
        }
    }

    fn fetch(&mut self, me: &Me, request: Request) -> Next {
        self.asked = Some((request, Asked::Account));
        Next::Say(ClientBody::FetchAccount(AccountQuery::Handle(me.record.handle.clone())))
    }

    fn register(&mut self, me: &Me, relay: RelayId, challenge: &Challenge, request: Request) -> Next {
        // A device without the account's key waits for one that has it, and brings the account back.
        let Some(key) = me.account_key() else { return Next::Fail(Failure::NoAccountKey) };
        let record = &me.record;
        let Some(version) = own_list(record).map(|list| list.version()) else {
            return Next::Fail(Failure::Invalid);
        };
        self.asked = Some((request, Asked::Register));
        let account_key = PublicKeyBytes(record.account_public);
        let device = me.device_record();
        let statement = registration_statement(
            &relay,
            challenge,
            &record.handle,
            &record.address.account,
            &account_key,
            &device,
            &record.device_list,
        );
        Next::Say(ClientBody::Register(Box::new(Register {
            handle: record.handle.clone(),
            account: record.address.account,
            account_key,
            device,
            device_list: record.device_list.clone().into(),
            device_list_version: version,
            account_signature: FrameSignature(key.sign_relay_proof(&statement)),
            device_signature: me.prove(&statement),
            token: self.token.clone(),
        })))
    }

    /// The relay described the account that this device wants to join.
    pub(crate) fn on_account(
        &mut self,
        me: &Me,
        relay: RelayId,
        challenge: &Challenge,
        record: &AccountRecord,
        request: Request,
    ) -> Next {
        self.asked = None;
        if record.account_key.0 != me.record.account_public {
            return match me.record.registration {
                // The relay lost its database, and somebody else took the handle since.
                Registration::Done => Next::Revoked(RefusalCode::HandleTaken),
                Registration::Deleting => Next::Erase,
                Registration::Creating
                | Registration::Replacing
                | Registration::Adding
                | Registration::Revoked => Next::Fail(Failure::WrongAccountKey),
            };
        }
        let Some(mut current) = verified(record) else { return Next::Fail(Failure::WrongAccountKey) };
        let Some(key) = me.account_key() else { return without_key(me, &current) };
        let mut local = me.record.clone();
        local.address.account = record.account;
        if is_done(me) {
            match own_list(&me.record) {
                // The relay shows an older list, with devices that may have been removed since.
                Some(ours) if current.check_successor_of(&ours).is_err() => current = ours,
                Some(_) | None => {
                    if current.device(me.address().device.as_bytes()).is_none() {
                        return Next::Revoked(RefusalCode::UnknownDevice);
                    }
                }
            }
        }
        self.update_devices(me, local, &key, &current, (relay, challenge), request)
    }

    /// Signs the next device list, with this device on it, and hands it to the relay.
    fn update_devices(
        &mut self,
        me: &Me,
        mut local: LocalDevice,
        key: &AccountKey,
        current: &DeviceList,
        (relay, challenge): (RelayId, &Challenge),
        request: Request,
    ) -> Next {
        let list = match next_list(me, &local, key, current) {
            Ok(list) => list,
            Err(DeviceListError::BadCount) => return Next::Fail(Failure::TooManyDevices),
            // Somebody removed this device while it was joining.
            Err(DeviceListError::Returned) => return Next::Revoked(RefusalCode::UnknownDevice),
            Err(_) => return Next::Fail(Failure::Invalid),
        };
        local.device_list = list.as_bytes().to_vec();
        self.asked = Some((request, Asked::UpdateDevices));
        let update = signed_update(key, local.address, &list, relay, challenge);
        Next::StoreAndSay(Box::new(local), ClientBody::UpdateDevices(Box::new(update)))
    }

    /// After a relay that lost its database has taken one device back, it is told of the account's others; so is one that was put
    /// back to an older copy.
    pub(crate) fn bring_back_others(
        &mut self,
        me: &Me,
        relay: RelayId,
        challenge: &Challenge,
        theirs: u64,
        request: Request,
    ) -> Option<(LocalDevice, ClientBody)> {
        let registered = matches!(self.asked, Some((_, Asked::Register)));
        let list = own_list(&me.record)
            .filter(|list| (registered || theirs < list.version()) && list.devices().len() > 1)?;
        let key = me.account_key()?;
        let next = self.update_devices(me, me.record.clone(), &key, &list, (relay, challenge), request);
        match next {
            Next::StoreAndSay(local, body) => Some((*local, body)),
            Next::Say(_) | Next::Fail(_) | Next::Revoked(_) | Next::Erase => None,
        }
    }

    /// The relay logged this device in. Returns the command that waited for it.
    pub(crate) fn on_logged_in(&mut self) -> Option<CommandId> {
        self.asked = None;
        self.token = None;
        self.relay_is_new = false;
        self.command.take()
    }

    /// The relay refused what was asked last.
    pub(crate) fn on_refused(
        &mut self,
        me: &Me,
        relay: RelayId,
        challenge: &Challenge,
        refused: &Refused,
        request: Request,
    ) -> Next {
        let asked = self.asked.take().map(|(_, asked)| asked);
        let done = is_done(me);
        let code = refused.code;
        let failure = Failure::Refused { code, retry_after_ms: refused.retry_after_ms };
        match (asked, code) {
            // Nothing is there to be deleted any more.
            (Some(Asked::Login | Asked::Account), RefusalCode::UnknownAccount)
            | (Some(Asked::Account | Asked::Register), RefusalCode::AccountDeleted)
                if me.record.registration == Registration::Deleting =>
            {
                Next::Erase
            }
            // A relay's word is not enough to end a device: the account's own list decides. Where the relay has lost the
            // account, the device brings it back.
            (Some(Asked::Login), RefusalCode::UnknownDevice | RefusalCode::UnknownAccount) => {
                let is_deleting = me.record.registration == Registration::Deleting;
                if (self.relay_is_new && !is_deleting) || code == RefusalCode::UnknownAccount {
                    self.register(me, relay, challenge, request)
                } else {
                    self.fetch(me, request)
                }
            }
            (Some(Asked::Account), RefusalCode::UnknownAccount) if done => {
                self.register(me, relay, challenge, request)
            }
            (Some(Asked::Register), RefusalCode::AccountExists | RefusalCode::HandleTaken) if done => {
                self.fetch(me, request)
            }
            (Some(Asked::Register | Asked::Account | Asked::UpdateDevices), _) if done => {
                if refused.retry_after_ms > 0 || code == RefusalCode::DeviceListConflict {
                    Next::Fail(failure)
                } else {
                    Next::Revoked(code)
                }
            }
            (Some(Asked::Account), RefusalCode::UnknownAccount) => Next::Fail(Failure::UnknownAccount),
            // Another device was faster. The list may name us already: from an attempt whose answer was lost.
            (Some(Asked::UpdateDevices), RefusalCode::DeviceListConflict)
                if self.conflicts < CONFLICTS_MAX =>
            {
                self.conflicts += 1;
                self.fetch(me, request)
            }
            _ => Next::Fail(failure),
        }
    }
}

/// Whether the relay has confirmed this device once.
fn is_done(me: &Me) -> bool {
    matches!(me.record.registration, Registration::Done | Registration::Deleting)
}

/// A device list as it is handed to the relay.
pub(crate) fn signed_update(
    key: &AccountKey,
    DeviceAddress { account, device }: DeviceAddress,
    list: &DeviceList,
    relay: RelayId,
    challenge: &Challenge,
) -> UpdateDevices {
    let devices = device_records(list);
    let (bytes, version) = (list.as_bytes(), list.version());
    let statement = update_devices_statement(&relay, challenge, &account, &device, &devices, bytes, version);
    UpdateDevices {
        account,
        device,
        devices,
        device_list: bytes.to_vec().into(),
        device_list_version: version,
        account_signature: FrameSignature(key.sign_relay_proof(&statement)),
    }
}

/// The list that this device's record holds.
pub(crate) fn own_list(record: &LocalDevice) -> Option<DeviceList> {
    let key = AccountPublicKey::parse(record.account_public).ok()?;
    DeviceList::verify(&record.device_list, *record.address.account.as_bytes(), &key).ok()
}

/// What a device that the relay does not know is to do, where it does not hold the account's key: end, if a newer list says so, or
/// wait for a device that holds the key.
fn without_key(me: &Me, shown: &DeviceList) -> Next {
    let follows = own_list(&me.record).is_some_and(|ours| shown.check_successor_of(&ours).is_ok());
    if follows && shown.device(me.address().device.as_bytes()).is_none() {
        Next::Revoked(RefusalCode::UnknownDevice)
    } else {
        Next::Fail(Failure::NoAccountKey)
    }
}

fn verified(record: &AccountRecord) -> Option<DeviceList> {
    let key = AccountPublicKey::parse(record.account_key.0).ok()?;
    let list = DeviceList::verify(&record.device_list, *record.account.as_bytes(), &key).ok()?;
    (list.version() == record.device_list_version).then_some(list)
}

/// The list that follows `current` and names this device.
fn next_list(
    me: &Me,
    local: &LocalDevice,
    key: &AccountKey,
    current: &DeviceList,
) -> Result<DeviceList, DeviceListError> {
    let ours = me.device_entry();
    let mut devices: Vec<DeviceEntry> = match local.registration {
        Registration::Replacing => Vec::new(),
        Registration::Creating
        | Registration::Adding
        | Registration::Done
        | Registration::Deleting
        | Registration::Revoked => {
            current.devices().iter().filter(|entry| entry.device != ours.device).cloned().collect()
        }
    };
    devices.push(ours);
    DeviceList::sign(*local.address.account.as_bytes(), key, Some(current), devices)
}

/// The record of a device that is about to register.
pub(crate) fn new_local(register: &RegisterAs, rng: &mut impl CryptoRng) -> Result<LocalDevice, Failure> {
    let (key, registration) = match &register.account {
        RegisterAccount::New => (AccountKey::generate(rng), Registration::Creating),
        RegisterAccount::Replace(bytes) => (AccountKey::from_bytes(bytes), Registration::Replacing),
        RegisterAccount::Add(bytes) => (AccountKey::from_bytes(bytes), Registration::Adding),
    };
    let account = AccountId::from_bytes(random_id(rng));
    let address = DeviceAddress { account, device: DeviceId::from_bytes(random_id(rng)) };
    let mut local = LocalDevice {
        address,
        handle: register.handle.clone(),
        account_key: Some(Zeroizing::new(*key.to_bytes().expose())),
        device_secrets: new_device_secrets(rng),
        account_public: key.public().to_bytes(),
        device_list: Vec::new(),
        registration,
    };
    if registration == Registration::Creating {
        let entry = Me::new(local.clone()).device_entry();
        let list =
            DeviceList::sign(*account.as_bytes(), &key, None, vec![entry]).map_err(|_| Failure::Invalid)?;
        local.device_list = list.as_bytes().to_vec();
    }
    Ok(local)
}

/// Whether a pending registration is the one that is asked for again.
pub(crate) fn is_same(local: &LocalDevice, handle: &Handle, account: &RegisterAccount) -> bool {
    let (registration, key) = match account {
        RegisterAccount::New => (Registration::Creating, None),
        RegisterAccount::Replace(key) => (Registration::Replacing, Some(key)),
        RegisterAccount::Add(key) => (Registration::Adding, Some(key)),
    };
    let same_key = key.is_none_or(|key| local.account_key.as_ref().is_some_and(|ours| ours[..] == key[..]));
    local.handle == *handle && local.registration == registration && same_key
}

pub(crate) fn random_id(rng: &mut impl CryptoRng) -> [u8; 16] {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    // A UUIDv4, for whoever looks at it.
    bytes[6] = 0x40 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    bytes
}
