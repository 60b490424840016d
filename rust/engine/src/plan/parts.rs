//! What leaves of every column: masked, as it is, or only the fields that the contract lists.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::columns::extra;
use super::compile::{Compiler, Found};
use super::{Output, Part, PlannedMask, Step};
use crate::contract;
use crate::error::{Code, Error, Result};
use crate::masks::{self, Mask as _};
use crate::promise::{self, plain, Promise};

impl Compiler<'_> {
    pub(super) fn outputs(&mut self) -> Result<Vec<Output>> {
        let mut outputs = Vec::new();
        for (position, column) in self.contract.columns.iter().enumerate() {
            let pointer = format!("/columns/{position}");
            let here =
                self.resolved.iter().find(|r| r.path == column.name).and_then(|r| match &r.found {
                    Found::Here { place, data_type } => match place.as_slice() {
                        [Step::Field(at)] => Some((*at, data_type.clone())),
                        _ => None,
                    },
                    _ => None,
                });
            // A column that is missing or mistyped is not emitted: its mask could not hold.
            let Some((index, data_type)) = here else {
                continue;
            };
            if let Some(part) = self.part(column, &column.name, &data_type, &pointer)? {
                outputs.push(Output { index, part });
            }
        }
        if self.keeps_extra() {
            let extra = extra(&self.contract.columns, self.schema.fields());
            outputs.extend(extra.into_iter().map(|index| Output { index, part: Part::Whole }));
        }
        Ok(outputs)
    }

    /// What leaves of a column that is there as promised; `None` when nothing is left of it.
    fn part(
        &mut self,
        column: &contract::Column,
        path: &str,
        data_type: &DataType,
        pointer: &str,
    ) -> Result<Option<Part>> {
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
            return Ok(Some(Part::Masked(mask)));
        }
        let part = match (plain(data_type), column.items.as_deref()) {
            (DataType::Struct(fields), _) if !column.columns.is_empty() => {
                self.fields_left(column, path, fields, pointer)?
            }
            (DataType::Map(pair, _), Some(items)) => {
                self.entries_left(items, path, pair.data_type(), pointer)?
            }
            (list, Some(items)) => match promise::items(list) {
                Some(item) => self.items_left(items, path, &item, pointer)?,
                None => Some(Part::Whole),
            },
            _ => Some(Part::Whole),
        };
        match part {
            Some(Part::Fields(_) | Part::Items(_) | Part::Entries(_))
                if plain(data_type) != data_type =>
            {
                Err(unreachable(path, data_type, pointer))
            }
            part => Ok(part),
        }
    }

    /// The listed fields in the order of the contract, and the others if the contract keeps them.
    fn fields_left(
        &mut self,
        column: &contract::Column,
        path: &str,
        fields: &arrow_schema::Fields,
        pointer: &str,
    ) -> Result<Option<Part>> {
        let mut parts = Vec::with_capacity(fields.len());
        for (at, child) in column.columns.iter().enumerate() {
            let Some((index, field)) =
                fields.iter().enumerate().find(|(_, f)| *f.name() == child.name)
            else {
                continue;
            };
            if !Promise::parse(&child.promise)?.fits(field.data_type()) {
                continue;
            }
            let path = format!("{path}.{}", child.name);
            let pointer = format!("{pointer}/columns/{at}");
            if let Some(part) = self.part(child, &path, field.data_type(), &pointer)? {
                parts.push((index, part));
            }
        }
        if self.keeps_extra() {
            let extra = extra(&column.columns, fields);
            parts.extend(extra.into_iter().map(|index| (index, Part::Whole)));
        }
        let untouched = parts.len() == fields.len()
            && parts.iter().enumerate().all(|(at, (index, part))| at == *index && part.is_whole());
        Ok(match (parts.is_empty(), untouched) {
            (true, _) => None,
            (_, true) => Some(Part::Whole),
            _ => Some(Part::Fields(parts)),
        })
    }

    fn items_left(
        &mut self,
        items: &contract::Column,
        path: &str,
        item: &DataType,
        pointer: &str,
    ) -> Result<Option<Part>> {
        if !Promise::parse(&items.promise)?.fits(item) {
            return Ok(None);
        }
        let (path, pointer) = (format!("{path}[]"), format!("{pointer}/items"));
        Ok(self.part(items, &path, item, &pointer)?.map(|part| match part {
            Part::Whole => Part::Whole,
            part => Part::Items(Box::new(part)),
        }))
    }

    /// Both halves of the entries of a map, of which neither can be left out.
    fn entries_left(
        &mut self,
        items: &contract::Column,
        path: &str,
        entries: &DataType,
        pointer: &str,
    ) -> Result<Option<Part>> {
        if items.mask.is_some() {
            return Err(unreachable(&format!("{path}[]"), entries, pointer));
        }
        let DataType::Struct(pair) = entries else { return Ok(None) };
        let mut halves = [Box::new(Part::Whole), Box::new(Part::Whole)];
        for ((half, field), name) in halves.iter_mut().zip(pair).zip(["key", "value"]) {
            let promised = items.columns.iter().enumerate().find(|(_, c)| c.name == name);
            let Some((at, promised)) = promised else { continue };
            if !Promise::parse(&promised.promise)?.fits(field.data_type()) {
                return Ok(None);
            }
            let mut promised = promised.clone();
            promised.required |= name == "key";
            let (path, pointer) =
                (format!("{path}[].{name}"), format!("{pointer}/items/columns/{at}"));
            match self.part(&promised, &path, field.data_type(), &pointer)? {
                Some(part) => **half = part,
                None => return Ok(None),
            }
        }
        let untouched = halves.iter().all(|half| half.is_whole());
        Ok(Some(if untouched { Part::Whole } else { Part::Entries(halves) }))
    }

    pub(super) fn accepted_schema(&self, outputs: &[Output]) -> SchemaRef {
        let fields: Vec<Field> = outputs
            .iter()
            .map(|output| {
                let field = self.schema.field(output.index);
                let required =
                    self.contract.columns.iter().any(|c| c.name == *field.name() && c.required);
                output.part.field(field).with_nullable(!required)
            })
            .collect();
        Arc::new(Schema::new(fields))
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

impl Part {
    fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// The field that leaves for one that came. Metadata of a raw column can hold statistics or
    /// extension names of it, so it stays only on what leaves as it is.
    pub(crate) fn field(&self, input: &Field) -> Field {
        match self {
            Self::Whole => input.clone(),
            _ => Field::new(input.name(), self.output_type(input.data_type()), true),
        }
    }

    /// The type of what leaves.
    pub(crate) fn output_type(&self, input: &DataType) -> DataType {
        let item = |field: &Arc<Field>, part: &Self| Arc::new(part.field(field));
        match (self, input) {
            (Self::Masked(mask), _) => mask.output_type().clone(),
            (Self::Fields(parts), DataType::Struct(fields)) => DataType::Struct(
                parts
                    .iter()
                    .filter_map(|(at, part)| fields.get(*at).map(|field| part.field(field)))
                    .collect(),
            ),
            (Self::Items(part), DataType::List(f)) => DataType::List(item(f, part)),
            (Self::Items(part), DataType::LargeList(f)) => DataType::LargeList(item(f, part)),
            (Self::Items(part), DataType::ListView(f)) => DataType::ListView(item(f, part)),
            (Self::Items(part), DataType::LargeListView(f)) => {
                DataType::LargeListView(item(f, part))
            }
            (Self::Items(part), DataType::FixedSizeList(f, size)) => {
                DataType::FixedSizeList(item(f, part), *size)
            }
            (Self::Entries(halves), DataType::Map(entries, sorted)) => {
                let DataType::Struct(pair) = entries.data_type() else { return input.clone() };
                // Keys are never null, and masked ones are in no order.
                let pair = pair.iter().zip(halves).zip([false, true]);
                let pair = pair.map(|((field, half), null)| match half.as_ref() {
                    Self::Whole => field.as_ref().clone(),
                    half => half.field(field).with_nullable(null),
                });
                let pair = DataType::Struct(pair.collect::<Vec<_>>().into());
                let sorted = *sorted && halves.first().is_some_and(|key| key.is_whole());
                DataType::Map(Arc::new(Field::new(entries.name(), pair, false)), sorted)
            }
            (_, other) => other.clone(),
        }
    }
}
