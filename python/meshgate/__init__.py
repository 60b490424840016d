"""meshgate: the gate of a data mesh.

The public names, and nothing else. Each is loaded when it is first used, so that importing the
package costs a few milliseconds and needs no other library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgate.contract import Contract as Contract
    from meshgate.decision import Decision as Decision
    from meshgate.errors import CatalogError as CatalogError
    from meshgate.errors import CommitFailed as CommitFailed
    from meshgate.errors import CommitUnknown as CommitUnknown
    from meshgate.errors import ContractError as ContractError
    from meshgate.errors import Denied as Denied
    from meshgate.errors import EngineError as EngineError
    from meshgate.errors import LimitError as LimitError
    from meshgate.errors import MeshgateError as MeshgateError
    from meshgate.errors import PlanError as PlanError
    from meshgate.errors import PolicyError as PolicyError
    from meshgate.errors import SourceError as SourceError
    from meshgate.errors import StageError as StageError
    from meshgate.errors import UsageError as UsageError
    from meshgate.formats import load as load
    from meshgate.gate import Gate as Gate
    from meshgate.mesh import Mesh as Mesh
    from meshgate.profile import Profile as Profile
    from meshgate.receipt import Receipt as Receipt
    from meshgate.report import Report as Report

    __version__: str

_HOMES = {
    "Contract": "contract",
    "Decision": "decision",
    "Gate": "gate",
    "Mesh": "mesh",
    "Profile": "profile",
    "Receipt": "receipt",
    "Report": "report",
    "load": "formats",
} | dict.fromkeys(
    (
        "CatalogError",
        "CommitFailed",
        "CommitUnknown",
        "ContractError",
        "Denied",
        "EngineError",
        "LimitError",
        "MeshgateError",
        "PlanError",
        "PolicyError",
        "SourceError",
        "StageError",
        "UsageError",
    ),
    "errors",
)

__all__ = [*sorted(_HOMES), "__version__"]  # names of the table above


def __getattr__(name: str) -> Any:
    """Loads a public name from the module where it lives."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("meshgate")
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"meshgate.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'meshgate' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
