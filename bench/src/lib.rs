//! What the benches share: how samples become one figure, how figures are printed, and servers to load.

mod report;
pub mod server;
mod stats;

pub use report::{Bar, Report, Row};
pub use stats::{Summary, median, quantile};
