//! How many files this process may open: each client of a load needs one for its connection.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are open besides.
const BESIDES: u64 = 512;

/// Allows so many connections, as far as the system lets a process allow itself more. What is not
/// allowed shows when a connection finds no room.
pub(super) fn allow(connections: u64) {
    let wanted = connections + BESIDES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    if soft < wanted && soft < hard {
        // Nothing is lost when it is refused.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard);
    }
}
