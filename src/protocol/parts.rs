//! Which parts of a response are read: what nobody reads need not be made.

/// A set of names of parts, and perhaps some more: a Bloom filter of one hash (Bloom, "Space/time
/// trade-offs in hash coding with allowable errors", 1970). It knows no protocol's names, and whoever
/// makes a part too many makes no mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts(u64);

impl Parts {
    /// Every part.
    pub const ALL: Parts = Parts(u64::MAX);
    /// No part.
    pub const NONE: Parts = Parts(0);

    /// With one more.
    #[must_use]
    pub const fn with(self, name: &str) -> Parts {
        Parts(self.0 | bit(name))
    }

    /// Whether this part must be made.
    pub const fn has(self, name: &str) -> bool {
        self.0 & bit(name) != 0
    }
}

/// By FNV-1a (draft-eastlake-fnv), whose last bits are the weakest.
const fn bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    1 << (hash >> 32 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_it() {
        let parts = Parts::NONE.with("status").with("body");
        assert!(parts.has("status") && parts.has("body"));
        assert!(!Parts::NONE.has("status") && Parts::ALL.has("anything"));
        let names = ["reason", "version", "headers", "raw", "text", "size", "timing", "url", "hops"];
        assert!(names.iter().filter(|name| parts.has(name)).count() < 3);
    }
}
