"""The catalog's tables. Times are RFC 3339 in UTC and are shown, never used to order."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

FORMAT = 1
METADATA = MetaData()

catalog = Table("meshgate", METADATA, Column("format", Integer, nullable=False))
"""One row: the format of these tables."""

product = Table(
    "product",
    METADATA,
    Column("name", String(240), primary_key=True),
    Column("domain", Text),
    Column("owner", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("contract", Text, nullable=False),  # canonical JSON of the latest published contract
    Column("contract_digest", String(71), nullable=False),
    Column("updated_at", String(40), nullable=False),
)

publication = Table(
    "publication",
    METADATA,
    Column("product", String(240), primary_key=True),
    Column("publish_id", String(128), primary_key=True),
    Column("state", String(9), nullable=False),
    Column("attempt", String(16)),
    Column("input_digest", Text),
    Column("contract_digest", String(71), nullable=False),
    Column("pending", Text),
    Column("updated_at", String(40), nullable=False),
)
"""Each publish id of a product is in exactly one state; see `ledger`."""

version = Table(
    "version",
    METADATA,
    Column("product", String(240), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("publish_id", String(128), nullable=False),
    Column("contract_version", Text, nullable=False),
    Column("published_at", String(40), nullable=False),
    Column("rows", BigInteger),
    Column("rejected_rows", BigInteger),
    Column("seconds", Text),
    Column("receipt", Integer, nullable=False),
    UniqueConstraint("product", "publish_id"),
)
"""What became visible, by the destination's version."""

receipt = Table(
    "receipt",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("product", String(240), nullable=False, index=True),
    Column("publish_id", String(128)),
    Column("state", String(9), nullable=False),
    Column("digest", String(71), nullable=False),
    Column("body", Text, nullable=False),
)
"""Every receipt, also those of denials; the id is their order."""

decision = Table(
    "decision",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("product", String(240), nullable=False, index=True),
    Column("publish_id", String(128)),
    Column("phase", String(20), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", String(40), nullable=False),
)

service_level = Table(
    "service_level",
    METADATA,
    Column("product", String(240), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("column", Text, primary_key=True),  # empty: measured on publications
    Column("value", Text, nullable=False),
    Column("seconds", Text),  # exact decimal text; null when it is no duration
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("product", String(240), nullable=False),
    Column("publish_id", String(128), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Column("sent", Integer, nullable=False, server_default="0"),
    UniqueConstraint("product", "publish_id", "kind"),
)
"""Events to send at least once; receivers drop what they know by ``product/publish_id/kind``."""
