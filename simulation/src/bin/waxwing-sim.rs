//! Runs the simulation: one seed, or many fresh ones.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program that prints

use std::process::ExitCode;
use std::time::Instant;

use waxwing_simulation::scenario::{Scenario, Trace};
use waxwing_simulation::world::Counts;

const USAGE: &str = "usage: waxwing-sim [SEED | --count N [--from SEED]] [--scenario NAME] [--verbose]";

struct Options {
    first: u64,
    count: u64,
    trace: Trace,
    scenario: fn(u64) -> Scenario,
}

fn options() -> Option<Options> {
    let mut options = Options { first: 1, count: 1, trace: Trace::Off, scenario: Scenario::random };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--verbose" => options.trace = Trace::Kept,
            "--count" => options.count = arguments.next()?.parse().ok()?,
            "--scenario" => options.scenario = Scenario::named(&arguments.next()?)?,
            "--from" => options.first = arguments.next()?.parse().ok()?,
            seed => options.first = seed.parse().ok()?,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(Options { first, count, trace, scenario }) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let (mut total, mut failed) = (Counts::default(), 0);
    for seed in first..first.saturating_add(count) {
        match scenario(seed).run(trace) {
            Ok(counts) => total = sum(total, counts),
            Err(failure) => {
                failed += 1;
                failure.trace.iter().for_each(|line| println!("{line}"));
                println!("{failure}");
            }
        }
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let Counts { devices, messages, deliveries, faults, events, passed_over, answered, ended } = total;
    let speed = deliveries as f64 / elapsed.max(0.001);
    println!(
        "{count} seeds, {failed} failed: {devices} devices, {messages} messages ({passed_over} passed a device over), {answered} requests answered, \
         {ended} accounts deleted, {faults} faults, {events} events, \
         {deliveries} deliveries in {elapsed:.1} s ({speed:.0} deliveries/s)"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        devices: one.devices + other.devices,
        messages: one.messages + other.messages,
        deliveries: one.deliveries + other.deliveries,
        faults: one.faults + other.faults,
        events: one.events + other.events,
        passed_over: one.passed_over + other.passed_over,
        answered: one.answered + other.answered,
        ended: one.ended + other.ended,
    }
}
