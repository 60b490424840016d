//! The way from the columns of a batch to the values that a check reads.

/// One step inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into this column of the batch, or this field of a struct.
    Field(usize),
    /// From lists to their items; of a map, to its entries.
    Items,
}

/// The steps to the innermost list around the values; empty where every row has one value.
pub(crate) fn lists(path: &[Step]) -> &[Step] {
    let last = path.iter().rposition(|step| *step == Step::Items);
    last.and_then(|last| path.get(..=last)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Field, Items};

    #[test]
    fn the_innermost_list_ends_what_values_share() {
        assert_eq!(lists(&[Field(1), Field(2)]), &[]);
        let path = [Field(1), Items, Field(0), Items, Field(3)];
        assert_eq!(lists(&path), path.get(..4).unwrap());
    }
}
