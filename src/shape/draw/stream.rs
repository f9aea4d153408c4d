//! The bits of one place of a draw: ChaCha with 8 rounds (Bernstein 2008), the draw's key as its
//! key and the place as its nonce. The cipher is specified, so the bits are the same on every
//! machine and in every version; how numbers are made of them is written down here for the same
//! reason, and not left to a library whose sampling may change.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};

/// Bits without end, the same for the same key and place.
#[derive(Debug)]
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    pub(super) fn new(key: &[u8; 32], place: u64) -> Stream {
        let mut bits = ChaCha8Rng::from_seed(*key);
        bits.set_stream(place);
        Stream(bits)
    }

    /// Sixteen bytes.
    pub(super) fn block(&mut self) -> [u8; 16] {
        self.wide().to_be_bytes()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let more = self.0.next_u64().to_be_bytes();
            bytes.extend_from_slice(&more[..more.len().min(count - bytes.len())]);
        }
        bytes
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }

    /// A number below `bound`, each with the same chance; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u128) -> u128 {
        if bound <= 1 {
            return 0;
        }
        // As many bits as the greatest number has; what lies above it is drawn again.
        let bits = 128 - (bound - 1).leading_zeros();
        loop {
            let raw = match bits {
                ..=32 => u128::from(self.0.next_u32() >> (32 - bits)),
                33..=64 => u128::from(self.0.next_u64() >> (64 - bits)),
                _ => self.wide() >> (128 - bits),
            };
            if raw < bound {
                return raw;
            }
        }
    }

    /// The same for what counts things in memory.
    pub(super) fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u128) as usize
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i128, high: i128) -> i128 {
        let span = high.wrapping_sub(low) as u128;
        let offset = if span == u128::MAX { self.wide() } else { self.below(span + 1) };
        low.wrapping_add(offset as i128)
    }

    /// One of these; of none, the empty text.
    pub(super) fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.index(words.len());
        words.get(at).copied().unwrap_or_default()
    }

    /// Adds characters out of an alphabet.
    pub(super) fn letters(&mut self, alphabet: &[u8], count: usize, out: &mut String) {
        for _ in 0..count {
            if let Some(letter) = alphabet.get(self.index(alphabet.len())) {
                out.push(char::from(*letter));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_cipher() {
        // The first block of ChaCha8 under a key of zeros and a nonce of zeros, as the vectors of
        // `draft-strombergson-chacha-test-vectors-01` (TC1, 256 bit key, 8 rounds) give it.
        let mut stream = Stream::new(&[0; 32], 0);
        let words: Vec<u32> = (0..4).map(|_| stream.0.next_u32()).collect();
        assert_eq!(words, [0x2fef003e, 0xd6405f89, 0xe8b85b7f, 0xa1a5091f]);
    }

    #[test]
    fn numbers_reach_their_ends_and_no_further() {
        let mut stream = Stream::new(&[7; 32], 1);
        let mut seen = [0u32; 6];
        (0..600).for_each(|_| seen[stream.index(6)] += 1);
        assert!(seen.iter().all(|count| (60..140).contains(count)), "{seen:?}");
        assert_eq!(stream.between(5, 5), 5);
        (0..100).for_each(|_| assert!((-3..=3).contains(&stream.between(-3, 3))));
        let far = stream.between(i128::MIN, i128::MAX);
        assert_ne!(far, stream.between(i128::MIN, i128::MAX));
    }
}
