//! `n of`: values one after the other.

use super::Drawer;
use super::key::{DrawKey, Place};
use super::part::{Drawing, Stuck};
use super::unique::Scope;
use crate::value::Value;

/// All values of one place together have no more parts.
const MAX_PARTS: u64 = 20_000_000;
/// So often an element is drawn again whose computed values are there already.
const TRIES: u64 = 300;

/// Values one after the other, each by its index, so that more of them change none of the first.
#[derive(Debug)]
pub struct Many<'d> {
    drawer: &'d Drawer,
    key: DrawKey,
    scope: Option<Scope>,
    count: u64,
    parts: u64,
    most: u64,
}

impl<'d> Many<'d> {
    pub(super) fn new(drawer: &'d Drawer, key: DrawKey) -> Many<'d> {
        Many { drawer, key, scope: Scope::of(drawer.root.unique), count: 0, parts: 0, most: MAX_PARTS }
    }

    /// Without a limit of parts in all: for values that are written and not kept.
    #[must_use]
    pub fn endless(self) -> Many<'d> {
        Many { most: u64::MAX, ..self }
    }

    /// The next one. Errors as in [`Drawer::draw`], and when `unique(…)` has no further value.
    pub fn draw(&mut self) -> Result<Value, String> {
        let key = self.key.with(self.count.to_string());
        self.count += 1;
        let before = self.scope.as_ref().map(Scope::mark);
        for attempt in 0..TRIES {
            let drawing = Drawing::new(self.drawer);
            let tried = if attempt == 0 { key } else { key.with(format!("attempt {attempt}")) };
            let drawn = drawing.whole(Place::new(&tried), None, self.scope.as_ref());
            self.parts += drawing.parts();
            if self.parts > self.most {
                return Err(format!(
                    "values of more than {MAX_PARTS} parts in all are not drawn: draw fewer"
                ));
            }
            match (drawn, &self.scope, &before) {
                (Err(Stuck::Again), Some(scope), Some(before)) => scope.back(before),
                (Err(Stuck::Again), ..) => {}
                (Err(Stuck::Why(why)), ..) => return Err(why),
                (Ok(value), ..) => return Ok(value),
            }
        }
        Err("no element was found whose unique values are not there already: draw fewer".to_owned())
    }

    /// How many parts were drawn so far: what long draws pause by.
    pub fn parts(&self) -> u64 {
        self.parts
    }
}
