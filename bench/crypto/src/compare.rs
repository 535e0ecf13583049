//! Batches of several sides, taking turns.

use waxwing_bench::{Row, Summary, median};

/// Runs one batch and returns microseconds an operation.
pub(crate) type Batch<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// The sides of one row.
pub(crate) struct Sides<'a> {
    pub(crate) waxwing: Batch<'a>,
    pub(crate) vodozemac: Batch<'a>,
    pub(crate) floor: Batch<'a>,
}

/// Measures all sides, and sums up. A ratio is the middle of the ratios of neighbouring batches.
pub(crate) fn compare(name: &str, batches: u32, mut sides: Sides<'_>) -> Row {
    for batch in [&mut sides.waxwing, &mut sides.vodozemac, &mut sides.floor] {
        batch(); // fills caches and tables
    }
    let (mut waxwing, mut vodozemac, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..batches {
        waxwing.push((sides.waxwing)());
        vodozemac.push((sides.vodozemac)());
        floor.push((sides.floor)());
    }
    let ratio = |theirs: &[f64]| {
        median(&waxwing.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<f64>>())
    };
    let (ours, theirs) = (Summary::of(&waxwing), Summary::of(&vodozemac));
    Row::new(name)
        .figure("waxwing_us", ours.median)
        .figure("vodozemac_us", theirs.median)
        .figure("floor_us", median(&floor))
        .figure("ratio", ratio(&vodozemac))
        .figure("over_floor", ratio(&floor))
        .figure("waxwing_spread", ours.spread)
        .figure("vodozemac_spread", theirs.spread)
}

/// Measures against the floor alone: the peer has nothing of the kind.
pub(crate) fn compare_with_floor(
    name: &str,
    batches: u32,
    mut waxwing: Batch<'_>,
    mut floor: Batch<'_>,
) -> Row {
    waxwing();
    floor();
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..batches).map(|_| (waxwing(), floor())).unzip();
    let over: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, floor)| ours / floor).collect();
    let summary = Summary::of(&ours);
    Row::new(name)
        .figure("waxwing_us", summary.median)
        .without("vodozemac_us")
        .figure("floor_us", median(&theirs))
        .figure("over_floor", median(&over))
        .figure("waxwing_spread", summary.spread)
}

/// Measures one side alone.
pub(crate) fn alone(batches: u32, mut batch: Batch<'_>) -> f64 {
    batch();
    let samples: Vec<f64> = (0..batches).map(|_| batch()).collect();
    median(&samples)
}
