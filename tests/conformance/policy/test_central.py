"""The policies shipped with meshgate: what each denies, and that nothing weakens them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from meshgate import PolicyError
from meshgate.policy import PolicySet, check, sources

Document = dict[str, Any]


def messages(document: Document, phase: str = "before_commit") -> list[str]:
    decision = PolicySet.load().decide(document, phase)
    assert decision.error is None
    assert decision.allowed is not bool(decision.reasons)
    assert all(reason.code == "policy.denied" for reason in decision.reasons)
    return [reason.message for reason in decision.reasons]


def test_the_document_is_of_the_documented_form(document: Document) -> None:
    jsonschema.validate(document, json.loads(sources.schema("input")))


def test_a_good_product_may_leave(document: Document) -> None:
    assert messages(document) == []
    del document["report"]
    assert messages(document, "before_data") == []


def test_there_is_nothing_to_say_about_them() -> None:
    assert check(()) == ()
    names = [package["package"] for package in PolicySet.load().packages()]
    assert names == [
        "meshgate.central.encryption_stated",
        "meshgate.central.owner_named",
        "meshgate.central.pii_masked",
        "meshgate.central.publisher_allowed",
        "meshgate.central.report_passed",
    ]


def test_only_the_report_waits_for_the_report() -> None:
    waiting = [p["package"] for p in PolicySet.load().packages() if p["reads_report"]]
    assert waiting == ["meshgate.central.report_passed"]


UNMASKED = "column email is tagged as personal data (email) and has no mask"
UNOWNED = "the contract names no owner"
UNSTATED = "nobody states how the destination encrypts what it stores"
FAILED = "the contract does not hold: email.not_null"


def no_mask(d: Document) -> None:
    d["schema"]["columns"][0]["mask"] = None


def mask_not_applied(d: Document) -> None:
    del d["masking"]["email"]


def another_mask_applied(d: Document) -> None:
    d["masking"]["email"]["method"] = "partial"


def no_owner(d: Document) -> None:
    d["contract"]["owner"] = ""


def blank_owner(d: Document) -> None:
    d["contract"]["owner"] = " \t"


def encryption_null(d: Document) -> None:
    d["infrastructure"]["encryption"] = None


def encryption_blank(d: Document) -> None:
    d["infrastructure"]["encryption"] = " "


def encryption_missing(d: Document) -> None:
    del d["infrastructure"]["encryption"]


def report_failed(d: Document) -> None:
    d["report"].update(ok=False, status="fail")
    d["report"]["checks"][0]["status"] = "fail"


def report_failed_without_checks(d: Document) -> None:
    d["report"].update(ok=False, checks=[])


def report_is_not_sure(d: Document) -> None:
    d["report"]["ok"] = None


def no_report(d: Document) -> None:
    del d["report"]


def stranger(d: Document) -> None:
    d["publication"]["publisher"] = {"id": "eve", "roles": ["engineer"]}


def nobody(d: Document) -> None:
    d["publication"]["publisher"] = {"id": None, "roles": []}


def no_publishers(d: Document) -> None:
    d["publication"]["publishers"] = []


def unknown_domain(d: Document) -> None:
    d["publication"]["domain"] = "marketing"


def no_domain(d: Document) -> None:
    d["publication"]["domain"] = None


def domain_of_a_mesh_without_domains(d: Document) -> None:
    d["publication"]["domains"] = []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (no_mask, [UNMASKED]),
        (mask_not_applied, [UNMASKED]),
        (another_mask_applied, [UNMASKED]),
        (no_owner, [UNOWNED]),
        (blank_owner, [UNOWNED]),
        (encryption_null, [UNSTATED]),
        (encryption_blank, [UNSTATED]),
        (encryption_missing, [UNSTATED]),
        (report_failed, [FAILED]),
        (report_failed_without_checks, ["the contract does not hold"]),
        (report_is_not_sure, ["the contract does not hold", "there is no report"]),
        (no_report, ["there is no report"]),
        (stranger, ["publisher eve may not publish in domain finance"]),
        (nobody, ["publisher null may not publish in domain finance"]),
        (no_publishers, ["publisher ana may not publish in domain finance"]),
        (unknown_domain, ["the mesh has no domain marketing"]),
        (no_domain, ["the mesh has no domain null"]),
        (domain_of_a_mesh_without_domains, ["the mesh has no domain finance"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_denies(
    document: Document, change: Callable[[Document], None], expected: list[str]
) -> None:
    change(document)
    assert messages(document) == expected


def test_what_is_allowed_beside(document: Document) -> None:
    document["infrastructure"]["encryption"] = "none"  # stated, which is what the policy asks
    document["report"].update(status="warn")
    document["report"]["checks"][0]["status"] = "warn"
    document["publication"]["publisher"] = {"id": "bob", "roles": ["role-of-others"]}
    assert messages(document) == []
    document["publication"].update(domain=None, domains=[], publishers=[])
    assert messages(document) == []


def test_a_field_is_masked_by_what_is_around_it(document: Document) -> None:
    columns = document["schema"]["columns"]
    columns[0] |= {"name": "person", "type": "struct", "pii": None}
    document["masking"]["person"] = document["masking"].pop("email")
    columns += [
        {**columns[1], "name": "person.email", "pii": "email"},
        {**columns[1], "name": "person.phones[]", "pii": "phone"},
    ]
    assert messages(document) == []
    columns.append({**columns[1], "name": "personal", "pii": "name"})
    assert messages(document) == [
        "column personal is tagged as personal data (name) and has no mask"
    ]


@pytest.mark.parametrize("missing", ["schema", "contract", "infrastructure", "publication"])
def test_a_part_that_is_missing_denies(document: Document, missing: str) -> None:
    del document[missing]
    assert not PolicySet.load().decide(document, "before_commit").allowed


def test_every_missing_or_null_leaf_denies_or_changes_nothing(document: Document) -> None:
    """No single omission opens the gate for a product that was denied."""
    policies = PolicySet.load()
    no_mask(document)

    def walk(at: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        children = (
            at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ()
        )
        return [path, *(p for key, value in children for p in walk(value, (*path, key)))]

    gone = object()
    for path in walk(document, ())[1:]:
        for replace in (None, False, "", [], {}, gone):
            copy = json.loads(json.dumps(document))
            at = copy
            for key in path[:-1]:
                at = at[key]
            if path == ("schema", "columns", 0, "pii") and replace is None:
                continue  # a column without personal data needs no mask
            if path[:3] == ("schema", "columns", 0) and len(path) == 3:
                continue  # the column itself is gone
            if path == ("schema", "columns") and replace in ([], {}):
                continue  # no column, no personal data
            if replace is gone:
                del at[path[-1]]
            else:
                at[path[-1]] = replace
            assert not policies.decide(copy, "before_commit").allowed, (path, replace)


@pytest.mark.parametrize(
    "package", ["meshgate.central", "meshgate.central.pii_masked", "meshgate.central.mine.x"]
)
def test_nobody_else_declares_their_packages(package: str) -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({"mine.rego": f"package {package}\n\nmasked(column) := true\n"})
    assert raised.value.code == "policy.reserved_package"


@pytest.mark.parametrize(
    "text",
    [
        "package meshgate\n\ncentral.pii_masked.masked(column) := true\n",
        "package meshgate\n\ncentral.pii_masked.deny := []\n",
        "package meshgate\n\ncentral.report_passed.reported := true\n",
        'package meshgate\n\ncentral["pii_masked"].x := 1\n',
        'package meshgate\n\ncentral[x] := 1 if x := "pii_masked"\n',
        "package meshgate\n\ncentral.mine := 1\n",
        'package meshgate["central"].pii_masked\n\nx := 1\n',
    ],
)
def test_nobody_reaches_into_them_from_above(text: str) -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({"mine.rego": text})
    assert raised.value.code in {"policy.reserved_package", "policy.collision"}


@pytest.mark.parametrize(
    "data",
    [
        {"meshgate": {"central": {"pii_masked": {"deny": []}}}},
        {"meshgate": {"central": {"pii_masked": {"masked": True}}}},
        {"meshgate": {"central": []}},
        {"meshgate": None},
    ],
)
def test_data_does_not_reach_into_them(data: Document) -> None:
    with pytest.raises(PolicyError) as raised:
        PolicySet.load((), data=data)
    assert raised.value.code == "policy.data_shadows_rule"


def test_a_module_cannot_pass_for_a_shipped_one() -> None:
    (name, _), *_ = sources.central()
    with pytest.raises(PolicyError) as raised:
        PolicySet.load({name: "package meshgate.central.encryption_stated\n\nx := 1\n"})
    assert raised.value.code == "policy.duplicate_module"


def test_packages_that_only_look_like_theirs_are_free() -> None:
    PolicySet.load({"mine.rego": "package meshgate.centrally\n\nx := 1\n"})
