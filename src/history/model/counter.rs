//! `counter`: a state is the sum.

use super::object::{Act, Effect, Object, State, States};
use super::reading::is_silent;
use crate::history::{Operation, Outcome};
use crate::value::{Number, Value, show_short};

const ADD: u8 = 0;
/// An addition that said what it came to.
const ADD_TO: u8 = 1;
const READ: u8 = 2;
/// Nobody knows what it saw.
const LOOK: u8 = 3;

/// Digits after the point that are kept.
const DIGITS: i64 = 9;

/// No number of a history is as large, so that sums of them fit.
const LARGEST: i128 = 10i128.pow(27);

/// A counter. Its numbers are kept as multiples of 10⁻⁹.
#[derive(Debug, Default)]
pub(super) struct Counter {
    amounts: Vec<i128>,
    numbers: foldhash::HashMap<i128, u32>,
}

impl Counter {
    fn amount(&mut self, amount: i128) -> u32 {
        *self.numbers.entry(amount).or_insert_with(|| {
            self.amounts.push(amount);
            self.amounts.len() as u32 - 1
        })
    }
}

impl Object for Counter {
    fn begin(&mut self, states: &mut States, initial: &Value) -> Result<State, String> {
        let initial = if matches!(initial, Value::Null) { 0 } else { exact(initial)? };
        Ok(number(states, initial))
    }

    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        let known = operation.outcome == Outcome::Ok;
        let look = (Act { role: LOOK, a: 0, b: 0 }, Effect::Pure);
        let (act, effect) = if role == "read" {
            if is_silent(operation) || !known {
                look
            } else {
                let state = number(states, exact(&operation.value)?);
                (Act { role: READ, a: state, b: 0 }, Effect::Seen(state))
            }
        } else {
            let by = operation.args.last().map_or(Ok(exact(&Value::int(1))?), exact)?;
            let by = if role == "subtract" { -by } else { by };
            let a = self.amount(by);
            match operation.value.as_number() {
                Some(_) if known => {
                    let b = number(states, exact(&operation.value)?);
                    let (role, effect) =
                        if by == 0 { (READ, Effect::Seen(b)) } else { (ADD_TO, Effect::Moves) };
                    (if by == 0 { Act { role, a: b, b: 0 } } else { Act { role, a, b } }, effect)
                }
                _ if by == 0 => look,
                _ => (Act { role: ADD, a, b: 0 }, Effect::Moves),
            }
        };
        Ok((known || !effect.is_pure()).then_some((act, effect)))
    }

    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State> {
        match act.role {
            READ => (state == act.a).then_some(state),
            ADD | ADD_TO => {
                let sum = value(states, state).checked_add(*self.amounts.get(act.a as usize)?)?;
                let after = number(states, sum);
                (act.role == ADD || after == act.b).then_some(after)
            }
            _ => Some(state),
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        matches!(act.role, ADD | ADD_TO).then_some((Act { role: ADD, b: 0, ..act }, Effect::Moves))
    }

    fn is_blind(&self, act: Act) -> bool {
        matches!(act.role, ADD | LOOK)
    }

    fn show(&self, states: &States, state: State) -> String {
        let value = value(states, state);
        let (whole, rest) = (value / 10i128.pow(DIGITS as u32), value % 10i128.pow(DIGITS as u32));
        if rest == 0 {
            return whole.to_string();
        }
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{}.{}", whole.abs(), format!("{:09}", rest.abs()).trim_end_matches('0'))
    }
}

/// A number in multiples of 10⁻⁹.
fn exact(value: &Value) -> Result<i128, String> {
    let refused = |why: &str| Err(format!("{} is {why}", show_short(value, 60)));
    let Some(number) = value.as_number() else { return refused("no number") };
    let Ok(decimal) = number.to_decimal() else { return refused("no finite number") };
    if decimal.abs() >= LARGEST {
        return refused("too large for a counter");
    }
    let scaled = Number::from_decimal((decimal * 10i64.pow(DIGITS as u32)).normalized());
    match scaled.to_i128() {
        Some(scaled) => Ok(scaled),
        None => refused("too fine for a counter: it has more than 9 digits after the point"),
    }
}

fn number(states: &mut States, value: i128) -> State {
    let word = |nth: u32| (value >> (32 * nth)) as u32;
    states.number(&[word(0), word(1), word(2), word(3)])
}

fn value(states: &States, state: State) -> i128 {
    let words = states.sequence(state).iter().rev();
    words.fold(0u128, |value, word| value << 32 | u128::from(*word)) as i128
}
