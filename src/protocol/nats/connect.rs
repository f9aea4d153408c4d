//! From an address to a connection that the server has accepted; and what its errors mean.

use serde_json::{Map, Value as Json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connection::Info;
use super::target::{Login, Target};
use super::wire::{Op, Ops, Parser};
use crate::protocol::ErrorKind;
use crate::protocol::broker::{Fault, Io, Secure, encrypt, tcp};
use crate::protocol::tls::{self, TlsMaterial};

/// What was read past the greeting, and what the server said of itself.
type Greeted = (Box<dyn Io>, Parser, Info);

/// Connects and waits for the server's greeting: it is there, and it is NATS.
pub(super) async fn greet(target: &Target) -> Result<Greeted, Fault> {
    let shown = &target.shown;
    let (mut io, mut parser) = (tcp(&target.host, target.port, shown).await?, Parser::default());
    match next(&mut io, &mut parser, shown).await? {
        Op::Info(json) => Ok((io, parser, info(&json, shown)?)),
        Op::Error(text) => Err(fault(&text, shown).0),
        _ => Err(Fault::broken(ErrorKind::Protocol, format!("`{shown}` does not begin as NATS does"))),
    }
}

/// Connects, and logs in.
pub(super) async fn open(target: &Target, login: &Login, secure: Option<Secure>) -> Result<Greeted, Fault> {
    let shown = &target.shown;
    let (mut io, mut parser, info) = greet(target).await?;
    let encrypted = secure.is_some() || target.tls || info.tls_required;
    let mut asked = None;
    if encrypted {
        let secure = match secure {
            Some(secure) => secure,
            None => Secure::new(&TlsMaterial::default())
                .map_err(|misuse| Fault::broken(ErrorKind::Tls, misuse.message))?,
        };
        asked = Some(secure.asked.clone());
        io = encrypt(io, secure, &target.host, shown).await?;
    }
    let mut hello = Map::new();
    let mut say = |name: &str, value: Json| hello.insert(name.to_owned(), value);
    say("verbose", false.into());
    // The server itself refuses subjects that are none.
    say("pedantic", true.into());
    say("tls_required", encrypted.into());
    say("name", "scn".into());
    say("lang", "rust".into());
    say("version", env!("CARGO_PKG_VERSION").into());
    say("protocol", 1.into());
    say("echo", true.into());
    say("headers", true.into());
    say("no_responders", true.into());
    let proof = login.prove(info.nonce.as_deref()).map_err(|why| Fault::new("permission", why))?;
    for (name, value) in proof.fields {
        say(name, value.into());
    }
    let mut ops = Ops::default();
    ops.connect(&Json::Object(hello).to_string());
    ops.ping();
    let sent = async {
        io.write_all(&ops.bytes()).await?;
        io.flush().await
    };
    sent.await.map_err(|error| Fault::of_io(&error, shown))?;
    loop {
        match next(&mut io, &mut parser, shown).await {
            Ok(Op::Pong) => return Ok((io, parser, info)),
            Ok(Op::Error(text)) => return Err(fault(&text, shown).0),
            Ok(_) => {}
            // A server that wants a certificate and got none hangs up, and says so in TLS 1.3 only now.
            Err(fault) => {
                let asked = asked.as_ref().and_then(|asked| asked.get().copied());
                return Err(match asked {
                    Some(asked)
                        if fault.kind == ErrorKind::Reset.word() || fault.kind == ErrorKind::Tls.word() =>
                    {
                        Fault::broken(ErrorKind::Tls, tls::client_certificate(asked, shown))
                    }
                    _ => fault,
                });
            }
        }
    }
}

async fn next(io: &mut Box<dyn Io>, parser: &mut Parser, shown: &str) -> Result<Op, Fault> {
    loop {
        match parser.next() {
            Ok(Some(op)) => return Ok(op),
            Ok(None) => {}
            Err(why) => {
                return Err(Fault::broken(
                    ErrorKind::Protocol,
                    format!("`{shown}` does not speak NATS: {why}"),
                ));
            }
        }
        match io.read_buf(parser.buffer()).await {
            Ok(0) => {
                let message = format!("`{shown}` closed the connection before it had greeted");
                return Err(Fault::broken(ErrorKind::Reset, message));
            }
            Ok(_) => {}
            Err(error) => return Err(Fault::of_io(&error, shown)),
        }
    }
}

fn info(json: &[u8], shown: &str) -> Result<Info, Fault> {
    serde_json::from_slice(json).map_err(|error| {
        Fault::broken(ErrorKind::Protocol, format!("`{shown}` says of itself what is no JSON: {error}"))
    })
}

/// What an error of the server means, and whether it hangs up over it.
pub(super) fn fault(text: &str, shown: &str) -> (Fault, bool) {
    let lower = text.to_lowercase();
    let is = |what: &[&str]| what.iter().any(|what| lower.contains(what));
    let said = |kind: &'static str| Fault::new(kind, format!("`{shown}` says: {text}"));
    if lower.starts_with("permissions violation") {
        return (said("permission"), false);
    }
    if is(&["invalid subject", "invalid publish subject"]) {
        return (said("subject"), false);
    }
    let fault = if is(&["authorization violation", "authentication", "account"]) {
        Fault::new("permission", format!("`{shown}` refuses this login: {text}"))
    } else if is(&["maximum payload"]) {
        said("too_large")
    } else if is(&["slow consumer"]) {
        said("slow_consumer")
    } else if is(&["maximum connections", "server shutdown"]) {
        said(ErrorKind::Refused.word())
    } else if is(&["tls required"]) {
        said(ErrorKind::Tls.word())
    } else if is(&["stale connection"]) {
        said(ErrorKind::Reset.word())
    } else {
        said(ErrorKind::Protocol.word())
    };
    (fault, true)
}
