//! Numbers: bounds and multiples.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Dialect, Lower};
use crate::contract::document::Node;
use crate::contract::drawn::judged;
use crate::shape::Pattern;
use crate::value::{Number, Object, Value};

/// How far from a bound numbers are drawn when there is no other.
const DRAWN: i128 = 1_000_000;
/// So many multiples are drawn of.
const MULTIPLES: i128 = 50;

/// What a schema says of a number.
#[derive(Debug, Clone, Default)]
struct Limits {
    /// The least, and whether itself does not fit.
    low: Option<(Number, bool)>,
    /// The greatest.
    high: Option<(Number, bool)>,
    multiple: Option<Number>,
    integer: bool,
}

impl Lower {
    /// The pattern of a `number` or an `integer`.
    pub(super) fn number(&mut self, node: &Node, integer: bool) -> Pattern {
        let mut limits = Limits { integer, ..Limits::default() };
        limits.low = self.bound(node, "minimum", "exclusiveMinimum", Ordering::Greater);
        limits.high = self.bound(node, "maximum", "exclusiveMaximum", Ordering::Less);
        let format = node.get("format").and_then(|format| format.text()).map(|format| &**format);
        let is_single = !integer && format == Some("float");
        match format {
            Some("int32") if integer => limits.within(i32::MIN.into(), i32::MAX.into()),
            Some("int64") if integer => limits.within(i64::MIN.into(), i64::MAX.into()),
            _ => {}
        }
        if let Some(given) = node.get("multipleOf") {
            limits.multiple = given.number().filter(|number| **number > Number::Int(0)).cloned();
            if limits.multiple.is_none() {
                self.error(given.span, "`multipleOf` is a number above 0");
            }
        }
        if let (Some((low, _)), Some((high, _))) = (&limits.low, &limits.high)
            && low > high
        {
            self.error(node.span, format!("nothing fits: the least is {low}, and the greatest {high}"));
        }
        let pattern = limits.pattern();
        match is_single {
            // What is drawn stays far from the bounds.
            true => judged("number", pattern, |value| {
                value.as_number().is_some_and(|number| (number.to_f64() as f32).is_finite())
            }),
            false => pattern,
        }
    }

    /// A bound; `tighter` says which of two wins.
    fn bound(
        &mut self,
        node: &Node,
        key: &str,
        exclusive: &str,
        tighter: Ordering,
    ) -> Option<(Number, bool)> {
        let number = |lower: &mut Lower, key: &str| {
            let given = node.get(key)?;
            let number = given.number().cloned();
            if number.is_none() {
                lower.error(given.span, format!("`{key}` is a number, not {}", given.kind()));
            }
            number
        };
        let bound = number(self, key);
        if self.files.dialect == Dialect::OpenApi30 {
            let given = node.get(exclusive);
            if let Some(given) = given.filter(|given| given.bool().is_none()) {
                self.error(given.span, format!("`{exclusive}` is true or false in OpenAPI 3.0"));
            }
            return bound.map(|bound| (bound, given.and_then(|given| given.bool()) == Some(true)));
        }
        match (bound, number(self, exclusive)) {
            (Some(bound), Some(other)) if other.partial_cmp(&bound) != Some(tighter) && other != bound => {
                Some((bound, false))
            }
            (_, Some(other)) => Some((other, true)),
            (bound, None) => bound.map(|bound| (bound, false)),
        }
    }
}

impl Limits {
    fn within(&mut self, low: i128, high: i128) {
        let (low, high) = (Number::Int(low), Number::Int(high));
        if self.low.as_ref().is_none_or(|(known, _)| *known < low) {
            self.low = Some((low, false));
        }
        if self.high.as_ref().is_none_or(|(known, _)| *known > high) {
            self.high = Some((high, false));
        }
    }

    fn fits(&self, number: &Number) -> bool {
        let above = self.low.as_ref().is_none_or(|(low, open)| number > low || !open && number == low);
        let below = self.high.as_ref().is_none_or(|(high, open)| number < high || !open && number == high);
        let multiple =
            self.multiple.as_ref().is_none_or(|of| number.rem(of).is_ok_and(|rest| rest == Number::Int(0)));
        let decimal = number.to_decimal();
        above && below && multiple && decimal.is_ok_and(|it| !self.integer || it.is_integer())
    }

    fn pattern(self) -> Pattern {
        let name = if self.integer { "int" } else { "number" };
        let plain = |low: &Number, high: &Number| {
            let range = Value::Range(Arc::new((Value::Number(low.clone()), Value::Number(high.clone()))));
            Pattern::Type(name, Arc::new(Object::from([(Arc::from("range"), range)])))
        };
        if self.multiple.is_none() {
            match (&self.low, &self.high) {
                (None, None) => return Pattern::Type(name, Arc::default()),
                (Some((low, false)), Some((high, false))) if self.integer => return plain(low, high),
                _ => {}
            }
        }
        let drawn = match self.multiples() {
            // Not a union, which would read as an enum.
            Some(multiples) => Pattern::Weighted(multiples.into_iter().map(|one| (1, one)).collect()),
            None => {
                let (low, high) = self.drawn_bounds();
                plain(&low, &high)
            }
        };
        judged(&self.described(name), drawn, move |value| {
            value.as_number().is_some_and(|number| self.fits(number))
        })
    }

    /// Between which numbers are drawn: with cents, unless they are whole.
    fn drawn_bounds(&self) -> (Number, Number) {
        let low = self.low.as_ref().map(|(low, open)| self.inside(low, *open, 1));
        let high = self.high.as_ref().map(|(high, open)| self.inside(high, *open, -1));
        let moved = |from: &Number, by: i128| from.add(&Number::Int(by)).unwrap_or_else(|_| from.clone());
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low.clone(), moved(&low, DRAWN)),
            (None, Some(high)) => (moved(&high, -DRAWN), high),
            (None, None) => (Number::Int(0), Number::Int(DRAWN)),
        };
        (self.scaled(low), self.scaled(high))
    }

    /// The nearest whole number inside of a bound that itself does not fit.
    fn inside(&self, bound: &Number, open: bool, step: i128) -> Number {
        match open && self.integer {
            true => bound.add(&Number::Int(step)).unwrap_or_else(|_| bound.clone()),
            false => bound.clone(),
        }
    }

    /// With as many digits after the point as are drawn: those of `multipleOf`, else two.
    fn scaled(&self, bound: Number) -> Number {
        if self.integer {
            return bound;
        }
        let digits = |number: &Number| number.to_decimal().map_or(0, |it| it.fractional_digit_count());
        let wanted = self.multiple.as_ref().map_or(2, digits).max(digits(&bound));
        match bound.to_decimal() {
            Ok(decimal) => Number::Decimal(Box::new(decimal.with_scale(wanted))),
            Err(_) => bound,
        }
    }

    /// Some multiples, unless every number with the right digits is one.
    fn multiples(&self) -> Option<Vec<Pattern>> {
        let of = self.multiple.as_ref()?;
        let inverse = Number::Int(1).div(of).ok();
        let is_unit = inverse.is_some_and(|inverse| inverse.to_string().trim_end_matches('0') == "1");
        if is_unit {
            return None;
        }
        let (low, high) = self.drawn_bounds();
        let rest = low.rem(of).ok()?;
        let mut at = low.sub(&rest).ok()?;
        let mut found = Vec::new();
        for _ in 0..MULTIPLES {
            if at > high {
                break;
            }
            if self.fits(&at) {
                found.push(Pattern::Equals(Value::Number(at.clone())));
            }
            at = at.add(of).ok()?;
        }
        (!found.is_empty()).then_some(found)
    }

    /// As messages show it.
    fn described(&self, name: &str) -> String {
        let mut said = Vec::new();
        if let Some((low, open)) = &self.low {
            said.push(format!("{} {low}", if *open { ">" } else { ">=" }));
        }
        if let Some((high, open)) = &self.high {
            said.push(format!("{} {high}", if *open { "<" } else { "<=" }));
        }
        if let Some(of) = &self.multiple {
            said.push(format!("a multiple of {of}"));
        }
        format!("{name} ({})", said.join(", "))
    }
}
