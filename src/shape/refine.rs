//! Shapes with some of their fields overridden.

use std::sync::Arc;

use super::describe::describe_short;
use super::{FieldPattern, ObjectPattern, Pattern};
use crate::diag::did_you_mean;

/// `Order { state: "PAID" }`: the shape with some fields overridden. It stays as open as it is; a
/// field that a closed shape does not have is an error.
pub fn refine(pattern: &Pattern, fields: Vec<FieldPattern>) -> Result<Pattern, String> {
    refined(pattern, fields).map_err(|why| format!("`{}` {why}", describe_short(pattern)))
}

fn refined(pattern: &Pattern, fields: Vec<FieldPattern>) -> Result<Pattern, String> {
    match pattern {
        Pattern::Named(name, inner) => Ok(Pattern::Named(name.clone(), Arc::new(refined(inner, fields)?))),
        Pattern::Object(object) => {
            let mut refined = object.clone();
            for field in fields {
                override_field(&mut refined, field)?;
            }
            Ok(Pattern::Object(refined))
        }
        Pattern::Late(_, make) => refined(&make(), fields),
        // What a judge or a limit said of the whole no longer holds of the changed one.
        Pattern::Judged(inner, _) => refined(inner, fields),
        Pattern::Edges(inner, share) => Ok(Pattern::Edges(Box::new(refined(inner, fields)?), *share)),
        _ => Err("is no object shape, so it has no fields to override".to_owned()),
    }
}

fn override_field(object: &mut ObjectPattern, field: FieldPattern) -> Result<(), String> {
    if let Some(place) = object.fields.iter_mut().find(|known| known.name == field.name) {
        *place = field;
    } else if object.open {
        object.fields.push(field);
    } else {
        let advice = did_you_mean(&field.name, object.fields.iter().map(|known| &*known.name));
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        return Err(format!("has no field `{}`{advice}", field.name));
    }
    Ok(())
}
