"""The errors of commands that cannot reach a server, or use a setting or any event."""

import os

import click

from streams.environment import SettingsError
from streams.settings import Settings


class UnreachableError(click.ClickException):
    """A server that does not answer, or an invalid setting: one line, exit status 2, no traceback."""

    exit_code = 2


class UnusableSourceError(click.ClickException):
    """A source of which no event could be used: one line that says what to do, exit status 2."""

    exit_code = 2


def settings_or_fail() -> Settings:
    """Read the settings from the environment; raises ``UnreachableError``."""
    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        raise UnreachableError(str(error)) from None
