"""Exit codes: who must act, told by a number."""

from __future__ import annotations

from meshgate.errors import (
    ContractError,
    EngineError,
    LimitError,
    MeshgateError,
    PlanError,
    PolicyError,
    UsageError,
)

ALLOWED = 0
DENIED = 1
CONTRACT = 2
OUTSIDE = 3
BUG = 4
INTERRUPTED = 130


def exit_code(error: MeshgateError) -> int:
    """The number for an error: what is neither ours nor the contract's came from outside."""
    if isinstance(error, PolicyError):
        return DENIED  # a policy that cannot be evaluated denies
    if isinstance(error, ContractError | PlanError | UsageError):
        return CONTRACT
    if error.code == "stage.bad_name":
        return CONTRACT  # the destination refused a name that the caller gave
    if isinstance(error, LimitError):
        # A document that is over a bound is its author's; memory and time are the operator's.
        return CONTRACT if error.where is not None else OUTSIDE
    if isinstance(error, EngineError):
        return BUG
    return OUTSIDE
