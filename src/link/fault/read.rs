//! Reading a fault from its evaluated arguments.

use std::sync::Arc;
use std::time::Duration;

use super::{Counted, Fault, Kind, SPECS, Select};
use crate::diag::did_you_mean;
use crate::lang::Refusal;
use crate::protocol::{Misuse, grpc};
use crate::shape::DrawKey;
use crate::value::{Key, Number, Object, Value, show};

/// The error codes of RFC 9113 §7, by number.
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];
const REFUSED_STREAM: u32 = 7;

/// The fault with this name and these arguments, each under the name of its parameter; `per` is the
/// argument of that name. The error names the argument at fault in [`Misuse::option`].
pub fn read(
    name: &str,
    args: &Object,
    per: Option<Key>,
    written: Arc<str>,
    key: DrawKey,
) -> Result<Fault, Misuse> {
    let Some(spec) = SPECS.iter().find(|spec| spec.name == name) else {
        let advice = did_you_mean(name, SPECS.iter().map(|spec| spec.name));
        let misuse = Misuse::new(format!("there is no fault `{name}` of links"));
        return Err(advice.into_iter().fold(misuse, Misuse::help));
    };
    let names = || spec.params.iter().map(|param| param.name);
    if let Some(odd) = args.keys().find(|arg| !names().any(|name| name == &***arg)) {
        let misuse = Misuse::option(&**odd, format!("`{name}` has no parameter `{odd}`"));
        return Err(did_you_mean(odd, names()).into_iter().fold(misuse, Misuse::help));
    }
    if per.is_some() && !names().any(|name| name == "per") {
        return Err(Misuse::option("per", format!("`{name}` has no parameter `per`")));
    }
    let args = Args(args);
    let kind = match name {
        "latency" => {
            Kind::Latency { by: args.needed("by")?, jitter: args.duration("jitter", Duration::ZERO)? }
        }
        "bandwidth" => Kind::Bandwidth { rate: args.at_least_one("rate", None)? },
        "slice" => Kind::Slice {
            size: args.at_least_one("size", None)?,
            pause: args.duration("pause", Duration::from_millis(1))?,
        },
        "reset" => Kind::Reset { at: args.count("at")?.unwrap_or(0) },
        "timeout" => Kind::Timeout,
        "slow_close" => Kind::SlowClose { by: args.needed("by")? },
        "half_open" => Kind::HalfOpen,
        "corrupt" => Kind::Corrupt { every: args.at_least_one("every", Some(1024))? },
        "truncate" => Kind::Truncate { at: args.count("at")?.unwrap_or(0) },
        "lost_request" => Kind::LostRequest,
        "lost_response" => Kind::LostResponse,
        "duplicate" => {
            let times = args.at_least_one("times", Some(1))?;
            Kind::Duplicate { times: u32::try_from(times).map_err(|_| args.wrong("times", "so many"))? }
        }
        "delay" => Kind::Delay { by: args.needed("by")?, jitter: args.duration("jitter", Duration::ZERO)? },
        "reorder" => Kind::Reorder { within: args.duration("within", Duration::from_secs(1))? },
        "status" => Kind::Status { status: args.status()?, headers: args.headers()? },
        "goaway" => Kind::Goaway,
        _ => Kind::RstStream { code: args.code()? },
    };
    // The faults of bytes have an `every` of their own, and none of the rest.
    let select = if kind.is_of_bytes() { Select::default() } else { args.select(per)? };
    Ok(Fault { written, kind, select, key, trace: None, counted: Counted::default() })
}

/// The argument that no fault of this name takes, among those that are known before a run.
pub(super) fn refuses(name: &str, known: &Object) -> Option<Refusal> {
    let Misuse { message, option, help } = read(name, known, None, Arc::from(""), DrawKey::new(0)).err()?;
    Some(Refusal { argument: option?, message, help })
}

/// Names and values.
type Headers = Vec<(Arc<str>, Arc<str>)>;

struct Args<'a>(&'a Object);

impl Args<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !matches!(value, Value::Absent))
    }

    fn wrong(&self, name: &str, expected: &str) -> Misuse {
        match self.get(name) {
            Some(value) => Misuse::option(name, format!("`{name}` must be {expected}, not {}", show(value))),
            None => Misuse::option(name, format!("`{name}` is missing: it must be {expected}")),
        }
    }

    fn needed(&self, name: &str) -> Result<Duration, Misuse> {
        let wrong = || self.wrong(name, "a duration such as `200ms`");
        self.get(name).and_then(Value::as_duration).ok_or_else(wrong)
    }

    fn duration(&self, name: &str, default: Duration) -> Result<Duration, Misuse> {
        if self.get(name).is_some() { self.needed(name) } else { Ok(default) }
    }

    fn count(&self, name: &str) -> Result<Option<u64>, Misuse> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let count = value.as_number().and_then(Number::to_usize).map(|count| count as u64);
        count.map(Some).ok_or_else(|| self.wrong(name, "a whole number, 0 or more"))
    }

    fn at_least_one(&self, name: &str, default: Option<u64>) -> Result<u64, Misuse> {
        let wrong = || self.wrong(name, "a whole number, 1 or more");
        self.count(name)?.or(default).filter(|count| *count > 0).ok_or_else(wrong)
    }

    fn positive(&self, name: &str) -> Result<Option<u64>, Misuse> {
        if self.get(name).is_some() { self.at_least_one(name, None).map(Some) } else { Ok(None) }
    }

    fn text(&self, name: &str) -> Result<Option<Arc<str>>, Misuse> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.text.clone())),
            Some(_) => Err(self.wrong(name, "text")),
        }
    }

    fn select(&self, per: Option<Key>) -> Result<Select, Misuse> {
        let route = self.text("route")?;
        if route.as_ref().is_some_and(|route| !route.starts_with('/')) {
            return Err(self.wrong("route", "a path such as `/v1/orders/{id}`"));
        }
        Ok(Select {
            method: self.text("method")?,
            route,
            nth: self.positive("nth")?,
            first: self.positive("first")?,
            every: self.positive("every")?,
            share: self.share()?,
            per,
            of: None,
        })
    }

    /// In millionths.
    fn share(&self) -> Result<Option<u32>, Misuse> {
        let Some(value) = self.get("share") else { return Ok(None) };
        let share = value.as_number().and_then(|number| number.to_string().parse::<f64>().ok());
        let share = share.filter(|share| *share <= 1.0).map(|share| (share * 1_000_000.0).round());
        // A share of nothing hits nothing, and would be taken for chance.
        let share = share.filter(|share| *share >= 1.0);
        let share = share.ok_or_else(|| self.wrong("share", "a number above 0 and up to 1"))?;
        Ok(Some(share as u32))
    }

    fn status(&self) -> Result<Value, Misuse> {
        let wrong = || {
            self.wrong("code", "an HTTP status from 200 to 599, or a gRPC status")
                .help("such as `503` or `UNAVAILABLE`")
        };
        match self.get("code") {
            Some(value @ Value::Text(text)) => match grpc::constant(&text.text) {
                Some(_) => Ok(value.clone()),
                None => {
                    let names = grpc::status::CODES.iter().map(|(name, _)| *name);
                    Err(did_you_mean(&text.text, names).into_iter().fold(wrong(), Misuse::help))
                }
            },
            Some(value @ Value::Number(number)) => {
                let valid = number.to_usize().is_some_and(|status| (200..=599).contains(&status));
                if valid { Ok(value.clone()) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }

    fn headers(&self) -> Result<Headers, Misuse> {
        let Some(value) = self.get("headers") else { return Ok(Vec::new()) };
        let wrong = || self.wrong("headers", "an object of texts and numbers");
        let mut headers = Vec::new();
        for (name, value) in value.as_object().ok_or_else(wrong)? {
            let text: Arc<str> = match value {
                Value::Text(text) => text.text.clone(),
                Value::Number(number) => number.to_string().into(),
                _ => return Err(wrong()),
            };
            let valid =
                http::HeaderName::try_from(&**name).is_ok() && http::HeaderValue::try_from(&*text).is_ok();
            if !valid {
                return Err(Misuse::option(
                    "headers",
                    format!("`{name}` cannot be a header with this value"),
                ));
            }
            headers.push((name.clone(), text));
        }
        Ok(headers)
    }

    fn code(&self) -> Result<u32, Misuse> {
        let wrong = || self.wrong("code", "an error code of RFC 9113 §7, such as `\"CANCEL\"` or `8`");
        match self.get("code") {
            None => Ok(REFUSED_STREAM),
            Some(Value::Text(text)) => {
                let found = CODES.iter().position(|code| *code == &*text.text);
                found
                    .and_then(|code| u32::try_from(code).ok())
                    .ok_or_else(|| did_you_mean(&text.text, CODES).into_iter().fold(wrong(), Misuse::help))
            }
            Some(_) => self.count("code")?.and_then(|code| u32::try_from(code).ok()).ok_or_else(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(args: &[(&str, Value)]) -> Object {
        args.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect()
    }

    fn fault(name: &str, given: &[(&str, Value)]) -> Result<Fault, Misuse> {
        read(name, &args(given), None, name.into(), DrawKey::new(1))
    }

    /// The least that each fault must be given.
    fn least(name: &str) -> Vec<(&'static str, Value)> {
        match name {
            "latency" | "slow_close" | "delay" => vec![("by", Value::duration(Duration::from_millis(5)))],
            "bandwidth" => vec![("rate", Value::int(1))],
            "slice" => vec![("size", Value::int(1))],
            "status" => vec![("code", Value::int(503))],
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_fault_of_the_registry_is_read_under_its_own_name() {
        for spec in SPECS {
            let fault = fault(spec.name, &least(spec.name)).unwrap();
            assert_eq!(fault.name(), spec.name);
            let of_messages = spec.params.iter().any(|param| param.name == "nth");
            assert_eq!(fault.kind.is_of_bytes(), !of_messages, "{}", spec.name);
        }
        assert_eq!(fault("latncy", &[]).unwrap_err().help.unwrap(), "did you mean `latency`?");
    }

    #[test]
    fn what_must_be_given_is_missed() {
        for spec in SPECS {
            for param in spec.params.iter().filter(|param| param.required) {
                let misuse = fault(spec.name, &[]).unwrap_err();
                assert_eq!(misuse.option.as_deref(), Some(param.name), "{}", misuse.message);
                assert!(misuse.message.contains("is missing"), "{}", misuse.message);
            }
        }
    }

    #[test]
    fn wrong_arguments_are_named() {
        let by = ("by", Value::duration(Duration::from_millis(5)));
        for (name, given, option) in [
            ("latency", vec![by.clone(), ("jiter", Value::int(1))], "jiter"),
            ("latency", vec![("by", Value::int(5))], "by"),
            ("delay", vec![by, ("share", Value::int(2))], "share"),
            ("lost_request", vec![("nth", Value::int(0))], "nth"),
            ("lost_request", vec![("first", Value::int(-1))], "first"),
            ("lost_request", vec![("route", Value::text("orders"))], "route"),
            ("duplicate", vec![("times", Value::int(0))], "times"),
            ("status", vec![("code", Value::int(42))], "code"),
            ("status", vec![("code", Value::text("UNAVAILBLE"))], "code"),
            ("status", vec![("code", Value::int(503)), ("headers", Value::int(1))], "headers"),
            ("rst_stream", vec![("code", Value::text("CANCELED"))], "code"),
            ("corrupt", vec![("every", Value::int(0))], "every"),
        ] {
            let misuse = fault(name, &given).unwrap_err();
            assert_eq!(misuse.option.as_deref(), Some(option), "{name}: {}", misuse.message);
        }
    }

    #[test]
    fn shares_and_codes_are_exact() {
        let share = crate::value::from_json(b"0.3").unwrap();
        assert_eq!(fault("goaway", &[("share", share)]).unwrap().select.share, Some(300_000));
        let cancel = fault("rst_stream", &[("code", Value::text("CANCEL"))]).unwrap();
        assert!(matches!(cancel.kind, Kind::RstStream { code: 8 }));
    }
}
