"""The servers of a demo, embedded or the user's own, and the settings to reach them."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from streams.demo.data_folder import DataFolder, RunRecord
from streams.embedded.child_process import ServerError
from streams.embedded.ports import free_port
from streams.embedded.servers import Server, kafka_broker, redis_server
from streams.settings import Settings
from streams.sinks.redis import described

_INSTANCE = "demo"
_BROKER = "embedded Kafka broker"
_REDIS = "embedded Redis server"


@dataclass(frozen=True, slots=True)
class DemoServers:
    """The settings of this run's worker and commands, and the embedded servers that run for it, by name."""

    settings: Settings
    embedded: Mapping[str, Server] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ``ServerError`` when an embedded server has ended."""
        for name, server in self.embedded.items():
            if os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                raise ServerError(f"the {name} has ended, though nobody asked it to: start the demo again")

    @property
    def web(self) -> str:
        """The URL of the worker's web server."""
        return f"http://{self.settings.web_host}:{self.settings.web_port}"

    def description(self, folder: DataFolder, run: RunRecord) -> str:
        """Return one line that says where the servers and the data are."""
        settings = self.settings
        broker = f"your Kafka at {settings.broker}, topics {run.prefix}*" if run.broker else f"Kafka {settings.broker}"
        redis = f"your Redis at {run.redis}, keys {run.app_id}:*" if run.redis else f"Redis {settings.redis_url}"
        return f"{broker}   {redis}   data in {folder.path}"

    def variables(self) -> dict[str, str]:
        """Return the environment variables with which a command finds this run."""
        settings = self.settings
        return {
            "LIFESTAGE_BROKER": settings.broker,
            "LIFESTAGE_REDIS_URL": settings.redis_url,
            "LIFESTAGE_APP_ID": settings.app_id,
            "LIFESTAGE_TOPIC_PREFIX": settings.topic_prefix,
            "LIFESTAGE_PARTITIONS": str(settings.partitions),
            "LIFESTAGE_PARTITIONER": settings.partitioner,
            "LIFESTAGE_EMBEDDED": "yes" if settings.embedded else "no",
            # Who comes by the wall clock would bring years with the first event that they send.
            "LIFESTAGE_CLOCK": settings.clock,
        }

    def worker_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the worker's environment: ``environ``, overridden by this run's settings."""
        settings = self.settings
        # Settings of another Kafka (passwords, say) must not reach the embedded one.
        embedded = _BROKER in self.embedded
        kept = {name: value for name, value in environ.items() if not (embedded and name.startswith("LIFESTAGE_"))}
        return (
            kept
            | self.variables()
            | {
                "LIFESTAGE_POLICY": str(settings.policy.resolve()) if settings.policy else "",
                "LIFESTAGE_SOURCES": "",
                "LIFESTAGE_WEB_HOST": settings.web_host,
                "LIFESTAGE_WEB_PORT": str(settings.web_port),
                "LIFESTAGE_DATA": str(settings.data.resolve()),
                "LIFESTAGE_INSTANCE": settings.instance,
            }
        )

    def write_environment(self, path: Path) -> None:
        """Write the variables as a shell script to source."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.variables().items()]
        path.touch(mode=0o600)  # a Redis URL may hold a password
        path.write_text("\n".join(lines) + "\n", "utf-8")


@contextmanager
def run_servers(folder: DataFolder, run: RunRecord, given: Settings) -> Iterator[DemoServers]:
    """Run the servers that the user has not named for the length of the block; raises ``ServerError``.

    ``given`` are the settings of the user's own servers.
    """
    with ExitStack() as stack:
        embedded: dict[str, Server] = {}
        if not run.broker:
            embedded[_BROKER] = stack.enter_context(kafka_broker(folder.path))
        if not run.redis:
            embedded[_REDIS] = stack.enter_context(redis_server(folder.path))
        settings = replace(
            given,
            broker=given.broker if run.broker else embedded[_BROKER].address,
            redis_url=given.redis_url if run.redis else embedded[_REDIS].address,
            app_id=run.app_id,
            topic_prefix=run.prefix,
            embedded=not run.broker,
            clock="stream",
            web_host="127.0.0.1",
            web_port=free_port(),
            data=folder.path / "worker",
            instance=_INSTANCE,
        )
        if run.redis:
            _check_redis(given.redis_url)
        yield DemoServers(settings, embedded)


def _check_redis(url: str) -> None:
    try:
        with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as redis:
            redis.ping()
    except ValueError as error:
        raise ServerError(f"--redis {described(url)} cannot be used: {error}") from None
    except (RedisError, OSError) as error:
        raise ServerError(f"no Redis at {described(url)}: {error}") from None
