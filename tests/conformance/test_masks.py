"""The cases of every mask hold in every layout, and no raw byte is left in what comes out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from meshgate.canonical import Frozen, freeze
from meshgate.contract import Column, Contract, Mask
from meshgate.engine import Plan
from meshgate.errors import PlanError

from .cases import array, cases, layouts

KEYS = {"default": bytes(range(32))}


def plan_for(document: Any, case: Any, promised: str, data: pa.Table) -> Plan:
    args = freeze(case.get("args", {}))
    assert isinstance(args, Frozen)
    mask = Mask(document["mask"], document.get("domain", "case.c"), args, case.get("key"))
    column = Column("c", promised, required=case.get("required", False), mask=mask)
    contract = Contract(id="case", dataset="case", version="1.0.0", columns=(column,))
    return Plan.compile(contract, data, KEYS)


def masked(document: Any, case: Any, promised: str, values: pa.Array) -> list[Any]:
    table = pa.table({"c": values})
    run = plan_for(document, case, promised, table).run(table)
    out: list[Any] = []
    for split in run:
        assert split.rejected is None
        if split.accepted is not None:
            out += split.accepted["c"].to_pylist()
    assert run.report.masks[0].method == document["mask"]
    return out


@pytest.mark.parametrize(("document", "case"), cases("masks"))
def test_case(document: Any, case: Any) -> None:
    promised = case["column"]["type"]
    values = array(case["column"])
    if "error" in case:
        with pytest.raises(PlanError) as caught:
            plan_for(document, case, promised, pa.table({"c": values}))
        assert caught.value.code == case["error"]
        return
    if "same_as" in case:
        twin = case["same_as"]
        expected = masked(document, case, twin["type"], array(twin))
        assert [v is None for v in expected] == [v is None for v in values.to_pylist()]
    else:
        expected = case["output"]
    for label, variant in layouts(values):
        assert masked(document, case, promised, variant) == expected, label


@pytest.mark.parametrize("method", ["nullify", "constant", "redact", "hash", "partial"])
@pytest.mark.parametrize("rejecting", [False, True])
def test_no_raw_byte_is_left_in_any_output_buffer(method: str, rejecting: bool) -> None:
    secret = b"planted-secret@example.org"
    values = pa.array([secret.decode(), None, "other-" + secret.decode(), "x" * 30])
    contract = Contract(
        id="case",
        dataset="case",
        version="1.0.0",
        columns=(Column("c", "string", mask=Mask(method, "d")), Column("n", "integer")),
        checks=(_positive(),) if rejecting else (),
    )
    for label, variant in layouts(values):
        table = pa.table({"c": variant, "n": pa.array([1, -1, -1, 1])})
        for split in Plan.compile(contract, table, KEYS).run(table):
            for batch in (split.accepted, split.rejected):
                if batch is not None:
                    for buffer in _buffers(batch["c"]):
                        assert secret not in buffer, (label, method)


def _positive() -> Any:
    from meshgate.contract import Check

    return Check("n.gt", "gt", ("n",), Frozen({"value": 0}))


def _buffers(values: pa.Array) -> list[bytes]:
    found = [b.to_pybytes() for b in values.buffers() if b is not None]
    if pa.types.is_dictionary(values.type):
        found += _buffers(values.dictionary)
    return found
