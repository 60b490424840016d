"""Everything that is measured: meshgate, its peers, and the floor.

A peer is a module with

* ``UNIQUE``: what its count of a failing unique check means, ``surplus`` (rows beyond the first of
  each key) or ``members`` (all rows of a key seen twice);
* ``SPLIT``: which rows of a repeated key it quarantines where it splits: the ``later`` ones, or
  ``all`` of them;
* ``MAC_KEY``: the key of its HMAC, or None when it does not mask;
* ``DEVIATIONS``: where its work differs from the contract's, for the reader of the results;
* ``prepare(case, rows, threads)``: brings the input into the peer's own form, which is not
  measured, and returns the function that is.

Peers are imported by name in the process that measures them, and nowhere else.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import pyarrow as pa

from benches.micro import MICROS

PEERS = {
    "floor": "benches.peers.floor",
    "meshgate": "benches.peers.meshgate_gate",
    "polars": "benches.peers.polars_hand",
    "polars-tuned": "benches.peers.polars_tuned",
    "duckdb": "benches.peers.duckdb_hand",
    "duckdb-native": "benches.peers.duckdb_native",
    "dataframely": "benches.peers.dataframely_schema",
    "pandera": "benches.peers.pandera_schema",
}

ABOUT = {
    "floor": "one sequential read of every buffer of the input",
    "meshgate": "the contract, through the public Python interface",
    "polars": "hand-written Polars, idiomatic",
    "polars-tuned": "hand-written Polars with every exact trick we know",
    "duckdb": "hand-written SQL over the Arrow table",
    "duckdb-native": "the same SQL over a table that DuckDB already holds in its own format",
    "dataframely": "a dataframely schema on a Polars frame",
    "pandera": "a pandera schema on a materialised Polars frame",
}

IN_MEMORY = ("w1", "w2-checks", "w2-full")
MICRO = tuple(MICROS)
BATCHES = (*IN_MEMORY, "w3")
STREAMS = ("w4", "w4-unique")

OFFERS = {
    "floor": (*IN_MEMORY, *STREAMS, *MICRO),
    "meshgate": (*BATCHES, *STREAMS, *MICRO),
    "polars": (*BATCHES, *STREAMS, *MICRO),
    "polars-tuned": ("w1",),
    "duckdb": (*BATCHES, *STREAMS, *MICRO),
    "duckdb-native": IN_MEMORY,
    "dataframely": BATCHES,
    "pandera": BATCHES,
}
"""The cases a peer can do."""

REASONS = {
    "floor": "a batch of 1,000 rows stays in the cache",
    "polars-tuned": "the tricks we found matter for w1 only",
    "duckdb-native": "loading the rows first would be measured, or nothing would",
    "dataframely": "it needs the whole table in memory; single checks are its Polars expressions",
    "pandera": "it needs the whole table in memory; single checks are its Polars expressions",
}
"""Why it does not do the others."""


def peer(name: str) -> ModuleType:
    """Imports a peer; `ImportError` when a package it needs is not installed."""
    return importlib.import_module(PEERS[name])


def in_memory(rows: object) -> pa.Table:
    """The rows, which are a table wherever `OFFERS` says so; `TypeError` where it is wrong."""
    if not isinstance(rows, pa.Table):
        raise TypeError("a stream was given to a peer that needs the table")
    return rows
