//! `card`: the number of a payment card.

use super::{About, Kernel};

pub(super) struct Card;

impl Kernel for Card {
    const ABOUT: About = About {
        name: "card",
        aliases: &["luhn"],
        summary: "the number of a payment card: 12 to 19 digits without spaces",
        source: "ISO/IEC 7812-1, annex B (Luhn)",
        pattern: "[0-9]{12,19}",
        beyond: "the last digit is the check digit of Luhn",
        example: "4111111111111111",
    };

    fn accepts(text: &[u8]) -> bool {
        (12..=19).contains(&text.len()) && luhn(text.iter().map(|byte| byte.wrapping_sub(b'0')))
    }
}

/// Whether the digits, the check digit among them, are digits and add up.
pub(super) fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let mut sum = 0u32;
    let mut bad = false;
    let mut doubled = false;
    for digit in digits.rev() {
        bad |= digit > 9;
        let value = if doubled { digit.wrapping_mul(2) } else { digit };
        sum += u32::from(if value > 9 { value.wrapping_sub(9) } else { value });
        doubled = !doubled;
    }
    !bad && sum.is_multiple_of(10)
}
