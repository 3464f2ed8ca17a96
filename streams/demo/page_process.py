"""The demo's page: ``lifestage serve`` in a process of its own, on its usual port or on a free one."""

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from streams.embedded.child_process import start, stop
from streams.embedded.ports import HOST, free_port
from streams.serve_settings import ServeSettings

COMMAND = (sys.executable, "-c", "from streams.cli.main import main; main()", "serve")
_MAX_RESTARTS = 5


class PageProcess:
    """The server of the page for the length of a block; ``environment`` is that of the worker."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        port = ServeSettings().port
        self._port = port if _is_free(port) else free_port()
        kept = {name: it for name, it in environment.items() if not name.startswith("LIFESTAGE_SERVE_")}
        self._environment = {**kept, "LIFESTAGE_SERVE_HOST": HOST, "LIFESTAGE_SERVE_PORT": str(self._port)}
        self.log = log
        self._restarts = 0

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self._port}/"

    def __enter__(self) -> "PageProcess":
        self._output = self.log.open("ab")
        self._child = self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stop(self._child)
        self._output.close()

    def restart_if_ended(self) -> str | None:
        """Start the server again if it has ended, a few times at most; returns what to say of it, None for nothing."""
        if self._restarts > _MAX_RESTARTS or self._child.poll() is None:
            return None
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            return f"the page ends again and again, and stays away; its log is {self.log}"
        ended, self._child = self._child.pid, self._start()
        return f"the page (process {ended}) has ended; process {self._child.pid} takes over"

    def _start(self) -> "subprocess.Popen[bytes]":
        return start(COMMAND, output=self._output, environment=self._environment)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
