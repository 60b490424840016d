"""Policies: Rego that judges contract, report and infrastructure, or says who may read.

`PolicySet.load` reads and checks them; `decide` and `decide_read` answer. In doubt the answer is a
denial. `policy_input` and `read_input` build the documented input.
"""

from __future__ import annotations

from meshgate.policy.input import policy_input, read_input
from meshgate.policy.log import DecisionLog
from meshgate.policy.set import Finding, Limits, PolicySet, check

__all__ = [
    "DecisionLog",
    "Finding",
    "Limits",
    "PolicySet",
    "check",
    "policy_input",
    "read_input",
]
