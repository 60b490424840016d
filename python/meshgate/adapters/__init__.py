"""Destinations: one file each, reached through the protocol in `base`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meshgate.adapters.base import Adapter
from meshgate.errors import UsageError


def _delta(**settings: Any) -> Adapter:
    from meshgate.adapters.delta import Delta

    return Delta(**settings)


REGISTRY: Mapping[str, Callable[..., Adapter]] = {"delta": _delta}
"""Every kind of destination by its name in ``mesh.toml``; its client is imported on first use."""


def open(kind: str, **settings: Any) -> Adapter:
    """The adapter of this name.

    Raises:
        UsageError: ``usage.unknown_adapter``.
    """
    make = REGISTRY.get(kind)
    if make is None:
        raise UsageError(
            code="usage.unknown_adapter",
            message=f"there is no adapter named {kind!r}",
            help="known: " + ", ".join(sorted(REGISTRY)),
        )
    return make(**settings)
