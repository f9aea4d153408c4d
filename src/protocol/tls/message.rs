//! What went wrong with a handshake, in one clear sentence.

use rustls::{AlertDescription, CertificateError};

use super::Asked;

/// Why the handshake with `url` failed.
pub(in crate::protocol) fn message(error: &rustls::Error, url: &str) -> String {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => certificate_message(error, url),
        E::InvalidMessage(_) => {
            format!("`{url}` does not speak TLS there: is it an `http://` address?")
        }
        E::AlertReceived(AlertDescription::CertificateRequired) => client_certificate(Asked::InVain, url),
        E::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError),
        ) => format!("`{url}` does not accept the client certificate (alert {alert:?})"),
        E::AlertReceived(AlertDescription::NoApplicationProtocol) | E::NoApplicationProtocol => {
            format!("`{url}` offers no protocol there (ALPN) that the client asked for")
        }
        E::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("`{url}` does not know this host name: set `tls: {{ server_name: \"…\" }}`")
        }
        E::AlertReceived(AlertDescription::ProtocolVersion) | E::PeerIncompatible(_) => {
            format!("`{url}` and the client have no TLS version or cipher in common: {error}")
        }
        error => format!("the TLS handshake with `{url}` failed: {error}"),
    }
}

/// That the server wants another client certificate than it got.
pub(in crate::protocol) fn client_certificate(asked: Asked, url: &str) -> String {
    match asked {
        Asked::InVain => {
            format!("`{url}` wants a client certificate: set `tls: {{ cert: \"…\", key: \"…\" }}`")
        }
        Asked::Answered => format!("`{url}` does not accept the client certificate"),
    }
}

fn certificate_message(error: &CertificateError, url: &str) -> String {
    use CertificateError as C;
    match error {
        C::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "no host".to_owned() } else { names.join(", ") };
            format!(
                "the certificate of `{url}` is not valid for `{}`; it is for {names}: call it by that name, or set `tls: {{ server_name: \"…\" }}`",
                expected.to_str()
            )
        }
        C::NotValidForName => format!("the certificate of `{url}` is not valid for that host name"),
        C::UnknownIssuer => format!(
            "the certificate of `{url}` is signed by an authority that is not trusted: set `tls: {{ ca: \"…\" }}`"
        ),
        C::BadSignature => format!(
            "the certificate of `{url}` is not signed by the authority whose name it bears: is `tls: {{ ca: \"…\" }}` out of date?"
        ),
        C::Expired | C::ExpiredContext { .. } => format!("the certificate of `{url}` has expired"),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            format!("the certificate of `{url}` is not valid yet: is the clock right?")
        }
        C::Revoked => format!("the certificate of `{url}` has been revoked"),
        error => format!("the certificate of `{url}` cannot be used: {error}"),
    }
}

/// `DnsName("a")` as rustls presents it, as `a`.
fn plain_name(name: &str) -> &str {
    name.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map_or(name, |(inner, _)| inner)
}
