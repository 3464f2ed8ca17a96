"""One process of a backtest pool: reads the lines of its customers, decides them, and sends the results."""

import gc
import signal
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from state.timeline.history import History
from streams.backtest.backtest import UnusableLine, profile_of, read_events, run
from streams.backtest.later_policies import LaterPolicy, later_rules
from streams.policy_file import load_rules
from streams.tally.reading import NumberedLines
from streams.tally.tally import Tally

CHUNK_SIZE = 1000
_REPORT_EVERY = 200

_T = TypeVar("_T")


class BacktestOptions(NamedTuple):
    """What every process gets at its start; ``now`` in ms since 1970.

    ``of_accounts``: the policy decides accounts, which its customers' events name. ``later`` policies follow it, in the
    order of their instants.
    """

    policy: Path | None
    now: int
    with_profiles: bool
    of_accounts: bool = False
    later: tuple[LaterPolicy, ...] = ()


class LineChunk(NamedTuple):
    """Lines and their numbers. The lines are one text, as one string goes through a pipe at the lowest cost."""

    numbers: "array[int]"
    text: bytes


class ReadSummary(NamedTuple):
    """The tally of what was read; ``refused`` are the lines that could not be."""

    tally: Tally
    customers: int
    last: int | None
    refused: list[UnusableLine]


def run_process(connection: Connection, options: BacktestOptions) -> None:
    """Backtest the customers of one process, to its end or until the parent has closed the connection.

    It receives ``LineChunk``s, None, and the instant to decide until. It sends a ``ReadSummary``, the numbers of
    customers decided since the last such number, a ``BacktestResult`` with nothing ``published``, and chunks of
    transitions, and of profiles if they are asked for, both sorted, with a None after each.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends the processes
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent says why it has given up
        _run(connection, options)


def _run(connection: Connection, options: BacktestOptions) -> None:
    gc.disable()  # nothing that was read becomes garbage: collections would cost a quarter of the time
    rules, later = load_rules(options.policy), later_rules(options.later)
    refused: list[UnusableLine] = []
    events = read_events(_receive_lines(connection), options.now, rules, refused.append, later)
    customers = len(events.by_customer)
    connection.send(
        ReadSummary(
            tally=events.tally,
            customers=customers,
            last=events.last,
            refused=refused,
        )
    )
    until: int = connection.recv()
    last = next((it.rules for it in reversed(later) if it.at <= until), rules)
    report_customer = _ProgressReporter(connection)
    profiles: list[tuple[str, bytes]] = []

    def on_history(customer: str, history: History) -> None:
        report_customer()
        if options.with_profiles:
            profiles.append((customer, profile_of(customer, history, until, last)))

    result = run(events, until, rules, on_history, later)
    published, result.published = result.published, []
    connection.send(result)
    _send_chunks(connection, published)
    if options.with_profiles:  # without, nobody reads on after the transitions
        _send_chunks(connection, sorted(profiles))


def receive_items(connection: Connection) -> Iterator[Any]:
    """Yield the items of all chunks up to a None. Raises ``EOFError`` when the other process has ended."""
    while (chunk := connection.recv()) is not None:
        yield from chunk


def _receive_lines(connection: Connection) -> NumberedLines:
    chunk: LineChunk | None
    while (chunk := connection.recv()) is not None:
        yield from zip(chunk.numbers, chunk.text.split(b"\n"), strict=True)


def _send_chunks(connection: Connection, items: Iterable[_T]) -> None:
    left = iter(items)
    while chunk := list(islice(left, CHUNK_SIZE)):
        connection.send(chunk)
    connection.send(None)


class _ProgressReporter:
    """A callback for each customer, which sends the count of many at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unreported = 0

    def __call__(self) -> None:
        self._unreported += 1
        if self._unreported == _REPORT_EVERY:
            self._connection.send(self._unreported)
            self._unreported = 0
