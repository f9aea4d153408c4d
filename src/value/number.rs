//! Exact numbers: integers, decimals with the digits that came over the wire, and IEEE numbers
//! that a contract declares as such.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{Signed, ToPrimitive, Zero};

/// Past this many digits before or after the point a number is refused, so that `1e999999999`
/// cannot exhaust the memory.
const MAX_EXPONENT: i64 = 5_000;

/// An exact number, or an IEEE one.
#[derive(Debug, Clone)]
pub enum Number {
    /// An integer.
    Int(i128),
    /// A decimal; its scale is that of the text it was read from, so `100.00` stays `100.00`.
    Decimal(Box<BigDecimal>),
    /// An IEEE 754 double or single, from a contract that declares one.
    Float {
        /// The value; for singles, the exactly widened one.
        value: f64,
        /// Whether the contract's type has single precision.
        single: bool,
    },
}

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NumberError {
    /// The text is no number.
    #[error("`{0}` is not a number")]
    Malformed(String),
    /// More digits than are kept.
    #[error("a number with more than {MAX_EXPONENT} digits is refused")]
    TooLarge,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A quotient with endless digits.
    #[error("`{0}` has endless digits; say how many with `round(…, digits: 2)`")]
    Inexact(String),
    /// NaN or infinity in exact arithmetic.
    #[error("`{0}` is not a finite number")]
    NotFinite(f64),
}

impl Number {
    /// The exact decimal value; NaN and infinities have none.
    pub fn to_decimal(&self) -> Result<BigDecimal, NumberError> {
        match self {
            Number::Int(value) => Ok(BigDecimal::from(*value)),
            Number::Decimal(value) => Ok((**value).clone()),
            Number::Float { value, .. } if !value.is_finite() => Err(NumberError::NotFinite(*value)),
            // The shortest digits that read back as the same float: what people write.
            Number::Float { value, single: false } => decimal(&value.to_string()),
            Number::Float { value, single: true } => decimal(&(*value as f32).to_string()),
        }
    }

    /// From an exact decimal; integral values without a fraction part become integers.
    pub fn from_decimal(value: BigDecimal) -> Number {
        if value.fractional_digit_count() <= 0
            && let Some(int) = value.to_i128()
        {
            return Number::Int(int);
        }
        Number::Decimal(Box::new(value))
    }

    /// As a 64-bit float, the nearest.
    pub fn to_f64(&self) -> f64 {
        match self {
            Number::Int(value) => *value as f64,
            Number::Decimal(value) => value.to_string().parse().unwrap_or(f64::NAN),
            Number::Float { value, .. } => *value,
        }
    }

    /// As an integer, when it is one (`2.0` is).
    pub fn to_i128(&self) -> Option<i128> {
        match self {
            Number::Int(value) => Some(*value),
            Number::Decimal(value) if value.is_integer() => value.to_i128(),
            Number::Decimal(_) => None,
            Number::Float { value, .. } => {
                (value.fract() == 0.0 && value.abs() < 1e38).then_some(*value as i128)
            }
        }
    }

    /// As an index or a count, when it is a non-negative integer that fits.
    pub fn to_usize(&self) -> Option<usize> {
        self.to_i128().and_then(|value| usize::try_from(value).ok())
    }

    /// Sum; exact.
    pub fn add(&self, other: &Number) -> Result<Number, NumberError> {
        if let (Number::Int(a), Number::Int(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Ok(Number::Int(sum));
        }
        bounded(self.to_decimal()? + other.to_decimal()?)
    }

    /// Difference; exact.
    pub fn sub(&self, other: &Number) -> Result<Number, NumberError> {
        self.add(&other.negate())
    }

    /// Product; exact.
    pub fn mul(&self, other: &Number) -> Result<Number, NumberError> {
        if let (Number::Int(a), Number::Int(b)) = (self, other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Ok(Number::Int(product));
        }
        bounded(self.to_decimal()? * other.to_decimal()?)
    }

    /// Quotient; exact, or [`NumberError::Inexact`] when its digits never end.
    pub fn div(&self, other: &Number) -> Result<Number, NumberError> {
        let (a, b) = (self.to_decimal()?, other.to_decimal()?);
        if b.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        // With b = m·10^-s, a/b terminates exactly when m, reduced, has only the factors 2 and 5.
        let (a_digits, a_scale) = a.as_bigint_and_exponent();
        let (b_digits, b_scale) = b.as_bigint_and_exponent();
        let mut denominator = &b_digits / gcd(a_digits.abs(), b_digits.abs());
        let mut places = 0i64;
        for factor in [2u8, 5] {
            let factor = BigInt::from(factor);
            let mut count = 0;
            while (&denominator % &factor).is_zero() {
                denominator /= &factor;
                count += 1;
            }
            places = places.max(count);
        }
        if denominator.abs() != BigInt::from(1) {
            return Err(NumberError::Inexact(format!("{self} / {other}")));
        }
        let shifted = a_digits * BigInt::from(10).pow(places as u32);
        let quotient = BigDecimal::new(shifted / b_digits, a_scale - b_scale + places).normalized();
        bounded(if quotient.fractional_digit_count() < 0 { quotient.with_scale(0) } else { quotient })
    }

    /// Remainder with the sign of the dividend; exact.
    pub fn rem(&self, other: &Number) -> Result<Number, NumberError> {
        let (a, b) = (self.to_decimal()?, other.to_decimal()?);
        if b.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        bounded(a % b)
    }

    /// Rounds to `digits` after the point, halves away from zero as money is rounded by hand.
    pub fn round(&self, digits: i64) -> Result<Number, NumberError> {
        let rounded = self.to_decimal()?.with_scale_round(digits, bigdecimal::RoundingMode::HalfUp);
        Ok(Number::from_decimal(rounded))
    }

    /// The negated number.
    pub fn negate(&self) -> Number {
        match self {
            Number::Int(value) => match value.checked_neg() {
                Some(negated) => Number::Int(negated),
                None => Number::Decimal(Box::new(-BigDecimal::from(*value))),
            },
            Number::Decimal(value) => Number::Decimal(Box::new(-(**value).clone())),
            Number::Float { value, single } => Number::Float { value: -value, single: *single },
        }
    }
}

fn decimal(text: &str) -> Result<BigDecimal, NumberError> {
    BigDecimal::from_str(text).map_err(|_| NumberError::Malformed(text.to_owned()))
}

fn bounded(value: BigDecimal) -> Result<Number, NumberError> {
    if value.digits() > MAX_EXPONENT as u64 || value.fractional_digit_count().abs() > MAX_EXPONENT {
        return Err(NumberError::TooLarge);
    }
    Ok(Number::from_decimal(value))
}

fn gcd(mut a: BigInt, mut b: BigInt) -> BigInt {
    while !b.is_zero() {
        (a, b) = (b.clone(), a % b);
    }
    if a.is_zero() { BigInt::from(1) } else { a }
}

/// Reads JSON's number syntax and the language's, `_` between digits allowed.
impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Number, NumberError> {
        let digits: String;
        let text = if text.contains('_') {
            digits = text.replace('_', "");
            &digits
        } else {
            text
        };
        let malformed = || NumberError::Malformed(text.to_owned());
        if !text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
            if let Ok(value) = text.parse::<i128>() {
                return Ok(Number::Int(value));
            }
        } else if let Some(at) = text.find(['e', 'E']) {
            let exponent: i64 = text[at + 1..].parse().map_err(|_| malformed())?;
            if exponent.abs() > MAX_EXPONENT {
                return Err(NumberError::TooLarge);
            }
        }
        if text.len() > MAX_EXPONENT as usize {
            return Err(NumberError::TooLarge);
        }
        decimal(text).map(|value| Number::Decimal(Box::new(value)))
    }
}

/// The digits as they came: `100.00` prints `100.00`; exponents are written out as plain digits
/// up to 40 of them.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(value) => write!(f, "{value}"),
            Number::Decimal(value) => {
                if value.fractional_digit_count().abs() + value.digits() as i64 > 40 {
                    write!(f, "{}", value.to_scientific_notation())
                } else {
                    f.write_str(&value.to_plain_string())
                }
            }
            Number::Float { value, single: true } => write!(f, "{}", *value as f32),
            Number::Float { value, .. } => write!(f, "{value}"),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// Numeric order. Against an IEEE number the exact one is rounded to that precision first, so
/// that `0.1` equals the double `0.1`; NaN is neither less, equal nor greater.
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
            (Number::Float { value: a, single: x }, Number::Float { value: b, single: y }) => {
                if x != y {
                    (*a as f32).partial_cmp(&(*b as f32))
                } else {
                    a.partial_cmp(b)
                }
            }
            (Number::Float { value, single }, exact) => {
                if *single {
                    (*value as f32).partial_cmp(&to_f32(exact))
                } else {
                    value.partial_cmp(&exact.to_f64())
                }
            }
            (_, Number::Float { .. }) => other.partial_cmp(self).map(Ordering::reverse),
            _ => Some(self.to_decimal().ok()?.cmp(&other.to_decimal().ok()?)),
        }
    }
}

/// Rounds once, from the digits, not twice by way of a double.
fn to_f32(exact: &Number) -> f32 {
    exact.to_string().parse().unwrap_or(f32::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(n("0.1").add(&n("0.2")).unwrap(), n("0.3"));
        assert_eq!(n("9007199254740993").to_string(), "9007199254740993");
        assert_ne!(n("9007199254740993"), n("9007199254740992"));
        assert_eq!(n("100.0"), n("100.00"));
        assert_eq!(n("100.00").to_string(), "100.00");
        assert_eq!(n("29.99").mul(&n("2")).unwrap().to_string(), "59.98");
        assert_eq!(n("18446744073709551615").add(&n("1")).unwrap(), n("18446744073709551616"));
    }

    #[test]
    fn division_is_exact_or_an_error() {
        assert_eq!(n("1").div(&n("8")).unwrap(), n("0.125"));
        assert_eq!(n("6").div(&n("3")).unwrap().to_string(), "2");
        assert_eq!(n("100").div(&n("0.5")).unwrap().to_string(), "200");
        assert_eq!(n("0.6").div(&n("0.03")).unwrap().to_string(), "20");
        assert!(matches!(n("1").div(&n("3")), Err(NumberError::Inexact(_))));
        assert_eq!(n("1").div(&n("0")), Err(NumberError::DivisionByZero));
        assert_eq!(n("2.675").round(2).unwrap().to_string(), "2.68");
    }

    #[test]
    fn literals_round_to_the_ieee_type() {
        let double = Number::Float { value: 0.1, single: false };
        let single = Number::Float { value: f64::from(0.1f32), single: true };
        assert_eq!(double, n("0.1"));
        assert_eq!(single, n("0.1"));
        assert_eq!(n("0.1"), single);
        let nan = Number::Float { value: f64::NAN, single: false };
        assert_ne!(nan, nan.clone());
    }

    #[test]
    fn huge_exponents_are_refused() {
        assert_eq!("1e999999999".parse::<Number>(), Err(NumberError::TooLarge));
        assert_eq!(n("1e5"), n("100000"));
    }
}
