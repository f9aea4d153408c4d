//! Items and their bodies.

use pest::iterators::{Pair, Pairs};

use super::{Builder, Parts};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Action, Attribute, Double, DoubleRule, Environment, Fixture, Input, Item, ItemKind, Owner, ParamDecl,
    Phrase, Profile, Scenario, Script, Secret, Service, Setting, SettingValue, Shape, Stage, Suite, Template,
    Use, UseName,
};
use crate::syntax::grammar::Rule;

impl Builder<'_> {
    /// An item with its attributes; its doc is what stands between `after` and the item.
    pub(crate) fn item_file(&mut self, pairs: Pairs<'_, Rule>, after: usize) -> Option<Item> {
        let mut parts = Parts::of(pairs.into_iter().next()?);
        let attributes: Vec<Attribute> =
            parts.take_all(Rule::attribute).into_iter().map(|pair| self.attribute(pair)).collect();
        let pair = parts.next()?;
        let span = self.span(&pair);
        let doc = self.docs.between(self.source, after, span.start as usize);
        let kind = self.item_kind(pair);
        Some(Item { doc, attributes, kind, span })
    }

    fn attribute(&mut self, pair: Pair<'_, Rule>) -> Attribute {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.next_ident(&mut parts);
        let args = parts.take(Rule::args).map(|args| self.args(args));
        Attribute { name, args, span }
    }

    fn item_kind(&mut self, pair: Pair<'_, Rule>) -> ItemKind {
        let rule = pair.as_rule();
        if rule == Rule::let_statement {
            return ItemKind::Let(self.let_statement(pair));
        }
        let mut parts = Parts::of(pair);
        match rule {
            Rule::use_item => ItemKind::Use(self.use_item(parts)),
            Rule::seed => ItemKind::Seed(self.next_expr(&mut parts)),
            Rule::input => {
                let input = self.input(parts);
                self.refuse_reserved(&input.name);
                ItemKind::Input(input)
            }
            Rule::secret => {
                let name = self.declared(&mut parts);
                ItemKind::Secret(Secret { name, file: parts.next().map(|pair| self.template(pair)) })
            }
            Rule::service => {
                let name = self.declared(&mut parts);
                ItemKind::Service(Service { name, settings: self.next_settings(&mut parts) })
            }
            Rule::environment => {
                let name = self.declared(&mut parts);
                ItemKind::Environment(Environment { name, settings: self.next_settings(&mut parts) })
            }
            Rule::owner => {
                let name = self.declared(&mut parts);
                ItemKind::Owner(Owner { name, settings: self.next_settings(&mut parts) })
            }
            Rule::double => ItemKind::Double(self.double(parts)),
            Rule::profile => ItemKind::Profile(self.profile(parts)),
            Rule::stage => ItemKind::Stage(self.stage(parts)),
            Rule::shape => {
                let name = self.declared(&mut parts);
                ItemKind::Shape(Shape { name, pattern: self.next_expr(&mut parts) })
            }
            Rule::fixture => {
                let name = self.declared(&mut parts);
                ItemKind::Fixture(Fixture { name, body: self.next_block(&mut parts) })
            }
            Rule::action => {
                let name = self.declared(&mut parts);
                let params = self.lexical_params(parts.take(Rule::params));
                ItemKind::Action(Action { name, params, body: self.next_block(&mut parts) })
            }
            Rule::check_item => ItemKind::Check(self.script(parts)),
            Rule::fn_item => ItemKind::Fn(self.script(parts)),
            Rule::scenario => ItemKind::Scenario(self.scenario(parts)),
            _ => {
                // Whatever could be read inside is only read for its errors.
                if let Some(block) = parts.take(Rule::block) {
                    self.block(block);
                }
                ItemKind::Error
            }
        }
    }

    fn use_item(&mut self, mut parts: Parts<'_>) -> Use {
        let path = self.next_template(&mut parts);
        let names = parts.take(Rule::use_names).map(|names| {
            let names = Parts::of(names).take_all(Rule::use_name);
            names.into_iter().filter_map(|name| self.use_name(name)).collect()
        });
        let alias = (parts.peek().is_some()).then(|| self.declared(&mut parts));
        Use { path, names, alias }
    }

    fn use_name(&mut self, pair: Pair<'_, Rule>) -> Option<UseName> {
        let mut parts = Parts::of(pair);
        if parts.peek() == Some(Rule::hole) {
            return None;
        }
        let name = self.next_ident(&mut parts);
        let alias = (parts.peek().is_some()).then(|| self.declared(&mut parts));
        if alias.is_none() {
            self.refuse_reserved(&name);
        }
        Some(UseName { name, alias })
    }

    fn input(&mut self, mut parts: Parts<'_>) -> Input {
        let name = self.next_ident(&mut parts);
        let ty = parts.take(Rule::param_type).map(|pair| self.inner_expr(pair));
        let default = parts.take(Rule::param_default).map(|pair| self.inner_expr(pair));
        Input { name, ty, default }
    }

    /// Parameters that are variables of scn. Those of scripts are not: `by` and `per` of a check
    /// are the phrases it takes.
    fn lexical_params(&mut self, pair: Option<Pair<'_, Rule>>) -> Vec<ParamDecl> {
        let params = self.params(pair);
        params.iter().for_each(|param| self.refuse_reserved(&param.name));
        params
    }

    fn params(&mut self, pair: Option<Pair<'_, Rule>>) -> Vec<ParamDecl> {
        let Some(pair) = pair else { return Vec::new() };
        let params = Parts::of(pair).take_all(Rule::param);
        params
            .into_iter()
            .map(|param| {
                let Input { name, ty, default } = self.input(Parts::of(param));
                ParamDecl { name, ty, default }
            })
            .collect()
    }

    fn next_settings(&mut self, parts: &mut Parts<'_>) -> Vec<Setting> {
        parts.take(Rule::settings).map(|pair| self.settings(pair)).unwrap_or_default()
    }

    fn settings(&mut self, pair: Pair<'_, Rule>) -> Vec<Setting> {
        let mut parts = Parts::of(pair);
        let mut settings = Vec::new();
        while let Some(pair) = parts.next() {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::variant => settings.push(self.variant(pair, span)),
                Rule::plain_setting => settings.push(self.setting(pair, span)),
                _ => self.hole(pair),
            }
        }
        settings
    }

    fn variant(&mut self, pair: Pair<'_, Rule>, span: Span) -> Setting {
        let start = pair.as_span().start() + self.base;
        let word = Span::new(self.source, start, start + "variant".len());
        let name = crate::syntax::ast::Ident { name: self.written(word).into(), span: word };
        let mut parts = Parts::of(pair);
        let variant = self.declared(&mut parts);
        let value = crate::syntax::ast::Expr {
            span: variant.span,
            kind: crate::syntax::ast::ExprKind::Name(variant.name),
        };
        let block = self.next_settings(&mut parts);
        Setting {
            name,
            value: Some(SettingValue::Expr(value)),
            phrases: Vec::new(),
            block: Some(block),
            span,
        }
    }

    fn setting(&mut self, pair: Pair<'_, Rule>, span: Span) -> Setting {
        let mut parts = Parts::of(pair);
        let name = self.next_ident(&mut parts);
        let value = match parts.peek() {
            Some(Rule::setting_request) => parts.next().map(|pair| {
                let mut parts = Parts::of(pair);
                let verb = self.next_ident(&mut parts);
                SettingValue::Request { verb, path: self.next_template(&mut parts) }
            }),
            Some(Rule::tight) => Some(SettingValue::Expr(self.next_expr(&mut parts))),
            _ => None,
        };
        let phrases = parts.take_all(Rule::setting_phrase);
        let phrases = phrases
            .into_iter()
            .map(|pair| {
                let mut parts = Parts::of(pair);
                let word = self.next_ident(&mut parts);
                Phrase { word, value: Some(self.next_expr(&mut parts)) }
            })
            .collect::<Vec<_>>();
        self.refuse_twice(phrases.iter().map(|phrase| &phrase.word));
        Setting { name, value, phrases, block: None, span }
    }

    /// Phrases that stand twice.
    pub(super) fn refuse_twice<'p>(&mut self, words: impl Iterator<Item = &'p crate::syntax::ast::Ident>) {
        let mut seen: Vec<&crate::syntax::ast::Ident> = Vec::new();
        for word in words {
            match seen.iter().find(|other| other.name == word.name) {
                Some(first) => self.errors.push(
                    Diagnostic::error(Code::SYNTAX, word.span, format!("`{}` stands twice", word.name))
                        .label("the second time")
                        .also(first.span, "the first time")
                        .help("leave one out"),
                ),
                None => seen.push(word),
            }
        }
    }

    fn double(&mut self, mut parts: Parts<'_>) -> Double {
        let name = self.declared(&mut parts);
        let params = self.lexical_params(parts.take(Rule::params));
        let service = self.next_ident(&mut parts);
        let rules = match parts.take(Rule::double_rules) {
            Some(pair) => Parts::of(pair).take_all(Rule::double_rule),
            None => Vec::new(),
        };
        let rules = rules.into_iter().filter_map(|rule| self.double_rule(rule)).collect();
        Double { name, params, service, rules }
    }

    fn double_rule(&mut self, pair: Pair<'_, Rule>) -> Option<DoubleRule> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        if let Some(hole) = parts.take(Rule::hole) {
            self.hole(hole);
            return None;
        }
        let method = self.next_ident(&mut parts);
        let path = match parts.peek() {
            Some(Rule::path | Rule::string) => Some(self.next_template(&mut parts)),
            _ => None,
        };
        let when = parts.take(Rule::header).map(|pair| self.expr(pair));
        Some(DoubleRule { method, path, when, body: self.next_block(&mut parts), span })
    }

    fn profile(&mut self, mut parts: Parts<'_>) -> Profile {
        let name = self.declared(&mut parts);
        let params = self.params(parts.take(Rule::params));
        // `by` says where a request carries its key: the probes look there, and no expression does.
        params
            .iter()
            .filter(|param| &*param.name.name != "by")
            .for_each(|param| self.refuse_reserved(&param.name));
        let body = parts.take(Rule::profile_body);
        let (probes, same) = body.map_or_else(Default::default, |body| self.profile_parts(body));
        Profile { name, params, probes, same }
    }

    fn stage(&mut self, mut parts: Parts<'_>) -> Stage {
        let name = self.declared(&mut parts);
        let after = parts.take_all(Rule::name).iter().map(|pair| self.ident(pair)).collect();
        let mut stage =
            Stage { name, after, require: Vec::new(), on_failure: None, finally: None, suites: Vec::new() };
        let Some(body) = parts.take(Rule::stage_body) else { return stage };
        let mut parts = Parts::of(body);
        while let Some(pair) = parts.next() {
            let span = self.span(&pair);
            let rule = pair.as_rule();
            let mut inner = Parts::of(pair);
            match rule {
                Rule::require => {
                    let exprs = inner.take_all(Rule::expr);
                    stage.require.extend(exprs.into_iter().map(|pair| self.expr(pair)));
                }
                Rule::on_failure | Rule::finally => {
                    let block = self.next_block(&mut inner);
                    let (slot, word) = match rule {
                        Rule::finally => (&mut stage.finally, "finally"),
                        _ => (&mut stage.on_failure, "on failure"),
                    };
                    if slot.replace(block).is_some() {
                        self.error(span, format!("`{word}` stands twice in this stage"), "write one block");
                    }
                }
                Rule::suite => {
                    let name = self.declared(&mut inner);
                    let settings = self.next_settings(&mut inner);
                    stage.suites.push(Suite { name, settings, span });
                }
                _ => {}
            }
        }
        stage
    }

    fn script(&mut self, mut parts: Parts<'_>) -> Script {
        let name = self.declared(&mut parts);
        let params = self.params(parts.take(Rule::params));
        let code = parts.next().and_then(|script| script.into_inner().next());
        let code_span = match &code {
            Some(pair) => {
                let start = self.base + pair.as_span().start();
                Span::new(self.source, start, start + pair.as_str().len())
            }
            None => name.span,
        };
        Script { name, params, code: self.written(code_span).into(), code_span }
    }

    fn scenario(&mut self, mut parts: Parts<'_>) -> Scenario {
        let title = self.next_template(&mut parts);
        self.refuse_interpolation(&title);
        parts.take(Rule::k_in);
        let stage = parts.take(Rule::name).map(|pair| self.ident(&pair));
        let with = parts.take_all(Rule::tight_header).into_iter().map(|pair| self.expr(pair)).collect();
        Scenario { title, stage, with, body: self.next_block(&mut parts) }
    }

    fn refuse_interpolation(&mut self, title: &Template) {
        if title.plain().is_none() {
            self.error(
                title.span,
                "a scenario's title is plain text",
                "it names the scenario in reports and is the key of its drawn data; write `\\${` for the characters",
            );
        }
    }
}
