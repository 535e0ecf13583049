//! The rows of groups: what is done on each side, and what it is held to.

use std::hint::black_box;

use waxwing_bench::{Bar, Row};

use crate::clock::us_each;
use crate::compare::{Sides, alone, compare, compare_with_floor};
use crate::floor::Primitives;
use crate::rows::{PLAINTEXT, repeat};
use crate::{group, ours};

/// Messages of one chain, one after the other.
pub(crate) fn encrypt(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 100;
    let mut rng = ours::rng(7);
    let (mut sender, _) = group::pair(1, &mut rng);
    let (mut theirs, _) = group::their_pair();
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                repeat(COUNT, || drop(black_box(group::seal(&mut sender, &PLAINTEXT, &mut rng))))
            }),
            vodozemac: Box::new(|| {
                repeat(COUNT, || drop(black_box(group::their_seal(&mut theirs, &PLAINTEXT))))
            }),
            floor: Box::new(|| repeat(COUNT, || floor.group_encrypt())),
        },
    )
    .bar(Bar::AtMost("ratio", 0.9))
    .bar(Bar::AtMost("waxwing_us", 21.0))
}

/// Messages of one chain, in order, each by itself.
pub(crate) fn decrypt(name: &str, batches: u32) -> Row {
    const COUNT: u32 = 50;
    let mut rng = ours::rng(8);
    let (mut sender, mut receiver) = group::pair(1, &mut rng);
    let (mut their_sender, mut their_receiver) = group::their_pair();
    let mut floor = Primitives::new();
    compare(
        name,
        batches,
        Sides {
            waxwing: Box::new(|| {
                let sealed: Vec<_> =
                    (0..COUNT).map(|_| group::seal(&mut sender, &PLAINTEXT, &mut rng)).collect();
                us_each(COUNT, || {
                    sealed.iter().for_each(|bytes| drop(black_box(group::open(&mut receiver, bytes))))
                })
            }),
            vodozemac: Box::new(|| {
                let sealed: Vec<_> =
                    (0..COUNT).map(|_| group::their_seal(&mut their_sender, &PLAINTEXT)).collect();
                us_each(COUNT, || {
                    sealed
                        .iter()
                        .for_each(|bytes| drop(black_box(group::their_open(&mut their_receiver, bytes))))
                })
            }),
            floor: Box::new(|| repeat(COUNT, || floor.group_decrypt())),
        },
    )
    .bar(Bar::AtMost("ratio", 1.0))
    .bar(Bar::AtMost("waxwing_us", 42.0))
}

/// 64 messages that have waited, of 8 senders; and, beside that, of one and of 64.
pub(crate) fn backlog(name: &str, batches: u32) -> Row {
    const COUNT: u8 = 64;
    const SENDERS: usize = 8;
    let mut rng = ours::rng(9);
    let (mut senders, mut receivers): (Vec<_>, Vec<_>) =
        (0..COUNT).map(|device| group::pair(device, &mut rng)).unzip();
    let mut floor = Primitives::new();
    let mut open = |count: usize| {
        let sealed: Vec<_> = (0..usize::from(COUNT))
            .map(|at| group::seal(&mut senders[at % count], &PLAINTEXT, &mut rng))
            .collect();
        us_each(u32::from(COUNT), || drop(black_box(group::open_backlog(&mut receivers[..count], &sealed))))
    };
    let row = compare_with_floor(
        name,
        batches,
        Box::new(|| open(SENDERS)),
        Box::new(|| us_each(u32::from(COUNT), || floor.group_backlog(usize::from(COUNT), SENDERS))),
    );
    let of_one = alone(batches, Box::new(|| open(1)));
    let of_many = alone(batches, Box::new(|| open(usize::from(COUNT))));
    row.figure("waxwing_one_sender_us", of_one)
        .figure("waxwing_64_senders_us", of_many)
        .bar(Bar::AtMost("waxwing_us", 20.0))
}
