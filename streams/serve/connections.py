"""Connections: how long one may be open without a request on its way."""

from aiohttp import web

HEAD_SECONDS = 75.0
"""Longer than load balancers keep a connection that nobody uses, which is a minute."""
_END_SECONDS = 5.0


def runner_of(app: web.Application, head_seconds: float = HEAD_SECONDS) -> web.AppRunner:
    """Return the runner of an application.

    A connection that has not brought the whole head of a request so many seconds after it was opened, or after the
    last answer, is closed, however steadily it brings one letter after another.
    """
    return web.AppRunner(app, access_log=None, shutdown_timeout=_END_SECONDS, keepalive_timeout=head_seconds)
