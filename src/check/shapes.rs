//! Built-in shapes that are made of others, and shapes that contain themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, describe};
use super::plan::{Definition, ItemRef, Program};
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::source::Span;
use crate::syntax::ast::{Args, BinaryOp, Expr, ExprKind, Ident, ItemKind, ObjectEntry, ObjectExpr, UnaryOp};

impl<'a> Walker<'a, '_> {
    /// `weighted(gold: 1, basic: 9)` or `weighted(1 of "gold", 9 of int)`.
    pub(super) fn weighted(&mut self, name: &Ident, args: &'a Args) {
        const HELP: &str = "write `weighted(gold: 1, basic: 9)`, or `weighted(1 of \"gold\", 9 of text)`";
        let mut sum_known = true;
        let mut some = false;
        for arg in &args.args {
            let weight = match (&arg.name, &arg.value.kind) {
                (Some(_), _) => &arg.value,
                (None, ExprKind::Many(weight, shape)) => {
                    self.pattern(shape);
                    weight
                }
                (None, _) => {
                    self.pattern(&arg.value);
                    let message = "a choice has a weight";
                    self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, arg.value.span, message).help(HELP));
                    sum_known = false;
                    continue;
                }
            };
            self.typed(weight, Ty::Number, "a weight");
            match &weight.kind {
                ExprKind::Number(number) => {
                    match crate::shape::choice::weight(&crate::value::Value::Number(number.clone())) {
                        Ok(weight) => some |= weight > 0,
                        Err(why) => self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, weight.span, why)),
                    }
                }
                _ => sum_known = false,
            }
        }
        if args.args.is_empty() {
            let message = "`weighted` lacks choices";
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message).help(HELP));
        } else if sum_known && !some {
            let message = "`weighted` needs a choice whose weight is more than 0";
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message));
        }
    }
}

/// Reports shapes that contain themselves in such a way that no value can fit them, or that
/// nothing could ever tell.
pub(super) fn circles(cx: &mut Context<'_>) {
    let program = cx.program;
    let shapes: Vec<ItemRef> = program
        .items()
        .filter(|(_, item)| matches!(item.kind, ItemKind::Shape(_)))
        .map(|(at, _)| at)
        .collect();
    let bare: BTreeMap<ItemRef, BTreeSet<ItemRef>> =
        shapes.iter().map(|&at| (at, reach(program, at, true))).collect();
    let all: BTreeMap<ItemRef, BTreeSet<ItemRef>> =
        shapes.iter().map(|&at| (at, reach(program, at, false))).collect();
    let ending = ending(program, &shapes);
    let mut told: BTreeSet<ItemRef> = BTreeSet::new();
    for &start in &shapes {
        if told.contains(&start) {
            continue;
        }
        let (edges, help) = if way(&bare, start).is_some() {
            let help =
                "a shape contains itself only inside a list or a field, such as `children: [Tree; 0..3]`";
            (&bare, help)
        } else if !ending.contains(&start) && way(&all, start).is_some() {
            let help =
                "give it a way out: an optional field, a list that may be empty, or another alternative";
            (&all, help)
        } else {
            continue;
        };
        let circle = way(edges, start).unwrap_or_default();
        told.extend(&circle);
        report(cx, &circle, help);
    }
}

fn report(cx: &mut Context<'_>, circle: &[ItemRef], help: &str) {
    let program = cx.program;
    let name = |at: &ItemRef| {
        let item = program.item(*at);
        describe(&item.kind).1.map_or((String::new(), item.span), |name| (name.name.to_string(), name.span))
    };
    let places: Vec<(String, Span)> = circle.iter().map(name).collect();
    let Some((first, span)) = places.first().cloned() else { return };
    let message = if places.len() == 1 {
        format!("`{first}` needs itself, without end")
    } else {
        let mut way: Vec<String> = places.iter().map(|(name, _)| format!("`{name}`")).collect();
        way.push(format!("`{first}`"));
        format!("these need each other in a circle, without end: {}", way.join(" → "))
    };
    let mut diagnostic = Diagnostic::error(Code::DEPENDENCY_CYCLE, span, message).help(help);
    for (name, at) in places.iter().skip(1).filter(|(_, at)| at.source == span.source) {
        diagnostic = diagnostic.also(*at, format!("`{name}` goes on"));
    }
    cx.push(diagnostic);
}

/// The shortest way from a shape back to itself.
fn way(edges: &BTreeMap<ItemRef, BTreeSet<ItemRef>>, start: ItemRef) -> Option<Vec<ItemRef>> {
    let mut from: BTreeMap<ItemRef, ItemRef> = BTreeMap::new();
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for &next in edges.get(&at).into_iter().flatten() {
            if next == start {
                let mut way = vec![at];
                while let Some(&before) = way.last().and_then(|last| from.get(last)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if let std::collections::btree_map::Entry::Vacant(place) = from.entry(next) {
                place.insert(at);
                waiting.push_back(next);
            }
        }
    }
    None
}

/// The shape that an expression names, in this module or in another.
fn shape_of(program: &Program, unit: usize, expr: &Expr) -> Option<ItemRef> {
    let (unit, name) = match &expr.kind {
        ExprKind::Name(name) => (unit, name),
        ExprKind::Field(base, field) => {
            let ExprKind::Name(alias) = &base.kind else { return None };
            let Definition::Module(unit) = program.lookup(unit, alias)? else { return None };
            (unit, &field.name)
        }
        _ => return None,
    };
    let (at, item) = program.lookup_item(unit, name)?;
    matches!(item.kind, ItemKind::Shape(_)).then_some(at)
}

fn pattern_of(program: &Program, at: ItemRef) -> Option<&Expr> {
    match &program.item(at).kind {
        ItemKind::Shape(shape) => Some(&shape.pattern),
        _ => None,
    }
}

/// The shapes that a shape names; with `bare`, only those that its value must itself fit, and not
/// an element or a field of it.
fn reach(program: &Program, at: ItemRef, bare: bool) -> BTreeSet<ItemRef> {
    let mut found = BTreeSet::new();
    if let Some(pattern) = pattern_of(program, at) {
        named(program, at.unit, pattern, bare, &mut found);
    }
    found
}

fn named(program: &Program, unit: usize, expr: &Expr, bare: bool, found: &mut BTreeSet<ItemRef>) {
    if let Some(shape) = shape_of(program, unit, expr) {
        found.insert(shape);
        return;
    }
    let mut each = |expr: &Expr| named(program, unit, expr, bare, found);
    match &expr.kind {
        ExprKind::Any(inner) | ExprKind::Unary(UnaryOp::Not, inner) => each(inner),
        ExprKind::Binary(BinaryOp::Union, left, right) => {
            each(left);
            each(right);
        }
        ExprKind::Refine(base, object) => {
            each(base);
            entries(object, bare, &mut each);
        }
        ExprKind::Object(object) => entries(object, bare, &mut each),
        ExprKind::List(items, _) if !bare => items.iter().for_each(each),
        ExprKind::Sized(item, _) if !bare => each(item),
        ExprKind::Call(_, args) => args.args.iter().for_each(|arg| match &arg.value.kind {
            ExprKind::Many(_, inner) => each(inner),
            _ => each(&arg.value),
        }),
        _ => {}
    }
}

/// What is spread belongs to the value itself; what stands in fields does not.
fn entries(object: &ObjectExpr, bare: bool, each: &mut impl FnMut(&Expr)) {
    for entry in &object.entries {
        match entry {
            ObjectEntry::Spread(base) => each(base),
            ObjectEntry::Field { value, .. } if !bare => each(value),
            ObjectEntry::Field { .. } | ObjectEntry::Open(_) => {}
        }
    }
}

/// The shapes of which a value can end.
fn ending(program: &Program, shapes: &[ItemRef]) -> BTreeSet<ItemRef> {
    let mut known = BTreeSet::new();
    loop {
        let before = known.len();
        for &at in shapes {
            if !known.contains(&at)
                && pattern_of(program, at).is_none_or(|pattern| ends(program, at.unit, pattern, &known))
            {
                known.insert(at);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

/// Whether a value can end when those of the known shapes can.
fn ends(program: &Program, unit: usize, expr: &Expr, known: &BTreeSet<ItemRef>) -> bool {
    if let Some(shape) = shape_of(program, unit, expr) {
        return known.contains(&shape);
    }
    let each = |expr: &Expr| ends(program, unit, expr, known);
    match &expr.kind {
        ExprKind::Any(inner) => each(inner),
        ExprKind::Binary(BinaryOp::Union, left, right) => each(left) || each(right),
        ExprKind::List(items, _) => items.iter().all(each),
        ExprKind::Sized(item, size) => may_be_empty(size) || each(item),
        ExprKind::Object(object) => fields_end(object, &each),
        ExprKind::Refine(base, object) => refined_ends(program, unit, base, object, known),
        ExprKind::Call(callee, args) => {
            let parts = args.args.iter().filter(|arg| arg.name.is_none()).map(|arg| match &arg.value.kind {
                ExprKind::Many(_, inner) => inner,
                _ => &arg.value,
            });
            match &callee.kind {
                ExprKind::Name(name) if &**name == "weighted" => {
                    args.args.iter().any(|arg| arg.name.is_some()) || parts.into_iter().any(&each)
                }
                _ => parts.into_iter().all(each),
            }
        }
        _ => true,
    }
}

fn fields_end(object: &ObjectExpr, each: &impl Fn(&Expr) -> bool) -> bool {
    object.entries.iter().all(|entry| match entry {
        ObjectEntry::Field { optional, value, .. } => *optional || each(value),
        ObjectEntry::Spread(base) => each(base),
        ObjectEntry::Open(_) => true,
    })
}

/// `Node { next: absent }`: what is overridden no longer counts.
fn refined_ends(
    program: &Program,
    unit: usize,
    base: &Expr,
    changes: &ObjectExpr,
    known: &BTreeSet<ItemRef>,
) -> bool {
    let each = |expr: &Expr| ends(program, unit, expr, known);
    if !fields_end(changes, &each) {
        return false;
    }
    let Some(at) = shape_of(program, unit, base) else { return each(base) };
    let Some(Expr { kind: ExprKind::Object(object), .. }) = pattern_of(program, at) else {
        return each(base);
    };
    let changed = |name: &Option<Arc<str>>| {
        changes.entries.iter().any(|entry| match entry {
            ObjectEntry::Field { name: other, .. } => name.is_some() && other.plain() == *name,
            _ => false,
        })
    };
    object.entries.iter().all(|entry| match entry {
        ObjectEntry::Field { name, optional, value, .. } => {
            *optional || changed(&name.plain()) || ends(program, at.unit, value, known)
        }
        ObjectEntry::Spread(base) => ends(program, at.unit, base, known),
        ObjectEntry::Open(_) => true,
    })
}

/// Whether a list of this size may have no elements; one whose size is not written out may.
fn may_be_empty(size: &Expr) -> bool {
    let zero = |expr: &Expr| match &expr.kind {
        ExprKind::Number(number) => number.to_i128() == Some(0),
        _ => true,
    };
    match &size.kind {
        ExprKind::Binary(BinaryOp::Range, least, _) => zero(least),
        _ => zero(size),
    }
}
