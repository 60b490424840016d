//! Decoding the ASCII form of a label (RFC 3492).

use super::super::class::{all, ALNUM};

/// Code points of a label: more than fit into its 63 bytes.
pub(super) const LONGEST: usize = 63;

/// The code points of a label, without allocation.
pub(super) struct Label {
    characters: [char; LONGEST],
    length: usize,
}

impl Label {
    pub(super) fn characters(&self) -> &[char] {
        &self.characters[..self.length]
    }

    fn insert(&mut self, at: usize, character: char) -> Option<()> {
        if self.length == LONGEST || at > self.length {
            return None;
        }
        self.characters.copy_within(at..self.length, at + 1);
        self.characters[at] = character;
        self.length += 1;
        Some(())
    }
}

const BASE: u32 = 36;
const TMIN: u32 = 1;
const TMAX: u32 = 26;

/// What follows `xn--`, decoded; ASCII in lower case. None when it encodes nothing, or nothing
/// beyond ASCII.
pub(super) fn decode(text: &[u8]) -> Option<Label> {
    let dash = text.iter().rposition(|byte| *byte == b'-');
    let (plain, digits) = match dash {
        Some(dash) => (&text[..dash], &text[dash + 1..]),
        None => (&text[..0], text),
    };
    if dash == Some(0) || digits.is_empty() || !all(digits, ALNUM) {
        return None;
    }
    let mut label = Label { characters: ['\0'; LONGEST], length: 0 };
    for byte in plain {
        label.insert(label.length, char::from(byte.to_ascii_lowercase()))?;
    }
    let (mut code, mut place, mut bias) = (128u32, 0u32, 72);
    let mut digits = digits.iter();
    while digits.len() > 0 {
        let before = place;
        let (mut weight, mut k) = (1u32, BASE);
        loop {
            let digit = value(*digits.next()?);
            place = place.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(TMIN, TMAX);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let count = label.length as u32 + 1;
        bias = adapt(place - before, count, before == 0);
        code = code.checked_add(place / count)?;
        place %= count;
        label.insert(place as usize, char::from_u32(code)?)?;
        place += 1;
    }
    Some(label)
}

fn value(digit: u8) -> u32 {
    match digit {
        b'0'..=b'9' => u32::from(digit - b'0') + 26,
        _ => u32::from(digit.to_ascii_lowercase().wrapping_sub(b'a')),
    }
}

fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - TMIN) * TMAX / 2 {
        delta /= BASE - TMIN;
        k += BASE;
    }
    k + (BASE - TMIN + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<String> {
        decode(text.as_bytes()).map(|label| label.characters().iter().collect())
    }

    #[test]
    fn the_samples_of_the_standard_decode() {
        for (encoded, plain) in [
            ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
            ("Proprostnemluvesky-uyb24dma41a", "pročprostěnemluvíčesky"),
            ("4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"),
            ("b1abfaaepdrnnbgefbadotcwatmq2g4l", "почемужеонинеговорятпорусски"),
            ("3B-ww4c5e180e575a65lsy2b", "3年b組金八先生"),
            ("MajiKoi5-783gue6qz075azm5e", "majiでkoiする5秒前"),
        ] {
            assert_eq!(decoded(encoded).as_deref(), Some(plain), "{encoded}");
        }
    }

    #[test]
    fn what_encodes_nothing_is_refused() {
        for text in ["", "-", "a-", "x", "99999999", "-abc", "a--"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
