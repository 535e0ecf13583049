//! What the engine makes durable.

use std::collections::BTreeSet;

use rusqlite::{Params, params};
use waxwing_engine::{
    AccountState, Anchor, Annotation, Apply, Batch, Body, ConversationId, CounterRange, Delivery,
    DeviceAddress, LocalDevice, Message, OutboxDraft, OutboxPayload, PrekeyKind, PrekeyRecord, ReceiptKind,
    Reception, SealedRecord, SettingRecord, Standing, Status, Write,
};
use waxwing_wire::{AccountId, DeviceId, MessageId};

use super::codes::{self, Stored, value};
use super::groups::at;
use super::read::HIGHEST_PREKEY;
use super::show::{one, rows};
use super::{StoreError, Writer, added, query};

/// The names of the counters of the past: the last place that is taken, and where its places end.
const PAST: &str = "past";
const PAST_END: &str = "past_end";

/// Places that are reserved for the past of an account.
const PAST_MAX: i64 = 1 << 40;

impl Apply for Writer {
    type Error = StoreError;

    /// Inside a transaction, whoever began it ends it; otherwise the batch is a transaction of its own.
    fn apply(&mut self, batch: &Batch) -> Stored<()> {
        if batch.is_empty() || !self.db.is_autocommit() {
            return batch.writes().iter().try_for_each(|write| self.write(write));
        }
        self.begin()?;
        let written = batch.writes().iter().try_for_each(|write| self.write(write));
        match written.and_then(|()| self.commit()) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }
}

impl Writer {
    #[rustfmt::skip]
    #[allow(clippy::too_many_lines)] // a table: one entry for each kind of write
    fn write(&mut self, write: &Write) -> Stored<()> {
        #[cfg(test)]
        self.count_down()?;
        if !added::is_beside(write) {
            self.settle()?;
        }
        match write {
            Write::PutLocal(local) => self.put_local(local),
            Write::DeleteLocal => { self.touched.local = true; self.run(query::DELETE_LOCAL, ()) }
            Write::Erase => self.erase(),
            Write::PutRelay(relay) => self.run(query::PUT_RELAY, (relay.relay.as_bytes(), relay.cursor.cast_signed())),
            Write::PutOwnDevice(device) => self.run(query::PUT_OWN_DEVICE,
                (device.device.as_bytes(), &device.name, device.named.map_or(0, |named| codes::ordered(named.count)),
                 device.named.as_ref().map_or(&[][..], |named| &named.device.as_bytes()[..]), device.known_since_ms)),
            Write::PutAccount(account) => self.put_account(account),
            Write::PutConversation { conversation, peer, created_at_ms } => self.put_conversation(*conversation, *peer, *created_at_ms),
            Write::MoveHeldMessages { from, to, peer } => self.move_held(*from, *to, *peer),
            Write::PutFormerDevice { device, keys } => self.run(query::PUT_FORMER_DEVICE,
                (device.account.as_bytes(), device.device.as_bytes(), keys)),
            Write::PutSession { device, session } => self.run(query::PUT_SESSION, params![
                device.account.as_bytes(), device.device.as_bytes(), session.id, session.rank.cast_signed(), *session.snapshot]),
            Write::DeleteSession { device, id } => self.run(query::DELETE_SESSION, (device.account.as_bytes(), device.device.as_bytes(), id)),
            Write::ArchiveSessions => {
                self.run(query::ARCHIVE_SESSIONS, ())?;
                self.run(query::DELETE_SEALED_OF_WAITING, ())
            }
            Write::DeleteDevice(device) => self.delete_device(*device),
            Write::PutPrekey(prekey) => self.put_prekey(prekey),
            Write::DeletePrekey { kind, id } => self.run(query::DELETE_PREKEY, (codes::prekey_series(*kind), id)),
            Write::ExpirePrekeys { before_ms } => self.expire_prekeys(*before_ms),
            Write::RememberHandshake { handshake, at_ms } => self.run(query::REMEMBER_HANDSHAKE, (handshake, at_ms)),
            Write::RememberSeen { sender, wire_id, at_ms } => self.run(query::REMEMBER_SEEN, (sender.as_bytes(), wire_id.as_bytes(), at_ms)),
            Write::ForgetSeen { before_ms } => {
                self.run(query::FORGET_SEEN, [before_ms])?;
                self.run(query::FORGET_HANDSHAKES, [before_ms])
            }
            Write::PutMessage(message) => self.put_message(message),
            Write::PutHistory(message) => self.put_history(message),
            Write::ReservePast => self.reserve_past(),
            Write::PutPastPlace(Some(place)) => self.run(query::PUT_PAST_PLACE, [place]),
            Write::PutPastPlace(None) => self.run(query::DELETE_PAST_PLACE, ()),
            Write::SetDelivery { message, delivery } => self.set_delivery(*message, *delivery),
            Write::SetCounter { message, counter } => self.change(*message, query::SET_COUNTER, |revision|
                (message.as_bytes(), codes::ordered(*counter), revision)).map(drop),
            Write::SetReception { message, reception } => self.set_reception(*message, *reception),
            Write::PutSetting(record) => self.put_setting(record),
            Write::StartTimers { conversation, at_ms } => self.run(query::START_TIMERS, (conversation.as_bytes(), at_ms)),
            Write::DueBy { message, due_at_ms } => self.run(query::DUE_BY, (message.as_bytes(), due_at_ms)),
            Write::RemoveDue { now_ms } => self.remove_due(*now_ms),
            Write::RewriteMessage(message) => self.rewrite_message(message),
            Write::RemoveMessage { message } => self.remove_message(*message, query::REMOVE_MESSAGE),
            Write::PutAnnotation(annotation) => self.put_annotation(annotation),
            Write::DeleteAnnotation { target, slot, author } => self.run(query::DELETE_ANNOTATION,
                (target.as_bytes(), codes::slot_code(*slot), author.as_bytes())),
            Write::ExpireAnnotations { before_ms } => self.run(query::EXPIRE_ANNOTATIONS, [before_ms]),
            Write::WithdrawMessage { message } => self.run(query::WITHDRAW_MESSAGE, [message.as_bytes()]),
            Write::LoseUnopened { sender } => self.lose_unopened(*sender),
            Write::DropUnreadable { message } => self.remove_message(*message, query::DROP_UNREADABLE),
            Write::ApplyReceipt { conversation, sender, kind, ranges } => self.apply_receipt(*conversation, *sender, *kind, ranges),
            Write::MarkRead { conversation, sender, ranges } => self.mark_read(*conversation, *sender, ranges),
            Write::PutOutbox { draft, created_at_ms } => self.put_outbox(draft, *created_at_ms),
            Write::PutSealed { order, sealed } => self.put_sealed(*order, sealed),
            Write::AcceptOutbox { order } => self.run(query::ACCEPT_OUTBOX, [codes::ordered(*order)]),
            Write::DropSealed { order } => self.run(query::DELETE_SEALED_OF, [codes::ordered(*order)]),
            Write::DeleteOutbox { order } => self.run(query::DELETE_OUTBOX, [codes::ordered(*order)]),
            Write::ReopenOutbox { to: None } => self.run(query::REOPEN_OUTBOX, ()),
            Write::ReopenOutbox { to: Some(to) } => self.run(query::REOPEN_OUTBOX_TO, [to.as_bytes()]),
            Write::ExpireOutbox { before_ms } => self.run(query::EXPIRE_OUTBOX, [before_ms]),
            Write::PutWaiting { sender, wire_id, payload, at_ms } => self.run(query::PUT_WAITING,
                (sender.account.as_bytes(), sender.device.as_bytes(), wire_id.as_bytes(), payload, at_ms)),
            Write::DeleteWaiting { order } => self.run(query::DELETE_WAITING, [codes::ordered(*order)]),
            Write::CountRepair { sender, wire_id, at_ms } => self.run(query::COUNT_REPAIR, (sender.as_bytes(), wire_id.as_bytes(), at_ms)),
            Write::PutGroup { state, at_ms } => self.put_group(state, *at_ms),
            Write::PutSenderKey { group, key } => self.put_sender_key(*group, key),
            Write::PutKeyHolders { group, devices } => devices.iter().try_for_each(|device| self.run(query::PUT_KEY_HOLDER, at(*group, device))),
            Write::ForgetKeyHolder { group, device } => self.run(query::FORGET_KEY_HOLDER, at(*group, device)),
            Write::PutReceiverKey { group, key } => self.put_receiver_key(*group, key),
            Write::DeleteReceiverKey { group, sender, chain } => self.delete_receiver_key(*group, *sender, chain),
            Write::ForgetGroupKeys(group) => self.forget_group_keys(*group),
            Write::PutGroupWaiting { group, sender, chain, wire_id, payload, at_ms } => self.run(query::PUT_GROUP_WAITING,
                (group.as_bytes(), sender.account.as_bytes(), sender.device.as_bytes(), chain, wire_id.as_bytes(), payload, at_ms)),
            Write::DeleteGroupWaiting { order } => self.run(query::DELETE_GROUP_WAITING, [codes::ordered(*order)]),
            Write::ExpireGroupWaiting { before_ms } => self.run(query::EXPIRE_GROUP_WAITING, [before_ms]),
            Write::PutMemberReceipt { conversation, member, author, kind, ranges, at_ms } => self.put_member_receipt(*conversation, *member, *author, *kind, ranges, *at_ms),
            Write::ExpireMemberReceipts { before_ms } => self.run(query::EXPIRE_MEMBER_RECEIPTS, [before_ms]),
            Write::PutGroupPicture { group, hash, picture } => self.put_group_picture(*group, hash, picture),
            Write::DropGroupPictures { group, except } => self.drop_group_pictures(*group, except.as_ref()),
            Write::PutDoor { group, door } => self.put_door(*group, door),
            Write::PutJoining(joining) => self.put_joining(joining),
            Write::DeleteJoining(group) => self.run(query::DELETE_JOINING, [group.as_bytes()]),
            Write::ForgetDeviceState => query::FORGET_DEVICE_STATE.into_iter().try_for_each(|sql| self.run(sql, ())),
        }
    }

    #[cfg(test)]
    fn count_down(&mut self) -> Stored<()> {
        match &mut self.writes_left {
            None => Ok(()),
            Some(0) => {
                self.writes_left = None;
                Err(StoreError::DiskFull)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    pub(super) fn run(&self, sql: &str, params: impl Params) -> Stored<()> {
        self.db.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    pub(super) fn revision(&mut self) -> i64 {
        let revision = self.next_revision;
        self.next_revision += 1;
        revision
    }

    // ---- who ----

    fn put_local(&mut self, local: &LocalDevice) -> Stored<()> {
        self.touched.local = true;
        let no_key: &[u8] = &[];
        self.run(
            query::PUT_LOCAL,
            params![
                local.address.account.as_bytes(),
                local.address.device.as_bytes(),
                local.handle.as_str(),
                local.account_key.as_ref().map_or(no_key, |key| &key[..]),
                &local.device_secrets[..],
                local.account_public,
                local.device_list,
                codes::registration_code(local.registration),
            ],
        )
    }

    fn put_account(&mut self, account: &AccountState) -> Stored<()> {
        let id = account.account.as_bytes();
        let (changed_account, changed_key): (&[u8], &[u8]) = match &account.standing {
            Standing::KeyChanged { account, account_key } => (account.as_bytes(), account_key),
            Standing::Good | Standing::Gone | Standing::Deleted => (&[], &[]),
        };
        self.run(query::TAKE_HANDLE, (account.handle.as_str(), id))?;
        self.run(
            query::PUT_ACCOUNT,
            params![
                id,
                account.handle.as_str(),
                account.account_key,
                account.device_list,
                account.device_list_version.cast_signed(),
                codes::standing_code(account.standing),
                changed_account,
                changed_key,
                account.verified,
            ],
        )?;
        let revision = self.revision();
        let conversations = rows(&self.db, query::TOUCH_CONVERSATIONS_OF, (id, revision), |row| {
            codes::conversation_id(row, 0)
        })?;
        self.touched.conversations.extend(conversations);
        Ok(())
    }

    fn put_conversation(
        &mut self,
        conversation: ConversationId,
        peer: AccountId,
        created_at_ms: i64,
    ) -> Stored<()> {
        let revision = self.revision();
        self.touched.conversations.insert(conversation);
        self.run(query::PUT_CONVERSATION, (conversation.as_bytes(), peer.as_bytes(), created_at_ms, revision))
    }

    fn delete_device(&mut self, device: DeviceAddress) -> Stored<()> {
        let key = (device.account.as_bytes(), device.device.as_bytes());
        self.run(query::DELETE_SESSIONS_OF, key)?;
        self.run(query::DELETE_SEALED_FOR, key)
    }

    // ---- prekeys ----

    fn put_prekey(&mut self, prekey: &PrekeyRecord) -> Stored<()> {
        let (series, kind) = (codes::prekey_series(prekey.kind), codes::prekey_code(prekey.kind));
        self.run(query::PUT_PREKEY, params![series, prekey.id, kind, *prekey.secret, prekey.created_at_ms])?;
        match prekey.kind {
            PrekeyKind::Weekly => Ok(()),
            PrekeyKind::OneTime | PrekeyKind::LastResort => {
                self.run(query::RAISE_COUNTER, (HIGHEST_PREKEY, prekey.id))
            }
        }
    }

    fn expire_prekeys(&mut self, before_ms: i64) -> Stored<()> {
        [PrekeyKind::Weekly, PrekeyKind::LastResort].into_iter().try_for_each(|kind| {
            self.run(query::EXPIRE_PREKEYS, (codes::prekey_series(kind), codes::prekey_code(kind), before_ms))
        })
    }

    // ---- the timeline ----

    fn put_message(&mut self, message: &Message) -> Stored<()> {
        let known = one(&self.db, query::MESSAGE_KIND, [message.id.as_bytes()], |row| {
            Ok((value::<bool>(row, 0)?, codes::conversation_id(row, 1)?, value::<i64>(row, 2)?))
        })?;
        match known {
            None => {
                let arrival = self.arrival(message, 0);
                self.add_message(message, arrival, None)
            }
            Some((true, conversation, arrival)) => {
                let arrival = self.arrival(message, arrival);
                self.fill_message(message, conversation, arrival)
            }
            Some((false, _, _)) => Ok(()),
        }
    }

    fn put_history(&mut self, message: &Message) -> Stored<()> {
        let known = one(&self.db, query::MESSAGE_KIND, [message.id.as_bytes()], |row| {
            Ok((value::<bool>(row, 0)?, codes::conversation_id(row, 1)?))
        })?;
        match known {
            None => {
                let place = self.next_past()?;
                self.add_message(message, 0, place)
            }
            Some((true, conversation)) => self.fill_message(message, conversation, 0),
            Some((false, _)) => Ok(()),
        }
    }

    /// Leaves room for the past before whatever comes from here on.
    fn reserve_past(&mut self) -> Stored<()> {
        let last = one(&self.db, query::LAST_POSITION, (), |row| value::<i64>(row, 0))?.unwrap_or(0);
        let end = last.saturating_add(PAST_MAX);
        self.run(query::PUT_COUNTER, (PAST, last))?;
        self.run(query::PUT_COUNTER, (PAST_END, end))?;
        self.run(query::FORGET_LAST_POSITION, ())?;
        self.run(query::PUT_LAST_POSITION, [end])
    }

    /// The next place of the past. `None`: none is reserved, and it stands at the end.
    fn next_past(&mut self) -> Stored<Option<i64>> {
        let counter = |name| one(&self.db, query::COUNTER, [name], |row| value::<i64>(row, 0));
        let (Some(last), Some(end)) = (counter(PAST)?, counter(PAST_END)?) else { return Ok(None) };
        if last >= end {
            return Ok(None);
        }
        self.run(query::PUT_COUNTER, (PAST, last + 1))?;
        Ok(Some(last + 1))
    }

    fn add_message(&mut self, message: &Message, arrival: i64, place: Option<i64>) -> Stored<()> {
        let (kind, text, notice, details) = codes::body_columns(&message.body);
        let (direction, state, reason) = codes::status_columns(message.status);
        let revision = self.revision();
        self.note(message.id, message.conversation);
        self.run(
            query::ADD_MESSAGE,
            params![
                message.id.as_bytes(),
                message.conversation.as_bytes(),
                message.sender.account.as_bytes(),
                message.sender.device.as_bytes(),
                codes::ordered(message.counter),
                message.sent_at_ms,
                message.stored_at_ms,
                kind,
                text,
                notice,
                direction,
                state,
                reason,
                arrival,
                revision,
                message.marks.to_bytes(),
                message.edited,
                self.mentions_us(message)?,
                message.marks.expires_after_s,
                message.due_at_ms(),
                details,
                place,
            ],
        )?;
        self.added.note(message, self.db.last_insert_rowid(), revision);
        Ok(())
    }

    fn fill_message(&mut self, message: &Message, conversation: ConversationId, arrival: i64) -> Stored<()> {
        self.settle()?;
        let (kind, text, notice, details) = codes::body_columns(&message.body);
        let (direction, state, reason) = codes::status_columns(message.status);
        let revision = self.revision();
        self.note(message.id, conversation);
        self.run(
            query::FILL_MESSAGE,
            params![
                message.id.as_bytes(),
                message.sender.account.as_bytes(),
                message.sender.device.as_bytes(),
                codes::ordered(message.counter),
                message.sent_at_ms,
                message.stored_at_ms,
                kind,
                text,
                notice,
                direction,
                state,
                reason,
                arrival,
                revision,
                message.marks.to_bytes(),
                message.edited,
                self.mentions_us(message)?,
                message.marks.expires_after_s,
                message.due_at_ms(),
                details,
            ],
        )
    }

    /// An incoming message gets its place among the readable ones when its text is there, once.
    fn arrival(&mut self, message: &Message, before: i64) -> i64 {
        let is_readable = matches!((&message.body, message.status), (Body::Text(_), Status::Incoming(_)));
        if !is_readable || before > 0 {
            return before;
        }
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        self.touched.incoming = true;
        arrival
    }

    fn note(&mut self, message: MessageId, conversation: ConversationId) {
        self.touched.messages.insert(message);
        self.touched.conversations.insert(conversation);
    }

    /// Changes one entry by a statement that returns its conversation, if it changed anything.
    fn change<P: Params>(
        &mut self,
        message: MessageId,
        sql: &str,
        params: impl FnOnce(i64) -> P,
    ) -> Stored<bool> {
        let revision = self.revision();
        let changed = one(&self.db, sql, params(revision), |row| codes::conversation_id(row, 0))?;
        if let Some(conversation) = changed {
            self.note(message, conversation);
        }
        Ok(changed.is_some())
    }

    fn set_delivery(&mut self, message: MessageId, delivery: Delivery) -> Stored<()> {
        let (state, reason) = codes::delivery_columns(delivery);
        let as_it_is = matches!(delivery, Delivery::Queued | Delivery::Held(_));
        let changed = self.change(message, query::SET_DELIVERY, |revision| {
            (message.as_bytes(), state, reason, revision, as_it_is)
        })?;
        if changed {
            self.touched.deliveries.insert(message);
        }
        Ok(())
    }

    fn set_reception(&mut self, message: MessageId, reception: Reception) -> Stored<()> {
        let state = codes::reception_code(reception);
        self.change(message, query::SET_RECEPTION, |revision| (message.as_bytes(), state, revision)).map(drop)
    }

    fn lose_unopened(&mut self, sender: DeviceAddress) -> Stored<()> {
        let key = (sender.account.as_bytes(), sender.device.as_bytes(), self.revision());
        let lost = rows(&self.db, query::LOSE_UNOPENED, key, |row| {
            Ok((codes::message_id(row, 0)?, codes::conversation_id(row, 1)?))
        })?;
        lost.into_iter().for_each(|(message, conversation)| self.note(message, conversation));
        Ok(())
    }

    fn put_setting(&mut self, record: &SettingRecord) -> Stored<()> {
        let conversation = record.conversation;
        let (number, text) = codes::setting_columns(&record.setting);
        self.run(
            query::PUT_SETTING,
            params![
                conversation.as_bytes(),
                codes::setting_kind_code(record.setting.kind()),
                number,
                text,
                codes::ordered(record.revision.count),
                record.revision.device.as_bytes(),
            ],
        )?;
        self.note_conversation(conversation)
    }

    fn remove_due(&mut self, now_ms: i64) -> Stored<()> {
        let removed = rows(&self.db, query::REMOVE_DUE, [now_ms], |row| {
            Ok((codes::message_id(row, 0)?, codes::conversation_id(row, 1)?))
        })?;
        for (message, _) in &removed {
            self.run(query::DELETE_ANNOTATIONS_OF, [message.as_bytes()])?;
        }
        let conversations: BTreeSet<ConversationId> = removed.into_iter().map(|(_, of)| of).collect();
        conversations.into_iter().try_for_each(|conversation| self.note_conversation(conversation))
    }

    /// Whether this account is named in a message.
    fn mentions_us(&self, message: &Message) -> Stored<bool> {
        if message.marks.mentions.is_empty() {
            return Ok(false);
        }
        let own = one(&self.db, query::OWN_ACCOUNT, (), |row| codes::account_id(row, 0))?;
        Ok(own.is_some_and(|own| message.marks.mentions(own)))
    }

    fn rewrite_message(&mut self, message: &Message) -> Stored<()> {
        let (kind, text, notice, details) = codes::body_columns(&message.body);
        let (marks, mentions_us) = (message.marks.to_bytes(), self.mentions_us(message)?);
        let columns = |revision| {
            (message.id.as_bytes(), kind, text, notice, marks, message.edited, revision, mentions_us, details)
        };
        self.change(message.id, query::REWRITE_MESSAGE, columns).map(drop)
    }

    fn put_annotation(&mut self, annotation: &Annotation) -> Stored<()> {
        let (change, text) = codes::change_columns(&annotation.change);
        self.run(
            query::PUT_ANNOTATION,
            params![
                annotation.target.as_bytes(),
                codes::slot_code(annotation.slot()),
                annotation.author.as_bytes(),
                annotation.conversation.as_bytes(),
                change,
                text,
                codes::ordered(annotation.revision.count),
                annotation.revision.device.as_bytes(),
                annotation.anchor == Anchor::Awaited,
                annotation.stored_at_ms,
            ],
        )?;
        match annotation.anchor {
            // Watchers of the timeline see it at its message.
            Anchor::Held => self
                .change(annotation.target, query::TOUCH_MESSAGE, |revision| {
                    (annotation.target.as_bytes(), revision)
                })
                .map(drop),
            Anchor::Awaited => Ok(()),
        }
    }

    /// Removes an entry by a statement that returns its conversation.
    fn remove_message(&mut self, message: MessageId, sql: &str) -> Stored<()> {
        let dropped = one(&self.db, sql, [message.as_bytes()], |row| codes::conversation_id(row, 0))?;
        dropped.map_or(Ok(()), |conversation| self.note_conversation(conversation))
    }

    fn note_conversation(&mut self, conversation: ConversationId) -> Stored<()> {
        self.touched.conversations.insert(conversation);
        let revision = self.revision();
        self.run(query::TOUCH_CONVERSATION, (conversation.as_bytes(), revision))
    }

    fn apply_receipt(
        &mut self,
        conversation: ConversationId,
        sender: DeviceId,
        kind: ReceiptKind,
        ranges: &[CounterRange],
    ) -> Stored<()> {
        let delivery = match kind {
            ReceiptKind::Delivered => Delivery::Delivered,
            ReceiptKind::Read => Delivery::Read,
        };
        let (state, _) = codes::delivery_columns(delivery);
        for range in ranges {
            let (first, last) = (codes::ordered(range.first), codes::ordered(range.last));
            let revision = self.revision();
            let key = (conversation.as_bytes(), sender.as_bytes(), first, last, state, revision);
            let changed = rows(&self.db, query::RECEIPT, key, |row| codes::message_id(row, 0))?;
            self.touched.deliveries.extend(&changed);
            changed.into_iter().for_each(|message| self.note(message, conversation));
            self.run(query::FORGET_RECEIVED, (conversation.as_bytes(), sender.as_bytes(), first, last))?;
        }
        Ok(())
    }

    fn mark_read(
        &mut self,
        conversation: ConversationId,
        sender: DeviceId,
        ranges: &[CounterRange],
    ) -> Stored<()> {
        for range in ranges {
            let revision = self.revision();
            let (first, last) = (codes::ordered(range.first), codes::ordered(range.last));
            let key = (conversation.as_bytes(), sender.as_bytes(), first, last, revision);
            let changed = rows(&self.db, query::MARK_READ, key, |row| codes::message_id(row, 0))?;
            changed.into_iter().for_each(|message| self.note(message, conversation));
        }
        Ok(())
    }

    fn move_held(&mut self, from: ConversationId, to: ConversationId, peer: AccountId) -> Stored<()> {
        let created = one(&self.db, query::CREATED_AT, [from.as_bytes()], |row| value(row, 0))?;
        self.put_conversation(to, peer, created.unwrap_or(0))?;
        for message in rows(&self.db, query::UNSENT, [from.as_bytes()], codes::message)? {
            self.run(query::DELETE_MESSAGE, [message.id.as_bytes()])?;
            let status = Status::Outgoing(Delivery::Queued);
            self.add_message(&Message { conversation: to, counter: 0, status, ..message.clone() }, 0, None)?;
            let key = (message.id.as_bytes(), peer.as_bytes());
            for position in rows(&self.db, query::MOVE_OUTBOX, key, |row| value::<i64>(row, 0))? {
                self.run(query::DELETE_SEALED_OF, [position])?;
            }
        }
        self.note_conversation(from)
    }

    // ---- the outbox ----

    fn put_outbox(&mut self, draft: &OutboxDraft, created_at_ms: i64) -> Stored<()> {
        let none: &[u8] = &[];
        let intended;
        let (kind, message, device, answers, content): (_, &[u8], &[u8], &[u8], &[u8]) = match &draft.payload
        {
            OutboxPayload::Message { message } => {
                (codes::PAYLOAD_MESSAGE, message.as_bytes(), none, none, none)
            }
            OutboxPayload::Resend { message, device, answers } => {
                (codes::PAYLOAD_RESEND, message.as_bytes(), device.as_bytes(), answers.as_bytes(), none)
            }
            OutboxPayload::Annotation { target, device } => {
                let device = device.as_ref().map_or(none, |device| device.as_bytes());
                (codes::PAYLOAD_ANNOTATION, target.as_bytes(), device, none, none)
            }
            OutboxPayload::Control { content, device } => {
                let device = device.as_ref().map_or(none, |device| device.as_bytes());
                (codes::PAYLOAD_CONTROL, none, device, none, content)
            }
            OutboxPayload::ChangeGroup(intent) => {
                intended = intent.to_bytes();
                (codes::PAYLOAD_CHANGE_GROUP, none, none, none, &intended)
            }
        };
        let (lane_kind, lane_account, lane_group) = codes::lane_columns(&draft.lane);
        self.run(
            query::PUT_OUTBOX,
            params![
                draft.wire_id.as_bytes(),
                lane_kind,
                lane_account,
                kind,
                message,
                device,
                answers,
                content,
                created_at_ms,
                lane_group,
            ],
        )
    }

    fn put_sealed(&mut self, order: u64, sealed: &SealedRecord) -> Stored<()> {
        let SealedRecord { device, payload } = sealed;
        let key = (codes::ordered(order), device.account.as_bytes(), device.device.as_bytes(), payload);
        self.run(query::PUT_SEALED, key)
    }
}
