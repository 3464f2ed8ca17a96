"""``lifestage serve``: customers and events over HTTP, beside the workers."""

import asyncio

import click

from streams.cli.failure import UnreachableError, settings_and_log
from streams.environment import SettingsError
from streams.policy_file import PolicyFileError
from streams.stacks import show_stacks


@click.command("serve")
def command() -> None:
    """Serve over HTTP: customers, what happens to them, events in, and a page, until SIGTERM or Ctrl-C.

    Start as many as you like, with the settings of the workers. They read what the workers write to Redis and Kafka,
    follow the policies that are published, and write events to Kafka; without LIFESTAGE_REDIS_URL they only push
    transitions and take events. LIFESTAGE_SERVE_HOST and LIFESTAGE_SERVE_PORT say where (127.0.0.1:6080).
    """
    show_stacks()
    settings = settings_and_log()
    if not settings.redis_url and settings.subject == "account":
        raise UnreachableError("LIFESTAGE_REDIS_URL is empty: set it to the Redis that the workers write to")
    from streams.serve.server import certificate_of, serve, tokens_of  # noqa: PLC0415  (aiohttp is slow)

    try:
        tokens, certificate = tokens_of(settings.serve), certificate_of(settings.serve)
        asyncio.run(serve(settings, tokens, certificate))
    except (PolicyFileError, SettingsError) as error:
        raise UnreachableError(str(error)) from None
