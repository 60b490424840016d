"""What counts as personal data: one table for the tags and words that documents use for it.

The canonical marks are the tags `pii` and `pii:<kind>`. Tags and classifications of other
systems compile to them; a kind that nobody knows compiles to plain `pii`, never to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = (
    "email",
    "phone",
    "person_name",
    "address",
    "postal_code",
    "dob",
    "age",
    "gender",
    "national_id",
    "tax_id",
    "passport",
    "driver_license",
    "payment_card",
    "bank_account",
    "ip",
    "mac_device",
    "geo",
    "health_id",
    "credential",
    "free_text",
)
UNSPECIFIED = "unspecified"

# Sub-types, and the words of Snowflake, Databricks, DataHub, Glue, DLP and Presidio.
_KIND_OF = {kind: kind for kind in KINDS} | {
    "account_number": "bank_account",
    "bank_account_number": "bank_account",
    "card": "payment_card",
    "card_number": "payment_card",
    "credit_card": "payment_card",
    "credit_card_number": "payment_card",
    "credit_debit_card_number": "payment_card",
    "date_of_birth": "dob",
    "drivers_license": "driver_license",
    "email_address": "email",
    "iban": "bank_account",
    "imei": "mac_device",
    "ip_address": "ip",
    "location": "geo",
    "mac": "mac_device",
    "name": "person_name",
    "national_identifier": "national_id",
    "password": "credential",
    "person": "person_name",
    "phone_number": "phone",
    "postal_address": "address",
    "social_security_number": "national_id",
    "ssn": "national_id",
    "uk_nino": "national_id",
    "us_itin": "national_id",
    "us_social_security_number": "national_id",
    "us_ssn": "national_id",
    "usa_ssn": "national_id",
    "zip": "postal_code",
}
_CLASSES = frozenset({"pii", "personal", "personal_data"})
_PLAIN = frozenset({"pii", "pii:true", "pii.sensitive", "pii.nonsensitive"})
_PREFIX = re.compile(r"(?:pii[:.=]|class\.|discovered\.entity\.)(.+)", re.IGNORECASE)


def kind_of(word: str) -> str | None:
    """The canonical kind of a word for personal data, or None.

    >>> kind_of("US Social Security Number")
    'national_id'
    """
    return _KIND_OF.get(re.sub(r"[\s-]+", "_", word.strip().lower()))


def read_tags(tags: Iterable[str]) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """The kind of personal data that tags state, the other tags, and the unknown kinds."""
    found: list[str] = []
    others: list[str] = []
    unknown: list[str] = []
    for tag in tags:
        prefixed = _PREFIX.fullmatch(tag)
        if tag.lower() in _PLAIN:
            found.append(UNSPECIFIED)
        elif prefixed and (kind := kind_of(prefixed[1])):
            found.append(kind)
        elif prefixed and tag.lower().startswith("pii"):
            found.append(UNSPECIFIED)
            unknown.append(prefixed[1])
        else:
            others.append(tag)
    return strongest(found), tuple(others), tuple(unknown)


def strongest(found: Iterable[str | None]) -> str | None:
    """The most telling of several statements: the first kind, then `unspecified`, then None."""
    stated = [kind for kind in found if kind is not None]
    return next((kind for kind in stated if kind != UNSPECIFIED), stated[0] if stated else None)


def is_personal(classification: str | None) -> bool:
    """Whether a classification by itself says that a column holds personal data."""
    return classification is not None and classification.strip().lower() in _CLASSES


def with_tags(pii: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    """The tags of a column with the canonical marks in front."""
    if pii is None:
        return others
    marks = ("pii",) if pii == UNSPECIFIED else ("pii", f"pii:{pii}")
    return (*marks, *others)
