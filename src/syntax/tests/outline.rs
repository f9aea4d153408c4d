//! A tree as indented s-expressions, which tests compare.

use crate::syntax::ast::*;

/// A whole module.
pub(crate) fn outline(module: &Module) -> String {
    let mut out = Out::default();
    if let Some(doc) = &module.doc {
        out.line(&format!("doc {:?}", doc.text));
    }
    module.items.iter().for_each(|item| out.item(item));
    out.text
}

/// An expression on one line.
pub(super) fn expr(e: &Expr) -> String {
    use ExprKind as K;
    match &e.kind {
        K::Null => "null".into(),
        K::Absent => "absent".into(),
        K::Bool(b) => b.to_string(),
        K::Number(n) => n.to_string(),
        K::Duration(n) => format!("{n}ns"),
        K::Size(n) => format!("{n}B"),
        K::Percent(n) => format!("(percent {n})"),
        K::Rate(n, per) => format!("(rate {n} {per}ns)"),
        K::Text(t) => template(t),
        K::Regex(r) => format!("(re {r:?})"),
        K::Name(n) => n.to_string(),
        K::It(n) => format!(".{}", n.name),
        K::List(items, open) => format!("[{}{}]", join(items), if *open { " .." } else { "" }),
        K::Sized(a, b) => format!("[{}; {}]", expr(a), expr(b)),
        K::Object(o) => object(o),
        K::Unary(UnaryOp::Not, a) => format!("(not {})", expr(a)),
        K::Unary(UnaryOp::Negate, a) => format!("(neg {})", expr(a)),
        K::Binary(op, a, b) => format!("({} {} {})", op.symbol(), expr(a), expr(b)),
        K::Compare(op, a) => format!("({} {})", op.symbol(), expr(a)),
        K::Field(a, f) => format!("{}.{}", expr(a), f.name),
        K::Index(a, b) => format!("{}[{}]", expr(a), expr(b)),
        K::Each(a) => format!("{}[*]", expr(a)),
        K::Call(f, a) => format!("{}{}", expr(f), args(a)),
        K::Any(a) => format!("(any {})", expr(a)),
        K::But(a, b) => format!("(but {} {})", expr(a), expr(b)),
        K::Many(a, b) => format!("({} of {})", expr(a), expr(b)),
        K::Refine(a, o) => format!("(refine {} {})", expr(a), object(o)),
        K::Link(a, b) => format!("(-> {} {})", expr(a), b.as_ref().map_or("*".into(), |b| expr(b))),
        K::Request(r) => request(r),
        K::Next(n) => {
            format!("(next {}{}{})", expr(&n.stream), opt(" matches", &n.pattern), opt(" within", &n.within))
        }
        K::If(i) => {
            let other = i.otherwise.as_ref().map_or(String::new(), |b| format!(" else {}", block(b)));
            format!("(if {} {}{other})", expr(&i.condition), block(&i.then))
        }
        K::For(f) => {
            let word = if f.parallel { "parallel-for" } else { "for" };
            format!("({word} {} in {} {})", target(&f.target), expr(&f.list), block(&f.body))
        }
        K::Parallel(b) => format!("(parallel {})", block(b)),
        K::Eventually(v) => {
            format!("(eventually{}{} {})", opt(" within", &v.within), opt(" every", &v.every), block(&v.body))
        }
    }
}

/// Statements on one line.
pub(super) fn block(b: &Block) -> String {
    let statements: Vec<String> = b.statements.iter().map(statement).collect();
    format!("{{ {} }}", statements.join(" ; "))
}

fn join(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn opt(word: &str, e: &Option<Expr>) -> String {
    e.as_ref().map_or(String::new(), |e| format!("{word} {}", expr(e)))
}

fn target(t: &LetTarget) -> String {
    match t {
        LetTarget::Name(n) => n.name.to_string(),
        LetTarget::List(ns, _) => {
            format!("[{}]", ns.iter().map(|n| n.name.to_string()).collect::<Vec<_>>().join(" "))
        }
    }
}

fn args(a: &Args) -> String {
    let one = |arg: &Arg| match &arg.name {
        Some(name) => format!("{}: {}", name.name, expr(&arg.value)),
        None => expr(&arg.value),
    };
    format!("({})", a.args.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn template(t: &Template) -> String {
    let mut out = String::from("\"");
    for part in &t.parts {
        match part {
            TemplatePart::Text(text) => out += format!("{text:?}").trim_matches('"'),
            TemplatePart::Expr(e) => out += &format!("${{{}}}", expr(e)),
        }
    }
    out + "\""
}

fn object(o: &ObjectExpr) -> String {
    let one = |entry: &ObjectEntry| match entry {
        ObjectEntry::Field { doc, name, optional, value, shorthand } => format!(
            "{}{}{}{}",
            doc.as_ref().map_or(String::new(), |d| format!("/// {:?} ", d.text)),
            template(name).trim_matches('"'),
            if *optional { "?" } else { "" },
            if *shorthand { String::new() } else { format!(": {}", expr(value)) }
        ),
        ObjectEntry::Open(_) => "..".into(),
        ObjectEntry::Spread(e) => format!("..{}", expr(e)),
    };
    format!("{{{}}}", o.entries.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn request(r: &Request) -> String {
    let mut out = format!("(request {}", r.verb.name);
    if let Some(t) = &r.target {
        out += &format!(" {}", t.name.name);
        t.members.iter().for_each(|m| out += &format!(".{}", m.name));
        if let Some(i) = &t.index {
            out += &format!("[{}]", expr(i));
        }
    }
    match &r.place {
        Some(Place::Path(t)) => out += &format!(" path {}", template(t)),
        Some(Place::Url(t)) => out += &format!(" url {}", template(t)),
        Some(Place::Text(t)) => out += &format!(" text {}", template(t)),
        None => {}
    }
    if let Some(e) = &r.operand {
        out += &format!(" operand {}", expr(e));
    }
    if let Some(o) = &r.options {
        out += &format!(" with {}", object(o));
    }
    out + ")"
}

fn phrases(list: &[Phrase]) -> String {
    list.iter().map(|p| format!(" {}{}", p.word.name, opt("", &p.value))).collect()
}

/// An expectation on one line.
pub(super) fn expect(e: &Expect) -> String {
    let mut out = expr(&e.subject);
    if let Some(r) = &e.relation {
        out += &format!(
            " | {}{}{}{}{}",
            if r.negated { "not " } else { "" },
            r.name.name,
            r.args.as_ref().map_or(String::new(), args),
            opt("", &r.operand),
            phrases(&r.phrases)
        );
    }
    out += &opt(" within", &e.within);
    out += &opt(" throughout", &e.throughout);
    if let Some(b) = &e.because {
        out += &format!(" because {}", template(b));
    }
    if let Some(b) = &e.during {
        out += &format!(" during {}", block(b));
    }
    out
}

/// A statement on one line.
pub(super) fn statement(s: &Statement) -> String {
    use StatementKind as K;
    let on = |e: &Option<Expr>| opt(" on", e);
    match &s.kind {
        K::Let(l) => format!("let {} = {}", target(&l.target), expr(&l.value)),
        K::Expect(e) => format!("expect {}", expect(e)),
        K::Step(t, b) => format!("step {} {}", template(t), block(b)),
        K::Expr(e) => expr(e),
        K::StopWhen(e) => format!("stop-when {}", expr(e)),
        K::RejectedWhen(e) => format!("rejected-when {}", expr(e)),
        K::Under(faults, b) => {
            let faults: Vec<String> =
                faults.iter().map(|f| format!("{}{}", expr(&f.fault), on(&f.on))).collect();
            format!("under {} {}", faults.join(", "), block(b))
        }
        K::Observe(o) => format!("observe {} {}{}", o.name.name, expr(&o.source), opt(" every", &o.every)),
        K::Workload(w) => {
            let mix: Vec<String> = w
                .operations_mix
                .iter()
                .map(|(share, s)| format!("{} {}", opt("", share), statement(s)))
                .collect();
            format!(
                "workload {}{}{}{}{}{} {{{} }}",
                w.name.name,
                opt(" clients", &w.clients),
                opt(" rate", &w.rate),
                opt(" operations", &w.operations),
                opt(" duration", &w.duration),
                w.options.as_ref().map_or(String::new(), |options| format!(" with {}", object(options))),
                mix.join(" ;")
            )
        }
        K::Idempotent(i) => {
            let mut out = format!("idempotent{} {}", opt(" as", &i.profile), block(&i.body));
            i.probes.iter().for_each(|p| out += &format!(" {}", probe(p)));
            i.same.iter().for_each(|s| out += &format!(" {}", same(s)));
            i.effects.iter().for_each(|e| out += &format!(" effect {}", expect(e)));
            out
        }
        K::Forall(f) => {
            format!(
                "forall {} in {}{} {}",
                f.name.name,
                expr(&f.shape),
                opt(" cases", &f.cases),
                block(&f.body)
            )
        }
        K::Defer(b) => format!("defer {}", block(b)),
        K::Return(e) => format!("return{}", opt("", e)),
        K::Wait(e) => format!("wait {}", expr(e)),
        K::Show(e) => format!("show {}", expr(e)),
        K::Reply(r) => {
            format!("reply {}{}{}", expr(&r.value), opt(" after", &r.after), opt(" with", &r.with))
        }
        K::Fail(f) => {
            let status = f.status.as_ref().map_or(String::new(), |s| format!(" {}", s.name));
            format!("fail{status}{}{}", opt("", &f.message), opt(" with", &f.with))
        }
        K::Error => "ERROR".into(),
    }
}

fn probe(p: &Probe) -> String {
    let body = p.body.as_ref().map_or(String::new(), |b| format!(" {}", block(b)));
    format!("probe {}{}{body}", expr(&p.probe), opt(" on", &p.on))
}

fn same(s: &Same) -> String {
    format!("same [{}] except [{}]", join(&s.parts), join(&s.except))
}

#[derive(Default)]
struct Out {
    text: String,
    depth: usize,
}

impl Out {
    fn line(&mut self, text: &str) {
        self.text += &"  ".repeat(self.depth);
        self.text += text;
        self.text.push('\n');
    }

    fn inside(&mut self, write: impl FnOnce(&mut Out)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    fn body(&mut self, b: &Block) {
        self.inside(|out| b.statements.iter().for_each(|s| out.line(&statement(s))));
    }

    fn settings(&mut self, settings: &[Setting]) {
        self.inside(|out| settings.iter().for_each(|s| out.setting(s)));
    }

    fn setting(&mut self, s: &Setting) {
        let value = match &s.value {
            Some(SettingValue::Expr(e)) => format!(" {}", expr(e)),
            Some(SettingValue::Request { verb, path }) => format!(" <{} {}>", verb.name, template(path)),
            None => String::new(),
        };
        self.line(&format!("{}{value} |{}", s.name.name, phrases(&s.phrases)));
        if let Some(block) = &s.block {
            self.settings(block);
        }
    }

    fn item(&mut self, item: &Item) {
        if let Some(doc) = &item.doc {
            self.line(&format!("doc {:?}", doc.text));
        }
        for a in &item.attributes {
            self.line(&format!("@{}{}", a.name.name, a.args.as_ref().map_or(String::new(), args)));
        }
        match &item.kind {
            ItemKind::Use(u) => {
                let names = u.names.as_ref().map_or("*".into(), |ns| {
                    let one = |n: &UseName| match &n.alias {
                        Some(alias) => format!("{} as {}", n.name.name, alias.name),
                        None => n.name.name.to_string(),
                    };
                    ns.iter().map(one).collect::<Vec<_>>().join(" ")
                });
                let alias = u.alias.as_ref().map_or(String::new(), |a| format!(" as {}", a.name));
                self.line(&format!("use {} {names}{alias}", template(&u.path)));
            }
            ItemKind::Seed(e) => self.line(&format!("seed {}", expr(e))),
            ItemKind::Let(l) => self.line(&format!("let {} = {}", target(&l.target), expr(&l.value))),
            ItemKind::Input(i) => {
                self.line(&format!("input {}{}{}", i.name.name, opt(":", &i.ty), opt(" =", &i.default)));
            }
            ItemKind::Secret(s) => {
                let file = s.file.as_ref().map_or(String::new(), |f| format!(" from {}", template(f)));
                self.line(&format!("secret {}{file}", s.name.name));
            }
            ItemKind::Service(s) => {
                self.line(&format!("service {}", s.name.name));
                self.settings(&s.settings);
            }
            ItemKind::Environment(s) => {
                self.line(&format!("environment {}", s.name.name));
                self.settings(&s.settings);
            }
            ItemKind::Owner(s) => {
                self.line(&format!("owner {}", s.name.name));
                self.settings(&s.settings);
            }
            ItemKind::Double(d) => {
                self.line(&format!("double {}{} of {}", d.name.name, params(&d.params), d.service.name));
                self.inside(|out| {
                    for r in &d.rules {
                        let path = r.path.as_ref().map_or(String::new(), |p| format!(" {}", template(p)));
                        out.line(&format!(
                            "on {}{path}{} {}",
                            r.method.name,
                            opt(" when", &r.when),
                            block(&r.body)
                        ));
                    }
                });
            }
            ItemKind::Profile(p) => {
                self.line(&format!("profile {}{}", p.name.name, params(&p.params)));
                self.inside(|out| {
                    p.probes.iter().for_each(|one| out.line(&probe(one)));
                    p.same.iter().for_each(|one| out.line(&same(one)));
                });
            }
            ItemKind::Stage(s) => {
                let after: Vec<&str> = s.after.iter().map(|n| &*n.name).collect();
                self.line(&format!(
                    "stage {} after [{}] require [{}]",
                    s.name.name,
                    after.join(" "),
                    join(&s.require)
                ));
                self.inside(|out| {
                    if let Some(b) = &s.on_failure {
                        out.line(&format!("on-failure {}", block(b)));
                    }
                    if let Some(b) = &s.finally {
                        out.line(&format!("finally {}", block(b)));
                    }
                    for suite in &s.suites {
                        out.line(&format!("suite {}", suite.name.name));
                        out.settings(&suite.settings);
                    }
                });
            }
            ItemKind::Shape(s) => self.line(&format!("shape {} = {}", s.name.name, expr(&s.pattern))),
            ItemKind::Fixture(f) => {
                self.line(&format!("fixture {}", f.name.name));
                self.body(&f.body);
            }
            ItemKind::Action(a) => {
                self.line(&format!("action {}{}", a.name.name, params(&a.params)));
                self.body(&a.body);
            }
            ItemKind::Check(s) => {
                self.line(&format!("check {}{} {:?}", s.name.name, params(&s.params), s.code))
            }
            ItemKind::Fn(s) => self.line(&format!("fn {}{} {:?}", s.name.name, params(&s.params), s.code)),
            ItemKind::Scenario(s) => {
                let stage = s.stage.as_ref().map_or(String::new(), |s| format!(" in {}", s.name));
                let with = if s.with.is_empty() { String::new() } else { format!(" with {}", join(&s.with)) };
                self.line(&format!("scenario {}{stage}{with}", template(&s.title)));
                self.body(&s.body);
            }
            ItemKind::Error => self.line("ERROR"),
        }
    }
}

fn params(list: &[ParamDecl]) -> String {
    let one = |p: &ParamDecl| format!("{}{}{}", p.name.name, opt(":", &p.ty), opt(" =", &p.default));
    format!("({})", list.iter().map(one).collect::<Vec<_>>().join(", "))
}
