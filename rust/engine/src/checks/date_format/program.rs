//! A pattern as a list of steps over the bytes of a text.

use super::fields::{Field, Fields};

/// A whole pattern.
#[derive(Debug)]
pub(super) struct Program(pub(super) Vec<Step>);

/// One thing that the text must go on with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These bytes.
    Literal(Vec<u8>),
    /// A number.
    Number(Number),
    /// A space and one digit, or two digits.
    Padded(Field),
    /// Digits of a fraction of a second, so many from and to.
    Fraction(usize, usize),
    /// One of the names; the first stands for the value `from`.
    Name { field: Field, names: &'static [&'static str], from: i64, any_case: bool },
    /// An offset from UTC.
    Offset(Offset),
    /// These steps, or nothing.
    Optional(Vec<Step>),
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) field: Field,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) sign: Sign,
    /// Digits that belong to the numbers right behind it.
    pub(super) reserved: usize,
    /// What is added to the number.
    pub(super) base: Base,
}

/// Where a two-digit year lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Zero,
    /// 2000 to 2099.
    Century,
    /// 1969 to 2068, as POSIX has it.
    Pivot,
}

/// Which signs a number may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Never,
    Minus,
    /// A minus; a plus exactly when there are more digits than the least number.
    PlusWhenLonger,
}

/// How an offset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// What stands for no offset, tried first.
    pub(super) zero: &'static str,
    pub(super) colon: Colon,
    pub(super) minutes: Part,
    pub(super) seconds: Part,
}

/// Whether the parts of an offset are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colon {
    No,
    Yes,
    /// As the text likes.
    Either,
}

/// Whether a part must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Never,
    Perhaps,
    Always,
}

impl Program {
    /// Whether the whole text is of the pattern and names a moment that exists.
    pub(super) fn accepts(&self, text: &[u8]) -> bool {
        let mut fields = Fields::default();
        run(&self.0, text, &mut fields).is_some_and(<[u8]>::is_empty) && fields.agree()
    }
}

/// What follows the steps.
fn run<'a>(steps: &[Step], text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let mut rest = text;
    for step in steps {
        rest = match step {
            Step::Literal(bytes) => rest.strip_prefix(bytes.as_slice())?,
            Step::Number(number) => number.read(rest, fields)?,
            Step::Padded(field) => {
                let (&[tens, ones], after) = rest.split_first_chunk::<2>()?;
                let tens = if tens == b' ' { 0 } else { digit(tens)? };
                fields.set(*field, tens * 10 + digit(ones)?)?;
                after
            }
            Step::Fraction(least, most) => fraction(rest, *least, *most, fields)?,
            Step::Name { field, names, from, any_case } => {
                let (at, after) = name(rest, names, *any_case)?;
                fields.set(*field, from + at)?;
                after
            }
            Step::Offset(offset) => offset.read(rest, fields)?,
            Step::Optional(steps) => {
                let mut tried = *fields;
                match run(steps, rest, &mut tried) {
                    Some(after) => {
                        *fields = tried;
                        after
                    }
                    None => rest,
                }
            }
        };
    }
    Some(rest)
}

impl Number {
    fn read<'a>(&self, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        let (sign, digits) = match (self.sign, text) {
            (Sign::Minus | Sign::PlusWhenLonger, [b'-', rest @ ..]) => (b'-', rest),
            (Sign::PlusWhenLonger, [b'+', rest @ ..]) => (b'+', rest),
            _ => (0, text),
        };
        let found = run_of_digits(digits, self.most + self.reserved);
        // The numbers right behind take theirs, as far as this one keeps its least.
        let count = if self.reserved == 0 {
            found
        } else {
            self.least.max(found.saturating_sub(self.reserved))
        };
        let longer = count > self.least;
        let signed = match self.sign {
            Sign::PlusWhenLonger if sign != b'-' => longer == (sign == b'+'),
            _ => true,
        };
        if found < self.least || count > self.most || !signed {
            return None;
        }
        let (digits, after) = digits.split_at(count);
        let value = value(digits)?;
        let value = match (sign, self.base) {
            (b'-', _) if value == 0 => return None,
            (b'-', _) => -value,
            (_, Base::Zero) => value,
            (_, Base::Pivot) if value > 68 => value + 1900,
            (_, Base::Century | Base::Pivot) => value + 2000,
        };
        fields.set(self.field, value)?;
        Some(after)
    }
}

impl Offset {
    fn read<'a>(&self, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        if let Some(after) = text.strip_prefix(self.zero.as_bytes()) {
            fields.set(Field::Offset, 0)?;
            return Some(after);
        }
        let (sign, rest) = text.split_first()?;
        let ahead = match sign {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, rest) = two_digits(rest)?;
        let (minutes, rest) = self.part(rest, self.minutes)?;
        let (seconds, rest) = self.part(rest, self.seconds)?;
        fields.set(Field::Offset, ahead * (hours * 3600 + minutes * 60 + seconds))?;
        Some(rest)
    }

    fn part<'a>(&self, text: &'a [u8], part: Part) -> Option<(i64, &'a [u8])> {
        let behind_colon = text.strip_prefix(b":");
        let digits = match self.colon {
            Colon::No => Some(text),
            Colon::Yes => behind_colon,
            Colon::Either => Some(behind_colon.unwrap_or(text)),
        };
        let found = digits.and_then(two_digits).filter(|(value, _)| *value < 60);
        match part {
            Part::Never => Some((0, text)),
            Part::Perhaps => Some(found.unwrap_or((0, text))),
            Part::Always => found,
        }
    }
}

/// The index of the name that the text goes on with, the longest if several do.
fn name<'a>(text: &'a [u8], names: &[&str], any_case: bool) -> Option<(i64, &'a [u8])> {
    let fits = |name: &str| {
        text.get(..name.len()).is_some_and(|begin| {
            begin == name.as_bytes() || (any_case && begin.eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    let found = names.iter().enumerate().filter(|(_, name)| fits(name));
    let (at, name) = found.max_by_key(|(_, name)| name.len())?;
    Some((at as i64, &text[name.len()..]))
}

fn fraction<'a>(
    text: &'a [u8],
    least: usize,
    most: usize,
    fields: &mut Fields,
) -> Option<&'a [u8]> {
    let count = run_of_digits(text, most);
    if count < least {
        return None;
    }
    let (digits, after) = text.split_at(count);
    let scale = 10i64.pow(9u32.saturating_sub(count as u32));
    fields.set(Field::Nanosecond, value(digits)? * scale)?;
    Some(after)
}

fn run_of_digits(text: &[u8], most: usize) -> usize {
    text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
}

fn value(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0i64, |value, byte| value.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[tens, ones], rest) = text.split_first_chunk::<2>()?;
    Some((digit(tens)? * 10 + digit(ones)?, rest))
}
