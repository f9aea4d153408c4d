//! Where a broker is: a URL, its scheme left out at will.

use url::Url;

/// What the URL of a broker says. A broker's room reads the rest of it.
#[derive(Debug)]
pub(in crate::protocol) struct Address {
    pub(in crate::protocol) host: String,
    pub(in crate::protocol) port: u16,
    pub(in crate::protocol) tls: bool,
    pub(in crate::protocol) user: Option<String>,
    pub(in crate::protocol) password: Option<String>,
    /// Without its slashes.
    pub(in crate::protocol) path: String,
}

impl Address {
    /// Reads `url`, whose scheme is `plain` or, for TLS, `secure`, and whose port is `port` unless it
    /// says one. Errors: why it is none.
    pub(in crate::protocol) fn read(
        url: &str,
        (plain, secure): (&str, &str),
        port: u16,
    ) -> Result<Address, String> {
        let whole = if url.contains("://") { url.to_owned() } else { format!("{plain}://{url}") };
        let url = Url::parse(&whole).map_err(|error| error.to_string())?;
        let tls = url.scheme() == secure;
        if !tls && url.scheme() != plain {
            return Err(format!("its scheme is neither `{plain}` nor `{secure}`"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        Ok(Address {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            user: Some(url.username()).filter(|user| !user.is_empty()).map(decoded),
            password: url.password().map(decoded),
            path: url.path().trim_matches('/').to_owned(),
        })
    }
}
