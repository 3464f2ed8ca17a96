"""The server: everything it answers, put together, on its address, until it is asked to end."""

import asyncio
import logging
import signal
import ssl
import time
from ipaddress import ip_address

from aiohttp import web

from state.rules.rulebook import Rulebook
from streams.faust_driver.private import hold_empty_fetches
from streams.serve.application import application
from streams.serve.customers.look_up import LookUp
from streams.serve.customers.member_sets import MemberSets
from streams.serve.customers.routes import Customers
from streams.serve.customers.stored_customers import StoredCustomers
from streams.serve.metrics import ServeMetrics
from streams.serve.surface import Surface
from streams.serve.tokens import Tokens, TokensError, read_tokens
from streams.serve.transitions.routes import Transitions
from streams.serve_settings import ServeSettings
from streams.settings import Settings
from streams.sinks.redis import Keys, connect

_END_SECONDS = 5.0

logger = logging.getLogger(__name__)


class ServeError(Exception):
    """A server that cannot start; the message names the setting and the mend."""


def tokens_of(settings: ServeSettings) -> Tokens:
    """Return the tokens of a server. Raises ``ServeError`` if they cannot be used, or are missing off localhost."""
    if settings.tokens is None:
        if not _is_local(settings.host):
            raise ServeError(
                f"LIFESTAGE_SERVE_HOST is {settings.host!r}, which others can reach: set LIFESTAGE_SERVE_TOKENS to a "
                "file with a line `read TOKEN` for each who may ask"
            )
        return Tokens()
    try:
        tokens = read_tokens(settings.tokens.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"LIFESTAGE_SERVE_TOKENS: {settings.tokens} cannot be read: {error}") from None
    except TokensError as error:
        raise ServeError(f"LIFESTAGE_SERVE_TOKENS: {settings.tokens}: {error}") from None
    if not tokens:
        raise ServeError(f"LIFESTAGE_SERVE_TOKENS: {settings.tokens} has no token: write a line `read TOKEN`")
    return tokens


def certificate_of(settings: ServeSettings) -> ssl.SSLContext | None:
    """Return the context of the certificate; None without one. Raises ``ServeError``."""
    if settings.certfile is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certfile, settings.keyfile)
    except (OSError, ssl.SSLError) as error:
        raise ServeError(f"LIFESTAGE_SERVE_CERTFILE cannot be used: {error}") from None
    return context


async def serve(settings: Settings, rules: Rulebook, tokens: Tokens, certificate: ssl.SSLContext | None) -> None:
    """Answer requests until SIGTERM or SIGINT. Raises ``ServeError`` for an address or a URL that cannot be used."""
    try:
        redis = connect(settings.redis_url)
    except ValueError as error:
        raise ServeError(f"LIFESTAGE_REDIS_URL cannot be used: {error}") from None
    stored = StoredCustomers(redis, Keys.of(settings))
    look_up = LookUp(rules, None if settings.clock == "stream" else _now)
    metrics = ServeMetrics()
    transitions = Transitions(settings, rules.compiled, redis, metrics.registry)
    surfaces: list[Surface] = [Customers(look_up, MemberSets(rules.compiled), stored), transitions]
    app = application(surfaces, tokens, metrics)
    if settings.embedded:
        hold_empty_fetches()
    app.cleanup_ctx.append(transitions.running)
    app.on_shutdown.append(transitions.end)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_END_SECONDS)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # each failure of each request; the feed says it once
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs requests that it cannot read, as they are
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    await runner.setup()
    try:
        host, port = settings.serve.host, settings.serve.port
        try:
            await web.TCPSite(runner, host, port, ssl_context=certificate).start()
        except (OSError, UnicodeError) as error:
            told = f"{host}:{port} cannot be listened to: {getattr(error, 'strerror', None) or error}"
            raise ServeError(f"{told}: set LIFESTAGE_SERVE_HOST and LIFESTAGE_SERVE_PORT") from None
        scheme = "http" if certificate is None else "https"
        logger.info("serving customers under %s on %s://%s:%d/v1/", rules.version, scheme, host, port)
        await ended.wait()
    finally:
        await runner.cleanup()
        await redis.aclose()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
