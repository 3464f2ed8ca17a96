"""A backtest on all cores: customers are shared among processes, and what they publish is merged in order."""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from operator import itemgetter
from typing import cast

import orjson

from schemas.envelope import user_of
from streams.backtest.backtest import Lines, Published
from streams.backtest.share import PORTION, Decided, Portion, Read, Task, received, take_part

_ENDING_SECONDS = 5.0


class ShareLostError(RuntimeError):
    """A process of a backtest ended before its share was done."""


class Backtests:
    """The shares of one backtest, to be asked in this order: ``read``, ``decide``, ``transitions``, ``profiles``.

    What comes of it does not depend on the number of shares. Each step raises ``ShareLostError``.
    """

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    def read(self, lines: Lines, on_lines: Callable[[int], None]) -> Read:
        """Deal out numbered lines by customer; ``on_lines`` is told how many more were dealt out."""
        with _lost():
            left = iter(lines)
            while some := list(islice(left, PORTION * len(self._connections))):
                self._deal(some)
                on_lines(len(some))
            for connection in self._connections:
                connection.send(None)
            return _all_read([connection.recv() for connection in self._connections])

    def decide(self, until: int, on_customers: Callable[[int], None]) -> Decided:
        """Decide all customers until an instant (ms since 1970)."""
        with _lost():
            for connection in self._connections:
                connection.send(until)
            decided: list[Decided] = []
            at_work = list(self._connections)
            while at_work:
                for connection in cast(list[Connection], wait(at_work)):
                    told: int | Decided = connection.recv()
                    if isinstance(told, int):
                        on_customers(told)
                    else:
                        decided.append(told)
                        at_work.remove(connection)
            return _all_decided(decided)

    def transitions(self) -> Iterator[bytes]:
        """The values of the transitions topic, in order of (instant, customer, seq)."""
        with _lost():
            published: Iterable[Published] = merge(*map(received, self._connections))
            yield from (value for *_, value in published)

    def profiles(self) -> Iterator[bytes]:
        """One profile a customer, in order of the customers' ids; none if none were wanted."""
        with _lost():
            for _, profile in merge(*map(received, self._connections), key=itemgetter(0)):
                yield profile

    def _deal(self, some: Sequence[tuple[int, bytes]]) -> None:
        shares = len(self._connections)
        numbers = [array("Q") for _ in range(shares)]
        texts: list[list[bytes]] = [[] for _ in range(shares)]
        for number, line in some:
            user = user_of(line) if shares > 1 else None
            place = (number if user is None else hash(user)) % shares
            numbers[place].append(number)
            texts[place].append(line.rstrip(b"\r\n"))
        for connection, of_lines, of_share in zip(self._connections, numbers, texts, strict=True):
            if of_share:
                connection.send(Portion(of_lines, b"\n".join(of_share)))


@contextmanager
def shared(task: Task, processes: int) -> Iterator[Backtests]:
    """Run so many processes, one share each, for the length of the block."""
    spawning = get_context("spawn")  # a fork would take the locks of other threads along
    with ExitStack() as stack:
        connections = []
        for _ in range(processes):
            ours, theirs = spawning.Pipe()
            process = spawning.Process(target=take_part, args=(theirs, task), daemon=True)
            process.start()
            theirs.close()
            stack.callback(process.join, _ENDING_SECONDS)
            stack.callback(process.terminate)
            connections.append(stack.enter_context(ours))
        yield Backtests(connections)
        for connection in connections:
            connection.close()


def cores() -> int:
    """How many processes can work at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise ShareLostError("a process of the backtest ended before it was done (too little memory?)") from error


def _all_read(parts: Sequence[Read]) -> Read:
    return Read(
        lines=sum(it.lines for it in parts),
        facts=sum(it.facts for it in parts),
        unknown=sum(it.unknown for it in parts),
        customers=sum(it.customers for it in parts),
        last=max((it.last for it in parts if it.last is not None), default=None),
        rejects=_summed(it.rejects for it in parts),
        refused=sorted((refused for it in parts for refused in it.refused), key=_line_number),
    )


def _line_number(refused: bytes) -> int:
    number: int = orjson.loads(refused)["line"]
    return number


def _all_decided(parts: Sequence[Decided]) -> Decided:
    return Decided(
        until=parts[0].until,
        duplicates=sum(it.duplicates for it in parts),
        after=sum(it.after for it in parts),
        by_name=_summed(it.by_name for it in parts),
        stages=_summed(it.stages for it in parts),
    )


def _summed(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total
