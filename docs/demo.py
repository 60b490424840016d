"""`make demo`: the main job on real input, told step by step; it leaves ./mesh to explore.

Two teams publish into one mesh. Sales publishes the lines of all orders and its customers (TPC-H,
generated on this machine); finance publishes a ledger in which a few rows are wrong. Everything
runs through the command line, as a person or a scheduler would call it. A second run finds
everything published already and gets the same receipts.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the workloads of the benches are the demo's input

import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
from meshgate.cli.run import run  # noqa: E402
from pyarrow import parquet  # noqa: E402

from benches.ledger import ledger  # noqa: E402
from benches.lineitem import generate  # noqa: E402

SCALE = 0.1
LEDGER_ROWS = 500_000
FAULTS = {
    "malformed_id": 30,
    "duplicate_id": 40,
    "null_amount": 60,
    "amount_out_of_range": 25,
    "unknown_currency": 45,
}
# An address in another shape is only a warning in this contract.
ODD_ADDRESSES = {"bad_email": 50}

MESH = """\
# The demo's mesh. Nobody looks at your disk: that it is encrypted is what the operator states.
[storage]
encryption = "AES-256"

[keys]
default = "file:keys/master.key"

[policies]
folder = "governance"

[domains.sales]
publishers = ["sam"]

[domains.finance]
publishers = ["fiona"]
require = ["data_mesh.governance"]
"""

ACCESS = """\
# Who may read: analysts everything, everybody else nothing.
package company.access

import rego.v1

default allow_read := false

allow_read if "analyst" in input.user.roles
"""


def main() -> int:
    """Runs the demo in the working folder; the exit code is 0 when all went as told."""
    started = time.perf_counter()
    folder = Path("mesh")
    say("1  Input: TPC-H (sales) and a ledger with planted faults (finance), generated here")
    inputs = generated(folder / "input")

    say("2  A mesh: a folder with a warehouse, a catalog, a key and the organisation's policies")
    made(folder)
    show((folder / "mesh.toml").read_text(encoding="utf-8"))
    print()
    show((folder / "governance" / "data_privacy.rego").read_text(encoding="utf-8"))
    contracts = "mesh/contracts"
    meshgate(f"lint {contracts}/lineitem.yaml {contracts}/ledger.yaml mesh/governance")

    say("3  Sales publishes its orders and their 600,000 lines, one under a contract in ODCS")
    meshgate(f"publish {contracts}/orders.odcs.yaml {inputs['orders']} --user sam")
    meshgate(f"publish {contracts}/lineitem.yaml {inputs['lineitem']} --user sam")

    say("4  Sales forgets to mask the telephone numbers of its customers: nothing is read at all")
    meshgate(f"publish {contracts}/customer.hasty.yaml {inputs['customer']} --user sam", expect=1)

    say("   With a mask for them the product may leave - but not by somebody from finance")
    meshgate(f"publish {contracts}/customer.yaml {inputs['customer']} --user fiona", expect=1)
    meshgate(f"publish {contracts}/customer.yaml {inputs['customer']} --user sam")

    say("5  Finance publishes its ledger: 200 of 500,000 rows are wrong and stay behind")
    meshgate(f"publish {contracts}/ledger.yaml {inputs['ledger']} --user fiona")
    meshgate(
        "read finance.monthly_ledger --quarantine --user ana --role analyst --limit 6 "
        "--columns _mg_row,_mg_checks,transaction_id,amount,currency,email,card"
    )

    say("6  The catalog knows the products, and everything about each")
    meshgate("catalog list")
    meshgate("catalog show finance.monthly_ledger")

    say("7  Ana is an analyst and reads; Mallory is not and does not")
    meshgate(
        "read finance.monthly_ledger --user ana --role analyst --limit 4 "
        "--columns transaction_id,amount,currency,account_holder,email,card"
    )
    meshgate("read finance.monthly_ledger --user mallory", expect=1)

    say("8  A projection keeps the state of every order, while events come late and twice")
    for file in (inputs["early"], inputs["late"]):
        meshgate(f"publish mesh/projections/order_events.yaml {file} --user sam")
        python("mesh/projections/order_states.py mesh sam")
    python("mesh/projections/order_states.py mesh sam")
    meshgate("read sales.order_states --user ana --role analyst --limit 4")

    say("9  The same ledger once more: published already, the same receipt")
    meshgate(f"publish {contracts}/ledger.yaml {inputs['ledger']} --user fiona")

    say(f"Done in {time.perf_counter() - started:.0f} s. Explore ./mesh:")
    show(
        "mesh/warehouse   Delta tables: Polars, DuckDB and Spark open them\n"
        "mesh/catalog.db  the catalog, SQLite\n"
        "next             .venv/bin/meshgate catalog show sales.customer\n"
    )
    return 0


def generated(folder: Path) -> dict[str, Path]:
    """The input files exist; equal bytes in every run."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: near(generate(name, SCALE)) for name in ("orders", "lineitem", "customer")}
    files["ledger"] = folder / "ledger.parquet"
    if not files["ledger"].exists():
        half_written = folder / "ledger.tmp"
        planted = ledger(LEDGER_ROWS, faults=FAULTS | ODD_ADDRESSES)
        parquet.write_table(planted.table, half_written)
        half_written.replace(files["ledger"])
    files |= events(folder, files)
    for name, file in files.items():
        rows = parquet.read_metadata(file).num_rows
        print(f"   {name:9} {rows:>9,} rows {file.stat().st_size / 1e6:6.1f} MB")
    return files


def events(folder: Path, tables: dict[str, Path]) -> dict[str, Path]:
    """What happened to the orders until 1997, and what was reported later, some of it twice."""
    files = {name: folder / f"order_events.{name}.parquet" for name in ("early", "late")}
    if all(file.exists() for file in files.values()):
        return files
    orders = parquet.read_table(tables["orders"], columns=["o_orderkey", "o_orderdate", "o_clerk"])
    lines = parquet.read_table(
        tables["lineitem"],
        columns=["l_orderkey", "l_shipdate", "l_receiptdate"],
        filters=pc.field("l_linenumber") == 1,
    )
    nobody = pa.nulls(len(lines), pa.string())
    happened = (
        (orders["o_orderkey"], "placed", orders["o_orderdate"], orders["o_clerk"]),
        (lines["l_orderkey"], "shipped", lines["l_shipdate"], nobody),
        (lines["l_orderkey"], "received", lines["l_receiptdate"], nobody),
    )
    names = ["order_id", "state", "happened_on", "clerk"]
    every = pa.concat_tables(
        pa.table([keys, pa.repeat(state, len(keys)), days, clerks.cast(pa.string())], names)
        for keys, state, days, clerks in happened
    ).sort_by([("happened_on", "ascending"), ("order_id", "ascending"), ("state", "ascending")])
    every = every.append_column("event_id", pa.array(range(len(every))))
    overlooked = pc.equal(pc.bit_wise_and(every["event_id"], 15), 0)
    early = pc.and_(
        pc.less(every["happened_on"], pa.scalar("1997-01-01").cast(pa.date32())),
        pc.invert(overlooked),
    )
    twice = every.filter(early).slice(0, 5_000)
    halves = {
        "early": every.filter(early),
        "late": pa.concat_tables([every.filter(pc.invert(early)), twice]),
    }
    for name, file in files.items():
        half_written = file.with_suffix(".tmp")
        parquet.write_table(halves[name], half_written)
        half_written.replace(file)
    return files


def near(path: Path) -> Path:
    """The path as a person in the working folder would write it."""
    return Path(os.path.relpath(path))


def made(folder: Path) -> None:
    """The mesh's file, policies and contracts are in the folder; its key and data are kept."""
    governance, contracts = folder / "governance", folder / "contracts"
    for place in (governance, contracts):
        place.mkdir(parents=True, exist_ok=True)
    key = folder / "keys" / "master.key"
    if not key.exists():
        from meshgate import keys

        key.parent.mkdir(mode=0o700, exist_ok=True)
        keys.create(key)
    (folder / "mesh.toml").write_text(MESH, encoding="utf-8")
    (governance / "access.rego").write_text(ACCESS, encoding="utf-8")
    shutil.copy(ROOT / "governance" / "data_privacy.rego", governance)
    for name in ("orders.odcs.yaml", "lineitem.yaml", "customer.yaml"):
        shutil.copy(ROOT / "contracts" / name, contracts)
    shutil.copy(ROOT / "contracts" / "finance-product-contract.yaml", contracts / "ledger.yaml")
    shutil.copytree(ROOT / "projections", folder / "projections", dirs_exist_ok=True)
    careful = (contracts / "customer.yaml").read_text(encoding="utf-8")
    hasty = careful.replace("    masking: {method: hash, normalize: [digits]}\n", "")
    (contracts / "customer.hasty.yaml").write_text(hasty, encoding="utf-8")


def meshgate(arguments: str, expect: int = 0) -> None:
    """Runs one command and shows it; an unexpected exit code ends the demo."""
    print(f"\n$ meshgate {arguments}", flush=True)
    code = run([*shlex.split(arguments)])
    if code != expect:
        sys.exit(f"demo: exit code {code} where {expect} was expected")


def python(arguments: str) -> None:
    """Runs one script and shows it."""
    print(f"\n$ python {arguments}", flush=True)
    subprocess.run([sys.executable, *shlex.split(arguments)], check=True)  # noqa: S603


def say(text: str) -> None:
    """A headline of the story."""
    print(f"\n== {text}", flush=True)


def show(text: str) -> None:
    """A file or a remark, indented."""
    print("".join(f"   {line}\n" for line in text.splitlines()), end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
