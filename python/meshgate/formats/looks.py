"""Which columns look like personal data: by their names, and by the shapes of their values.

A guess for whoever writes a contract, made in favour of the people behind the data: a column is
suspected rather than missed. Nothing is enforced by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from meshgate.formats.personal import UNSPECIFIED
from meshgate.profile import Counted

# A word of a column's name, or several that stand there together, and the kind they speak of.
_NAMED: tuple[tuple[str, str], ...] = (
    ("email mail emails", "email"),
    ("phone phones mobile tel telephone fax msisdn", "phone"),
    ("card cards creditcard pan cvv cvc", "payment_card"),
    ("iban bic bank account+number", "bank_account"),
    ("ssn nino national+id social+security", "national_id"),
    ("tax+id tin vat+id", "tax_id"),
    ("passport", "passport"),
    ("license+number licence+number driver+license driver+licence", "driver_license"),
    ("dob birth birthday birthdate born", "dob"),
    ("age", "age"),
    ("gender sex", "gender"),
    ("ip ipv4 ipv6", "ip"),
    ("address addr street", "address"),
    ("zip zipcode postal postcode", "postal_code"),
    ("mac imei", "mac_device"),
    ("lat lon lng latitude longitude gps geo", "geo"),
    ("patient diagnosis", "health_id"),
    ("password passwd pwd secret token", "credential"),
    ("name names surname forename firstname lastname fullname username", "person_name"),
)
_KINDS = tuple((frozenset(w.split("+")), kind) for words, kind in _NAMED for w in words.split())
# What has a name and is no person.
_THINGS = frozenset(
    (
        *("branch", "city", "column", "country", "county", "dataset", "domain", "event", "file"),
        *("host", "model", "nation", "part", "plan", "process", "product", "project", "region"),
        *("schema", "server", "service", "state", "status", "table", "topic", "type"),
    )
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")

_LETTERS = r"[aA9._%+-]"
_SHAPED = (
    (re.compile(rf"{_LETTERS}+@{_LETTERS}+"), "email"),
    (re.compile(r"9{4}[ -]?9{4}[ -]?9{4}[ -]?9{4}|9{4}[ -]?9{6}[ -]?9{5}"), "payment_card"),
    (re.compile(r"AA99(?: ?[A9]){11,30}"), "bank_account"),
    (re.compile(r"(?:9{1,3}\.){3}9{1,3}"), "ip"),
    (re.compile(r"(?=[\d() ./+-]*[() ./+-])\+?(?:[() ./-]{0,2}9){9,15}"), "phone"),
)
_PROPER = re.compile(r"Aa+(?: Aa+)+")
_REPEATED = re.compile(r"(\\?.)\{(\d+)\}", re.DOTALL)
_ENOUGH = 10  # one value in ten


def by_name(name: str) -> str | None:
    """The kind of personal data that a column's name speaks of, or None.

    >>> by_name("customerEmail"), by_name("l_shipmode"), by_name("product_name")
    ('email', None, None)
    """
    words = frozenset(word.lower() for word in _WORDS.findall(name))
    kind = next((kind for wanted, kind in _KINDS if wanted <= words), None)
    return None if kind == "person_name" and words & _THINGS else kind


def by_shapes(shapes: Iterable[Counted]) -> str | None:
    """The kind of personal data that values of these shapes may be, or None.

    >>> by_shapes([Counted("a{3}.a{8}@a{7}.a{3}", 9), Counted("a{2}", 1)])
    'email'
    """
    listed = [(_spelt_out(shape.text), shape.count) for shape in shapes]
    for pattern, kind in _SHAPED:
        found = sum(count for text, count in listed if pattern.fullmatch(text))
        if found * _ENOUGH >= sum(count for _, count in listed) and found:
            return kind
    return None


def may_be_names(shapes: Iterable[Counted]) -> bool:
    """Whether half of the values look like names of people or places: Ada Lovelace."""
    listed = [(_spelt_out(shape.text), shape.count) for shape in shapes]
    found = sum(count for text, count in listed if _PROPER.fullmatch(text))
    return 2 * found > sum(count for _, count in listed)


def strongest(kinds: Iterable[str | None]) -> str | None:
    """One suspicion for what is made of several parts: that of all, or an unspecified one."""
    found = {kind for kind in kinds if kind is not None}
    return found.pop() if len(found) == 1 else (UNSPECIFIED if found else None)


def parts(shape: str) -> Iterator[tuple[str, int]]:
    """The kinds of characters of a shape, and how often each repeats.

    >>> list(parts("A{3}-9"))
    [('A', 3), ('-', 1), ('9', 1)]
    """
    for kind, count in re.findall(r"(\\?.)(?:\{(\d+)\})?", shape, re.DOTALL):
        yield kind[-1], int(count or 1)


def _spelt_out(shape: str) -> str:
    return _REPEATED.sub(lambda found: found[1] * min(int(found[2]), 64), shape)
