"""``lifestage serve``: customers over HTTP, beside the workers."""

import asyncio
import logging

import click

from streams.cli.failure import UnreachableError, settings_or_fail
from streams.policy_file import PolicyFileError, load_rules


@click.command("serve")
def command() -> None:
    """Answer over HTTP who customers are, what happened and what lies ahead, until SIGTERM or Ctrl-C.

    Start as many as you like, with the settings of the workers, LIFESTAGE_POLICY among them. They read what the
    workers write to Redis and Kafka, and change nothing. LIFESTAGE_SERVE_HOST and LIFESTAGE_SERVE_PORT say where
    (127.0.0.1:6080).
    """
    settings = settings_or_fail()
    if not settings.redis_url:
        raise UnreachableError("LIFESTAGE_REDIS_URL is empty: set it to the Redis that the workers write to")
    from streams.serve.server import ServeError, certificate_of, serve, tokens_of  # noqa: PLC0415  (aiohttp is slow)

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        rules = load_rules(settings.policy)
        tokens, certificate = tokens_of(settings.serve), certificate_of(settings.serve)
        asyncio.run(serve(settings, rules, tokens, certificate))
    except PolicyFileError as error:
        raise UnreachableError(str(error)) from None
    except ServeError as error:
        raise UnreachableError(str(error)) from None
