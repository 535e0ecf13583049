//! A relay that lies.

use std::collections::BTreeSet;

use waxwing_crypto::{AccountKey, AccountPublicKey, DeviceList};
use waxwing_wire::{
    AccountId, AccountRecord, Envelope, MessageId, PublicKeyBytes, RelayBody, RelayFrame, Request,
};

use crate::dice::Dice;

/// What a relay lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lies {
    /// Everything.
    #[default]
    Everything,
    /// The keys of accounts.
    Keys,
}

/// What a relay that lies does with what it should send.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evil {
    /// Of a thousand frames, how many are tampered with.
    pub per_mille: u32,
    /// What it lies about.
    pub about: Lies,
    /// Devices that hear of no change of a group.
    pub kept_from_changes: BTreeSet<usize>,
    /// Devices to which it hands all that is written to any group.
    pub confidants: BTreeSet<usize>,
    /// It answers questions with the first answer that it ever gave.
    pub lives_in_the_past: bool,
    /// Accounts as it describes them, in place of what they are.
    pub descriptions: Vec<AccountRecord>,
    /// It says of every second message that the device list of this account is old.
    pub calls_old: Option<AccountId>,
    /// Envelopes that passed, to be played again.
    recorded: Vec<Envelope>,
    /// Frames that passed, to be sent in place of others.
    answers: Vec<RelayFrame>,
}

/// Envelopes and answers that are remembered.
const REMEMBERED_MAX: usize = 200;

impl Evil {
    /// Tampers with so many frames in a thousand.
    #[must_use]
    pub fn new(per_mille: u32) -> Evil {
        Evil { per_mille, ..Evil::default() }
    }

    /// Shows a key of its own for every account.
    #[must_use]
    pub fn swapping_keys() -> Evil {
        Evil { per_mille: 1000, about: Lies::Keys, ..Evil::default() }
    }

    /// What is sent in place of a frame.
    pub fn tamper(&mut self, device: usize, frame: RelayFrame, dice: &mut Dice) -> Vec<RelayFrame> {
        self.remember(&frame);
        let Some(frame) = self.stage(device, frame, dice) else { return Vec::new() };
        let spares = self.about == Lies::Keys && !matches!(frame.body, RelayBody::Account(_));
        if spares || !dice.chance(self.per_mille) {
            return vec![frame];
        }
        match frame.body {
            RelayBody::Deliver { envelopes } => self.envelopes(frame.request, envelopes, dice),
            RelayBody::Account(_) | RelayBody::Prekeys { .. } => self.another_answer(frame, dice),
            RelayBody::Welcome(_)
            | RelayBody::LoggedIn(_)
            | RelayBody::PrekeysPublished { .. }
            | RelayBody::Accepted { .. }
            | RelayBody::DevicesStale { .. }
            | RelayBody::GroupChanged { .. }
            | RelayBody::GroupStale { .. }
            | RelayBody::Group(_)
            | RelayBody::Room(_)
            | RelayBody::AccountDeleted { .. }
            | RelayBody::Drained { .. }
            | RelayBody::Pong
            | RelayBody::PrekeysLow { .. }
            | RelayBody::Refused(_)
            | RelayBody::GoingAway { .. } => match dice.below(3) {
                0 => Vec::new(),
                1 => vec![frame.clone(), frame],
                _ => vec![accepted_by_nobody(dice), frame],
            },
        }
    }

    /// What it does with every frame, not by chance. `None`: nothing is sent.
    fn stage(&self, device: usize, mut frame: RelayFrame, dice: &mut Dice) -> Option<RelayFrame> {
        if self.kept_from_changes.contains(&device) {
            if matches!(frame.body, RelayBody::GroupStale { .. }) {
                return None;
            }
            if let RelayBody::Group(record) = &mut frame.body {
                record.revision = 0;
                record.changes.clear();
            }
            if let RelayBody::Deliver { envelopes } = &mut frame.body {
                envelopes.retain(|envelope| envelope.group.is_none_or(|origin| !origin.is_change));
                if envelopes.is_empty() {
                    return None;
                }
            }
        }
        if let (RelayBody::Accepted { message }, Some(account)) = (&frame.body, self.calls_old)
            && dice.chance(500)
        {
            frame.body = RelayBody::DevicesStale { message: *message, account, device_list_version: 99 };
        }
        if let RelayBody::Account(asked) = &mut frame.body {
            let others = self.descriptions.iter().filter(|other| other.account == asked.account);
            let others: Vec<&AccountRecord> = others.collect();
            if !others.is_empty() {
                *asked = others[dice.index(others.len())].clone();
            }
        }
        if self.lives_in_the_past
            && let Some(first) =
                self.answers.iter().find(|answer| is_about_the_same(&answer.body, &frame.body))
        {
            frame.body = first.body.clone();
        }
        Some(frame)
    }

    fn remember(&mut self, frame: &RelayFrame) {
        if let RelayBody::Deliver { envelopes } = &frame.body {
            self.recorded.extend(envelopes.iter().cloned());
        }
        if matches!(frame.body, RelayBody::Account(_) | RelayBody::Prekeys { .. } | RelayBody::Group(_)) {
            self.answers.push(frame.clone());
        }
        let recorded = self.recorded.len().saturating_sub(REMEMBERED_MAX);
        self.recorded.drain(..recorded);
        let answers = self.answers.len().saturating_sub(REMEMBERED_MAX);
        self.answers.drain(..answers);
    }

    /// Drops, reorders, replays, redirects and changes envelopes.
    fn envelopes(
        &mut self,
        request: Request,
        mut envelopes: Vec<Envelope>,
        dice: &mut Dice,
    ) -> Vec<RelayFrame> {
        let last = envelopes.last().map_or(0, |envelope| envelope.sequence);
        let recorded = self.recorded[dice.index(self.recorded.len())].clone();
        let place = dice.index(envelopes.len());
        match dice.below(7) {
            0 => {
                envelopes.remove(place);
            }
            1 => envelopes.reverse(),
            2 => envelopes.push(Envelope { sequence: last + 1, ..recorded }),
            3 => envelopes[place].sender_device = recorded.sender_device,
            4 => {
                envelopes[place].sender_account = recorded.sender_account;
                envelopes[place].message = recorded.message;
            }
            5 => {
                let mut payload = envelopes[place].payload.to_vec();
                let byte = dice.index(payload.len());
                payload[byte] ^= 1 << dice.below(8);
                envelopes[place].payload = payload.into();
            }
            _ => {
                let message = MessageId::from_bytes(dice.bytes());
                envelopes.push(Envelope { sequence: last + 1, message, ..recorded });
            }
        }
        // Another order is another order of sequence numbers too, or the device would see it at once.
        let first = envelopes.iter().map(|envelope| envelope.sequence).min().unwrap_or(0);
        for (sequence, envelope) in (first..).zip(&mut envelopes) {
            envelope.sequence = sequence;
        }
        let frame = RelayFrame { request, body: RelayBody::Deliver { envelopes } };
        if dice.chance(300) { vec![frame.clone(), frame] } else { vec![frame] }
    }

    /// An answer that was given to another question.
    fn another_answer(&mut self, frame: RelayFrame, dice: &mut Dice) -> Vec<RelayFrame> {
        let other = &self.answers[dice.index(self.answers.len())];
        let mut body = other.body.clone();
        if let (RelayBody::Account(other), RelayBody::Account(asked)) = (&mut body, &frame.body) {
            let lie = if self.about == Lies::Keys { 3 } else { dice.below(4) };
            match lie {
                // Another account's key and list under this account's name.
                0 => (other.account, other.handle) = (asked.account, asked.handle.clone()),
                // This account with another account's key.
                1 => {
                    let account_key = other.account_key;
                    *other = AccountRecord { account_key, ..asked.clone() };
                }
                // This account, as the relay would have signed it.
                3 => *other = forged(asked, dice).unwrap_or_else(|| asked.clone()),
                _ => {}
            }
        }
        if let (RelayBody::Prekeys { account: other, .. }, RelayBody::Prekeys { account: asked, .. }) =
            (&mut body, &frame.body)
        {
            *other = *asked;
        }
        vec![RelayFrame { request: frame.request, body }]
    }
}

/// An account's devices, signed by a key that the relay made.
fn forged(asked: &AccountRecord, dice: &mut Dice) -> Option<AccountRecord> {
    let account = *asked.account.as_bytes();
    let real = AccountPublicKey::parse(asked.account_key.0).ok()?;
    let list = DeviceList::verify(&asked.device_list, account, &real).ok()?;
    let key = AccountKey::generate(&mut dice.split());
    let list = DeviceList::sign(account, &key, None, list.devices().to_vec()).ok()?;
    Some(AccountRecord {
        account_key: PublicKeyBytes(key.public().to_bytes()),
        device_list: list.as_bytes().to_vec().into(),
        device_list_version: list.version(),
        ..asked.clone()
    })
}

/// Whether two answers answer one question.
fn is_about_the_same(one: &RelayBody, other: &RelayBody) -> bool {
    match (one, other) {
        (RelayBody::Account(one), RelayBody::Account(other)) => one.account == other.account,
        (RelayBody::Prekeys { account: one, .. }, RelayBody::Prekeys { account: other, .. }) => one == other,
        (RelayBody::Group(one), RelayBody::Group(other)) => one.group == other.group,
        _ => false,
    }
}

fn accepted_by_nobody(dice: &mut Dice) -> RelayFrame {
    let message = MessageId::from_bytes(dice.bytes());
    RelayFrame { request: Request::NONE, body: RelayBody::Accepted { message } }
}
