//! A request of HTTP/1.1 under faults.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::pump::{Broken, Sink, Tail, answer, asks, pump};
use super::{After, Ask, Http1, ended};
use crate::link::HELD;
use crate::link::calls::log::{Call, Headers};
use crate::link::head::{self, Read};
use crate::link::near::{Conn, NearWrite};
use crate::link::work::{self, End, Message, Plan, Work};
use crate::protocol::ErrorKind;
use crate::value::Value;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Http1 {
    pub(super) async fn under(&mut self, call: Call, mut ask: Ask) -> After {
        let works = self.conn.shared.works(false);
        let mut request = None;
        if work::needs_body(&works) {
            request = match self.gather(&call, &mut ask).await {
                Ok(request) => Some(request),
                Err(after) => return after,
            };
        }
        let from_client = &*self.conn.shared.spec.from == "client";
        let message = Message { call: &call, is_h2: false, is_stream: false, from_client };
        let mut plan = work::plan(&works, &message);
        let hides = matches!(plan.end, Some((End::LostResponse, _)));
        if request.is_none() && (plan.gathers() || hides) {
            request = match self.gather(&call, &mut ask).await {
                Ok(request) => Some(request),
                Err(after) => return after,
            };
        }
        plan.wait().await;
        match plan.end.take() {
            Some((End::LostRequest | End::Reset(_), work)) => {
                // A caller that waits for leave to send its body would wait for ever.
                if request.is_none() && !ask.expects {
                    tokio::select! {
                        _ = self.drain(&call, &mut ask) => {}
                        () = work.ended.cancelled() => {}
                    }
                }
                call.fail(ErrorKind::Reset, "the link lost the request and reset the connection");
                After::Reset
            }
            Some((End::LostResponse, work)) => {
                self.lose_response(&call, &request.unwrap_or_default(), &work).await;
                After::Reset
            }
            Some((End::Status { status, headers }, _)) => {
                let is_whole = request.is_some();
                if !is_whole
                    && !ask.expects
                    && let Err(after) = self.drain(&call, &mut ask).await
                {
                    return after;
                }
                let closes = ask.closes || ask.expects && !is_whole;
                self.say(&call, &status, &headers, closes).await
            }
            None => match request {
                Some(request) => self.send(&call, &request, plan).await,
                None => self.pass(call, ask).await,
            },
        }
    }

    /// Reads the whole request and keeps it; a caller that waits for leave to send its body gets it.
    async fn gather(&mut self, call: &Call, ask: &mut Ask) -> Result<Vec<u8>, After> {
        if ask.expects && self.out.write_all(CONTINUE).await.is_err() {
            return Err(After::Reset);
        }
        let mut request = Vec::new();
        self.read(call, ask, Sink::Hold(&mut request)).await?;
        Ok(request)
    }

    /// Reads the whole request, of whatever length, which goes nowhere.
    async fn drain(&mut self, call: &Call, ask: &mut Ask) -> Result<(), After> {
        self.read(call, ask, Sink::Nothing).await
    }

    async fn read(&mut self, call: &Call, ask: &mut Ask, mut sink: Sink<'_, NearWrite>) -> Result<(), After> {
        let (near, buffer) = (&mut self.near, &mut self.buffer);
        match pump(near, buffer, ask.length, &mut ask.framing, &mut sink, asks(call)).await {
            Err(Broken::Write(_)) => {
                let why = format!("a fault must hold the request back, and it is longer than {HELD} bytes");
                call.fail(ErrorKind::Protocol, why);
                self.conn.shared.works(false).iter().for_each(|work| work.overflows());
                Err(After::Reset)
            }
            Ok(()) => Ok(()),
            Err(Broken::Malformed) => {
                call.fail(ErrorKind::Protocol, "the request's body is not chunked as it says");
                Err(After::Reset)
            }
            Err(_) => {
                call.fail(
                    ErrorKind::Cancelled,
                    "the caller closed the connection before its request was complete",
                );
                Err(After::Reset)
            }
        }
    }

    /// The service does its work and answers; nobody hears.
    async fn lose_response(&mut self, call: &Call, request: &[u8], work: &Arc<Work>) {
        let method = call.head().method.clone();
        call.hide();
        let mut nothing: Sink<'_, NearWrite> = Sink::Nothing;
        let work_done = async {
            self.reach().await?;
            let Some(far) = &mut self.far else { return Err(Broken::End) };
            far.write_all(request).await.map_err(Broken::Read)?;
            answer(far, &mut self.back, &mut nothing, call, &method).await
        };
        tokio::select! {
            tail = work_done => {
                if tail.is_err() {
                    ended(tail, call);
                }
            }
            () = work.ended.cancelled() => {
                call.fail(ErrorKind::Reset, "the fault ended before the service had answered");
            }
        }
    }

    /// Sends a request that was held back, and its copies.
    async fn send(&mut self, call: &Call, request: &[u8], plan: Plan) -> After {
        let method = call.head().method.clone();
        if let Err(broken) = self.reach().await {
            return ended(Err(broken), call);
        }
        let Some(far) = &mut self.far else { return After::Reset };
        if let Err(error) = far.write_all(request).await {
            return ended(Err(Broken::Read(error)), call);
        }
        let Some((times, work)) = &plan.copies else {
            let mut sink = Sink::To(&mut self.out);
            let tail = answer(far, &mut self.back, &mut sink, call, &method).await;
            return ended(tail, call);
        };
        let mut held = Vec::new();
        let mut sink: Sink<'_, NearWrite> = Sink::Hold(&mut held);
        let first = answer(far, &mut self.back, &mut sink, call, &method);
        let tail = tokio::select! {
            tail = first => tail,
            () = work.ended.cancelled() => {
                call.fail(ErrorKind::Reset, "the fault ended before the service had answered");
                return After::Reset;
            }
        };
        if let Err(Broken::Write(_)) = &tail {
            let why = format!("a fault must hold the answer back, and it is longer than {HELD} bytes");
            call.hide();
            call.fail(ErrorKind::Protocol, why);
            work.overflows();
            return After::Reset;
        }
        let copies = async {
            for _ in 0..*times {
                again(&self.conn, call, request).await;
            }
        };
        tokio::select! {
            () = copies => {}
            () = work.ended.cancelled() => {}
        }
        match self.out.write_all(&held).await {
            Ok(()) => ended(tail, call),
            Err(error) => ended(Err(Broken::Write(error)), call),
        }
    }

    /// Answers in place of the service.
    async fn say(
        &mut self,
        call: &Call,
        status: &Value,
        headers: &[(Arc<str>, Arc<str>)],
        closes: bool,
    ) -> After {
        let code = status.as_number().and_then(|status| status.to_usize()).unwrap_or(503) as u16;
        let reason = http::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason());
        let mut lines = String::new();
        for (name, value) in headers {
            lines += &format!("{name}: {value}\r\n");
        }
        if !matches!(code, 204 | 304) {
            lines += "content-length: 0\r\n";
        }
        if closes {
            lines += "connection: close\r\n";
        }
        lines += "\r\n";
        let answer = format!("HTTP/1.1 {code} {}\r\n{lines}", reason.unwrap_or_default());
        call.response(code, Headers::Lines(lines.into()));
        call.answered();
        match self.out.write_all(answer.as_bytes()).await {
            Ok(()) if closes => After::Close,
            Ok(()) => After::Next,
            Err(error) => ended(Err(Broken::Write(error)), call),
        }
    }
}

/// Sends a copy over a connection of its own; its answer is written down and goes nowhere.
async fn again(conn: &Arc<Conn>, of: &Call, request: &[u8]) {
    let copy = conn.shared.log.begin(of.head().clone());
    copy.hit("duplicate");
    copy.hide();
    if let Read::Head(mut parsed, length) = head::request(request) {
        // It was read before, so it can be read again.
        let _ = parsed.framing.read(&request[length..], |data| copy.request(data));
    }
    copy.requested();
    let upstream = conn.shared.upstream();
    let mut back = BytesMut::new();
    let mut nothing: Sink<'_, NearWrite> = Sink::Nothing;
    let sent = async {
        let mut far = TcpStream::connect(upstream).await.map_err(Broken::Read)?;
        far.write_all(request).await.map_err(Broken::Read)?;
        answer(&mut far, &mut back, &mut nothing, &copy, &of.head().method).await
    };
    let tail: Result<Tail, Broken> = sent.await;
    if tail.is_err() {
        ended(tail, &copy);
    }
}
