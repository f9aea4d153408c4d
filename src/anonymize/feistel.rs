//! A keyed permutation of digits: the alternating Feistel network of FF1 (NIST SP 800-38G §6.2), for
//! digits whose bases may differ from place to place, with HMAC-SHA-256 as its round function where
//! FF1 has AES. It maps every sequence of digits to another one of the same bases, and no two to the
//! same. Few digits have few permutations: what is said of FF1's smallest domain (a million, rev. 1)
//! holds here.

use bigdecimal::num_bigint::BigUint;
use bigdecimal::num_traits::ToPrimitive as _;

use super::keyed::Key;

/// As many as FF1.
const ROUNDS: u8 = 10;

/// Permutes digits in place; `digits[i]` is below `bases[i]`. The tweak names the permutation.
pub(super) fn permute(key: &Key, tweak: &[&[u8]], digits: &mut [u8], bases: &[u8]) {
    let middle = digits.len() / 2;
    let (left, right) = digits.split_at_mut(middle);
    let (left_bases, right_bases) = bases.split_at(middle);
    let sizes = [size(left_bases), size(right_bases)];
    let mut halves = [number(left, left_bases), number(right, right_bases)];
    for round in 0..ROUNDS {
        let at = usize::from(round % 2);
        // FF1 takes the half modulo its size of d = 4⌈b/4⌉ + 4 bytes; 8 more than needed leave less
        // bias.
        let count = (sizes[at].bits() as usize).div_ceil(8) + 8;
        let other = halves[1 - at].to_bytes_be();
        let mut parts = tweak.to_vec();
        let bytes = [round];
        parts.extend([bases, &bytes[..], &other[..]]);
        let added = BigUint::from_bytes_be(&key.bytes(&parts, count));
        halves[at] = (&halves[at] + added) % &sizes[at];
    }
    let [a, b] = halves;
    spread(a, left, left_bases);
    spread(b, right, right_bases);
}

fn size(bases: &[u8]) -> BigUint {
    bases.iter().fold(BigUint::from(1u8), |size, base| size * *base)
}

fn number(digits: &[u8], bases: &[u8]) -> BigUint {
    digits.iter().zip(bases).fold(BigUint::from(0u8), |number, (digit, base)| number * *base + *digit)
}

fn spread(mut number: BigUint, digits: &mut [u8], bases: &[u8]) {
    for (digit, base) in digits.iter_mut().zip(bases).rev() {
        *digit = (&number % *base).to_u8().unwrap_or(0);
        number /= *base;
    }
}
