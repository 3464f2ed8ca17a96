"""How a command ends that could not reach what it needs."""

import os

import click

from streams.settings import Settings, SettingsError


class UnreachableError(click.ClickException):
    """A server that is away, or a setting that cannot be used: exit status 2, one line, no traceback."""

    exit_code = 2


def settings_or_fail() -> Settings:
    """The settings of the environment; raises ``UnreachableError``."""
    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        raise UnreachableError(str(error)) from None
