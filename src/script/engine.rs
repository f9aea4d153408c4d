//! The sandbox: which parts of rhai there are, and how much a script may use.

use std::cell::{Cell, RefCell};
use std::panic;
use std::thread;
use std::time::{Duration, Instant};

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicBlobPackage, BasicFnPackage, BasicIteratorPackage,
    BasicMapPackage, BasicMathPackage, BasicStringPackage, BitFieldPackage, LanguageCorePackage,
    LogicPackage, MoreStringPackage, Package,
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Map, Position};
use rust_decimal::Decimal;

use super::ScriptError;
use super::convert::{to_decimal, to_number};
use super::error::DISABLED;

/// At most this many lines of `print` and `debug` are kept of one call.
const PRINTED: usize = 50;

/// How much one call may use.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) operations: u64,
    pub(super) calls: usize,
    pub(super) deadline: Duration,
    /// Bytes of all texts in one value.
    pub(super) text: usize,
    /// Elements, at all depths, of one value.
    pub(super) elements: usize,
    /// Bytes of the stack on which scripts run.
    pub(super) stack: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            operations: 20_000_000,
            calls: 64,
            deadline: Duration::from_secs(10),
            text: 16 * 1024 * 1024,
            elements: 1_000_000,
            stack: 32 * 1024 * 1024,
        }
    }
}

/// `fail("why")` on its way out; no `catch` can stop it.
#[derive(Debug, Clone)]
pub(super) struct Fail(pub(super) String);

/// The deadline passed.
#[derive(Debug, Clone)]
pub(super) struct Overdue;

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The deadline and the printed lines of the call that runs on this thread.
pub(super) struct Notes;

impl Notes {
    pub(super) fn start(deadline: Duration) -> Notes {
        DEADLINE.set(Instant::now().checked_add(deadline));
        LINES.with_borrow_mut(Vec::clear);
        Notes
    }

    pub(super) fn printed(&self) -> Vec<String> {
        LINES.with_borrow(Clone::clone)
    }
}

/// Runs something on a thread of its own, whose stack is deep enough for every script within the
/// limits: a worker's stack may not be.
pub(super) fn on_own_stack<T: Send>(
    limits: &Limits,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ScriptError> {
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("script".to_owned()).stack_size(limits.stack);
        match worker.spawn_scoped(scope, work) {
            Ok(worker) => worker.join().or_else(|payload| panic::resume_unwind(payload)),
            Err(error) => Err(ScriptError::new(format!("no thread for the script: {error}"))),
        }
    })
}

/// An engine with the parts that only compute.
pub(super) fn sandboxed(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    LanguageCorePackage::new().register_into_engine(&mut engine);
    ArithmeticPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BitFieldPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicBlobPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    for word in DISABLED {
        engine.disable_symbol(*word);
    }
    engine
        .set_strict_variables(true)
        .set_max_operations(limits.operations)
        .set_max_call_levels(limits.calls)
        .set_max_expr_depths(64, 64)
        .set_max_string_size(limits.text)
        .set_max_array_size(limits.elements)
        .set_max_map_size(limits.elements)
        .set_max_variables(1_000)
        .set_max_functions(500)
        .set_max_modules(0)
        // Otherwise the operators of decimals could not be replaced by exact ones.
        .set_fast_operators(false)
        .on_progress(|operations| {
            let due = || DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline);
            (operations % 256 == 0 && due()).then(|| Dynamic::from(Overdue))
        })
        .on_print(|text| keep(text.to_owned()))
        .on_debug(|text, _, place| keep(format!("{text} ({place:?})")));
    functions(&mut engine);
    exact(&mut engine);
    engine
}

fn keep(line: String) {
    LINES.with_borrow_mut(|lines| {
        if lines.len() < PRINTED {
            lines.push(line.chars().take(500).collect());
        }
    });
}

type Raised<T> = Result<T, Box<EvalAltResult>>;

fn raise<T>(why: impl Into<String>) -> Raised<T> {
    Err(Box::new(EvalAltResult::ErrorArithmetic(why.into(), Position::NONE)))
}

fn functions(engine: &mut Engine) {
    engine.register_fn("fail", |why: ImmutableString| -> Raised<()> {
        Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(Fail(why.into())), Position::NONE)))
    });
    engine.register_fn("sleep", |_: INT| -> Raised<()> { raise("scripts cannot sleep: they compute") });
    engine.register_fn("at", |record: Dynamic, key: Dynamic| at(&record, &key));
}

/// The part of a record at a key as [`super::key_value`] writes it; `()` when it is not there.
fn at(record: &Dynamic, key: &Dynamic) -> Raised<Dynamic> {
    if let Ok(steps) = key.as_array_ref() {
        return steps.iter().try_fold(record.clone(), |part, step| at(&part, step));
    }
    if let Ok(composite) = key.as_map_ref() {
        let keys = composite.get("keys").and_then(|keys| keys.as_array_ref().ok().map(|keys| keys.clone()));
        let parts: Raised<Array> = keys.unwrap_or_default().iter().map(|key| at(record, key)).collect();
        return parts.map(Dynamic::from_array);
    }
    if let Ok(index) = key.as_int() {
        let Ok(items) = record.as_array_ref() else { return Ok(Dynamic::UNIT) };
        let index = if index < 0 { index + items.len() as INT } else { index };
        return Ok(usize::try_from(index)
            .ok()
            .and_then(|index| items.get(index).cloned())
            .unwrap_or(Dynamic::UNIT));
    }
    let Ok(name) = key.clone().into_immutable_string() else {
        return raise("`at` takes a record and a key");
    };
    match record.as_map_ref() {
        Ok(fields) => Ok(field(&fields, &name)),
        Err(_) => match record.as_array_ref() {
            Ok(items) if name == "*" => Ok(Dynamic::from_array(items.clone())),
            _ => Ok(Dynamic::UNIT),
        },
    }
}

fn field(fields: &Map, name: &str) -> Dynamic {
    fields.get(name).cloned().unwrap_or(Dynamic::UNIT)
}

const INEXACT: &str = "the result has more than 28 digits, and would be rounded";

fn add(a: Decimal, b: Decimal) -> Raised<Decimal> {
    let scale = a.scale().max(b.scale());
    match a.checked_add(b) {
        Some(sum) if sum.scale() == scale || sum.is_zero() => Ok(sum),
        _ => raise(INEXACT),
    }
}

fn sub(a: Decimal, b: Decimal) -> Raised<Decimal> {
    add(a, -b)
}

fn mul(a: Decimal, b: Decimal) -> Raised<Decimal> {
    match a.checked_mul(b) {
        Some(product) if product.scale() == a.scale() + b.scale() => Ok(product),
        Some(product) if a.is_zero() || b.is_zero() => Ok(product),
        // The scale shrinks when digits would be lost, and also when only zeros are.
        _ => {
            match to_number(&a).mul(&to_number(&b)).map_err(|e| e.to_string()).and_then(|n| to_decimal(&n)) {
                Ok(product) => Ok(product),
                Err(_) => raise(INEXACT),
            }
        }
    }
}

fn div(a: Decimal, b: Decimal) -> Raised<Decimal> {
    match to_number(&a).div(&to_number(&b)) {
        Ok(quotient) => to_decimal(&quotient).or_else(|_| raise(INEXACT)),
        Err(crate::value::NumberError::DivisionByZero) => raise("division by zero"),
        Err(_) => raise(
            "the quotient has endless digits: use `div(a, b, digits)`, which rounds halves away from zero",
        ),
    }
}

/// A rounded quotient, for where `/` would have endless digits.
fn rounded(a: Decimal, b: Decimal, digits: INT) -> Raised<Decimal> {
    if !(0..=27).contains(&digits) {
        return raise("`div` rounds to 0 to 27 digits");
    }
    let quotient = crate::function::operators::quotient(&to_number(&a), &to_number(&b), digits);
    quotient.and_then(|number| to_decimal(&number)).or_else(raise)
}

/// The operators of decimals, exact or an error, also between decimals and integers.
fn exact(engine: &mut Engine) {
    macro_rules! operator {
        ($($symbol:literal $assign:literal $apply:ident;)*) => {$(
            engine.register_fn($symbol, |a: Decimal, b: Decimal| $apply(a, b));
            engine.register_fn($symbol, |a: Decimal, b: INT| $apply(a, b.into()));
            engine.register_fn($symbol, |a: INT, b: Decimal| $apply(a.into(), b));
            engine.register_fn($assign, |a: &mut Decimal, b: Decimal| -> Raised<()> { *a = $apply(*a, b)?; Ok(()) });
            engine.register_fn($assign, |a: &mut Decimal, b: INT| -> Raised<()> { *a = $apply(*a, b.into())?; Ok(()) });
        )*};
    }
    operator! {
        "+" "+=" add;
        "-" "-=" sub;
        "*" "*=" mul;
        "/" "/=" div;
    }
    engine.register_fn("div", rounded);
    engine.register_fn("div", |a: INT, b: INT, digits: INT| rounded(a.into(), b.into(), digits));
    engine.register_fn("div", |a: Decimal, b: INT, digits: INT| rounded(a, b.into(), digits));
    engine.register_fn("div", |a: INT, b: Decimal, digits: INT| rounded(a.into(), b, digits));
}
