"""The server: everything it answers, put together, on its address, until it is asked to end."""

import asyncio
import logging
import signal
import ssl
import time
from ipaddress import ip_address

from aiohttp import web
from redis.asyncio import Redis

from streams.connection import find_refusal
from streams.environment import SettingsError
from streams.faust_driver.private import forget_old_aborts, hold_empty_fetches
from streams.policies.follower import PolicyFollower
from streams.serve.access import Access
from streams.serve.application import application
from streams.serve.background import run_with
from streams.serve.connections import runner_of
from streams.serve.metrics import ServeMetrics
from streams.serve.redis_reader import RedisReader
from streams.serve.served_policies import read_served
from streams.serve.stored_workers import StoredWorkers
from streams.serve.stream_upto import StreamUpto
from streams.serve.surfaces import surfaces_of
from streams.serve_settings import ServeSettings
from streams.settings import Settings
from streams.sinks.redis import Keys, connect
from streams.stacks import show_tasks
from streams.tokens import Tokens, tokens_in

logger = logging.getLogger(__name__)


def tokens_of(settings: ServeSettings) -> Tokens:
    """Return the tokens of a server. Raises ``SettingsError`` if they cannot be used, or are missing off localhost."""
    if settings.tokens is not None:
        return tokens_in(settings.tokens, "LIFESTAGE_SERVE_TOKENS")
    if not _is_local(settings.host):
        raise SettingsError(
            f"LIFESTAGE_SERVE_HOST is {settings.host!r}, which others can reach: set LIFESTAGE_SERVE_TOKENS to a "
            "file with a line `read TOKEN` for each who may ask"
        )
    return Tokens()


def certificate_of(settings: ServeSettings) -> ssl.SSLContext | None:
    """Return the context of the certificate; None without one. Raises ``SettingsError``."""
    if settings.certfile is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certfile, settings.keyfile)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"LIFESTAGE_SERVE_CERTFILE cannot be used: {error}") from None
    return context


async def serve(settings: Settings, tokens: Tokens, certificate: ssl.SSLContext | None) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Raises ``SettingsError`` for an address or a URL that cannot be used, ``RefusedError`` if Kafka does not let it in,
    ``PolicyFileError`` if it needs ``LIFESTAGE_POLICY`` and cannot use it.
    """
    refused = await find_refusal(settings)
    if refused is not None and refused.final:
        raise refused
    access, metrics = Access(tokens), ServeMetrics()
    redis = _redis(settings)
    reader = None if redis is None else RedisReader(redis, Keys.of(settings))
    if reader is None:
        logger.info("LIFESTAGE_REDIS_URL is empty: nobody is looked up here")
    follower, upto = PolicyFollower(settings, None), StreamUpto(None if reader is None else StoredWorkers(reader))
    await upto.look()
    policies = await read_served(settings, follower, upto if settings.clock == "stream" else _now)
    app = application(surfaces_of(settings, policies, reader, access, metrics), access, metrics)
    run_with(app, follower.follow, upto.run)
    runner = runner_of(app)
    if settings.embedded:
        hold_empty_fetches()
        forget_old_aborts()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs requests that it cannot read, as they are
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    show_tasks(loop)
    await runner.setup()
    try:
        host, port = settings.serve.host, settings.serve.port
        try:
            await web.TCPSite(runner, host, port, ssl_context=certificate).start()
        except (OSError, UnicodeError) as error:
            told = f"{host}:{port} cannot be listened to: {getattr(error, 'strerror', None) or error}"
            raise SettingsError(f"{told}: set LIFESTAGE_SERVE_HOST and LIFESTAGE_SERVE_PORT") from None
        scheme = "http" if certificate is None else "https"
        logger.info("serving under %s on %s://%s:%d/v1/", policies.rules.version, scheme, host, port)
        await ended.wait()
    finally:
        await runner.cleanup()
        if redis is not None:
            await redis.aclose()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _redis(settings: Settings) -> Redis | None:
    if not settings.redis_url:
        return None
    try:
        return connect(settings.redis_url)
    except ValueError as error:
        raise SettingsError(f"LIFESTAGE_REDIS_URL cannot be used: {error}") from None


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
