//! Scripts: they must compile before anything runs.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::plan::Import;
use crate::diag::{Code, Diagnostic};
use crate::script::{ScriptError, Scripts};
use crate::source::{SourceId, Span};
use crate::syntax::ast::Script;

/// A function with its parameters.
pub(super) type Signature = (Arc<str>, Vec<Arc<str>>);

/// The functions of script files; none for a file that does not compile.
#[derive(Debug, Default)]
pub(super) struct ScriptNames {
    /// Made for the first script: most modules have none, and editors check at every keystroke.
    engine: LazyCell<Scripts>,
    files: BTreeMap<SourceId, Option<Arc<Vec<Signature>>>>,
}

impl Context<'_> {
    /// Compiles every script file that is imported.
    pub(super) fn script_files(&mut self) {
        let imports = self.program.units.iter().flat_map(|unit| unit.imports.values());
        let files: std::collections::BTreeSet<SourceId> = imports
            .filter_map(|import| match import {
                Import::Script(source) => Some(*source),
                _ => None,
            })
            .collect();
        for source in files {
            let file = self.program.sources.get(source);
            let names = match self.scripts.engine.compile_file(&file.name, &file.text) {
                Ok(compiled) => {
                    let functions = compiled.functions().iter();
                    Some(Arc::new(functions.map(|f| (f.name.clone(), f.params.clone())).collect()))
                }
                Err(error) => {
                    let whole = Span::new(source, 0, file.text.lines().next().map_or(0, str::len));
                    self.diagnostics.push(complaint(&error, whole, 0, file.text.len()));
                    None
                }
            };
            self.scripts.files.insert(source, names);
        }
    }

    /// The functions of a script file; none when they are not known.
    pub(super) fn script_functions(&self, source: SourceId) -> Option<Arc<Vec<Signature>>> {
        self.scripts.files.get(&source).cloned().flatten()
    }

    /// Compiles a `check` or `fn`.
    pub(super) fn script(&mut self, script: &Script) {
        let params: Vec<Arc<str>> = script.params.iter().map(|param| param.name.name.clone()).collect();
        if let Err(error) = self.scripts.engine.compile(&script.name.name, &params, &script.code) {
            let start = script.code_span.start as usize;
            self.diagnostics.push(complaint(&error, script.name.span, start, script.code.len()));
        }
    }
}

/// A script's error at its place, or at `whole` when it has none.
fn complaint(error: &ScriptError, whole: Span, start: usize, length: usize) -> Diagnostic {
    let span = match error.offset {
        Some(offset) => {
            let offset = offset.min(length.saturating_sub(1));
            Span::new(whole.source, start + offset, start + offset + 1)
        }
        None => whole,
    };
    let message = format!("the script does not compile: {}", error.message);
    let diagnostic = Diagnostic::error(Code::SCRIPT_SYNTAX, span, message);
    match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
}
