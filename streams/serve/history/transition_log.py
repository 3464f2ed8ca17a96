"""The log of transitions: what the messages of the transitions topic say, by date and by customer."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
from aiokafka import ConsumerRecord
from msgspec import UNSET, UnsetType

from schemas import instant
from schemas.change import SIGNAL_OCCURRED
from schemas.transition import CUSTOMER_FORGOTTEN
from state.calendar import Calendar
from streams.serve.history.flows import Flow, Flows
from streams.serve.history.places import Places

logger = logging.getLogger(__name__)

MAX_TRANSITIONS = 1_000_000
MAX_RECENT = 200


class _Properties(msgspec.Struct, rename={"from_": "from"}, gc=False):
    retracted: bool
    republished: bool = False
    from_: str = ""
    to: str = ""
    audience_key: str | UnsetType = UNSET
    ladder_key: str | UnsetType = UNSET
    signal_key: str | UnsetType = UNSET


class _Message(msgspec.Struct, gc=False):
    """What of a message is counted."""

    event: str
    timestamp: str
    properties: _Properties


class _Recent(NamedTuple):
    """A message, and the latest instant of its partition when it came: one that takes back is as new as others."""

    at: int
    key: bytes
    value: bytes


_decode = msgspec.json.Decoder(_Message).decode


class TransitionLog:
    """The records of the transitions topic, of which only what is asked for is kept. What is told again counts not."""

    def __init__(self, calendar: Callable[[], Calendar], lateness_ms: Callable[[], int]) -> None:
        self._calendar = calendar
        self._lateness_ms = lateness_ms
        self._clear({})

    def _clear(self, left_out: Mapping[int, bool]) -> None:
        self._counted_by = self._calendar()
        self.day_of = self._counted_by.day_of
        """Return the day of an instant, by the calendar that the flows are counted by."""
        self.flows = Flows()
        """How many went from where to where on each day."""
        self.places = Places(MAX_TRANSITIONS)
        """Where each customer's messages stand."""
        self.latest: int | None = None
        """The latest instant of a transition, in ms since 1970."""
        self.is_whole = not any(left_out.values())
        """Whether the topic was read from its first record."""
        self.forgotten: deque[tuple[bytes, int, list[int]]] = deque()
        """Customers who were forgotten, with the partition and the rising offsets of what is still counted of them."""
        self.unreadable = 0
        self._left_out = dict(left_out)
        self._known_from = -1
        self._latest: dict[int, int] = {}
        self._recent: dict[int, deque[_Recent]] = {}

    @property
    def known_from(self) -> int:
        """The first day at whose end all flows that follow are known; -1 if all flows are."""
        return max(self._known_from, self.flows.first_day)

    @property
    def is_by_another_calendar(self) -> bool:
        """Whether days are those of another zone by now, so that the topic must be read anew."""
        return self._calendar().zone != self._counted_by.zone

    def begin(self, left_out: Mapping[int, bool]) -> None:
        """Forget everything, see ``Records``."""
        self._clear(left_out)

    def take(self, record: ConsumerRecord) -> None:
        """Count a record, see ``Records``."""
        try:
            message = _decode(record.value or b"")
            at = instant.from_text(message.timestamp)
        except (msgspec.DecodeError, ValueError) as error:
            self.unreadable += 1
            if self.unreadable == 1:
                logger.warning(
                    "offset %d of %s, partition %d, is no transition, and is left out: %s",
                    record.offset,
                    record.topic,
                    record.partition,
                    type(error).__name__,
                )
            return
        properties = message.properties
        if properties.republished:
            return
        if message.event == CUSTOMER_FORGOTTEN:
            if not properties.retracted:
                self._forget(record.key or b"")
            return
        partition, day = record.partition, self.day_of(at)
        latest = self._latest[partition] = max(self._latest.get(partition, at), at)
        if self.latest is None or latest > self.latest:
            self.latest = latest
        if self._left_out.pop(partition, False):
            # What stands before the first record that is read is at most the lateness later.
            self._known_from = max(self._known_from, self.day_of(at + self._lateness_ms()))
        self.flows.add(day, _flow(message.event, properties), -1 if properties.retracted else 1)
        self.places.add(record.key or b"", partition, record.offset)
        recent = self._recent.get(partition)
        if recent is None:
            recent = self._recent[partition] = deque(maxlen=MAX_RECENT)
        recent.append(_Recent(latest, record.key or b"", record.value))

    def unmake(self, value: bytes) -> None:
        """Take a message out of the flows that was counted in them."""
        message = _decode(value)
        properties, day = message.properties, self.day_of(instant.from_text(message.timestamp))
        self.flows.add(day, _flow(message.event, properties), 1 if properties.retracted else -1)

    def _forget(self, key: bytes) -> None:
        places = [*self.places.of(key)][::-1]
        self.places.drop(key)
        if places:
            self.forgotten.append((key, places[0][0], [offset for _, offset in places]))
        for partition, recent in self._recent.items():
            self._recent[partition] = deque((it for it in recent if it.key != key), maxlen=MAX_RECENT)

    def recent(self, limit: int) -> list[bytes]:
        """Return the last messages, the newest first."""
        every = [(it.at, place, it.value) for of_one in self._recent.values() for place, it in enumerate(of_one)]
        every.sort(key=lambda it: it[:2], reverse=True)
        return [value for _, _, value in every[:limit]]


def _flow(event: str, properties: _Properties) -> Flow:
    if event == SIGNAL_OCCURRED:
        return Flow("signal", properties.signal_key or "", "", "")
    if properties.audience_key is not UNSET:
        return Flow("segment", properties.audience_key, properties.from_, properties.to)
    if properties.ladder_key is not UNSET:
        return Flow("step", properties.ladder_key, properties.from_, properties.to)
    return Flow("stage", "", properties.from_, properties.to)
