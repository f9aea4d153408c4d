//! Addresses of mail.

use super::form::permuted;
use super::keyed::Key;

/// Another address: the local part and the labels of the host by permutation, at `.test`, which
/// belongs to nobody (RFC 2606 §2).
pub(super) fn email(key: &Key, domain: &[&[u8]], text: &str) -> Result<String, String> {
    let wrong = || "it is no e-mail address".to_owned();
    let (local, host) = text.rsplit_once('@').ok_or_else(wrong)?;
    let labels = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if local.is_empty() || host.is_empty() || local.contains(char::is_whitespace) || !host.chars().all(labels) {
        return Err(wrong());
    }
    let mut of_local = domain.to_vec();
    of_local.extend([&b"local"[..], host.as_bytes()]);
    let mut of_host = domain.to_vec();
    of_host.push(b"host");
    Ok(format!("{}@{}.test", permuted(key, &of_local, local)?, permuted(key, &of_host, host)?))
}
