//! The combinations of a `@matrix`: every value of each name with every value of the others.

use std::sync::Arc;

use super::super::cx::Cx;
use super::super::flow::Flow;
use super::super::world::World;
use super::instance::list_env;
use crate::check::{Axis, AxisValues, CURRENT, ItemRef};
use crate::value::{Value, show, show_short};

/// How much of a value the name of a combination carries.
const WIDTH: usize = 60;

/// What one name of a matrix stands for in one combination.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The name.
    pub(crate) name: Arc<str>,
    /// The value as titles and selections have it; no other value of the name has the same.
    pub(crate) text: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Value(Value),
    Variant { service: ItemRef, variant: Option<Arc<str>> },
}

impl Cell {
    /// As what a service runs, when this says so: a variant, or none for the service as declared.
    pub(super) fn variant_of(&self, service: ItemRef) -> Option<Option<Arc<str>>> {
        match &self.what {
            What::Variant { service: of, variant } if *of == service => Some(variant.clone()),
            _ => None,
        }
    }

    /// The name with its value, for the scenario's statements; a service keeps its name.
    pub(super) fn binding(&self) -> Option<(Arc<str>, Value)> {
        match &self.what {
            What::Value(value) => Some((self.name.clone(), value.clone())),
            What::Variant { .. } => None,
        }
    }

    /// The value in whole, as the key of drawn data has it.
    pub(super) fn key(&self) -> String {
        match &self.what {
            What::Value(value) if !value.is_secret() => show(value),
            _ => self.text.clone(),
        }
    }
}

/// Every combination, the last name's values next to each other; a scenario without a matrix has
/// the one that is empty.
pub(super) async fn rows(world: &Arc<World>, cx: &Arc<Cx>, planned: usize) -> Flow<Vec<Vec<Cell>>> {
    let scenario = &world.plan.scenarios[planned];
    let mut rows = vec![Vec::new()];
    for axis in &scenario.matrix {
        let cells = match &axis.values {
            AxisValues::Variants { service, variants } => variants
                .iter()
                .map(|variant| Cell {
                    name: axis.name.clone(),
                    text: variant.as_deref().unwrap_or(CURRENT).to_owned(),
                    what: What::Variant { service: *service, variant: variant.clone() },
                })
                .collect(),
            AxisValues::Values(_) => values(world, cx, planned, axis).await?,
        };
        let longer = rows.iter().flat_map(|row: &Vec<Cell>| {
            cells.iter().map(|cell| [row.as_slice(), std::slice::from_ref(cell)].concat())
        });
        // A list that is far too long is refused by whoever counts, and not held in full.
        rows = longer.take(crate::check::MAX_COMBINATIONS + 1).collect();
    }
    Ok(rows)
}

/// The values of one name.
async fn values(world: &Arc<World>, cx: &Arc<Cx>, planned: usize, axis: &Axis) -> Flow<Vec<Cell>> {
    let AxisValues::Values(list) = &axis.values else { return Ok(Vec::new()) };
    let env = list_env(world, &world.plan.scenarios[planned], &format!("matrix {}", axis.name));
    let value = cx.eval(&env, list).await?;
    let Value::List(items) = &value else {
        let message =
            format!("the values of `{}` are a list, and this is {}", axis.name, show_short(&value, WIDTH));
        return Err(cx.bad_value(&env, list.span, message));
    };
    if items.is_empty() {
        let message = format!("`{}` has no value, so the scenario would never run", axis.name);
        return Err(cx.bad_value(&env, list.span, message));
    }
    let mut cells: Vec<Cell> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if items[..index].contains(item) {
            let message =
                format!("{} stands twice among the values of `{}`", show_short(item, WIDTH), axis.name);
            return Err(cx.bad_value(&env, list.span, message));
        }
        let mut text = text(item, index);
        if cells.iter().any(|cell| cell.text == text) {
            text = format!("{text} #{}", index + 1);
        }
        cells.push(Cell { name: axis.name.clone(), text, what: What::Value(item.clone()) });
    }
    Ok(cells)
}

/// A value in a title: a plain word without its quotes, a secret by its place.
fn text(value: &Value, index: usize) -> String {
    match value {
        _ if value.is_secret() => format!("#{}", index + 1),
        Value::Text(text) if is_word(&text.text) => text.text.to_string(),
        _ => show_short(value, WIDTH),
    }
}

/// Whether text looks like itself and like no other value.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && !["true", "false", "null", "absent"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_in_titles() {
        let shown = |value: Value| text(&value, 0);
        assert_eq!(shown(Value::text("fast")), "fast");
        assert_eq!(shown(Value::text("a b")), "\"a b\"");
        assert_eq!(shown(Value::text("true")), "\"true\"");
        assert_eq!(shown(Value::Bool(true)), "true");
        assert_eq!(shown(Value::text("1")), "\"1\"");
        assert_eq!(shown(Value::int(1)), "1");
        assert_eq!(shown(Value::text_with("a secret thing", true)), "#1");
    }
}
