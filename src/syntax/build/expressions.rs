//! Expressions and patterns. The grammar gives each as a flat row of prefixes, terms and
//! operators; here the precedences are climbed.

use pest::iterators::{Pair, Pairs};

use super::{Builder, MAX_CHAIN, Parts};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::syntax::grammar::Rule;
use crate::syntax::literal::{Numeric, NumericError, numeric};

/// Precedences, from loose to tight.
mod level {
    pub(super) const LOOSEST: u8 = 0;
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const UNION: u8 = 5;
    pub(super) const RANGE: u8 = 6;
    pub(super) const SUM: u8 = 7;
    pub(super) const PRODUCT: u8 = 8;
    pub(super) const BUT: u8 = 9;
    pub(super) const PREFIX: u8 = 10;
    pub(super) const LINK: u8 = 11;
}

/// An operator between two terms.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOp),
    But,
    Link,
    /// `-> *`, which has no right side.
    LinkAny,
}

impl Infix {
    fn level(self) -> u8 {
        use BinaryOp as B;
        match self {
            Infix::Binary(B::Or) => level::OR,
            Infix::Binary(B::And) => level::AND,
            Infix::Binary(B::Union) => level::UNION,
            Infix::Binary(B::Range) => level::RANGE,
            Infix::Binary(B::Add | B::Subtract) => level::SUM,
            Infix::Binary(B::Multiply | B::Divide | B::Remainder) => level::PRODUCT,
            Infix::Binary(_) => level::COMPARISON,
            Infix::But => level::BUT,
            Infix::Link | Infix::LinkAny => level::LINK,
        }
    }
}

/// An expression on its way, with its span, parentheses included.
struct Side {
    expr: Expr,
    /// Whether it is a comparison that no parentheses close off.
    compares: Option<Span>,
}

impl Builder<'_> {
    /// The one expression of a command line.
    pub(crate) fn expression_file(&mut self, mut pairs: Pairs<'_, Rule>) -> Expr {
        match pairs.next() {
            Some(pair) => self.inner_expr(pair),
            None => self.lost(),
        }
    }

    pub(super) fn next_expr(&mut self, parts: &mut Parts<'_>) -> Expr {
        match parts.next() {
            Some(pair) => self.expr(pair),
            None => self.lost(),
        }
    }

    /// The expression inside a pair.
    pub(super) fn inner_expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        self.next_expr(&mut Parts::of(pair))
    }

    /// Any expression pair, actions that have values included.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        match pair.as_rule() {
            Rule::expr | Rule::header | Rule::tight | Rule::tight_header => self.row(pair),
            Rule::object => {
                let object = self.object(pair);
                Expr { span: object.span, kind: ExprKind::Object(object) }
            }
            Rule::term | Rule::header_term | Rule::counted | Rule::header_counted => self.term(pair),
            _ => self.action_value(pair),
        }
    }

    fn row(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let mut budget = MAX_CHAIN;
        let side = self.climb(&mut parts, level::LOOSEST, &mut budget);
        if parts.peek().is_some() {
            self.error(
                span,
                format!("more than {MAX_CHAIN} operators in one expression"),
                "name its parts with `let`, or use a list",
            );
        }
        Expr { span, ..side.expr }
    }

    fn climb(&mut self, parts: &mut Parts<'_>, least: u8, budget: &mut usize) -> Side {
        let mut left = self.prefixed(parts, budget);
        while let Some(infix) = parts.pairs.peek().and_then(|pair| self.infix(pair)) {
            let level = infix.level();
            if level < least || *budget == 0 {
                break;
            }
            *budget -= 1;
            let Some(operator) = parts.next() else { break };
            self.check_spaces(&operator, infix);
            left = self.join(left, infix, &operator, parts, budget);
        }
        left
    }

    fn join(
        &mut self,
        left: Side,
        infix: Infix,
        operator: &Pair<'_, Rule>,
        parts: &mut Parts<'_>,
        budget: &mut usize,
    ) -> Side {
        if let Infix::LinkAny = infix {
            let span = left.expr.span.to(self.span(operator));
            return closed(ExprKind::Link(Box::new(left.expr), None), span);
        }
        let level = infix.level();
        let right = self.climb(parts, level + 1, budget);
        let span = left.expr.span.to(right.expr.span);
        let (a, b) = (Box::new(left.expr), Box::new(right.expr));
        match infix {
            Infix::But => closed(ExprKind::But(a, b), span),
            Infix::Link | Infix::LinkAny => closed(ExprKind::Link(a, Some(b)), span),
            Infix::Binary(op) => {
                let compares = op.is_comparison().then(|| self.span(operator));
                if let (Some(first), Some(second)) = (left.compares, compares) {
                    self.errors.push(
                        Diagnostic::error(Code::SYNTAX, second, "comparisons do not chain")
                            .label("a second comparison")
                            .also(first, "the first one")
                            .help("join them with `and`, or put one into parentheses"),
                    );
                }
                Side { expr: Expr { kind: ExprKind::Binary(op, a, b), span }, compares }
            }
        }
    }

    /// Prefixes bind as tightly as they read: `-x` and `any X` more than any operator, `not` less
    /// than a comparison, `> 0` in a pattern more than `|`.
    fn prefixed(&mut self, parts: &mut Parts<'_>, budget: &mut usize) -> Side {
        let Some(pair) = parts.next() else { return closed_expr(self.lost()) };
        let start = self.span(&pair);
        let rule = pair.as_rule();
        if matches!(rule, Rule::term | Rule::header_term) {
            return closed_expr(self.term(pair));
        }
        if *budget == 0 {
            return closed_expr(Expr { kind: ExprKind::Null, span: start });
        }
        *budget -= 1;
        let least = match rule {
            Rule::prefix_not => level::NOT + 1,
            Rule::prefix_compare => level::UNION + 1,
            _ => level::PREFIX,
        };
        let inner = self.climb(parts, least, budget).expr;
        let span = start.to(inner.span);
        let inner = Box::new(inner);
        let kind = match rule {
            Rule::prefix_not => ExprKind::Unary(UnaryOp::Not, inner),
            Rule::negate => ExprKind::Unary(UnaryOp::Negate, inner),
            Rule::any => ExprKind::Any(inner),
            _ => ExprKind::Compare(compare_op(pair.as_str()), inner),
        };
        closed(kind, span)
    }

    fn infix(&self, pair: &Pair<'_, Rule>) -> Option<Infix> {
        use BinaryOp as B;
        Some(match pair.as_rule() {
            Rule::k_or => Infix::Binary(B::Or),
            Rule::k_and => Infix::Binary(B::And),
            Rule::compare => Infix::Binary(compare_op(pair.as_str())),
            Rule::compare_word => Infix::Binary(word_op(pair.as_str())),
            Rule::union => Infix::Binary(B::Union),
            Rule::range => Infix::Binary(B::Range),
            Rule::add => Infix::Binary(B::Add),
            Rule::subtract => Infix::Binary(B::Subtract),
            Rule::multiply => Infix::Binary(B::Multiply),
            Rule::divide => Infix::Binary(B::Divide),
            Rule::remainder => Infix::Binary(B::Remainder),
            Rule::k_but => Infix::But,
            Rule::link => Infix::Link,
            Rule::link_any => Infix::LinkAny,
            _ => return None,
        })
    }

    /// Binary `-` and `/` have a space before them too; the grammar cannot look back.
    fn check_spaces(&mut self, operator: &Pair<'_, Rule>, infix: Infix) {
        if !matches!(infix, Infix::Binary(BinaryOp::Subtract | BinaryOp::Divide)) {
            return;
        }
        let span = self.span(operator);
        let before = self.text.as_bytes().get((span.start as usize).wrapping_sub(1));
        if !before.is_some_and(u8::is_ascii_whitespace) {
            let sign = operator.as_str();
            self.error(span, format!("`{sign}` needs a space on both sides"), format!("write `a {sign} b`"));
        }
    }

    fn name(&self, pair: &Pair<'_, Rule>) -> Expr {
        let ident = self.ident(pair);
        Expr { kind: ExprKind::Name(ident.name), span: ident.span }
    }

    pub(super) fn term(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let Some(first) = parts.next() else { return self.lost() };
        let mut expr = self.primary(first);
        let mut length = 0usize;
        while let Some(pair) = parts.next() {
            length += 1;
            if length > MAX_CHAIN {
                self.error(
                    span,
                    format!("more than {MAX_CHAIN} fields and calls in a row"),
                    "name the parts with `let`",
                );
                break;
            }
            let end = self.span(&pair);
            let span = expr.span.to(end);
            let inner = Box::new(expr);
            let kind = match pair.as_rule() {
                Rule::field => {
                    let field = self.next_ident(&mut Parts::of(pair));
                    ExprKind::Field(inner, field)
                }
                Rule::args => ExprKind::Call(inner, self.args(pair)),
                Rule::each => ExprKind::Each(inner),
                Rule::many | Rule::header_many => ExprKind::Many(inner, Box::new(self.inner_expr(pair))),
                Rule::index => ExprKind::Index(inner, Box::new(self.inner_expr(pair))),
                _ => match Parts::of(pair).next() {
                    Some(object) => ExprKind::Refine(inner, self.object(object)),
                    None => inner.kind,
                },
            };
            expr = Expr { kind, span };
        }
        expr
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::string => ExprKind::Text(self.template(pair)),
            Rule::number => return self.number(&pair),
            Rule::regex => {
                let raw = self.written(span);
                let raw = raw.strip_prefix("re\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
                ExprKind::Regex(raw.into())
            }
            Rule::name => return self.name(&pair),
            Rule::it => ExprKind::It(self.next_ident(&mut Parts::of(pair))),
            Rule::object => ExprKind::Object(self.object(pair)),
            Rule::list => self.list(pair),
            // The parentheses belong to the place, not to the tree.
            Rule::paren => return Expr { span, ..self.inner_expr(pair) },
            Rule::literal => match pair.as_str() {
                "true" => ExprKind::Bool(true),
                "false" => ExprKind::Bool(false),
                "null" => ExprKind::Null,
                _ => ExprKind::Absent,
            },
            // `any` alone: reserved, so no variable has this name.
            _ => ExprKind::Name("any".into()),
        };
        Expr { kind, span }
    }

    pub(super) fn number(&mut self, pair: &Pair<'_, Rule>) -> Expr {
        let span = self.span(pair);
        let kind = match numeric(pair.as_str()) {
            Ok(Numeric::Number(value)) => ExprKind::Number(value),
            Ok(Numeric::Duration(nanos)) => ExprKind::Duration(nanos),
            Ok(Numeric::Size(bytes)) => ExprKind::Size(bytes),
            Ok(Numeric::Percent(value)) => ExprKind::Percent(value),
            Ok(Numeric::Rate(count, period)) => ExprKind::Rate(count, period),
            Err(error) => {
                self.errors.push(numeric_error(span, pair.as_str(), error));
                ExprKind::Null
            }
        };
        Expr { kind, span }
    }
}

fn closed(kind: ExprKind, span: Span) -> Side {
    Side { expr: Expr { kind, span }, compares: None }
}

fn closed_expr(expr: Expr) -> Side {
    Side { expr, compares: None }
}

fn compare_op(text: &str) -> BinaryOp {
    match text {
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        _ => BinaryOp::GreaterEqual,
    }
}

fn word_op(text: &str) -> BinaryOp {
    let negated = text.starts_with("not");
    match (negated, text.ends_with("contains"), text.ends_with("matches")) {
        (false, true, _) => BinaryOp::Contains,
        (true, true, _) => BinaryOp::NotContains,
        (false, _, true) => BinaryOp::Matches,
        (true, _, true) => BinaryOp::NotMatches,
        (false, ..) => BinaryOp::In,
        (true, ..) => BinaryOp::NotIn,
    }
}

fn numeric_error(span: Span, text: &str, error: NumericError) -> Diagnostic {
    match error {
        NumericError::Date => Diagnostic::error(Code::BARE_DATE, span, "a date stands in quotes")
            .label("reads as a subtraction")
            .help(format!("write `date(\"{text}\")`")),
        NumericError::Other(message, help) => Diagnostic::error(Code::SYNTAX, span, message).help(help),
    }
}
