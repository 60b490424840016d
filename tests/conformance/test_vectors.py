"""Every vector of the specification's semantics holds, in every layout and however rows are cut."""

from __future__ import annotations

from typing import Any

import pytest

from . import test_checks
from .cases import cases

VECTORS = cases("vectors")


@pytest.mark.parametrize(("document", "case"), VECTORS)
def test_vector(document: Any, case: Any) -> None:
    assert document["vectors"]
    test_checks.test_case({"check": case["check"]}, case)


def test_no_vector_is_left_out() -> None:
    named = {case["note"].split()[0] for _, case in (vector.values for vector in VECTORS)}
    assert named == {f"V{number}" for number in range(1, 29)}
