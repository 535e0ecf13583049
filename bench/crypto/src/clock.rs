//! The CPU time of this thread.

use rustix::time::{ClockId, clock_gettime};

/// Runs `work` and tells how many microseconds of CPU one of its `count` operations took.
pub(crate) fn us_each(count: u32, work: impl FnOnce()) -> f64 {
    let begun = thread_us();
    work();
    (thread_us() - begun) / f64::from(count)
}

fn thread_us() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
