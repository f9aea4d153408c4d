//! A `discriminator`: the field by whose value one of several schemas is chosen (OpenAPI 3.1
//! §4.8.25). A value must fit the one it names: that it happens to fit another says nothing.

use std::sync::Arc;

use super::combine::both;
use super::{Lower, Target};
use crate::contract::document::Node;
use crate::shape::{FieldPattern, ObjectPattern, Pattern};
use crate::value::Value;

impl Lower {
    /// The forms under `oneOf` or `anyOf`, each with the values of the discriminator that name it;
    /// none when there is no discriminator, or no form that has a name.
    pub(super) fn chosen(&mut self, doc: usize, node: &Arc<Node>, key: &str) -> Option<Vec<Pattern>> {
        let discriminator = node.get("discriminator")?;
        let Some(property) = discriminator.get("propertyName").and_then(|name| name.text()).cloned() else {
            self.error(discriminator.span, "a `discriminator` names a field: `propertyName: kind`");
            return None;
        };
        let forms = node.get(key)?.items().to_vec();
        let targets: Vec<Option<Target>> = forms.iter().map(|form| self.named(doc, form)).collect();
        if targets.iter().all(Option::is_none) {
            return None;
        }
        let mut names: Vec<Vec<Arc<str>>> = vec![Vec::new(); forms.len()];
        for entry in discriminator.get("mapping").map(|mapping| mapping.entries()).unwrap_or_default() {
            let meant = entry.value.text().and_then(|text| {
                let as_name = || self.files.follow(doc, &format!("#/components/schemas/{text}"));
                self.files.follow(doc, text).or_else(|_| as_name()).ok()
            });
            let place = meant.and_then(|meant| {
                targets.iter().position(|target| target.as_ref().is_some_and(|it| it.key == meant.key))
            });
            match place {
                Some(place) => names[place].push(entry.key.clone()),
                None => self.error(entry.value.span, format!("this is none of the schemas of `{key}`")),
            }
        }
        for (names, target) in names.iter_mut().zip(&targets) {
            // The name of a schema is a value of its own where no other is mapped to it.
            if let Some(target) = target.as_ref().filter(|_| names.is_empty()) {
                names.push(target.name(&self.files));
            }
        }
        let tagged = forms.iter().zip(names).map(|(form, names)| {
            let form = self.schema(doc, form);
            if names.is_empty() { form } else { both(tag(&property, &names), form) }
        });
        Some(tagged.collect())
    }

    fn named(&self, doc: usize, form: &Node) -> Option<Target> {
        let reference = form.get("$ref")?.text()?;
        self.files.follow(doc, reference).ok()
    }
}

/// An object whose field has one of the values.
fn tag(property: &Arc<str>, values: &[Arc<str>]) -> Pattern {
    let mut values: Vec<Pattern> =
        values.iter().map(|value| Pattern::Equals(Value::text(value.clone()))).collect();
    let value = if values.len() == 1 { values.remove(0) } else { Pattern::Union(values) };
    let fields = vec![FieldPattern::new(property.clone(), false, value)];
    Pattern::Object(ObjectPattern { fields, open: true, ..ObjectPattern::default() })
}
