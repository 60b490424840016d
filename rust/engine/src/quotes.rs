//! Quotes in CSV text, as RFC 4180 has them: which cell opens one that is never closed, and whether
//! a cell holds a line break.
//!
//! A quote opens a cell only at the cell's start; inside, two quotes are one character; anywhere
//! else a quote is a character like others. Readers take the rest of a file for the text of a cell
//! whose quote is never closed, so rows are lost without a word: whoever reads CSV asks here first.

use memchr::{memchr, memchr2};

const QUOTE: u8 = b'"';
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of quotes.
    Plain,
    /// Inside of the quotes that were opened at this byte.
    Quoted(u64),
    /// Just behind a quote inside of quotes opened at this byte: it closes them, or is half a pair.
    Behind(u64),
}

/// What is known of a text that is handed over in pieces.
#[derive(Debug, Clone)]
pub struct Quotes {
    place: Place,
    /// Bytes of earlier pieces.
    before: u64,
    /// Whether a cell starts with the next byte.
    starts: bool,
    line_breaks: bool,
}

impl Default for Quotes {
    fn default() -> Self {
        Self { place: Place::Plain, before: 0, starts: true, line_breaks: false }
    }
}

impl Quotes {
    /// Takes the next piece of the text.
    pub fn feed(&mut self, piece: &[u8]) {
        let mark = if self.before == 0 && piece.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let mut at = mark;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.place {
                Place::Plain => self.plain(piece, at, mark, rest),
                Place::Quoted(opened) => self.quoted(opened, rest),
                Place::Behind(opened) => {
                    let pair = rest.first() == Some(&QUOTE);
                    self.place = if pair { Place::Quoted(opened) } else { Place::Plain };
                    usize::from(pair)
                }
            };
        }
        self.before += piece.len() as u64;
        if let (Some(last), true) = (piece.last(), piece.len() > mark) {
            self.starts = ends_cell(*last);
        }
    }

    /// The place, in bytes, of the quote that is still open.
    pub fn open(&self) -> Option<u64> {
        match self.place {
            Place::Quoted(opened) => Some(opened),
            Place::Plain | Place::Behind(_) => None,
        }
    }

    /// Whether any text in quotes holds a line break.
    pub fn line_breaks(&self) -> bool {
        self.line_breaks
    }

    /// On to the next quote, which opens a cell if it stands at a cell's start.
    fn plain(&mut self, piece: &[u8], at: usize, first: usize, rest: &[u8]) -> usize {
        let Some(found) = memchr(QUOTE, rest) else {
            return rest.len();
        };
        let quote = at + found;
        let starts = match quote.checked_sub(1).filter(|_| quote > first) {
            Some(left) => piece.get(left).is_some_and(|byte| ends_cell(*byte)),
            None => self.starts,
        };
        if starts {
            self.place = Place::Quoted(self.before + quote as u64);
        }
        found + 1
    }

    /// On to the next quote.
    fn quoted(&mut self, opened: u64, rest: &[u8]) -> usize {
        let found = memchr(QUOTE, rest);
        let text = rest.get(..found.unwrap_or(rest.len())).unwrap_or_default();
        self.line_breaks = self.line_breaks || memchr2(b'\n', b'\r', text).is_some();
        match found {
            Some(quote) => {
                self.place = Place::Behind(opened);
                quote + 1
            }
            None => rest.len(),
        }
    }
}

fn ends_cell(byte: u8) -> bool {
    matches!(byte, b',' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &[u8], piece: usize) -> (Option<u64>, bool) {
        let mut quotes = Quotes::default();
        text.chunks(piece).for_each(|piece| quotes.feed(piece));
        (quotes.open(), quotes.line_breaks())
    }

    /// The same, a byte at a time.
    fn naive(text: &[u8]) -> (Option<u64>, bool) {
        let (mut open, mut breaks, mut starts, mut at) = (None, false, true, 0);
        while at < text.len() {
            let byte = text[at];
            if open.is_some() {
                breaks |= matches!(byte, b'\n' | b'\r');
                if byte == QUOTE {
                    if text.get(at + 1) == Some(&QUOTE) {
                        at += 1;
                    } else {
                        open = None;
                    }
                }
                starts = false;
            } else {
                if byte == QUOTE && starts {
                    open = Some(at as u64);
                }
                starts = ends_cell(byte);
            }
            at += 1;
        }
        (open, breaks)
    }

    #[test]
    fn quotes_open_at_the_start_of_a_cell_only() {
        for (text, open) in [
            ("a,b\n1,\"x\n2,y\n", Some(6)),
            ("a,b\n1,\"x\"\n2,y\n", None),
            ("\"a", Some(0)),
            ("\u{feff}\"a", Some(3)),
            ("a\n5\" pipe\n", None),
            ("a\n\"5\"\" pipe\"\n", None),
            ("a\n\"5\"\"", Some(2)),
            ("a\n\"x\"y\"z\n", None),
            ("", None),
        ] {
            assert_eq!(told(text.as_bytes(), usize::MAX).0, open, "{text:?}");
        }
    }

    #[test]
    fn line_breaks_count_inside_of_quotes_only() {
        assert!(!told(b"a,b\r\n\"x\",y\r\n", 100).1);
        assert!(told(b"a\n\"x\ny\"\n", 100).1);
        assert!(told(b"a\n\"x\ry\"\n", 100).1);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[a,\"\n]{0,24}", piece in 1usize..5) {
            let expected = naive(text.as_bytes());
            prop_assert_eq!(told(text.as_bytes(), piece), expected);
            prop_assert_eq!(told(text.as_bytes(), 1 << 20), expected);
        }
    }
}
