//! Where in a batch something is wrong, in words that hold names and ordinals but no values.

use crate::error::{Code, Error};

/// Names longer than this many characters are shown cut.
const SHOWN: usize = 64;

/// An array that breaks the format.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArrow, message)
        .help("repair the producer; the batch was not read any further")
}

/// Puts an outer place before the place that an error already has.
pub(super) fn within<F: FnOnce() -> String>(place: F) -> impl FnOnce(Error) -> Error {
    move |mut error| {
        let outer = place();
        error.data = Some(match error.data.take() {
            Some(inner) => format!("{outer}, {inner}"),
            None => outer,
        });
        error
    }
}

/// `column 3 of 17 ("amount")`, counted from 1.
pub(super) fn column(index: usize, total: usize, name: &str) -> String {
    format!("column {} of {total} ({})", index + 1, quoted(name))
}

/// `field "city"` of a nested type.
pub(super) fn field(name: &str) -> String {
    format!("field {}", quoted(name))
}

/// A name between quotes on one line: control characters escaped, cut after [`SHOWN`] characters.
fn quoted(name: &str) -> String {
    let shown: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let rest = if name.chars().nth(SHOWN).is_some() { "..." } else { "" };
    format!("\"{shown}{rest}\"")
}
