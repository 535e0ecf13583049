//! Prekey upkeep: publish, refill, rotate. Private halves are stored in the same step that publishes the public ones.

use rand_core::CryptoRng;
use waxwing_crypto::{OneTimePrekey, Ours, WeeklyPrekey};
use waxwing_wire::{ClientBody, LoggedIn, Prekey, limits};

use crate::batch::Write;
use crate::connection::Connection;
use crate::me::Me;
use crate::model::{PrekeyKind, PrekeyRecord};
use crate::view::View;
use crate::work::Work;

/// How long the signed prekey of a week serves, in milliseconds of the wall clock.
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// How long private halves are kept after their successor was made, and names of envelopes after they came, in milliseconds.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// Prekeys that an old copy of the store may not know of; a relay that claims more is not believed.
const ID_GAP_MAX: u32 = 100_000;

/// The greatest id that is given to a prekey, far below the end of its type.
const ID_MAX: u32 = u32::MAX - 1_000;

/// Whether the bundles that the relay still gives out are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdraw {
    /// They are, as long as their week lasts.
    WhenDue,
    /// Some may be of private halves that this store does not have.
    Now,
}

/// What the relay has of this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) one_time: u32,
    pub(crate) highest_id: u32,
    pub(crate) last_resort: bool,
}

impl Stock {
    pub(crate) fn of(logged_in: &LoggedIn) -> Stock {
        Stock {
            one_time: logged_in.one_time_prekeys,
            highest_id: logged_in.prekey_id_high,
            last_resort: logged_in.last_resort_prekey,
        }
    }
}

/// Brings the relay's stock of this device's prekeys up to date. Returns the stock as it will be.
pub(crate) fn refill<V: View>(
    work: &mut Work<'_, V>,
    me: &Me,
    connection: &mut Connection,
    stock: Stock,
    withdraw: Withdraw,
    rng: &mut impl CryptoRng,
) -> Result<Stock, V::Error> {
    let now_ms = work.now.utc_ms;
    let (weekly, is_new) = weekly_prekey(work, withdraw, rng)?;
    let enough = stock.one_time >= limits::PREKEYS_TARGET / 2;
    if !is_new && stock.last_resort && enough {
        return Ok(stock);
    }
    let ours = Ours { address: me.address().to_crypto(), secrets: me.secrets() };
    let ours_highest = work.view.highest_prekey_id()?;
    // A relay that claims to know prekeys which this device cannot have made is not believed.
    let theirs_highest = Some(stock.highest_id).filter(|id| *id <= ours_highest.saturating_add(ID_GAP_MAX));
    let mut next_id = ours_highest.max(theirs_highest.unwrap_or(0)).saturating_add(1);
    if next_id > ID_MAX {
        return Ok(stock);
    }
    let publish =
        |secret: &OneTimePrekey| Prekey { id: secret.id(), bundle: secret.bundle(&ours, &weekly).into() };

    let mut last_resort = None;
    if is_new || !stock.last_resort {
        let secret = OneTimePrekey::generate_last_resort(next_id, rng);
        next_id += 1;
        store(work, &secret, PrekeyKind::LastResort, now_ms);
        last_resort = Some(publish(&secret));
    }
    let missing = limits::PREKEYS_TARGET.saturating_sub(if is_new { 0 } else { stock.one_time }) as usize;
    let mut one_time = Vec::with_capacity(missing);
    for record in work.view.one_time_prekeys_above(stock.highest_id, if is_new { 0 } else { missing })? {
        // Made before, and never taken by the relay.
        if let Ok(secret) = OneTimePrekey::from_bytes(&record.secret) {
            one_time.push(publish(&secret));
        }
    }
    while one_time.len() < missing {
        let secret = OneTimePrekey::generate(next_id, rng);
        next_id += 1;
        store(work, &secret, PrekeyKind::OneTime, now_ms);
        one_time.push(publish(&secret));
    }
    one_time.sort_by_key(|prekey| prekey.id);
    let added = u32::try_from(one_time.len()).unwrap_or(u32::MAX);
    work.transmit(
        connection.request(),
        ClientBody::PublishPrekeys { one_time, last_resort, replace: is_new },
    );
    Ok(Stock { one_time: stock.one_time.saturating_add(added), highest_id: next_id - 1, last_resort: true })
}

/// The signed prekey of this week, and whether it is a new one.
fn weekly_prekey<V: View>(
    work: &mut Work<'_, V>,
    withdraw: Withdraw,
    rng: &mut impl CryptoRng,
) -> Result<(WeeklyPrekey, bool), V::Error> {
    let now_ms = work.now.utc_ms;
    let newest = work.view.newest_prekey(PrekeyKind::Weekly)?;
    let next_id = newest.as_ref().map_or(1, |record| record.id.wrapping_add(1));
    let age_ms = |record: &PrekeyRecord| now_ms.saturating_sub(record.created_at_ms);
    let fresh =
        newest.filter(|record| withdraw == Withdraw::WhenDue && (0..WEEK_MS).contains(&age_ms(record)));
    if let Some(weekly) = fresh.and_then(|record| WeeklyPrekey::from_bytes(&record.secret).ok()) {
        return Ok((weekly, false));
    }
    let weekly = WeeklyPrekey::generate(next_id, rng);
    let secret = weekly.to_bytes();
    work.write(Write::PutPrekey(PrekeyRecord {
        id: next_id,
        kind: PrekeyKind::Weekly,
        secret,
        created_at_ms: now_ms,
    }));
    Ok((weekly, true))
}

fn store<V: View>(work: &mut Work<'_, V>, secret: &OneTimePrekey, kind: PrekeyKind, created_at_ms: i64) {
    let record = PrekeyRecord { id: secret.id(), kind, secret: secret.to_bytes(), created_at_ms };
    work.write(Write::PutPrekey(record));
}

/// How long it is remembered which members of a group had and read a message: half a year after the last of them told something.
const MEMBER_RECEIPTS_KEPT_MS: i64 = 26 * WEEK_MS;

/// Forgets what has served its time.
pub(crate) fn expire<V: View>(work: &mut Work<'_, V>) {
    let before_ms = work.now.utc_ms.saturating_sub(KEPT_MS);
    work.write(Write::ExpirePrekeys { before_ms });
    // A last-resort handshake is remembered for longer than its private half can live.
    work.write(Write::ForgetSeen { before_ms: before_ms.saturating_sub(2 * WEEK_MS) });
    work.write(Write::ExpireOutbox { before_ms });
    work.write(Write::ExpireGroupWaiting { before_ms });
    work.write(Write::ExpireAnnotations { before_ms });
    let before_ms = work.now.utc_ms.saturating_sub(MEMBER_RECEIPTS_KEPT_MS);
    work.write(Write::ExpireMemberReceipts { before_ms });
}
