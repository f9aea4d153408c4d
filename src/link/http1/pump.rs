//! Moving a message of HTTP/1.1 from one side to the other.

use std::io;

use bytes::{Buf as _, BytesMut};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::link::HELD;
use crate::link::calls::log::Call;
use crate::link::framing::Framing;
use crate::link::head::{self, Read};

const SMALL: usize = 16 << 10;
const LARGE: usize = 128 << 10;

/// Where bytes go.
pub(super) enum Sink<'a, W> {
    To(&'a mut W),
    /// Kept for later, up to [`HELD`] bytes.
    Hold(&'a mut Vec<u8>),
    Nothing,
}

impl<W: AsyncWrite + Unpin> Sink<'_, W> {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::To(to) => to.write_all(bytes).await,
            Sink::Hold(held) if held.len() + bytes.len() > HELD => Err(io::ErrorKind::FileTooLarge.into()),
            Sink::Hold(held) => {
                held.extend_from_slice(bytes);
                Ok(())
            }
            Sink::Nothing => Ok(()),
        }
    }
}

/// Why a message did not pass whole.
#[derive(Debug)]
pub(super) enum Broken {
    /// The side it comes from ended too early.
    End,
    Read(io::Error),
    Write(io::Error),
    /// It is not what its head says; what was not passed on is still in the buffer.
    Malformed,
    /// The service cannot be reached.
    Refused(io::Error),
}

/// What follows an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Another request.
    Next,
    /// Something else than HTTP.
    Tunnel,
    /// Nothing: the end of the connection was the end of the answer.
    End,
}

/// What of a message passes, told before it is written: whoever has all of it finds it told.
pub(super) enum Passed<'a> {
    Data(&'a [u8]),
    /// The message is complete; with its trailers.
    End(Option<HeaderMap>),
}

/// Writes a request down.
pub(super) fn asks(call: &Call) -> impl FnMut(Passed<'_>) {
    |passed| match passed {
        Passed::Data(data) => call.request(data),
        Passed::End(_) => call.requested(),
    }
}

/// Writes an answer down.
fn answers(call: &Call) -> impl FnMut(Passed<'_>) {
    |passed| match passed {
        Passed::Data(data) => call.answer(data),
        Passed::End(trailers) => {
            if let Some(trailers) = trailers {
                call.trailers(trailers);
            }
            call.answered();
        }
    }
}

/// Reads more; 0 is the end.
pub(super) async fn fill<R: AsyncRead + Unpin>(from: &mut R, buffer: &mut BytesMut) -> io::Result<usize> {
    if buffer.capacity() - buffer.len() < SMALL / 2 {
        // What does not fit twice is large.
        buffer.reserve(if buffer.capacity() == 0 { SMALL } else { LARGE });
    }
    from.read_buf(buffer).await
}

/// Moves a message to its end. Its first `ready` bytes, the head, are at the front of the buffer.
pub(super) async fn pump<R, W>(
    from: &mut R,
    buffer: &mut BytesMut,
    mut ready: usize,
    framing: &mut Framing,
    sink: &mut Sink<'_, W>,
    mut tell: impl FnMut(Passed<'_>),
) -> Result<(), Broken>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let read = framing.read(&buffer[ready..], |data| tell(Passed::Data(data)));
        let count = ready + read.map_err(|_| Broken::Malformed)?;
        ready = 0;
        if framing.is_done() {
            tell(Passed::End(framing.trailers()));
        }
        if count > 0 {
            sink.write(&buffer[..count]).await.map_err(Broken::Write)?;
            buffer.advance(count);
        }
        if framing.is_done() {
            return Ok(());
        }
        match fill(from, buffer).await {
            Ok(0) if framing.is_until_end() => {
                tell(Passed::End(None));
                return Ok(());
            }
            Ok(0) => return Err(Broken::End),
            Ok(_) => {}
            Err(error) => return Err(Broken::Read(error)),
        }
    }
}

/// Moves an answer, with the interim ones before it, to its end.
pub(super) async fn answer<R, W>(
    far: &mut R,
    back: &mut BytesMut,
    sink: &mut Sink<'_, W>,
    call: &Call,
    method: &str,
) -> Result<Tail, Broken>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let (mut response, length) = match head::response(back, method) {
            Read::Head(response, length) => (response, length),
            Read::Foreign => return Err(Broken::Malformed),
            Read::Partial => match fill(far, back).await {
                Ok(0) => {
                    // Nobody shall miss the piece that came.
                    sink.write(back).await.map_err(Broken::Write)?;
                    return Err(Broken::End);
                }
                Ok(_) => continue,
                Err(error) => return Err(Broken::Read(error)),
            },
        };
        if response.status < 200 && !response.is_tunnel {
            sink.write(&back[..length]).await.map_err(Broken::Write)?;
            back.advance(length);
            continue;
        }
        call.response(response.status, response.headers);
        if response.may_hide_calls {
            call.leaves_a_hole();
        }
        let framing = &mut response.framing;
        pump(far, back, length, framing, sink, answers(call)).await?;
        return Ok(match (response.is_tunnel, framing.is_until_end()) {
            (true, _) => Tail::Tunnel,
            (_, true) => Tail::End,
            _ => Tail::Next,
        });
    }
}
