"""Stand-ins with the shapes of engine, source, report, decision and policy, until they are there."""

from __future__ import annotations

import hashlib
import hmac
import sys
import types
from dataclasses import asdict, dataclass, field

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Source:
    schema: pa.Schema
    stream: object


@dataclass(frozen=True)
class Report:
    status: str
    ok: bool
    rows: int
    accepted_rows: int
    rejected_rows: int
    checks: tuple = ()
    masks: tuple = ()

    def to_dict(self):
        return asdict(self) | {"checks": [dict(c) for c in self.checks], "masks": list(self.masks)}


@dataclass(frozen=True)
class Split:
    accepted: object
    rejected: object


class Plan:
    def __init__(self, contract, schema):
        self.contract, names = contract, [c.name for c in contract.columns]
        self.digest = "sha256:" + hashlib.sha256(str(schema).encode()).hexdigest()
        self.accepted_schema = pa.schema([schema.field(n) for n in names])
        self.quarantine_schema = self.accepted_schema.append(
            pa.field("_mg_checks", pa.list_(pa.string()))
        )
        self.required = [c.name for c in contract.columns if c.required]
        self.masked = {c.name: c.mask for c in contract.columns if c.mask}

    @classmethod
    def compile(cls, contract, schema, keys):
        return cls(contract, schema)

    def run(self, source, now=None, threads=None, outputs=True, digest_key=None):
        return Run(self, source, outputs, digest_key)


class Run:
    def __init__(self, plan, source, outputs, digest_key):
        self.plan, self.source, self.outputs = plan, source, outputs
        self.mac = hmac.new(digest_key or b"", digestmod="sha256")
        self.rows = self.accepted = self.rejected = 0
        self.report = self.input_digest = None

    def __iter__(self):
        plan = self.plan
        for batch in self.source.stream:
            batch = batch.select(plan.accepted_schema.names)
            for row in batch.to_pylist():
                self.mac.update(repr(row).encode())
            bad = pa.array([False] * batch.num_rows)
            for name in plan.required:
                bad = pc.or_(bad, batch.column(name).is_null())
            arrays = [
                pc.if_else(c.is_valid(), pa.scalar("***"), None) if n in plan.masked else c
                for n, c in zip(batch.schema.names, batch.columns, strict=True)
            ]
            batch = pa.record_batch(arrays, schema=plan.accepted_schema)
            good, rest = batch.filter(pc.invert(bad)), batch.filter(bad)
            self.rows += batch.num_rows
            self.accepted += good.num_rows
            self.rejected += rest.num_rows
            if self.outputs:
                ids = pa.array([["id.not_null"]] * rest.num_rows, pa.list_(pa.string()))
                rest = pa.record_batch([*rest.columns, ids], schema=plan.quarantine_schema)
                yield Split(good if good.num_rows else None, rest if rest.num_rows else None)
        status = "warn" if self.rejected else "pass"
        check = {
            "id": "id.not_null",
            "check": "not_null",
            "columns": ["id"],
            "severity": "warning",
            "status": status,
            "tested": self.rows,
            "failed_rows": self.rejected,
        }
        self.report = Report(
            status,
            True,
            self.rows,
            self.accepted,
            self.rejected,
            (check,),
            tuple(
                {"column": n, "method": m.method, "domain": m.domain, "key_id": "k", "rows": 1}
                for n, m in plan.masked.items()
            ),
        )
        self.input_digest = "hmac-sha256:" + self.mac.hexdigest()


@dataclass(frozen=True)
class Reason:
    message: str
    code: object = None
    policy: object = None
    file: object = None
    line: object = None


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reasons: tuple = ()
    policies: tuple = ()
    decision_id: str = ""
    policy_digest: str = ""
    undefined: bool = False
    error: object = None
    phase: str = ""

    def to_dict(self):
        return asdict(self)


@dataclass
class PolicySet:
    """`deny` in a policy's text denies; `readers` denies reading to everybody but ana."""

    text: str = ""
    digest: str = "sha256:p"
    asked: list = field(default_factory=list)

    @classmethod
    def load(cls, sources, require=()):
        text = ""
        if sources:
            text = "".join(p.read_text() for p in sorted(sources.glob("*.rego")))
        return cls(text, "sha256:" + hashlib.sha256(text.encode()).hexdigest())

    def decide(self, question, phase="before_commit"):
        self.asked.append((phase, question))
        if "raise" in self.text:
            raise RuntimeError("secret@example.com")
        denied = (
            f"deny {phase}" in self.text
            or f"deny-product {question['publication']['product']}" in self.text
        )
        reasons = (Reason("no", "code", "p", "p.rego", 3),) if denied else ()
        return Decision(not denied, reasons, ("p.rego:3",), "d", self.digest, phase=phase)

    def decide_read(self, question):
        return Decision("readers" not in self.text or question["user"]["id"] == "ana", phase="read")


def open_source(data):
    if isinstance(data, pa.Table):
        return Source(data.schema, iter(data.to_batches(max_chunksize=1000)))
    return Source(data.schema, data)


def policy_input(contract, report, masking, infrastructure, publication):
    body = None if report is None else report.to_dict()
    return {"publication": dict(publication), "report": body, "masking": masking}


def read_input(contract, *, user, product, domain=None, purpose=None):
    return {"user": user or {"id": None}, "product": product, "contract": contract.id}


def install():
    homes = {
        "meshgate.source": {"open": open_source, "Source": Source},
        "meshgate.engine": {"Plan": Plan, "Run": Run},
        "meshgate.report": {"Report": Report},
        "meshgate.decision": {"Reason": Reason, "Decision": Decision},
        "meshgate.policy": {
            "PolicySet": PolicySet,
            "policy_input": policy_input,
            "read_input": read_input,
        },
    }
    import meshgate

    for name, members in homes.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
        setattr(meshgate, name.rpartition(".")[2], module)
