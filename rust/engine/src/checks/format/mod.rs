//! `format`: every text is spelt as a named format says.
//!
//! A format is a kernel over bytes in a file of its own: no allocation per row, no `&str`, linear
//! time. It says of itself what it takes, where that is written down, and its normative pattern;
//! tests hold the kernel to the pattern. To add one: write its file and one line in [`FORMATS`].

#[macro_use]
mod patterns;

mod base64;
mod card;
mod cidr;
mod class;
mod codes;
mod country;
mod currency;
mod date;
mod date_time;
mod duration;
mod email;
mod hex;
mod hostname;
mod iban;
mod idna;
mod ipv4;
mod ipv6;
mod isin;
mod json;
mod language;
mod mac;
mod phone;
#[cfg(test)]
mod tests;
mod time;
mod uri;
mod uuid;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use serde::Serialize;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Code, Error, Result};
use crate::kernels::text;
use crate::promise;

/// What a format says of itself; the documentation and the tests are made from it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct About {
    /// The name that contracts use.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// One line: what it takes.
    pub summary: &'static str,
    /// The standard that says so.
    pub source: &'static str,
    /// The normative pattern of the whole text, for ASCII; empty where none tells it.
    pub pattern: &'static str,
    /// What must hold beyond the pattern; empty when the pattern is all.
    pub beyond: &'static str,
    /// A text that it takes.
    pub example: &'static str,
}

/// One format as code.
trait Kernel {
    const ABOUT: About;

    /// Whether the whole text is of the format.
    fn accepts(text: &[u8]) -> bool;
}

type Fill = fn(&ArrayRef, Option<&[u64]>, &mut [u64]) -> Result<()>;

/// One format of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What it says of itself.
    pub about: About,
    accepts: fn(&[u8]) -> bool,
    fill: Fill,
}

impl Format {
    const fn of<K: Kernel>() -> Self {
        Self { about: K::ABOUT, accepts: K::accepts, fill: fill::<K> }
    }

    /// Whether the whole text is of the format.
    pub fn accepts(&self, text: &[u8]) -> bool {
        (self.accepts)(text)
    }

    /// Sets the bits of the valid rows whose text is not of the format.
    ///
    /// # Errors
    /// `engine.internal` when the array holds no texts.
    pub fn fail(&self, texts: &ArrayRef, valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        (self.fill)(texts, valid, fail)
    }
}

/// The loop over the rows with the kernel inside.
fn fill<K: Kernel>(texts: &ArrayRef, valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
    text::fill(texts, valid, fail, |text| !K::accepts(text))
}

/// The registry: one line per format.
pub static FORMATS: &[Format] = &[
    Format::of::<email::Email>(),
    Format::of::<uri::Uri>(),
    Format::of::<uri::Url>(),
    Format::of::<hostname::Hostname>(),
    Format::of::<ipv4::Ipv4>(),
    Format::of::<ipv6::Ipv6>(),
    Format::of::<cidr::Cidr>(),
    Format::of::<mac::Mac>(),
    Format::of::<uuid::Uuid>(),
    Format::of::<date::Date>(),
    Format::of::<time::Time>(),
    Format::of::<date_time::DateTime>(),
    Format::of::<duration::Duration>(),
    Format::of::<iban::Iban>(),
    Format::of::<card::Card>(),
    Format::of::<isin::Isin>(),
    Format::of::<country::Country>(),
    Format::of::<country::CountryAlpha3>(),
    Format::of::<currency::Currency>(),
    Format::of::<language::Language>(),
    Format::of::<phone::Phone>(),
    Format::of::<hex::Hex>(),
    Format::of::<base64::Base64>(),
    Format::of::<json::Json>(),
];

/// The format of this name or alias.
///
/// # Errors
/// `plan.bad_argument`, with the nearest name.
pub fn format(name: &str) -> Result<&'static Format> {
    let known =
        |format: &&Format| format.about.name == name || format.about.aliases.contains(&name);
    FORMATS.iter().find(known).ok_or_else(|| {
        let names = FORMATS.iter().flat_map(|format| {
            std::iter::once(format.about.name).chain(format.about.aliases.iter().copied())
        });
        let help = promise::nearest(name, names).map_or_else(
            || {
                let names: Vec<_> = FORMATS.iter().map(|format| format.about.name).collect();
                format!("one of: {}", names.join(", "))
            },
            |near| format!("did you mean {near:?}?"),
        );
        Error::new(Code::BadArgument, format!("there is no format {name:?}"))
            .at("/args/name")
            .help(help)
    })
}

pub(super) struct Formatted;

impl CheckKind for Formatted {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "format",
            aliases: &[],
            summary: "every text is spelt as the named format says",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: &[Argument {
                name: "name",
                kind: "the name of a format",
                default: "",
                summary: "one of the formats below",
            }],
            example: "{column: email, rule: format, args: {name: email}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        if !matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
            return Err(clause.not_applicable(column, "strings"));
        }
        clause.required("name")?;
        let format = format(clause.text("name")?.unwrap_or_default())?;
        Ok(Compiled::Row(Box::new(Spelling(format))))
    }
}

#[derive(Debug)]
struct Spelling(&'static Format);

impl RowCheck for Spelling {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("a format lost its column"))?;
        self.0.fail(column, valid, fail)
    }

    fn explain(&self) -> String {
        format!("bytes as {} says", self.0.about.source)
    }
}
