//! Tells Zed how the language server of scn is started.

use zed_extension_api::{self as zed, LanguageServerId, Result, Worktree};

struct Scn;

impl zed::Extension for Scn {
    fn new() -> Scn {
        Scn
    }

    fn language_server_command(
        &mut self,
        _server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<zed::Command> {
        let command =
            worktree.which("scn").ok_or("`scn` is not on the PATH: colours and the outline work without it")?;
        Ok(zed::Command { command, args: vec!["lsp".to_owned()], env: worktree.shell_env() })
    }
}

zed::register_extension!(Scn);
