"""The command line: finds each command in its own module, and loads it only when it is asked for."""

from importlib import import_module
from importlib.util import find_spec

import click

_MODULES = {
    "worker": "worker",
    "topics": "topics",
    "replay": "replay",
    "show": "show",
    "tail": "tail",
    "rejects": "rejects",
    "policy": "policy",
    "schema": "schema",
    "simulate": "simulate",
    "backtest": "backtest",
    "demo": "demo",
}


class Commands(click.Group):
    """The commands by name; a module is imported when its command is run or its help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a new user meets them."""
        return [name for name, module in _MODULES.items() if find_spec(f"streams.cli.commands.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or ``None`` for a name that is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"streams.cli.commands.{_MODULES[cmd_name]}").command
        return command if isinstance(command, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Keep every customer's lifecycle stage and segments, in real time, on Kafka.

    Settings come from LIFESTAGE_ variables; LIFESTAGE_BROKER is the Kafka to use (127.0.0.1:9092).
    """
