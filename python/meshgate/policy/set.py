"""A set of policies: loaded and checked as a whole, immutable, asked from any thread."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from meshgate import _native
from meshgate.decision import Decision, Reason
from meshgate.errors import PolicyError, UsageError, Where
from meshgate.policy import sources
from meshgate.policy.log import DecisionLog
from meshgate.policy.sources import Source

PHASES = ("before_data", "before_commit")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of policies and decisions; None keeps the engine's default.

    Attributes:
        time_ms: budget of one decision over all packages, in milliseconds (50).
        load_ms: budget of loading a set, in milliseconds (5,000).
        max_file_bytes: bytes of one module (1 MiB).
        max_literal_depth: nesting of brackets in a rule's body (8).
        max_elements: elements that one builtin may produce (100,000).
        max_string_bytes: bytes of a string that one builtin may take or produce (1 MiB).
        max_input_bytes: bytes of the input as JSON (8 MiB).
    """

    time_ms: int | None = None
    load_ms: int | None = None
    max_file_bytes: int = 1 << 20
    max_literal_depth: int | None = None
    max_elements: int | None = None
    max_string_bytes: int | None = None
    max_input_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a set, and where. An ``error`` keeps it from being used."""

    code: str
    severity: Literal["error", "warning"]
    file: str
    line: int | None
    column: int | None
    message: str
    help: str | None

    @property
    def where(self) -> Where | None:
        """The place; None when the set as a whole is meant."""
        return Where(self.file, self.line, self.column) if self.file else None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.file else ""
        return f"{place}{self.message}" + (f" ({self.help})" if self.help else "")


class PolicySet:
    """Policies that were loaded together, with the central ones that always apply."""

    __slots__ = ("_findings", "_native", "log", "require")

    def __init__(
        self, native: _native.PolicySet, require: tuple[str, ...], log: DecisionLog | None
    ) -> None:
        self._native = native
        self._findings = findings(native)
        self.require = require
        self.log = log

    @classmethod
    def load(
        cls,
        source: Source = (),
        *,
        require: Sequence[str] = (),
        data: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        log: DecisionLog | None = None,
        central: bool = True,
    ) -> PolicySet:
        """Loads policies from a folder, files, or texts by name, and checks them as one set.

        Rego v1 and v0 are told apart by file. Files that end in ``_test.rego`` are left out.

        Args:
            source: where the policies are.
            require: packages whose ``allow_publish`` must be true for every publication, or full
                paths of rules.
            data: what policies read as ``data``; it must not touch the path of a rule.
            limits: bounds.
            log: where decisions are written before they are given.
            central: add the policies shipped with meshgate. Only tests leave them out.

        Raises:
            PolicyError: ``policy.unreadable``, or the first error that was found in them. It
                counts as a denial: nothing can be decided with such a set.
        """
        native = native_set(source, require, data, limits or Limits(), central=central)
        self = cls(native, tuple(sorted(set(require))), log)
        refuse(self._findings)
        return self

    def __repr__(self) -> str:
        return f"PolicySet({len(self.packages())} packages, {self.digest})"

    @property
    def digest(self) -> str:
        """``sha256:`` and hex, over the normalised modules and the data."""
        return self._native.digest

    def check(self) -> tuple[Finding, ...]:
        """What was found when the set was loaded, sorted by place."""
        return self._findings

    def packages(self) -> tuple[dict[str, Any], ...]:
        """The packages, and which entry points each defines."""
        return tuple(json.loads(self._native.entry_points()))

    def decide(
        self,
        input: Mapping[str, Any],
        phase: str,
        *,
        require: Sequence[str] = (),
        now_ns: int | None = None,
    ) -> Decision:
        """May this product leave?

        A non-empty ``deny`` or ``violation`` of any package denies; every required
        ``allow_publish`` must be true. Undefined, an error, a timeout, an unusable input is a
        denial with its reason: nothing is raised for them.

        Args:
            input: what `policy_input` built.
            phase: ``before_data`` asks the packages that do not read the report;
                ``before_commit`` asks all of them.
            require: further packages that must allow, such as those of the domain.
            now_ns: the clock that policies see, frozen, in ns since 1970 UTC; None is now.

        Raises:
            UsageError: ``usage.phase``: there is no such phase.
        """
        if phase not in PHASES:
            raise UsageError(
                code="usage.phase",
                message=f"there is no phase {phase!r}",
                help=f"the phases are {' and '.join(PHASES)}",
            )
        publication = input.get("publication")
        if isinstance(publication, Mapping):
            input = {**input, "publication": {**publication, "phase": phase}}
        return self._decide(input, phase, tuple(require), now_ns)

    def decide_read(self, input: Mapping[str, Any], *, now_ns: int | None = None) -> Decision:
        """May this user read this product?

        When no policy defines ``allow_read``, yes. Otherwise one of them must be true, and none
        may fail.

        Args:
            input: what `read_input` built.
            now_ns: the clock that policies see, frozen, in ns since 1970 UTC; None is now.
        """
        return self._decide(input, "read", (), now_ns)

    def _decide(
        self, input: Mapping[str, Any], phase: str, require: tuple[str, ...], now_ns: int | None
    ) -> Decision:
        clock_ns = time.time_ns() if now_ns is None else now_ns
        try:
            input_json = _dump(input)
        except (TypeError, ValueError, RecursionError):
            input, input_json = {}, ""  # refused as unusable
        request = {"phase": phase, "now_ns": clock_ns, "require": list(require)}
        answer = json.loads(self._native.decide(input_json, json.dumps(request)))
        decision = Decision(
            allowed=answer["allowed"] is True,
            reasons=tuple(Reason(**reason) for reason in answer["reasons"]),
            policies=tuple(answer["policies"]),
            decision_id=str(uuid.uuid4()),
            policy_digest=self.digest,
            undefined=answer["undefined"],
            error=answer["error"],
            phase=phase,
        )
        if self.log is None:
            return decision
        try:
            self.log.write(decision, input, clock_ns=clock_ns, elapsed_us=answer["elapsed_us"])
        except PolicyError as error:
            reason = Reason(message=error.message, code=error.code)
            return Decision(
                allowed=False,
                reasons=(*decision.reasons, reason),
                policies=decision.policies,
                decision_id=decision.decision_id,
                policy_digest=decision.policy_digest,
                undefined=decision.undefined,
                error=decision.error or error.code,
                phase=phase,
            )
        return decision


def check(
    source: Source,
    *,
    require: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    central: bool = True,
) -> tuple[Finding, ...]:
    """Everything that is wrong with policies, sorted by place; empty when nothing is.

    Raises:
        PolicyError: ``policy.unreadable``: there is nothing to check.
    """
    return findings(native_set(source, require, data, limits or Limits(), central=central))


def native_set(
    source: Source,
    require: Sequence[str],
    data: Mapping[str, Any] | None,
    limits: Limits,
    *,
    central: bool,
    tests: bool = False,
) -> _native.PolicySet:
    """The compiled set, with whatever was found in it.

    Raises:
        PolicyError: ``policy.unreadable``.
    """
    shipped = sources.central() if central else ()
    modules = [*shipped, *sources.read(source, max_bytes=limits.max_file_bytes, tests=tests)]
    options = {
        "limits": {key: value for key, value in asdict(limits).items() if value is not None},
        "input_schema": json.loads(sources.schema("input")),
        "read_schema": json.loads(sources.schema("read")),
        "require": sorted(set(require)),
        "shipped": [name for name, _ in shipped],
        "reserved": sources.RESERVED,
        "tests": tests,
    }
    try:
        data_json = _dump(data or {})
    except (TypeError, ValueError, RecursionError):
        data_json = ""  # refused as unusable
    return _native.PolicySet.load(modules, data_json, json.dumps(options))


def findings(native: _native.PolicySet) -> tuple[Finding, ...]:
    """What was found in a compiled set."""
    return tuple(Finding(**found) for found in json.loads(native.findings()))


def refuse(found: Sequence[Finding]) -> None:
    """Nothing, when no finding is an error.

    Raises:
        PolicyError: with the code and the place of the first error.
    """
    errors = [finding for finding in found if finding.severity == "error"]
    if not errors:
        return
    first, more = errors[0], len(errors) - 1
    parts = [first.help] if first.help else []
    if more:
        parts.append(f"{more} more error{'s' if more > 1 else ''}: `meshgate lint` lists them")
    raise PolicyError(
        code=first.code,
        message=first.message,
        where=first.where,
        help="; ".join(parts) or None,
    )


def _dump(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    text.encode()  # refuses half of a surrogate pair, which is no text
    return text
