//! The network between devices and the relay.
//!
//! A link behaves like TCP: what arrives on it arrives in order. But it may be slow, break at any time and lose what is under
//! way, break without either side hearing of it (half open), or stall in one direction. A broken or silent link is never
//! repaired; the device dials again, and the relay may see both links for a while.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use crate::dice::Dice;

/// Names a link; never used again.
pub type LinkId = u64;

/// How bad the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// The longest delay of a frame, in milliseconds.
    pub delay_max_ms: u64,
    /// Of a thousand frames, with how many the link breaks.
    pub cut_per_mille: u32,
    /// Of a thousand frames, after how many the link stalls in that direction.
    pub stall_per_mille: u32,
    /// Of a thousand frames, how many arrive as something that is no frame.
    pub corrupt_per_mille: u32,
    /// Of a thousand dials, how many fail.
    pub dial_fails_per_mille: u32,
}

impl Weather {
    /// Nothing goes wrong.
    pub const CALM: Weather = Weather {
        delay_max_ms: 20,
        cut_per_mille: 0,
        stall_per_mille: 0,
        corrupt_per_mille: 0,
        dial_fails_per_mille: 0,
    };

    /// Everything goes wrong now and then.
    pub const STORM: Weather = Weather {
        delay_max_ms: 800,
        cut_per_mille: 25,
        stall_per_mille: 4,
        corrupt_per_mille: 4,
        dial_fails_per_mille: 200,
    };
}

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the device to the relay.
    Up,
    /// From the relay to the device.
    Down,
}

/// What happens to a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives at this time.
    Arrives(Duration),
    /// It is lost, and the link is broken.
    Cut,
    /// It is lost, and so is all that follows it in this direction.
    Lost,
}

#[derive(Debug, Default)]
struct Lane {
    frames: VecDeque<Option<Bytes>>,
    last: Duration,
    stalled: bool,
    closed: bool,
}

/// One link.
#[derive(Debug)]
struct Link {
    device: usize,
    up: Lane,
    down: Lane,
}

/// All links.
#[derive(Debug)]
pub struct Network {
    links: BTreeMap<LinkId, Link>,
    next: LinkId,
    /// How bad it is at the moment.
    pub weather: Weather,
}

impl Network {
    /// No links, and calm weather.
    #[must_use]
    pub fn new() -> Network {
        Network { links: BTreeMap::new(), next: 1, weather: Weather::CALM }
    }

    /// Opens a link for a device.
    pub fn open(&mut self, device: usize) -> LinkId {
        let id = self.next;
        self.next += 1;
        self.links.insert(id, Link { device, up: Lane::default(), down: Lane::default() });
        id
    }

    /// Whose link it is, while it is not broken.
    #[must_use]
    pub fn device(&self, id: LinkId) -> Option<usize> {
        self.links.get(&id).map(|link| link.device)
    }

    /// The links that are not broken.
    #[must_use]
    pub fn open_links(&self) -> Vec<LinkId> {
        self.links.keys().copied().collect()
    }

    /// The most frames that are under way on one link.
    #[must_use]
    pub fn longest_queue(&self) -> usize {
        self.links.values().map(|link| link.up.frames.len().max(link.down.frames.len())).max().unwrap_or(0)
    }

    fn lane(&mut self, id: LinkId, way: Way) -> Option<&mut Lane> {
        let link = self.links.get_mut(&id)?;
        Some(match way {
            Way::Up => &mut link.up,
            Way::Down => &mut link.down,
        })
    }

    /// Puts a frame on its way. `None`: there is no such link any more.
    pub fn send(
        &mut self,
        id: LinkId,
        way: Way,
        frame: Bytes,
        now: Duration,
        dice: &mut Dice,
    ) -> Option<Fate> {
        let weather = self.weather;
        let lane = self.lane(id, way).filter(|lane| !lane.closed)?;
        lane.stalled |= dice.chance(weather.stall_per_mille);
        if lane.stalled {
            return Some(Fate::Lost);
        }
        if dice.chance(weather.cut_per_mille) {
            return Some(Fate::Cut);
        }
        let frame = (!dice.chance(weather.corrupt_per_mille)).then_some(frame);
        lane.frames.push_back(frame);
        lane.last = lane.last.max(now + dice.millis(1, weather.delay_max_ms));
        Some(Fate::Arrives(lane.last))
    }

    /// The next frame that arrives: `Some(None)` is one that was corrupted, `None` one that was lost on a broken link.
    pub fn arrive(&mut self, id: LinkId, way: Way) -> Option<Option<Bytes>> {
        self.lane(id, way)?.frames.pop_front()
    }

    /// One side closes the link: what it sent still arrives. Returns when the other side hears of it.
    pub fn close(&mut self, id: LinkId, way: Way, now: Duration) -> Option<Duration> {
        let lane = self.lane(id, way)?;
        lane.closed = true;
        Some(lane.last.max(now) + Duration::from_millis(1))
    }

    /// The link is gone, with all that was under way.
    pub fn cut(&mut self, id: LinkId) {
        self.links.remove(&id);
    }
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_link_arrive_in_order() {
        let (mut network, mut dice) = (Network::new(), Dice::new(1));
        network.weather.delay_max_ms = 1000;
        let link = network.open(0);
        let mut last = Duration::ZERO;
        for n in 0..50 {
            let fate = network.send(link, Way::Up, Bytes::from(vec![n]), Duration::ZERO, &mut dice);
            let Some(Fate::Arrives(at)) = fate else { panic!("calm weather loses nothing") };
            assert!(at >= last);
            last = at;
        }
        for n in 0..50 {
            assert_eq!(network.arrive(link, Way::Up), Some(Some(Bytes::from(vec![n]))));
        }
    }

    #[test]
    fn a_stalled_link_loses_all_that_follows() {
        let (mut network, mut dice) = (Network::new(), Dice::new(2));
        let link = network.open(0);
        network.weather.stall_per_mille = 1000;
        assert_eq!(network.send(link, Way::Down, Bytes::new(), Duration::ZERO, &mut dice), Some(Fate::Lost));
        network.weather = Weather::CALM;
        assert_eq!(network.send(link, Way::Down, Bytes::new(), Duration::ZERO, &mut dice), Some(Fate::Lost));
        let other_way = network.send(link, Way::Up, Bytes::new(), Duration::ZERO, &mut dice);
        assert!(matches!(other_way, Some(Fate::Arrives(_))));
    }

    #[test]
    fn a_broken_link_loses_what_was_under_way() {
        let (mut network, mut dice) = (Network::new(), Dice::new(3));
        let link = network.open(0);
        let _ = network.send(link, Way::Up, Bytes::new(), Duration::ZERO, &mut dice);
        network.cut(link);
        assert_eq!(network.arrive(link, Way::Up), None);
        assert_eq!(network.send(link, Way::Up, Bytes::new(), Duration::ZERO, &mut dice), None);
    }
}
