"""Hostile and careless documents: each ends as a typed error, in bounded time and memory."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from meshgate.errors import ContractError
from meshgate.formats import Limits, load

HEAD = "dataset: d\nversion: 1.0.0\nowner: o\n"


def billion_laughs() -> str:
    levels = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    return "\n".join(levels)


def merge_bomb() -> str:
    levels = ["a0: &a0 {k: v}"]
    levels += [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: v}}" for i in range(1, 60)]
    return "\n".join(levels)


CASES: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "billion laughs": (billion_laughs, "contract.alias"),
    "text repeated by aliases": (
        lambda: f"a: &a {'x' * 900_000}\nb: [{', '.join(['*a'] * 2000)}]",
        "contract.alias",
    ),
    "merge bomb": (merge_bomb, "contract.merge_key"),
    "alias storm": (lambda: "a: &a x\nb: [" + "*a, " * 1_000_000 + "]", "contract.alias"),
    "alias to itself": (lambda: "a: &a [*a]\n", "contract.alias"),
    "alias to an open parent": (lambda: "&a a: {b: *a}\nc: &c {d: [*c]}\n", "contract.alias"),
    "alias without anchor": (lambda: "a: *b\n", "contract.alias"),
    "alias to a list as a key": (lambda: "a: &a [1]\n*a : 2\n", "contract.key_kind"),
    "depth by aliases": (
        lambda: "a0: &a0 [x]\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 100)),
        "contract.too_large",
    ),
    "100k brackets": (lambda: "a: " + "[" * 100_000, "contract.too_large"),
    "100k braces": (lambda: "a: " + "{a: " * 100_000, "contract.too_large"),
    "100k dashes": (lambda: "- " * 100_000 + "x", "contract.too_large"),
    "100k question marks": (lambda: "? " * 100_000 + "x", "contract.key_kind"),
    "100k indented keys": (
        lambda: "".join(" " * i + "a:\n" for i in range(2000)),
        "contract.too_large",
    ),
    "1M keys": (lambda: "".join(f"k{i}: v\n" for i in range(1_000_000)), "contract.too_large"),
    "1M items": (lambda: "a:\n" + "- x\n" * 1_000_000, "contract.too_large"),
    "10 MB scalar": (lambda: "a: " + "x" * 10_000_000, "contract.too_large"),
    "10 MB quoted scalar": (lambda: 'a: "' + "\\x41" * 2_500_000 + '"', "contract.too_large"),
    "10 MB key": (lambda: '"' + "x" * 10_000_000 + '": 1', "contract.too_large"),
    "10 MB comment": (lambda: "# " + "x" * 10_000_000, "contract.empty"),
    "1M comments": (lambda: "# x\n" * 1_000_000, "contract.empty"),
    "1M blank lines": (lambda: "\n" * 1_000_000 + HEAD + "x: 1", "contract.unknown_key"),
    "65 MiB": (lambda: "# " + "x" * (65 * 1024 * 1024), "contract.too_large"),
    "1M documents": (lambda: "---\na: 1\n" * 100_000, "contract.several_documents"),
    "second document": (lambda: HEAD + "---\n" + HEAD, "contract.several_documents"),
    "100k tag directives": (
        lambda: "".join(f"%TAG !a{i}! tag:x,2000:\n" for i in range(100_000)) + "---\na: 1",
        "contract.tag",
    ),
    "python object": (
        lambda: "a: !!python/object/apply:os.system ['touch /tmp/pwned']\n",
        "contract.tag",
    ),
    "python name": (lambda: "a: !!python/name:os.system\n", "contract.tag"),
    "binary tag": (lambda: "a: !!binary aGVsbG8=\n", "contract.tag"),
    "own tag": (lambda: "a: !secret x\n", "contract.tag"),
    "bare tag": (lambda: "a: ! x\n", "contract.tag"),
    "str tag on a key": (lambda: "!!str a: x\n", "contract.tag"),
    "duplicate keys": (lambda: HEAD + "dataset: e\n", "contract.duplicate_key"),
    "duplicate keys in one quoting each": (
        lambda: HEAD + '"dataset": e\n',
        "contract.duplicate_key",
    ),
    "pii twice": (
        lambda: HEAD + "schema: [{name: a, type: string, pii: true, pii: false}]",
        "contract.duplicate_key",
    ),
    "key collision 1 and '1'": (lambda: HEAD + "1: a\n'1': b\n", "contract.duplicate_key"),
    "list as a key": (lambda: "? [a]\n: b\n", "contract.key_kind"),
    "mapping as a key": (lambda: "{a: b}: c\n", "contract.key_kind"),
    "no key": (lambda: HEAD + ": x\n", "contract.syntax"),
    "empty key": (lambda: HEAD + "? \n: x\n", "contract.key_kind"),
    "NUL": (lambda: HEAD + "description: a\0b", "contract.encoding"),
    "NUL in bytes": (lambda: HEAD.encode() + b"description: a\0b", "contract.encoding"),
    "escape character": (lambda: HEAD + "description: \x1b[31m", "contract.encoding"),
    "UTF-16 LE": (lambda: HEAD.encode("utf-16"), "contract.encoding"),
    "UTF-16 BE without mark": (lambda: HEAD.encode("utf-16-be"), "contract.encoding"),
    "UTF-32": (lambda: HEAD.encode("utf-32"), "contract.encoding"),
    "Latin-1": (lambda: HEAD.encode() + b"description: caf\xe9", "contract.encoding"),
    "overlong": (lambda: HEAD.encode() + b"description: \xc0\xaf", "contract.encoding"),
    "encoded surrogate": (lambda: HEAD.encode() + b"a: \xed\xa0\x80", "contract.encoding"),
    "surrogate in text": (lambda: HEAD + "description: \ud800", "contract.encoding"),
    "escaped surrogate": (lambda: HEAD + 'description: "\\ud800"', "contract.syntax"),
    "second byte order mark": (lambda: "\ufeff\ufeff" + HEAD, "contract.encoding"),
    "30 MB of comment": (lambda: HEAD + f"# {'x' * 98}\n" * 300_000, "contract.too_large"),
    "20 MB in fewer characters": (lambda: f"{HEAD}# {'é' * 10_000_000}", "contract.too_large"),
    "tab indent": (lambda: HEAD + "schema:\n\t- name: a\n", "contract.syntax"),
    "empty": (lambda: "\n", "contract.empty"),
    "empty bytes": (lambda: b"", "contract.empty"),
    "only a comment": (lambda: "# nothing\n", "contract.empty"),
    "only a marker": (lambda: "---\n", "contract.empty"),
    "a list": (lambda: "- a\n- b\n", "contract.wrong_kind"),
    "a text": (lambda: "hello\nworld\n", "contract.wrong_kind"),
    "null": (lambda: "null\n", "contract.wrong_kind"),
    "unclosed list": (lambda: HEAD + "schema: [a\n", "contract.syntax"),
    "unclosed mapping": (lambda: HEAD + "schema: {a: b\n", "contract.syntax"),
    "unclosed quote": (lambda: HEAD + "description: 'a\n", "contract.syntax"),
    "colon in a value": (lambda: HEAD + "description: a: b\n", "contract.syntax"),
    "reserved character": (lambda: HEAD + "description: @x\n", "contract.syntax"),
    "wrong indent": (lambda: HEAD + "   strict: true\n", "contract.syntax"),
    "unknown directive": (lambda: "%FOO bar\n---\n" + HEAD, "contract.syntax"),
    "yaml 3": (lambda: "%YAML 3.0\n---\n" + HEAD, "contract.syntax"),
    "huge integer": (
        lambda: HEAD + "metadata: {}\nquality_rules: [{rule: x, args: {a: " + "9" * 100_000 + "}}]",
        "contract.bad_number",
    ),
    "huge exponent": (
        lambda: HEAD + "quality_rules: [{rule: x, args: {a: 1e999999999}}]",
        "contract.bad_number",
    ),
    "zero with a huge exponent": (
        lambda: HEAD + "quality_rules: [{rule: x, args: {a: 0e99999}}]",
        "contract.bad_number",
    ),
    "NaN bound": (
        lambda: HEAD + "quality_rules: [{rule: x, args: {a: .nan}}]",
        "contract.bad_number",
    ),
    "infinite bound": (
        lambda: HEAD + "quality_rules: [{rule: x, args: {a: [-.inf]}}]",
        "contract.bad_number",
    ),
    "homoglyph key": (lambda: HEAD.replace("owner", "\u043ewner"), "contract.unknown_key"),
    "20k columns": (
        lambda: (
            HEAD + "schema:\n" + "".join(f"- {{name: c{i}, type: string}}\n" for i in range(20_000))
        ),
        "contract.too_large",
    ),
    "path in the dataset's name": (
        lambda: HEAD.replace("dataset: d", "dataset: ../../etc/passwd"),
        "contract.bad_name",
    ),
    "line break in the dataset's name": (
        lambda: HEAD.replace("dataset: d", 'dataset: "d\\n"'),
        "contract.bad_name",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_hostile_document_is_a_typed_error_in_time(name: str) -> None:
    build, code = CASES[name]
    document = build()
    for _ in range(3):  # a busy machine makes CPU time longer, too: the least of some counts
        started = time.process_time()
        with pytest.raises(ContractError) as raised:
            load(document)
        seconds = time.process_time() - started
        if seconds < 2:
            break
    error = raised.value
    assert error.code == code, str(error)[:500]
    assert error.where is not None
    assert error.where.line is not None
    assert error.where.column is not None
    assert len(str(error)) < 20_000
    assert error.__suppress_context__
    assert seconds < 2, f"{seconds:.2f} s"


def test_nothing_was_run() -> None:
    assert not Path("/tmp/pwned").exists()


@pytest.mark.parametrize("name", ["billion laughs", "alias storm", "20k columns", "100k brackets"])
def test_hostile_document_takes_bounded_memory(name: str) -> None:
    document = CASES[name][0]()
    tracemalloc.start()
    with pytest.raises(ContractError):
        load(document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 1024 * 1024


def test_a_finding_names_its_limit() -> None:
    with pytest.raises(ContractError) as raised:
        load(HEAD + "schema: []", limits=Limits(nodes=3))
    assert raised.value.help == "the limit is nodes"


def test_many_findings_end_the_reading() -> None:
    document = HEAD + "\n".join(f"k{i}: v" for i in range(10_000))
    with pytest.raises(ContractError) as raised:
        load(document)
    assert len(raised.value.findings) == 100
    assert str(raised.value).endswith("and 80 more")


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("byte order mark", b"\xef\xbb\xbf" + HEAD.encode()),
        ("Windows lines", HEAD.replace("\n", "\r\n")),
        ("old Mac lines", HEAD.replace("\n", "\r")),
        ("JSON", '{"dataset":"d",\n\t"version":"1.0.0","owner":"o"}'),
        ("anchors", "dataset: &a d\nversion: 1.0.0\nowner: o\ndescription: ''\nid: *a"),
        ("document marker and end", "--- \n" + HEAD + "...\n"),
        ("YAML directive", "%YAML 1.2\n---\n" + HEAD),
    ],
)
def test_honest_document_loads(name: str, document: str | bytes) -> None:
    assert load(document) == load(HEAD)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device", "nul", "unreadable"])
def test_what_is_no_readable_file_is_said_so(kind: str, tmp_path: Path) -> None:
    path: str | Path = tmp_path / "contract.yaml"
    if kind == "folder":
        path = tmp_path
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = "/dev/zero"
    elif kind == "nul":
        path = "contract\0.yaml"
    elif kind == "unreadable":
        Path(path).write_text(HEAD)
        Path(path).chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user reads everything")
    with pytest.raises(ContractError) as raised:
        load(path)
    assert raised.value.code == "contract.not_found"


def test_errors_name_the_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "schema:\n  - {name: a, type: strin}\n")
    with pytest.raises(ContractError) as raised:
        load(path)
    where = raised.value.where
    assert str(where) == f"{path}:5:21"
    assert where.pointer == "schema.a.type"
