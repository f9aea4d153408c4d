//! Walking the tree: every expression under a statement, outermost first.

use super::ast::{
    Args, Block, Expect, Expr, ExprKind, ObjectEntry, ObjectExpr, Place, Request, Statement, StatementKind,
    Template, TemplatePart,
};

/// Calls `each` for every expression in a block, nested blocks included.
pub fn block<'a>(block: &'a Block, each: &mut dyn FnMut(&'a Expr)) {
    for inner in &block.statements {
        statement(inner, each);
    }
}

/// Calls `each` for every expression in a statement, nested blocks included.
pub fn statement<'a>(statement: &'a Statement, each: &mut dyn FnMut(&'a Expr)) {
    match &statement.kind {
        StatementKind::Let(binding) => expression(&binding.value, each),
        StatementKind::Expect(expect) => expectation(expect, each),
        StatementKind::Step(title, body) => {
            template(title, each);
            block(body, each);
        }
        StatementKind::Expr(inner)
        | StatementKind::StopWhen(inner)
        | StatementKind::RejectedWhen(inner)
        | StatementKind::Wait(inner)
        | StatementKind::Show(inner) => expression(inner, each),
        StatementKind::Return(value) => each_of(value.as_ref(), each),
        StatementKind::Defer(body) => block(body, each),
        StatementKind::Under(faults, body) => {
            for fault in faults {
                expression(&fault.fault, each);
                each_of(fault.on.as_ref(), each);
            }
            block(body, each);
        }
        StatementKind::Workload(workload) => {
            for part in [&workload.clients, &workload.rate, &workload.operations, &workload.duration] {
                each_of(part.as_ref(), each);
            }
            for (share, inner) in &workload.operations_mix {
                each_of(share.as_ref(), each);
                self::statement(inner, each);
            }
        }
        StatementKind::Idempotent(idempotent) => {
            each_of(idempotent.profile.as_ref(), each);
            block(&idempotent.body, each);
            for probe in &idempotent.probes {
                expression(&probe.probe, each);
                each_of(probe.on.as_ref(), each);
                if let Some(body) = &probe.body {
                    block(body, each);
                }
            }
            for same in &idempotent.same {
                same.parts.iter().chain(&same.except).for_each(|part| expression(part, each));
            }
            idempotent.effects.iter().for_each(|effect| expectation(effect, each));
        }
        StatementKind::Forall(forall) => {
            expression(&forall.shape, each);
            each_of(forall.cases.as_ref(), each);
            block(&forall.body, each);
        }
        StatementKind::Reply(reply) => {
            expression(&reply.value, each);
            each_of(reply.after.as_ref(), each);
            each_of(reply.with.as_ref(), each);
        }
        StatementKind::Fail(_, message) => each_of(message.as_ref(), each),
        StatementKind::Error => {}
    }
}

fn each_of<'a>(expr: Option<&'a Expr>, each: &mut dyn FnMut(&'a Expr)) {
    if let Some(expr) = expr {
        expression(expr, each);
    }
}

/// Calls `each` for every expression in an expectation.
pub fn expectation<'a>(expect: &'a Expect, each: &mut dyn FnMut(&'a Expr)) {
    expression(&expect.subject, each);
    if let Some(relation) = &expect.relation {
        if let Some(args) = &relation.args {
            arguments(args, each);
        }
        each_of(relation.operand.as_ref(), each);
        for phrase in &relation.phrases {
            each_of(phrase.value.as_ref(), each);
        }
    }
    each_of(expect.within.as_ref(), each);
    each_of(expect.throughout.as_ref(), each);
    if let Some(because) = &expect.because {
        template(because, each);
    }
    if let Some(during) = &expect.during {
        block(during, each);
    }
}

/// Calls `each` for an expression and every one below it.
pub fn expression<'a>(expr: &'a Expr, each: &mut dyn FnMut(&'a Expr)) {
    each(expr);
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Absent
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Percent(_)
        | ExprKind::Rate(..)
        | ExprKind::Regex(_)
        | ExprKind::Name(_)
        | ExprKind::It(_) => {}
        ExprKind::Text(text) => template(text, each),
        ExprKind::List(items, _) => items.iter().for_each(|item| expression(item, each)),
        ExprKind::Object(fields) => object(fields, each),
        ExprKind::Unary(_, inner)
        | ExprKind::Compare(_, inner)
        | ExprKind::Field(inner, _)
        | ExprKind::Each(inner)
        | ExprKind::Any(inner) => expression(inner, each),
        ExprKind::Sized(a, b)
        | ExprKind::Binary(_, a, b)
        | ExprKind::Index(a, b)
        | ExprKind::But(a, b)
        | ExprKind::Many(a, b) => {
            expression(a, each);
            expression(b, each);
        }
        ExprKind::Call(callee, args) => {
            expression(callee, each);
            arguments(args, each);
        }
        ExprKind::Refine(base, fields) => {
            expression(base, each);
            object(fields, each);
        }
        ExprKind::Link(from, to) => {
            expression(from, each);
            each_of(to.as_deref(), each);
        }
        ExprKind::Request(inner) => request(inner, each),
        ExprKind::Next(next) => {
            expression(&next.stream, each);
            each_of(next.pattern.as_ref(), each);
            each_of(next.within.as_ref(), each);
        }
        ExprKind::If(inner) => {
            expression(&inner.condition, each);
            block(&inner.then, each);
            if let Some(otherwise) = &inner.otherwise {
                block(otherwise, each);
            }
        }
        ExprKind::For(inner) => {
            expression(&inner.list, each);
            block(&inner.body, each);
        }
        ExprKind::Parallel(body) => block(body, each),
        ExprKind::Eventually(inner) => {
            each_of(inner.within.as_ref(), each);
            each_of(inner.every.as_ref(), each);
            block(&inner.body, each);
        }
    }
}

/// Calls `each` for every expression in a request.
pub fn request<'a>(request: &'a Request, each: &mut dyn FnMut(&'a Expr)) {
    if let Some(target) = &request.target {
        each_of(target.index.as_ref(), each);
    }
    if let Some(place) = &request.place {
        template(Place::template(place), each);
    }
    each_of(request.operand.as_ref(), each);
    if let Some(options) = &request.options {
        object(options, each);
    }
}

/// Calls `each` for every expression in arguments.
pub fn arguments<'a>(args: &'a Args, each: &mut dyn FnMut(&'a Expr)) {
    args.args.iter().for_each(|arg| expression(&arg.value, each));
}

/// Calls `each` for every expression in a template.
pub fn template<'a>(template: &'a Template, each: &mut dyn FnMut(&'a Expr)) {
    for part in &template.parts {
        if let TemplatePart::Expr(expr) = part {
            expression(expr, each);
        }
    }
}

/// Calls `each` for every expression in an object.
pub fn object<'a>(object: &'a ObjectExpr, each: &mut dyn FnMut(&'a Expr)) {
    for entry in &object.entries {
        match entry {
            ObjectEntry::Field { name, value, .. } => {
                template(name, each);
                expression(value, each);
            }
            ObjectEntry::Spread(base) => expression(base, each),
            ObjectEntry::Open(_) => {}
        }
    }
}
