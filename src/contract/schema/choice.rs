//! A `discriminator`: the field by whose value one of several schemas is chosen (OpenAPI 3.1
//! §4.8.25), of those under `oneOf` or `anyOf`, or of those that are made of this one with `allOf`.
//! A value must fit the one it names: that it happens to fit another says nothing.

use std::sync::Arc;

use super::combine::both;
use super::{AS_BASE, Lower, Target};
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
            let place = self.mapped(doc, &entry.value).and_then(|meant| {
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

/// Schemas are made of others at most this deep.
const MAX_HEIGHT: usize = 32;

/// Whether a schema stands for those that are made of it.
pub(super) fn is_parent(node: &Node) -> bool {
    node.get("discriminator").is_some() && node.get("oneOf").is_none() && node.get("anyOf").is_none()
}

impl Lower {
    /// The pattern of a schema whose `discriminator` chooses among those that are made of it: what
    /// fits it and the one it names. It is drawn as one of them.
    pub(super) fn as_one_of_its_kinds(&mut self, target: &Target, own: Pattern) -> Pattern {
        if !is_parent(&target.node) || target.key.1.ends_with(AS_BASE) {
            return own;
        }
        let Some(discriminator) = target.node.get("discriminator").cloned() else { return own };
        let Some(property) = discriminator.get("propertyName").and_then(|name| name.text()).cloned() else {
            self.error(discriminator.span, "a `discriminator` names a field: `propertyName: kind`");
            return own;
        };
        let mut kinds: Vec<(Target, Vec<Arc<str>>)> = Vec::new();
        for entry in discriminator.get("mapping").map(|mapping| mapping.entries()).unwrap_or_default() {
            match self.mapped(target.key.0, &entry.value) {
                Some(meant) => match kinds.iter_mut().find(|(known, _)| known.key == meant.key) {
                    Some((_, names)) => names.push(entry.key.clone()),
                    None => kinds.push((meant, vec![entry.key.clone()])),
                },
                None => self.error(entry.value.span, "this leads to no schema"),
            }
        }
        for other in self.files.beside(target) {
            if self.is_made_of(&other, target, 0) && kinds.iter().all(|(known, _)| known.key != other.key) {
                let name = other.name(&self.files);
                kinds.push((other, vec![name]));
            }
        }
        let is_own = |kind: &Target| kind.key == target.key;
        if kinds.iter().all(|(kind, _)| is_own(kind)) {
            return own;
        }
        let mut forms = Vec::new();
        // By its own name it is itself, and drawn so where that name is mapped to it.
        let mapped = kinds.iter().any(|(kind, _)| is_own(kind));
        if !mapped {
            let name = target.name(&self.files);
            forms.push((0, both(tag(&property, &[name]), own.clone())));
        }
        let required = target.node.get("required").map(|required| required.items()).unwrap_or_default();
        if !required.iter().any(|name| name.text() == Some(&property)) {
            let fields = vec![FieldPattern::new(property.clone(), true, Pattern::Absent)];
            let without = ObjectPattern { fields, open: true, ..ObjectPattern::default() };
            forms.push((0, both(Pattern::Object(without), own.clone())));
        }
        for (kind, names) in kinds {
            let pattern = if is_own(&kind) { own.clone() } else { self.target(&kind) };
            forms.push((1, both(tag(&property, &names), pattern)));
        }
        Pattern::Weighted(forms)
    }

    /// The schema that a value of `mapping` means: a reference, or a name.
    fn mapped(&self, doc: usize, value: &Node) -> Option<Target> {
        let text = value.text()?;
        let as_name = || self.files.follow(doc, &format!("#/components/schemas/{text}"));
        self.files.follow(doc, text).or_else(|_| as_name()).ok()
    }

    /// Whether a schema holds another one under its `allOf`, at whatever depth.
    fn is_made_of(&self, schema: &Target, base: &Target, height: usize) -> bool {
        let parts = schema.node.get("allOf").map(|parts| parts.items()).unwrap_or_default();
        parts.iter().filter_map(|part| self.named(schema.key.0, part)).any(|part| {
            part.key == base.key || height < MAX_HEIGHT && self.is_made_of(&part, base, height + 1)
        })
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
