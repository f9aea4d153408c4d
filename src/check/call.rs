//! Calls of actions, scripts and built-in functions, and their arguments.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::describe;
use super::index::Referent;
use super::plan::{Definition, ItemRef};
use super::walker::{Hand, Walker};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Param, Spec, Ty};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Arg, Args, Expr, ExprKind, Ident, ItemKind, ParamDecl, TemplatePart};
use crate::value::words::article;

/// How the names of files with data end.
const DATA: &[&str] = &[".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".sql"];

/// A parameter, whatever declares it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: Arc<str>,
    pub(super) ty: Ty,
    pub(super) required: bool,
    /// Where it is declared, when that is in a module.
    pub(super) span: Option<Span>,
}

impl Wanted {
    pub(super) fn of_spec(param: &Param) -> Wanted {
        Wanted { name: param.name.into(), ty: param.ty, required: param.required, span: None }
    }

    pub(super) fn of_declaration(param: &ParamDecl) -> Wanted {
        Wanted {
            name: param.name.name.clone(),
            ty: Ty::Any,
            required: param.default.is_none(),
            span: Some(param.name.span),
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// `f(x, k: v)`, where a value or a pattern stands.
    pub(super) fn call(&mut self, callee: &'a Expr, args: &'a Args, span: Span, pattern: bool) {
        match &callee.kind {
            ExprKind::Name(name) => {
                let ident = Ident { name: name.clone(), span: callee.span };
                if self.scopes.get(name).is_some() {
                    self.name(name, callee.span, false);
                    return self.not_callable(&ident, "a variable", args);
                }
                match self.cx.lookup(self.item.unit, name) {
                    Some(Definition::Item(at)) => self.call_item(at, &ident, args, span),
                    Some(Definition::Module(_)) => self.not_callable(&ident, "a module", args),
                    Some(Definition::Script(_)) => self.not_callable(&ident, "a script", args),
                    Some(Definition::Contract(_)) => self.not_callable(&ident, "a contract", args),
                    None => self.call_built_in(&ident, args, pattern),
                }
            }
            ExprKind::Field(base, field) => {
                if let ExprKind::Name(alias) = &base.kind
                    && self.scopes.get(alias).is_none()
                {
                    match self.cx.lookup(self.item.unit, alias) {
                        Some(Definition::Module(unit)) => {
                            self.note(base.span, Referent::Module(unit));
                            return match self.exported(unit, field) {
                                Some(at) => self.call_item(at, field, args, span),
                                None => {
                                    self.not_exported(unit, field);
                                    self.loose(args);
                                }
                            };
                        }
                        Some(Definition::Script(source)) => {
                            self.note(base.span, Referent::Script(source));
                            return self.call_script_file(source, field, args);
                        }
                        _ => {}
                    }
                }
                self.value(base);
                self.loose(args);
                let message = format!("`{}` cannot be called: values have no methods", field.name);
                let known = self.callable();
                self.push(
                    Diagnostic::error(Code::UNKNOWN_NAME, field.span, message)
                        .help(format!("functions are called as `{}(…)`; actions of another module as `module.action(…)`", field.name))
                        .did_you_mean(&field.name, known.iter().map(|name| &**name)),
                );
            }
            _ => {
                self.value(callee);
                self.loose(args);
                self.push(Diagnostic::error(Code::WRONG_TYPE, callee.span, "this cannot be called"));
            }
        }
    }

    /// Arguments of something that is wrong itself.
    fn loose(&mut self, args: &'a Args) {
        self.at(
            |place| place.at_hand = Hand::Anything,
            |walker| {
                args.args.iter().for_each(|arg| walker.value(&arg.value));
            },
        );
    }

    fn not_callable(&mut self, name: &Ident, what: &str, args: &'a Args) {
        self.loose(args);
        let message = format!("`{}` is {what} and cannot be called", name.name);
        self.push(Diagnostic::error(Code::WRONG_TYPE, name.span, message));
    }

    fn call_item(&mut self, at: ItemRef, name: &Ident, args: &'a Args, span: Span) {
        self.cx.graph.uses(self.item, at);
        self.note(name.span, Referent::Item(at));
        let item = self.cx.program.item(at);
        let params = match &item.kind {
            ItemKind::Action(action) => {
                if self.place.double {
                    self.asks_in_a_rule(name.span);
                }
                self.need(at);
                self.called_action = Some(span);
                let safe = item.attributes.iter().any(|attribute| &*attribute.name.name == "safe");
                self.saw_live |= safe;
                self.opened |= super::walker::opens(&action.body);
                if let Some(who) = self.place.safe.filter(|_| !safe) {
                    let message = format!("{who} calls `{}`, which is not `@safe`", name.name);
                    self.push(Diagnostic::error(Code::UNSAFE_ACTION, name.span, message));
                }
                &action.params
            }
            ItemKind::Fn(script) => &script.params,
            other => {
                let (word, _) = describe(other);
                self.loose(args);
                let message = format!("`{}` is {} {word} and cannot be called", name.name, article(word));
                let diagnostic = Diagnostic::error(Code::WRONG_TYPE, name.span, message);
                self.push(match other {
                    ItemKind::Check(_) => diagnostic.help(format!("state it: `expect … {}`", name.name)),
                    ItemKind::Shape(_) => diagnostic.help(format!("refine it: `{} {{ … }}`", name.name)),
                    _ => diagnostic,
                });
                return;
            }
        };
        let wanted: Vec<Wanted> = params.iter().map(Wanted::of_declaration).collect();
        self.at(|place| place.at_hand = Hand::Nothing, |walker| walker.arguments(name, &wanted, args, true));
    }

    fn call_built_in(&mut self, name: &Ident, args: &'a Args, pattern: bool) {
        let registry = self.cx.registry;
        let of = match (self.place.gate, self.place.double) {
            (true, _) => "stage",
            (_, true) => "double",
            _ => "",
        };
        let function = registry.find(Kind::Function, of, &name.name).copied();
        let shape = registry.get(Kind::Shape, &name.name).copied();
        let spec: Option<Spec> = if pattern { shape.or(function) } else { function.or(shape) };
        let Some(spec) = spec else {
            self.loose(args);
            if !self.may_be_lost(&name.name) {
                let known = self.callable();
                let elsewhere = registry.get(Kind::Function, &name.name).filter(|spec| !spec.of.is_empty());
                let message = match elsewhere {
                    Some(spec) => {
                        format!("`{}` stands only in {} {}", name.name, article(spec.of), spec.of)
                    }
                    None => format!("there is no action or function `{}` here", name.name),
                };
                self.push(
                    Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                        .did_you_mean(&name.name, known.iter().map(|name| &**name)),
                );
            }
            return;
        };
        self.note(name.span, &spec);
        if spec.kind == Kind::Shape && !pattern {
            let message = format!("`{}` is a shape, not a function", name.name);
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, name.span, message)
                    .help(format!("draw one with `any {}(…)`, or compare with `matches`", name.name)),
            );
        } else if spec.kind == Kind::Function
            && let Some(why) = spec.planned
        {
            self.not_yet(name.span, &format!("`{}`", name.name), Some(why));
        }
        if spec.kind == Kind::Shape && spec.name == "weighted" {
            // Its parameters are the choices themselves.
            return self.weighted(name, args);
        }
        if spec.kind == Kind::Function && crate::function::reads(spec.name) {
            self.reads_a_name(name, args);
        }
        let mut wanted: Vec<Wanted> = spec.params.iter().map(Wanted::of_spec).collect();
        if pattern && spec.kind == Kind::Function {
            // `unordered([…])` is a pattern of patterns.
            let inner = wanted.iter_mut().filter(|param| matches!(param.ty, Ty::Any | Ty::List));
            inner.for_each(|param| param.ty = Ty::Pattern);
        }
        self.arguments(name, &wanted, args, true);
    }

    /// `from_csv("./x.csv")` would read the name of the file for its content, and find no rows in it.
    fn reads_a_name(&mut self, function: &Ident, args: &Args) {
        let content =
            args.args.iter().find(|arg| arg.name.as_ref().is_none_or(|name| &*name.name == "content"));
        let Some(Arg { value, .. }) = content else { return };
        let ExprKind::Text(text) = &value.kind else { return };
        let Some(TemplatePart::Text(end)) = text.parts.last() else { return };
        let written = self.cx.program.sources.get(value.span.source).slice(value.span);
        if written.contains(['\n', '\\']) || !DATA.iter().any(|extension| end.ends_with(extension)) {
            return;
        }
        let message =
            format!("`{}` takes this text for the content, not for the name of a file", function.name);
        let help = format!("write `{}(file({written}))`", function.name);
        self.push(Diagnostic::error(Code::WRONG_TYPE, value.span, message).help(help));
    }

    fn call_script_file(&mut self, source: SourceId, name: &Ident, args: &'a Args) {
        self.loose(args);
        let Some(functions) = self.cx.script_functions(source) else { return };
        let Some((_, params)) = functions.iter().find(|(known, _)| *known == name.name) else {
            let file = self.cx.program.sources.get(source).name.clone();
            let message = format!("the script `{file}` has no function `{}`", name.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                    .did_you_mean(&name.name, functions.iter().map(|(name, _)| &**name)),
            );
            return;
        };
        if let Some(named) = args.args.iter().find_map(|arg| arg.name.as_ref()) {
            let message = "functions of script files take their arguments by position";
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, named.span, message));
        } else if args.args.len() != params.len() {
            let message = format!("`{}` takes {}, not {}", name.name, count(params.len()), args.args.len());
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message).help(format!(
                "it is `{}({})`",
                name.name,
                params.join(", ")
            )));
        }
    }

    /// Arguments against parameters: by position, then by name. `complete` demands those without
    /// a default.
    pub(super) fn arguments(&mut self, callee: &Ident, wanted: &[Wanted], args: &'a Args, complete: bool) {
        let mut given: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut position = 0;
        let mut too_many = None;
        for arg in &args.args {
            let param = match &arg.name {
                Some(name) => {
                    let found = wanted.iter().find(|param| param.name == name.name);
                    match found {
                        Some(Wanted { span: Some(span), .. }) => {
                            self.note(name.span, Referent::Variable(*span));
                        }
                        Some(_) => {}
                        None => self.unknown_argument(callee, name, wanted),
                    }
                    found
                }
                None => {
                    position += 1;
                    let found = wanted.get(position - 1);
                    if found.is_none() {
                        too_many.get_or_insert(arg.value.span);
                    }
                    found
                }
            };
            let Some(param) = param else {
                // Beside roles an action's name is no mistake of its own.
                if wanted.iter().any(|param| param.ty == Ty::Role) && self.is_action(&arg.value) {
                    continue;
                }
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(&arg.value));
                continue;
            };
            if !given.insert(param.name.clone()) {
                let span = arg.name.as_ref().map_or(arg.value.span, |name| name.span);
                let message = format!("`{}` is given twice", param.name);
                self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, span, message));
            }
            let what = format!("`{}`", param.name);
            self.argument(&arg.value, param.ty, &what);
        }
        if let Some(span) = too_many {
            let message = format!("`{}` takes {}, not {position}", callee.name, count(wanted.len()));
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, span, message).help(signature(callee, wanted)),
            );
        }
        let missing: Vec<&Wanted> =
            wanted.iter().filter(|param| param.required && !given.contains(&param.name)).collect();
        if complete && !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|param| &*param.name).collect();
            let message = format!("`{}` lacks {}", callee.name, super::walker::list(&names));
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, callee.span, message)
                    .help(signature(callee, wanted)),
            );
        }
    }

    fn argument(&mut self, value: &'a Expr, ty: Ty, what: &str) {
        if ty == Ty::Any {
            self.value(value);
        } else {
            self.typed(value, ty, what);
        }
    }

    fn unknown_argument(&mut self, callee: &Ident, name: &Ident, wanted: &[Wanted]) {
        let message = format!("`{}` has no parameter `{}`", callee.name, name.name);
        let known = wanted.iter().map(|param| &*param.name);
        self.push(
            Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message)
                .help(signature(callee, wanted))
                .did_you_mean(&name.name, known),
        );
    }

    /// Every name that can be called here.
    fn callable(&self) -> Vec<Arc<str>> {
        let unit = &self.cx.program.units[self.item.unit];
        let items = unit.names.iter().filter(|(_, definition)| match definition {
            Definition::Item(at) => {
                matches!(self.cx.program.item(*at).kind, ItemKind::Action(_) | ItemKind::Fn(_))
            }
            _ => false,
        });
        let mut known: Vec<Arc<str>> = items.map(|(name, _)| name.clone()).collect();
        known.extend(self.cx.registry.of_kind(Kind::Function).map(|spec| Arc::from(spec.name)));
        known.sort();
        known.dedup();
        known
    }
}

/// `one argument`, `2 arguments`.
fn count(number: usize) -> String {
    match number {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        number => format!("{number} arguments"),
    }
}

/// How something is called, as advice.
fn signature(callee: &Ident, wanted: &[Wanted]) -> String {
    let params: Vec<String> = wanted
        .iter()
        .map(|param| if param.required { param.name.to_string() } else { format!("{}?", param.name) })
        .collect();
    format!("it is `{}({})`", callee.name, params.join(", "))
}
