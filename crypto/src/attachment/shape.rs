//! Where in a blob what lies.

use std::ops::Range;

use crate::{
    aead::TAG_BYTES,
    stream::{COMMITMENT_BYTES, Place, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, padme},
};

/// Largest attachment, in bytes: 1 TiB. There AES-GCM keeps the margin of TLS 1.3: `2^36` blocks under one key are told from
/// chance with probability `2^-57`.
pub const ATTACHMENT_BYTES_MAX: u64 = 1 << 40;

/// Smallest padded plaintext, in bytes.
const PADDED_BYTES_MIN: u64 = 4096;

/// Returns the length of the blob of an attachment of `size` bytes; `None` above [`ATTACHMENT_BYTES_MAX`].
pub fn sealed_size(size: u64) -> Option<u64> {
    Shape::new(size).map(Shape::sealed_size)
}

/// The layout of an attachment, which its size decides.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    size: u64,
    size_bytes: [u8; 8],
}

impl Shape {
    pub(super) fn new(size: u64) -> Option<Self> {
        (size <= ATTACHMENT_BYTES_MAX).then_some(Self { size, size_bytes: size.to_be_bytes() })
    }

    /// Length of the plaintext.
    pub(super) fn size(self) -> u64 {
        self.size
    }

    /// What is bound to a segment: to the last the size, which is known only there.
    pub(super) fn bound_to(&self, place: Place) -> &[u8] {
        match place {
            Place::Inner(_) => &[],
            Place::Last(_) => &self.size_bytes,
        }
    }

    /// Length of the plaintext and the zeros behind it.
    pub(super) fn padded_size(self) -> u64 {
        padme(self.size.max(PADDED_BYTES_MIN))
    }

    /// Number of segments, at least 1.
    pub(super) fn segments(self) -> u32 {
        u32::try_from(self.padded_size().div_ceil(SEGMENT_BYTES as u64)).expect("at most 2^24 segments")
    }

    /// Number of segments that hold plaintext and not zeros alone; at least 1.
    pub(super) fn segments_with_content(self) -> u32 {
        u32::try_from(self.size.div_ceil(SEGMENT_BYTES as u64).max(1)).expect("at most 2^24 segments")
    }

    pub(super) fn sealed_size(self) -> u64 {
        COMMITMENT_BYTES as u64 + self.padded_size() + u64::from(self.segments()) * TAG_BYTES as u64
    }

    pub(super) fn place(self, index: u32) -> Place {
        if index + 1 == self.segments() { Place::Last(index) } else { Place::Inner(index) }
    }

    /// Where in the blob a sealed segment begins.
    pub(super) fn sealed_offset(index: u32) -> u64 {
        COMMITMENT_BYTES as u64 + u64::from(index) * SEALED_SEGMENT_BYTES as u64
    }

    /// Where in the padded plaintext a segment lies.
    pub(super) fn padded_range(self, index: u32) -> Range<u64> {
        let from = u64::from(index) * SEGMENT_BYTES as u64;
        from..self.padded_size().min(from + SEGMENT_BYTES as u64)
    }

    /// Length of a segment, in bytes.
    pub(super) fn segment_bytes(self, index: u32) -> usize {
        let range = self.padded_range(index);
        (range.end - range.start) as usize
    }

    /// How many bytes of a segment are plaintext; zeros follow.
    pub(super) fn content_bytes(self, index: u32) -> usize {
        let range = self.padded_range(index);
        (self.size.clamp(range.start, range.end) - range.start) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_say_what_they_should() {
        assert_eq!(sealed_size(0), Some(32 + 4096 + 16));
        assert_eq!(sealed_size(4096), Some(32 + 4096 + 16));
        assert_eq!(sealed_size(65_536), Some(32 + 65_536 + 16));
        assert_eq!(sealed_size(65_537), Some(32 + 65_536 + 2048 + 32));
        assert_eq!(sealed_size(ATTACHMENT_BYTES_MAX), Some(32 + (1 << 40) + (16 << 24)));
        assert_eq!(sealed_size(ATTACHMENT_BYTES_MAX + 1), None);
    }

    #[test]
    fn segments_cover_the_plaintext_and_the_blob() {
        for size in [0, 1, 4095, 4097, 65_535, 65_536, 65_537, 1_000_000, 123_456_789] {
            let shape = Shape::new(size).unwrap();
            let (mut padded, mut content) = (0, 0);
            for index in 0..shape.segments() {
                assert_eq!(Shape::sealed_offset(index), 32 + padded + 16 * u64::from(index));
                padded += shape.segment_bytes(index) as u64;
                content += shape.content_bytes(index) as u64;
                assert_eq!(
                    shape.content_bytes(index) > 0 || index == 0,
                    index < shape.segments_with_content()
                );
                assert_eq!(shape.place(index) == Place::Last(index), index + 1 == shape.segments());
            }
            assert_eq!((padded, content), (shape.padded_size(), size));
        }
    }
}
