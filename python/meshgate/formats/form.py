"""The native form as data: every key, the kind of its value, and what it is for.

The loader reads documents by this table, and the JSON Schema for editors is generated from it, so
the two cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the native form.

    Attributes:
        kind: what its value is; `schema.py` has the JSON Schema of each kind.
        about: one sentence for editors and messages.
        words: the accepted words of kind `word`.
    """

    name: str
    kind: str
    about: str
    required: bool = False
    words: tuple[str, ...] = ()


STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
DIMENSIONS = (
    "accuracy",
    "completeness",
    "conformity",
    "consistency",
    "coverage",
    "timeliness",
    "uniqueness",
)

ROOT = (
    Key("dataset", "dataset", "The dataset's name, such as finance.monthly_ledger.", True),
    Key("version", "version", "The contract's version by SemVer 2.0.0, such as 1.2.0.", True),
    Key("owner", "text", "Who answers for the dataset: a team or an address."),
    Key("id", "name", "The contract's id; the dataset's name when absent."),
    Key("domain", "domain", "The domain of the mesh that the dataset belongs to."),
    Key("status", "word", "Where the contract is in its life; active when absent.", words=STATUSES),
    Key("description", "text", "What the dataset holds and what it is for."),
    Key("tags", "words", "Free marks, for search and policies."),
    Key("strict", "boolean", "Extra columns and other column orders fail."),
    Key(
        "extra_columns",
        "word",
        "What happens to columns and struct fields that are not promised: drop (default) or keep.",
        words=("drop", "keep"),
    ),
    Key("schema", "columns", "The promised columns, in the promised order."),
    Key("quality_rules", "rules", "The checks on the data."),
    Key("service_levels", "levels", "Promises about time, such as freshness: 24h."),
    Key("metadata", "metadata", "Anything else that should travel with the contract."),
)

ITEMS = (
    Key("type", "type", "The type of each value.", True),
    Key("description", "text", "What the values mean."),
    Key("required", "boolean", "No nulls."),
    Key("nullable", "boolean", "Nulls are allowed (default): the opposite of required."),
    Key("pii", "pii", "The kind of personal data, such as email; true when unspecified."),
    Key("tags", "words", "Free marks; pii and pii:<kind> mean personal data."),
    Key("classification", "name", "The handling level, such as confidential."),
    Key("masking", "masking", "How the values are replaced before anything leaves."),
    Key("columns", "columns", "The fields of a struct."),
    Key("items", "items", "The items of a list."),
    Key("key", "items", "The keys of a map."),
    Key("value", "items", "The values of a map."),
    Key("metadata", "metadata", "Anything else that should travel with the column."),
)

COLUMN = (Key("name", "name", "The column's exact name.", True), *ITEMS)

RULE = (
    Key("rule", "rule", "The check, named for what must hold.", True),
    Key("column", "name", "The column that it judges; dots reach into structs, [] into lists."),
    Key("columns", "words", "The columns that it judges together."),
    Key("args", "args", "The check's arguments."),
    Key("when", "text", "A condition in SQL; only rows for which it is true are judged."),
    Key("severity", "name", "error (default), warning, or a label for policies."),
    Key("max_rows", "count", "Failing rows that are tolerated."),
    Key("max_pct", "percent", "Failing rows that are tolerated, in percent of the tested rows."),
    Key("id", "name", "A stable id for reports; <column>.<check> when absent."),
    Key("description", "text", "Why this must hold."),
    Key("dimension", "word", "The quality dimension.", words=DIMENSIONS),
)

LEVEL = (
    Key("value", "level", "The promised value, such as 24h.", True),
    Key("column", "name", "The column that carries the time."),
)

MASKING = (
    Key("method", "name", "The mask, such as hash, partial, redact, nullify or constant.", True),
    Key("key", "key", "A reference to the key, env:NAME or file:PATH; never the key itself."),
    Key("domain", "name", "Equal values get equal masked values inside one domain."),
    Key("args", "args", "The mask's arguments; they may also stand beside method."),
)


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """The names of the keys."""
    return tuple(key.name for key in keys)
