//! A device that was linked: it takes over its place in the account, and what the other device sends of the past.

use std::time::Duration;

use waxwing_wire::AccountId;

use super::Engine;
use super::login::own_state;
use crate::batch::Write;
use crate::effect::{CommandId, Effect, Event, Failure, Outcome};
use crate::link::{LinkConversation, LinkImport};
use crate::me::Me;
use crate::model::{AccountState, ConversationId, LocalDevice, Message};
use crate::registration::own_list;
use crate::view::View;
use crate::work::Work;

impl Engine {
    /// Takes over the device's place, and logs in. `None`: the answer comes once the relay has its prekeys.
    pub(super) fn adopt<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        command: CommandId,
        local: LocalDevice,
    ) -> Option<Result<Outcome, Failure>> {
        match &self.me {
            Some(me) if me.address() == local.address => {}
            Some(_) => return Some(Err(Failure::AlreadyRegistered)),
            None => {
                let me = Me::new(local);
                let entry = me.device_entry();
                let is_named = own_list(&me.record)
                    .is_some_and(|list| list.device(&entry.device).is_some_and(|named| *named == entry));
                if !is_named {
                    return Some(Err(Failure::Invalid));
                }
                work.write(Write::ForgetDeviceState);
                work.write(Write::PutLocal(me.record.clone()));
                work.put_account(own_state(&me));
                work.notify(Event::Registered);
                self.me = Some(me);
            }
        }
        self.registrar.begin(command, None);
        if !self.connection.is_idle() {
            work.effect(Effect::HangUp);
            self.connection.leave_for(work, Duration::ZERO);
        }
        self.connection.want();
        None
    }

    /// Hangs up and forgets who this device is: the linking was broken off.
    pub(super) fn abandon<V: View>(&mut self, work: &mut Work<'_, V>) {
        self.connection.stop(work);
        self.on_down(work);
        self.me = None;
        work.write(Write::ForgetDeviceState);
        work.write(Write::DeleteLocal);
    }
}

/// Takes over what another device of ours sent of the past. What is here already stays as it is.
pub(super) fn import<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    import: LinkImport,
) -> Result<Result<Outcome, Failure>, V::Error> {
    let own = me.address().account;
    match import {
        LinkImport::Contacts { accounts, conversations } => {
            for state in accounts {
                import_account(work, own, state)?;
            }
            for LinkConversation { conversation, peer, created_at_ms } in conversations {
                if conversation == ConversationId::direct(own, peer) {
                    work.write(Write::PutConversation { conversation, peer, created_at_ms });
                    work.touch(conversation);
                }
            }
        }
        LinkImport::History { messages, .. } => {
            for message in messages {
                import_message(work, own, message)?;
            }
        }
    }
    Ok(Ok(Outcome::Done))
}

fn import_account<V: View>(
    work: &mut Work<'_, V>,
    own: AccountId,
    state: AccountState,
) -> Result<(), V::Error> {
    if state.account != own && work.account(state.account)?.is_none() {
        work.put_account(state);
    }
    Ok(())
}

fn import_message<V: View>(work: &mut Work<'_, V>, own: AccountId, message: Message) -> Result<(), V::Error> {
    let Some(peer) = work.view.conversation_peer(message.conversation)? else { return Ok(()) };
    let author = message.sender.account;
    if (author == own || author == peer) && work.message(message.id)?.is_none() {
        work.touch(message.conversation);
        work.write(Write::PutHistory(message));
    }
    Ok(())
}
