//! The connection to the relay: when to dial, when to ping, when to give a link up for dead.

use std::time::Duration;

use rand_core::CryptoRng;
use waxwing_wire::{Challenge, ClientBody, RelayId, Request, VERSION_MAX, VERSION_MIN, Welcome, limits};

use crate::effect::{Effect, Event, LinkEvent};
use crate::view::View;
use crate::work::Work;

/// First wait after a failed attempt; it doubles, and the real wait is anything between nothing and it ("full jitter").
const BACKOFF_FIRST: Duration = Duration::from_millis(250);

/// The longest wait between attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// A link that lasted this long makes up for the failures before it.
const STEADY_AFTER: Duration = Duration::from_secs(10);

/// The wait after a relay said that it speaks other versions.
const VERSION_WAIT: Duration = Duration::from_secs(300);

/// How long the relay may take to answer Hello, and to log in.
const GREETING_MAX: Duration = Duration::from_secs(15);

/// How long a dial may take before it is given up.
const DIAL_MAX: Duration = Duration::from_secs(20);

/// What this software calls itself.
const AGENT: &str = concat!("waxwing/", env!("CARGO_PKG_VERSION"));

//  Idle --dial--> Dialling --up--> Greeting --welcome--> LoggingIn --logged in--> Live
//   ^                |                |                      |                     |
//   +----down--------+----------------+----------------------+---------------------+
/// The states of the link.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// Nothing is open; the next attempt is due at `retry_at`.
    Idle { retry_at: Duration },
    /// The shell opens a socket.
    Dialling { deadline: Duration },
    /// Hello is said.
    Greeting { deadline: Duration },
    /// The relay is known; login is under way.
    LoggingIn { deadline: Duration, relay: RelayId, challenge: Challenge },
    /// Logged in.
    Live { since: Duration, heard_at: Duration, ping_at: Duration, relay: RelayId, challenge: Challenge },
}

/// The link, and what outlives it.
#[derive(Debug)]
pub(crate) struct Connection {
    wanted: bool,
    link: Link,
    failures: u32,
    last_request: u64,
}

impl Connection {
    pub(crate) fn new() -> Connection {
        Connection {
            wanted: false,
            link: Link::Idle { retry_at: Duration::ZERO },
            failures: 0,
            last_request: 0,
        }
    }

    /// A fresh request number.
    pub(crate) fn request(&mut self) -> Request {
        self.last_request += 1;
        Request(self.last_request)
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.link, Link::Live { .. })
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The relay and the challenge, while login is under way.
    pub(crate) fn logging_in(&self) -> Option<(RelayId, Challenge)> {
        match self.link {
            Link::LoggingIn { relay, challenge, .. } => Some((relay, challenge)),
            Link::Idle { .. } | Link::Dialling { .. } | Link::Greeting { .. } | Link::Live { .. } => None,
        }
    }

    /// The relay and the challenge of a link that is logged in.
    pub(crate) fn live(&self) -> Option<(RelayId, Challenge)> {
        match self.link {
            Link::Live { relay, challenge, .. } => Some((relay, challenge)),
            Link::Idle { .. } | Link::Dialling { .. } | Link::Greeting { .. } | Link::LoggingIn { .. } => {
                None
            }
        }
    }

    /// Whether no attempt is under way, and none has failed just now.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.link, Link::Idle { .. })
    }

    /// From here on the link is wanted, and an attempt is due at once.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
        self.hurry();
    }

    /// The next attempt is due at once.
    pub(crate) fn hurry(&mut self) {
        self.failures = 0;
        if let Link::Idle { retry_at } = &mut self.link {
            *retry_at = Duration::ZERO;
        }
    }

    /// From here on no link is wanted.
    pub(crate) fn stop<V: View>(&mut self, work: &mut Work<'_, V>) {
        self.wanted = false;
        if !self.is_idle() {
            work.effect(Effect::HangUp);
        }
        self.link = Link::Idle { retry_at: Duration::ZERO };
        work.notify(Event::Link(LinkEvent::Stopped));
    }

    /// Does what is due: dials, pings, gives up. Returns whether the link was given up.
    pub(crate) fn tick<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        has_device: bool,
        cursor: u64,
        rng: &mut impl CryptoRng,
    ) -> bool {
        let elapsed = work.now.elapsed;
        match &mut self.link {
            Link::Idle { retry_at } => {
                if self.wanted && has_device && *retry_at <= elapsed {
                    self.link = Link::Dialling { deadline: elapsed + DIAL_MAX };
                    work.effect(Effect::Dial);
                    work.notify(Event::Link(LinkEvent::Connecting));
                }
                false
            }
            Link::Dialling { deadline } | Link::Greeting { deadline } | Link::LoggingIn { deadline, .. } => {
                if *deadline > elapsed {
                    return false;
                }
                self.give_up(work, rng);
                true
            }
            Link::Live { heard_at, ping_at, .. } => {
                if *heard_at + limits::SILENCE_MAX <= elapsed {
                    self.give_up(work, rng);
                    return true;
                }
                if *ping_at <= elapsed {
                    *ping_at = elapsed + limits::PING_INTERVAL;
                    work.transmit(Request::NONE, ClientBody::Ping { cursor });
                }
                false
            }
        }
    }

    /// When the next tick is due.
    pub(crate) fn deadline(&self, has_device: bool) -> Option<Duration> {
        match self.link {
            Link::Idle { retry_at } => (self.wanted && has_device).then_some(retry_at),
            Link::Dialling { deadline } | Link::Greeting { deadline } | Link::LoggingIn { deadline, .. } => {
                Some(deadline)
            }
            Link::Live { heard_at, ping_at, .. } => Some(ping_at.min(heard_at + limits::SILENCE_MAX)),
        }
    }

    /// The socket is open.
    pub(crate) fn on_up<V: View>(&mut self, work: &mut Work<'_, V>) {
        if !matches!(self.link, Link::Dialling { .. }) {
            return;
        }
        self.link = Link::Greeting { deadline: work.now.elapsed + GREETING_MAX };
        let hello = ClientBody::Hello {
            version_min: VERSION_MIN,
            version_max: VERSION_MAX,
            features: 0,
            agent: AGENT.to_owned(),
        };
        work.transmit(Request::NONE, hello);
    }

    /// The relay answered Hello. Returns whether it was expected, in a version that we speak.
    pub(crate) fn on_welcome(&mut self, welcome: &Welcome) -> bool {
        let Link::Greeting { deadline } = self.link else { return false };
        if !(VERSION_MIN..=VERSION_MAX).contains(&welcome.version) {
            return false;
        }
        self.link = Link::LoggingIn { deadline, relay: welcome.relay, challenge: welcome.challenge };
        true
    }

    /// The relay logged this device in.
    pub(crate) fn on_logged_in<V: View>(
        &mut self,
        work: &mut Work<'_, V>,
        relay: RelayId,
        challenge: Challenge,
    ) {
        let elapsed = work.now.elapsed;
        let ping_at = elapsed + limits::PING_INTERVAL;
        self.link = Link::Live { since: elapsed, heard_at: elapsed, ping_at, relay, challenge };
        work.notify(Event::Link(LinkEvent::Online));
    }

    /// The relay said something.
    pub(crate) fn on_heard(&mut self, elapsed: Duration) {
        if let Link::Live { since, heard_at, .. } = &mut self.link {
            *heard_at = elapsed;
            if *since + STEADY_AFTER <= elapsed {
                self.failures = 0;
            }
        }
    }

    /// The link is gone; the next attempt waits.
    pub(crate) fn on_down<V: View>(&mut self, work: &mut Work<'_, V>, rng: &mut impl CryptoRng) {
        if self.is_idle() {
            return;
        }
        let wait = backoff(self.failures, rng);
        self.failures = self.failures.saturating_add(1);
        self.rest(work, wait);
    }

    /// Hangs up and waits for the next attempt.
    pub(crate) fn give_up<V: View>(&mut self, work: &mut Work<'_, V>, rng: &mut impl CryptoRng) {
        if !self.is_idle() {
            work.effect(Effect::HangUp);
        }
        self.on_down(work, rng);
    }

    /// Hangs up; the relay named the time to come back.
    pub(crate) fn leave_for<V: View>(&mut self, work: &mut Work<'_, V>, wait: Duration) {
        if !self.is_idle() {
            work.effect(Effect::HangUp);
        }
        self.rest(work, wait.min(VERSION_WAIT));
    }

    /// Hangs up: the relay speaks other versions. It may be newer some day.
    pub(crate) fn on_version_refused<V: View>(&mut self, work: &mut Work<'_, V>) {
        self.leave_for(work, VERSION_WAIT);
    }

    fn rest<V: View>(&mut self, work: &mut Work<'_, V>, wait: Duration) {
        self.link = Link::Idle { retry_at: work.now.elapsed + wait };
        work.notify(Event::Link(if self.wanted { LinkEvent::Offline } else { LinkEvent::Stopped }));
    }
}

/// Anything between nothing and the doubled wait, and at least a moment.
fn backoff(failures: u32, rng: &mut impl CryptoRng) -> Duration {
    let ceiling = BACKOFF_FIRST.saturating_mul(1 << failures.min(10)).min(BACKOFF_MAX);
    let ceiling_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(10 + rng.next_u64() % ceiling_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn the_wait_grows_and_stays_below_its_ceiling() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for failures in 0..40 {
            let ceiling = BACKOFF_FIRST.saturating_mul(1 << failures.min(10)).min(BACKOFF_MAX);
            for _ in 0..20 {
                assert!(backoff(failures, &mut rng) <= ceiling + Duration::from_millis(10));
            }
        }
    }

    #[test]
    fn the_wait_is_spread() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let waits: Vec<Duration> = (0..50).map(|_| backoff(9, &mut rng)).collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(8)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(22)));
    }
}
