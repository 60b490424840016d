"""What the compiled module offers. Only `engine`, `policy` and the tables' readers import it."""

from typing import final

__all__ = [
    "Batch",
    "EngineFault",
    "Merge",
    "Plan",
    "PolicySet",
    "Run",
    "Schema",
    "Source",
    "__version__",
    "build_profile",
    "checks",
    "column_types",
    "error_codes",
    "masks",
]

__version__: str

class EngineFault(Exception):
    """Arguments: code, message, clause (JSON pointer), data, help."""

@final
class Schema:
    def __arrow_c_schema__(self) -> object: ...

@final
class Batch:
    @property
    def num_rows(self) -> int: ...
    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...

@final
class Source:
    def __new__(cls, data: object) -> Source: ...
    @property
    def schema(self) -> Schema: ...

@final
class Plan:
    @staticmethod
    def compile(contract: bytes, schema: object, keys: dict[str, bytes]) -> Plan: ...
    @property
    def accepted_schema(self) -> Schema: ...
    @property
    def quarantine_schema(self) -> Schema: ...
    def explain(self) -> str: ...
    def run(
        self,
        source: Source,
        *,
        now_ns: int | None = None,
        threads: int = 0,
        memory_bytes: int | None = None,
        seed: int = 0,
        outputs: bool = True,
        digest_key: bytes | None = None,
        part_key: bytes | None = None,
    ) -> Run: ...
    def merge(
        self,
        *,
        now_ns: int | None = None,
        threads: int = 0,
        memory_bytes: int | None = None,
        seed: int = 0,
        digest_key: bytes | None = None,
    ) -> Merge: ...

@final
class Run:
    def __iter__(self) -> Run: ...
    def __next__(self) -> tuple[Batch | None, Batch | None, Batch | None]: ...
    @property
    def rows(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    def finish(self) -> tuple[str, str | None]: ...
    def part(self) -> str: ...

@final
class Merge:
    def part(self, text: str) -> None: ...
    def keys(self, batch: object) -> Batch | None: ...
    def finish(self) -> tuple[str, str | None]: ...

@final
class PolicySet:
    @staticmethod
    def load(modules: list[tuple[str, str]], data_json: str, options_json: str) -> PolicySet: ...
    def findings(self) -> str: ...
    def entry_points(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def decide(self, input_json: str, options_json: str) -> str: ...
    def run_tests(self, now_ns: int) -> str: ...

def checks() -> str: ...
def masks() -> str: ...
def column_types() -> list[str]: ...
def error_codes() -> str: ...
def build_profile() -> str: ...
