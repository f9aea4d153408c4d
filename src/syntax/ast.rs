//! The tree. It keeps what was written: nothing is resolved, evaluated or desugared here.

use std::sync::Arc;

use crate::source::{SourceId, Span};
use crate::value::Number;

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Its place.
    pub span: Span,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Module {
    /// The file.
    pub source: SourceId,
    /// Its `//!` doc.
    pub doc: Option<Doc>,
    /// Its items in order; several loadings may share them.
    pub items: Vec<Arc<Item>>,
}

/// A doc comment: its lines without the slashes.
#[derive(Debug, Clone)]
pub struct Doc {
    /// Lines joined by newlines.
    pub text: String,
    /// All its lines.
    pub span: Span,
}

/// A top-level declaration.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its `///` doc.
    pub doc: Option<Doc>,
    /// Its attributes in order.
    pub attributes: Vec<Attribute>,
    /// What it is.
    pub kind: ItemKind,
    /// From its keyword to its last character.
    pub span: Span,
}

impl Item {
    /// Its place with its doc and its attributes.
    pub fn whole(&self) -> Span {
        let doc = self.doc.iter().map(|doc| doc.span);
        doc.chain(self.attributes.first().map(|first| first.span)).fold(self.span, Span::to)
    }
}

/// `@name(arguments)`.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// The name without `@`.
    pub name: Ident,
    /// The arguments; bare words come as names.
    pub args: Option<Args>,
    /// With the `@`.
    pub span: Span,
}

/// The kinds of items.
#[derive(Debug, Clone)]
pub enum ItemKind {
    /// `use "./shop.scn" { a, b as c }`, `use "./x.rhai" as x`.
    Use(Use),
    /// `seed 42`.
    Seed(Expr),
    /// `let x = …` at top level.
    Let(Let),
    /// `input name: type = default`.
    Input(Input),
    /// `secret name from file "…"`.
    Secret(Secret),
    /// `service name { … }`.
    Service(Service),
    /// `environment name { … }`.
    Environment(Environment),
    /// `double name(params) of service { … }`.
    Double(Double),
    /// `profile name(params) { … }`.
    Profile(Profile),
    /// `stage name after a, b { … }`.
    Stage(Stage),
    /// `shape name …`.
    Shape(Shape),
    /// `fixture name { … }`.
    Fixture(Fixture),
    /// `action name(params) { … }`.
    Action(Action),
    /// `check name(params) rhai """…"""`.
    Check(Script),
    /// `fn name(params) rhai """…"""`.
    Fn(Script),
    /// `owner name { … }`.
    Owner(Owner),
    /// `scenario "title" in stage with doubles { … }`.
    Scenario(Scenario),
    /// What could not be read; its diagnostic stands in the parse result.
    Error,
}

/// An import.
#[derive(Debug, Clone)]
pub struct Use {
    /// The path as written.
    pub path: Template,
    /// `{ a, b as c }`; `None` imports every name.
    pub names: Option<Vec<UseName>>,
    /// `as x`: the names are reached as `x.name`.
    pub alias: Option<Ident>,
}

/// One imported name.
#[derive(Debug, Clone)]
pub struct UseName {
    /// Its name there.
    pub name: Ident,
    /// Its name here, when it differs.
    pub alias: Option<Ident>,
}

/// `let`.
#[derive(Debug, Clone)]
pub struct Let {
    /// One name, or several for `let [a, b] = …`.
    pub target: LetTarget,
    /// The value.
    pub value: Expr,
    /// The whole statement.
    pub span: Span,
}

/// What `let` or `for` binds.
#[derive(Debug, Clone)]
pub enum LetTarget {
    /// `x`
    Name(Ident),
    /// `[a, b]`
    List(Vec<Ident>, Span),
}

/// `input region: text = "eu"`.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name.
    pub name: Ident,
    /// The type, a name or pattern.
    pub ty: Option<Expr>,
    /// The default.
    pub default: Option<Expr>,
}

/// `secret api_key`.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The name.
    pub name: Ident,
    /// `from file "…"`.
    pub file: Option<Template>,
}

/// `service orders { … }`.
#[derive(Debug, Clone)]
pub struct Service {
    /// The name.
    pub name: Ident,
    /// The settings in order; `variant v1 { … }` is one with a block.
    pub settings: Vec<Setting>,
}

impl Service {
    /// The texts after `contract`, in `speaks grpc contract "…"` or on a line of their own.
    pub fn contracts(&self) -> impl Iterator<Item = &Template> {
        self.settings.iter().flat_map(|setting| {
            let own = match &setting.value {
                Some(SettingValue::Expr(value)) if &*setting.name.name == "contract" => Some(value),
                _ => None,
            };
            let phrases = setting.phrases.iter().filter(|phrase| &*phrase.word.name == "contract");
            let named = phrases.filter_map(|phrase| phrase.value.as_ref()).chain(own);
            named.filter_map(|value| match &value.kind {
                ExprKind::Text(template) => Some(template),
                _ => None,
            })
        })
    }
}

/// A line of a service, environment or owner: `speaks http contract "…"`.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The first word: `speaks`. In an environment it may be a service's name.
    pub name: Ident,
    /// What follows: `http`, `"go build …"`, `{ PORT: port }`, `GET /healthz`.
    pub value: Option<SettingValue>,
    /// The phrases: `contract "…"`, `in "dir"`, `within 30s`, `at "url"`.
    pub phrases: Vec<Phrase>,
    /// The settings in braces, of `variant v1 { … }`.
    pub block: Option<Vec<Setting>>,
    /// The whole line.
    pub span: Span,
}

/// The value of a setting.
#[derive(Debug, Clone)]
pub enum SettingValue {
    /// Any expression; a bare word is a name.
    Expr(Expr),
    /// `GET /healthz`.
    Request {
        /// The verb.
        verb: Ident,
        /// The path.
        path: Template,
    },
}

/// A word with its expression: `by .id`, `within 5s`, `contract "…"`. `or_empty` has none.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// The word.
    pub word: Ident,
    /// What follows it.
    pub value: Option<Expr>,
}

/// `environment staging { … }`.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The name.
    pub name: Ident,
    /// `allow safe`, `orders at "…"`.
    pub settings: Vec<Setting>,
}

/// `double grudging(times = 0) of merchant { … }`.
#[derive(Debug, Clone)]
pub struct Double {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<ParamDecl>,
    /// The service it stands for.
    pub service: Ident,
    /// The rules in order.
    pub rules: Vec<DoubleRule>,
}

/// `on POST /hooks/${kind} when … { … }`.
#[derive(Debug, Clone)]
pub struct DoubleRule {
    /// The verb or the gRPC method.
    pub method: Ident,
    /// The path, for HTTP; its `${…}` bind names.
    pub path: Option<Template>,
    /// The condition.
    pub when: Option<Expr>,
    /// The statements.
    pub body: Block,
    /// The whole rule.
    pub span: Span,
}

/// `profile ietf(by, changed = 422) { probe …; same … }`.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<ParamDecl>,
    /// `probe …`
    pub probes: Vec<Probe>,
    /// `same status, body`
    pub same: Vec<Same>,
}

/// `stage e2e after component { … }`.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The name.
    pub name: Ident,
    /// The stages that come first.
    pub after: Vec<Ident>,
    /// `require …`: every condition that must hold.
    pub require: Vec<Expr>,
    /// `on failure { … }`.
    pub on_failure: Option<Block>,
    /// `finally { … }`.
    pub finally: Option<Block>,
    /// `suite name { … }`.
    pub suites: Vec<Suite>,
}

/// `suite go_unit { run "go test -json ./..." in "dir"; reads gotest }`.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The name.
    pub name: Ident,
    /// `run` and `reads`.
    pub settings: Vec<Setting>,
    /// The whole of it.
    pub span: Span,
}

/// `shape Customer { … }` or `shape Key = …`.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The name.
    pub name: Ident,
    /// The pattern it stands for.
    pub pattern: Expr,
}

/// `fixture alice { … }`.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The name.
    pub name: Ident,
    /// The statements.
    pub body: Block,
}

/// `action place_order(customer: Customer, key = any uuid) { … }`.
#[derive(Debug, Clone)]
pub struct Action {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<ParamDecl>,
    /// The statements.
    pub body: Block,
}

/// A declared parameter.
#[derive(Debug, Clone)]
pub struct ParamDecl {
    /// The name.
    pub name: Ident,
    /// The type, a name or pattern.
    pub ty: Option<Expr>,
    /// The default; drawn or computed anew for each call.
    pub default: Option<Expr>,
}

/// A `check` or `fn`.
#[derive(Debug, Clone)]
pub struct Script {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<ParamDecl>,
    /// The text as it stands in the file, not dedented, so that offsets in it are offsets in the file.
    pub code: Arc<str>,
    /// The text's place, without the quotes.
    pub code_span: Span,
}

/// `owner payments { runbook "…" }`.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The name.
    pub name: Ident,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// A test.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The title; plain text.
    pub title: Template,
    /// `in e2e`.
    pub stage: Option<Ident>,
    /// `with grudging(times: 2), strict_ledger`.
    pub with: Vec<Expr>,
    /// The statements.
    pub body: Block,
}

/// Statements in braces.
#[derive(Debug, Clone)]
pub struct Block {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// With the braces.
    pub span: Span,
}

/// One statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// From its first to its last character.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Debug, Clone)]
pub enum StatementKind {
    /// `let x = …`
    Let(Let),
    /// `expect …`
    Expect(Box<Expect>),
    /// `step "…" { … }`: groups and names, opens no scope.
    Step(Template, Block),
    /// A request, a call, a loop: an expression as a statement.
    Expr(Expr),
    /// `stop when …`
    StopWhen(Expr),
    /// `rejected when …`
    RejectedWhen(Expr),
    /// `under fault on link, … { … }`
    Under(Vec<Fault>, Block),
    /// `workload …`
    Workload(Box<Workload>),
    /// `idempotent as … { … }`
    Idempotent(Box<Idempotent>),
    /// `forall x in Shape for 200 cases { … }`
    Forall(Box<Forall>),
    /// `observe x from SOURCE every 50ms`
    Observe(Box<Observe>),
    /// `defer REQUEST` or `defer { … }`
    Defer(Block),
    /// `return …`
    Return(Option<Expr>),
    /// `wait 2s`
    Wait(Expr),
    /// `show …`
    Show(Expr),
    /// `reply … after … with …` in a double.
    Reply(Reply),
    /// `fail STATUS "…" with …` or `fail "…"` in a double.
    Fail(Fail),
    /// What could not be read; its diagnostic stands in the parse result.
    Error,
}

/// `reply BODY after 20ms with { status: 503 }`.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body or message.
    pub value: Expr,
    /// The delay.
    pub after: Option<Expr>,
    /// The options.
    pub with: Option<Expr>,
}

/// `fail NOT_FOUND "no such order" with { details: […] }`.
#[derive(Debug, Clone)]
pub struct Fail {
    /// The status by name.
    pub status: Option<Ident>,
    /// Why.
    pub message: Option<Expr>,
    /// The options.
    pub with: Option<Expr>,
}

/// `expect …`.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The comparison, when there is no relation; otherwise what the relation speaks of.
    pub subject: Expr,
    /// `not increasing by .seq`.
    pub relation: Option<RelationUse>,
    /// `within 5s`.
    pub within: Option<Expr>,
    /// `throughout 500ms`.
    pub throughout: Option<Expr>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// `during { … }`.
    pub during: Option<Block>,
}

/// A relation by name. Comparisons are expressions and do not come here.
#[derive(Debug, Clone)]
pub struct RelationUse {
    /// Whether `not` stands before it.
    pub negated: bool,
    /// The name.
    pub name: Ident,
    /// `(from: 1)`.
    pub args: Option<Args>,
    /// What stands before the first phrase.
    pub operand: Option<Expr>,
    /// `by .seq`, `per .order_id`, `or_empty`.
    pub phrases: Vec<Phrase>,
    /// From `not` or the name to the last phrase.
    pub span: Span,
}

/// `latency(200ms) on orders -> ledger`.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The fault's name and arguments, a call or a bare name.
    pub fault: Expr,
    /// The place.
    pub on: Option<Expr>,
}

/// `workload ops by 8 clients for 400 operations { … }`, `workload w at 10/s..200/s for 30s { … }`.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The name.
    pub name: Ident,
    /// `by 8 clients`.
    pub clients: Option<Expr>,
    /// `at 200/s`.
    pub rate: Option<Expr>,
    /// `for 400 operations`.
    pub operations: Option<Expr>,
    /// `for 30s`.
    pub duration: Option<Expr>,
    /// `with { warm_up: 5s }`.
    pub options: Option<ObjectExpr>,
    /// `60% read(any Key)`; no share when there is just one operation.
    pub operations_mix: Vec<(Option<Expr>, Statement)>,
    /// With the braces.
    pub body_span: Span,
}

/// `idempotent as ietf(…) { … }`.
#[derive(Debug, Clone)]
pub struct Idempotent {
    /// The profile, a call or a bare name.
    pub profile: Option<Expr>,
    /// The statements that make the request; probes, `same` and `effect` are apart.
    pub body: Block,
    /// `probe …`
    pub probes: Vec<Probe>,
    /// `same status, body except .served_at`
    pub same: Vec<Same>,
    /// `effect EXPR rises by 1`
    pub effects: Vec<Expect>,
}

/// `probe restart on orders { … }`.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The probe's name and arguments, a call or a bare name.
    pub probe: Expr,
    /// The place.
    pub on: Option<Expr>,
    /// What must hold of its answer.
    pub body: Option<Block>,
    /// The whole line.
    pub span: Span,
}

/// `same status, body except .served_at, .trace_id`.
#[derive(Debug, Clone)]
pub struct Same {
    /// The parts.
    pub parts: Vec<Expr>,
    /// What is left out.
    pub except: Vec<Expr>,
    /// The whole line.
    pub span: Span,
}

/// `forall order in Order for 200 cases { … }`.
#[derive(Debug, Clone)]
pub struct Forall {
    /// The bound name.
    pub name: Ident,
    /// The shape.
    pub shape: Expr,
    /// How many cases.
    pub cases: Option<Expr>,
    /// The statements.
    pub body: Block,
}

/// `observe balances from read_balance(alice) every 50ms`.
#[derive(Debug, Clone)]
pub struct Observe {
    /// The name of the history.
    pub name: Ident,
    /// What is looked at: a request, a call of an action, or a history.
    pub source: Expr,
    /// The pause between two observations, from start to start.
    pub every: Option<Expr>,
}

/// An expression or a pattern: one syntax, the place decides.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last character.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `absent`
    Absent,
    /// `true`, `false`
    Bool(bool),
    /// `10_000`, `59.98`, `1e5`
    Number(Number),
    /// `250ms`, in nanoseconds.
    Duration(i64),
    /// `64KiB`, in bytes.
    Size(u64),
    /// `99.9%`, as the number 0.999.
    Percent(Number),
    /// `200/s`: how many in how many nanoseconds.
    Rate(Number, i64),
    /// `"…${expr}…"` and `"""…"""`.
    Text(Template),
    /// `re"…"`, the raw text.
    Regex(Arc<str>),
    /// `x`
    Name(Arc<str>),
    /// `.x`: a field of the thing at hand.
    It(Ident),
    /// `[a, b]`; in patterns a last `..` leaves it open.
    List(Vec<Expr>, bool),
    /// `[Line; 1..5]` in patterns.
    Sized(Box<Expr>, Box<Expr>),
    /// `{ a: 1, b }`
    Object(ObjectExpr),
    /// `-x`, `not x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `> 0` in patterns: compares what is at hand.
    Compare(BinaryOp, Box<Expr>),
    /// `a.b`
    Field(Box<Expr>, Ident),
    /// `a[0]`, `a["b"]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[*]`: each element.
    Each(Box<Expr>),
    /// `f(x, k: v)`, `any_of(…)`, `m.f(x)`
    Call(Box<Expr>, Args),
    /// `any Customer { … }`: draws, or matches any such value.
    Any(Box<Expr>),
    /// `any Customer but { … }`
    But(Box<Expr>, Box<Expr>),
    /// `50 of Customer`
    Many(Box<Expr>, Box<Expr>),
    /// `Customer { balance: 100.00 }` in patterns and after `any`.
    Refine(Box<Expr>, ObjectExpr),
    /// `orders -> ledger.Post`; `None` on the right is `*`.
    Link(Box<Expr>, Option<Box<Expr>>),
    /// `GET orders /healthz …`; only as a statement, or right of `let … =` and `return`.
    Request(Box<Request>),
    /// `next feed matches P within 2s`; places like a request.
    Next(Box<Next>),
    /// `if c { … } else { … }`; places like a request.
    If(Box<If>),
    /// `for x in xs { … }`, `parallel for …`; places like a request.
    For(Box<For>),
    /// `parallel { …; … }`; places like a request.
    Parallel(Block),
    /// `eventually within 5s every 50ms { … }`; places like a request.
    Eventually(Box<Eventually>),
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `contains`
    Contains,
    /// `not contains`
    NotContains,
    /// `matches`
    Matches,
    /// `not matches`
    NotMatches,
    /// `|`
    Union,
    /// `..`
    Range,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::In => "in",
            BinaryOp::NotIn => "not in",
            BinaryOp::Contains => "contains",
            BinaryOp::NotContains => "not contains",
            BinaryOp::Matches => "matches",
            BinaryOp::NotMatches => "not matches",
            BinaryOp::Union => "|",
            BinaryOp::Range => "..",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }

    /// What holds exactly where this comparison is false; none for those that need an order, since
    /// two values may have none.
    pub fn denied(self) -> Option<BinaryOp> {
        use BinaryOp::{Contains, Equal, In, Matches, NotContains, NotEqual, NotIn, NotMatches};
        let pairs = [(Equal, NotEqual), (In, NotIn), (Contains, NotContains), (Matches, NotMatches)];
        pairs.into_iter().find_map(|(op, denied)| match self {
            own if own == op => Some(denied),
            own if own == denied => Some(op),
            _ => None,
        })
    }

    /// Whether it compares, and so gives a truth value about its two sides.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{
            Contains, Equal, Greater, GreaterEqual, In, Less, LessEqual, Matches, NotContains, NotEqual,
            NotIn, NotMatches,
        };
        matches!(
            self,
            Equal
                | NotEqual
                | Less
                | LessEqual
                | Greater
                | GreaterEqual
                | In
                | NotIn
                | Contains
                | NotContains
                | Matches
                | NotMatches
        )
    }
}

/// Text with `${…}` in it.
#[derive(Debug, Clone)]
pub struct Template {
    /// The pieces in order; escapes are resolved, `"""` is dedented.
    pub parts: Vec<TemplatePart>,
    /// With the quotes, if there are any.
    pub span: Span,
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub enum TemplatePart {
    /// Characters.
    Text(Arc<str>),
    /// `${…}`
    Expr(Expr),
}

impl Template {
    /// The text, when there is no `${…}` in it.
    pub fn plain(&self) -> Option<Arc<str>> {
        match self.parts.as_slice() {
            [] => Some("".into()),
            [TemplatePart::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }
}

/// An object or object pattern.
#[derive(Debug, Clone)]
pub struct ObjectExpr {
    /// The entries in order.
    pub entries: Vec<ObjectEntry>,
    /// With the braces.
    pub span: Span,
}

/// An entry of an object.
#[derive(Debug, Clone)]
pub enum ObjectEntry {
    /// `name: value`, `name?: value`, `"odd name": value`, or `name` alone for `name: name`.
    Field {
        /// Its doc, in shapes.
        doc: Option<Doc>,
        /// The name; a quoted one may hold `${…}`.
        name: Template,
        /// Whether `?` follows the name.
        optional: bool,
        /// The value; for `name` alone, the name itself as an expression.
        value: Expr,
        /// Whether only the name was written.
        shorthand: bool,
    },
    /// `..`: other fields may follow.
    Open(Span),
    /// `..Base`: the fields of another object or shape.
    Spread(Expr),
}

/// Arguments in parentheses.
#[derive(Debug, Clone)]
pub struct Args {
    /// In order; named ones carry their name.
    pub args: Vec<Arg>,
    /// With the parentheses.
    pub span: Span,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Arg {
    /// `name:`
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// `VERB TARGET OPERAND? (with { options })?`.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `call`, `exec`.
    pub verb: Ident,
    /// `orders`, `ledger.GetEntry`, `db.customers`, `etcd[1]`; none for `exec "…"` and URLs.
    pub target: Option<Target>,
    /// `/v1/orders/${id}`, `https://…`, `"select …"`.
    pub place: Option<Place>,
    /// The body, message or rows.
    pub operand: Option<Expr>,
    /// `with { … }`.
    pub options: Option<ObjectExpr>,
}

/// What a request is aimed at.
#[derive(Debug, Clone)]
pub struct Target {
    /// The service, stream or variable.
    pub name: Ident,
    /// `.GetEntry`, `.customers`.
    pub members: Vec<Ident>,
    /// `[1]`: one of the members of a service.
    pub index: Option<Expr>,
    /// The whole of it.
    pub span: Span,
}

/// Where in the target.
#[derive(Debug, Clone)]
pub enum Place {
    /// A bare path; what `${…}` inserts is percent-encoded.
    Path(Template),
    /// A bare `http://` or `https://` URL; what `${…}` inserts is percent-encoded.
    Url(Template),
    /// Quoted text: a path, a statement, a command, a subject.
    Text(Template),
}

impl Place {
    /// The text, whatever its kind.
    pub fn template(&self) -> &Template {
        match self {
            Place::Path(template) | Place::Url(template) | Place::Text(template) => template,
        }
    }
}

/// `next feed matches P within 2s`.
#[derive(Debug, Clone)]
pub struct Next {
    /// The stream.
    pub stream: Expr,
    /// What it must match.
    pub pattern: Option<Expr>,
    /// How long to wait.
    pub within: Option<Expr>,
}

/// `if … { … } else { … }`.
#[derive(Debug, Clone)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// Runs when it holds.
    pub then: Block,
    /// Runs when it does not; `else if` is a block with one `if`.
    pub otherwise: Option<Block>,
}

/// `for x in xs { … }`.
#[derive(Debug, Clone)]
pub struct For {
    /// Whether `parallel` stands before it.
    pub parallel: bool,
    /// The bound name or names.
    pub target: LetTarget,
    /// The list or range.
    pub list: Expr,
    /// The statements.
    pub body: Block,
}

/// `eventually within 5s every 50ms { … }`.
#[derive(Debug, Clone)]
pub struct Eventually {
    /// The deadline.
    pub within: Option<Expr>,
    /// The pause between attempts; the name `retry_after` follows the response.
    pub every: Option<Expr>,
    /// The statements.
    pub body: Block,
}
