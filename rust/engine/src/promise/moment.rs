//! Times and timestamps that are promised with a unit or a zone: `time[us]`,
//! `timestamp[us, tz=UTC]`.

use arrow_schema::TimeUnit;

use super::Promise;
use crate::error::{Code, Error, Result};

/// What is promised of a timestamp. The values are instants either way; the zone is how they read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// With a zone, without, or either.
    pub zone: Zone,
    /// The unit of the values; `None` for any.
    pub unit: Option<TimeUnit>,
}

/// What is promised of a timestamp's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// With a zone or without.
    Either,
    /// Without.
    Absent,
    /// With any zone.
    Present,
    /// With this one.
    Named(String),
}

/// Zones that are one zone.
const UTC: &[&str] = &["UTC", "Etc/UTC", "Z", "+00:00"];
const UNITS: &[(&str, TimeUnit)] = &[
    ("s", TimeUnit::Second),
    ("ms", TimeUnit::Millisecond),
    ("us", TimeUnit::Microsecond),
    ("ns", TimeUnit::Nanosecond),
];
const HELP: &str = "write a unit (s, ms, us, ns), and for timestamps a zone: timestamp[us], \
                    timestamp[us, tz=UTC], timestamp_ntz[ms], time[us]";
const ZONE_CHARS: usize = 64;

impl Moment {
    pub(super) const ANY: Self = Self { zone: Zone::Either, unit: None };
    pub(super) const ZONED: Self = Self { zone: Zone::Present, unit: None };
    pub(super) const NAIVE: Self = Self { zone: Zone::Absent, unit: None };

    /// Whether more is promised than that there is a zone, or none.
    pub fn is_exact(&self) -> bool {
        self.unit.is_some() || matches!(self.zone, Zone::Named(_))
    }

    /// Whether moments of this kind may be with a zone (`aware`), or without.
    pub fn allows(&self, aware: bool) -> bool {
        match self.zone {
            Zone::Either => true,
            Zone::Absent => !aware,
            Zone::Present | Zone::Named(_) => aware,
        }
    }

    /// Whether a timestamp of this unit and zone keeps the promise.
    pub(super) fn fits(&self, unit: TimeUnit, zone: Option<&str>) -> bool {
        let named = match (&self.zone, zone) {
            (Zone::Named(wanted), Some(have)) => same(wanted, have),
            _ => true,
        };
        named && self.allows(zone.is_some()) && self.unit.is_none_or(|wanted| wanted == unit)
    }
}

fn same(one: &str, other: &str) -> bool {
    one == other || UTC.contains(&one) && UTC.contains(&other)
}

/// The promise of a text with brackets behind a time or timestamp; `None` for any other text.
pub(super) fn parse(text: &str) -> Option<Result<Promise>> {
    let (base, inside) = text.strip_suffix(']')?.split_once('[')?;
    let base = base.trim_end();
    let mut moment = match base {
        "time" | "timestamp" => Moment::ANY,
        "timestamp_tz" => Moment::ZONED,
        "timestamp_ntz" => Moment::NAIVE,
        _ => return None,
    };
    let mut parts = inside.split(',').map(str::trim).peekable();
    moment.unit = parts.peek().and_then(|part| unit(part));
    if moment.unit.is_some() {
        parts.next();
    }
    if let Some(name) = parts.peek().and_then(|part| part.strip_prefix("tz=")) {
        let zoned = matches!(base, "timestamp" | "timestamp_tz") && is_zone(name);
        moment.zone = Zone::Named(name.to_owned());
        if zoned {
            parts.next();
        }
    }
    if parts.next().is_some() || !moment.is_exact() {
        let message = format!("{text:?} is not a type");
        return Some(Err(Error::new(Code::UnknownType, message).help(HELP)));
    }
    Some(Ok(if base == "time" { Promise::Time(moment.unit) } else { Promise::Timestamp(moment) }))
}

fn unit(word: &str) -> Option<TimeUnit> {
    UNITS.iter().find(|(name, _)| *name == word).map(|(_, unit)| *unit)
}

fn is_zone(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'/' | b':');
    (1..=ZONE_CHARS).contains(&name.len()) && name.bytes().all(plain)
}

/// A type with its unit, and with its zone as far as that is a zone's name.
pub(super) fn spelt(base: &str, unit: TimeUnit, zone: Option<&str>) -> String {
    let unit = UNITS.iter().find(|(_, known)| *known == unit).map_or("", |(name, _)| name);
    match zone {
        Some(zone) if is_zone(zone) => format!("{base}[{unit}, tz={zone}]"),
        Some(_) => format!("{base}[{unit}] with a zone"),
        None => format!("{base}[{unit}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::DataType;

    fn timestamp(unit: TimeUnit, zone: Option<&str>) -> DataType {
        DataType::Timestamp(unit, zone.map(Into::into))
    }

    #[test]
    fn units_and_zones_are_promised() {
        use TimeUnit::{Microsecond as Us, Millisecond as Ms};
        for (promise, unit, zone, fits) in [
            ("timestamp[us]", Us, None, true),
            ("timestamp[us]", Us, Some("UTC"), true),
            ("timestamp[us]", Ms, None, false),
            ("timestamp_ntz[us]", Us, Some("UTC"), false),
            ("timestamp_tz[us]", Us, None, false),
            ("timestamp_tz[ms]", Ms, Some("Asia/Tokyo"), true),
            ("timestamp[us, tz=UTC]", Us, Some("+00:00"), true),
            ("timestamp[us,tz=Europe/Berlin]", Us, Some("Europe/Berlin"), true),
            ("timestamp[us, tz=Europe/Berlin]", Us, Some("UTC"), false),
            ("timestamp[tz=UTC]", Ms, Some("Etc/UTC"), true),
            ("timestamp[tz=UTC]", Ms, None, false),
        ] {
            let promised = Promise::parse(promise).unwrap();
            assert_eq!(promised.fits(&timestamp(unit, zone)), fits, "{promise} {unit:?} {zone:?}");
        }
        let time = Promise::parse("time[ms]").unwrap();
        assert!(time.fits(&DataType::Time32(Ms)) && !time.fits(&DataType::Time64(Us)));
    }

    #[test]
    fn what_is_no_unit_or_zone_is_refused_with_what_to_write() {
        for text in [
            "timestamp[]",
            "timestamp[h]",
            "timestamp[us, UTC]",
            "timestamp[tz=]",
            "timestamp[us, tz=a b]",
            "timestamp_ntz[us, tz=UTC]",
            "time[us, tz=UTC]",
            "timestamp[us, us]",
        ] {
            let error = Promise::parse(text).unwrap_err();
            assert_eq!(error.help.as_deref(), Some(HELP), "{text}");
        }
        assert!(Promise::parse("string[us]").is_err());
    }

    #[test]
    fn what_the_data_has_instead_is_told_as_exactly_as_the_promise() {
        let exact = Promise::parse("timestamp[us, tz=UTC]").unwrap();
        let instead = |zone| exact.instead(&timestamp(TimeUnit::Millisecond, zone));
        assert_eq!(instead(Some("UTC")), "timestamp[ms, tz=UTC]");
        assert_eq!(instead(None), "timestamp_ntz[ms]");
        assert_eq!(instead(Some("\u{1b}[31m")), "timestamp[ms] with a zone");
    }
}
