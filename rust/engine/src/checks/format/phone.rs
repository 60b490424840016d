//! `phone`: an international telephone number.

use super::class::{all, DIGIT};
use super::{About, Kernel};

pub(super) struct Phone;

impl Kernel for Phone {
    const ABOUT: About = About {
        name: "phone",
        aliases: &["e164"],
        summary: "an international telephone number: a plus sign and 7 to 15 digits, without \
                  spaces; whether it is assigned is not judged",
        source: "ITU-T E.164, E.123",
        pattern: r"\+[1-9][0-9]{6,14}",
        beyond: "",
        example: "+18165551212",
    };

    fn accepts(text: &[u8]) -> bool {
        (8..=16).contains(&text.len())
            && matches!(text, [b'+', b'1'..=b'9', rest @ ..] if all(rest, DIGIT))
    }
}
