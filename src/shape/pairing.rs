//! Maximum bipartite matching (Kuhn's algorithm, `O(left · edges)`): a greedy assignment would
//! call a list unequal that only needs its pairs chosen better.

/// For each of the left ones the right one that it got. `fits[l]` lists what `l` may get.
pub(super) fn pair(fits: &[Vec<usize>], right: usize) -> Vec<Option<usize>> {
    let mut owner: Vec<Option<usize>> = vec![None; right];
    for left in 0..fits.len() {
        augment(left, fits, &mut owner);
    }
    let mut got = vec![None; fits.len()];
    for (right, left) in owner.iter().enumerate() {
        if let Some(left) = left {
            got[*left] = Some(right);
        }
    }
    got
}

/// Looks for an augmenting path from `left`, breadth first, so that long ones cannot overflow the
/// stack, and flips it.
fn augment(left: usize, fits: &[Vec<usize>], owner: &mut [Option<usize>]) {
    // For each right one reached: the left one it was reached from.
    let mut from: Vec<Option<usize>> = vec![None; owner.len()];
    let mut queue = std::collections::VecDeque::from([left]);
    let mut got: Vec<Option<usize>> = vec![None; fits.len()];
    for (right, left) in owner.iter().enumerate() {
        if let Some(left) = left {
            got[*left] = Some(right);
        }
    }
    while let Some(at) = queue.pop_front() {
        for &right in &fits[at] {
            if from[right].is_some() {
                continue;
            }
            from[right] = Some(at);
            match owner[right] {
                Some(next) => queue.push_back(next),
                None => {
                    let mut right = Some(right);
                    while let Some(free) = right {
                        let Some(taker) = from[free] else { return };
                        owner[free] = Some(taker);
                        right = if taker == left { None } else { got[taker] };
                    }
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_greed_misses() {
        // Greed gives 0 to the first, and nothing is left for the second.
        assert_eq!(pair(&[vec![0, 1], vec![0]], 2), [Some(1), Some(0)]);
        assert_eq!(pair(&[vec![0, 1], vec![0, 2], vec![0]], 3), [Some(1), Some(2), Some(0)]);
        assert_eq!(pair(&[vec![0], vec![0]], 1).iter().flatten().count(), 1);
        assert_eq!(pair(&[], 3), []);
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let count = 2_000;
        let mut fits: Vec<Vec<usize>> = (0..count).map(|i| vec![i, i + 1]).collect();
        fits.push(vec![0]);
        let got = pair(&fits, count + 1);
        assert_eq!(got.iter().flatten().count(), count + 1);
    }
}
