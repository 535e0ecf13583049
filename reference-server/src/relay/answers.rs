//! Answers that are made in many places.

use std::time::Duration;

use waxwing_wire::{MessageId, RefusalCode, Refused, RelayBody, RelayFrame, Request};

use super::Action;

pub(super) fn reply(request: Request, body: RelayBody, out: &mut Vec<Action>) {
    out.push(Action::Reply(RelayFrame { request, body }));
}

pub(super) fn rate_limited(request: Request, wait: Duration, out: &mut Vec<Action>) {
    reply(request, RelayBody::Refused(over_rate(wait)), out);
}

/// As [`rate_limited`], of a message that has a name.
pub(super) fn rate_limited_message(
    request: Request,
    message: MessageId,
    wait: Duration,
    out: &mut Vec<Action>,
) {
    reply(request, RelayBody::Refused(Refused { message: Some(message), ..over_rate(wait) }), out);
}

fn over_rate(wait: Duration) -> Refused {
    let retry_after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
    Refused { retry_after_ms, ..Refused::because(RefusalCode::RateLimited) }
}
