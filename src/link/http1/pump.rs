//! Moving a message of HTTP/1.1 from one side to the other.

use std::io;

use bytes::{Buf as _, BytesMut};
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
    mut keep: impl FnMut(&[u8]),
) -> Result<(), Broken>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let count = framing.read(&buffer[ready..], &mut keep).map_err(|_| Broken::Malformed)?;
        let count = ready + count;
        ready = 0;
        if count > 0 {
            sink.write(&buffer[..count]).await.map_err(Broken::Write)?;
            buffer.advance(count);
        }
        if framing.is_done() {
            return Ok(());
        }
        match fill(from, buffer).await {
            Ok(0) if framing.is_until_end() => return Ok(()),
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
        let framing = &mut response.framing;
        pump(far, back, length, framing, sink, |data| call.answer(data)).await?;
        if let Some(trailers) = framing.trailers() {
            call.trailers(trailers);
        }
        call.answered();
        return Ok(match (response.is_tunnel, framing.is_until_end()) {
            (true, _) => Tail::Tunnel,
            (_, true) => Tail::End,
            _ => Tail::Next,
        });
    }
}
