//! Frames: how much of each segment is content, and how many segments there are.
//!
//! ```text
//!   frame     used u32 | content | zeros                                                   65,536 bytes
//! ```
//!
//! All frames but the last with content are full. Frames of zeros follow, until their number is a bucket of Padmé.

use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::stream::{SEGMENT_BYTES, padme, read_full};

const USED_BYTES: usize = 4;
/// Content of a full frame, in bytes.
pub(super) const CONTENT_BYTES: usize = SEGMENT_BYTES - USED_BYTES;

/// Returns how many frames there are when so many have content.
pub(super) fn padded(frames: u64) -> u64 {
    if frames < 2 { 1 } else { padme(frames) }
}

/// Reads what somebody gives, as frames.
pub(super) struct Frames<R> {
    source: R,
    frame: Zeroizing<Vec<u8>>,
    read: usize,
    /// Frames with content, and whether there may be more.
    content: u64,
    ended: bool,
    /// All frames that were made.
    made: u64,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let frame = Zeroizing::new(vec![0; SEGMENT_BYTES]);
        Self { source, frame, read: SEGMENT_BYTES, content: 0, ended: false, made: 0 }
    }

    /// Makes the next frame. `false` when there are enough.
    fn make(&mut self) -> io::Result<bool> {
        let mut used = 0;
        if !self.ended {
            used = read_full(&mut self.source, &mut self.frame[USED_BYTES..])?;
            self.ended = used < CONTENT_BYTES;
            self.content += u64::from(used > 0);
        }
        if self.ended && used == 0 && self.made >= padded(self.content) {
            return Ok(false);
        }
        let head = u32::try_from(used).expect("below 64 KiB").to_be_bytes();
        self.frame[..USED_BYTES].copy_from_slice(&head);
        self.frame[USED_BYTES + used..].fill(0);
        self.made += 1;
        self.read = 0;
        Ok(true)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == SEGMENT_BYTES && !self.make()? {
            return Ok(0);
        }
        let length = buffer.len().min(SEGMENT_BYTES - self.read);
        buffer[..length].copy_from_slice(&self.frame[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

/// Cuts an opened frame to its content. `None` when it is not the one frame of its content.
pub(super) fn unframe(frame: &mut Vec<u8>) -> Option<()> {
    let (used, content) = frame.split_first_chunk()?;
    let used = usize::try_from(u32::from_be_bytes(*used)).ok()?;
    let padding = content.get(used..)?;
    if frame.len() != SEGMENT_BYTES || padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    frame.copy_within(USED_BYTES..USED_BYTES + used, 0);
    frame.truncate(used);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_hold_the_content_and_their_number_is_a_bucket() {
        for length in
            [0, 1, CONTENT_BYTES - 1, CONTENT_BYTES, CONTENT_BYTES + 1, 8 * CONTENT_BYTES, 9 * CONTENT_BYTES]
        {
            let content = vec![7; length];
            let mut framed = Vec::new();
            Frames::new(&content[..]).read_to_end(&mut framed).unwrap();
            let with_content = length.div_ceil(CONTENT_BYTES) as u64;
            assert_eq!(framed.len() as u64, padded(with_content) * SEGMENT_BYTES as u64, "{length}");
            let mut back = Vec::new();
            for frame in framed.chunks(SEGMENT_BYTES) {
                let mut frame = frame.to_vec();
                unframe(&mut frame).unwrap();
                back.extend_from_slice(&frame);
            }
            assert_eq!(back, content);
        }
        assert_eq!((padded(0), padded(1), padded(2), padded(9), padded(33)), (1, 1, 2, 10, 36));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let frame = |used: u32, fill: u8| {
            let mut frame = vec![fill; SEGMENT_BYTES];
            frame[..4].copy_from_slice(&used.to_be_bytes());
            frame
        };
        assert!(unframe(&mut frame(0, 0)).is_some());
        assert!(unframe(&mut frame(65_532, 1)).is_some());
        assert!(unframe(&mut frame(65_533, 1)).is_none());
        assert!(unframe(&mut frame(65_531, 1)).is_none());
        assert!(unframe(&mut frame(u32::MAX, 0)).is_none());
        assert!(unframe(&mut vec![0; 3]).is_none());
        assert!(unframe(&mut vec![0; 100]).is_none());
    }

    #[test]
    fn frames_are_read_in_pieces_of_any_size() {
        let content = vec![7; CONTENT_BYTES + 5];
        let mut whole = Vec::new();
        Frames::new(&content[..]).read_to_end(&mut whole).unwrap();
        let (mut frames, mut pieces, mut piece) = (Frames::new(&content[..]), Vec::new(), [0; 50_000]);
        while let length @ 1.. = frames.read(&mut piece).unwrap() {
            pieces.extend_from_slice(&piece[..length]);
        }
        assert!(pieces == whole);
    }
}
