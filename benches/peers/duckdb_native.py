"""The same SQL over a table in DuckDB's own format: what it does when the data is already there.

Loading it is not measured, so this is not what a gate in a pipeline would pay; it is the best case.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from benches.peers import in_memory
from benches.peers.duckdb_hand import DEVIATIONS as SAME
from benches.peers.duckdb_hand import MAC_KEY, WORK, connect
from benches.workloads import Case, Outcome, Rows

UNIQUE = "surplus"
SPLIT = "later"
DEVIATIONS = ("the data is loaded into DuckDB's own table before the clock starts", *SAME)

__all__ = ["DEVIATIONS", "MAC_KEY", "UNIQUE", "prepare"]


def prepare(case: Case, rows: Rows, threads: int) -> Callable[[], Outcome]:
    """Copies the Arrow table into the database."""
    con = connect(threads)
    con.register("arrow", in_memory(rows))
    con.execute("create table input as select * from arrow")
    con.unregister("arrow")
    return functools.partial(WORK[case.name], con)
