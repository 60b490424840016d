"""What stands inside structs and lists is promised, reported and left out as columns are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from meshgate.engine import Plan
from meshgate.errors import PlanError
from meshgate.formats import load
from meshgate.mesh import Mesh

SECRET = "ana.secret@example.com"
FIELDS = "columns: [{name: email, type: string, masking: redact}, {name: age, type: integer}]"
STRUCT = f"{{name: it, type: struct, {FIELDS}}}"
LIST = f"{{name: it, type: list, items: {{type: struct, {FIELDS}}}}}"
LISTS = f"{{name: it, type: list, items: {{type: list, items: {{type: struct, {FIELDS}}}}}}}"
KIND = pa.struct([("note", pa.string()), ("age", pa.int64()), ("email", pa.string())])
ROW = {"note": SECRET, "age": 7, "email": SECRET}
LEFT = {"email": "", "age": 7}
NESTED = [
    pytest.param(STRUCT, KIND, ROW, LEFT, "it", id="struct"),
    pytest.param(LIST, pa.list_(KIND), [ROW], [LEFT], "it[]", id="list"),
    pytest.param(LIST, pa.large_list(KIND), [ROW], [LEFT], "it[]", id="large_list"),
    pytest.param(LIST, pa.list_(KIND, 2), [ROW, None], [LEFT, None], "it[]", id="fixed"),
    pytest.param(LIST, pa.list_view(KIND), [ROW], [LEFT], "it[]", id="view"),
    pytest.param(LIST, pa.large_list_view(KIND), [ROW], [LEFT], "it[]", id="large_view"),
    pytest.param(LISTS, pa.list_(pa.list_(KIND)), [[ROW]], [[LEFT]], "it[][]", id="lists"),
]


def contract(column, **more):
    head = f"dataset: nested\nversion: 1.0.0\nowner: a@example.com\nschema: [{column}]\n"
    return load(head + "".join(f"{key}: {value}\n" for key, value in more.items()))


def ran(promise, data):
    plan = Plan.compile(promise, data)
    run = plan.run(data)
    batches = [split.accepted for split in run if split.accepted is not None]
    return pa.Table.from_batches(batches, plan.accepted_schema), run.report


def outcome(report, name):
    return next(check for check in report.checks if check.id == name)


@pytest.mark.parametrize(("column", "kind", "value", "left", "path"), NESTED)
@pytest.mark.parametrize("offset", [0, 2])
def test_fields_that_are_not_promised_stay_behind_and_are_reported(
    column, kind, value, left, path, offset
):
    data = pa.table({"it": pa.array([value, None, value, value, None], kind)}).slice(offset)
    accepted, report = ran(contract(column), data)
    assert accepted["it"].to_pylist() == [left, None, left, left, None][offset:]
    said = outcome(report, f"{path}.columns_match")
    assert (said.status, said.columns) == ("warn", (path,))
    assert said.reason == "1 field is not promised and not published: note"
    assert said.where.line == 4


@pytest.mark.parametrize(("column", "kind", "value", "left", "path"), NESTED)
def test_what_is_not_promised_can_be_kept_or_refused(column, kind, value, left, path):
    data = pa.table({"it": pa.array([value], kind)})
    accepted, report = ran(contract(column, extra_columns="keep"), data)
    assert outcome(report, f"{path}.columns_match").status == "pass"
    assert str(accepted["it"].to_pylist()).count(SECRET) == 1  # the note, which nobody masks
    _, report = ran(contract(column, strict="true"), data)
    assert outcome(report, f"{path}.columns_match").status == "fail"


def test_strict_holds_the_order_of_fields_too():
    data = pa.table({"it": [{"age": 1, "email": SECRET}]})
    accepted, report = ran(contract(STRUCT), data)
    assert accepted.schema.field("it").type.names == ["email", "age"]
    assert outcome(report, "it.columns_match").status == "pass"
    _, report = ran(contract(STRUCT, strict="true"), data)
    assert outcome(report, "it.columns_match").status == "fail"


def test_a_struct_without_listed_fields_is_promised_as_it_is():
    data = pa.table({"it": [{"any": 1}]})
    accepted, report = ran(contract("{name: it, type: struct}"), data)
    assert accepted == data
    assert report.status == "pass"


def test_a_field_of_another_type_does_not_leave():
    data = pa.table({"it": [{"email": SECRET, "age": SECRET}]})
    accepted, report = ran(contract(STRUCT), data)
    assert accepted["it"].to_pylist() == [{"email": ""}]
    assert outcome(report, "it.age.type_is").status == "fail"


@pytest.mark.parametrize("column", [STRUCT, LIST, LISTS])
def test_what_has_no_promised_part_does_not_leave(column):
    empty = {"it": [[[{"x": SECRET}]]] if column == LISTS else [[{"x": SECRET}]]}
    data = pa.table(empty if column != STRUCT else {"it": [{"x": SECRET}]})
    accepted, report = ran(contract(column), data)
    assert accepted.schema.names == []
    assert report.status == "fail"


def test_fields_of_a_missing_struct_are_missing_and_no_error():
    rules = [
        "{column: it.age, rule: not_null}",
        '{rule: expression, args: {expression: "it.age>1"}}',
    ]
    promise = contract(STRUCT, quality_rules=f"[{', '.join(rules)}]")
    for data in (pa.table({"other": [1]}), pa.table({"it": ["text"]})):
        report = Plan.compile(promise, data).check(data)
        states = {check.id: check.status for check in report.checks}
        assert (states["it.age.column_exists"], states["it.age.type_is"]) == (
            "fail",
            "not_enforced",
        )
        assert states["it.age.not_null"] == "not_enforced"
        assert report.status == "fail"


def test_fields_inside_lists_must_be_there():
    data = pa.table({"it": [[{"email": SECRET}]]})
    _, report = ran(contract(LIST), data)
    assert outcome(report, "it[].age.column_exists").status == "fail"
    assert outcome(report, "it[].email.type_is").status == "pass"


MAP = f"{{name: it, type: map, value: {{type: struct, {FIELDS}}}}}"


def test_fields_inside_of_maps_stay_behind_and_pairs_stay_whole():
    data = pa.table({"it": pa.array([[("k", ROW)], None, []], pa.map_(pa.string(), KIND))})
    accepted, report = ran(contract(MAP), data)
    assert accepted["it"].to_pylist() == [[("k", LEFT)], None, []]
    assert outcome(report, "it[].value.columns_match").status == "warn"
    assert "it[].columns_match" not in {check.id for check in report.checks}
    unmasked = contract(MAP.replace(", masking: redact", ""))
    assert ran(unmasked, data)[0]["it"].to_pylist()[0] == [("k", {"email": SECRET, "age": 7})]


@pytest.mark.parametrize("column", [STRUCT, LIST])
def test_a_field_that_comes_twice_is_refused(column):
    fields = [pa.field("age", pa.int64()), pa.field("age", pa.int64())]
    struct = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], fields=fields)
    inside = struct if column == STRUCT else pa.ListArray.from_arrays([0, 1], struct)
    with pytest.raises(PlanError) as caught:
        Plan.compile(contract(column), pa.table({"it": inside}))
    assert caught.value.code == "plan.bad_columns"
    assert "age" in str(caught.value)


def test_a_secret_in_a_field_that_nobody_promised_is_published_nowhere(tmp_path):
    mesh = Mesh.embedded(tmp_path / "mesh")
    data = pa.table({"it": pa.array([ROW, ROW], KIND)})
    mesh.gate(contract(STRUCT)).publish(data)
    assert mesh.read("nested").read_all()["it"].to_pylist() == [LEFT, LEFT]
    mesh.close()
    for path in (tmp_path / "mesh").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
