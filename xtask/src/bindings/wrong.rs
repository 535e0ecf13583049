//! A library that does not fit the generated code: the built one, with one checksum changed. Each language must refuse it.

use std::fs;
use std::ops::Range;
use std::path::Path;

use super::library::shared_name;
use crate::shell::{Outcome, Trouble};

/// The function that answers one checksum. It gives a constant and does nothing else.
const SYMBOL: &[u8] = b"uniffi_waxwing_ffi_checksum_func_live_objects\0";

/// Writes the changed copy. ELF only: elsewhere the scenario has nothing to load, and fails.
pub(super) fn make(library: &Path, folder: &Path) -> Outcome {
    let mut bytes = fs::read(library).map_err(|e| Trouble::new(format!("{}: {e}", library.display())))?;
    let code = function(&bytes, SYMBOL).ok_or_else(|| Trouble::new("the library has no such checksum"))?;
    let constant = bytes.get(code.clone()).and_then(constant);
    let constant = constant.ok_or_else(|| Trouble::new("a checksum function of an unknown form"))?;
    bytes[code.start + constant] ^= 0x20;
    let path = folder.join(shared_name());
    fs::write(&path, bytes).map_err(|e| Trouble::new(format!("{}: {e}", path.display())))
}

/// Where the constant stands in a function that only returns it; a bit of that byte can be changed.
fn constant(code: &[u8]) -> Option<usize> {
    match code {
        [0xb8, _, _, _, _, 0xc3, ..] => Some(1), // x86-64: mov eax, imm32; ret
        [0x66, 0xb8, _, _, 0xc3, ..] => Some(2), // x86-64: mov ax, imm16; ret
        [_, _, _, 0x52, 0xc0, 0x03, 0x5f, 0xd6, ..] => Some(0), // aarch64: mov w0, #imm; ret
        _ => None,
    }
}

/// Where an exported function stands in the file (ELF64, little endian).
fn function(elf: &[u8], name: &[u8]) -> Option<Range<usize>> {
    let sections = Sections::of(elf)?;
    let symbols = sections.with_type(DYNSYM)?;
    let names = sections.at(symbols.link)?;
    let names = elf.get(names.offset..names.offset + names.size)?;
    let entries = elf.get(symbols.offset..symbols.offset + symbols.size)?.chunks_exact(24);
    let entry = entries.into_iter().find(|entry| {
        let start = u32_at(entry, 0).map_or(0, |offset| offset as usize);
        names.get(start..).is_some_and(|found| found.starts_with(name))
    })?;
    let section = sections.at(u32::from(u16_at(entry, 6)?))?;
    let start = usize::try_from(u64_at(entry, 8)?).ok()? - section.address + section.offset;
    let size = usize::try_from(u64_at(entry, 16)?).ok()?;
    Some(start..start + size)
}

const DYNSYM: u32 = 11;

struct Sections<'a> {
    table: Vec<&'a [u8]>,
}

struct Section {
    address: usize,
    offset: usize,
    size: usize,
    link: u32,
}

impl Sections<'_> {
    fn of(elf: &[u8]) -> Option<Sections<'_>> {
        if !elf.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        let start = usize::try_from(u64_at(elf, 40)?).ok()?;
        let (size, count) = (usize::from(u16_at(elf, 58)?), usize::from(u16_at(elf, 60)?));
        Some(Sections { table: elf.get(start..start + size * count)?.chunks_exact(size).collect() })
    }

    fn at(&self, index: u32) -> Option<Section> {
        let header = self.table.get(index as usize)?;
        let number = |at| u64_at(header, at).and_then(|number| usize::try_from(number).ok());
        Some(Section {
            address: number(16)?,
            offset: number(24)?,
            size: number(32)?,
            link: u32_at(header, 40)?,
        })
    }

    fn with_type(&self, wanted: u32) -> Option<Section> {
        let index = self.table.iter().position(|header| u32_at(header, 4) == Some(wanted))?;
        self.at(u32::try_from(index).ok()?)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_in_both_architectures() {
        assert_eq!(constant(&[0xb8, 0x34, 0x12, 0, 0, 0xc3]), Some(1));
        assert_eq!(constant(&[0x66, 0xb8, 0x34, 0x12, 0xc3]), Some(2));
        assert_eq!(constant(&[0x80, 0x46, 0x82, 0x52, 0xc0, 0x03, 0x5f, 0xd6]), Some(0));
        assert_eq!(constant(&[0x55, 0x48, 0x89, 0xe5]), None);
    }

    #[test]
    fn what_is_no_library_has_no_function() {
        assert_eq!(function(b"MZ", SYMBOL), None);
        assert_eq!(function(b"\x7fELF\x02\x01", SYMBOL), None);
    }
}
