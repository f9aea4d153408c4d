//! Walking the tree: every statement and every expression below a place, outermost first.

use super::ast::{
    Args, Block, Expect, Expr, ExprKind, Item, ItemKind, ObjectEntry, ObjectExpr, ParamDecl, Place, Probe,
    Request, Same, Setting, SettingValue, Statement, StatementKind, Template, TemplatePart,
};

/// What a walk comes by.
enum Node<'a> {
    Statement(&'a Statement),
    Expr(&'a Expr),
    Template(&'a Template),
}

type Each<'e, 'a> = &'e mut dyn FnMut(Node<'a>);

/// Calls `each` for every statement in a block, nested blocks included.
pub fn statements<'a>(block: &'a Block, each: &mut dyn FnMut(&'a Statement)) {
    block_nodes(block, &mut |node| {
        if let Node::Statement(statement) = node {
            each(statement);
        }
    });
}

/// Calls `each` for a statement and for every one in its blocks.
pub fn with_nested<'a>(statement: &'a Statement, each: &mut dyn FnMut(&'a Statement)) {
    statement_nodes(statement, &mut |node| {
        if let Node::Statement(statement) = node {
            each(statement);
        }
    });
}

/// Calls `each` for every expression of an item, those of its attributes included.
pub fn item<'a>(item: &'a Item, each: &mut dyn FnMut(&'a Expr)) {
    item_nodes(item, &mut |node| expressions_only(node, each));
}

/// Calls `each` for every statement of an item, nested ones included.
pub fn item_statements<'a>(item: &'a Item, each: &mut dyn FnMut(&'a Statement)) {
    item_nodes(item, &mut |node| {
        if let Node::Statement(statement) = node {
            each(statement);
        }
    });
}

/// Calls `each` for every text of an item, those in `${…}` of others included.
pub fn templates<'a>(item: &'a Item, each: &mut dyn FnMut(&'a Template)) {
    item_nodes(item, &mut |node| {
        if let Node::Template(template) = node {
            each(template);
        }
    });
}

/// Calls `each` for every expression in a block, nested blocks included.
pub fn block<'a>(block: &'a Block, each: &mut dyn FnMut(&'a Expr)) {
    block_nodes(block, &mut |node| expressions_only(node, each));
}

/// Calls `each` for every expression in a statement, nested blocks included.
pub fn statement<'a>(statement: &'a Statement, each: &mut dyn FnMut(&'a Expr)) {
    statement_nodes(statement, &mut |node| expressions_only(node, each));
}

/// Calls `each` for an expression and every one below it.
pub fn expression<'a>(expr: &'a Expr, each: &mut dyn FnMut(&'a Expr)) {
    expression_nodes(expr, &mut |node| expressions_only(node, each));
}

fn expressions_only<'a>(node: Node<'a>, each: &mut dyn FnMut(&'a Expr)) {
    if let Node::Expr(expr) = node {
        each(expr);
    }
}

fn item_nodes<'a>(item: &'a Item, each: Each<'_, 'a>) {
    for attribute in &item.attributes {
        if let Some(args) = &attribute.args {
            arguments(args, each);
        }
    }
    match &item.kind {
        ItemKind::Use(_) | ItemKind::Error => {}
        ItemKind::Seed(value) => expression_nodes(value, each),
        ItemKind::Let(binding) => expression_nodes(&binding.value, each),
        ItemKind::Input(input) => {
            each_of(input.ty.as_ref(), each);
            each_of(input.default.as_ref(), each);
        }
        ItemKind::Secret(secret) => secret.file.iter().for_each(|file| template(file, each)),
        ItemKind::Service(service) => settings(&service.settings, each),
        ItemKind::Environment(environment) => settings(&environment.settings, each),
        ItemKind::Owner(owner) => settings(&owner.settings, each),
        ItemKind::Double(double) => {
            params(&double.params, each);
            for rule in &double.rules {
                rule.path.iter().for_each(|path| template(path, each));
                each_of(rule.when.as_ref(), each);
                block_nodes(&rule.body, each);
            }
        }
        ItemKind::Profile(profile) => {
            params(&profile.params, each);
            attacks(&profile.probes, &profile.same, each);
        }
        ItemKind::Stage(stage) => {
            stage.require.iter().for_each(|condition| expression_nodes(condition, each));
            stage.on_failure.iter().chain(&stage.finally).for_each(|block| block_nodes(block, each));
            stage.suites.iter().for_each(|suite| settings(&suite.settings, each));
        }
        ItemKind::Shape(shape) => expression_nodes(&shape.pattern, each),
        ItemKind::Fixture(fixture) => block_nodes(&fixture.body, each),
        ItemKind::Action(action) => {
            params(&action.params, each);
            block_nodes(&action.body, each);
        }
        ItemKind::Check(script) | ItemKind::Fn(script) => params(&script.params, each),
        ItemKind::Scenario(scenario) => {
            template(&scenario.title, each);
            scenario.with.iter().for_each(|double| expression_nodes(double, each));
            block_nodes(&scenario.body, each);
        }
    }
}

fn params<'a>(params: &'a [ParamDecl], each: Each<'_, 'a>) {
    for param in params {
        each_of(param.ty.as_ref(), each);
        each_of(param.default.as_ref(), each);
    }
}

fn settings<'a>(settings: &'a [Setting], each: Each<'_, 'a>) {
    for setting in settings {
        match &setting.value {
            Some(SettingValue::Expr(value)) => expression_nodes(value, each),
            Some(SettingValue::Request { path, .. }) => template(path, each),
            None => {}
        }
        setting.phrases.iter().for_each(|phrase| each_of(phrase.value.as_ref(), each));
        if let Some(block) = &setting.block {
            self::settings(block, each);
        }
    }
}

fn attacks<'a>(probes: &'a [Probe], sames: &'a [Same], each: Each<'_, 'a>) {
    for probe in probes {
        expression_nodes(&probe.probe, each);
        each_of(probe.on.as_ref(), each);
        if let Some(body) = &probe.body {
            block_nodes(body, each);
        }
    }
    for same in sames {
        same.parts.iter().chain(&same.except).for_each(|part| expression_nodes(part, each));
    }
}

fn block_nodes<'a>(block: &'a Block, each: Each<'_, 'a>) {
    for inner in &block.statements {
        statement_nodes(inner, each);
    }
}

fn statement_nodes<'a>(statement: &'a Statement, each: Each<'_, 'a>) {
    each(Node::Statement(statement));
    match &statement.kind {
        StatementKind::Let(binding) => expression_nodes(&binding.value, each),
        StatementKind::Expect(expect) => expectation(expect, each),
        StatementKind::Step(title, body) => {
            template(title, each);
            block_nodes(body, each);
        }
        StatementKind::Expr(inner)
        | StatementKind::StopWhen(inner)
        | StatementKind::RejectedWhen(inner)
        | StatementKind::Wait(inner)
        | StatementKind::Show(inner) => expression_nodes(inner, each),
        StatementKind::Return(value) => each_of(value.as_ref(), each),
        StatementKind::Defer(body) => block_nodes(body, each),
        StatementKind::Under(faults, body) => {
            for fault in faults {
                expression_nodes(&fault.fault, each);
                each_of(fault.on.as_ref(), each);
            }
            block_nodes(body, each);
        }
        StatementKind::Workload(workload) => {
            for part in [&workload.clients, &workload.rate, &workload.operations, &workload.duration] {
                each_of(part.as_ref(), each);
            }
            if let Some(options) = &workload.options {
                object(options, each);
            }
            for (share, inner) in &workload.operations_mix {
                each_of(share.as_ref(), each);
                statement_nodes(inner, each);
            }
        }
        StatementKind::Idempotent(idempotent) => {
            each_of(idempotent.profile.as_ref(), each);
            block_nodes(&idempotent.body, each);
            attacks(&idempotent.probes, &idempotent.same, each);
            idempotent.effects.iter().for_each(|effect| expectation(effect, each));
        }
        StatementKind::Forall(forall) => {
            expression_nodes(&forall.shape, each);
            each_of(forall.cases.as_ref(), each);
            block_nodes(&forall.body, each);
        }
        StatementKind::Observe(observe) => {
            expression_nodes(&observe.source, each);
            each_of(observe.every.as_ref(), each);
        }
        StatementKind::Reply(reply) => {
            expression_nodes(&reply.value, each);
            each_of(reply.after.as_ref(), each);
            each_of(reply.with.as_ref(), each);
        }
        StatementKind::Fail(fail) => {
            each_of(fail.message.as_ref(), each);
            each_of(fail.with.as_ref(), each);
        }
        StatementKind::Error => {}
    }
}

fn each_of<'a>(expr: Option<&'a Expr>, each: Each<'_, 'a>) {
    if let Some(expr) = expr {
        expression_nodes(expr, each);
    }
}

fn expectation<'a>(expect: &'a Expect, each: Each<'_, 'a>) {
    expression_nodes(&expect.subject, each);
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
        block_nodes(during, each);
    }
}

fn expression_nodes<'a>(expr: &'a Expr, each: Each<'_, 'a>) {
    each(Node::Expr(expr));
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
        ExprKind::List(items, _) => items.iter().for_each(|item| expression_nodes(item, each)),
        ExprKind::Object(fields) => object(fields, each),
        ExprKind::Unary(_, inner)
        | ExprKind::Compare(_, inner)
        | ExprKind::Field(inner, _)
        | ExprKind::Each(inner)
        | ExprKind::Any(inner) => expression_nodes(inner, each),
        ExprKind::Sized(a, b)
        | ExprKind::Binary(_, a, b)
        | ExprKind::Index(a, b)
        | ExprKind::But(a, b)
        | ExprKind::Many(a, b) => {
            expression_nodes(a, each);
            expression_nodes(b, each);
        }
        ExprKind::Call(callee, args) => {
            expression_nodes(callee, each);
            arguments(args, each);
        }
        ExprKind::Refine(base, fields) => {
            expression_nodes(base, each);
            object(fields, each);
        }
        ExprKind::Link(from, to) => {
            expression_nodes(from, each);
            each_of(to.as_deref(), each);
        }
        ExprKind::Request(inner) => request(inner, each),
        ExprKind::Next(next) => {
            expression_nodes(&next.stream, each);
            each_of(next.pattern.as_ref(), each);
            each_of(next.within.as_ref(), each);
        }
        ExprKind::If(inner) => {
            expression_nodes(&inner.condition, each);
            block_nodes(&inner.then, each);
            if let Some(otherwise) = &inner.otherwise {
                block_nodes(otherwise, each);
            }
        }
        ExprKind::For(inner) => {
            expression_nodes(&inner.list, each);
            block_nodes(&inner.body, each);
        }
        ExprKind::Parallel(body) => block_nodes(body, each),
        ExprKind::Eventually(inner) => {
            each_of(inner.within.as_ref(), each);
            each_of(inner.every.as_ref(), each);
            block_nodes(&inner.body, each);
        }
    }
}

fn request<'a>(request: &'a Request, each: Each<'_, 'a>) {
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

fn arguments<'a>(args: &'a Args, each: Each<'_, 'a>) {
    args.args.iter().for_each(|arg| expression_nodes(&arg.value, each));
}

fn template<'a>(template: &'a Template, each: Each<'_, 'a>) {
    each(Node::Template(template));
    for part in &template.parts {
        if let TemplatePart::Expr(expr) = part {
            expression_nodes(expr, each);
        }
    }
}

fn object<'a>(object: &'a ObjectExpr, each: Each<'_, 'a>) {
    for entry in &object.entries {
        match entry {
            ObjectEntry::Field { name, value, .. } => {
                template(name, each);
                expression_nodes(value, each);
            }
            ObjectEntry::Spread(base) => expression_nodes(base, each),
            ObjectEntry::Open(_) => {}
        }
    }
}
