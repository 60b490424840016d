"""Who may import whom in Python: cli -> mesh, gate -> siblings -> values."""

from __future__ import annotations

import sys

import pytest

from .sources import Import, python_imports, python_modules

VALUES = {
    "errors",
    "codes",
    "canonical",
    "contract",
    "moments",
    "compare",
    "explanation",
    "report",
    "checked",
    "profile",
    "decision",
    "receipt",
}
SIBLINGS = {
    "formats",
    "engine",
    "source",
    "limits",
    "text_types",
    "text_files",
    "folders",
    "text_faults",
    "policy",
    "adapters",
    "catalog",
    "projections",
    "distributed",
}
# One sibling may know another only for a reason that is written here.
ALLOWED_BETWEEN_SIBLINGS = {
    ("engine", "limits"),  # what a run may use
    ("engine", "source"),  # a run pulls its batches from a source
    ("source", "text_types"),  # which formats carry no types
    ("source", "text_files"),  # a file of text is read with the types that it does not carry
    ("text_files", "text_types"),
    ("source", "folders"),  # the files of a folder have the same columns
    ("text_files", "folders"),
    ("text_files", "text_faults"),  # and where it cannot be read, the place is found
    ("text_faults", "text_types"),
}
# The mesh, the gate, and the parts of the protocol that only they use.
GATE = {
    "gate",
    "mesh",
    "attempt",
    "enrichment",
    "keys",
    "portable",
    "published",
    "references",
    "settings",
}
LAYERS = {
    **dict.fromkeys(VALUES, 0),
    **dict.fromkeys(SIBLINGS, 1),
    **dict.fromkeys(GATE, 2),
    "cli": 3,
    "__main__": 4,
    "": 5,  # the package: public names only
}
# Loaded together with a module; everything else is imported inside the function that needs it.
AT_LOAD = {
    "formats": {"yaml"},
    "engine": {"pyarrow"},
    "source": {"pyarrow"},
    "text_types": {"pyarrow"},
    "text_files": {"pyarrow"},
    "text_faults": {"pyarrow"},
    "adapters": {"pyarrow", "deltalake"},  # a concrete adapter is itself loaded on first use
    "distributed": {"pyarrow"},  # Spark and Ray are imported by the functions that are called
    "enrichment": {"pyarrow"},
    "settings": {"tomli"},  # the standard library has it from 3.11 on
    "catalog": {"sqlalchemy", "pyarrow"},
    "cli": {"click"},
}


def area(module: str) -> str:
    return module.split(".")[0]


def inside() -> list[Import]:
    return [i for i in python_imports() if i.imported.split(".")[0] == "meshgate"]


def outside() -> list[Import]:
    return [
        i
        for i in python_imports()
        if i.imported.split(".")[0] not in sys.stdlib_module_names | {"meshgate", "__future__"}
    ]


def imported_area(item: Import) -> str:
    return area(item.imported.removeprefix("meshgate").lstrip("."))


def test_every_module_has_a_place_in_the_layers() -> None:
    homeless = {area(name) for name, _ in python_modules()} - LAYERS.keys()
    assert not homeless, f"give {homeless} a layer in this file, or a home in an existing place"


def test_no_layer_imports_one_above_it() -> None:
    wrong = [
        str(i)
        for i in inside()
        if imported_area(i) not in {"_native", ""}
        and area(i.importer) in LAYERS
        and LAYERS.get(imported_area(i), 9) > LAYERS[area(i.importer)]
    ]
    assert not wrong


def test_siblings_do_not_know_each_other() -> None:
    wrong = [
        str(i)
        for i in inside()
        if area(i.importer) in SIBLINGS
        and imported_area(i) in SIBLINGS
        and area(i.importer) != imported_area(i)
        and (area(i.importer), imported_area(i)) not in ALLOWED_BETWEEN_SIBLINGS
    ]
    assert not wrong


def test_concrete_adapters_are_reached_through_their_protocol() -> None:
    wrong = [
        str(i)
        for i in inside()
        if imported_area(i) == "adapters"
        and area(i.importer) != "adapters"
        and i.imported not in {"meshgate.adapters", "meshgate.adapters.base"}
    ]
    assert not wrong


def test_nothing_imports_the_command_line() -> None:
    wrong = [
        str(i)
        for i in inside()
        if imported_area(i) == "cli" and area(i.importer) not in {"cli", "__main__"}
    ]
    assert not wrong


def test_only_engine_and_policy_import_the_native_module() -> None:
    wrong = [
        str(i)
        for i in inside()
        if imported_area(i) == "_native" and area(i.importer) not in {"engine", "policy"}
    ]
    assert not wrong


def test_the_package_loads_nothing_when_it_is_imported() -> None:
    loads = [str(i) for i in python_imports() if not i.importer and i.at_load and not i.for_types]
    allowed = ("__future__", "typing")
    assert [line for line in loads if not line.endswith(allowed)] == []


def test_values_import_the_standard_library_only() -> None:
    assert [str(i) for i in outside() if area(i.importer) in VALUES] == []


@pytest.mark.parametrize("layer", sorted(SIBLINGS | GATE | {"cli"}))
def test_client_libraries_are_imported_where_they_are_needed(layer: str) -> None:
    wrong = [
        str(i)
        for i in outside()
        if area(i.importer) == layer
        and i.at_load
        and not i.for_types
        and i.imported.split(".")[0] not in AT_LOAD.get(layer, set())
    ]
    assert not wrong


def test_the_gate_knows_no_client_library() -> None:
    clients = {"deltalake", "sqlalchemy", "yaml", "duckdb", "pandas", "click", "rich"}
    wrong = [
        str(i)
        for i in outside()
        if i.importer in GATE and i.imported.split(".")[0] in clients and not i.for_types
    ]
    assert not wrong
