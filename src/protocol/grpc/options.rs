//! The options of a request, checked and ready to use.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tonic::codec::CompressionEncoding;

use super::metadata::Entry;
use super::specs::option_names;
use crate::diag::did_you_mean;
use crate::protocol::tls::TlsOptions;
use crate::protocol::{Misuse, Session, credentials};
use crate::value::{Object, Value, show};

/// How long a call may take unless the option `deadline` says otherwise.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);
/// The largest message unless the option `max_size` says otherwise: what gRPC clients take.
const MAX_SIZE: usize = 4 << 20;

/// What the options say.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) metadata: Vec<Entry>,
    /// As set; the default depends on the verb.
    pub(super) deadline: Option<Duration>,
    pub(super) compression: Option<CompressionEncoding>,
    pub(super) tls: Option<TlsOptions>,
    /// In bytes.
    pub(super) max_size: usize,
    trace: bool,
}

impl Options {
    pub(super) fn parse(options: &Object) -> Result<Options, Misuse> {
        let mut parsed = Options {
            metadata: Vec::new(),
            deadline: None,
            compression: None,
            tls: None,
            max_size: MAX_SIZE,
            trace: true,
        };
        let mut auth = None;
        for (name, value) in options {
            match &**name {
                // An option that is absent is one that is not given.
                _ if matches!(value, Value::Absent) => {}
                "metadata" => parsed.metadata = Entry::parse(object(name, value)?)?,
                "deadline" => parsed.deadline = Some(deadline(value)?),
                "compression" => parsed.compression = Some(compression(value)?),
                "tls" => parsed.tls = Some(TlsOptions::parse(object(name, value)?)?),
                "max_size" => parsed.max_size = size(value)?,
                "auth" => auth = Some(authorization(value)?),
                "trace" => {
                    parsed.trace =
                        value.as_bool().ok_or_else(|| ill_typed(name, "`true` or `false`", value))?;
                }
                "contract" => {
                    if value.as_text() != Some("ignore") {
                        return Err(ill_typed(name, "`ignore`", value));
                    }
                }
                _ => {
                    let misuse = Misuse::option(&**name, format!("gRPC has no option `{name}`"));
                    let advice = match &**name {
                        "timeout" => Some("the option is called `deadline`".to_owned()),
                        "headers" => Some("the option is called `metadata`".to_owned()),
                        _ => did_you_mean(name, option_names()),
                    };
                    return Err(match advice {
                        Some(advice) => misuse.help(advice),
                        None => misuse,
                    });
                }
            }
        }
        // Metadata that is written out wins over the credentials of the service.
        if let Some(auth) = auth.filter(|_| !parsed.sets(&header::AUTHORIZATION)) {
            parsed.metadata.push(auth);
        }
        Ok(parsed)
    }

    fn sets(&self, name: &HeaderName) -> bool {
        self.metadata.iter().any(|entry| entry.name == *name)
    }

    /// What is sent: the metadata with the trace context of the scenario.
    pub(super) fn with_trace(mut self, session: &Session, span: Option<u64>) -> Options {
        let name = HeaderName::from_static("traceparent");
        let parent = format!("00-{}-{}-01", session.trace_id, span_id(span));
        if self.trace
            && !self.sets(&name)
            && let Ok(value) = HeaderValue::try_from(parent)
        {
            self.metadata.push(Entry { name, value, secret: false });
        }
        self
    }

    /// The metadata as headers, with the deadline that is left.
    pub(super) fn headers(&self, deadline: Option<Duration>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for entry in &self.metadata {
            let mut value = entry.value.clone();
            value.set_sensitive(entry.secret);
            headers.append(entry.name.clone(), value);
        }
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("scn/", env!("CARGO_PKG_VERSION"))));
        if let Some(value) = deadline.and_then(|deadline| HeaderValue::try_from(grpc_timeout(deadline)).ok())
        {
            headers.insert("grpc-timeout", value);
        }
        headers
    }
}

/// A span id that no other request of this process has (W3C Trace Context §3.2.2.4); never zero.
fn span_id(span: Option<u64>) -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    if let Some(span) = span {
        return format!("{:016x}", span.max(1));
    }
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static KEY: LazyLock<std::hash::RandomState> = LazyLock::new(std::hash::RandomState::new);
    let mut hasher = KEY.build_hasher();
    hasher.write_u64(NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{:016x}", hasher.finish().max(1))
}

/// At most eight digits and a unit, the most exact that fits.
fn grpc_timeout(deadline: Duration) -> String {
    const UNITS: [(u128, char); 5] =
        [(1, 'n'), (1_000, 'u'), (1_000_000, 'm'), (1_000_000_000, 'S'), (60_000_000_000, 'M')];
    let nanos = deadline.as_nanos();
    let (size, unit) = UNITS.into_iter().find(|(size, _)| nanos / size < 100_000_000).unwrap_or(UNITS[4]);
    format!("{}{unit}", (nanos / size).min(99_999_999))
}

fn ill_typed(name: &str, expected: &str, value: &Value) -> Misuse {
    Misuse::option(name, format!("`{name}` must be {expected}, not {} {}", value.kind(), show(value)))
}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Object, Misuse> {
    value.as_object().ok_or_else(|| ill_typed(name, "an object", value))
}

fn deadline(value: &Value) -> Result<Duration, Misuse> {
    value.as_duration().ok_or_else(|| ill_typed("deadline", "a duration such as `2s`", value))
}

fn size(value: &Value) -> Result<usize, Misuse> {
    let size = value.as_number().and_then(|number| number.to_usize());
    size.ok_or_else(|| ill_typed("max_size", "a size such as `64MiB`", value))
}

fn compression(value: &Value) -> Result<CompressionEncoding, Misuse> {
    match value.as_text() {
        Some("gzip") => Ok(CompressionEncoding::Gzip),
        Some("zstd") => Ok(CompressionEncoding::Zstd),
        _ => Err(ill_typed("compression", "`\"gzip\"` or `\"zstd\"`", value)),
    }
}

fn authorization(value: &Value) -> Result<Entry, Misuse> {
    let value = HeaderValue::try_from(credentials(value)?)
        .map_err(|_| Misuse::option("auth", "the credentials have a control character"))?;
    Ok(Entry { name: header::AUTHORIZATION, value, secret: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_at_most_eight_digits() {
        assert_eq!(grpc_timeout(Duration::from_secs(2)), "2000000u");
        assert_eq!(grpc_timeout(Duration::from_millis(250)), "250000u");
        assert_eq!(grpc_timeout(Duration::from_secs(100)), "100000m");
        assert_eq!(grpc_timeout(Duration::from_nanos(5)), "5n");
        assert_eq!(grpc_timeout(Duration::MAX), "99999999M");
    }

    #[test]
    fn span_ids_differ() {
        let (a, b) = (span_id(None), span_id(None));
        assert!(a != b && a.len() == 16);
    }
}
