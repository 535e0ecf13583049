//! What every store promises the engine.

use waxwing_simulation::contract;

use super::super::{Store, Writer};

fn fresh() -> Writer {
    // The connection keeps the memory.
    Writer::open(&Store::memory()).expect("a store in memory opens")
}

#[test]
fn the_store_keeps_the_contract() {
    contract::check_store(fresh);
}

#[test]
fn the_store_answers_like_the_store_in_memory() {
    for seed in 0..8 {
        contract::check_alike(fresh, seed);
    }
}

#[test]
fn a_batch_that_fails_changes_nothing() {
    contract::check_failing_store(fresh, |store| store.fail_after_writes(1));
}
