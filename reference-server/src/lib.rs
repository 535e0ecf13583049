//! The reference relay of Waxwing: it moves sealed envelopes and cannot read them.
//!
//! A pure core, [`relay`], decides what happens with each frame; [`store`] says what it asks of storage. Thin shells carry it
//! out: sockets and SQLite in the program, [`hub`] over [`memory`] in the simulation.

pub mod hub;
pub mod memory;
pub mod relay;
pub mod store;
