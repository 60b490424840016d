//! `isin`: the number of a security.

use super::card::luhn;
use super::class::{all, ALNUM, UPPER};
use super::{About, Kernel};

pub(super) struct Isin;

impl Kernel for Isin {
    const ABOUT: About = About {
        name: "isin",
        aliases: &[],
        summary:
            "an International Securities Identification Number in upper case; any two letters \
                  may lead it",
        source: "ISO 6166",
        pattern: "[A-Z]{2}[0-9A-Z]{9}[0-9]",
        beyond: "the last digit is the check digit of Luhn, letters counting 10 to 35",
        example: "US0378331005",
    };

    fn accepts(text: &[u8]) -> bool {
        let Ok(text) = <&[u8; 12]>::try_from(text) else {
            return false;
        };
        let written = all(&text[..2], UPPER)
            && all(text, ALNUM)
            && !text.iter().any(u8::is_ascii_lowercase)
            && text[11].is_ascii_digit();
        if !written {
            return false;
        }
        // Letters become two digits each.
        let mut digits = [0; 24];
        let mut count = 0;
        for byte in text {
            let value = super::iban::value(*byte);
            if value > 9 {
                digits[count] = value / 10;
                count += 1;
            }
            digits[count] = value % 10;
            count += 1;
        }
        luhn(digits[..count].iter().copied())
    }
}
