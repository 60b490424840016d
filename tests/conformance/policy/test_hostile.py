"""Policies under hostile conditions: harmful ones apart, small stacks, many threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from meshgate.policy import PolicySet


def test_hostile_policies_in_a_process_of_their_own() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    cases = Path(__file__).with_name("hostile.py")
    done = subprocess.run([*command, str(cases)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    assert " passed" in done.stdout


def test_a_small_stack_is_enough() -> None:
    """What is evaluated on the caller's thread fits the smallest stacks that systems give."""
    depth = 40
    chain = "x0 := 1\n" + "".join(f"x{i} := x{i - 1}\n" for i in range(1, depth))
    policies = PolicySet.load(
        {"p.rego": f"package p\n\n{chain}\nallow_publish if x{depth - 1} == 1\n"},
        require=["p"],
        central=False,
    )
    found = []
    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(
            target=lambda: found.append(policies.decide({}, "before_data").allowed)
        )
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert found == [True]


def test_eight_threads_share_one_set() -> None:
    text = (
        "package p\n\ndefault allow_publish := false\n\n"
        "allow_publish if input.contract.owner == data.owners[input.contract.id]\n\n"
        "deny contains msg if {\n\tinput.contract.strict\n"
        '\tmsg := sprintf("strict %s", [input.contract.id])\n}\n'
    )
    owners = {f"c{i}": f"o{i}" for i in range(50)}
    policies = PolicySet.load(
        {"p.rego": text}, data={"owners": owners}, require=["p"], central=False
    )
    wrong: list[object] = []

    def ask(thread: int) -> None:
        for i in range(200):
            strict, own = (i + thread) % 3 == 0, i % 2 == 0
            owner = f"o{i % 50}" if own else "somebody"
            decision = policies.decide(
                {"contract": {"id": f"c{i % 50}", "owner": owner, "strict": strict}}, "before_data"
            )
            expected = own and not strict
            said = [r.message for r in decision.reasons if r.code == "policy.denied"]
            if decision.allowed is not expected or said != [f"strict c{i % 50}"] * strict:
                wrong.append(decision)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
