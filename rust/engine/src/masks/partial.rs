//! `partial`: some characters at the ends stay, the others become one masking character.

use std::sync::Arc;

use arrow_array::{ArrayRef, LargeStringArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};

use super::args::{argument, Args};
use super::definition::{ArgumentKind, Definition};
use super::rows::Rows;
use super::value::{visit, Values, Visitor};
use super::{types, KeyRing, Mask, MaskKind};

/// The registry's entry.
pub(super) struct Partial;

/// Most characters that can be kept at one end.
const MAX_KEPT: u64 = 256;
/// Masking characters in a value of fixed width.
const FIXED: usize = 4;

static DEFINITION: Definition = Definition {
    name: "partial",
    aliases: &[],
    summary: "The first and the last characters stay, the others are replaced. What stays is raw \
              data; the length shows unless the width is fixed.",
    takes: "string, integer (gives string)",
    arguments: &[
        argument(
            "keep_first",
            ArgumentKind::Integer { min: 0, max: MAX_KEPT },
            Some("0"),
            "How many characters stay at the beginning.",
        ),
        argument(
            "keep_last",
            ArgumentKind::Integer { min: 0, max: MAX_KEPT },
            Some("0"),
            "How many characters stay at the end.",
        ),
        argument(
            "char",
            ArgumentKind::Character,
            Some("\"*\""),
            "What the other characters become.",
        ),
        argument(
            "fixed_width",
            ArgumentKind::Boolean,
            Some("false"),
            "Every value gets the same number of masking characters, so that its length is hidden.",
        ),
        argument(
            "min_masked",
            ArgumentKind::Integer { min: 0, max: MAX_KEPT },
            Some("0"),
            "A value shows characters only when more than this many others are masked.",
        ),
    ],
    example: "masking: {method: partial, keep_last: 4}",
    strength: 10,
    keyed: false,
    codes: &[Code::BadArgument, Code::MaskNotApplicable],
};

impl MaskKind for Partial {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        _nullable_allowed: bool,
        _keys: &KeyRing,
    ) -> Result<Box<dyn Mask>> {
        let args = Args::read(clause, &DEFINITION)?;
        let plain = types::plain(input);
        if plain != DataType::Utf8 && !plain.is_integer() {
            let help = "use \"hash\", \"constant\" or \"nullify\"";
            return Err(types::refused("partial", input, help));
        }
        let fixed = args.boolean("fixed_width");
        let min_masked = args.integer("min_masked").unwrap_or(0);
        Ok(Box::new(Ends {
            first: args.integer("keep_first").unwrap_or(0),
            last: args.integer("keep_last").unwrap_or(0),
            min_masked,
            character: args.text("char").unwrap_or("*").to_owned(),
            fixed: fixed.then_some(FIXED.max(min_masked)),
            // Text of any length needs offsets of any size; numbers and fixed widths do not.
            output: if fixed || plain.is_integer() { DataType::Utf8 } else { DataType::LargeUtf8 },
        }))
    }
}

#[derive(Debug)]
struct Ends {
    first: usize,
    last: usize,
    min_masked: usize,
    /// The masking character in UTF-8.
    character: String,
    /// Masking characters when the width is fixed.
    fixed: Option<usize>,
    output: DataType,
}

impl Ends {
    /// Appends the masked form of a text.
    ///
    /// # Errors
    /// `limit.memory` when there is no room.
    fn push(&self, text: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let length = if text.is_ascii() { text.len() } else { characters(text) };
        let kept = self.first + self.last;
        let whole = length <= kept + self.min_masked;
        let (head, tail) = if whole {
            (0, text.len())
        } else if length == text.len() {
            (self.first, length - self.last)
        } else {
            (start_of(text, self.first), start_of(text, length - self.last))
        };
        let masked = match (self.fixed, whole) {
            (Some(fixed), true) => fixed + kept,
            (Some(fixed), false) => fixed,
            (None, true) => length,
            (None, false) => length - kept,
        };
        let (head, tail) = (text.get(..head), text.get(tail..));
        let (head, tail) = (head.unwrap_or_default(), tail.unwrap_or_default());
        out.try_reserve(head.len() + tail.len() + masked.saturating_mul(self.character.len()))
            .map_err(|_| no_room())?;
        out.extend_from_slice(head);
        match self.character.as_bytes() {
            [byte] => out.resize(out.len() + masked, *byte),
            bytes => (0..masked).for_each(|_| out.extend_from_slice(bytes)),
        }
        out.extend_from_slice(tail);
        Ok(())
    }
}

impl Mask for Ends {
    fn output_type(&self) -> &DataType {
        &self.output
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let rows = Rows::of(column)?;
        let (ends, mut values) = visit(rows.leaf(), Pieces { mask: self, rows: &rows })?;
        // Nothing but masked text is handed on, not even spare room.
        values.shrink_to_fit();
        let values = Buffer::from_vec(values);
        let nulls = rows.validity();
        let array = if self.output == DataType::LargeUtf8 {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
            LargeStringArray::try_new(offsets, values, nulls).map(|a| Arc::new(a) as ArrayRef)
        } else {
            let ends: Option<Vec<i32>> = ends.iter().map(|end| i32::try_from(*end).ok()).collect();
            let ends = ends.ok_or_else(|| {
                Error::new(Code::TooLarge, "the masked text of one batch exceeds 2 GiB")
                    .help("pass smaller batches")
            })?;
            let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
            StringArray::try_new(offsets, values, nulls).map(|a| Arc::new(a) as ArrayRef)
        };
        array.map_err(|_| Error::internal("the mask partial built an invalid array"))
    }
}

/// Masks row by row: offsets (from 0, one more than rows) and text.
struct Pieces<'a> {
    mask: &'a Ends,
    rows: &'a Rows,
}

impl Visitor for Pieces<'_> {
    type Output = (Vec<i64>, Vec<u8>);

    fn visit(self, values: &impl Values) -> Result<Self::Output> {
        let mut ends = Vec::with_capacity(self.rows.len() + 1);
        ends.push(0);
        let mut out = Vec::new();
        let mut scratch = Vec::with_capacity(64);
        for position in self.rows.positions() {
            if let Some(at) = position {
                self.mask.push(values.bytes(at, &mut scratch), &mut out)?;
            }
            ends.push(out.len() as i64);
        }
        Ok((ends, out))
    }
}

/// The number of characters of UTF-8 text.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| starts_character(**byte)).count()
}

/// Where the character with this number begins; the end of the text when there is none.
fn start_of(text: &[u8], character: usize) -> usize {
    text.iter()
        .enumerate()
        .filter(|(_, byte)| starts_character(**byte))
        .nth(character)
        .map_or(text.len(), |(at, _)| at)
}

/// Continuation bytes are `10xxxxxx`.
fn starts_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn no_room() -> Error {
    Error::new(Code::Memory, "there is no memory for the masked text of one batch")
        .help("pass smaller batches, or use \"redact\" or \"fixed_width: true\"")
}
