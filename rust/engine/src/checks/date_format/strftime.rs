//! Patterns of `strftime`: a percent sign and a letter per field, every number of its full width.

use super::fields::Field;
use super::program::{Base, Colon, Number, Offset, Part, Sign, Step};
use super::{refused, DAYS, HALVES, MONTHS, SHORT_DAYS, SHORT_MONTHS};
use crate::error::Result;

const KNOWN: &str = "the fields are %Y %y %m %-m %d %-d %e %j %b %B %a %A %H %-H %I %-I %p %M %S \
                     %f %z and, for several, %F %T %R %D; %% is a percent sign";

/// The steps of a pattern.
pub(super) fn compile(pattern: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut parts = pattern.split('%');
    literal(&mut steps, parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        // Two percent signs leave an empty part between them.
        if part.is_empty() {
            let after = parts.next().ok_or_else(|| {
                refused("the pattern ends with a single percent sign", "write %% for the sign")
            })?;
            literal(&mut steps, "%");
            literal(&mut steps, after);
            continue;
        }
        let short = usize::from(part.starts_with('-'));
        let length = part.chars().take(short + 1).map(char::len_utf8).sum();
        let (name, after) = part.split_at(length);
        field(&mut steps, name)
            .ok_or_else(|| refused(format!("\"%{name}\" in the pattern is not judged"), KNOWN))?;
        literal(&mut steps, after);
    }
    Ok(steps)
}

fn literal(steps: &mut Vec<Step>, text: &str) {
    match steps.last_mut() {
        _ if text.is_empty() => {}
        Some(Step::Literal(before)) => before.extend(text.as_bytes()),
        _ => steps.push(Step::Literal(text.into())),
    }
}

fn field(steps: &mut Vec<Step>, name: &str) -> Option<()> {
    let number = |field, least, most, base| {
        Step::Number(Number { field, least, most, sign: Sign::Never, reserved: 0, base })
    };
    let two = |field| number(field, 2, 2, Base::Zero);
    let short = |field| number(field, 1, 2, Base::Zero);
    let name_of = |field, names, from| Step::Name { field, names, from, any_case: true };
    let several = match name {
        "F" => ["Y", "-", "m", "-", "d"],
        "T" => ["H", ":", "M", ":", "S"],
        "D" => ["m", "/", "d", "/", "y"],
        "R" => ["H", ":", "M", "", ""],
        _ => [""; 5],
    };
    for part in several {
        match part {
            "-" | ":" | "/" => literal(steps, part),
            "" => {}
            _ => field(steps, part)?,
        }
    }
    steps.push(match name {
        "F" | "T" | "D" | "R" => return Some(()),
        "Y" => number(Field::YearOfEra, 4, 4, Base::Zero),
        "y" => number(Field::YearOfEra, 2, 2, Base::Pivot),
        "m" => two(Field::Month),
        "-m" => short(Field::Month),
        "d" => two(Field::Day),
        "-d" => short(Field::Day),
        "e" => Step::Padded(Field::Day),
        "j" => number(Field::DayOfYear, 3, 3, Base::Zero),
        "b" | "h" => name_of(Field::Month, SHORT_MONTHS, 1),
        "B" => name_of(Field::Month, MONTHS, 1),
        "a" => name_of(Field::Weekday, SHORT_DAYS, 1),
        "A" => name_of(Field::Weekday, DAYS, 1),
        "H" => two(Field::Hour),
        "-H" => short(Field::Hour),
        "I" => two(Field::ClockHalfDayHour),
        "-I" => short(Field::ClockHalfDayHour),
        "p" => name_of(Field::HalfDay, HALVES, 0),
        "M" => two(Field::Minute),
        "S" => two(Field::Second),
        "f" => Step::Fraction(1, 6),
        "z" => Step::Offset(Offset {
            zero: "Z",
            colon: Colon::Either,
            minutes: Part::Always,
            seconds: Part::Never,
        }),
        _ => return None,
    });
    Some(())
}
