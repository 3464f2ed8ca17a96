"""The errors of commands that cannot reach a server, or use a setting or any event."""

import logging
import os

import click

from streams.environment import Environment, SettingsError
from streams.log_lines import begin_log
from streams.settings import Settings

logger = logging.getLogger(__name__)


class UnreachableError(click.ClickException):
    """A server that does not answer, or an invalid setting: one line, exit status 2, no traceback."""

    exit_code = 2


class UnusableSourceError(click.ClickException):
    """A source of which no event could be used: one line that says what to do, exit status 2."""

    exit_code = 2


def settings_or_fail() -> Settings:
    """Read the settings from the environment, and warn of what is none; raises ``UnreachableError``."""
    settings, unknown = _read()
    for each in unknown:
        click.echo(f"warning: {each}", err=True)
    return settings


def settings_and_log(level: str | None = None) -> Settings:
    """Read the settings as ``settings_or_fail`` does, for a command that writes a log, and begin the log.

    ``level`` is that of the settings if it is not given.
    """
    settings, unknown = _read()
    begin_log(settings, level)
    for each in unknown:
        logger.warning("%s", each)
    return settings


def _read() -> tuple[Settings, list[str]]:
    environment = Environment(os.environ)
    try:
        settings = Settings.read(environment)
    except SettingsError as error:
        raise UnreachableError(str(error)) from None
    return settings, environment.unknown()
