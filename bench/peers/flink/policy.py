"""The policy as a keyed process function: the customers in its state, their deadlines as timers of event time."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction
from pyflink.datastream.state import ValueStateDescriptor

from bench.peers.flink.customer import Customer
from bench.peers.flink.decider import advance, take
from bench.peers.flink.events import Event, UnusableError
from bench.peers.task import Progress, Task

Item = tuple[str, Event | Customer]
"""A customer's id, with an event, or with the customer as they were in the beginning."""


class TreeProgress(Progress):
    """Progress with the processor time of all processes of the job: Flink's own, and those of Python."""

    def mark(self) -> None:
        """Write a mark."""
        with (Path(os.environ["BENCH_FOLDER"]) / "progress").open("a") as file:
            file.write(f"{self.records} {time.monotonic()} {_processor_seconds()}\n")


class Policy(KeyedProcessFunction):  # type: ignore[misc] # PyFlink says no types
    """Events wait until the watermark has passed them, since those of one customer come from several topics."""

    def __init__(self, until: int) -> None:
        self._until = until

    def open(self, runtime_context: Any) -> None:
        """Open the state: the customer, and the events that wait for their turn, each with its instant."""
        self._state = runtime_context.get_state(ValueStateDescriptor("customer", Types.PICKLED_BYTE_ARRAY()))
        self._progress = TreeProgress(Task.given())

    def process_element(self, value: Item, ctx: Any) -> None:
        """Keep an event until it is its turn, or take over a customer."""
        item = value[1]
        if isinstance(item, Customer):
            self._state.update((item, ()))
            if item.deadline is not None:
                ctx.timer_service().register_event_time_timer(item.deadline)
            self._count()
        else:
            customer, waiting = self._state.value() or (Customer(), ())
            self._state.update((customer, (*waiting, (ctx.timestamp(), item))))
            ctx.timer_service().register_event_time_timer(ctx.timestamp())

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[str]:
        """Let the events that are due act on the customer, and then time."""
        if timestamp > self._until:
            return
        customer, waiting = self._state.value()
        due = sorted((it for it in waiting if it[0] <= timestamp), key=lambda it: it[0])
        if not due and (customer.deadline is None or customer.deadline > timestamp):
            return
        user = ctx.get_current_key()
        for _, event in due:
            try:
                yield from take(customer, user, event)
            except (UnusableError, LookupError, TypeError, ValueError):
                pass  # a reject, if this told any
            self._count()
        yield from advance(customer, user, timestamp)
        self._state.update((customer, tuple(it for it in waiting if it[0] > timestamp)))
        if customer.deadline is not None:
            ctx.timer_service().register_event_time_timer(customer.deadline)

    def _count(self) -> None:
        if self._progress.add():
            self._progress.mark()


def parsed(text: str) -> Item:
    """Read an event."""
    event = json.loads(text)
    return event["userId"], event


def key_of(item: Item) -> str:
    """Return the customer's id."""
    return item[0]


def _processor_seconds() -> float:
    session, ticks = os.getsid(0), 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
