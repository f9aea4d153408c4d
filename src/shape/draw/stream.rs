//! The bits of one draw: SHA-256 over the key and a counter.

use ring::digest::{Context, SHA256};

/// Bits without end, the same for the same key.
#[derive(Debug)]
pub(super) struct Stream {
    key: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Stream {
    pub(super) fn new(key: [u8; 32]) -> Stream {
        Stream { key, counter: 0, block: [0; 32], used: 32 }
    }

    pub(super) fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let mut context = Context::new(&SHA256);
            context.update(&self.key);
            context.update(&self.counter.to_be_bytes());
            self.block.copy_from_slice(context.finish().as_ref());
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// A number below `bound`, each with the same chance; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u128) -> u128 {
        if bound <= 1 {
            return 0;
        }
        // As many bits as the greatest number has; what lies above it is drawn again.
        let bits = 128 - (bound - 1).leading_zeros();
        loop {
            let raw = (0..bits.div_ceil(8)).fold(0u128, |raw, _| raw << 8 | u128::from(self.byte()));
            let number = raw & (u128::MAX >> (128 - bits));
            if number < bound {
                return number;
            }
        }
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i128, high: i128) -> i128 {
        let span = high.wrapping_sub(low) as u128;
        let offset = if span == u128::MAX {
            u128::from_be_bytes(std::array::from_fn(|_| self.byte()))
        } else {
            self.below(span + 1)
        };
        low.wrapping_add(offset as i128)
    }

    /// One of these.
    pub(super) fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.below(words.len() as u128) as usize;
        words.get(at).copied().unwrap_or_default()
    }

    /// A text of characters out of an alphabet.
    pub(super) fn letters(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count)
            .filter_map(|_| alphabet.get(self.below(alphabet.len() as u128) as usize))
            .map(|letter| char::from(*letter))
            .collect()
    }
}
