//! Free ports, handed out without races.
//!
//! A port is taken by locking a file that is named by it, so two runs on one machine never get the
//! same one, and the lock goes with the process that holds it. Ports of the kernel's own range are
//! left alone: an outgoing connection could take one between the hand-out and the service's bind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The ports that are handed out, less the kernel's own.
const RANGE: RangeInclusive<u16> = 15_000..=64_999;

/// Hands out ports.
#[derive(Debug)]
pub struct Ports {
    dir: PathBuf,
    candidates: Vec<u16>,
    next: AtomicU32,
}

/// A port that is ours as long as this lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl Ports {
    /// With the lock files of this machine.
    pub fn new() -> io::Result<Ports> {
        Ports::within(&std::env::temp_dir().join("scn-ports"), &ephemeral())
    }

    fn within(dir: &Path, ephemeral: &RangeInclusive<u16>) -> io::Result<Ports> {
        std::fs::create_dir_all(dir)?;
        share(dir);
        let candidates: Vec<u16> = RANGE.filter(|port| !ephemeral.contains(port)).collect();
        // Runs begin at different places, so that they seldom ask for the same port.
        let next = AtomicU32::new(std::process::id().wrapping_mul(97));
        Ok(Ports { dir: dir.to_owned(), candidates, next })
    }

    /// A port on which nothing listens and that no other run has.
    pub fn take(&self) -> io::Result<Port> {
        let mut refused = None;
        for _ in 0..self.candidates.len() {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) as usize;
            let number = self.candidates[turn % self.candidates.len()];
            match self.lock(number) {
                Ok(Some(lock)) if is_free(number) => return Ok(Port { number, _lock: lock }),
                Ok(_) => {}
                // Another user's lock file that may not be opened is a port that may not be had.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "every port is taken")))
    }

    fn lock(&self, number: u16) -> io::Result<Option<File>> {
        let path = self.dir.join(number.to_string());
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Made by someone else in this moment is as good.
                match OpenOptions::new().write(true).create_new(true).open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => File::open(&path)?,
                    other => other?,
                }
            }
            other => other?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Whether both loopback addresses can be bound; a machine without IPv6 has just one.
fn is_free(number: u16) -> bool {
    let bind = |address: SocketAddr| match TcpListener::bind(address) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied),
    };
    bind((Ipv4Addr::LOCALHOST, number).into()) && bind((Ipv6Addr::LOCALHOST, number).into())
}

/// The kernel's own ports (ip(7)); elsewhere those of IANA (RFC 6335 §6).
fn ephemeral() -> RangeInclusive<u16> {
    let read = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let range = read.as_deref().and_then(|text| {
        let mut ends = text.split_ascii_whitespace().map(|end| end.parse().ok());
        Some(ends.next()??..=ends.next()??)
    });
    range.filter(|range| RANGE.clone().any(|port| !range.contains(&port))).unwrap_or(49_152..=65_535)
}

/// Lets other users of the machine make and lock files there too, as in the directory above it.
fn share(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // Only its owner may; for others it is already as it should be.
    let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o1777));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn small(dir: &Path, from: u16, to: u16) -> Ports {
        let mut ports = Ports::within(dir, &(0..=0)).unwrap();
        ports.candidates = (from..=to).collect();
        ports
    }

    #[test]
    fn two_runs_never_get_the_same_port() {
        let dir = tempfile::tempdir().unwrap();
        let runs = [small(dir.path(), 21_000, 21_400), small(dir.path(), 21_000, 21_400)];
        let taken: Vec<Vec<Port>> = std::thread::scope(|scope| {
            let threads: Vec<_> = runs
                .iter()
                .map(|run| scope.spawn(|| (0..40).map(|_| run.take().unwrap()).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let numbers: BTreeSet<u16> = taken.iter().flatten().map(Port::number).collect();
        assert_eq!(numbers.len(), 80);
    }

    #[test]
    fn a_port_comes_back_when_it_is_dropped_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let free = (22_000..23_000).find(|port| is_free(*port)).unwrap();
        let (one, other) = (small(dir.path(), free, free), small(dir.path(), free, free));
        let port = one.take().unwrap();
        assert_eq!(other.take().unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(port);
        assert_eq!(other.take().unwrap().number(), free);
    }

    #[test]
    fn a_port_on_which_something_listens_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let busy = listener.local_addr().unwrap().port();
        assert!(small(dir.path(), busy, busy).take().is_err());
    }

    #[test]
    fn the_kernels_own_ports_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let ports = Ports::within(dir.path(), &(32_768..=60_999)).unwrap();
        assert!(ports.candidates.contains(&32_767) && ports.candidates.contains(&61_000));
        assert!(!ports.candidates.contains(&32_768) && !ports.candidates.contains(&60_999));
    }
}
