//! Why a `.proto` file cannot be used, with its place.

use std::fmt;
use std::path::PathBuf;

use miette::Diagnostic as _;

use crate::source::Source;

/// Why a `.proto` file does not compile. The file may be one that the named file imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtoError {
    /// The file at fault.
    pub file: PathBuf,
    /// 1-based; 0 when the whole file is meant.
    pub line: u32,
    /// 1-based, in characters; 0 when the whole file is meant.
    pub column: u32,
    /// One line; lower case, names in backticks, no full stop.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

impl ProtoError {
    /// An error of a whole file.
    pub(super) fn whole(file: impl Into<PathBuf>, message: impl Into<String>) -> ProtoError {
        ProtoError { file: file.into(), line: 0, column: 0, message: message.into(), help: None }
    }

    /// What the compiler says, with the place in the file that `path_of` finds for its name.
    pub(super) fn compiler(
        error: &protox::Error,
        named: PathBuf,
        path_of: impl Fn(&str) -> Option<PathBuf>,
    ) -> ProtoError {
        let file = error.file().and_then(path_of).unwrap_or(named);
        let (mut line, mut column) = (0, 0);
        let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
        if let Some(offset) = offset
            && let Ok(text) = std::fs::read_to_string(&file)
        {
            (line, column) = Source::new("", "", text).line_column(offset as u32);
        }
        // The compiler knows nothing of what comes after `syntax`.
        if error.is_parse()
            && let Ok(text) = std::fs::read_to_string(&file)
            && let Some((before, _)) = text.split_once("edition")
            && before.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with("//"))
        {
            let (line, column) = Source::new("", "", &*text).line_column(before.len() as u32);
            let message = "editions of Protocol Buffers are not read".to_owned();
            let help = Some("`syntax = \"proto3\"` and `syntax = \"proto2\"` are".to_owned());
            return ProtoError { file, line, column, message, help };
        }
        let mut message = error.to_string().replace('\'', "`");
        // The compiler ends some of its own sentences with a stop.
        if message.ends_with('.') {
            message.pop();
        }
        let help = error.help().map(|help| help.to_string().replace('\'', "`"));
        ProtoError { file, line, column, message, help }
    }
}

/// `ledger.proto:3:5: …`, as compilers write it.
impl fmt::Display for ProtoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ProtoError {}
