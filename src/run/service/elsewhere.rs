//! Services that an environment says where to find.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, SettingValue};

/// What an environment says: where services are, and whether only safe requests are allowed.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    pub(crate) urls: BTreeMap<Arc<str>, String>,
    pub(crate) only_safe: bool,
}

impl Elsewhere {
    /// Reads `environment NAME { allow safe; orders at "…" }`; addresses there are plain text.
    pub(crate) fn of(item: &Item) -> Elsewhere {
        let mut found = Elsewhere::default();
        let ItemKind::Environment(environment) = &item.kind else { return found };
        for setting in &environment.settings {
            if &*setting.name.name == "allow" {
                found.only_safe = matches!(
                    &setting.value,
                    Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "safe"
                );
                continue;
            }
            for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "at") {
                if let Some(Expr { kind: ExprKind::Text(template), .. }) = &phrase.value
                    && let Some(url) = template.plain()
                {
                    found.urls.insert(setting.name.name.clone(), url.to_string());
                }
            }
        }
        found
    }
}
