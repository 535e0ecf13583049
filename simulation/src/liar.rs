//! A member that lies: its store is read and its words are made here, with the keys that it honestly has. What it says to one
//! account goes out through its own engine, in its own sessions; what it says to a group is sealed here.

use ed25519_dalek::{Signer as _, SigningKey};
use waxwing_crypto::group::roster::{Change, Roster, SignedChange};
use waxwing_crypto::group::{GroupSecret, ReceiverKey, SenderKey};
use waxwing_crypto::{DeviceSecrets, Ours, pad};
use waxwing_engine::{
    ConversationId, DeviceAddress, GroupState, Lane, LaneKind, OutboxDraft, OutboxPayload, Party, View as _,
    Write,
};
use waxwing_wire::{AccountId, Envelope, EnvelopeId, GroupId, GroupOrigin, MessageId};
use zeroize::Zeroizing;

use crate::dice::Dice;
use crate::disk::MemoryStore;
use crate::world::World;

/// Numbers of the fields of a content (docs/spec.md, "Content").
mod field {
    pub(super) const CONVERSATION: u32 = 1;
    pub(super) const RECIPIENT: u32 = 2;
    pub(super) const TEXT: u32 = 10;
    pub(super) const SENDER_KEY: u32 = 40;
}

/// Where in a message of a group the id of its chain stands.
const CHAIN: std::ops::Range<usize> = 3..19;

/// Where in a change of a roster the hash of the one before stands, and what its signature begins with (docs/spec.md, section 25).
const PREVIOUS_HASH: std::ops::Range<usize> = 25..57;
const SIGN_ROSTER_CHANGE: &[u8] = b"Waxwing v1 roster change\0";

/// Where in a key at rest its origin stands: group, epoch, roster and sender.
const ORIGIN: std::ops::Range<usize> = 3..91;

/// A member that lies, and what it draws its lies from.
#[derive(Debug)]
pub struct Liar {
    /// Its device.
    pub device: usize,
    /// The group in which it lies.
    pub group: GroupId,
    dice: Dice,
}

fn put(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    varint(out, u64::from(number << 3 | 2));
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    varint(out, u64::from(number << 3));
    varint(out, value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn content(conversation: ConversationId, to: Option<AccountId>, number: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, field::CONVERSATION, conversation.as_bytes());
    if let Some(to) = to {
        put(&mut out, field::RECIPIENT, to.as_bytes());
    }
    put(&mut out, number, body);
    out
}

fn text(id: MessageId, counter: u64, words: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, 1, id.as_bytes());
    put_number(&mut out, 2, counter);
    put_number(&mut out, 3, 1);
    put(&mut out, 4, words.as_bytes());
    out
}

impl Liar {
    /// A device of a world that lies in a group from here on.
    #[must_use]
    pub fn new(seed: u64, device: usize, group: GroupId) -> Liar {
        Liar { device, group, dice: Dice::new(seed ^ 0x11a2) }
    }

    /// A name for something that it sends.
    pub fn name(&mut self) -> MessageId {
        MessageId::from_bytes(self.dice.bytes())
    }

    /// The group as its device knows it.
    ///
    /// # Panics
    ///
    /// When it does not know it.
    #[must_use]
    pub fn state(&self, world: &World) -> GroupState {
        let mut groups = world.devices[self.device].store.durable_groups();
        groups.find(|state| state.group == self.group).expect("it is in the group").clone()
    }

    /// Who it is.
    ///
    /// # Panics
    ///
    /// When it is not registered.
    #[must_use]
    pub fn address(&self, world: &World) -> DeviceAddress {
        world.devices[self.device].local().expect("it is registered").address
    }

    /// A fresh sender key of the epoch that its device knows, in the name of any device.
    pub fn fresh_key(&mut self, world: &World, name: DeviceAddress) -> SenderKey {
        let roster = self.state(world).roster().expect("it can be read");
        SenderKey::generate(roster.epoch(), name.to_crypto(), &mut self.dice.split())
    }

    /// The sender key under which its device writes.
    ///
    /// # Panics
    ///
    /// When it has written nothing.
    #[must_use]
    pub fn own_key(&self, world: &World) -> SenderKey {
        let key = world.devices[self.device].store.sender_key(self.group).expect("no fault was ordered");
        SenderKey::from_snapshot(&key.expect("it has written").snapshot).expect("it is its own")
    }

    /// The newest chain of another device, with a signing key of its own, and the id of the chain as it was.
    ///
    /// # Panics
    ///
    /// When it has no key of that device.
    pub fn chain_of(&mut self, world: &World, victim: DeviceAddress) -> (SenderKey, [u8; 16]) {
        let key = newest_key(&world.devices[self.device].store, self.group, victim).expect("it may read it");
        let theirs = key.to_snapshot();
        let tail = ORIGIN.end + 32 + 4;
        let mut ours = vec![1, 1, 0];
        ours.extend_from_slice(&theirs[ORIGIN]);
        ours.extend_from_slice(&self.dice.bytes::<32>());
        ours.extend_from_slice(&theirs[tail..tail + 4 + 32]);
        (SenderKey::from_snapshot(&ours).expect("it has the form of one"), key.chain_id())
    }

    /// A text to the group, sealed under a key.
    ///
    /// # Panics
    ///
    /// When the chain has come to its end.
    pub fn seal(&mut self, key: &mut SenderKey, id: MessageId, words: &str) -> Vec<u8> {
        let conversation = ConversationId::group(self.group);
        let content = content(conversation, None, field::TEXT, &text(id, 1, words));
        key.encrypt(&pad(&content), id.as_bytes(), &mut self.dice.split()).expect("there is room").bytes
    }

    /// The same bytes under the name of another chain.
    #[must_use]
    pub fn renamed(&self, mut sealed: Vec<u8>, chain: [u8; 16]) -> Vec<u8> {
        sealed[CHAIN].copy_from_slice(&chain);
        sealed
    }

    /// An envelope as the relay makes one for whoever it colludes with.
    pub fn envelope(
        &mut self,
        from: DeviceAddress,
        id: MessageId,
        revision: u64,
        payload: Vec<u8>,
    ) -> Envelope {
        let group = Some(GroupOrigin { group: self.group, revision, is_change: false });
        Envelope {
            id: EnvelopeId::from_bytes(self.dice.bytes()),
            sequence: 0,
            sender_account: from.account,
            sender_device: from.device,
            message: id,
            payload: payload.into(),
            accepted_at_ms: 1,
            group,
        }
    }

    /// An envelope that carries a change of the group.
    pub fn change(&mut self, from: DeviceAddress, revision: u64, sealed: Vec<u8>) -> Envelope {
        let id = self.name();
        let group = Some(GroupOrigin { group: self.group, revision, is_change: true });
        Envelope { group, ..self.envelope(from, id, revision, sealed) }
    }

    /// Gives a sender key to all devices of an account, whoever it names.
    pub fn hand_out(&mut self, world: &mut World, to: AccountId, distribution: &[u8]) {
        let mut body = Vec::new();
        put(&mut body, 1, distribution);
        self.tell(world, to, field::SENDER_KEY, &body);
    }

    /// Writes a text of the group to one account alone.
    pub fn whisper(&mut self, world: &mut World, to: AccountId, id: MessageId, words: &str) {
        self.tell(world, to, field::TEXT, &text(id, 1, words));
    }

    fn tell(&mut self, world: &mut World, to: AccountId, number: u32, body: &[u8]) {
        let content = content(ConversationId::group(self.group), Some(to), number, body);
        let to = Party::Account(to);
        let draft = OutboxDraft {
            wire_id: self.name(),
            lane: Lane { kind: LaneKind::Keys, to },
            payload: OutboxPayload::Control { content: Zeroizing::new(content), device: None },
        };
        world.lie(self.device, vec![Write::PutOutbox { draft, created_at_ms: 0 }]);
    }

    /// A change of the group as it stands, signed with its device's keys in any name, also where the true roster would not let it:
    /// the one that would is made up.
    ///
    /// # Panics
    ///
    /// When not even that roster permits it.
    #[must_use]
    pub fn sign(
        &self,
        world: &World,
        name: DeviceAddress,
        (stands, made_up): (&GroupState, &Roster),
        change: Change,
    ) -> SignedChange {
        let local = world.devices[self.device].local().expect("it is registered");
        let secrets = DeviceSecrets::from_bytes(&local.device_secrets);
        let ours = Ours { address: name.to_crypto(), secrets: &secrets };
        let (_, signed) = made_up.sign(&ours, 1, change).expect("its roster permits it");
        let truth = stands.roster().expect("it can be read").epoch().roster_hash;
        let mut bytes = signed.as_bytes().to_vec();
        bytes[PREVIOUS_HASH].copy_from_slice(&truth);
        let (signed, _) = bytes.split_last_chunk::<64>().expect("it is signed");
        let key = SigningKey::from_bytes(local.device_secrets.first_chunk().expect("they are longer"));
        let signature = key.sign(&[SIGN_ROSTER_CHANGE, signed].concat());
        let mut forged = signed.to_vec();
        forged.extend_from_slice(&signature.to_bytes());
        SignedChange::parse(&forged).expect("it has the form of one")
    }

    /// Seals a change for the relay, as a member does.
    pub fn seal_change(&mut self, state: &GroupState, revision: u64, change: &SignedChange) -> Vec<u8> {
        let secret = GroupSecret::from_bytes(&state.secret);
        secret.seal_change(state.group.as_bytes(), revision, change.as_bytes(), &mut self.dice.split())
    }
}

/// The roster in which an account is an owner, with the epoch and the hash of the true one.
///
/// # Panics
///
/// When the account is not in it.
#[must_use]
pub fn made_owner(roster: &Roster, account: AccountId) -> Roster {
    let mut bytes = roster.to_snapshot();
    let place = roster.members().iter().position(|member| member.account == *account.as_bytes());
    let from_the_end = roster.members().len() - place.expect("it is in the group");
    let role = bytes.len() - (from_the_end - 1) * 17 - 1;
    bytes[role] = 2;
    Roster::from_snapshot(&bytes).expect("it has the form of one")
}

/// The newest key that a store has of a device's chains in a group.
#[must_use]
pub fn newest_key(store: &MemoryStore, group: GroupId, sender: DeviceAddress) -> Option<ReceiverKey> {
    let chain = store.receiver_chains(group, sender).ok()?.pop()?;
    let record = store.receiver_key(group, sender, chain).ok()??;
    ReceiverKey::from_snapshot(&record.snapshot).ok()
}
