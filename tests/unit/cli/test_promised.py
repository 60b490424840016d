from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate.cli.promised import promised_schema
from meshgate.contract import Column, Contract
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
