"""The commands, each in its own module that is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

# One line per command: its name is its module and its function, in the order of `--help`.
COMMANDS = ("init", "infer", "lint", "check", "publish", "read", "catalog", "explain")


class Commands(click.Group):
    """A group that finds its commands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"meshgate.cli.{cmd_name}"), cmd_name)
        return command


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        import meshgate

        click.echo(f"meshgate {meshgate.__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 allowed, 1 denied, 2 contract or usage, 3 source or destination, "
    "4 a bug in meshgate.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
def commands() -> None:
    """The gate of a data mesh.

    Checks, masks and publishes data by contract: nothing is visible at the destination before the
    contract holds, personal data is masked and the policies allow it.
    """
