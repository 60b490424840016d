"""Runs one command and turns whatever happens into an exit code and a message for a person.

No traceback ever reaches the output: frames and foreign messages hold values. A bug is told by
the kind of the exception and the place in meshgate where it came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import click

from meshgate.cli.exits import ALLOWED, BUG, CONTRACT, INTERRUPTED, OUTSIDE, exit_code
from meshgate.cli.streams import guarded
from meshgate.cli.terminal import BAD, QUIET, Cell, Terminal
from meshgate.errors import MeshgateError, StageError, UsageError

OUTPUT_LOST = StageError(
    code="stage.output_lost",
    message="standard output takes no more text: what was found is not shown whole",
    help="make room, or write elsewhere; what was published is published, see the catalog",
)

STOPPED = UsageError(
    code="usage.interrupted",
    message="interrupted: nothing was published unless a receipt was shown",
    help="run it again; a publication that was just being committed is found by its id",
)


def run(arguments: Sequence[str]) -> int:
    """Runs the command that the arguments name; returns the exit code of the process."""
    with guarded() as output:
        terminal = Terminal(as_json=wants_json(arguments))
        code = _answered(terminal, arguments)
        output.flush()
        # A reader may go away, as `head` does; a full disk is something to tell.
        if output.lost is not None and not isinstance(output.lost, BrokenPipeError):
            _error(Terminal(), OUTPUT_LOST)
            return code or OUTSIDE
        return code


def _answered(terminal: Terminal, arguments: Sequence[str]) -> int:
    try:
        return _command(arguments)
    except click.ClickException as problem:
        return _usage(terminal, problem)
    except MeshgateError as error:
        _error(terminal, error)
        return exit_code(error)
    except (KeyboardInterrupt, click.Abort):
        _error(terminal, STOPPED)
        return INTERRUPTED
    except Exception as bug:
        _bug(terminal, bug)
        return BUG


def _command(arguments: Sequence[str]) -> int:
    from meshgate.cli.group import commands

    answer = commands.main(args=list(arguments), prog_name="meshgate", standalone_mode=False)
    return answer if isinstance(answer, int) else ALLOWED


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON, also when they cannot be parsed."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _error(terminal: Terminal, error: MeshgateError) -> None:
    from meshgate.cli.show import problem

    terminal.trouble(problem(error), error.to_dict())


def _usage(terminal: Terminal, problem: click.ClickException) -> int:
    """A command line that cannot be understood; help was asked for by leaving everything out."""
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        click.echo(problem.format_message())
        return CONTRACT
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "meshgate"
    message = problem.format_message().rstrip(".")
    rows: list[list[Cell]] = [
        [("usage.bad_option", BAD), f": {message}"],
        [("  help      ", QUIET), f"{command} --help"],
    ]
    value = {
        "error": "UsageError",
        "code": "usage.bad_option",
        "message": message,
        "where": None,
        "pointer": None,
        "data": None,
        "help": f"{command} --help",
    }
    terminal.trouble(rows, value)
    return CONTRACT


def _bug(terminal: Terminal, bug: Exception) -> None:
    kind, place = type(bug).__name__, _place(bug.__traceback__)
    message = f"a bug in meshgate: {kind} at {place}"
    advice = (
        "please report it with this line, the version (meshgate --version) and the contract; "
        "look into the catalog before publishing again"
    )
    rows: list[list[Cell]] = [
        [("engine.internal", BAD), f": {message}"],
        [("  help      ", QUIET), advice],
    ]
    value = {
        "error": "EngineError",
        "code": "engine.internal",
        "message": message,
        "where": None,
        "pointer": None,
        "data": None,
        "help": advice,
    }
    terminal.trouble(rows, value)


def _place(traceback: TracebackType | None) -> str:
    """File and line of the innermost frame that is meshgate's own."""
    package, place = Path(__file__).parents[1], "an unknown place"
    while traceback is not None:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(package):
            place = f"{file.relative_to(package.parent).as_posix()}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
