//! What one sync of this disk costs: every durable figure stands on it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use waxwing_bench::{Row, quantile};

const SYNCS: usize = 300;
const BLOCK: [u8; 4096] = [7; 4096];

pub(crate) fn measure(folder: &Path) -> io::Result<Row> {
    let mut file = File::create(folder.join("sync"))?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&BLOCK)?;
        let begun = Instant::now();
        file.sync_data()?;
        took.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Row::new("disk_sync").figure("p50_us", quantile(&took, 0.5)).figure("p99_us", quantile(&took, 0.99)))
}
