//! Functions of numbers, dates, lists and objects.

use super::operators::quotient;
use super::{Arguments, functions, spec};
use crate::lang::{Param, Ty};
use crate::shape::{parse_date, parse_datetime, show_datetime};
use crate::value::words::a_kind;
use crate::value::{Number, Value};

const NUMBER: &[Param] = &[Param::required("number", Ty::Number, "the number")];
const OBJECT: &[Param] = &[Param::required("object", Ty::Object, "the object")];
const LIST: &[Param] = &[Param::required("list", Ty::List, "the list")];
const ROUND: &[Param] = &[
    Param::required("number", Ty::Number, "the number"),
    Param::new("digits", Ty::Number, "how many after the point; negative for tens and hundreds; default 0"),
];

functions! {
    spec("round", "rounded, halves away from zero, as money is rounded by hand", ROUND, "expect round(body.ratio, digits: 2) == 0.33")
        => |args| args.number("number")?.round(args.small("digits", 0)?).map(Value::Number).map_err(|e| format!("`round`: {e}"));
    spec("quotient", "a division rounded, halves away from zero, where `/` would have endless digits", &[Param::required("number", Ty::Number, "what is divided"), Param::required("by", Ty::Number, "the divisor"), Param::new("digits", Ty::Number, "how many after the point; default 0")], "expect share == quotient(100.00, 3, digits: 2)")
        => |args| quotient(args.number("number")?, args.number("by")?, args.small("digits", 0)?).map(Value::Number).map_err(|e| format!("`quotient`: {e}"));
    spec("abs", "without its sign; of a duration too", &[Param::required("number", Ty::Any, "a number or a duration")], "expect abs(body.drift) < 5")
        => abs;
    spec("floor", "the greatest whole number that is not greater", NUMBER, "let page = floor(7 / 2)")
        => |args| step(args, false);
    spec("ceil", "the least whole number that is not less", NUMBER, "let pages = ceil(total / 50)")
        => |args| step(args, true);
    spec("number", "the number of a text; every digit survives", &[Param::required("text", Ty::Any, "a text that is a number as JSON writes it, or a number")], "expect number(headers.x-count) > 3")
        => |args| to_number(args, false);
    spec("int", "the whole number of a text", &[Param::required("text", Ty::Any, "a text that is a whole number, or a number without a fraction")], "expect int(headers.x-count) == 4")
        => |args| to_number(args, true);
    spec("date", "a date, checked (RFC 3339 §5.6), as text", &[Param::required("text", Ty::Text, "such as `2026-11-22`")], "expect body.birthday < date(\"2026-11-22\")")
        => |args| {
            let text = args.text("text")?;
            match parse_date(&text.text) {
                Some(_) => Ok(Value::Text(text.clone())),
                None => Err("`date`: the text is no date such as `2026-11-22`".to_owned()),
            }
        };
    spec("datetime", "a date-time, checked (RFC 3339 §5.6), as text in UTC", &[Param::required("text", Ty::Text, "such as `2026-11-22T08:00:00Z`, with its offset")], "expect body.created_at > datetime(\"2026-11-22T08:00:00+01:00\")")
        => |args| {
            let text = args.text("text")?;
            match parse_datetime(&text.text).and_then(show_datetime) {
                Some(shown) => Ok(Value::text_with(shown, text.secret)),
                None => Err("`datetime`: the text is no date-time such as `2026-11-22T08:00:00Z`".to_owned()),
            }
        };
    spec("keys", "the names of an object's fields, in order", OBJECT, "expect keys(body.limits) == [\"daily\", \"weekly\"]")
        => |args| Ok(Value::list(fields(args)?.map(|(name, _)| Value::text(name.clone())).collect()));
    spec("values", "the values of an object's fields, in order", OBJECT, "expect values(body.totals).sum == 100")
        => |args| Ok(Value::list(fields(args)?.map(|(_, value)| value.clone()).collect()));
    spec("flatten", "the elements of a list's lists, one level", LIST, "let lines = flatten(orders[*].lines)")
        => |args| Ok(Value::list(args.list("list")?.into_iter().flat_map(|item| match item {
            Value::List(items) => items.to_vec(),
            other => vec![other],
        }).collect()));
}

fn fields(args: &Arguments) -> Result<impl Iterator<Item = (&std::sync::Arc<str>, &Value)>, String> {
    let object = args.value("object")?;
    let fields = object.as_object().ok_or_else(|| args.wrong("object", "an object", object))?;
    Ok(fields.iter().filter(|(_, value)| !matches!(value, Value::Absent)))
}

fn abs(args: &Arguments) -> Result<Value, String> {
    match args.value("number")? {
        Value::Number(number) if *number < Number::Int(0) => Ok(Value::Number(number.negate())),
        Value::Duration(nanos) => Ok(Value::Duration(nanos.saturating_abs())),
        number @ Value::Number(_) => Ok(number.clone()),
        other => Err(args.wrong("number", "a number or a duration", other)),
    }
}

fn step(args: &Arguments, up: bool) -> Result<Value, String> {
    let number = args.number("number")?;
    let failed = |e: crate::value::NumberError| format!("`{}`: {e}", args.spec.name);
    let one = Number::Int(1);
    let rest = number.rem(&one).map_err(failed)?;
    let whole = number.sub(&rest).and_then(|whole| whole.round(0)).map_err(failed)?;
    let zero = Number::Int(0);
    let stepped = if up && rest > zero {
        whole.add(&one)
    } else if !up && rest < zero {
        whole.sub(&one)
    } else {
        Ok(whole)
    };
    stepped.map(Value::Number).map_err(failed)
}

/// Numbers carry no taint, so a secret cannot become one.
fn to_number(args: &Arguments, whole: bool) -> Result<Value, String> {
    let name = args.spec.name;
    let number = match args.value("text")? {
        Value::Text(text) if text.secret => {
            return Err(format!("`{name}`: a secret cannot become a number, for numbers are shown"));
        }
        Value::Text(text) => {
            let digits = text.text.strip_prefix('-').unwrap_or(&text.text);
            let plain = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains('_');
            let parsed = text.text.parse::<Number>().ok().filter(|_| plain);
            parsed.ok_or_else(|| {
                format!(
                    "`{name}`: {} is not a number",
                    crate::value::show_short(&Value::Text(text.clone()), 60)
                )
            })?
        }
        Value::Number(number) => number.clone(),
        other => return Err(format!("`{name}` takes a text or a number, not {}", a_kind(other))),
    };
    if !whole {
        return Ok(Value::Number(number));
    }
    match number.to_i128() {
        Some(int) => Ok(Value::int(int)),
        None => Err(format!("`int`: {number} is not a whole number; `round`, `floor` and `ceil` make one")),
    }
}
