from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
from meshgate.cli import group
from meshgate.cli.exits import exit_code
from meshgate.cli.run import run, wants_json
from meshgate.errors import (
    CatalogError,
    CommitFailed,
    CommitUnknown,
    ContractError,
    EngineError,
    LimitError,
    PlanError,
    PolicyError,
    SourceError,
    StageError,
    UsageError,
    Where,
)

SECRET = "ada@example.com"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Replaces the commands by one that raises what the test hands in."""

    def install(error: BaseException) -> None:
        @click.group()
        def commands() -> None:
            pass

        @commands.command()
        @click.option("--format", "format_", default="text")
        def go(format_: str) -> None:
            raise error

        monkeypatch.setattr(group, "commands", commands)

    return install


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolicyError(code="policy.x", message=""), 1),
        (ContractError(code="contract.x", message=""), 2),
        (PlanError(code="plan.x", message=""), 2),
        (UsageError(code="usage.x", message=""), 2),
        (LimitError(code="limit.x", message="", where=Where("a.yaml", 1)), 2),
        (LimitError(code="limit.x", message=""), 3),
        (SourceError(code="source.x", message=""), 3),
        (StageError(code="stage.x", message=""), 3),
        (StageError(code="stage.bad_name", message=""), 2),
        (CommitFailed(code="commit.x", message=""), 3),
        (CommitUnknown(code="commit.x", message=""), 3),
        (CatalogError(code="catalog.x", message=""), 3),
        (EngineError(code="engine.x", message=""), 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_codes_say_who_must_act(failing, capsys, error, code: int) -> None:
    assert exit_code(error) == code
    failing(error)
    assert run(["go"]) == code
    assert capsys.readouterr().err.startswith(error.code)


def test_a_bug_shows_its_kind_and_place_and_no_message(failing, capsys) -> None:
    failing(ValueError(f"cannot parse {SECRET}"))
    assert run(["go"]) == 4
    out, err = capsys.readouterr()
    assert "a bug in meshgate: ValueError at meshgate/cli/run.py:" in err
    assert SECRET not in out + err
    assert "Traceback" not in out + err


def test_errors_are_one_json_document_when_json_is_asked_for(failing, capsys) -> None:
    failing(SourceError(code="source.x", message="broken", help="mend it"))
    assert run(["go", "--format", "json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["code"] == "source.x"
    assert err == ""
    failing(KeyError(SECRET))
    assert run(["go", "--format=json"]) == 4
    assert json.loads(capsys.readouterr().out)["code"] == "engine.internal"


def test_an_interrupt_ends_quietly(failing, capsys) -> None:
    failing(KeyboardInterrupt())
    assert run(["go"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert run(["go", "--format", "json"]) == 130
    assert json.loads(capsys.readouterr().out)["code"] == "usage.interrupted"


def test_a_command_line_that_cannot_be_read_is_usage(capsys) -> None:
    assert run(["chek"]) == 2
    assert run(["lint"]) == 2
    assert run(["read", "--version", "newest", "x"]) == 2
    assert capsys.readouterr().err.count("usage.bad_option") == 3
    assert run(["chek", "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "usage.bad_option"


def test_wants_json_reads_both_spellings() -> None:
    assert wants_json(["a", "--format", "json"])
    assert wants_json(["--format=json"])
    assert not wants_json([])
    assert not wants_json(["json", "--format", "text"])


def test_every_command_has_help_with_its_options(capsys) -> None:
    assert run(["--help"]) == 0
    listing = capsys.readouterr().out
    for name in group.COMMANDS:
        assert name in listing
        assert run([name, "--help"]) == 0
        assert "Usage: meshgate " + name in capsys.readouterr().out


@pytest.mark.parametrize("module", ["pyarrow", "rich", "sqlalchemy", "deltalake", "yaml"])
def test_help_loads_no_heavy_library(module: str) -> None:
    code = (
        "import sys; from meshgate.cli.run import run; run(['--help']); "
        f"sys.exit({module!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"'{sys.executable}' -m meshgate --help | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


MAIN = "from meshgate.cli import main; main()"


def shell(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line inside the pipes and redirections of a shell."""
    script = f'set -o pipefail; "$0" -c "{MAIN}" "$@" {command}'
    return subprocess.run(
        ["bash", "-c", script, sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_that_cannot_be_written_is_told_and_is_no_bug(form: str) -> None:
    full = shell(">/dev/full", "explain", "--format", form)
    assert full.returncode == 3
    assert full.stderr.startswith("stage.output_lost: ")
    denied = shell(">/dev/full", "explain", "no.such.code", "--format", form)
    assert denied.returncode == 2, "the command's own answer stands"
    assert shell(">/dev/full 2>/dev/full", "explain", "--format", form).returncode == 3


@pytest.mark.parametrize(("code", "left"), [("explain", 0), ("explain no.such.code", 2)])
def test_closed_streams_and_readers_that_go_away_change_no_exit_code(code: str, left: int) -> None:
    for command in (">&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", "| true", "2>&1 | true"):
        done = shell(command, *code.split())
        assert done.returncode == left, command
        assert "Traceback" not in done.stderr + done.stdout


def test_the_process_ends_without_exit_handlers() -> None:
    """Those of pyarrow crash where an interrupted command leaves threads that still read ahead."""
    code = f"import atexit; atexit.register(print, 'handled'); {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", code, "explain", "source.failed"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "source.failed" in done.stdout
    assert "handled" not in done.stdout


def test_any_name_can_be_told_in_any_locale() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", MAIN, "lint", "Verträge.yaml"]
    for form, code in (("text", b"contract.not_found"), ("json", b'"contract.not_found"')):
        done = subprocess.run(
            [*command, "--format", form], capture_output=True, check=False, env=environment
        )
        assert (done.returncode, done.stderr) == (2, b"")
        assert code in done.stdout
