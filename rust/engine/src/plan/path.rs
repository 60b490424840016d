//! The way from the columns of a batch to the values that a check reads.

use arrow_schema::{DataType, Field, Schema};

use crate::promise::plain;

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

/// Whether the schema declares that there may be nulls at the end of the path: of the last field
/// alone, whatever stands around it.
pub(super) fn nullable(schema: &Schema, path: &[Step]) -> bool {
    let mut field: Option<&Field> = None;
    for step in path {
        let inside = field.map(|field| plain(field.data_type()));
        field = match (step, inside) {
            (Step::Field(at), None) => schema.fields().get(*at).map(AsRef::as_ref),
            (Step::Field(at), Some(DataType::Struct(fields))) => fields.get(*at).map(AsRef::as_ref),
            (
                Step::Items,
                Some(
                    DataType::List(item)
                    | DataType::LargeList(item)
                    | DataType::FixedSizeList(item, _)
                    | DataType::ListView(item)
                    | DataType::LargeListView(item)
                    | DataType::Map(item, _),
                ),
            ) => Some(item),
            _ => return true,
        };
    }
    field.is_none_or(Field::is_nullable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use Step::{Field, Items};

    #[test]
    fn nullability_is_that_of_the_last_field() {
        let field = |name, kind, nullable| Arc::new(arrow_schema::Field::new(name, kind, nullable));
        let item =
            field("item", DataType::Struct(vec![field("x", DataType::Int8, false)].into()), true);
        let schema = Schema::new(vec![field("l", DataType::List(item), false)]);
        assert!(!nullable(&schema, &[Field(0)]));
        assert!(nullable(&schema, &[Field(0), Items]));
        assert!(!nullable(&schema, &[Field(0), Items, Field(0)]));
        assert!(nullable(&schema, &[Field(1)]) && nullable(&schema, &[Field(0), Field(0)]));
    }

    #[test]
    fn the_innermost_list_ends_what_values_share() {
        assert_eq!(lists(&[Field(1), Field(2)]), &[]);
        let path = [Field(1), Items, Field(0), Items, Field(3)];
        assert_eq!(lists(&path), path.get(..4).unwrap());
    }
}
