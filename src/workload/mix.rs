//! Which operation of a mix each one is: a function of the seed and its index, whoever performs it.

/// Shares are counted in billionths.
const WHOLE: u64 = 1_000_000_000;

/// A mix of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    /// Where each operation's part ends.
    ends: Vec<u64>,
    salt: u64,
}

impl Mix {
    /// A mix of these shares of a billion; the salt is a function of the seed and the place.
    pub fn new(shares: &[u64], salt: u64) -> Mix {
        let ends = shares.iter().scan(0u64, |end, share| {
            *end = end.saturating_add(*share);
            Some(*end)
        });
        Mix { ends: ends.collect(), salt }
    }

    /// All of one operation.
    pub fn single() -> Mix {
        Mix { ends: vec![WHOLE], salt: 0 }
    }

    /// The index of the first of an operation, among so many.
    pub fn first(&self, of: usize, among: u64) -> Option<u64> {
        (0..among).find(|index| self.choose(*index) == of)
    }

    /// The operation with this index.
    pub fn choose(&self, index: u64) -> usize {
        let [_, _, ..] = self.ends[..] else { return 0 };
        let all = self.ends.last().copied().unwrap_or(1).max(1);
        let drawn = scrambled(self.salt ^ scrambled(index)) % all;
        self.ends.partition_point(|end| *end <= drawn).min(self.ends.len() - 1)
    }
}

/// The step of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// 2014): every bit of the number changes half of the bits of the result.
fn scrambled(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
