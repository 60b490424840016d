//! `iban`: the number of a bank account.

use super::{About, Kernel};

pub(super) struct Iban;

impl Kernel for Iban {
    const ABOUT: About = About {
        name: "iban",
        aliases: &[],
        summary: "an International Bank Account Number in upper case without spaces, of a country \
                  that has registered one; the structure of its national part is not judged",
        source: "ISO 13616-1, registry of 89 countries; ISO/IEC 7064 (mod 97-10)",
        pattern: "[A-Z]{2}(?:0[2-9]|[1-8][0-9]|9[0-8])[0-9A-Z]{11,29}",
        beyond: "as long as the country's numbers are; the check digits fit",
        example: "DE89370400440532013000",
    };

    fn accepts(text: &[u8]) -> bool {
        let [a, b, c1, c0, national @ ..] = text else {
            return false;
        };
        let place = |letter: &u8| usize::from(letter.wrapping_sub(b'A'));
        let length = LENGTHS.get(place(a)).and_then(|row| row.get(place(b))).copied();
        // Lengths are never 0. Check digits are computed as 98 less a remainder: 02 to 98.
        if length != Some(text.len() as u8)
            || !matches!(
                (c1, c0),
                (b'0', b'2'..=b'9') | (b'1'..=b'8', b'0'..=b'9') | (b'9', b'0'..=b'8')
            )
        {
            return false;
        }
        let mut remainder = 0;
        for byte in national.iter().chain([a, b, c1, c0]) {
            let value = u32::from(value(*byte));
            if value > 35 {
                return false;
            }
            remainder = (remainder * if value > 9 { 100 } else { 10 } + value) % 97;
        }
        remainder == 1
    }
}

/// Digits count 0 to 9, upper-case letters 10 to 35, all else more.
pub(super) fn value(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        _ => u8::MAX,
    }
}

/// How long a country's numbers are, by its two letters.
static LENGTHS: [[u8; 26]; 26] = {
    let list = REGISTERED.as_bytes();
    let mut table = [[0; 26]; 26];
    let mut at = 0;
    while at < list.len() {
        let (a, b) = (list[at] - b'A', list[at + 1] - b'A');
        table[a as usize][b as usize] = (list[at + 2] - b'0') * 10 + list[at + 3] - b'0';
        at += 5;
    }
    table
};

const REGISTERED: &str =
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 \
     DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 \
     HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 \
     MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 \
     RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 \
     VA22 VG24 XK20 YE30";
