//! A device that was linked: it takes over its place in the account.

use std::time::Duration;

use super::Engine;
use super::login::own_state;
use crate::batch::Write;
use crate::effect::{CommandId, Effect, Event, Failure, Outcome};
use crate::me::Me;
use crate::model::LocalDevice;
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
                work.write(Write::ReservePast);
                work.write(Write::PutPastPlace(Some(Vec::new())));
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
        work.write(Write::PutPastPlace(None));
        work.write(Write::DeleteLocal);
    }
}
