//! How many operations of unknown outcome were used, by class. Each such count is kept once and
//! known by its number.

/// The number of a count.
pub(super) type Used = u32;

/// Nothing used.
pub(super) const NONE: Used = 0;

/// All counts seen so far.
#[derive(Debug)]
pub(super) struct Usage {
    /// Class and how many of it, in the order of the classes.
    all: Vec<Box<[(u32, u32)]>>,
    numbers: foldhash::HashMap<Box<[(u32, u32)]>, Used>,
    next: foldhash::HashMap<(Used, u32), Used>,
    bytes: usize,
}

impl Default for Usage {
    fn default() -> Usage {
        let nothing: Box<[(u32, u32)]> = Box::default();
        let numbers = std::iter::once((nothing.clone(), NONE)).collect();
        Usage { all: vec![nothing], numbers, next: foldhash::HashMap::default(), bytes: 0 }
    }
}

impl Usage {
    /// With one more of a class.
    pub(super) fn plus(&mut self, used: Used, class: u32) -> Used {
        if let Some(next) = self.next.get(&(used, class)) {
            return *next;
        }
        let mut counts = self.all[used as usize].to_vec();
        match counts.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(found) => counts[found].1 += 1,
            Err(place) => counts.insert(place, (class, 1)),
        }
        let counts = counts.into_boxed_slice();
        let number = match self.numbers.get(&counts) {
            Some(number) => *number,
            None => {
                let number = self.all.len() as Used;
                self.bytes += 2 * size_of_val(&*counts) + 64;
                self.numbers.insert(counts.clone(), number);
                self.all.push(counts);
                number
            }
        };
        self.bytes += 24;
        self.next.insert((used, class), number);
        number
    }

    /// How many of a class.
    pub(super) fn count(&self, used: Used, class: u32) -> u32 {
        let counts = &self.all[used as usize];
        counts.binary_search_by_key(&class, |(class, _)| *class).map_or(0, |found| counts[found].1)
    }

    /// Whether `less` uses at most as many of each class as `more` does.
    pub(super) fn within(&self, less: Used, more: Used) -> bool {
        if less == more || less == NONE {
            return true;
        }
        let (less, more) = (&self.all[less as usize], &self.all[more as usize]);
        let mut more = more.iter();
        less.len() <= more.len()
            && less.iter().all(|(class, count)| {
                more.find(|(other, _)| other >= class)
                    .is_some_and(|(other, most)| other == class && count <= most)
            })
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
