//! The options of requests.

use std::time::Duration;

use super::specs::option_names;
use crate::diag::did_you_mean;
use crate::protocol::Misuse;
use crate::protocol::broker::Form;
use crate::protocol::tls::TlsOptions;
use crate::value::{Number, Object, Value, show_short};

/// How long a request may take unless it says so.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much `open` holds unless it says so.
const LIMIT: usize = 64 << 20;

/// The options of a request.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) timeout: Duration,
    pub(super) form: Form,
    pub(super) limit: usize,
    pub(super) channel: bool,
    pub(super) since: Option<String>,
    pub(super) group: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) tls: Option<TlsOptions>,
}

impl Options {
    pub(super) fn read(written: &Object) -> Result<Options, Misuse> {
        let mut options = Options {
            timeout: TIMEOUT,
            form: Form::Auto,
            limit: LIMIT,
            channel: false,
            since: None,
            group: None,
            consumer: None,
            user: None,
            password: None,
            tls: None,
        };
        for (name, value) in written.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
            let wrong = |wanted: &str| {
                let got = show_short(value, 60);
                Misuse::option(&**name, format!("`{name}` takes {wanted}, not {}: {got}", value.kind()))
            };
            let text = || value.as_text().map(str::to_owned).ok_or_else(|| wrong("text"));
            match &**name {
                "timeout" => {
                    let timeout = value.as_duration().filter(|timeout| !timeout.is_zero());
                    options.timeout = timeout.ok_or_else(|| wrong("a duration such as `2s`"))?;
                }
                "body" => options.form = Form::read(value)?,
                "limit" => {
                    let limit = value.as_number().and_then(Number::to_usize).filter(|limit| *limit > 0);
                    options.limit = limit.ok_or_else(|| wrong("a size such as `64MiB`"))?;
                }
                "channel" => options.channel = value.as_bool().ok_or_else(|| wrong("`true` or `false`"))?,
                "since" => options.since = Some(text()?),
                "group" => options.group = Some(text()?),
                "consumer" => options.consumer = Some(text()?),
                "user" => options.user = Some(text()?),
                "password" => options.password = Some(text()?),
                "tls" => {
                    let fields = value.as_object().ok_or_else(|| wrong("an object"))?;
                    options.tls = Some(TlsOptions::parse(fields)?);
                }
                _ => {
                    let misuse = Misuse::option(&**name, format!("Redis has no option `{name}`"));
                    return Err(match did_you_mean(name, option_names()) {
                        Some(advice) => misuse.help(advice),
                        None => misuse,
                    });
                }
            }
        }
        options.fit()?;
        Ok(options)
    }

    /// Refuses what does not go together.
    fn fit(&self) -> Result<(), Misuse> {
        if self.channel && (self.since.is_some() || self.group.is_some()) {
            return Err(Misuse::option(
                "channel",
                "a channel keeps nothing: it has no `since` and no `group`",
            ));
        }
        if self.consumer.is_some() && self.group.is_none() {
            return Err(Misuse::option("consumer", "`consumer` needs a `group` beside it"));
        }
        if self.user.is_some() && self.password.is_none() {
            return Err(Misuse::option("user", "`user` needs a `password` beside it"));
        }
        Ok(())
    }
}
