//! What can stand at the cursor. The names are those that the check would propose for a misspelt
//! word there, so both always agree.

use std::collections::BTreeSet;

use super::Snapshot;
use super::cursor::Cursor;
use super::hover::{about_item, about_word};
use crate::check::{ask, describe};
use crate::contract::{Address, Operation, Segment};
use crate::diag::{CURSOR, Code, find_code};
use crate::lang::{KEYWORDS, Keyword, Kind, Role, Spec};
use crate::load::LIBRARY;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, LetTarget, ObjectEntry, Place, Request, StatementKind};

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A structural word.
    Keyword,
    /// A name of the registry.
    Known(Kind),
    /// An item, by the word for it.
    Item(&'static str),
    /// A variable or parameter.
    Variable,
    /// A field that a contract or a shape declares.
    Field,
    /// A path or a method of a contract.
    Operation,
    /// A file to import.
    File,
    /// A lint.
    Lint,
}

/// Something that can stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Its name.
    pub label: String,
    /// What it is.
    pub what: What,
    /// A few words beside it.
    pub detail: String,
    /// Markdown.
    pub doc: Option<String>,
    /// What is written, when it has places to fill in: `${1:name}`.
    pub snippet: Option<String>,
}

/// What can stand at a byte of a module, and the word that it replaces.
pub fn complete(snapshot: &Snapshot, unit: usize, offset: u32) -> (Span, Vec<Completion>) {
    let cursor = Cursor::new(snapshot, unit, offset);
    let mut offers = Offers { snapshot, cursor: &cursor, seen: BTreeSet::new(), found: Vec::new() };
    let word = offers.collect();
    (word, offers.found)
}

struct Offers<'a> {
    snapshot: &'a Snapshot,
    cursor: &'a Cursor,
    seen: BTreeSet<String>,
    found: Vec<Completion>,
}

impl Offers<'_> {
    /// Gathers everything; the span that is replaced.
    fn collect(&mut self) -> Span {
        let Some(at) = self.cursor.at else {
            self.keywords(&[Role::Item]);
            return self.cursor.word;
        };
        if let Some(span) = self.in_a_path() {
            return span;
        }
        let begins = self.begins_a_statement();
        for diagnostic in ask(self.cursor.program.clone(), &self.snapshot.registry, at) {
            if self.cursor.is_in(diagnostic.at.span) {
                for name in &diagnostic.names {
                    self.name(name, diagnostic.code);
                }
            }
        }
        self.fields();
        match begins {
            Some(Begins::Statement) => {
                self.keywords(&[Role::Statement]);
                self.verbs();
            }
            Some(Begins::Value) => {
                self.verbs();
                self.keywords(&[Role::Expression]);
            }
            None => {}
        }
        self.cursor.word
    }

    fn push(&mut self, completion: Completion) {
        if !completion.label.contains(CURSOR) && self.seen.insert(completion.label.clone()) {
            self.found.push(completion);
        }
    }

    fn keywords(&mut self, roles: &[Role]) {
        for keyword in KEYWORDS.iter().filter(|keyword| keyword.roles.iter().any(|role| roles.contains(role)))
        {
            self.push(Completion {
                label: keyword.word.to_owned(),
                what: What::Keyword,
                detail: keyword.summary.to_owned(),
                doc: None,
                snippet: snippet(keyword, roles[0]).map(str::to_owned),
            });
        }
    }

    fn verbs(&mut self) {
        let registry = self.snapshot.registry.clone();
        for spec in registry.of_kind(Kind::Verb) {
            self.known(spec);
        }
    }

    fn known(&mut self, spec: &Spec) {
        let snippet = match spec.kind {
            Kind::Function if !spec.params.is_empty() => Some(format!("{}($0)", spec.name)),
            Kind::Option => Some(format!("{}: $0", spec.name)),
            _ => None,
        };
        self.push(Completion {
            label: spec.name.to_owned(),
            what: What::Known(spec.kind),
            detail: spec.summary.to_owned(),
            doc: Some(about_word(&spec.into())),
            snippet,
        });
    }

    /// A name that the check knows at the cursor: what it is follows from what would be wrong.
    fn name(&mut self, name: &str, code: &'static Code) {
        let registry = self.snapshot.registry.clone();
        let bare = name.trim_start_matches('@');
        let kinds: &[Kind] = if code == Code::UNKNOWN_VERB {
            &[Kind::Verb]
        } else if code == Code::UNKNOWN_RELATION {
            &[Kind::Relation]
        } else if code == Code::UNKNOWN_OPTION {
            &[Kind::Attribute, Kind::Option, Kind::Setting]
        } else if code == Code::OFF_CONTRACT || code == Code::WRONG_ARGUMENTS {
            &[]
        } else if code == Code::UNKNOWN_FIELD {
            &[Kind::Response, Kind::Property]
        } else {
            &[
                Kind::Response,
                Kind::Shape,
                Kind::Function,
                Kind::Constant,
                Kind::Fault,
                Kind::Probe,
                Kind::Model,
                Kind::Protocol,
            ]
        };
        if code != Code::OFF_CONTRACT
            && let Some((_, item)) = self.snapshot.program().lookup_item(self.cursor.unit, name)
        {
            let params = match &item.kind {
                ItemKind::Action(action) => Some(&action.params),
                ItemKind::Fn(script) => Some(&script.params),
                _ => None,
            };
            return self.push(Completion {
                label: name.to_owned(),
                what: What::Item(describe(&item.kind).0),
                detail: describe(&item.kind).0.to_owned(),
                doc: Some(about_item(self.snapshot, item)),
                snippet: params.map(|params| match params.is_empty() {
                    true => format!("{name}()"),
                    false => format!("{name}($0)"),
                }),
            });
        }
        if code == Code::UNKNOWN_LINT {
            let lint = find_code(name);
            return self.push(Completion {
                label: name.to_owned(),
                what: What::Lint,
                detail: lint.map_or("", |lint| lint.summary).to_owned(),
                doc: lint.map(|lint| about_word(&lint.into())),
                snippet: None,
            });
        }
        if let Some(spec) = kinds.iter().find_map(|kind| registry.get(*kind, bare)) {
            return self.known(spec);
        }
        let (what, detail) = if code == Code::OFF_CONTRACT || code == Code::UNKNOWN_FIELD {
            (What::Field, "field")
        } else if code == Code::UNKNOWN_IMPORT {
            (What::Item("item"), "of that module")
        } else if code == Code::WRONG_ARGUMENTS {
            (What::Field, "parameter")
        } else {
            (What::Variable, "variable")
        };
        self.push(Completion {
            label: name.to_owned(),
            what,
            detail: detail.to_owned(),
            doc: None,
            snippet: None,
        });
    }

    /// The fields of a shape of the project, where one is refined or a value drawn of it is looked
    /// into, and the properties that values have.
    fn fields(&mut self) {
        let cursor = self.cursor;
        let mut shapes: Vec<&Expr> = Vec::new();
        let mut drawn: Option<&Expr> = None;
        let mut looked_into = false;
        cursor.expressions(&mut |expr| match &expr.kind {
            ExprKind::Refine(base, object) if object.entries.iter().any(|entry| cursor.names(entry)) => {
                shapes.push(&**base);
            }
            ExprKind::Field(base, field) if *field.name == *CURSOR => {
                looked_into = true;
                drawn = Some(&**base);
            }
            _ => {}
        });
        if let Some(Expr { kind: ExprKind::Name(variable), .. }) = drawn {
            cursor.statements(&mut |statement| {
                if let StatementKind::Let(binding) = &statement.kind
                    && let LetTarget::Name(name) = &binding.target
                    && name.name == *variable
                    && let ExprKind::Any(shape) = &binding.value.kind
                {
                    shapes.push(&**shape);
                }
            });
        }
        for shape in shapes {
            self.fields_of(shape);
        }
        if looked_into {
            let registry = self.snapshot.registry.clone();
            for spec in
                registry.of_kind(Kind::Property).filter(|spec| matches!(spec.of, "" | "list" | "text"))
            {
                self.known(spec);
            }
        }
    }

    fn fields_of(&mut self, shape: &Expr) {
        let name = match &shape.kind {
            ExprKind::Name(name) => name,
            ExprKind::Refine(base, _) => return self.fields_of(base),
            _ => return,
        };
        let snapshot = self.snapshot;
        let Some((_, item)) = snapshot.program().lookup_item(self.cursor.unit, name) else { return };
        let ItemKind::Shape(declared) = &item.kind else { return };
        let ExprKind::Object(object) = &declared.pattern.kind else { return };
        for entry in &object.entries {
            if let ObjectEntry::Field { doc, name: field, value, .. } = entry
                && let Some(label) = field.plain()
            {
                self.push(Completion {
                    label: label.to_string(),
                    what: What::Field,
                    detail: snapshot.program().sources.shown(value.span).into_owned(),
                    doc: doc.as_ref().map(|doc| snapshot.doc(Some(doc))),
                    snippet: None,
                });
            }
        }
    }

    /// Whether a statement or a value begins at the cursor, where a request may stand.
    fn begins_a_statement(&self) -> Option<Begins> {
        let mut begins = None;
        self.cursor.statements(&mut |statement| match &statement.kind {
            StatementKind::Expr(expr) if self.cursor.is(expr) => begins = Some(Begins::Statement),
            StatementKind::Let(binding)
                if self.cursor.is(&binding.value) && matches!(binding.target, LetTarget::Name(_)) =>
            {
                begins = Some(Begins::Value);
            }
            _ => {}
        });
        begins
    }

    /// The cursor in the path of a `use`, or of a request whose service has a contract.
    fn in_a_path(&mut self) -> Option<Span> {
        if let Some(ItemKind::Use(import)) = self.cursor.item().map(|item| &item.kind)
            && self.cursor.is_in(import.path.span)
        {
            self.files();
            return Some(self.quoted());
        }
        let mut meant: Option<&Request> = None;
        let cursor = self.cursor;
        cursor.expressions(&mut |expr| {
            if let ExprKind::Request(request) = &expr.kind {
                let in_place = request.place.as_ref().is_some_and(|place| {
                    matches!(place, Place::Path(_)) && cursor.is_in(place.template().span)
                });
                let in_stead = request.place.is_none()
                    && request.operand.as_ref().is_some_and(|operand| cursor.is(operand));
                if in_place || in_stead {
                    meant = Some(request);
                }
            }
        });
        let request = meant?;
        let target = request.target.as_ref()?;
        let (unit, service) = self.snapshot.service(self.cursor.unit, &target.name.name)?;
        let contract = self.snapshot.program().units[unit].contracts.get(&service.name.name)?;
        for operation in &contract.interface().operations {
            self.path(operation, &request.verb.name);
        }
        Some(self.path_so_far())
    }

    fn path(&mut self, operation: &Operation, verb: &str) {
        let Address::Http { method, path } = &operation.address else { return };
        if **method != *verb && verb != "request" && verb != "open" {
            return;
        }
        let mut label = String::new();
        let mut snippet = String::new();
        for (index, segment) in path.iter().enumerate() {
            match segment {
                Segment::Literal(text) => {
                    label.push_str(&format!("/{text}"));
                    snippet.push_str(&format!("/{text}"));
                }
                Segment::Parameter { prefix, name, suffix } => {
                    label.push_str(&format!("/{prefix}${{{name}}}{suffix}"));
                    snippet.push_str(&format!("/{prefix}\\${{${{{}:{name}}}}}{suffix}", index + 1));
                }
            }
        }
        self.push(Completion {
            label,
            what: What::Operation,
            detail: operation.name.to_string(),
            doc: None,
            snippet: Some(snippet),
        });
    }

    /// The modules that can be imported: of the standard library, and those that were read.
    fn files(&mut self) {
        let program = self.snapshot.program();
        let own = &program.units[self.cursor.unit];
        let mut names: Vec<String> = LIBRARY.iter().map(|module| module.name.to_owned()).collect();
        for unit in program.units.iter().filter(|unit| unit.module.source != own.module.source) {
            let name = &program.sources.get(unit.module.source).name;
            if !name.starts_with("std/") {
                names.push(relative(&own.dir, std::path::Path::new(name)));
            }
        }
        for label in names {
            self.push(Completion {
                label,
                what: What::File,
                detail: String::new(),
                doc: None,
                snippet: None,
            });
        }
    }

    /// What stands between the quotes around the cursor.
    fn quoted(&self) -> Span {
        self.around(|byte| byte != b'"' && byte != b'\n')
    }

    /// The path around the cursor, as far as it is written.
    fn path_so_far(&self) -> Span {
        self.around(|byte| !byte.is_ascii_whitespace())
    }

    fn around(&self, inside: impl Fn(u8) -> bool) -> Span {
        let word = self.cursor.word;
        let bytes = self.snapshot.text(word.source).as_bytes();
        let before = bytes[..word.start as usize].iter().rev().take_while(|byte| inside(**byte)).count();
        let after = bytes[word.end as usize..].iter().take_while(|byte| inside(**byte)).count();
        Span { start: word.start - before as u32, end: word.end + after as u32, ..word }
    }
}

/// What begins at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Statement,
    Value,
}

/// The path of a file as a `use` in a directory names it.
pub(super) fn relative(dir: &std::path::Path, file: &std::path::Path) -> String {
    let from: Vec<_> = dir.components().collect();
    let to: Vec<_> = file.components().collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - common);
    let rest: Vec<String> =
        to[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let rest = rest.join("/");
    if up.is_empty() { format!("./{rest}") } else { format!("{up}{rest}") }
}

/// What is written for a word that begins something with braces.
fn snippet(keyword: &Keyword, role: Role) -> Option<&'static str> {
    Some(match (role, keyword.word) {
        (Role::Item, "scenario") => "scenario \"${1:title}\" {\n  $0\n}",
        (Role::Item, "service") => "service ${1:name} {\n  speaks ${2:http}\n  $0\n}",
        (Role::Item, "action") => "action ${1:name}($2) {\n  $0\n}",
        (Role::Item, "fixture") => "fixture ${1:name} {\n  $0\n  return $2\n}",
        (Role::Item, "shape") => "shape ${1:Name} {\n  $0\n}",
        (Role::Item, "double") => {
            "double ${1:name} of ${2:service} {\n  on ${3:POST} ${4:/path} { reply $0 }\n}"
        }
        (Role::Item, "use") => "use \"$1\" { $0 }",
        (Role::Statement, "step") => "step \"${1:title}\" {\n  $0\n}",
        (Role::Statement, "eventually") => "eventually within ${1:5s} {\n  $0\n}",
        (Role::Statement, "for") => "for ${1:x} in ${2:xs} {\n  $0\n}",
        (Role::Statement, "if") => "if ${1:condition} {\n  $0\n}",
        (Role::Statement, "let") => "let ${1:name} = $0",
        _ => return None,
    })
}
