//! The walk over one item: what every part of it shares, and how names resolve.

use super::context::Context;
use super::index::{Mention, Referent};
use super::plan::{Definition, ItemRef};
use super::scope::{Scopes, Value, Variable};
use crate::diag::{Code, Diagnostic};
use crate::lang::is_reserved;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Expr, ExprKind, Ident};

/// Where the walk is: what may stand here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Inside `eventually`.
    pub(super) eventually: bool,
    /// Inside a branch of `parallel`.
    pub(super) parallel: bool,
    /// Inside an action.
    pub(super) action: bool,
    /// Inside something that may change nothing; what it is.
    pub(super) safe: Option<&'static str>,
    /// Inside a double.
    pub(super) double: bool,
    /// Where `return` has something to end.
    pub(super) returns: bool,
    /// Where the last statement of a block gives the block's value.
    pub(super) valued: bool,
    /// What `.x` speaks of.
    pub(super) at_hand: Hand,
    /// Inside a service's settings, where `port`, `addr` and the like are its own.
    pub(super) service: bool,
    /// Inside `require`, where the gates' names are known.
    pub(super) gate: bool,
    /// Inside a block, where requests may stand.
    pub(super) block: bool,
    /// Inside what is drawn, where `not Order` makes near misses.
    pub(super) drawn: bool,
}

/// What `.x` speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Hand {
    /// Nothing.
    #[default]
    Nothing,
    /// Something of which nothing is known.
    Anything,
    /// The call that a double answers.
    Call,
}

/// What a bare name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A variable.
    Variable,
    /// An item.
    Item(ItemRef),
    /// A module under another name.
    Module(usize),
    /// A script file under another name.
    Script(SourceId),
    /// A contract under another name.
    Contract,
    /// `case`.
    Case,
    /// A part of the last response.
    Response,
    /// A constant, or an own name of the place.
    Constant,
    /// A built-in shape.
    Shape,
    /// Nothing; a diagnostic says so.
    Nothing,
}

/// The walk over one item.
pub(super) struct Walker<'a, 'c> {
    pub(super) cx: &'c mut Context<'a>,
    pub(super) item: ItemRef,
    pub(super) scopes: Scopes,
    pub(super) place: Place,
    /// The `@cases` of the scenario.
    pub(super) cases: Option<&'a Expr>,
    /// Set when something that may change was read.
    pub(super) saw_live: bool,
    /// Set when an action was called.
    pub(super) called_action: Option<Span>,
    /// Set when a stream was opened.
    pub(super) opened: bool,
    /// What contracts say of the values in scope.
    pub(super) memory: super::contract::Memory<'a>,
    /// What the double around plays.
    pub(super) played: Option<super::double::Played<'a>>,
}

/// The verbs of requests that give something which stays open: a stream, a transaction.
pub(super) const OPENERS: &[&str] = &["open", "begin"];

impl<'a, 'c> Walker<'a, 'c> {
    pub(super) fn new(cx: &'c mut Context<'a>, item: ItemRef) -> Walker<'a, 'c> {
        Walker {
            cx,
            item,
            scopes: Scopes::new(),
            place: Place::default(),
            cases: None,
            saw_live: false,
            called_action: None,
            opened: false,
            memory: super::contract::Memory::default(),
            played: None,
        }
    }

    /// Reports.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.cx.push(diagnostic);
    }

    /// Notes what a name stands for.
    pub(super) fn note(&mut self, span: Span, of: impl Into<Referent>) {
        self.cx.mentions.push(Mention { span, of: of.into() });
    }

    /// Reports, if this item is reached, that something cannot be executed yet.
    pub(super) fn not_yet(&mut self, span: Span, what: &str, why: Option<&str>) {
        self.cx.not_yet(self.item, span, what, why);
    }

    /// Does something with the place changed.
    pub(super) fn at<T>(&mut self, change: impl FnOnce(&mut Place), work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.place;
        change(&mut self.place);
        let result = work(self);
        self.place = before;
        result
    }

    /// Declares a variable; shadowing and reserved words are errors.
    pub(super) fn declare(&mut self, name: &Ident, value: Value, must_be_read: bool) {
        if &*name.name == "_" {
            return;
        }
        if is_reserved(&name.name) {
            if self.cx.is_broken_at(name.span) {
                return;
            }
            let message = format!("`{}` is a reserved word and cannot name a variable", name.name);
            self.push(Diagnostic::error(Code::RESERVED_NAME, name.span, message).label("reserved"));
            return;
        }
        let first = match self.scopes.get(&name.name) {
            Some(variable) => Some((variable.span, "first declared here")),
            None => self.place_of_item(&name.name).map(|span| (span, "declared here")),
        };
        if let Some(variable) = self.scopes.find(&name.name) {
            // Which of the two a name means is not worth a second word.
            variable.read = true;
        }
        if let Some((span, text)) = first {
            let message = format!("`{}` is declared twice", name.name);
            let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, name.span, message)
                .label("declared again here")
                .help("shadowing is an error; choose another name");
            let diagnostic =
                if span.source == name.span.source { diagnostic.also(span, text) } else { diagnostic };
            self.push(diagnostic);
        }
        self.note(name.span, Referent::Variable(name.span));
        self.scopes.declare(Variable {
            name: name.name.clone(),
            span: name.span,
            value,
            read: false,
            must_be_read: must_be_read && !name.name.starts_with('_'),
        });
    }

    /// Counts the names in an expression as read, without asking what they mean: for places whose
    /// meaning is not built yet.
    pub(super) fn mark(&mut self, expr: &'a Expr) {
        let unit = self.item.unit;
        crate::syntax::visit::expression(expr, &mut |part| {
            if let ExprKind::Name(name) = &part.kind {
                match self.scopes.find(name) {
                    Some(variable) => variable.read = true,
                    None => {
                        self.cx.lookup(unit, name);
                    }
                }
            }
        });
    }

    /// Where a top-level name is declared.
    fn place_of_item(&self, name: &str) -> Option<Span> {
        let definition = self.cx.program.lookup(self.item.unit, name)?;
        match definition {
            Definition::Item(at) => {
                let item = self.cx.program.item(at);
                Some(super::modules::name_span(item, name))
            }
            Definition::Module(_) | Definition::Script(_) | Definition::Contract(_) => {
                super::modules::import_span(self.cx.program, self.item.unit, name)
            }
        }
    }

    /// Leaves a scope and warns of the variables that nothing read.
    pub(super) fn leave(&mut self) {
        let variables = self.scopes.leave();
        self.widen();
        self.warn_unused(variables);
    }

    pub(super) fn warn_unused(&mut self, variables: Vec<Variable>) {
        if self.cx.is_broken_around(self.item) {
            return;
        }
        for variable in variables.into_iter().filter(|v| v.must_be_read && !v.read) {
            let message = format!("`{}` is never read", variable.name);
            self.push(
                Diagnostic::warning(Code::UNUSED_LET, variable.span, message)
                    .help(format!("remove it, or name it `_{}`", variable.name)),
            );
        }
    }
}

/// Whether a stream is opened in a block.
pub(super) fn opens(block: &crate::syntax::ast::Block) -> bool {
    let mut found = false;
    crate::syntax::visit::block(block, &mut |part| {
        found |= matches!(&part.kind, ExprKind::Request(request) if OPENERS.contains(&&*request.verb.name));
    });
    found
}

/// Names as a sentence has them: "`a`, `b` and `c`"; at most twelve.
pub(super) fn list(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    shown.dedup();
    if names.len() > 12 {
        return format!("{}, …", shown.join(", "));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// The plain name of an expression that is one.
pub(super) fn plain_name(expr: &Expr) -> Option<Ident> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Ident { name: name.clone(), span: expr.span }),
        _ => None,
    }
}
