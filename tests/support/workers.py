"""Workers as processes of their own: how one is started, and its pages over HTTP."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from streams.embedded.child_process import start
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from tests.support.crashes import look_after
from tests.support.programs import ROOT

LIFESTAGE = (sys.executable, "-c", "from streams.cli.main import main; main()")
WORKER = (*LIFESTAGE, "worker")
SESSION_SECONDS = 6.0
_ANSWER_SECONDS = 5.0


def environment(settings: Settings, **variables: str) -> dict[str, str]:
    """Return the environment in which a command of lifestage has these settings; ``variables`` come on top."""
    return {
        **{name: it for name, it in os.environ.items() if not name.startswith("LIFESTAGE_")},
        "PYTHONPATH": str(ROOT),
        "PYTHONFAULTHANDLER": "1",
        "LIFESTAGE_BROKER": settings.broker,
        "LIFESTAGE_REDIS_URL": settings.redis_url,
        "LIFESTAGE_APP_ID": settings.app_id,
        "LIFESTAGE_TOPIC_PREFIX": settings.topic_prefix,
        "LIFESTAGE_PARTITIONS": str(settings.partitions),
        "LIFESTAGE_PARTITIONER": settings.partitioner,
        "LIFESTAGE_REPLICATION": str(settings.replication),
        "LIFESTAGE_POLICY": str(settings.policy or ""),
        "LIFESTAGE_SUBJECT": settings.subject,
        "LIFESTAGE_ACCOUNTS": "yes" if settings.accounts else "no",
        "LIFESTAGE_CLOCK": settings.clock,
        "LIFESTAGE_EMBEDDED": "yes" if settings.embedded else "no",
        "LIFESTAGE_SESSION_TIMEOUT": str(settings.session_timeout),
        **variables,
    }


@dataclass
class Worker:
    """One worker process, the port of its web server, and the file it prints to."""

    instance: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @classmethod
    def start(
        cls,
        settings: Settings,
        folder: Path,
        instance: str,
        command: Sequence[str] = WORKER,
        variables: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> Self:
        """Start a worker of these settings, with its data and its log in a folder; it dies with this process."""
        port = free_port()
        given = {
            "LIFESTAGE_INSTANCE": instance,
            "LIFESTAGE_WEB_PORT": str(port),
            "LIFESTAGE_DATA": str(folder / instance),
            **(variables or {}),
        }
        log = log or folder / f"{instance}.log"
        with log.open("ab") as output:
            process = start(command, output=output, environment=environment(settings, **given))
        look_after(process, log)
        return cls(instance, process, port, log)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def page(self, path: str) -> tuple[int, str]:
        """Return the status and the text of a page; status 0 while the worker does not answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=_ANSWER_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def health(self) -> dict[str, Any]:
        """Return the answer of ``/health``; empty while the worker does not answer."""
        status, text = self.page("/health")
        health: dict[str, Any] = json.loads(text) if status == 200 else {}
        return health
