//! Expectations: comparisons and relations, and what may be polled.

use super::call::Wanted;
use super::plan::Definition;
use super::record::Told;
use super::walker::{Hand, Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Param, Spec, Ty};
use crate::syntax::ast::{Args, Expect, Ident, ItemKind, Phrase, RelationUse, Script};

/// Parameters that stand for what a relation is written beside, not for arguments in parentheses.
const OPERANDS: &[&str] = &["operand", "pattern"];
/// Phrases that have a meaning of their own; other words are arguments.
const PHRASES: &[&str] = &["by", "per", "of", "before", "except", "or_empty", "as", "on"];

impl<'a> Walker<'a, '_> {
    /// `expect …`
    pub(super) fn expect(&mut self, expect: &'a Expect) {
        self.saw_live = false;
        self.value(&expect.subject);
        if let Some(used) = &expect.relation {
            self.relation(used);
            if let Some(Told::Records(of)) = self.told(&expect.subject) {
                let before = used.phrases.iter().filter(|phrase| &*phrase.word.name == "before");
                let patterns = used.operand.iter().chain(before.filter_map(|phrase| phrase.value.as_ref()));
                patterns.for_each(|pattern| self.fits_record(of, pattern));
            }
        }
        if expect.relation.is_none() {
            self.expected(&expect.subject);
        }
        let live = self.saw_live;
        for (phrase, word) in [(&expect.within, "within"), (&expect.throughout, "throughout")] {
            let Some(duration) = phrase else { continue };
            self.typed(duration, Ty::Duration, &format!("`{word}`"));
        }
        if let Some(duration) = expect.within.as_ref().or(expect.throughout.as_ref())
            && !live
        {
            let word = if expect.within.is_some() { "within" } else { "throughout" };
            let message = format!("`{word}` waits for something that cannot change");
            self.push(
                Diagnostic::error(Code::NEVER_CHANGES, duration.span, message)
                    .also(expect.subject.span, "this was computed once")
                    .help("poll a stream, a service or a `@safe` action, or put the request into `eventually within … { … }`"),
            );
        }
        if let Some(because) = &expect.because {
            self.template(because);
        }
        if let Some(during) = &expect.during {
            let called = self.called_action;
            self.block(during);
            self.called_action = called;
        }
    }

    /// A relation by name: built in, or a `check`.
    pub(super) fn relation(&mut self, used: &'a RelationUse) {
        let name = &used.name;
        if let Some(Definition::Item(at)) = self.cx.lookup(self.item.unit, &name.name)
            && let ItemKind::Check(script) = &self.cx.program.item(at).kind
        {
            self.cx.graph.uses(self.item, at);
            self.note(name.span, Definition::Item(at));
            return self.custom(used, script);
        }
        match self.cx.registry.get(Kind::Relation, &name.name).copied() {
            Some(spec) => {
                self.note(name.span, &spec);
                self.built_in(used, &spec);
            }
            None => {
                self.unknown_relation(name);
                self.loose_relation(used);
            }
        }
    }

    fn unknown_relation(&mut self, name: &Ident) {
        if self.may_be_lost(&name.name) {
            return;
        }
        let unit = &self.cx.program.units[self.item.unit];
        let checks = unit.names.iter().filter(|(_, definition)| match definition {
            Definition::Item(at) => matches!(self.cx.program.item(*at).kind, ItemKind::Check(_)),
            _ => false,
        });
        let mut known: Vec<&str> = checks.map(|(name, _)| &**name).collect();
        known.extend(self.cx.registry.of_kind(Kind::Relation).map(|spec| spec.name));
        // A misspelt `matches` or `contains` looks like a relation too.
        known.extend(["matches", "contains"]);
        let message = format!("there is no relation `{}`", name.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_RELATION, name.span, message)
            .help("relations are built in, or declared with `check`")
            .did_you_mean(&name.name, known);
        self.push(diagnostic);
    }

    /// What stands beside a relation that is not known: only its names can be checked.
    fn loose_relation(&mut self, used: &'a RelationUse) {
        self.at(
            |place| place.at_hand = Hand::Anything,
            |walker| {
                let args = used.args.iter().flat_map(|args| &args.args).map(|arg| &arg.value);
                let phrases = used.phrases.iter().filter(|phrase| &*phrase.word.name != "as");
                for value in
                    args.chain(&used.operand).chain(phrases.filter_map(|phrase| phrase.value.as_ref()))
                {
                    walker.pattern(value);
                }
            },
        );
    }

    fn built_in(&mut self, used: &'a RelationUse, spec: &Spec) {
        let name = &used.name;
        if let Some(why) = spec.planned {
            self.not_yet(name.span, &format!("`{}`", name.name), Some(why));
            let args = used.args.iter().flat_map(|args| &args.args).map(|arg| &arg.value);
            let phrases = used.phrases.iter().filter_map(|phrase| phrase.value.as_ref());
            return args.chain(&used.operand).chain(phrases).for_each(|value| self.mark(value));
        }
        let mut given: Vec<&str> = Vec::new();
        let in_parentheses: Vec<Wanted> =
            spec.params.iter().filter(|param| !is_beside(param.name)).map(Wanted::of_spec).collect();
        if let Some(args) = &used.args {
            self.at(
                |place| place.at_hand = Hand::Anything,
                |walker| {
                    walker.arguments(name, &in_parentheses, args, false);
                },
            );
            given.extend(names_given(args, &in_parentheses, spec));
        }
        if let Some(operand) = &used.operand {
            match spec.params.iter().find(|param| OPERANDS.contains(&param.name)) {
                Some(param) => {
                    given.push(param.name);
                    self.at(
                        |place| place.at_hand = Hand::Anything,
                        |walker| {
                            walker.typed(operand, param.ty, &format!("the operand of `{}`", name.name));
                        },
                    );
                }
                None => {
                    let message = format!("`{}` has no operand", name.name);
                    self.push(
                        Diagnostic::error(Code::WRONG_ARGUMENTS, operand.span, message).help(form(spec)),
                    );
                    self.at(|place| place.at_hand = Hand::Anything, |walker| walker.pattern(operand));
                }
            }
        }
        for phrase in &used.phrases {
            match spec.params.iter().find(|param| *param.name == *phrase.word.name) {
                Some(param) => {
                    if given.contains(&param.name) && param.name != "except" {
                        let message = format!("`{}` is given twice", param.name);
                        self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, phrase.word.span, message));
                    }
                    given.push(param.name);
                    match &phrase.value {
                        Some(model) if param.name == "as" => self.model(name, model),
                        _ => self.phrase(phrase, param.ty),
                    }
                }
                None => self.unknown_phrase(name, phrase, spec.params, &form(spec)),
            }
        }
        let missing: Vec<&str> = spec
            .params
            .iter()
            .filter(|param| param.required && !given.contains(&param.name))
            .map(|param| if OPERANDS.contains(&param.name) { "what it is compared with" } else { param.name })
            .collect();
        if !missing.is_empty() {
            let what =
                if missing == ["what it is compared with"] { missing[0].to_owned() } else { list(&missing) };
            let message = format!("`{}` lacks {what}", name.name);
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message).help(form(spec)));
        }
    }

    fn phrase(&mut self, phrase: &'a Phrase, ty: Ty) {
        let Some(value) = &phrase.value else { return };
        let what = format!("`{}`", phrase.word.name);
        self.at(|place| place.at_hand = Hand::Anything, |walker| walker.typed(value, ty, &what));
    }

    fn unknown_phrase(&mut self, name: &Ident, phrase: &'a Phrase, params: &[Param], form: &str) {
        let message = format!("`{}` takes no `{}`", name.name, phrase.word.name);
        let known = params.iter().map(|param| param.name).filter(|name| !OPERANDS.contains(name));
        self.push(
            Diagnostic::error(Code::WRONG_ARGUMENTS, phrase.word.span, message)
                .help(form)
                .did_you_mean(&phrase.word.name, known),
        );
        // A model is no value, and there is none to look it up among.
        if let Some(value) = phrase.value.as_ref().filter(|_| &*phrase.word.name != "as") {
            self.at(|place| place.at_hand = Hand::Anything, |walker| walker.pattern(value));
        }
    }

    /// A `check`: the subject is its first parameter, phrases and arguments are the others.
    fn custom(&mut self, used: &'a RelationUse, script: &'a Script) {
        let name = &used.name;
        let others: Vec<Wanted> = script.params.iter().skip(1).map(Wanted::of_declaration).collect();
        let mut given: Vec<std::sync::Arc<str>> = Vec::new();
        let names: Vec<String> = others.iter().map(|param| format!("`{}`", param.name)).collect();
        let form = match names.as_slice() {
            [] => format!("`{}` takes nothing but its subject", name.name),
            names => format!("besides its subject it takes {}", names.join(", ")),
        };
        let mut positional = used.operand.iter().count();
        if let Some(args) = &used.args {
            self.at(
                |place| place.at_hand = Hand::Anything,
                |walker| walker.arguments(name, &others, args, false),
            );
            positional += args.args.iter().filter(|arg| arg.name.is_none()).count();
            given.extend(args.args.iter().filter_map(|arg| Some(arg.name.as_ref()?.name.clone())));
        }
        if let Some(operand) = &used.operand {
            self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(operand));
        }
        for phrase in &used.phrases {
            if let Some(value) = &phrase.value {
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(value));
            }
            if &*phrase.word.name == "or_empty" && phrase.value.is_none() {
                continue;
            }
            if !others.iter().any(|param| param.name == phrase.word.name) {
                let message = format!("`{}` takes no `{}`", name.name, phrase.word.name);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, phrase.word.span, message)
                        .help(form.clone())
                        .did_you_mean(&phrase.word.name, others.iter().map(|param| &*param.name)),
                );
            } else if given.contains(&phrase.word.name) {
                let message = format!("`{}` is given twice", phrase.word.name);
                self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, phrase.word.span, message));
            }
            given.push(phrase.word.name.clone());
        }
        // Arguments by position fill what is not named, from the left.
        let mut left: Vec<&Wanted> = others.iter().filter(|param| !given.contains(&param.name)).collect();
        if positional > left.len() {
            let span = used.operand.as_ref().map_or(used.name.span, |operand| operand.span);
            let message = format!("`{}` has too many arguments", name.name);
            if used.operand.is_some() {
                self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, span, message).help(form.clone()));
            }
        }
        left.drain(..positional.min(left.len()));
        let missing: Vec<&str> =
            left.iter().filter(|param| param.required).map(|param| &*param.name).collect();
        if !missing.is_empty() {
            let message = format!("`{}` lacks {}", name.name, list(&missing));
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message).help(form));
        }
    }
}

/// Whether a parameter is written beside the relation and not in its parentheses.
fn is_beside(name: &str) -> bool {
    OPERANDS.contains(&name) || PHRASES.contains(&name)
}

/// The parameters that arguments in parentheses give.
fn names_given(args: &Args, wanted: &[Wanted], spec: &Spec) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut position = 0;
    for arg in &args.args {
        let name = match &arg.name {
            Some(name) => Some(name.name.clone()),
            None => {
                position += 1;
                wanted.get(position - 1).map(|param| param.name.clone())
            }
        };
        names
            .extend(spec.params.iter().map(|param| param.name).find(|param| name.as_deref() == Some(*param)));
    }
    names
}

/// How a relation is written, as advice.
fn form(spec: &Spec) -> String {
    if spec.example.is_empty() {
        format!("{}: {}", spec.name, spec.summary)
    } else {
        format!("for example `{}`", spec.example)
    }
}
