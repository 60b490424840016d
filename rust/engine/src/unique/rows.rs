//! Which rows keys belong to, relative to the ordinal of the first row of their piece.

/// The rows of the keys of a piece, ascending.
#[derive(Debug, Clone)]
pub(crate) enum RowMap {
    /// Key `i` is row `i`.
    All,
    /// As listed.
    List(Vec<u32>),
    /// The rows whose bits are set.
    Bits(Vec<u64>),
}

impl RowMap {
    /// The smaller of the two forms; `None` means all rows.
    pub(crate) fn new(rows: Option<Vec<u32>>) -> Self {
        let Some(rows) = rows else { return Self::All };
        let words = rows.last().map_or(0, |last| *last as usize / 64 + 1);
        if rows.len() * 4 <= words * 8 {
            return Self::List(rows);
        }
        let mut bits = vec![0u64; words];
        for row in &rows {
            bits[*row as usize / 64] |= 1 << (row % 64);
        }
        Self::Bits(bits)
    }

    /// Bytes beside the value itself.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::All => 0,
            Self::List(rows) => rows.capacity() * 4,
            Self::Bits(words) => words.capacity() * 8,
        }
    }

    /// The rows, if they are not simply all.
    pub(crate) fn list(&self) -> Option<std::borrow::Cow<'_, [u32]>> {
        match self {
            Self::All => None,
            Self::List(rows) => Some(rows.into()),
            Self::Bits(words) => {
                let rows = crate::kernels::bits::ones_of(words).map(|row| row as u32);
                Some(rows.collect::<Vec<u32>>().into())
            }
        }
    }
}

/// Rows of keys in any order, as batches and files have them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowList<'a> {
    Short(&'a [u16]),
    Long(&'a [u32]),
}

impl RowList<'_> {
    #[inline]
    pub(crate) fn get(&self, at: usize) -> u32 {
        match self {
            Self::Short(rows) => u32::from(rows[at]),
            Self::Long(rows) => rows[at],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_maps_give_back_their_rows() {
        assert!(RowMap::new(None).list().is_none());
        for rows in [vec![], vec![0], vec![63, 64, 1000], (1..500).step_by(3).collect::<Vec<_>>()] {
            let map = RowMap::new(Some(rows.clone()));
            assert_eq!(map.list().as_deref(), Some(&rows[..]));
        }
    }
}
