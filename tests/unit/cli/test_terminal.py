from __future__ import annotations

import io
import json

import pytest
from meshgate.cli.terminal import Terminal, aligned, coloured, counted


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_text_goes_to_stdout_unwrapped_and_uncoloured(capsys) -> None:
    Terminal().line(("a", "bold red"), " " + "x" * 300)
    out, err = capsys.readouterr()
    assert out == "a " + "x" * 300 + "\n"
    assert err == ""


def test_json_mode_prints_the_document_only(capsys) -> None:
    terminal = Terminal(as_json=True)
    terminal.line("hidden")
    terminal.table([["hidden"]])
    terminal.note("hidden")
    terminal.document({"a": 1})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": 1}
    assert err == ""


def test_text_mode_prints_no_document(capsys) -> None:
    Terminal().document({"a": 1})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("hostile", ["\x1b[2Jgone", "a\rb", "a\nb", "\u202egnp.exe", "\x9b31m"])
def test_control_characters_of_names_are_escaped(capsys, hostile: str) -> None:
    Terminal().table([[hostile, "x"]])
    Terminal(as_json=True).document({"name": hostile})
    out = capsys.readouterr().out
    assert not set(out) & set("\x1b\r\u202e\x9b")
    assert out.splitlines()[0].endswith("x")


def test_columns_are_padded_to_the_widest_cell() -> None:
    rows = aligned([["a", "b"], ["long", ("c", "red")]], 1)
    assert ["".join(c if isinstance(c, str) else c[0] for c in row) for row in rows] == [
        " a     b",
        " long  c",
    ]


def test_colours_need_a_terminal_and_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured(Tty())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Tty())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Tty())


def test_a_terminal_gets_colours_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", screen := Tty())
    Terminal().line(("FAIL", "bold red"), " [bold]column[/bold] :smile: " + "x" * 300)
    text = screen.getvalue()
    assert "\x1b[1;31mFAIL" in text
    assert "[bold]column[/bold] :smile:" in text
    assert text.count("\n") == 1


def test_counts_name_one_and_many() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(12_000, "row") == "12,000 rows"
    assert counted(2, "query", "queries") == "2 queries"
