//! The `scn` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A process that was started to guard a run does nothing else.
    if let Some(code) = scn::system::guard::run_if_asked() {
        return code;
    }
    ExitCode::SUCCESS
}
