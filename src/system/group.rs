//! Process groups: signalled as one, and looked at until they are gone.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long the kernel may take to end a group after SIGKILL before it is given up: a process in
/// an uninterruptible wait cannot be helped.
pub(super) const AFTER_KILL: Duration = Duration::from_secs(5);

/// Signals every process of a group; whether there was one.
pub(super) fn signal(group: u32, signal: Signal) -> bool {
    pid(group).is_some_and(|group| killpg(group, signal).is_ok())
}

/// Whether no process of the group lives. Zombies that nobody reaps do not count.
pub(super) fn is_gone(group: u32) -> bool {
    let Some(pid) = pid(group) else { return true };
    match killpg(pid, None) {
        Ok(()) => !has_live_member(group),
        Err(Errno::EPERM) => cfg!(not(target_os = "linux")),
        Err(_) => true,
    }
}

/// Waits until no process of the groups lives; whether that came to pass.
pub(super) fn wait_until_gone(groups: &[u32], deadline: Instant) -> bool {
    let mut pause = Duration::from_millis(1);
    loop {
        if groups.iter().all(|group| is_gone(*group)) {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        // The kernel tells nobody when a group of processes that are not one's children ends.
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// SIGTERM to every group, SIGKILL to those that live on after the grace.
pub(super) fn end(groups: &[u32], grace: Duration) {
    for group in groups {
        signal(*group, Signal::SIGTERM);
        // A stopped process gets its SIGTERM only when it runs on.
        signal(*group, Signal::SIGCONT);
    }
    if !wait_until_gone(groups, Instant::now() + grace) {
        for group in groups {
            signal(*group, Signal::SIGKILL);
        }
        wait_until_gone(groups, Instant::now() + AFTER_KILL);
    }
}

/// A group number as the kernel takes it. 0 and 1 would mean one's own group and everything.
fn pid(group: u32) -> Option<Pid> {
    i32::try_from(group).ok().filter(|group| *group > 1).map(Pid::from_raw)
}

#[cfg(target_os = "linux")]
fn has_live_member(group: u32) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return true };
    entries.flatten().any(|entry| {
        let is_process = entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit);
        is_process
            && std::fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| is_live(&stat, group))
    })
}

#[cfg(not(target_os = "linux"))]
fn has_live_member(_: u32) -> bool {
    true
}

/// Whether a line of `/proc/PID/stat` (proc_pid_stat(5)) is of a live process of the group. The
/// name in parentheses may hold anything, so fields are counted from its last parenthesis.
#[cfg(target_os = "linux")]
fn is_live(stat: &str, group: u32) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next().unwrap_or("X");
    let of = fields.nth(1).and_then(|field| field.parse().ok());
    of == Some(group) && !matches!(state, "Z" | "X" | "x")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn zombies_and_other_groups_do_not_count() {
        assert!(is_live("7 (a ) b) S 1 42 42 0", 42));
        assert!(!is_live("7 (a) Z 1 42 42 0", 42));
        assert!(!is_live("7 (a) S 1 43 42 0", 42));
        assert!(!is_live("garbage", 42));
    }

    #[test]
    fn nobody_signals_everything() {
        assert!(!signal(0, Signal::SIGCONT));
        assert!(!signal(1, Signal::SIGCONT));
        assert!(is_gone(0));
    }
}
