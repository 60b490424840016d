"""Policies that mean harm: refused or denied within their budget, in silence, and survived."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable

import pytest
from meshgate import PolicyError
from meshgate.policy import PolicySet

SECONDS = 2.0
MEGABYTES = 200


def grow(step: Callable[[str], str], times: int, start: str) -> str:
    """`v1 := step(v0); v2 := step(v1); ...` on lines of its own."""
    lines = [f"\tv0 := {start}"]
    lines += [f"\tv{i} := {step(f'v{i - 1}')}" for i in range(1, times + 1)]
    return "\n".join(lines)


def deny(body: str) -> str:
    return f'package p\n\ndeny contains "x" if {{\n{body}\n}}\n'


def value(text: str) -> str:
    return f"package p\n\nx := {text}\n"


PAIR = grow(lambda v: f"[{v}, {v}]", 60, "[1]")
PAIRS = PAIR + "\n" + grow(lambda v: f"[{v}, {v}]", 60, "[1]").replace("v", "w")

HOSTILE = {
    "nested arrays": value("[" * 16 + "]" * 16),
    "nested arrays, very": value("[" * 100_000 + "]" * 100_000),
    "nested objects": value('{"a":' * 20 + "1" + "}" * 20),
    "nested keys": value("{" * 20 + "1" + ":1}" * 20),
    "nested sets": value("{" * 20 + "1" + "}" * 20),
    "nested comprehensions": value("[x | x := " * 20 + "1" + "]" * 20),
    "nested every": deny("every x in [1] {" * 20 + "x" + "}" * 20),
    "nested indexes": value("input" + "[input" * 20_000 + "]" * 20_000),
    "nested parentheses": value("(" * 20_000 + "1" + ")" * 20_000),
    "nested calls": value("count(" * 20_000 + "1" + ")" * 20_000),
    "nested empty sets": value("set(" * 100_000),
    "brackets of all kinds": value("[{(" * 5_000),
    "signs": value("- " * 100_000 + "1"),
    "a long sum": value("+".join(["1"] * 200_000)),
    "a long sum on many lines": value("+\n".join(["1"] * 15_000)),
    "a long path": value("input" + ".a" * 100_000),
    "a long membership": deny("\t1" + " in [1]" * 10_000),
    "many modules' worth of text": value('"' + "a" * (1 << 20) + '"'),
    "many lines": "package p\n" + "\n" * 30_000,
    "a long number": value("1" + "0" * 100_000),
    "a large exponent": value("1e999999999"),
    "a small exponent": value("1e-999999999"),
    "an overflowing number": value("1e309"),
    "many rules": "package p\n\n" + "".join(f"x{i} := 1\n" for i in range(15_000)),
    "a chain of rules": "package p\n\nx0 := 1\n"
    + "".join(f"x{i} := x{i - 1}\n" for i in range(1, 9_000)),
    "a chain of functions": "package p\n\nf0(x) := x\n"
    + "".join(f"f{i}(x) := f{i - 1}(x)\n" for i in range(1, 9_000)),
    "a ring of functions": "package p\n\nf0(x) := f99(x)\n"
    + "".join(f"f{i}(x) := f{i - 1}(x)\n" for i in range(1, 100)),
    "recursion through a mock": "package p\n\nf(x) := x\n\ng(x) := f(x) with f as g\n",
    "a range": deny("\tcount(numbers.range(1, 1000000000)) > 0"),
    "a range of steps": deny("\tcount(numbers.range_step(1, 1000000000, 2)) > 0"),
    "a range from afar": deny("\tcount(numbers.range(-1e300, 1e300)) > 0"),
    "a network": deny('\tcount(net.cidr_expand("10.0.0.0/8")) > 0'),
    "a wide network": deny('\tcount(net.cidr_expand("::/0")) > 0'),
    "a product of ranges": deny(
        "\tr := numbers.range(1, 1000)\n\tcount([1 | some i in r; some j in r; some k in r]) > 0"
    ),
    "a product of sets": deny(
        "\tr := numbers.range(1, 1000)\n"
        "\tcount({[i, j, k] | some i in r; some j in r; some k in r}) > 0"
    ),
    "text that doubles": deny(grow(lambda v: f'concat("", [{v}, {v}])', 40, '"aaaa"')),
    "text by format": deny(grow(lambda v: f'sprintf("%s%s", [{v}, {v}])', 40, '"aaaa"')),
    "text by width": deny('\tsprintf("%999999999d", [1]) != ""'),
    "text by replacement": deny(grow(lambda v: f'replace({v}, "a", "aaaa")', 40, '"aaaa"')),
    "text by replacements": deny(
        grow(lambda v: f'strings.replace_n({{"a": "bb", "b": "aa"}}, {v})', 40, '"aaaa"')
    ),
    "text by patterns": deny(grow(lambda v: f'regex.replace({v}, "a", "aaaa")', 40, '"aaaa"')),
    "arrays that double": deny(grow(lambda v: f"array.concat({v}, {v})", 40, "[1, 2]")),
    "numbers that square": deny(grow(lambda v: f"{v} * {v}", 60, "99999999999")),
    "numbers that square, by sum": deny(grow(lambda v: f"product([{v}, {v}])", 60, "99999999999")),
    "a shift": deny("\tbits.lsh(1, 2147483648) > 0"),
    "a number in text": deny('\tto_number("1e999999999") > 0'),
    "a number in JSON": deny('\tjson.unmarshal("1e999999999") > 0'),
    "a unit": deny('\tunits.parse("1e999999999") > 0'),
    "depth in JSON": deny('\tjson.unmarshal(concat("", ["[" | some i in numbers.range(1, 9999)]))'),
    "pairs, written": deny(PAIR + '\n\tjson.marshal(v60) != ""'),
    "pairs, formatted": deny(PAIR + '\n\tsprintf("%v", [v60]) != ""'),
    "pairs, walked": deny(PAIR + "\n\twalk(v60, [p, 7])"),
    "pairs, compared": deny(PAIRS + "\n\tv60 == w60"),
    "pairs, in a set": deny(PAIRS + "\n\tcount({v60, w60}) == 1"),
    "pairs, in a message": 'package p\n\ndeny contains {"msg": "x", "more": v60} if {\n'
    + PAIR
    + "\n}\n",
    "pairs by functions": "package p\n\nf(x) := [x, x]\n\n"
    + deny("\t" + "f(" * 25 + "1" + ")" * 25 + " == " + "f(" * 25 + "1" + ")" * 25)[11:],
    "deep values": deny(grow(lambda v: f"[[[[[[[{v}]]]]]]]", 180, "[1]") + "\n\tv180 != 1"),
    "deeper values": "package p\n\nf(x) := y if {\n"
    + grow(lambda v: f"[[[[[[[{v}]]]]]]]", 180, "x")
    + "\n\ty := v180\n}\n\n"
    + deny("\t" + "f(" * 25 + "1" + ")" * 25 + " != 1")[11:],
    "values deeper than any stack": "package p\n\nf(x) := y if {\n"
    + grow(lambda v: f"[[[[[[[{v}]]]]]]]", 180, "x")
    + "\n\ty := v180\n}\n\ng(x) := f(f(x))\n\n"
    + deny("\t" + "g(" * 28 + "1" + ")" * 28 + " != 1")[11:],
    "many statements": deny(grow(lambda v: f"[{v}]", 15_000, "[1]")),
    "many statements, backwards": deny(
        "\n".join(f"\tv{i} = [v{i - 1}]" for i in range(15_000, 0, -1))
    ),
    "many long bodies": "package p\n"
    + "".join(
        f"\ndeny contains {i} if {{\n" + "\n".join(f"v{j} := {j}" for j in range(150)) + "\n}\n"
        for i in range(40)
    ),
    "a pattern": deny('\tregex.match("(((a{1000}){1000}){1000})", "a")'),
    "a long pattern": deny(
        '\tregex.match(concat("", ["a" | true]), "a")'.replace('"a" | true', "v12")
    ).replace("{\n\t", "{\n" + grow(lambda v: f'concat("", [{v}, {v}])', 12, '"aa"') + "\n\t", 1),
    "an ambiguous pattern": deny(
        grow(lambda v: f'concat("", [{v}, {v}])', 14, '"aaaa"') + '\n\tregex.match("(a+)+$", v14)'
    ),
    "a glob": deny('\tglob.match("{a,{b,{c,{d,{e,{f,{g,{h}}}}}}}}", [], "h")'),
    "paths of a graph": deny("\tcount(graph.reachable_paths({}, [])) > 0"),
    "many messages": "package p\n\ndeny contains i if {\n\tsome i in numbers.range(1, 50000)\n}\n",
    "long messages": "package p\n\ndeny contains msg if {\n"
    + grow(lambda v: f'concat("", [{v}, {v}])', 17, '"aaaa"')
    + '\n\tsome i in numbers.range(1, 100)\n\tmsg := concat(sprintf("%d", [i]), [v17, v17])\n}\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_policies(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.monotonic(), time.process_time()
    try:
        policies = PolicySet.load({"p.rego": HOSTILE[name]}, central=False)
    except PolicyError as refused:
        told = str(refused)
        assert told.startswith("policy.")
        assert len(told) < 1_000
    else:
        decision = policies.decide({}, "before_data")
        assert decision.allowed is False
        assert len(decision.reasons) <= 101
        assert sum(len(reason.message) for reason in decision.reasons) < 200_000
    # On a busy machine the wall clock measures the others.
    assert min(time.monotonic() - start, time.process_time() - cpu) < SECONDS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MEGABYTES * 1024
    assert capfd.readouterr() == ("", "")


def test_deciding_goes_on_after_hostile_policies() -> None:
    for name in ("pairs, compared", "numbers that square", "a product of ranges"):
        policies = PolicySet.load({"p.rego": HOSTILE[name]}, central=False)
        for _ in range(3):
            assert policies.decide({}, "before_data").error == "policy.timeout"
    good = PolicySet.load(
        {"p.rego": "package p\n\nallow_publish := true\n"}, require=["p"], central=False
    )
    assert good.decide({}, "before_data").allowed


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
