//! A store and the in-memory store, side by side.

use std::fmt::Debug;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use waxwing_engine::{
    Anchor, Apply, Body, Change, ConversationId, Delivery, Door, FailureReason, GroupStanding, HoldReason,
    InvitationId, JoinRequest, JoinState, Joining, LaneKind, Message, OutboxPayload, PrekeyKind, ReceiptKind,
    Reception, Slot, Status, View, Write,
};

use super::Subject;
use super::annotations::annotation;
use super::make::{
    self, account_id, address, conversation, device_id, group_id, group_lane, incoming, lane, message_id,
    outgoing, people, prekey, put_draft, put_waits, receiver_key, relay_state, run, sealed, sender_key,
    session, unreadable,
};
use crate::disk::MemoryStore;

const BATCHES: u32 = 200;
const MESSAGES: u16 = 24;

/// Plays the same random batches of a seed to a store and to the in-memory store, and compares every answer after each batch.
///
/// # Panics
///
/// With the first answer that differs.
pub fn check_alike<S>(fresh: impl Fn() -> S, seed: u64)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    let mut rng = Dice(ChaCha20Rng::seed_from_u64(seed));
    let (mut store, mut model) = (Subject(fresh()), Subject(MemoryStore::new()));
    store.apply(people());
    model.apply(people());
    for batch in 0..BATCHES {
        let writes: Vec<Write> = (0..=rng.below(4)).map(|_| rng.write(&model)).collect();
        store.apply(writes.clone());
        model.apply(writes.clone());
        compare(&store, &model, &format!("seed {seed}, batch {batch}, after {writes:?}"));
    }
}

struct Dice(ChaCha20Rng);

impl Dice {
    fn below(&mut self, limit: u32) -> u32 {
        self.0.next_u32() % limit
    }

    fn small(&mut self, limit: u8) -> u8 {
        (self.0.next_u32() % u32::from(limit)) as u8
    }

    fn number(&mut self) -> u16 {
        (self.0.next_u32() % u32::from(MESSAGES)) as u16
    }

    fn at_ms(&mut self) -> i64 {
        i64::from(self.below(100))
    }

    fn order(&mut self, model: &Subject<MemoryStore>) -> u64 {
        let n = self.number();
        model.read(|s| s.outbox_item(message_id(n))).map_or(0, |item| item.order)
    }

    fn waiting_order(&mut self, model: &Subject<MemoryStore>) -> u64 {
        let waiting = model.read(|s| s.waiting(account_id(2), 9));
        waiting.first().map_or(0, |envelope| envelope.order)
    }

    fn kind(&mut self) -> (PrekeyKind, u32) {
        let kinds = [PrekeyKind::Weekly, PrekeyKind::OneTime, PrekeyKind::LastResort];
        let kind = kinds[self.below(3) as usize];
        // Each id of the shared series has one kind, as in life.
        let id = self.below(8) * 2 + u32::from(kind == PrekeyKind::LastResort) + 1;
        (kind, id)
    }

    fn delivery(&mut self) -> Delivery {
        let all = [
            Delivery::Queued,
            Delivery::Held(HoldReason::KeyChanged),
            Delivery::Sending,
            Delivery::Failed(FailureReason::Refused),
            Delivery::Cancelled,
            Delivery::Sent,
            Delivery::Delivered,
            Delivery::Read,
        ];
        all[self.below(8) as usize]
    }

    fn reception(&mut self) -> Reception {
        [Reception::Lost, Reception::Read, Reception::Waiting][self.below(3) as usize]
    }

    fn write(&mut self, model: &Subject<MemoryStore>) -> Write {
        match self.below(4) {
            0 => self.write_of_messages(model),
            1 => self.write_of_outbox(model),
            2 => self.write_of_keys(),
            _ => self.write_of_groups(model),
        }
    }

    /// Incoming messages come from devices 2 and 3 of account 2; message numbers below eight are ours.
    fn write_of_messages(&mut self, model: &Subject<MemoryStore>) -> Write {
        let n = self.number();
        let device = 2 + u8::from(n.is_multiple_of(2));
        let message = message_id(n);
        let first = u64::from(self.below(9));
        let ranges = vec![run(first, first + u64::from(self.below(3))), run(7, 7)];
        let conversation = conversation(2);
        match self.below(15) {
            10..=13 => self.write_of_annotations(n),
            14 => Write::LoseUnopened { sender: address(2, device) },
            9 => Write::DropUnreadable { message },
            0 | 1 if n < 8 => Write::PutMessage(outgoing(n)),
            0 => Write::PutMessage(unreadable(n, device)),
            1 => Write::PutMessage(incoming(n, device, u64::from(n))),
            2 => Write::SetDelivery { message, delivery: self.delivery() },
            3 if n < 8 && model.read(|s| s.message(message)).is_some_and(|m| m.counter == 0) => {
                Write::SetCounter { message, counter: u64::from(n) + 1 }
            }
            3 | 4 => Write::SetReception { message, reception: self.reception() },
            5 => {
                let kind = [ReceiptKind::Delivered, ReceiptKind::Read][self.below(2) as usize];
                Write::ApplyReceipt { conversation, sender: device_id(1), kind, ranges }
            }
            6 => Write::MarkRead { conversation, sender: device_id(device), ranges },
            7 => Write::RememberSeen { sender: device_id(device), wire_id: message, at_ms: self.at_ms() },
            _ => Write::PutRelay(relay_state(1, u64::from(n))),
        }
    }

    fn write_of_annotations(&mut self, n: u16) -> Write {
        let message = message_id(n);
        let author = 1 + self.small(2);
        let rewritten = |body| Write::RewriteMessage(Message { body, ..incoming(n, 2, 0) });
        match self.below(9) {
            0 => Write::RemoveMessage { message },
            1 => Write::WithdrawMessage { message },
            2 => rewritten(Body::Text(format!("edit {}", self.below(9)))),
            3 => rewritten(Body::Deleted),
            4 => Write::ExpireAnnotations { before_ms: 100 + self.at_ms() },
            5 => {
                let slot = [Slot::Content, Slot::Reaction, Slot::Hidden][self.below(3) as usize];
                Write::DeleteAnnotation { target: message, slot, author: account_id(author) }
            }
            kind => {
                let reaction = Change::React(self.small(3).to_string());
                let changes = [Change::Delete, Change::Edit("x".to_owned()), reaction];
                let anchor = [Anchor::Held, Anchor::Awaited][self.below(2) as usize];
                Write::PutAnnotation(annotation(n, author, changes[kind as usize - 6].clone(), anchor))
            }
        }
    }

    fn write_of_outbox(&mut self, model: &Subject<MemoryStore>) -> Write {
        let n = self.number();
        let order = self.order(model);
        match self.below(9) {
            0 | 1 if n < 8 && self.may_put(model, n) => {
                let payload = OutboxPayload::Message { message: message_id(n) };
                put_draft(n, lane(LaneKind::Messages, 2), payload, self.at_ms())
            }
            2 if n >= 8 && self.may_put(model, n) => {
                let payload = OutboxPayload::Control { content: vec![self.small(9)].into(), device: None };
                let lanes = [lane(LaneKind::Receipts, 2), group_lane(LaneKind::GroupChanges, 2)];
                put_draft(n, lanes[self.below(2) as usize], payload, self.at_ms())
            }
            3 | 4 if order > 0 => {
                Write::PutSealed { order, sealed: sealed(address(2, 2 + self.small(2)), self.small(9)) }
            }
            5 => Write::AcceptOutbox { order },
            6 => match self.below(6) {
                0 => Write::ReopenOutbox { to: Some(account_id(2 + self.small(2))) },
                1 => Write::ExpireOutbox { before_ms: self.at_ms() },
                2 => Write::DeleteDevice(address(2, 2 + self.small(2))),
                _ => Write::DeleteOutbox { order },
            },
            7 => Write::DeleteWaiting { order: self.waiting_order(model) },
            _ => Write::PutWaiting {
                sender: address(2, 2 + self.small(2)),
                wire_id: message_id(1000 + (self.0.next_u32() >> 17) as u16),
                payload: vec![self.small(9)],
                at_ms: self.at_ms(),
            },
        }
    }

    fn may_put(&mut self, model: &Subject<MemoryStore>, n: u16) -> bool {
        let exists = model.read(|s| s.outbox_item(message_id(n))).is_some();
        let has_message =
            model.read(|s| s.message(message_id(n))).is_some_and(|message| is_outgoing(&message));
        !exists && (n >= 8 || has_message)
    }

    fn write_of_keys(&mut self) -> Write {
        let (kind, id) = self.kind();
        let device = address(2, 2 + self.small(2));
        match self.below(9) {
            0..=2 => Write::PutPrekey(prekey(kind, id, self.at_ms())),
            3 => Write::DeletePrekey { kind, id },
            4 if self.below(4) == 0 => Write::ExpirePrekeys { before_ms: self.at_ms() },
            4 => Write::CountRepair {
                sender: device.device,
                wire_id: message_id(self.number()),
                at_ms: self.at_ms(),
            },
            5 | 6 => {
                let id = self.small(5);
                // Ranks of one device's sessions differ, as in life.
                Write::PutSession {
                    device,
                    session: session(id, u64::from(self.below(9)) * 5 + u64::from(id)),
                }
            }
            7 if self.below(6) == 0 => Write::ArchiveSessions,
            7 => Write::DeleteSession { device, id: [self.small(5); 16] },
            _ => Write::ForgetSeen { before_ms: self.at_ms() },
        }
    }
}

/// What happens to groups 1 and 2.
impl Dice {
    fn write_of_groups(&mut self, model: &Subject<MemoryStore>) -> Write {
        let (n, chain) = (1 + self.small(2), 1 + self.small(3));
        let (group, sender) = (group_id(n), address(2 + self.small(2), 2 + self.small(2)));
        match self.below(14) {
            0 => {
                let mut state = make::group(n, ["", "birds", "crows"][self.below(3) as usize]);
                state.standing = [GroupStanding::Member, GroupStanding::Out][self.below(2) as usize];
                Write::PutGroup { state, at_ms: self.at_ms() }
            }
            1 => {
                let mut key = sender_key(chain, self.at_ms());
                key.first_counter = u64::from(self.small(3));
                Write::PutSenderKey { group, key }
            }
            2 => Write::PutKeyHolders { group, devices: vec![sender, address(3, self.small(3))] },
            3 => Write::ForgetKeyHolder { group, device: sender },
            4 | 5 => Write::PutReceiverKey { group, key: receiver_key(sender, chain, self.at_ms()) },
            6 if self.below(8) == 0 => Write::ForgetGroupKeys(group),
            6 => Write::DeleteReceiverKey { group, sender, chain: [chain; 16] },
            7 => put_waits(n, sender, chain, self.number(), self.at_ms()),
            8 if self.below(8) == 0 => Write::ExpireGroupWaiting { before_ms: self.at_ms() },
            8 => {
                let waiting = model.read(|s| s.group_waiting(group, sender, [chain; 16], 1));
                Write::DeleteGroupWaiting { order: waiting.first().map_or(0, |waits| waits.order) }
            }
            9 | 10 => {
                let (first, again) = (u64::from(self.below(20)), u64::from(self.below(20)));
                let kind = [ReceiptKind::Delivered, ReceiptKind::Read][self.below(2) as usize];
                let ranges = vec![run(first, first + u64::from(self.below(4))), run(again, first)];
                let (member, author) = (sender.account, device_id(1 + self.small(2)));
                Write::PutMemberReceipt {
                    conversation: ConversationId::group(group),
                    member,
                    author,
                    kind,
                    ranges,
                    at_ms: self.at_ms(),
                }
            }
            11 if self.below(8) == 0 => Write::ExpireMemberReceipts { before_ms: self.at_ms() },
            11 => {
                let asks = JoinRequest {
                    account: sender.account,
                    invitation: InvitationId([chain; 16]),
                    asked_at_ms: self.at_ms(),
                    refused: self.below(2) == 0,
                };
                Write::PutDoor { group, door: Door { invitations: Vec::new(), requests: vec![asks] } }
            }
            12 if self.below(3) == 0 => Write::DeleteJoining(group),
            12 => {
                let states = [JoinState::Waiting, JoinState::Refused, JoinState::Joined];
                let (asked_at_ms, state) = (self.at_ms(), states[self.below(3) as usize]);
                Write::PutJoining(Joining { group, link: format!("link {chain}"), asked_at_ms, state })
            }
            _ if self.below(6) == 0 => Write::ForgetDeviceState,
            _ => Write::DropSealed { order: self.order(model) },
        }
    }
}

fn is_outgoing(message: &Message) -> bool {
    matches!(message.status, Status::Outgoing(_))
}

fn compare<S: View + Apply>(store: &Subject<S>, model: &Subject<MemoryStore>, when: &str)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    macro_rules! same {
        ($read:expr) => {
            assert_eq!(store.read($read), model.read($read), "{when}")
        };
    }
    let chat = conversation(2);
    same!(|s| s.relay());
    same!(|s| s.joinings());
    same!(|s| s.highest_prekey_id());
    same!(|s| s.one_time_prekeys_above(3, 4));
    for kind in [PrekeyKind::Weekly, PrekeyKind::OneTime, PrekeyKind::LastResort] {
        same!(|s| s.newest_prekey(kind));
        (0..18).for_each(|id| same!(|s| s.prekey(kind, id)));
    }
    for n in 0..MESSAGES {
        let id = message_id(n);
        same!(|s| s.message(id));
        same!(|s| s.unread_up_to(chat, id));
        same!(|s| s.message_by_counter(chat, device_id(1), u64::from(n)));
        same!(|s| s.outbox_item(id));
        same!(|s| s.annotations(id));
        let order = model.read(|s| s.outbox_item(id)).map_or(0, |item| item.order);
        same!(|s| s.sealed(order));
        for device in [2, 3] {
            same!(|s| s.was_seen(device_id(device), id));
            same!(|s| s.repair_attempts(device_id(device), id));
        }
    }
    for device in [1, 2, 3] {
        same!(|s| s.highest_counter(chat, device_id(device)));
        same!(|s| s.sessions(address(2, device)).map(|mut sessions| {
            sessions.sort_by_key(|session| (std::cmp::Reverse(session.rank), session.id));
            sessions
        }));
    }
    for lane in [LaneKind::Messages, LaneKind::Receipts].map(|kind| lane(kind, 2)) {
        same!(|s| s.outbox(lane, 0, 5));
        same!(|s| s.outbox(lane, 3, 100));
    }
    for lane in [LaneKind::Messages, LaneKind::GroupChanges].map(|kind| group_lane(kind, 2)) {
        same!(|s| s.outbox(lane, 0, 5));
        same!(|s| s.outbox(lane, 3, 100));
    }
    same!(|s| s.received(chat));
    for account in [1, 2] {
        same!(|s| s.awaited_annotations(account_id(account)));
        same!(|s| s.annotated(account_id(account), Some(chat), 5));
        same!(|s| s.annotated(account_id(account), None, 9));
    }
    same!(|s| s.undelivered(9));
    let mut lanes = store.read(S::outbox_lanes);
    lanes.sort();
    assert_eq!(lanes, model.read(MemoryStore::outbox_lanes), "{when}");
    same!(|s| s.waiting_senders());
    same!(|s| s.unopened());
    same!(|s| s.waiting(account_id(2), 5));
    same!(|s| s.groups());
    same!(|s| s.groups_waiting());
    (1..=2).for_each(|n| compare_group(store, model, n, when));
}

fn compare_group<S: View + Apply>(store: &Subject<S>, model: &Subject<MemoryStore>, n: u8, when: &str)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    macro_rules! same {
        ($read:expr) => {
            assert_eq!(store.read($read), model.read($read), "group {n}, {when}")
        };
    }
    let group = group_id(n);
    same!(|s| s.group(group));
    same!(|s| s.conversation_peer(ConversationId::group(group)));
    same!(|s| s.sender_key(group));
    same!(|s| s.key_holders(group));
    same!(|s| s.group_waiting_chains(group));
    same!(|s| s.door(group));
    same!(|s| s.joining(group));
    same!(|s| s.member_receipts(ConversationId::group(group), device_id(1)));
    same!(|s| s.member_receipts(ConversationId::group(group), device_id(2)));
    for sender in [(2, 2), (2, 3), (3, 2), (3, 3)].map(|(account, device)| address(account, device)) {
        same!(|s| s.receiver_chains(group, sender));
        for chain in 1..=3 {
            same!(|s| s.receiver_key(group, sender, [chain; 16]));
            same!(|s| s.group_waiting(group, sender, [chain; 16], 3));
        }
    }
}
