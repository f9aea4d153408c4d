//! What the process's streams are: terminals or not, how wide, with or without colour.

use std::io::{self, IsTerminal as _, Write as _};

use super::Exit;
use super::args::Color;
use crate::diag::Look;

/// The width where there is no terminal to ask.
const WIDTH: usize = 100;

/// One of the two streams that are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// How to draw on a stream.
pub(super) fn look(color: Color, stream: Stream) -> Look {
    let auto = match stream {
        Stream::Out => anstream::AutoStream::choice(&io::stdout()),
        Stream::Err => anstream::AutoStream::choice(&io::stderr()),
    };
    let color = match color {
        Color::Auto => auto != anstream::ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    let size = match stream {
        Stream::Out => terminal_size::terminal_size_of(io::stdout()),
        Stream::Err => terminal_size::terminal_size_of(io::stderr()),
    };
    let terminal = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
    let named = || std::env::var("COLUMNS").ok()?.trim().parse().ok().filter(|width| *width > 0);
    let unicode = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    Look { color, unicode, width: terminal.or_else(named).unwrap_or(WIDTH) }
}

/// Whether someone watches the run.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
        && io::stderr().is_terminal()
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes a command's result. A reader that has seen enough is no failure; a full disk is.
pub(super) fn print(text: &str, exit: Exit) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output cannot be written: {error}"));
            Exit::Environment
        }
        _ => exit,
    }
}

/// Writes to standard error; when that is gone too, there is no one left to tell.
pub(super) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// `error: …`, with an empty line for none.
pub(super) fn complain(message: &str) {
    tell(&format!("error: {message}\n"));
}
