//! Patterns of `java.time.format.DateTimeFormatter`, as ODCS writes them, with English names.
//!
//! Widths, signs and numbers without a gap are read as its strict parser reads them.

use super::fields::Field;
use super::program::{Base, Colon, Number, Offset, Part, Sign, Step};
use super::{refused, DAYS, HALVES, MONTHS, SHORT_DAYS, SHORT_MONTHS};
use crate::error::Result;

const LETTERS: &str = "the letters are y u M L d D E a H k K h m s S X x Z; put words between \
                       apostrophes";
/// Digits of a number without an upper bound.
const MANY: usize = 19;

/// The steps of a pattern.
pub(super) fn compile(pattern: &str) -> Result<Vec<Step>> {
    // The steps of the optional sections that are open, the outermost first.
    let mut open: Vec<Vec<Step>> = vec![Vec::new()];
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            'a'..='z' | 'A'..='Z' => rest.len() - rest.trim_start_matches(first).len(),
            _ => first.len_utf8(),
        };
        let (here, after) = rest.split_at(length);
        rest = after;
        match first {
            '[' => open.push(Vec::new()),
            ']' => {
                let section = open.pop().unwrap_or_default();
                let Some(outer) = open.last_mut() else {
                    return Err(refused(
                        "the pattern closes a section that it did not open",
                        "[ ]",
                    ));
                };
                outer.push(Step::Optional(section));
            }
            '\'' => {
                let (word, after) = quoted(rest)?;
                rest = after;
                literal(&mut open, word.as_bytes());
            }
            '{' | '}' | '#' => {
                return Err(refused(
                    format!("the character {first:?} of the pattern is reserved"),
                    "put it between apostrophes",
                ))
            }
            'a'..='z' | 'A'..='Z' => {
                let step = letters(first, length)?;
                if let Some(steps) = open.last_mut() {
                    steps.push(step);
                }
            }
            _ => literal(&mut open, here.as_bytes()),
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(mut steps), true) => {
            reserve(&mut steps);
            Ok(steps)
        }
        _ => Err(refused("the pattern opens a section that it does not close", "[ ]")),
    }
}

/// The words behind an opening apostrophe, and what follows the closing one. Two apostrophes stand
/// for one.
fn quoted(text: &str) -> Result<(String, &str)> {
    if let Some(rest) = text.strip_prefix('\'') {
        return Ok(("'".into(), rest));
    }
    let mut word = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\'') {
        word.push_str(before);
        let Some(again) = after.strip_prefix('\'') else {
            return Ok((word, after));
        };
        word.push('\'');
        rest = again;
    }
    Err(refused("the pattern opens an apostrophe that it does not close", "two stand for one"))
}

fn literal(open: &mut [Vec<Step>], bytes: &[u8]) {
    let Some(steps) = open.last_mut() else {
        return;
    };
    match steps.last_mut() {
        Some(Step::Literal(before)) => before.extend(bytes),
        _ => steps.push(Step::Literal(bytes.into())),
    }
}

fn letters(letter: char, count: usize) -> Result<Step> {
    let number = |field, least, most, sign| {
        Step::Number(Number { field, least, most, sign, reserved: 0, base: Base::Zero })
    };
    let one_or_two = |field| match count {
        1 => Some(number(field, 1, MANY, Sign::Minus)),
        2 => Some(number(field, 2, 2, Sign::Never)),
        _ => None,
    };
    let name = |field, names, from| Step::Name { field, names, from, any_case: false };
    let offset =
        |zero, colon, minutes, seconds| Step::Offset(Offset { zero, colon, minutes, seconds });
    let step = match (letter, count) {
        ('u' | 'y', 1..=MANY) => {
            let field = if letter == 'u' { Field::Year } else { Field::YearOfEra };
            match count {
                2 => Some(Step::Number(Number {
                    field,
                    least: 2,
                    most: 2,
                    sign: Sign::Never,
                    reserved: 0,
                    base: Base::Century,
                })),
                1 | 3 => Some(number(field, count, MANY, Sign::Minus)),
                _ => Some(number(field, count, MANY, Sign::PlusWhenLonger)),
            }
        }
        ('M' | 'L', 3) => Some(name(Field::Month, SHORT_MONTHS, 1)),
        ('M' | 'L', 4) => Some(name(Field::Month, MONTHS, 1)),
        ('M' | 'L', _) => one_or_two(Field::Month),
        ('d', _) => one_or_two(Field::Day),
        ('D', 1) => Some(number(Field::DayOfYear, 1, MANY, Sign::Minus)),
        ('D', 2 | 3) => Some(number(Field::DayOfYear, count, 3, Sign::Never)),
        ('E', 1..=3) => Some(name(Field::Weekday, SHORT_DAYS, 1)),
        ('E', 4) => Some(name(Field::Weekday, DAYS, 1)),
        ('a', 1) => Some(name(Field::HalfDay, HALVES, 0)),
        ('H', _) => one_or_two(Field::Hour),
        ('k', _) => one_or_two(Field::ClockHour),
        ('K', _) => one_or_two(Field::HalfDayHour),
        ('h', _) => one_or_two(Field::ClockHalfDayHour),
        ('m', _) => one_or_two(Field::Minute),
        ('s', _) => one_or_two(Field::Second),
        ('S', 1..=9) => Some(Step::Fraction(count, count)),
        ('X' | 'x', 1..=5) | ('Z', 1..=3 | 5) => {
            // Z is xx, and in five letters XXXXX.
            let form = if letter == 'Z' && count < 4 { 2 } else { count };
            let colon = if form == 3 || form == 5 { Colon::Yes } else { Colon::No };
            let minutes = if form == 1 { Part::Perhaps } else { Part::Always };
            let seconds = if form > 3 { Part::Perhaps } else { Part::Never };
            let zero = match form {
                _ if letter == 'X' || count == 5 && letter == 'Z' => "Z",
                1 => "+00",
                2 | 4 => "+0000",
                _ => "+00:00",
            };
            Some(offset(zero, colon, minutes, seconds))
        }
        ('Y', _) => {
            return Err(refused(
                "the letter Y of the pattern is the year of a week-based calendar",
                "write yyyy or uuuu for the year",
            ))
        }
        _ => None,
    };
    step.ok_or_else(|| {
        let run = String::from(letter).repeat(count.min(8));
        refused(format!("{run:?} in the pattern is not judged"), LETTERS)
    })
}

/// Lets a number of open width leave the digits of the fixed ones right behind it.
fn reserve(steps: &mut [Step]) {
    let mut behind = 0;
    for step in steps.iter_mut().rev() {
        behind = match step {
            Step::Number(number) if number.least == number.most => behind + number.most,
            Step::Fraction(least, most) if least == most => behind + *most,
            Step::Number(number) => {
                number.reserved = behind;
                0
            }
            Step::Optional(steps) => {
                reserve(steps);
                0
            }
            _ => 0,
        };
    }
}
