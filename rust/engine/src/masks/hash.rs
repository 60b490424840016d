//! `hash`: HMAC-SHA-256 of the whole value, so that equal values stay equal and nothing else shows.

use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeBinaryArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};

use super::args::{argument, wrong, Args};
use super::definition::{ArgumentKind, Definition};
use super::hmac::{HmacSha256, DIGEST};
use super::normalize::{self, Normalizer};
use super::rows::Rows;
use super::value::{visit, Values, Visitor};
use super::{encode, types, KeyRing, Mask, MaskKind, Pseudonym};

/// The registry's entry.
pub(super) struct Hash;

/// The method's name in the key derivation.
const LABEL: &str = "hmac";

static DEFINITION: Definition = Definition {
    name: "hash",
    aliases: &["hmac"],
    summary: "HMAC-SHA-256 of the whole value with a key of its own for the domain: equal values \
              have equal codes inside the domain, and only there.",
    takes: "string, binary, integer, decimal, date",
    arguments: &[
        argument(
            "out",
            ArgumentKind::OneOf(&["hex", "b64url", "bytes"]),
            Some("hex"),
            "Text in hexadecimal or base64url (without padding), or the bytes themselves.",
        ),
        argument(
            "bytes",
            ArgumentKind::Integer { min: 16, max: 32 },
            Some("32"),
            "How many bytes of the code are kept.",
        ),
        argument(
            "normalize",
            ArgumentKind::Several(normalize::NAMES),
            Some("[]"),
            "What is done to the text before, in this order.",
        ),
    ],
    example: "masking: {method: hash, key: \"env:MG_KEY\", domain: customer_email, \
              normalize: [trim, casefold_domain]}",
    strength: 40,
    keyed: true,
    codes: &[Code::BadArgument, Code::MaskNotApplicable, Code::BadKey],
};

impl MaskKind for Hash {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        _nullable_allowed: bool,
        keys: &KeyRing,
    ) -> Result<Box<dyn Mask>> {
        let args = Args::read(clause, &DEFINITION)?;
        let plain = types::plain(input);
        check_type(input, &plain)?;
        let normalizer = Normalizer::new(&args.words("normalize"));
        if !normalizer.is_empty()
            && matches!(plain, DataType::Binary | DataType::FixedSizeBinary(_))
        {
            return Err(wrong("normalize", "takes text, and the column is binary"));
        }
        if clause.domain.is_empty() {
            return Err(Error::new(Code::BadArgument, "the mask hash has no domain")
                .at("/domain")
                .help("name the pseudonymisation domain; columns of one domain can be joined"));
        }
        let bytes = args.integer("bytes").unwrap_or(DIGEST);
        let form = match args.text("out") {
            Some("b64url") => Form::Base64Url,
            Some("bytes") => Form::Bytes,
            _ => Form::Hex,
        };
        super::self_test()?;
        let key = keys.subkey(clause.key.as_deref(), LABEL, &clause.domain, &normalizer.names())?;
        Ok(Box::new(Keyed {
            hmac: HmacSha256::new(key.bytes()),
            normalizer,
            form,
            bytes,
            output: match form {
                Form::Bytes => DataType::FixedSizeBinary(bytes as i32),
                Form::Hex | Form::Base64Url => DataType::Utf8,
            },
            pseudonym: Pseudonym { domain: clause.domain.clone(), key_id: key.key_id().to_owned() },
        }))
    }
}

fn check_type(input: &DataType, plain: &DataType) -> Result<()> {
    let help = match plain {
        DataType::Utf8
        | DataType::Binary
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Date64 => return Ok(()),
        kind if kind.is_integer() || kind.is_decimal() => return Ok(()),
        kind if kind.is_floating() => {
            "a number in floating point has no exact text; use \"constant\" or \"nullify\", or \
             promise an integer or a decimal"
        }
        DataType::Boolean => {
            "two values cannot be hidden by two codes; use \"constant\" or \"nullify\""
        }
        _ => "use \"constant\" or \"nullify\"",
    };
    Err(types::refused("hash", input, help))
}

/// How a code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Hex,
    Base64Url,
    Bytes,
}

#[derive(Debug)]
struct Keyed {
    hmac: HmacSha256,
    normalizer: Normalizer,
    form: Form,
    /// Kept bytes of each code.
    bytes: usize,
    output: DataType,
    pseudonym: Pseudonym,
}

impl Keyed {
    /// Bytes that one code takes in the output.
    fn width(&self) -> usize {
        match self.form {
            Form::Hex => 2 * self.bytes,
            Form::Base64Url => encode::base64url_len(self.bytes),
            Form::Bytes => self.bytes,
        }
    }

    fn write(&self, digest: &[u8; DIGEST], out: &mut [u8]) {
        let kept = digest.get(..self.bytes).unwrap_or(digest);
        match self.form {
            Form::Hex => encode::hex(kept, out),
            Form::Base64Url => encode::base64url(kept, out),
            Form::Bytes => out.copy_from_slice(kept),
        }
    }

    /// The codes of the rows: one slot per valid row, or per row when `slots` is all of them.
    fn codes(&self, rows: &Rows, every_row: bool) -> Result<Vec<u8>> {
        if rows.shared() {
            let values = (0..rows.leaf().len()).map(|at| rows.leaf_position(at));
            let codes = visit(rows.leaf(), Codes { mask: self, positions: values, every: true })?;
            return Ok(gather(&codes, rows.positions(), self.width(), every_row));
        }
        let positions = rows.positions();
        visit(rows.leaf(), Codes { mask: self, positions, every: every_row })
    }
}

impl Mask for Keyed {
    fn output_type(&self) -> &DataType {
        &self.output
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let rows = Rows::of(column)?;
        let nulls = rows.validity();
        let every_row = self.form == Form::Bytes;
        let codes = self.codes(&rows, every_row)?;
        let broken = |_| Error::internal("the mask hash built an invalid array");
        if every_row {
            let values = Buffer::from_vec(codes);
            return FixedSizeBinaryArray::try_new(self.bytes as i32, values, nulls)
                .map(|array| Arc::new(array) as ArrayRef)
                .map_err(broken);
        }
        if i32::try_from(codes.len()).is_err() {
            return Err(Error::new(Code::TooLarge, "the codes of one batch exceed 2 GiB")
                .help("pass smaller batches"));
        }
        let width = self.width() as i32;
        let mut end = 0;
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        offsets.push(0);
        match &nulls {
            None => offsets.extend((1..=rows.len() as i32).map(|row| row * width)),
            Some(nulls) => offsets.extend(nulls.iter().map(|valid| {
                end += if valid { width } else { 0 };
                end
            })),
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        StringArray::try_new(offsets, Buffer::from_vec(codes), nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(broken)
    }

    fn pseudonym(&self) -> Option<&Pseudonym> {
        Some(&self.pseudonym)
    }
}

/// Writes the codes of positions into slots of equal width; nulls take a zeroed slot or none.
struct Codes<'a, I> {
    mask: &'a Keyed,
    positions: I,
    /// Nulls take a slot.
    every: bool,
}

impl<I: Iterator<Item = Option<usize>>> Visitor for Codes<'_, I> {
    type Output = Vec<u8>;

    fn visit(self, values: &impl Values) -> Result<Vec<u8>> {
        let width = self.mask.width();
        let mut out = Vec::with_capacity(self.positions.size_hint().0.saturating_mul(width));
        let mut scratch = Vec::with_capacity(64);
        for position in self.positions {
            let start = out.len();
            match position {
                None if !self.every => continue,
                _ => out.resize(start + width, 0),
            }
            let Some(at) = position else { continue };
            let bytes = values.bytes(at, &mut scratch);
            let digest = match std::str::from_utf8(bytes) {
                Ok(text) if !self.mask.normalizer.is_empty() => {
                    self.mask.hmac.digest(self.mask.normalizer.apply(text).as_bytes())
                }
                _ => self.mask.hmac.digest(bytes),
            };
            if let Some(slot) = out.get_mut(start..) {
                self.mask.write(&digest, slot);
            }
        }
        Ok(out)
    }
}

/// Copies the codes of shared values to their rows.
fn gather(
    codes: &[u8],
    positions: impl Iterator<Item = Option<usize>>,
    width: usize,
    every_row: bool,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(positions.size_hint().0.saturating_mul(width));
    for position in positions {
        match position.and_then(|at| codes.get(at * width..(at + 1) * width)) {
            Some(code) => out.extend_from_slice(code),
            None if every_row => out.resize(out.len() + width, 0),
            None => {}
        }
    }
    out
}
