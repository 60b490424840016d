from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from meshgate.cli.promised import promised_schema
from meshgate.contract import Check, Column, Contract, Frozen
from meshgate.formats.column_types import TYPES


def contract(*columns: Column) -> Contract:
    return Contract(id="a", dataset="a", version="1.0.0", columns=columns)


@pytest.mark.parametrize("name", [*TYPES, "decimal(12,2)", "decimal( 50, 10 )"])
def test_every_promised_type_has_an_arrow_type(name: str) -> None:
    field = promised_schema(contract(Column("a", name))).field("a")
    assert isinstance(field.type, pa.DataType)


def test_nested_promises_are_followed() -> None:
    inner = Column("b", "list", items=Column("item", "int16"))
    schema = promised_schema(contract(Column("a", "struct", columns=(inner,))))
    assert schema.field("a").type == pa.struct([("b", pa.list_(pa.int16()))])


def test_promised_maps_have_the_promised_keys_and_values() -> None:
    pair = (Column("key", "int64"), Column("value", "date"))
    entries = Column("item", "struct", columns=pair)
    schema = promised_schema(contract(Column("a", "map", items=entries)))
    assert schema.field("a").type == pa.map_(pa.int64(), pa.date32())


@pytest.mark.parametrize(
    ("literal", "zone"),
    [
        ("2020-01-01 00:00:00", None),
        ("2020-01-01T00:00", None),
        ("2020-01-01T00:00:00.5", None),
        ("2020-01-01T00:00:00Z", "UTC"),
        ("2020-01-01 00:00:00+10:00", "UTC"),
        ("2020-01-01", "UTC"),
        (("2020-01-01T00:00Z", "2020-01-01T00:00"), None),
    ],
)
def test_times_without_offset_are_compared_with_columns_without_zone(
    literal: str | tuple[str, ...], zone: str | None
) -> None:
    check = Check("c", "between", ("a",), Frozen({"min": literal}))
    promised = replace(
        contract(Column("a", "timestamp"), Column("b", "timestamp")), checks=(check,)
    )
    schema = promised_schema(promised)
    assert schema.field("a").type == pa.timestamp("us", zone)
    assert schema.field("b").type == pa.timestamp("us", "UTC")
