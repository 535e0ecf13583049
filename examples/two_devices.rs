//! Two devices, no network.
fn main() {}
