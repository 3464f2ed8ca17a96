"""A client of the intake that sends again until it is told that its events are taken, and which those are."""

import json
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from uuid import uuid4

from schemas.instant import to_text
from tests.support.waiting import PATIENCE

_PAUSE_SECONDS = 0.1


class RetryingClient:
    """Sends batches in a thread of its own, one after another, until it is ended; each until it is taken.

    ``sent`` are the messageIds of all events that left it, ``taken`` of those that it was told are taken, and
    ``repeated`` counts what it sent again.
    """

    def __init__(self, address: str, key: str, name: str, events: int = 50) -> None:
        self._address = f"{address}/v1/batch"
        self._authorization = f"Basic {b64encode(f'{key}:'.encode()).decode()}"
        self._name = name
        self._events = events
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent: set[str] = set()
        self.taken: set[str] = set()
        self.repeated = 0
        self._thread.start()

    def end(self) -> None:
        """Return once the batch under way is taken."""
        self._ended.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the last batch was never taken"

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            ids = [uuid4().hex for _ in range(self._events)]
            batch = [self._event(number + place, it) for place, it in enumerate(ids)]
            number += self._events
            self.sent.update(ids)
            while not self._is_taken(json.dumps({"batch": batch}).encode()):
                self.repeated += 1
                self._ended.wait(_PAUSE_SECONDS)
            self.taken.update(ids)

    def _event(self, number: int, message_id: str) -> dict[str, object]:
        return {
            "type": "track",
            "event": "Order Completed",
            "userId": f"{self._name}-{number % 20}",
            "messageId": message_id,
            "timestamp": to_text(_now()),
            "properties": {"order_id": message_id, "total": 10, "currency": "USD"},
        }

    def _is_taken(self, body: bytes) -> bool:
        request = urllib.request.Request(self._address, body, {"Authorization": self._authorization})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                assert error.code == 503, error.read()
                assert int(error.headers["Retry-After"]) >= 1
            return False
        except OSError:
            return False


def _now() -> int:
    return time.time_ns() // 1_000_000
