//! What is asked of a file: an answer for each kind of request, from what `ide` finds in the snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use gen_lsp_types::{
    CodeActionParams, CodeLensParams, CompletionParams, DefinitionParams, DocumentSymbolParams,
    FoldingRangeParams, HoverParams, InlayHintParams, PrepareRenameParams, Range, ReferenceParams,
    RenameParams, SignatureHelpParams, TextDocumentIdentifier, TextDocumentPositionParams,
    WorkspaceSymbolParams,
};
use serde_json::{Value, json};

use super::convert::{Convert, fold};
use super::server::{Answer, RUN, Server, failed};
use crate::ide::{self, Definition, Snapshot};

impl Server {
    /// Answers a request that speaks of a file; `null` when it is none of the project's.
    fn of_file(
        &mut self,
        file: &TextDocumentIdentifier,
        with: impl FnOnce(&Convert<'_>, usize) -> Answer,
    ) -> Answer {
        let Some(workspace) = self.folders.of(&file.uri.0) else { return Ok(Value::Null) };
        let snapshot: Arc<Snapshot> = workspace.snapshot();
        let convert = Convert { workspace, snapshot: &snapshot, client: self.client };
        match workspace.unit(&snapshot, &file.uri.0) {
            Some(unit) => with(&convert, unit),
            None => Ok(Value::Null),
        }
    }

    /// The same at a position.
    fn at(
        &mut self,
        place: &TextDocumentPositionParams,
        with: impl FnOnce(&Convert<'_>, usize, u32) -> Answer,
    ) -> Answer {
        let position = place.position;
        self.of_file(&place.text_document, |convert, unit| {
            let offset = convert.workspace.offset(convert.snapshot, unit, position);
            with(convert, unit, offset)
        })
    }

    /// The same of a range; none is the whole file.
    fn of_range(
        &mut self,
        file: &TextDocumentIdentifier,
        range: Option<Range>,
        with: impl FnOnce(&Convert<'_>, usize, (u32, u32)) -> Answer,
    ) -> Answer {
        self.of_file(file, |convert, unit| {
            let offset = |position| convert.workspace.offset(convert.snapshot, unit, position);
            let range = range.map_or((0, u32::MAX), |range| (offset(range.start), offset(range.end)));
            with(convert, unit, range)
        })
    }

    pub(super) fn completion(&mut self, params: &CompletionParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let (word, found) = ide::complete(convert.snapshot, unit, offset);
            let items: Vec<Value> = found.iter().map(|one| convert.completion(word, one)).collect();
            Ok(json!({ "isIncomplete": false, "items": items }))
        })
    }

    pub(super) fn hover(&mut self, params: &HoverParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = ide::hover(convert.snapshot, unit, offset);
            Ok(found.map_or(Value::Null, |(text, span)| {
                json!({ "contents": { "kind": "markdown", "value": text }, "range": convert.range(span) })
            }))
        })
    }

    pub(super) fn signature(&mut self, params: &SignatureHelpParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let Some(found) = ide::signature(convert.snapshot, unit, offset) else { return Ok(Value::Null) };
            let params: Vec<Value> = found
                .params
                .iter()
                .map(|(label, about)| json!({ "label": label, "documentation": about }))
                .collect();
            let mut out = json!({
                "signatures": [{
                    "label": found.label,
                    "documentation": { "kind": "markdown", "value": found.doc },
                    "parameters": params,
                }],
                "activeSignature": 0,
            });
            if let Some(active) = found.active {
                out["activeParameter"] = json!(active);
            }
            Ok(out)
        })
    }

    pub(super) fn definition(&mut self, params: &DefinitionParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = match convert.snapshot.definition(unit, offset) {
                Some(Definition::Span(span)) => convert.location(span),
                Some(Definition::File(path)) => convert.workspace.uri_of(&path).map(|uri| {
                    let start = json!({ "line": 0, "character": 0 });
                    json!({ "uri": uri, "range": { "start": start, "end": start } })
                }),
                None => None,
            };
            Ok(json!(found))
        })
    }

    pub(super) fn references(&mut self, params: &ReferenceParams) -> Answer {
        let declared = params.context.include_declaration;
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let found = convert.snapshot.references(unit, offset, declared);
            Ok(json!(found.into_iter().filter_map(|span| convert.location(span)).collect::<Vec<_>>()))
        })
    }

    pub(super) fn prepare_rename(&mut self, params: &PrepareRenameParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let span = ide::renamed_at(convert.snapshot, unit, offset).map_err(failed)?;
            let name = convert.snapshot.program().sources.get(span.source).slice(span);
            Ok(json!({ "range": convert.range(span), "placeholder": name }))
        })
    }

    pub(super) fn rename(&mut self, params: &RenameParams) -> Answer {
        self.at(&params.text_document_position_params, |convert, unit, offset| {
            let edits = ide::rename(convert.snapshot, unit, offset, &params.new_name).map_err(failed)?;
            Ok(convert.workspace_edit(&edits))
        })
    }

    pub(super) fn document_symbols(&mut self, params: &DocumentSymbolParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let symbols = ide::symbols(convert.snapshot, unit);
            Ok(if convert.client.nested {
                json!(symbols.iter().map(|symbol| convert.symbol(symbol)).collect::<Vec<_>>())
            } else {
                json!(
                    symbols.iter().filter_map(|symbol| convert.flat_symbol(symbol, None)).collect::<Vec<_>>()
                )
            })
        })
    }

    pub(super) fn workspace_symbols(&mut self, params: &WorkspaceSymbolParams) -> Answer {
        let wanted = params.query.to_lowercase();
        let mut found = Vec::new();
        for workspace in self.folders.iter() {
            let snapshot = workspace.snapshot();
            let convert = Convert { workspace, snapshot: &snapshot, client: self.client };
            for (unit, module) in snapshot.program().units.iter().enumerate() {
                let file = &snapshot.program().sources.get(module.module.source).name;
                let symbols = ide::symbols(&snapshot, unit);
                let like = symbols.iter().filter(|symbol| symbol.name.to_lowercase().contains(&wanted));
                found.extend(like.filter_map(|symbol| convert.flat_symbol(symbol, Some(file))));
            }
        }
        // A module of a folder inside another belongs to both, and so does the standard library.
        let mut met = BTreeSet::new();
        found.retain(|symbol| met.insert(format!("{} {}", symbol["location"], symbol["name"])));
        Ok(json!(found))
    }

    pub(super) fn tokens(&mut self, file: &TextDocumentIdentifier, range: Option<Range>) -> Answer {
        self.of_range(file, range, |convert, unit, (start, end)| {
            Ok(convert.tokens(&ide::tokens(convert.snapshot, unit, start, end)))
        })
    }

    pub(super) fn folds(&mut self, params: &FoldingRangeParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let file = convert.snapshot.program().units[unit].module.source;
            Ok(json!(ide::folds(convert.snapshot, file).iter().map(fold).collect::<Vec<_>>()))
        })
    }

    pub(super) fn hints(&mut self, params: &InlayHintParams) -> Answer {
        self.of_range(&params.text_document, Some(params.range), |convert, unit, (start, end)| {
            let hints = ide::hints(convert.snapshot, unit, start, end);
            let mut shown: Vec<Value> = hints
                .iter()
                .map(|hint| {
                    let position = convert.range(hint.at)["start"].take();
                    json!({ "position": position, "label": hint.label, "kind": 2, "paddingRight": true })
                })
                .collect();
            for (span, shape) in ide::draws(convert.snapshot, unit, start, end) {
                if let Some(value) = convert.workspace.example(convert.snapshot, unit, span, shape) {
                    let position = convert.range(span)["end"].take();
                    let tooltip = "what seed 0 draws of this shape";
                    shown.push(json!({
                        "position": position, "label": format!("= {value}"), "kind": 1,
                        "paddingLeft": true, "tooltip": tooltip,
                    }));
                }
            }
            Ok(json!(shown))
        })
    }

    pub(super) fn format(&mut self, file: &TextDocumentIdentifier, range: Option<Range>) -> Answer {
        self.of_range(file, range, |convert, unit, (start, end)| {
            let file = convert.snapshot.program().units[unit].module.source;
            let edits = ide::format_range(convert.snapshot, file, start, end);
            Ok(json!(edits.iter().map(|edit| convert.text_edit(edit)).collect::<Vec<_>>()))
        })
    }

    pub(super) fn actions(&mut self, params: &CodeActionParams) -> Answer {
        self.of_range(&params.text_document, Some(params.range), |convert, unit, (start, end)| {
            let actions = ide::actions(convert.snapshot, unit, start, end);
            let shown = actions.iter().map(|action| {
                json!({
                    "title": action.title,
                    "kind": "quickfix",
                    "diagnostics": [convert.diagnostic(&convert.snapshot.diagnostics[action.of])],
                    "isPreferred": action.preferred,
                    "edit": convert.workspace_edit(&action.edits),
                })
            });
            Ok(json!(shown.collect::<Vec<_>>()))
        })
    }

    pub(super) fn lenses(&mut self, params: &CodeLensParams) -> Answer {
        self.of_file(&params.text_document, |convert, unit| {
            let lenses = ide::lenses(convert.snapshot, unit);
            let folder = convert.workspace.folder();
            let shown = lenses.iter().map(|lens| {
                let arguments = json!([lens.target, folder, lens.title]);
                let command = json!({ "title": "Run", "command": RUN, "arguments": arguments });
                json!({ "range": convert.range(lens.span), "command": command })
            });
            Ok(json!(shown.collect::<Vec<_>>()))
        })
    }
}
