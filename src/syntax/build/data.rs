//! Lists, objects and arguments.

use pest::iterators::Pair;

use super::{Builder, Parts};
use crate::syntax::ast::{Arg, Args, Expr, ExprKind, Ident, ObjectEntry, ObjectExpr, Template, TemplatePart};
use crate::syntax::grammar::Rule;

impl Builder<'_> {
    pub(super) fn list(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = Parts::of(pair);
        let mut items: Vec<Expr> =
            parts.take_all(Rule::expr).into_iter().map(|pair| self.expr(pair)).collect();
        if let Some(sized) = parts.take(Rule::sized) {
            let count = self.inner_expr(sized);
            return match items.pop() {
                Some(item) => ExprKind::Sized(Box::new(item), Box::new(count)),
                None => ExprKind::List(items, false),
            };
        }
        ExprKind::List(items, parts.take(Rule::ellipsis).is_some())
    }

    pub(super) fn object(&mut self, pair: Pair<'_, Rule>) -> ObjectExpr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let mut entries = Vec::new();
        let mut after = span.start as usize;
        while let Some(pair) = parts.next() {
            let entry_span = self.span(&pair);
            match pair.as_rule() {
                Rule::dots => {
                    let base = Parts::of(pair).next();
                    entries.push(match base {
                        Some(base) => ObjectEntry::Spread(self.expr(base)),
                        None => ObjectEntry::Open(entry_span),
                    });
                }
                Rule::entry_field => {
                    if let Some(entry) = self.entry(pair, after) {
                        entries.push(entry);
                    }
                }
                _ => self.hole(pair),
            }
            after = entry_span.end as usize;
        }
        ObjectExpr { entries, span }
    }

    fn entry(&mut self, pair: Pair<'_, Rule>, after: usize) -> Option<ObjectEntry> {
        let doc = self.docs.between(self.source, after, self.span(&pair).start as usize);
        let mut parts = Parts::of(pair);
        let key = parts.next()?;
        let quoted = key.as_rule() == Rule::string;
        let name = if quoted {
            self.template(key)
        } else {
            let ident = self.ident(&key);
            Template { parts: vec![TemplatePart::Text(ident.name)], span: ident.span }
        };
        let optional = parts.take(Rule::optional).is_some();
        let shorthand = parts.peek().is_none();
        let value = if shorthand { self.shorthand(&name, quoted) } else { self.next_expr(&mut parts) };
        Some(ObjectEntry::Field { doc, name, optional, value, shorthand })
    }

    /// `name` alone stands for `name: name`.
    fn shorthand(&mut self, name: &Template, quoted: bool) -> Expr {
        let text = name.plain().unwrap_or_default();
        if quoted {
            self.error(
                name.span,
                "this field has no value",
                "write `\"name\": value`; only a bare name stands for itself",
            );
        } else if crate::lang::is_reserved(&text) {
            self.error(
                name.span,
                "this field has no value",
                format!("write `{text}: value`; a reserved word names no variable"),
            );
        }
        Expr { kind: ExprKind::Name(text), span: name.span }
    }

    pub(super) fn args(&mut self, pair: Pair<'_, Rule>) -> Args {
        let span = self.span(&pair);
        let pairs = Parts::of(pair).take_all(Rule::arg);
        let args: Vec<Arg> = pairs
            .into_iter()
            .map(|pair| {
                let mut parts = Parts::of(pair);
                let name: Option<Ident> =
                    parts.take(Rule::arg_name).map(|pair| self.next_ident(&mut Parts::of(pair)));
                Arg { name, value: self.next_expr(&mut parts) }
            })
            .collect();
        self.refuse_twice(args.iter().filter_map(|arg| arg.name.as_ref()));
        Args { args, span }
    }
}
