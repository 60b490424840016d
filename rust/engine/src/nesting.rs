//! How deep the values of JSON lines are nested.
//!
//! A reader of JSON follows brackets by calling itself, and a few kilobytes of nothing but brackets
//! end the process: whoever reads JSON lines asks here first. Never less than the truth is told,
//! also of text that is no JSON: a string ends with its line at the latest, and a bracket that
//! closes nothing counts for nothing.

use memchr::memchr3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of strings.
    Plain,
    /// Inside of a string.
    Text,
    /// Just behind a backslash inside of a string.
    Escape,
}

/// What is known of a text that is handed over in pieces.
#[derive(Debug, Clone)]
pub struct Nesting {
    limit: u32,
    depth: u32,
    place: Place,
    /// Bytes of earlier pieces.
    before: u64,
    beyond: Option<u64>,
}

impl Nesting {
    /// Nothing was looked at yet; more than `limit` brackets at once are too many.
    pub fn new(limit: u32) -> Self {
        Self { limit, depth: 0, place: Place::Plain, before: 0, beyond: None }
    }

    /// Takes the next piece of the text.
    pub fn feed(&mut self, piece: &[u8]) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.place {
                Place::Plain => self.plain(at, rest),
                Place::Text => self.text(rest),
                Place::Escape => {
                    let ended = rest.first() == Some(&b'\n');
                    self.place = if ended { Place::Plain } else { Place::Text };
                    1
                }
            };
        }
        self.before += piece.len() as u64;
    }

    /// The place, in bytes, of the first bracket that is one too many.
    pub fn beyond(&self) -> Option<u64> {
        self.beyond
    }

    /// On to the next string.
    fn plain(&mut self, at: usize, rest: &[u8]) -> usize {
        for (offset, byte) in rest.iter().enumerate() {
            match byte {
                b'"' => {
                    self.place = Place::Text;
                    return offset + 1;
                }
                b'{' | b'[' => {
                    self.depth = self.depth.saturating_add(1);
                    if self.depth > self.limit && self.beyond.is_none() {
                        self.beyond = Some(self.before + (at + offset) as u64);
                    }
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        rest.len()
    }

    /// On to the end of the string, or to an escape in it.
    fn text(&mut self, rest: &[u8]) -> usize {
        let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
            return rest.len();
        };
        let escape = rest.get(found) == Some(&b'\\');
        self.place = if escape { Place::Escape } else { Place::Plain };
        found + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &[u8], limit: u32, piece: usize) -> Option<u64> {
        let mut nesting = Nesting::new(limit);
        text.chunks(piece).for_each(|piece| nesting.feed(piece));
        nesting.beyond()
    }

    /// The same, a byte at a time.
    fn naive(text: &[u8], limit: u32) -> Option<u64> {
        let (mut depth, mut string, mut escape) = (0_u32, false, false);
        for (at, byte) in text.iter().enumerate() {
            match (string, byte) {
                (true, b'\n') => (string, escape) = (false, false),
                (true, _) if escape => escape = false,
                (true, b'\\') => escape = true,
                (true, b'"') => string = false,
                (false, b'"') => string = true,
                (false, b'{' | b'[') => {
                    depth += 1;
                    if depth > limit {
                        return Some(at as u64);
                    }
                }
                (false, b'}' | b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    #[test]
    fn brackets_count_outside_of_strings_only() {
        for (text, beyond) in [
            (r#"{"a": [1]}"#, None),
            (r#"{"a": [[1]]}"#, Some(7)),
            (r#"{"a": "[[["}"#, None),
            (r#"{"a": "\"[[["}"#, None),
            (r#"{"a": "\\", "b": [[]]}"#, Some(18)),
            ("[1]\n[2]\n[3]\n", None),
            ("[\n[\n[\n", Some(4)),
            ("{\"a\": \"no end\n[[", Some(15)),
            ("{\"a\": \"\\\n[[", Some(10)),
            ("]]]][[[", Some(6)),
            ("", None),
        ] {
            assert_eq!(told(text.as_bytes(), 2, usize::MAX), beyond, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in r#"[a"\\\[\]{}\n]{0,24}"#, piece in 1usize..5) {
            let expected = naive(text.as_bytes(), 3);
            prop_assert_eq!(told(text.as_bytes(), 3, piece), expected);
            prop_assert_eq!(told(text.as_bytes(), 3, 1 << 20), expected);
        }
    }
}
