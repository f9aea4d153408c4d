//! The `scn` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = scn::system::guard::run_if_asked() {
        return code;
    }
    scn::cli::main(std::env::args_os())
}
