//! Credentials of a user: an Ed25519 seed in the form of nkeys
//! (<https://github.com/nats-io/nkeys>), alone or beside a JWT in a `.creds` file.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The first five bits of a seed: `S`.
const SEED: u8 = 18 << 3;
/// The first five bits of a user's key: `U`.
const USER: u8 = 20 << 3;

/// A user's key.
pub(super) struct Nkey {
    pair: Ed25519KeyPair,
}

impl Nkey {
    /// Of a seed such as `SUAC…`. Errors: what is wrong with it, never the seed.
    pub(super) fn of_seed(seed: &str) -> Result<Nkey, &'static str> {
        let bytes = from_base32(seed.trim()).ok_or("it has characters that no nkey has")?;
        let [first, second, key @ .., low, high] = &*bytes else { return Err("it is too short") };
        if key.len() != 32 {
            return Err("it has not the length of a seed");
        }
        if first & 0xf8 != SEED {
            return Err("it is no seed: a seed begins with `S`");
        }
        if (first & 7) << 5 | second >> 3 != USER {
            return Err("it is not the seed of a user: that begins with `SU`");
        }
        if crc16(&bytes[..bytes.len() - 2]) != u16::from_le_bytes([*low, *high]) {
            return Err("its checksum does not fit: a character is wrong");
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(key).map_err(|_| "it is no Ed25519 seed")?;
        Ok(Nkey { pair })
    }

    /// `UABC…`
    pub(super) fn public(&self) -> String {
        let mut bytes = vec![USER];
        bytes.extend_from_slice(self.pair.public_key().as_ref());
        let sum = crc16(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        to_base32(&bytes)
    }

    /// The signature of what the server wants signed.
    pub(super) fn sign(&self, nonce: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(nonce.as_bytes()))
    }
}

/// The JWT and the seed in a `.creds` file.
pub(super) fn creds(text: &str) -> Option<(&str, &str)> {
    let part = |what: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| line.starts_with("---") && line.contains(&format!("BEGIN {what}")))?;
        lines.find(|line| !line.is_empty()).filter(|line| !line.starts_with('-'))
    };
    Some((part("NATS USER JWT")?, part("USER NKEY SEED")?))
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for c in text.bytes() {
        let value = BASE32.iter().position(|known| *known == c)? as u32;
        (bits, count) = (bits << 5 | value, count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

fn to_base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut count) = (String::new(), 0_u32, 0);
    for byte in bytes {
        (bits, count) = (bits << 8 | u32::from(*byte), count + 8);
        while count >= 5 {
            count -= 5;
            text.push(BASE32[(bits >> count) as usize & 31] as char);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(BASE32[(bits << (5 - count)) as usize & 31] as char);
    }
    text
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_and_the_letters_are_those_of_the_standards() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(to_base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(from_base32("MZXW6YTBOI").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(from_base32("mzxw"), None);
    }

    #[test]
    fn a_seed_gives_its_key_or_says_what_is_wrong() {
        let mut bytes = vec![SEED | USER >> 5, (USER & 31) << 3];
        bytes.extend([7; 32]);
        let sum = crc16(&bytes);
        bytes.extend(sum.to_le_bytes());
        let seed = to_base32(&bytes);
        assert!(seed.starts_with("SU"), "{seed}");
        let key = Nkey::of_seed(&seed).unwrap();
        assert!(key.public().starts_with('U') && key.public().len() == 56, "{}", key.public());
        let wrong = |text: &str| Nkey::of_seed(text).err().unwrap();
        assert!(wrong("SU").contains("short"));
        assert!(wrong("not base32!").contains("characters"));
        let other = seed.replace(|c| c == seed.chars().nth(20).unwrap(), "Q");
        assert!(wrong(&other).contains("checksum"), "{other}");
        assert!(wrong(&key.public()).len() > 5);
    }

    #[test]
    fn the_pair_of_the_documentation_is_a_pair() {
        let key = Nkey::of_seed("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY").unwrap();
        assert_eq!(key.public(), "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4");
    }

    #[test]
    fn a_creds_file_has_both_parts() {
        let text = "-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\nSUAB\n------END USER NKEY SEED------\n";
        assert_eq!(creds(text), Some(("eyJ0", "SUAB")));
        assert_eq!(creds("-----BEGIN NATS USER JWT-----\n------END NATS USER JWT------"), None);
        assert_eq!(creds(""), None);
    }
}
