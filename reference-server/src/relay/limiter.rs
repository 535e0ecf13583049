//! Token buckets, one number each: the time at which the bucket would be full again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use waxwing_wire::{AccountId, GroupId};

/// Buckets that are remembered; those that are full again are forgotten first.
const BUCKETS_MAX: usize = 200_000;

/// Where a connection comes from: an IPv4 address, or the /64 network of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64);

/// So many at once, and then one in each interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// One more after each.
    pub interval: Duration,
}

impl Rate {
    /// So many a second, and as many at once as `burst` says.
    #[must_use]
    pub fn per_second(count: u32, burst: u32) -> Rate {
        Rate { burst: burst.max(1), interval: Duration::from_secs(1) / count.max(1) }
    }

    /// So many an hour, all at once if wanted.
    #[must_use]
    pub fn per_hour(count: u32) -> Rate {
        Rate { burst: count.max(1), interval: Duration::from_secs(3600) / count.max(1) }
    }

    /// Takes one from a bucket whose state is `full_at`; says how long over the rate it is.
    pub(crate) fn take(self, full_at: &mut Duration, now: Duration) -> Duration {
        *full_at = (*full_at).max(now) + self.interval;
        (*full_at - now).saturating_sub(self.interval * self.burst)
    }
}

/// How much the relay takes from whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Submits of a connection; what is over it is delayed.
    pub submits: Rate,
    /// Takings of prekeys, for each pair of accounts.
    pub prekey_fetches: Rate,
    /// Look-ups of accounts, for each asking account.
    pub account_lookups: Rate,
    /// Changes of groups, for each account.
    pub group_changes: Rate,
    /// Messages in a group, of all its members together.
    pub group_messages: Rate,
    /// Messages of an account, in all its groups together.
    pub group_messages_of_account: Rate,
    /// Groups made, for each account.
    pub group_creations: Rate,
    /// Registrations, for each address.
    pub registrations: Rate,
    /// Rooms entered, for each address.
    pub rooms: Rate,
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            submits: Rate::per_second(100, 1000),
            prekey_fetches: Rate::per_hour(60),
            account_lookups: Rate::per_second(5, 200),
            group_changes: Rate::per_second(1, 100),
            group_messages: Rate::per_second(200, 2_000),
            group_messages_of_account: Rate::per_second(50, 1_000),
            group_creations: Rate::per_hour(100),
            registrations: Rate::per_hour(100),
            rooms: Rate::per_hour(120),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    PrekeyFetch(AccountId, AccountId),
    AccountLookup(AccountId),
    GroupChange(AccountId),
    GroupMessage(GroupId),
    GroupMessageOf(AccountId),
    GroupCreation(AccountId),
    Registration(Address),
    Room(Address),
}

/// The buckets that several connections share.
#[derive(Debug)]
pub struct Limiter {
    rates: RateLimits,
    full_at: Mutex<BTreeMap<Key, Duration>>,
}

impl Limiter {
    /// All buckets full.
    #[must_use]
    pub fn new(rates: RateLimits) -> Limiter {
        Limiter { rates, full_at: Mutex::default() }
    }

    pub(crate) fn prekey_fetch(&self, from: AccountId, of: AccountId, now: Duration) -> Result<(), Duration> {
        self.admit(Key::PrekeyFetch(from, of), self.rates.prekey_fetches, now)
    }

    pub(crate) fn account_lookup(&self, from: AccountId, now: Duration) -> Result<(), Duration> {
        self.admit(Key::AccountLookup(from), self.rates.account_lookups, now)
    }

    pub(crate) fn group_change(&self, from: AccountId, now: Duration) -> Result<(), Duration> {
        self.admit(Key::GroupChange(from), self.rates.group_changes, now)
    }

    /// A group that is made counts twice: as a change, and as one more.
    pub(crate) fn group_creation(&self, from: AccountId, now: Duration) -> Result<(), Duration> {
        self.admit(Key::GroupCreation(from), self.rates.group_creations, now)
    }

    pub(crate) fn group_message(
        &self,
        from: AccountId,
        group: GroupId,
        now: Duration,
    ) -> Result<(), Duration> {
        self.admit(Key::GroupMessageOf(from), self.rates.group_messages_of_account, now)?;
        self.admit(Key::GroupMessage(group), self.rates.group_messages, now)
    }

    pub(crate) fn registration(&self, from: Address, now: Duration) -> Result<(), Duration> {
        self.admit(Key::Registration(from), self.rates.registrations, now)
    }

    pub(crate) fn room(&self, from: Address, now: Duration) -> Result<(), Duration> {
        self.admit(Key::Room(from), self.rates.rooms, now)
    }

    fn admit(&self, key: Key, rate: Rate, now: Duration) -> Result<(), Duration> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= BUCKETS_MAX {
                return Err(Duration::from_secs(60));
            }
        }
        let before = buckets.get(&key).copied().unwrap_or_default();
        let mut full_at = before;
        let over = rate.take(&mut full_at, now);
        if over.is_zero() {
            buckets.insert(key, full_at);
            Ok(())
        } else {
            Err(over)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let limiter = Limiter::new(RateLimits { registrations: Rate::per_hour(2), ..RateLimits::default() });
        let address = Address(1);
        assert!(limiter.registration(address, Duration::ZERO).is_ok());
        assert!(limiter.registration(address, Duration::ZERO).is_ok());
        assert_eq!(limiter.registration(address, Duration::ZERO), Err(Duration::from_secs(1800)));
        assert!(limiter.registration(Address(2), Duration::ZERO).is_ok());
        assert!(limiter.registration(address, Duration::from_secs(1800)).is_ok());
        assert!(limiter.registration(address, Duration::from_secs(1801)).is_err());
    }
}
