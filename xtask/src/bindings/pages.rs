//! The alignment of the library: phones have pages of up to 16 KB, and load nothing that is aligned to less.

use super::Stage;
use super::library::shared_name;
use crate::shell::{Call, Outcome, Trouble};

/// The largest pages of phones, in bytes.
const PAGE_BYTES_MAX: u64 = 16_384;

/// Every segment that is loaded is aligned to them. ELF only.
pub(super) fn gate(stage: &Stage) -> Outcome {
    if cfg!(target_os = "macos") {
        return Ok(());
    }
    let library = stage.library.join(shared_name());
    let read = Call::new("readelf --program-headers --wide").arg(library.display().to_string());
    let headers = read.output().ok_or_else(|| Trouble::new(format!("`{read}` says nothing")))?;
    match alignments(&headers).iter().min() {
        Some(least) if *least >= PAGE_BYTES_MAX => {
            println!("library: aligned to {least} bytes (at least {PAGE_BYTES_MAX})");
            Ok(())
        }
        Some(least) => Err(Trouble::new(format!(
            "the library is aligned to {least} bytes: phones with pages of {PAGE_BYTES_MAX} would not load it"
        ))),
        None => Err(Trouble::new("the library loads no segment")),
    }
}

/// The last column of every `LOAD`.
fn alignments(headers: &str) -> Vec<u64> {
    let loads = headers.lines().map(str::trim_start).filter(|line| line.starts_with("LOAD "));
    loads
        .filter_map(|line| line.split_whitespace().last()?.strip_prefix("0x"))
        .filter_map(|hexadecimal| u64::from_str_radix(hexadecimal, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignments_are_read_from_the_last_column() {
        let headers = "  Type Offset\n  PHDR 0x40 0x8\n  LOAD 0x0 0x0 0x0 0x1 0x1 R   0x4000\n  LOAD 0x1 0x1 0x1 0x1 0x1 R E 0x10000\n";
        assert_eq!(alignments(headers), [0x4000, 0x10000]);
        assert!(alignments("nothing").is_empty());
    }
}
