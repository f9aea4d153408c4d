//! Files with one mistake each, or with none: a token left out, doubled, replaced, put in, exchanged
//! with the next, a line broken or joined, a character changed. The same seed makes the same ones.

/// How to change a text.
const CHANGES: usize = 8;
const CHARACTERS: &str = "(){}[]\"/.-,:;=|<>$\\\n a1@?%*";

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that fall as the key says.
    pub(crate) fn new(key: &str, index: usize) -> Dice {
        let mut seed = 0xcbf2_9ce4_8422_2325 ^ index as u64;
        for byte in key.bytes() {
            seed = (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Dice(seed)
    }

    /// From 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// Roughly the tokens, white space included, so that they join to the text again.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |test: &dyn Fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
        let length = if rest.starts_with("//") {
            run(&|c| c != '\n')
        } else if first == ' ' || first == '\t' {
            run(&|c| c == ' ' || c == '\t')
        } else if first.is_ascii_alphanumeric() || first == '_' {
            run(&|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '%'))
        } else {
            let pairs = ["\"\"\"", "..", "->", "==", "!=", "<=", ">="];
            pairs.iter().find(|pair| rest.starts_with(**pair)).map_or(first.len_utf8(), |pair| pair.len())
        };
        found.push(&rest[..length]);
        rest = &rest[length..];
    }
    found
}

/// A text with one change; `pool` is what may be put into it.
pub(crate) fn mutate(text: &str, pool: &[&str], dice: &mut Dice) -> String {
    let mut parts: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    let is_blank = |part: &str| part.trim_matches([' ', '\t']).is_empty() || part.starts_with("//");
    let places: Vec<usize> = (0..parts.len()).filter(|&at| !is_blank(&parts[at])).collect();
    let chosen = dice.below(places.len());
    let at = places[chosen];
    match dice.below(CHANGES) {
        0 => parts[at].clear(),
        1 => parts[at] = format!("{0} {0}", parts[at]),
        2 => parts[at] = pool[dice.below(pool.len())].to_owned(),
        3 => parts[at] = format!("{} {}", pool[dice.below(pool.len())], parts[at]),
        4 => {
            if let Some(&next) = places.get(chosen + 1) {
                parts.swap(at, next);
            }
        }
        5 => parts[at].insert(0, '\n'),
        6 => {
            let ends: Vec<usize> = places.into_iter().filter(|&at| parts[at] == "\n").collect();
            parts[ends[dice.below(ends.len())]] = " ".to_owned();
        }
        _ => {
            let mut characters: Vec<char> = parts.concat().chars().collect();
            let at = dice.below(characters.len());
            let new = CHARACTERS.chars().nth(dice.below(CHARACTERS.len())).unwrap();
            if dice.below(2) == 0 {
                characters[at] = new;
            } else {
                characters.insert(at, new);
            }
            return characters.into_iter().collect();
        }
    }
    parts.concat()
}
