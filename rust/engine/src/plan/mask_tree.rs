//! Where in a column masks apply, compiled against its type.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};

use super::compile::Compiler;
use super::PlannedMask;
use crate::contract;
use crate::error::{Code, Error, Result};
use crate::masks::{self, CompiledMask, Mask as _};
use crate::promise;

/// Masks of a column, or of what stands inside one.
#[derive(Debug)]
pub(crate) enum MaskTree {
    Leaf(CompiledMask),
    /// Of the fields of a struct.
    Fields(Vec<Option<MaskTree>>),
    /// Of the items of a list.
    Items(Box<MaskTree>),
    /// Of the keys and the values of a map.
    Entries([Option<Box<MaskTree>>; 2]),
}

impl Compiler<'_> {
    /// The masks of a column and of all that it has inside.
    ///
    /// # Errors
    /// `plan.mask_not_applicable`, and whatever the masks refuse.
    pub(super) fn mask(
        &mut self,
        column: &contract::Column,
        path: &str,
        data_type: &DataType,
        pointer: &str,
    ) -> Result<Option<MaskTree>> {
        if let Some(clause) = &column.mask {
            let at = format!("{pointer}/mask");
            let mask = masks::compile(clause, data_type, column.required, self.keys)
                .map_err(|e| e.within(&at))?;
            self.masks.push(PlannedMask {
                column: path.to_owned(),
                method: mask.method().to_owned(),
                domain: mask.domain().map(str::to_owned),
                key_id: mask.key_id().map(str::to_owned),
            });
            return Ok(Some(MaskTree::Leaf(mask)));
        }
        if !is_masked_inside(column) {
            return Ok(None);
        }
        if let DataType::Struct(fields) = data_type {
            let trees = fields.iter().map(|f| self.field(column, path, f.name(), f, pointer));
            return Ok(Some(MaskTree::Fields(trees.collect::<Result<_>>()?)));
        }
        let Some((items, inner)) = column.items.as_deref().zip(promise::items(data_type)) else {
            return Err(unreachable(path, data_type, pointer));
        };
        let (path, pointer) = (format!("{path}[]"), format!("{pointer}/items"));
        let DataType::Map(entries, _) = data_type else {
            let tree = self.mask(items, &path, &inner, &pointer)?;
            return Ok(tree.map(|tree| MaskTree::Items(Box::new(tree))));
        };
        let DataType::Struct(pair) = entries.data_type() else {
            return Err(Error::internal("a map without entries"));
        };
        if items.mask.is_some() {
            return Err(unreachable(&path, &inner, &pointer));
        }
        let mut items = items.clone();
        items.columns.iter_mut().for_each(|field| field.required |= field.name == "key");
        let mut trees = [None, None];
        for ((tree, field), name) in trees.iter_mut().zip(pair).zip(["key", "value"]) {
            *tree = self.field(&items, &path, name, field, &pointer)?.map(Box::new);
        }
        Ok(Some(MaskTree::Entries(trees)))
    }

    /// The masks of the field that is promised under this name, if one is.
    fn field(
        &mut self,
        column: &contract::Column,
        path: &str,
        name: &str,
        field: &Field,
        pointer: &str,
    ) -> Result<Option<MaskTree>> {
        let promised = column.columns.iter().enumerate().find(|(_, c)| c.name == name);
        let Some((at, promised)) = promised else { return Ok(None) };
        let pointer = format!("{pointer}/columns/{at}");
        self.mask(promised, &format!("{path}.{name}"), field.data_type(), &pointer)
    }
}

fn unreachable(path: &str, data_type: &DataType, pointer: &str) -> Error {
    Error::new(
        Code::MaskNotApplicable,
        format!("a mask inside {path} cannot reach into {}", promise::words(data_type)),
    )
    .at(pointer)
    .help("mask the whole column, or bring it as struct, list or map without an encoding around")
}

fn is_masked_inside(column: &contract::Column) -> bool {
    let is_masked = |column: &contract::Column| column.mask.is_some() || is_masked_inside(column);
    column.columns.iter().any(is_masked) || column.items.as_deref().is_some_and(is_masked)
}

impl MaskTree {
    /// The type that a column of type `input` has when it is masked: its layout stays.
    pub(crate) fn output_type(&self, input: &DataType) -> DataType {
        use DataType as D;
        match (self, input) {
            (Self::Leaf(mask), _) => mask.output_type().clone(),
            (Self::Fields(trees), D::Struct(fields)) => {
                let fields = fields.iter().zip(trees);
                D::Struct(fields.map(|(field, tree)| masked(field, tree.as_ref(), true)).collect())
            }
            (Self::Items(tree), D::List(item)) => D::List(masked(item, Some(tree), true)),
            (Self::Items(tree), D::LargeList(item)) => D::LargeList(masked(item, Some(tree), true)),
            (Self::Items(tree), D::ListView(item)) => D::ListView(masked(item, Some(tree), true)),
            (Self::Items(tree), D::LargeListView(item)) => {
                D::LargeListView(masked(item, Some(tree), true))
            }
            (Self::Items(tree), D::FixedSizeList(item, size)) => {
                D::FixedSizeList(masked(item, Some(tree), true), *size)
            }
            (Self::Entries([key, value]), D::Map(entries, sorted)) => {
                let D::Struct(pair) = entries.data_type() else { return input.clone() };
                // Keys are never null, and masked ones are in no order.
                let trees = [(key.as_deref(), false), (value.as_deref(), true)];
                let pair = pair.iter().zip(trees);
                let pair: Fields =
                    pair.map(|(field, (tree, null))| masked(field, tree, null)).collect();
                let entries = Field::new(entries.name(), D::Struct(pair), false);
                D::Map(Arc::new(entries), *sorted && key.is_none())
            }
            (_, other) => other.clone(),
        }
    }
}

/// The field of masked values. Its metadata goes: it can hold statistics of the raw ones.
fn masked(field: &FieldRef, tree: Option<&MaskTree>, nullable: bool) -> FieldRef {
    match tree {
        Some(tree) => {
            Arc::new(Field::new(field.name(), tree.output_type(field.data_type()), nullable))
        }
        None => Arc::clone(field),
    }
}
