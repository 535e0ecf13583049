//! Who waits for a state of the client: flushed, drained, caught up, suspended.

use tokio::time::Instant;

use crate::error::{Code, Error};
use crate::lifecycle::CatchUp;
use crate::shared::Answer;

/// Everybody who waits.
#[derive(Default)]
pub(super) struct Waits {
    flushed: Vec<Answer<()>>,
    drained: Vec<Answer<()>>,
    catching_up: Vec<CatchingUp>,
    suspending: Option<Suspending>,
    /// Whether the relay has no more for this connection.
    is_drained: bool,
    /// Whether something in the outbox waits for the relay alone, as far as was looked.
    can_go_out: bool,
    pub(super) outbox_may_have_changed: bool,
}

struct CatchingUp {
    until: Instant,
    messages: u64,
    /// How it was before: suspended, or without a link.
    was_suspended: bool,
    was_stopped: bool,
    answer: Answer<CatchUp>,
}

struct Suspending {
    until: Instant,
    answers: Vec<Answer<()>>,
}

/// What the loop is to do.
#[derive(Default)]
pub(super) struct Wish {
    /// Let go of the store, and answer these.
    pub(super) suspend: Option<Vec<Answer<()>>>,
    /// Let go of the store, as it was before catching up.
    pub(super) let_go: bool,
    /// Hang up, as it was before catching up.
    pub(super) stop: bool,
    /// Answer these, after that.
    pub(super) caught_up: Vec<(Answer<CatchUp>, CatchUp)>,
}

impl Waits {
    pub(super) fn is_empty(&self) -> bool {
        self.flushed.is_empty()
            && self.drained.is_empty()
            && self.catching_up.is_empty()
            && self.suspending.is_none()
    }

    /// When the first of them gives up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let suspending = self.suspending.iter().map(|suspending| suspending.until);
        self.catching_up.iter().map(|catching_up| catching_up.until).chain(suspending).min()
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    // ---- who comes ----

    pub(super) fn flushed(&mut self, answer: Answer<()>) {
        self.outbox_may_have_changed = true;
        self.flushed.push(answer);
    }

    pub(super) fn drained(&mut self, answer: Answer<()>) {
        self.drained.push(answer);
    }

    pub(super) fn catch_up(
        &mut self,
        until: Instant,
        was_suspended: bool,
        was_stopped: bool,
        answer: Answer<CatchUp>,
    ) {
        self.outbox_may_have_changed = true;
        self.catching_up.push(CatchingUp { until, messages: 0, was_suspended, was_stopped, answer });
    }

    pub(super) fn suspend(&mut self, until: Instant, answer: Answer<()>) {
        self.outbox_may_have_changed = true;
        let suspending = self.suspending.get_or_insert(Suspending { until, answers: Vec::new() });
        suspending.until = suspending.until.min(until);
        suspending.answers.push(answer);
    }

    // ---- what happens ----

    pub(super) fn on_link_lost(&mut self) {
        self.is_drained = false;
    }

    pub(super) fn on_drained(&mut self) {
        self.is_drained = true;
        self.outbox_may_have_changed = true;
    }

    pub(super) fn on_message(&mut self) {
        self.catching_up.iter_mut().for_each(|catching_up| catching_up.messages += 1);
    }

    pub(super) fn outbox_is(&mut self, can_go_out: bool) {
        self.can_go_out = can_go_out;
        self.outbox_may_have_changed = false;
    }

    /// The store is let go of: nothing more will come.
    pub(super) fn on_suspended(&mut self) {
        self.is_drained = false;
        let error = Error::from(Code::Suspended);
        for answer in self.flushed.drain(..).chain(self.drained.drain(..)) {
            let _ = answer.send(Err(error.clone()));
        }
        for CatchingUp { answer, messages, .. } in self.catching_up.drain(..) {
            let _ = answer.send(Ok(CatchUp { messages, completed: false }));
        }
    }

    /// Answers those whose state has come, and says what the others' ends ask of the loop.
    pub(super) fn settle(&mut self, now: Instant) -> Wish {
        let outbox_is_known = !self.outbox_may_have_changed;
        let is_flushed = outbox_is_known && !self.can_go_out;
        if is_flushed {
            self.flushed.drain(..).for_each(|answer| drop(answer.send(Ok(()))));
        }
        if self.is_drained {
            self.drained.drain(..).for_each(|answer| drop(answer.send(Ok(()))));
        }
        let mut wish = Wish::default();
        let completed = self.is_drained && is_flushed;
        let mut index = 0;
        while let Some(catching_up) = self.catching_up.get(index) {
            if !completed && catching_up.until > now {
                index += 1;
                continue;
            }
            let over = self.catching_up.remove(index);
            wish.let_go |= over.was_suspended;
            wish.stop |= over.was_stopped;
            wish.caught_up.push((over.answer, CatchUp { messages: over.messages, completed }));
        }
        // Others still catch up: the link stays for them.
        if let Some(other) = self.catching_up.first_mut() {
            other.was_suspended |= std::mem::take(&mut wish.let_go);
            other.was_stopped |= std::mem::take(&mut wish.stop);
        }
        if self.suspending.as_ref().is_some_and(|suspending| is_flushed || suspending.until <= now) {
            wish.suspend = self.suspending.take().map(|suspending| suspending.answers);
        }
        wish
    }

    pub(super) fn answer(&mut self, caught_up: Vec<(Answer<CatchUp>, CatchUp)>) {
        for (answer, caught_up) in caught_up {
            let _ = answer.send(Ok(caught_up));
        }
    }
}
