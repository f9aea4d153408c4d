//! What lies under an error.

use std::error::Error;
use std::io;

use nix::errno::Errno;

/// The error and everything that caused it. An [`io::Error`] hides the error that it wraps from
/// `source`, so that one is looked into as well.
pub(super) fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut found = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
        let inner = inner.map(|inner| -> &'a (dyn Error + 'static) { inner });
        let inner = inner.or_else(|| {
            let io = error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
            io.map(|io| -> &'a (dyn Error + 'static) { io })
        });
        next = inner.or_else(|| error.source());
    }
    found
}

/// What this process or machine has no more of, when that is why there was no connection: no word of
/// the service's.
pub(super) fn exhausted(error: &io::Error) -> Option<&'static str> {
    match Errno::from_raw(error.raw_os_error()?) {
        Errno::EMFILE => Some("scn may open no more files (`ulimit -n` says how many)"),
        Errno::ENFILE => Some("this machine may open no more files"),
        _ => None,
    }
}
