//! From what [`crate::ide`] says to what the protocol says.

use serde_json::{Value, json};

use super::workspace::Workspace;
use crate::diag::{Diagnostic, Severity};
use crate::ide::{Completion, Edit, Fold, FoldKind, Snapshot, Symbol, Token, What};
use crate::lang::Kind;
use crate::source::Span;

/// A workspace at one moment, with what the client can show.
pub(super) struct Convert<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) snapshot: &'a Snapshot,
    pub(super) client: Client,
}

/// What the client can show.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Client {
    /// Places to fill in, in completions.
    pub(super) snippets: bool,
    /// Other places, beside diagnostics.
    pub(super) related: bool,
    /// Symbols within symbols.
    pub(super) nested: bool,
}

impl Convert<'_> {
    /// The range of a span.
    pub(super) fn range(&self, span: Span) -> Value {
        let span = self.snapshot.whole(span);
        json!(self.workspace.encoding.range(self.snapshot.program().sources.get(span.source), span))
    }

    /// The file and the range of a span; none where there is no such file.
    pub(super) fn location(&self, span: Span) -> Option<Value> {
        let span = self.snapshot.whole(span);
        Some(json!({ "uri": self.workspace.uri(self.snapshot, span.source)?, "range": self.range(span) }))
    }

    /// A diagnostic. What it says beside its message follows in lines of its own, since editors show
    /// nothing else.
    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic) -> Value {
        let mut message = diagnostic.message.clone();
        for extra in [Some(&diagnostic.at.text), diagnostic.help.as_ref()].into_iter().flatten() {
            if !extra.is_empty() {
                message = format!("{message}\n{extra}");
            }
        }
        let mut out = json!({
            "range": self.range(diagnostic.at.span),
            "severity": if diagnostic.severity == Severity::Error { 1 } else { 2 },
            "code": diagnostic.code.name,
            "source": "scn",
            "message": message,
        });
        if matches!(diagnostic.code.name, "unused-let" | "unused-import" | "dead-code") {
            out["tags"] = json!([1]);
        }
        let also = diagnostic.also.iter();
        let related: Vec<Value> = also
            .filter_map(|label| {
                Some(json!({ "location": self.location(label.span)?, "message": label.text }))
            })
            .collect();
        if self.client.related && !related.is_empty() {
            out["relatedInformation"] = json!(related);
        }
        out
    }

    /// Edits of one or several files.
    pub(super) fn workspace_edit(&self, edits: &[Edit]) -> Value {
        let mut changes = serde_json::Map::new();
        for edit in edits {
            let Some(uri) = self.workspace.uri(self.snapshot, edit.span.source) else { continue };
            let of_file = changes.entry(uri).or_insert_with(|| json!([]));
            if let Some(list) = of_file.as_array_mut() {
                list.push(self.text_edit(edit));
            }
        }
        json!({ "changes": changes })
    }

    /// An edit of a file that is known.
    pub(super) fn text_edit(&self, edit: &Edit) -> Value {
        json!({ "range": self.range(edit.span), "newText": edit.text })
    }

    /// What can stand at the cursor, in place of `word`.
    pub(super) fn completion(&self, word: Span, completion: &Completion) -> Value {
        let snippet = completion.snippet.as_ref().filter(|_| self.client.snippets);
        let mut out = json!({
            "label": completion.label,
            "kind": completion_kind(completion.what),
            "textEdit": {
                "range": self.range(word),
                "newText": snippet.unwrap_or(&completion.label),
            },
            "insertTextFormat": if snippet.is_some() { 2 } else { 1 },
            // What is declared comes before what the language has.
            "sortText": format!("{}{}", rank(completion.what), completion.label),
        });
        if !completion.detail.is_empty() {
            out["detail"] = json!(completion.detail);
        }
        if let Some(doc) = &completion.doc {
            out["documentation"] = json!({ "kind": "markdown", "value": doc });
        }
        out
    }

    /// A symbol, with those inside it.
    pub(super) fn symbol(&self, symbol: &Symbol) -> Value {
        json!({
            "name": symbol.name,
            "detail": symbol.what,
            "kind": symbol_kind(symbol.what),
            "range": self.range(symbol.span),
            "selectionRange": self.range(symbol.at),
            "children": symbol.inner.iter().map(|inner| self.symbol(inner)).collect::<Vec<_>>(),
        })
    }

    /// A symbol with its file.
    pub(super) fn flat_symbol(&self, symbol: &Symbol, of: Option<&str>) -> Option<Value> {
        let mut out = json!({
            "name": symbol.name,
            "kind": symbol_kind(symbol.what),
            "location": self.location(symbol.at)?,
        });
        if let Some(of) = of {
            out["containerName"] = json!(of);
        }
        Some(out)
    }

    /// Tokens, each relative to the one before it.
    pub(super) fn tokens(&self, tokens: &[Token]) -> Value {
        let (mut line, mut column) = (0, 0);
        let mut data = Vec::with_capacity(tokens.len() * 5);
        for token in tokens {
            let source = self.snapshot.program().sources.get(token.span.source);
            let start = self.workspace.encoding.position(source, token.span.start);
            let width = self.workspace.encoding.width(source.slice(token.span));
            if start.line != line {
                column = 0;
            }
            let modifiers = u32::from(token.declared) | u32::from(token.built_in) << 1;
            data.extend([start.line - line, start.character - column, width, token.ty as u32, modifiers]);
            (line, column) = (start.line, start.character);
        }
        json!({ "data": data })
    }
}

/// What can be folded.
pub(super) fn fold(fold: &Fold) -> Value {
    let mut out = json!({ "startLine": fold.first - 1, "endLine": fold.last - 1 });
    match fold.kind {
        FoldKind::Region => {}
        FoldKind::Comment => out["kind"] = json!("comment"),
        FoldKind::Imports => out["kind"] = json!("imports"),
    }
    out
}

/// The number that the protocol has for a kind of symbol.
fn symbol_kind(what: &str) -> u32 {
    match what {
        "service" | "module" => 2,
        "stage" => 3,
        "environment" => 4,
        "step" => 8,
        "profile" => 11,
        "action" | "check" | "function" => 12,
        "fixture" => 14,
        "double" => 19,
        "owner" => 20,
        "shape" => 23,
        "scenario" => 24,
        _ => 13,
    }
}

/// The number that the protocol has for a kind of completion.
fn completion_kind(what: What) -> u32 {
    match what {
        What::Keyword => 14,
        What::Variable => 6,
        What::Field => 5,
        What::Lint => 20,
        What::Operation => 18,
        What::File => 17,
        What::Item("action" | "function" | "check" | "profile") => 3,
        What::Item("shape") => 22,
        What::Item("service" | "double" | "stage" | "environment" | "owner") => 7,
        What::Item(_) => 21,
        What::Known(kind) => match kind {
            Kind::Verb | Kind::Function | Kind::Fault | Kind::Probe | Kind::Rule => 3,
            Kind::Option | Kind::Property | Kind::Setting | Kind::Attribute => 10,
            Kind::Relation | Kind::Model => 24,
            Kind::Response => 6,
            Kind::Constant => 20,
            Kind::Shape | Kind::Protocol => 22,
        },
    }
}

fn rank(what: What) -> u32 {
    match what {
        What::Field | What::Operation => 0,
        What::Variable => 1,
        What::Item(_) | What::File | What::Lint => 2,
        What::Known(Kind::Response | Kind::Option | Kind::Setting) => 3,
        What::Known(_) => 4,
        What::Keyword => 5,
    }
}
