//! Crockford's base 32: digits and letters that are not easily taken for one another. Read in any case; `O` is 0, `I` and `L` are 1.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS: usize = 5;

/// Returns how many characters so many bytes have.
pub(crate) const fn chars_of(bytes: usize) -> usize {
    (bytes * 8).div_ceil(BITS)
}

/// Returns the character of a value below 32.
pub(crate) fn char_of(value: u8) -> char {
    char::from(ALPHABET[usize::from(value % 32)])
}

/// Returns the value of a character.
pub(crate) fn value_of(char: char) -> Option<u8> {
    let upper = match char.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let index = ALPHABET.iter().position(|letter| char::from(*letter) == upper)?;
    u8::try_from(index).ok()
}

/// Reads the value of the character at `index`: five bits, the first ones first; behind the end there are zeros.
pub(crate) fn get(bytes: &[u8], index: usize) -> u8 {
    let (at, shift) = place(index);
    let byte = |at| bytes.get(at).copied().unwrap_or(0);
    (u16::from_be_bytes([byte(at), byte(at + 1)]) >> shift) as u8 & 31
}

/// Writes a value where [`get`] reads it, over zeros. `None` when it has bits behind the end.
pub(crate) fn put(bytes: &mut [u8], index: usize, value: u8) -> Option<()> {
    let (at, shift) = place(index);
    let [high, low] = (u16::from(value) << shift).to_be_bytes();
    *bytes.get_mut(at)? |= high;
    match bytes.get_mut(at + 1) {
        Some(byte) => *byte |= low,
        None if low == 0 => {}
        None => return None,
    }
    Some(())
}

/// The byte where a character begins, and how far its value is shifted in that byte and the next.
fn place(index: usize) -> (usize, usize) {
    let bit = index * BITS;
    (bit / 8, 16 - BITS - bit % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for length in 0..12 {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 37 + 201) as u8).collect();
            let mut back = vec![0; bytes.len()];
            for index in 0..chars_of(bytes.len()) {
                let char = char_of(get(&bytes, index)).to_ascii_lowercase();
                put(&mut back, index, value_of(char).unwrap()).unwrap();
            }
            assert_eq!(back, bytes);
        }
    }

    #[test]
    fn the_alphabet_forgives_what_it_can() {
        assert_eq!(
            (value_of('o'), value_of('l'), value_of('I'), value_of('z')),
            (Some(0), Some(1), Some(1), Some(31))
        );
        assert!(['U', 'u', '-', ' ', 'é', '🦜'].iter().all(|char| value_of(*char).is_none()));
    }

    #[test]
    fn bits_behind_the_end_are_refused() {
        let mut byte = [0];
        assert_eq!(put(&mut byte, 0, 31), Some(()));
        assert_eq!(put(&mut byte, 1, 0b11100), Some(()));
        assert_eq!(byte, [0xff]);
        assert_eq!(put(&mut byte, 1, 1), None);
        assert_eq!(put(&mut byte, 2, 0), None);
    }
}
