//! Masks: one replacement of a column's values each.
//!
//! Every mask builds fresh buffers: null slots are zero, and nothing of the raw column's buffers is
//! passed on. The output is always plain (never a dictionary, never run ends), whatever the layout
//! of the input: the keys of a dictionary are raw data too, because they hold which values were
//! equal and, where the dictionary was sorted, their order. So the output type depends on the mask,
//! its arguments and the logical type of the column only, and equal values have equal outputs in
//! every encoding.
//!
//! Adding a mask: one file with a `MaskKind`, one line in [`kinds`], one case file under
//! `tests/conformance/masks/`.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};
use crate::promise;

mod args;
pub(crate) mod civil;
mod constant;
mod decimal;
mod definition;
mod encode;
mod hash;
mod hint;
mod hmac;
mod keys;
mod literal;
mod normalize;
mod nullify;
mod partial;
mod redact;
mod rows;
#[cfg(test)]
mod testing;
mod types;
mod value;

pub use definition::{Argument, ArgumentKind, Definition};
pub use hmac::self_test;
pub use keys::{KeyRing, SubKey};

/// One compiled mask. Immutable and shared between threads.
pub trait Mask: Send + Sync + std::fmt::Debug {
    /// The Arrow type of the output, fixed at compile time.
    fn output_type(&self) -> &DataType;

    /// Replaces every value of `column`. The length is kept and null stays null (`nullify` makes
    /// everything null).
    ///
    /// # Errors
    /// Never for a value. `limit.memory` or `limit.too_large` when the output cannot be held,
    /// otherwise only for a bug.
    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef>;

    /// The pseudonymisation domain and the id of the key, of keyed masks.
    fn pseudonym(&self) -> Option<&Pseudonym> {
        None
    }
}

/// What reports and metadata say about a keyed mask: enough to know which columns join, nothing
/// about the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudonym {
    /// Equal raw values have equal outputs inside one domain (and one key).
    pub domain: String,
    /// Which key: 16 hexadecimal digits.
    pub key_id: String,
}

/// One kind of mask: it describes itself and compiles clauses that name it.
pub trait MaskKind: Send + Sync {
    /// Name, arguments, example: what documentation, schemas and hints are generated from.
    fn definition(&self) -> &'static Definition;

    /// Compiles a clause against the Arrow type of its column.
    ///
    /// # Errors
    /// The codes of the definition. Clause pointers are relative to the mask (`/args/char`).
    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        nullable_allowed: bool,
        keys: &KeyRing,
    ) -> Result<Box<dyn Mask>>;
}

/// Every mask there is, strongest first.
pub fn kinds() -> &'static [&'static dyn MaskKind] {
    &[&nullify::Nullify, &redact::Redact, &constant::Constant, &hash::Hash, &partial::Partial]
}

/// A mask that is ready to run, and what there is to report about it.
#[derive(Debug)]
pub struct CompiledMask {
    definition: &'static Definition,
    mask: Box<dyn Mask>,
}

impl CompiledMask {
    /// The registry's name of the mask, also where the clause used an alias.
    pub fn method(&self) -> &'static str {
        self.definition.name
    }

    /// How strong the replacement is; greater is stronger.
    pub fn strength(&self) -> u8 {
        self.definition.strength
    }

    /// The pseudonymisation domain of a keyed mask.
    pub fn domain(&self) -> Option<&str> {
        self.mask.pseudonym().map(|p| p.domain.as_str())
    }

    /// Which key a keyed mask uses: 16 hexadecimal digits, safe to publish.
    pub fn key_id(&self) -> Option<&str> {
        self.mask.pseudonym().map(|p| p.key_id.as_str())
    }
}

impl Mask for CompiledMask {
    fn output_type(&self) -> &DataType {
        self.mask.output_type()
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let masked = self.mask.apply(column)?;
        if masked.len() == column.len() && masked.data_type() == self.output_type() {
            Ok(masked)
        } else {
            Err(Error::internal("a mask changed the length or the type of its column"))
        }
    }

    fn pseudonym(&self) -> Option<&Pseudonym> {
        self.mask.pseudonym()
    }
}

/// Finds the clause's mask by name or alias and compiles it for a column of type `input`, which is
/// `required` when the contract allows no null in it.
///
/// # Errors
/// `plan.unknown_mask` (also for names refused on purpose, such as unkeyed hashes) and the codes of
/// the mask's definition. Clause pointers are relative to the mask (`/method`, `/args/char`,
/// `/key`): [`Error::within`] makes them absolute.
pub fn compile(
    clause: &contract::Mask,
    input: &DataType,
    required: bool,
    keys: &KeyRing,
) -> Result<CompiledMask> {
    let method = clause.method.as_str();
    let kind = kinds()
        .iter()
        .find(|kind| {
            let definition = kind.definition();
            definition.name == method || definition.aliases.contains(&method)
        })
        .ok_or_else(|| unknown(method))?;
    let definition = kind.definition();
    let mask = kind.compile(clause, input, !required, keys).map_err(|error| {
        // What is wrong is shown by a clause that is right, unless the mask knows better.
        match (error.code, &error.help) {
            (Code::BadArgument | Code::BadLiteral, None) => {
                error.help(format!("for instance {}", definition.example))
            }
            _ => error,
        }
    })?;
    Ok(CompiledMask { definition, mask })
}

fn unknown(method: &str) -> Error {
    let error = |message: String, help: String| {
        Error::new(Code::UnknownMask, message).at("/method").help(help)
    };
    if let Some((why, instead)) = hint::refused(method) {
        return error(
            format!("the mask \"{}\" is refused: {why}", hint::shown(method)),
            instead.into(),
        );
    }
    let names = kinds().iter().flat_map(|kind| {
        let definition = kind.definition();
        std::iter::once(definition.name).chain(definition.aliases.iter().copied())
    });
    let help = if let Some(name) = promise::nearest(method, names) {
        format!("did you mean \"{name}\"?")
    } else {
        let names: Vec<_> = kinds().iter().map(|kind| kind.definition().name).collect();
        format!("the masks are {}", names.join(", "))
    };
    error(format!("no mask has the name \"{}\"", hint::shown(method)), help)
}

#[cfg(test)]
mod tests;
