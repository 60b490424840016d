"""Counts on TPC-H with planted violations agree with DuckDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from meshgate import formats
from meshgate.engine import Plan

ROOT = Path(__file__).parents[2]
PLANT = """
select * exclude (rn) replace (
  case when rn % 1000 = 1 then null else l_comment end as l_comment,
  case when rn % 1500 = 2 then l_quantity + 50 else l_quantity end::decimal(15,2) as l_quantity,
  case when rn % 2500 = 3 then -l_extendedprice
    else l_extendedprice end::decimal(15,2) as l_extendedprice,
  case when rn % 3000 = 4 then 'MULE' else l_shipmode end as l_shipmode,
  case when rn % 1700 = 5 then l_receiptdate + 30 else l_shipdate end::date as l_shipdate,
  case when rn % 5000 = 6 then 1 else l_orderkey end as l_orderkey
) from (select *, row_number() over () as rn from t)
"""


@pytest.fixture(scope="module")
def lineitem(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("tpch")
    tool = Path(sys.executable).with_name("tpchgen-cli")
    subprocess.run(
        [tool, "parquet", "-s", "0.01", "--tables=lineitem", "--output-dir", folder, "--quiet"],
        check=True,
        capture_output=True,
    )
    t = pq.read_table(next(folder.rglob("*.parquet")))
    assert t.num_rows > 50_000
    return duckdb.sql(PLANT).to_arrow_table()


def scalar(lineitem: pa.Table, query: str) -> int:
    found = duckdb.sql(query).fetchall()
    return int(found[0][0] or 0)


@pytest.mark.parametrize("threads", [1, 2])
def test_counts_agree_with_duckdb(lineitem: pa.Table, threads: int) -> None:
    contract = formats.load(ROOT / "contracts" / "lineitem.yaml")
    report = Plan.compile(contract, lineitem).check(lineitem, threads=threads)
    found = {
        (outcome.check, outcome.columns): outcome.failed_rows
        for outcome in report.checks
        if outcome.tested
    }
    assert all(o.status == "pass" for o in report.checks if o.check in ("column_exists", "type_is"))
    key = "l_orderkey, l_linenumber"
    expected = {
        ("not_null", ("l_comment",)): "count(*) filter (l_comment is null)",
        ("between", ("l_quantity",)): "count(*) filter (l_quantity not between 1 and 50)",
        ("gt", ("l_extendedprice",)): "count(*) filter (not l_extendedprice > 0)",
        (
            "compare",
            ("l_shipdate", "l_receiptdate"),
        ): "count(*) filter (l_shipdate > l_receiptdate)",
        ("length", ("l_comment",)): "count(*) filter (length(l_comment) > 44)",
        ("in_set", ("l_shipmode",)): "count(*) filter (l_shipmode = 'MULE')",
    }
    for check, query in expected.items():
        count = scalar(lineitem, f"select {query} from lineitem")
        assert found[check] == count, check
        assert count > 0 or check[0] == "length", check
    surplus = scalar(
        lineitem,
        f"select sum(n - 1) from (select count(*) n from lineitem group by {key} having n > 1)",
    )
    assert found[("unique", ("l_orderkey", "l_linenumber"))] == surplus > 0
