"""What policies decided: allow or deny, why, and what produced it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a denial.

    Attributes:
        message: the words of the policy's author, or ours when deciding itself failed.
        code: ``policy.denied``, a code that the policy gave, or what went wrong in deciding.
        policy: the package that was asked.
        file: the policy's file.
        line: the line of the rule that gave the reason, from 1.
    """

    message: str
    code: str
    policy: str | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"  {self.file}:{self.line}" if self.file and self.line else ""
        return f"{self.message}{where}"

    def to_dict(self) -> dict[str, Any]:
        """The reason as plain values."""
        return {
            "message": self.message,
            "code": self.code,
            "policy": self.policy,
            "file": self.file,
            "line": self.line,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Reason:
        """The reason that `to_dict` wrote."""
        return cls(
            message=value["message"],
            code=value["code"],
            policy=value["policy"],
            file=value["file"],
            line=value["line"],
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question. It holds names, codes and places, never a value of the data.

    Attributes:
        allowed: exactly true, or a denial.
        reasons: why not; empty when allowed.
        policies: ``file:line`` of the rules that fired.
        decision_id: unique; the decision log has it too.
        policy_digest: of the set that decided.
        undefined: a rule that had to be true had no value.
        error: the code of what went wrong in deciding; such a decision is a denial.
        phase: ``before_data``, ``before_commit`` or ``read``.
    """

    allowed: bool
    reasons: tuple[Reason, ...]
    policies: tuple[str, ...]
    decision_id: str
    policy_digest: str
    undefined: bool
    error: str | None
    phase: str

    def __bool__(self) -> bool:
        return self.allowed is True

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain values: what receipts and logs hold."""
        return {
            "allowed": self.allowed,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "policies": list(self.policies),
            "decision_id": self.decision_id,
            "policy_digest": self.policy_digest,
            "undefined": self.undefined,
            "error": self.error,
            "phase": self.phase,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Decision:
        """The decision that `to_dict` wrote. Anything but a true boolean is not allowed."""
        return cls(
            allowed=value["allowed"] is True,
            reasons=tuple(Reason.from_dict(reason) for reason in value["reasons"]),
            policies=tuple(value["policies"]),
            decision_id=value["decision_id"],
            policy_digest=value["policy_digest"],
            undefined=value["undefined"],
            error=value["error"],
            phase=value["phase"],
        )
