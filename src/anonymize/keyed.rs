//! The key, and bits that only who has it can compute.

use ring::hmac;

/// Shorter keys are refused: they can be guessed.
pub const MIN_KEY: usize = 16;

/// A secret key. Never shown.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }
}

impl Key {
    /// From bytes without the line end of a file. Errors: fewer than [`MIN_KEY`].
    pub fn new(bytes: &[u8]) -> Result<Key, String> {
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        if end < MIN_KEY {
            return Err(format!("the key has {end} bytes: at least {MIN_KEY} are needed, better 32"));
        }
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, &bytes[..end])))
    }

    /// As many bytes as wanted, a pure function of the key and the parts: HMAC-SHA-256 (RFC 2104)
    /// in counter mode (NIST SP 800-108 §4.1). The parts keep their limits.
    pub(super) fn bytes(&self, parts: &[&[u8]], count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 32);
        for counter in 0u32.. {
            if out.len() >= count {
                break;
            }
            let mut context = hmac::Context::with_key(&self.0);
            context.update(&counter.to_be_bytes());
            for part in parts {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
            out.extend_from_slice(context.sign().as_ref());
        }
        out.truncate(count);
        out
    }

    /// A number below `bound`; the bias of 64 more bits than needed is nothing.
    pub(super) fn below(&self, parts: &[&[u8]], bound: u64) -> u64 {
        let bytes = self.bytes(parts, 16);
        let wide = bytes.iter().fold(0u128, |wide, byte| wide << 8 | u128::from(*byte));
        (wide % u128::from(bound.max(1))) as u64
    }
}
