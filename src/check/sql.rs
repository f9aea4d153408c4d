//! What can be said of a database and of a statement before anything runs.

use super::request::spoken;
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::sql::{Dialect, Scanner};
use crate::syntax::ast::{
    ExprKind, ItemKind, Place, Request, Service, Setting, SettingValue, Template, TemplatePart,
};

/// The protocol that this is about.
pub(super) const SQL: &str = "sql";

impl Walker<'_, '_> {
    /// A request of SQL: `query` with its statement, `insert` with its table and rows.
    pub(super) fn sql_request(&mut self, request: &Request) {
        let verb = &request.verb;
        let Some(target) = &request.target else { return };
        let name = &target.name.name;
        match (&*verb.name, &request.place) {
            ("query", Some(Place::Text(statement))) => self.bound_values(statement, self.dialect_of(name)),
            ("query", _) => {
                let message = "`query` takes a statement in quotes";
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, verb.span, message)
                        .help(format!("write `query {name} \"select * from entries where id = ${{id}}\"`")),
                );
            }
            ("insert", _) if target.members.is_empty() => {
                let message = "`insert` needs the name of a table";
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, target.span, message)
                        .help(format!("write `insert {name}.customers {{ … }}`")),
                );
            }
            ("insert", None) if request.operand.is_none() => {
                let message = "`insert` needs a row, or a list of rows";
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, verb.span, message)
                        .help("a row is an object by the names of the columns"),
                );
            }
            _ => {}
        }
    }

    /// Each `${…}` of a statement must stand where a value can: in quotes it would be text.
    fn bound_values(&mut self, statement: &Template, dialect: Option<Dialect>) {
        let mut scanner = Scanner::new(dialect);
        for part in &statement.parts {
            match part {
                TemplatePart::Text(text) => scanner.read(text),
                TemplatePart::Expr(value) => {
                    if let Some(place) = scanner.inside() {
                        let message = format!("this `${{…}}` stands inside {place}");
                        self.push(Diagnostic::error(Code::QUOTED_VALUE, value.span, message).help(
                            "it is bound as a value, never spliced into the text: leave the quotes out",
                        ));
                    }
                    scanner.value();
                }
            }
        }
    }

    /// The dialect of a service, when its address says so.
    fn dialect_of(&self, name: &str) -> Option<Dialect> {
        let (_, item) = self.cx.program.lookup_item(self.item.unit, name)?;
        let ItemKind::Service(service) = &item.kind else { return None };
        let setting = ["at", "url"].iter().find_map(|word| setting(service, word))?;
        Dialect::of_url(scheme(setting)?)
    }

    /// A service that speaks SQL: where it is must say which database it is.
    pub(super) fn sql_service(&mut self, service: &Service) {
        let speaks = spoken(service);
        if speaks.as_ref().is_none_or(|speaks| &*speaks.name != SQL) {
            return;
        }
        if let Some(start) = setting(service, "start")
            && setting(service, "url").is_none()
        {
            let message = "a database that is started lacks its `url`";
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, start.name.span, message)
                    .help("for example `url \"postgres://postgres@${addr}/postgres\"`"),
            );
        }
        for setting in ["at", "url"].iter().filter_map(|word| setting(service, word)) {
            if let Some(url) = scheme(setting)
                && url.contains(':')
                && Dialect::of_url(url).is_none()
            {
                let message =
                    format!("`{}` is no address of a database", url.split(':').next().unwrap_or(url));
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, setting.span, message).help(
                        "write `sqlite://path`, `postgres://user@host:5432/name` or `mysql://user@host:3306/name`",
                    ),
                );
            }
        }
    }
}

fn setting<'s>(service: &'s Service, word: &str) -> Option<&'s Setting> {
    service.settings.iter().find(|setting| &*setting.name.name == word)
}

/// The beginning of an address that is written out, up to its first `${…}`.
fn scheme(setting: &Setting) -> Option<&str> {
    let Some(SettingValue::Expr(value)) = &setting.value else { return None };
    let ExprKind::Text(template) = &value.kind else { return None };
    match template.parts.first()? {
        TemplatePart::Text(text) => Some(text),
        TemplatePart::Expr(_) => None,
    }
}
