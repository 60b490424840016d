//! `hash`: HMAC-SHA-256 of the whole value, so that equal values stay equal and nothing else shows.

use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeBinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};
use crate::kernels::hex;

use super::args::{argument, wrong, Args};
use super::definition::{ArgumentKind, Definition};
use super::hmac::{Batch, HmacSha256, BATCH, DIGEST};
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

    /// Writes codes into slots of `out`, which are of the mask's width.
    fn write(&self, digests: &[[u8; DIGEST]], slots: &[usize], out: &mut [u8]) {
        let width = self.width();
        let mut text = [[0; 2 * DIGEST]; BATCH];
        if self.form == Form::Hex {
            hex::encode_digests(digests, &mut text);
        }
        for ((digest, text), slot) in digests.iter().zip(&text).zip(slots) {
            let Some(out) = out.get_mut(slot * width..(slot + 1) * width) else { continue };
            match self.form {
                Form::Hex => out.copy_from_slice(&text[..width]),
                Form::Base64Url => encode::base64url(&digest[..self.bytes], out),
                Form::Bytes => out.copy_from_slice(&digest[..self.bytes]),
            }
        }
    }

    /// The codes of the rows in slots of the mask's width: of every row, or of the valid ones.
    fn codes(&self, rows: &Rows, every: bool, valid: usize) -> Result<Vec<u8>> {
        if rows.shared() {
            let slots = rows.leaf().len();
            let positions = (0..slots).map(|at| rows.leaf_position(at));
            let codes = visit(rows.leaf(), Codes { mask: self, positions, every: true, slots })?;
            return Ok(gather(&codes, rows.positions(), self.width(), every));
        }
        let slots = if every { rows.len() } else { valid };
        visit(rows.leaf(), Codes { mask: self, positions: rows.positions(), every, slots })
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
        let valid = rows.len() - nulls.as_ref().map_or(0, NullBuffer::null_count);
        let codes = self.codes(&rows, every_row, valid)?;
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
    /// How many slots that makes.
    slots: usize,
}

impl<I: Iterator<Item = Option<usize>>> Visitor for Codes<'_, I> {
    type Output = Vec<u8>;

    fn visit(self, values: &impl Values) -> Result<Vec<u8>> {
        let mask = self.mask;
        let mut out = vec![0; self.slots * mask.width()];
        let mut batch = Batch::new(&mask.hmac);
        let mut slots = [0; BATCH];
        let mut scratch = Vec::with_capacity(64);
        let (mut slot, mut used) = (0, 0);
        for position in self.positions {
            if let Some(at) = position {
                let bytes = values.bytes(at, &mut scratch);
                let full = if mask.normalizer.is_empty() {
                    batch.push(bytes)
                } else {
                    // Only binary is not UTF-8, and its normaliser is refused.
                    let text = std::str::from_utf8(bytes).unwrap_or_default();
                    batch.push(mask.normalizer.apply(text).as_bytes())
                };
                slots[used] = slot;
                used += 1;
                if full {
                    mask.write(batch.finish(), &slots, &mut out);
                    used = 0;
                }
            }
            slot += usize::from(self.every || position.is_some());
        }
        mask.write(batch.finish(), &slots, &mut out);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::testing::{clause, keys};
    use crate::masks::{compile, CompiledMask};
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Int8Array, UInt64Array};
    use hmac::{KeyInit, Mac};
    use proptest::prelude::*;

    fn masked(mask: &CompiledMask, values: Vec<Option<&str>>) -> Vec<Option<String>> {
        let column: ArrayRef = Arc::new(StringArray::from(values));
        let masked = mask.apply(&column).unwrap();
        masked.as_string::<i32>().iter().map(|code| code.map(str::to_owned)).collect()
    }

    fn text_mask(args: &str) -> CompiledMask {
        let clause = contract::Mask { domain: "customer_email".into(), ..clause("hash", args) };
        compile(&clause, &DataType::Utf8, true, &keys()).unwrap()
    }

    #[test]
    fn codes_match_the_golden_vector() {
        let mask = text_mask(r#"{"normalize": ["trim", "casefold_domain"]}"#);
        assert_eq!((mask.method(), mask.domain()), ("hash", Some("customer_email")));
        assert_eq!(mask.key_id(), Some("83f1501252dc225a"));
        let expected = "2ab88b752e04060ce1fb3d5bb2b275fde04ea2104447f85d6078b031770a0ddf";
        let codes = masked(&mask, vec![Some(" Ada@EXAMPLE.com "), None, Some("Ada@example.com")]);
        assert_eq!(codes, [Some(expected.to_owned()), None, Some(expected.to_owned())]);
    }

    #[test]
    fn shorter_codes_are_the_beginning_of_the_whole_one() {
        let whole = masked(&text_mask("{}"), vec![Some("x"), Some("")]);
        for bytes in 16..=32 {
            let short = masked(&text_mask(&format!("{{\"bytes\": {bytes}}}")), vec![Some("x")]);
            assert!(whole[0].as_ref().unwrap().starts_with(short[0].as_ref().unwrap()));
            assert_eq!(short[0].as_ref().unwrap().len(), 2 * bytes);
        }
        assert!(whole[1].is_some() && whole[1] != whole[0]);
    }

    #[test]
    fn bytes_come_with_zeroed_nulls() {
        let mask = text_mask(r#"{"out": "bytes", "bytes": 16}"#);
        assert_eq!(mask.output_type(), &DataType::FixedSizeBinary(16));
        let column: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x"), None]));
        let codes = mask.apply(&column).unwrap();
        let codes = codes.as_fixed_size_binary();
        assert_eq!((codes.value(0), codes.value(2)), (&[0; 16][..], &[0; 16][..]));
        let hex = masked(&text_mask(r#"{"bytes": 16}"#), vec![Some("x")]);
        assert_eq!(Some(encode::hex_text(codes.value(1))), hex[0]);
    }

    #[test]
    fn integers_of_every_width_agree_with_their_text() {
        let expected = masked(&text_mask("{}"), vec![Some("-7"), Some("0")]);
        let clause = contract::Mask { domain: "customer_email".into(), ..clause("hash", "{}") };
        let column: ArrayRef = Arc::new(Int8Array::from(vec![-7, 0]));
        let codes = compile(&clause, &DataType::Int8, true, &keys()).unwrap().apply(&column);
        let codes = codes.unwrap();
        let codes: Vec<_> = codes.as_string::<i32>().iter().map(|c| c.map(str::to_owned)).collect();
        assert_eq!(codes, expected);
        let column: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let codes = compile(&clause, &DataType::UInt64, true, &keys()).unwrap().apply(&column);
        let expected = masked(&text_mask("{}"), vec![Some("18446744073709551615")]);
        assert_eq!(codes.unwrap().as_string::<i32>().value(0), expected[0].as_ref().unwrap());
    }

    #[test]
    fn a_dictionary_that_dwarfs_its_rows_is_masked_by_row() {
        let values: ArrayRef =
            Arc::new((0..1000).map(|n| Some(format!("v{n}"))).collect::<StringArray>());
        let keys = arrow_array::PrimitiveArray::<Int32Type>::from(vec![Some(7), None, Some(999)]);
        let column: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values).unwrap());
        let codes = text_mask("{}").apply(&column).unwrap();
        let codes: Vec<_> = codes.as_string::<i32>().iter().map(|c| c.map(str::to_owned)).collect();
        assert_eq!(codes, masked(&text_mask("{}"), vec![Some("v7"), None, Some("v999")]));
    }

    #[test]
    fn domains_keys_and_normalisers_separate() {
        let one = masked(&text_mask("{}"), vec![Some("x")]);
        let other = contract::Mask { domain: "other".into(), ..clause("hash", "{}") };
        let other = compile(&other, &DataType::Utf8, true, &keys()).unwrap();
        assert_ne!(one, masked(&other, vec![Some("x")]));
        assert_ne!(one, masked(&text_mask(r#"{"normalize": ["trim"]}"#), vec![Some("x")]));
    }

    #[test]
    fn a_hash_needs_a_domain_and_a_key() {
        let refused = |clause: contract::Mask| {
            let error = compile(&clause, &DataType::Utf8, false, &keys()).unwrap_err();
            (error.code, error.clause.unwrap())
        };
        let no_domain = contract::Mask { domain: String::new(), ..clause("hash", "{}") };
        assert_eq!(refused(no_domain), (Code::BadArgument, "/domain".to_owned()));
        let no_key = contract::Mask { key: Some("env:UNSET".into()), ..clause("hash", "{}") };
        assert_eq!(refused(no_key), (Code::BadKey, "/key".to_owned()));
        let binary = clause("hash", r#"{"normalize": ["digits"]}"#);
        let error = compile(&binary, &DataType::BinaryView, false, &keys()).unwrap_err();
        assert_eq!(error.clause.as_deref(), Some("/args/normalize"));
    }

    #[test]
    fn a_compiled_mask_prints_no_key() {
        let mask = text_mask("{}");
        let key = keys().subkey(None, LABEL, "customer_email", "").unwrap();
        let shown = format!("{mask:?} {key:?}");
        assert!(
            shown.contains("customer_email") && !shown.contains(&encode::hex_text(key.bytes()))
        );
        assert!(!shown.contains(&format!("{:?}", key.bytes())));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn columns_agree_with_the_hmac_crate(
            values in proptest::collection::vec(proptest::option::of("\\PC{0,200}"), 0..150),
        ) {
            let key = keys().subkey(None, LABEL, "customer_email", "").unwrap();
            let expected: Vec<_> = values
                .iter()
                .map(|value| {
                    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.bytes()).unwrap();
                    mac.update(value.as_ref()?.as_bytes());
                    Some(encode::hex_text(&mac.finalize().into_bytes()))
                })
                .collect();
            let values = values.iter().map(Option::as_deref).collect();
            prop_assert_eq!(masked(&text_mask("{}"), values), expected);
        }
    }
}
