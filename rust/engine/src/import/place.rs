//! Where in a batch something is wrong, in words that hold names and ordinals but no values.

use crate::error::{Code, Error};

/// Names are shown up to this many bytes.
const NAME: usize = 96;
/// Places are shown up to this many bytes: the outermost parts.
const PLACE: usize = 400;

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
            Some(inner) => cut(&format!("{outer}, {inner}"), PLACE),
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

/// A name between quotes on one line: control characters escaped, cut after [`NAME`] bytes.
fn quoted(name: &str) -> String {
    let shown: String = name.chars().take(NAME).flat_map(char::escape_debug).collect();
    format!("\"{}\"", cut(&shown, NAME))
}

/// The text, or as much of it as fits, and that there was more.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let kept = (0..=bytes).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    format!("{}...", kept.trim_end_matches('.'))
}
