//! `uri` and `url`: absolute identifiers, part by part as RFC 3986 spells them.

use super::class::{all, is, run, Class, DIGIT, HEX, NAME, PATH, QUERY, SCHEME, USER};
use super::{ipv6, About, Kernel};

macro_rules! encoded {
    ($class:literal) => {
        concat!("(?:[", $class, "]|%[0-9A-Fa-f]{2})*")
    };
}

macro_rules! host_pattern {
    ($times:literal) => {
        concat!(
            r"(?:\[(?:",
            ipv6_pattern!(),
            r"|[Vv][0-9A-Fa-f]+\.[0-9A-Za-z._~!$&'()*+,;=:-]+)\]|(?:[0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})",
            $times,
            ")"
        )
    };
}

macro_rules! authority_pattern {
    ($times:literal) => {
        concat!(
            "//(?:",
            encoded!("0-9A-Za-z._~!$&'()*+,;=:-"),
            "@)?",
            host_pattern!($times),
            "(?::[0-9]*)?"
        )
    };
}

macro_rules! tail_pattern {
    () => {
        concat!(
            r"(?:\?",
            encoded!("0-9A-Za-z._~!$&'()*+,;=:@/?-"),
            ")?(?:#",
            encoded!("0-9A-Za-z._~!$&'()*+,;=:@/?-"),
            ")?"
        )
    };
}

macro_rules! segment {
    () => {
        "(?:[0-9A-Za-z._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
    };
}

pub(super) struct Uri;

impl Kernel for Uri {
    const ABOUT: About = About {
        name: "uri",
        aliases: &[],
        summary: "an absolute URI: a scheme, a colon, and what the generic syntax allows after it",
        source: "RFC 3986",
        pattern: concat!(
            "[A-Za-z][0-9A-Za-z+.-]*:(?:",
            authority_pattern!("*"),
            "(?:/",
            segment!(),
            "*)*|/(?:",
            segment!(),
            "+(?:/",
            segment!(),
            "*)*)?|",
            segment!(),
            "+(?:/",
            segment!(),
            "*)*|)",
            tail_pattern!()
        ),
        beyond: "",
        example: "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
    };

    fn accepts(text: &[u8]) -> bool {
        match scheme(text) {
            Some((_, rest)) => match rest.strip_prefix(b"//") {
                Some(rest) => authority(rest).is_some_and(|(_, rest)| path_and_tail(rest)),
                None => path_and_tail(rest),
            },
            None => false,
        }
    }
}

pub(super) struct Url;

impl Kernel for Url {
    const ABOUT: About = About {
        name: "url",
        aliases: &[],
        summary: "a web address: a URI with the scheme http, https or ftp and a host that is not \
                  empty",
        source: "RFC 3986; RFC 9110, section 4.2",
        pattern: concat!(
            "(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp]):",
            authority_pattern!("+"),
            "(?:/",
            segment!(),
            "*)*",
            tail_pattern!()
        ),
        beyond: "",
        example: "https://www.example.com/orders?day=1#top",
    };

    fn accepts(text: &[u8]) -> bool {
        let Some((scheme, rest)) = scheme(text) else {
            return false;
        };
        [&b"https"[..], b"http", b"ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && rest
                .strip_prefix(b"//")
                .and_then(authority)
                .is_some_and(|(host, rest)| !host.is_empty() && path_and_tail(rest))
    }
}

/// The scheme and what follows its colon.
fn scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = run(text, SCHEME);
    let (scheme, rest) = text.split_at(length);
    let rest = rest.strip_prefix(b":")?;
    scheme.first()?.is_ascii_alphabetic().then_some((scheme, rest))
}

/// The host of a right authority and what follows the authority.
fn authority(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let (authority, rest) = text.split_at(end.unwrap_or(text.len()));
    let host_and_port = match authority.iter().position(|byte| *byte == b'@') {
        Some(at) if encoded(&authority[..at], USER) => &authority[at + 1..],
        Some(_) => return None,
        None => authority,
    };
    let (host, port) = if host_and_port.first() == Some(&b'[') {
        let end = host_and_port.iter().position(|byte| *byte == b']')?;
        let (host, port) = host_and_port.split_at(end + 1);
        literal(&host[1..end]).then_some((host, port))?
    } else {
        let end = host_and_port.iter().position(|byte| *byte == b':');
        let (host, port) = host_and_port.split_at(end.unwrap_or(host_and_port.len()));
        encoded(host, NAME).then_some((host, port))?
    };
    let port_fits = match port.split_first() {
        None => true,
        Some((b':', digits)) => all(digits, DIGIT),
        Some(_) => false,
    };
    port_fits.then_some((host, rest))
}

/// What stands between the brackets of a host: an IPv6 address, or one of a version to come.
fn literal(text: &[u8]) -> bool {
    let Some((b'v' | b'V', version)) = text.split_first() else {
        return ipv6::address(text);
    };
    let digits = run(version, HEX);
    matches!(&version[digits..], [b'.', rest @ ..] if digits > 0 && !rest.is_empty() && all(rest, USER))
}

/// A path, perhaps empty, perhaps a query, perhaps a fragment.
fn path_and_tail(text: &[u8]) -> bool {
    let Some(rest) = skip(text, PATH) else {
        return false;
    };
    let rest = match rest.strip_prefix(b"?") {
        None => Some(rest),
        Some(query) => skip(query, QUERY),
    };
    match rest {
        Some([]) => true,
        Some([b'#', fragment @ ..]) => encoded(fragment, QUERY),
        _ => false,
    }
}

/// Whether the whole text is of the class or percent-encoded.
fn encoded(text: &[u8], class: Class) -> bool {
    skip(text, class).is_some_and(<[u8]>::is_empty)
}

/// What follows the bytes that are of the class or percent-encoded; nothing after a percent sign
/// without its two digits.
fn skip(text: &[u8], class: Class) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        rest = &rest[run(rest, class)..];
        match rest {
            [b'%', high, low, after @ ..] if is(*high, HEX) && is(*low, HEX) => rest = after,
            [b'%', ..] => return None,
            _ => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::ALNUM;
    use super::*;

    #[test]
    fn a_web_address_names_a_host() {
        for (text, fits) in [
            ("http://a", true),
            ("HTTPS://user:pw@a.b:8080/c?d#e", true),
            ("ftp://[::1]/x", true),
            ("http:///a", false),
            ("http://:80/", false),
            ("http://user@", false),
            ("http:a", false),
            ("mailto:joe@example.com", false),
            ("httpx://a", false),
        ] {
            assert_eq!(Url::accepts(text.as_bytes()), fits, "{text}");
        }
    }

    #[test]
    fn every_class_that_is_used_is_of_ascii() {
        assert!((128..=u8::MAX).all(|byte| !is(byte, ALNUM | NAME | PATH | QUERY | SCHEME | USER)));
    }
}
