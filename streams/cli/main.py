"""The entry point ``lifestage``; each command is a module of its own, imported only when it is needed."""

from importlib import import_module
from typing import Any

import click

# In the order in which a new user meets them.
_COMMANDS = (
    "worker",
    "topics",
    "replay",
    "serve",
    "show",
    "tail",
    "republish",
    "forget",
    "rejects",
    "policy",
    "features",
    "schema",
    "simulate",
    "backtest",
    "map",
    "demo",
)


class RefusalError(click.ClickException):
    """What Kafka refuses: one line, no traceback, and the exit status with which a worker ends for it."""

    exit_code = 70


class LazyGroup(click.Group):
    """The commands by name; a module is imported when its command is run or its help is shown."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; raises ``RefusalError`` for what Kafka refuses."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # Imported where it is needed: it takes a third of a second.
            from streams.refusal import RefusedError  # noqa: PLC0415

            if isinstance(error, RefusedError):
                raise RefusalError(str(error)) from None
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None for an unknown name."""
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"streams.cli.commands.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lifestage", prog_name="lifestage", message="%(prog)s %(version)s")
def main() -> None:
    """Keep every customer's lifecycle stage and segments, in real time, on Kafka.

    Settings come from LIFESTAGE_ variables; LIFESTAGE_BROKER is the Kafka to use (127.0.0.1:9092).
    """
