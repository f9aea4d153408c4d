//! The option `auth`, the same for every protocol that has an `authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Misuse;
use crate::value::{Tagged, Value, show_short};

/// `SCHEME CREDENTIALS` (RFC 9110 §11.4) of `basic("user", "password")` (RFC 7617),
/// `bearer(token)` (RFC 6750), or of text that is written so.
pub(crate) fn credentials(value: &Value) -> Result<String, Misuse> {
    let wrong = || {
        let got = show_short(value, 40);
        Misuse::option(
            "auth",
            format!(
                "`auth` must be `basic(\"user\", \"password\")` or `bearer(token)`, not {} {got}",
                value.kind()
            ),
        )
    };
    match value {
        Value::Text(text) if text.text.split_once(' ').is_some_and(|(scheme, _)| !scheme.is_empty()) => {
            Ok(text.text.to_string())
        }
        Value::Tagged(tagged) => match tagged.tag {
            "bearer" => Ok(format!("Bearer {}", field(tagged, "token").ok_or_else(wrong)?)),
            "basic" => {
                let user = field(tagged, "user").ok_or_else(wrong)?;
                let password = field(tagged, "password").unwrap_or_default();
                if user.contains(':') {
                    return Err(Misuse::option(
                        "auth",
                        "the user of `basic(…)` cannot have a `:` (RFC 7617 §2)",
                    ));
                }
                Ok(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn field<'a>(tagged: &'a Tagged, name: &str) -> Option<&'a str> {
    tagged.value.as_object().and_then(|fields| fields.get(name)).and_then(Value::as_text)
}
