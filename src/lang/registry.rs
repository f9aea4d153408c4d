//! The registry: every name that is not structure, as pure data.

use std::collections::BTreeMap;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A protocol, as in `speaks http`.
    Protocol,
    /// A protocol's verb, such as `GET` or `call`.
    Verb,
    /// An option of requests, in `with { … }`.
    Option,
    /// A setting in a service, stage, environment or owner body.
    Setting,
    /// An attribute, such as `@timeout`.
    Attribute,
    /// A relation of `expect`.
    Relation,
    /// A function that expressions call.
    Function,
    /// A property of a value, such as `.count`.
    Property,
    /// A name that stands for the last response or a part of it, such as `status`.
    Response,
    /// A constant, such as `NOT_FOUND`.
    Constant,
    /// A built-in shape, such as `uuid`.
    Shape,
    /// A fault of `under`.
    Fault,
    /// A probe of `idempotent`.
    Probe,
    /// A model of `linearizable as` or a profile of `idempotent as`.
    Model,
    /// A rule of `scn data anonymize`, such as `email`.
    Rule,
}

/// What a verb does to the system: an environment with `allow safe` refuses the unsafe ones, and
/// polling wants a safe one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Changes nothing (RFC 9110 §9.2.1).
    Safe,
    /// May change something.
    Unsafe,
    /// Not known before it is seen.
    Unknown,
}

/// The type of a parameter, an option or a setting, as far as `check` can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// Anything.
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A duration such as `250ms`.
    Duration,
    /// A size in bytes, such as `64KiB`.
    Size,
    /// An object.
    Object,
    /// A list.
    List,
    /// A bare word or one of these words.
    OneOf(&'static [&'static str]),
    /// A key such as `.id`, or a list of keys.
    Key,
    /// A place in a request: `header("Idempotency-Key")`, `metadata("x-key")` or a field `.id`.
    Place,
    /// A pattern.
    Pattern,
    /// The name of something declared: a service, an owner.
    Name,
    /// Who plays a role in a history: the name of an action, or the text that a history from elsewhere
    /// calls it by; several as a list. Not evaluated.
    Role,
    /// A bare word that the thing spoken of declares itself, such as a variant of a service.
    Word,
}

impl Kind {
    /// The word for it, with its article.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Protocol => "a protocol",
            Kind::Verb => "a verb",
            Kind::Option => "an option",
            Kind::Setting => "a setting",
            Kind::Attribute => "an attribute",
            Kind::Relation => "a relation",
            Kind::Function => "a function",
            Kind::Property => "a property",
            Kind::Response => "a part of the last response",
            Kind::Constant => "a constant",
            Kind::Shape => "a shape",
            Kind::Fault => "a fault",
            Kind::Probe => "a probe",
            Kind::Model => "a model",
            Kind::Rule => "a rule of `scn data anonymize`",
        }
    }
}

impl Ty {
    /// How people read it.
    pub fn words(self) -> String {
        match self {
            Ty::Any => "anything".to_owned(),
            Ty::Bool => "true or false".to_owned(),
            Ty::Number => "a number".to_owned(),
            Ty::Text => "a text".to_owned(),
            Ty::Duration => "a duration such as `250ms`".to_owned(),
            Ty::Size => "a size such as `64KiB`".to_owned(),
            Ty::Object => "an object".to_owned(),
            Ty::List => "a list".to_owned(),
            Ty::OneOf(words) => format!("one of {}", words.join(", ")),
            Ty::Key => "a key such as `.id`, or a list of keys".to_owned(),
            Ty::Place => "`header(\"NAME\")`, `metadata(\"NAME\")` or a field such as `.id`".to_owned(),
            Ty::Pattern => "a pattern".to_owned(),
            Ty::Name | Ty::Word => "a name".to_owned(),
            Ty::Role => "the name of an action".to_owned(),
        }
    }
}

/// A parameter of a name.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// Whether it must be given.
    pub required: bool,
    /// One line, with units and the default.
    pub summary: &'static str,
}

/// Everything there is to say about a name.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// What it names.
    pub kind: Kind,
    /// The name.
    pub name: &'static str,
    /// Where it belongs: the protocol of a verb or option (`http`), the body a setting stands in
    /// (`service`), the kind of value a property is of (`list`); empty when it is everywhere.
    pub of: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its parameters: those in parentheses, the phrases of a relation (`by`, `per`), the value
    /// of an option or setting as the one parameter `value`.
    pub params: &'static [Param],
    /// A piece of scn that uses it.
    pub example: &'static str,
    /// For verbs.
    pub safety: Safety,
    /// When set: the name is known, but cannot be executed yet, and `check` says so in these words.
    pub planned: Option<&'static str>,
}

impl Spec {
    /// A name with nothing but a summary and an example; fill in the rest with `..`.
    pub const fn new(kind: Kind, of: &'static str, name: &'static str, summary: &'static str) -> Spec {
        Spec { kind, name, of, summary, params: &[], example: "", safety: Safety::Unknown, planned: None }
    }

    /// With parameters.
    #[must_use]
    pub const fn params(self, params: &'static [Param]) -> Spec {
        Spec { params, ..self }
    }

    /// With an example.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Spec {
        Spec { example, ..self }
    }

    /// With a safety.
    #[must_use]
    pub const fn safety(self, safety: Safety) -> Spec {
        Spec { safety, ..self }
    }

    /// Known, but not executed yet.
    #[must_use]
    pub const fn planned(self, why: &'static str) -> Spec {
        Spec { planned: Some(why), ..self }
    }
}

impl Param {
    /// A parameter that may be left out.
    pub const fn new(name: &'static str, ty: Ty, summary: &'static str) -> Param {
        Param { name, ty, required: false, summary }
    }

    /// A parameter that must be given.
    pub const fn required(name: &'static str, ty: Ty, summary: &'static str) -> Param {
        Param { name, ty, required: true, summary }
    }
}

/// All names, by kind and name.
#[derive(Debug, Default)]
pub struct Registry {
    specs: BTreeMap<Kind, BTreeMap<&'static str, Vec<Spec>>>,
}

impl Registry {
    /// Takes the names of every room; the composition root calls this once.
    pub fn new<'a>(rooms: impl IntoIterator<Item = &'a [Spec]>) -> Registry {
        let mut registry = Registry::default();
        for spec in rooms.into_iter().flatten() {
            registry.specs.entry(spec.kind).or_default().entry(spec.name).or_default().push(*spec);
        }
        registry
    }

    /// The names with this kind and spelling: several when they belong to several protocols.
    pub fn all(&self, kind: Kind, name: &str) -> &[Spec] {
        self.specs.get(&kind).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The name of this kind that belongs to `of`, or to everything.
    pub fn find(&self, kind: Kind, of: &str, name: &str) -> Option<&Spec> {
        self.all(kind, name).iter().find(|spec| spec.of == of || spec.of.is_empty())
    }

    /// The first name of this kind, whatever it belongs to.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Spec> {
        self.all(kind, name).first()
    }

    /// All names of a kind, in alphabetical order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Spec> {
        self.specs.get(&kind).into_iter().flat_map(BTreeMap::values).flatten()
    }

    /// The names of a kind that belong to `of`, or to everything.
    pub fn names(&self, kind: Kind, of: &str) -> Vec<&'static str> {
        self.of_kind(kind).filter(|spec| spec.of == of || spec.of.is_empty()).map(|spec| spec.name).collect()
    }

    /// Every name there is.
    pub fn iter(&self) -> impl Iterator<Item = &Spec> {
        self.specs.values().flat_map(BTreeMap::values).flatten()
    }
}
