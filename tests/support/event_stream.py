"""A client of server-sent events: reads a stream as the standard says, and can be cut off anywhere."""

import http.client
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.support.serving import Server
from tests.support.waiting import PATIENCE, wait_until


class Sent(NamedTuple):
    """An event: its name (empty: none was given), its data, and the last id that was there with it or before it."""

    name: str
    data: bytes
    last_id: str

    @property
    def json(self) -> Any:
        """Return the data as JSON."""
        return json.loads(self.data)


class Parser:
    """Bytes in, events out; ``last_id`` also moves with ids that come alone."""

    def __init__(self) -> None:
        self.last_id = ""
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._id: str | None = None

    def feed(self, data: bytes) -> list[Sent]:
        """Return the events that are complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [it for line in lines if (it := self._line(line)) is not None]

    def _line(self, line: bytes) -> Sent | None:
        if line:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                self._data.append(value)
            elif field == b"event":
                self._name = value.decode()
            elif field == b"id":
                self._id = value.decode()
            return None
        if self._id is not None:
            self.last_id = self._id
        name, parts = self._name, self._data
        self._name, self._data, self._id = "", [], None
        return Sent(name, b"\n".join(parts), self.last_id) if parts else None


def events_of(answer: bytes) -> list[Sent]:
    """Return the events in the bytes of an answer in chunks, which may be cut off."""
    _, _, rest = answer.partition(b"\r\n\r\n")
    parser, found = Parser(), []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        found += parser.feed(rest[:length])
        rest = rest[length + 2 :]
    return found


class EventStream:
    """An open stream."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.headers.items()}
        self.parser = Parser()
        self._answer = answer
        self._waiting: list[Sent] = []

    @property
    def last_id(self) -> str:
        """The id to come back with."""
        return self.parser.last_id

    def read_on(self) -> bool:
        """Read what comes next, events or not; tell whether there is an id by now."""
        self._waiting += self.parser.feed(self._answer.read1(65536))
        return self.last_id != ""

    def body(self) -> bytes:
        """Return what is left of an answer that ends."""
        return self._answer.read()

    def next(self) -> Sent | None:
        """Return the next event, None at the end of the stream."""
        while not self._waiting:
            data = self._answer.read1(65536)
            if not data:
                return None
            self._waiting = self.parser.feed(data)
        return self._waiting.pop(0)

    def __iter__(self) -> Iterator[Sent]:
        while (event := self.next()) is not None:
            yield event

    def take(self, count: int) -> list[Sent]:
        """Return so many events."""
        return [event for _, event in zip(range(count), self, strict=False)]


def wait_until_it_streams(server: Server) -> None:
    """Wait until a server has read the topic, and streams can begin."""
    request = urllib.request.Request(f"{server.address}/v1/transitions", method="HEAD")
    wait_until(lambda: server.send(request).status == 200, what=server.log.read_text)


@contextmanager
def listening(
    address: str,
    query: Mapping[str, Any] | None = None,
    last_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> Iterator[EventStream]:
    """Listen to transitions for the length of the block; the connection is then cut, whatever is on its way."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    sent = {**(headers or {}), **({"Last-Event-ID": last_id} if last_id else {})}
    try:
        asked = urllib.parse.urlencode(query or {}, doseq=True)
        connection.request("GET", f"/v1/transitions?{asked}", headers=sent)
        answer = connection.getresponse()
        yield EventStream(answer)
    finally:
        connection.close()
