"""A backtest on all cores: customers are partitioned among processes, and the results are merged in order."""

import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from operator import itemgetter
from typing import cast

from schemas.account_events import account_event
from schemas.envelope import events_in, user_of
from schemas.reject import RejectedError
from streams.backtest.backtest import BacktestResult, PublishedTransition
from streams.backtest.pool_process import (
    CHUNK_SIZE,
    BacktestOptions,
    LineChunk,
    ReadSummary,
    receive_items,
    run_process,
)
from streams.tally.reading import NumberedLines, line_and_event, number_within
from streams.tally.tally import Tally

_JOIN_TIMEOUT_SECONDS = 5.0


class ProcessLostError(RuntimeError):
    """A process of a backtest that ended before it was done."""


class BacktestPool:
    """The processes of one backtest. Call in this order: ``read``, ``decide``, ``transitions``, ``profiles``.

    The results do not depend on the number of processes. Each step raises ``ProcessLostError``.
    """

    def __init__(self, connections: Sequence[Connection], of_accounts: bool) -> None:
        self._connections = connections
        self._owner_of = _account_of if of_accounts else user_of

    def read(self, lines: NumberedLines, on_lines: Callable[[int], None]) -> ReadSummary:
        """Send numbered lines to the processes by customer; ``on_lines`` gets the count of each portion sent."""
        with _process_lost():
            left = iter(lines)
            while some := list(islice(left, CHUNK_SIZE * len(self._connections))):
                self._send_lines(some)
                on_lines(len(some))
            for connection in self._connections:
                connection.send(None)
            return _total_read([connection.recv() for connection in self._connections])

    def decide(self, until: int, on_customers: Callable[[int], None]) -> BacktestResult:
        """Decide all customers until an instant (ms since 1970); ``on_customers`` gets how many more are decided.

        The result has nothing ``published``: ``transitions`` yields that.
        """
        with _process_lost():
            for connection in self._connections:
                connection.send(until)
            summaries: list[BacktestResult] = []
            working = list(self._connections)
            while working:
                for connection in cast(list[Connection], wait(working)):
                    message: int | BacktestResult = connection.recv()
                    if isinstance(message, int):
                        on_customers(message)
                    else:
                        summaries.append(message)
                        working.remove(connection)
            return _total_decided(summaries)

    def transitions(self) -> Iterator[bytes]:
        """Yield the values of the transitions topic, in order of (instant, customer, seq)."""
        with _process_lost():
            published: Iterable[PublishedTransition] = merge(*map(receive_items, self._connections))
            yield from (value for *_, value in published)

    def profiles(self) -> Iterator[bytes]:
        """Yield one profile a customer, in order of the customers' ids. Only for a pool ``with_profiles``."""
        with _process_lost():
            for _, profile in merge(*map(receive_items, self._connections), key=itemgetter(0)):
                yield profile

    def _send_lines(self, lines: Sequence[tuple[int, bytes]]) -> None:
        processes = len(self._connections)
        numbers = [array("Q") for _ in range(processes)]
        texts: list[list[bytes]] = [[] for _ in range(processes)]
        for index, number, line in _dealt(lines, processes, self._owner_of):
            numbers[index].append(number)
            texts[index].append(line.rstrip(b"\r\n"))
        for connection, its_numbers, its_texts in zip(self._connections, numbers, texts, strict=True):
            if its_texts:
                connection.send(LineChunk(its_numbers, b"\n".join(its_texts)))


def _dealt(
    lines: NumberedLines, processes: int, owner_of: Callable[[bytes], str | None]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield (process, number, line); of a line that is a list of events, each by itself, since each has an owner."""
    for number, line in lines:
        owner = owner_of(line) if processes > 1 else None
        if owner is not None:
            yield hash(owner) % processes, number, line
        elif processes > 1 and not line_and_event(number)[1] and (events := events_in(line)):
            each = [(number_within(number, it), event) for it, event in enumerate(events, 1)]
            yield from _dealt(each, processes, owner_of)
        else:
            yield number % processes, number, line


def _account_of(line: bytes) -> str | None:
    try:
        return account_event(line)[0]
    except RejectedError:
        return None


@contextmanager
def backtest_pool(options: BacktestOptions, processes: int) -> Iterator[BacktestPool]:
    """Run so many processes for the length of the block."""
    spawning = get_context("spawn")  # a fork would copy locks that other threads hold
    with ExitStack() as stack:
        connections = []
        for _ in range(processes):
            ours, theirs = spawning.Pipe()
            process = spawning.Process(target=run_process, args=(theirs, options), daemon=True)
            process.start()
            theirs.close()
            stack.callback(process.join, _JOIN_TIMEOUT_SECONDS)
            stack.callback(process.terminate)
            connections.append(stack.enter_context(ours))
        yield BacktestPool(connections, options.of_accounts)
        for connection in connections:
            connection.close()


def cores() -> int:
    """Return how many processes can run at once on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _process_lost() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise ProcessLostError("a process of the backtest ended before it was done (too little memory?)") from error


def _total_read(parts: Sequence[ReadSummary]) -> ReadSummary:
    tally = Tally()
    for part in parts:
        tally.add(part.tally)
    return ReadSummary(
        tally=tally,
        customers=sum(it.customers for it in parts),
        last=max((it.last for it in parts if it.last is not None), default=None),
        refused=sorted(refused for it in parts for refused in it.refused),
    )


def _total_decided(parts: Sequence[BacktestResult]) -> BacktestResult:
    total = BacktestResult(parts[0].until)
    for part in parts:
        total.add(part)
    total.refused.sort()
    total.duplicate_lines = array("Q", sorted(total.duplicate_lines))
    return total
