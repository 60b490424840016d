//! Sets of code points as runs: so many outside, so many inside, and so on from zero.

/// The edges between outside and inside, ascending.
pub(super) struct Runs<const N: usize>([u32; N]);

impl<const N: usize> Runs<N> {
    /// The set of these runs; the first one is outside.
    pub(super) const fn new(lengths: &[u16; N]) -> Self {
        let mut edges = [0; N];
        let mut at = 0;
        let mut edge = 0;
        while at < N {
            edge += lengths[at] as u32;
            edges[at] = edge;
            at += 1;
        }
        Self(edges)
    }

    pub(super) fn contains(&self, character: char) -> bool {
        self.0.partition_point(|edge| *edge <= u32::from(character)) % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_inside_at_their_beginning_only() {
        let runs = Runs::new(&[97, 1, 1, 2]);
        let inside: Vec<char> = ('\0'..='z').filter(|c| runs.contains(*c)).collect();
        assert_eq!(inside, ['a', 'c', 'd']);
    }
}
