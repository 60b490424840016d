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
/// Most bytes of masked text of one batch. Views and dictionaries of a hostile producer can say a
/// terabyte in a megabyte; 8 GiB are 64 KiB for every row of the largest batch.
const MAX_TEXT: usize = 8 << 30;
/// What to do about too much masked text.
const SMALLER: &str = "pass smaller batches, or use \"redact\" or \"fixed_width: true\"";
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
    /// `limit.memory` when there is no room, `limit.too_large` over [`MAX_TEXT`].
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
        let masked_bytes = masked.saturating_mul(self.character.len());
        let needed = masked_bytes.saturating_add(head.len() + tail.len());
        let (most, words) = match self.output {
            DataType::LargeUtf8 => (MAX_TEXT, "8 GiB"),
            _ => (i32::MAX as usize, "2 GiB"),
        };
        if needed > most.saturating_sub(out.len()) {
            return Err(Error::new(
                Code::TooLarge,
                format!("the masked text of one batch exceeds {words}"),
            )
            .help(SMALLER));
        }
        out.try_reserve(needed).map_err(|_| no_room())?;
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
            // `push` holds the bound of these offsets.
            let ends: ScalarBuffer<i32> = ends.iter().map(|end| *end as i32).collect();
            let offsets = OffsetBuffer::new(ends);
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
    Error::new(Code::Memory, "there is no memory for the masked text of one batch").help(SMALLER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::testing::{clause, keys};
    use crate::masks::{compile, CompiledMask};
    use arrow_array::cast::AsArray;
    use arrow_array::{Int64Array, StringViewArray};
    use proptest::prelude::*;

    fn mask(args: &str) -> CompiledMask {
        compile(&clause("partial", args), &DataType::Utf8, true, &keys()).unwrap()
    }

    fn masked(args: &str, values: &[&str]) -> Vec<String> {
        let column: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let masked = mask(args).apply(&column).unwrap();
        match masked.data_type() {
            DataType::LargeUtf8 => {
                masked.as_string::<i64>().iter().flatten().map(Into::into).collect()
            }
            _ => masked.as_string::<i32>().iter().flatten().map(Into::into).collect(),
        }
    }

    #[test]
    fn ends_stay_and_characters_are_counted() {
        let card = ["4111111111111111", "1234", "12345", "", "é€𝄞x1"];
        let expected = ["************1111", "****", "*2345", "", "*€𝄞x1"];
        assert_eq!(masked(r#"{"keep_last": 4}"#, &card), expected);
        assert_eq!(
            masked(r#"{"keep_first": 1, "keep_last": 1, "char": "•"}"#, &["äöü", "ab", "abc"]),
            ["ä•ü", "••", "a•c"]
        );
        assert_eq!(masked("{}", &["äöü", "a"]), ["***", "*"]);
    }

    #[test]
    fn a_value_that_would_show_too_much_is_masked_whole() {
        let args = r#"{"keep_first": 1, "keep_last": 1, "min_masked": 2}"#;
        assert_eq!(masked(args, &["a", "abc", "abcd", "abcde"]), ["*", "***", "****", "a***e"]);
    }

    #[test]
    fn a_fixed_width_hides_the_length() {
        let args = r#"{"keep_last": 2, "fixed_width": true}"#;
        let all = masked(args, &["", "a", "ab", "abc", "a much longer value"]);
        assert_eq!(all, ["******", "******", "******", "****bc", "****ue"]);
        let args = r#"{"keep_last": 1, "fixed_width": true, "min_masked": 6}"#;
        assert_eq!(masked(args, &["abcdefgh", "ab"]), ["******h", "*******"]);
    }

    #[test]
    fn integers_become_text() {
        let clause = clause("partial", r#"{"keep_last": 2}"#);
        let mask = compile(&clause, &DataType::Int64, true, &keys()).unwrap();
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(-123), None, Some(7)]));
        let expected = StringArray::from(vec![Some("**23"), None, Some("*")]);
        assert_eq!(mask.apply(&column).unwrap().as_string::<i32>(), &expected);
    }

    #[test]
    fn an_output_without_bound_is_an_error_and_no_panic() {
        // One long text that every view shows.
        let long = "x".repeat(1 << 20);
        let one = StringViewArray::from_iter_values([long.as_str()]);
        let views = vec![one.views()[0]; 8];
        let column: ArrayRef =
            Arc::new(StringViewArray::new(views.into(), one.data_buffers().to_vec(), None));
        let mut mask = Ends {
            first: 0,
            last: 0,
            min_masked: 0,
            character: "*".repeat(1 << 14),
            fixed: None,
            output: DataType::LargeUtf8,
        };
        assert_eq!(mask.apply(&column).unwrap_err().code, Code::TooLarge);
        mask.character = "*".repeat(1 << 12);
        mask.output = DataType::Utf8;
        assert_eq!(mask.apply(&column.slice(0, 1)).unwrap_err().code, Code::TooLarge);
    }

    proptest! {
        #[test]
        fn any_text_is_masked_as_its_characters_say(
            text in "\\PC{0,12}",
            first in 0..5_usize,
            last in 0..5_usize,
            min in 0..4_usize,
        ) {
            let args = format!(
                r#"{{"keep_first": {first}, "keep_last": {last}, "min_masked": {min}}}"#
            );
            let characters: Vec<char> = text.chars().collect();
            let whole = characters.len() <= first + last + min;
            let expected: String = characters
                .iter()
                .enumerate()
                .map(|(at, c)| {
                    let kept = !whole && (at < first || at >= characters.len() - last);
                    if kept { *c } else { '*' }
                })
                .collect();
            prop_assert_eq!(masked(&args, &[&text]), [expected]);
        }
    }
}
