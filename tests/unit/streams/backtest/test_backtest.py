"""A backtest on several processes: the results are those of one process, byte for byte and in the same order."""

import multiprocessing
from itertools import count

import orjson
import pytest

from streams.backtest.backtest import UnusableLine, profile_of, read_events, run
from streams.backtest.pool import ProcessLostError, backtest_pool
from streams.backtest.pool_process import BacktestOptions
from streams.policy_file import load_rules
from streams.sources import simulated

NOW = 1 << 42
UNKNOWN = b'{"event":"Order Compleet","userId":"c1","timestamp":"2025-01-01T00:00:00Z"}'
UNUSABLE = [b"{", UNKNOWN, UNKNOWN.replace(b"c1", b"c2"), b'{"type":"track","event":"Order Completed"}', b"", b"[]"]


def history() -> list[tuple[int, bytes]]:
    """Some customers' half year with a repetition, and lines between that nobody can use."""
    events = [event.value for event in simulated.events(40, days=180)]
    lines = [*events[:1000], *UNUSABLE, *events[1000:], events[5], *UNUSABLE]
    return list(zip(count(1), lines, strict=False))


@pytest.mark.parametrize("processes", [1, 3])
def test_several_processes_make_what_one_alone_makes(processes: int) -> None:
    lines, rules = history(), load_rules(None)
    refused: list[UnusableLine] = []
    alone = read_events(lines, NOW, rules, refused.append)
    profiles: dict[str, bytes] = {}
    end = alone.last or 0
    result = run(alone, None, rules, lambda who, it: profiles.update({who: profile_of(who, it, end, rules)}))

    with backtest_pool(BacktestOptions(None, NOW, with_profiles=True), processes) as pool:
        sent: list[int] = []
        read = pool.read(lines, sent.append)
        assert (read.tally, read.last, read.refused) == (alone.tally, alone.last, refused)
        decided = pool.decide(read.last or 0, lambda _more: None)
        assert (decided.duplicate_lines, decided.duplicates) == (result.duplicate_lines, result.duplicates)
        assert len(decided.duplicate_lines) == decided.duplicates.count == 1
        assert (decided.by_name, decided.stages) == (result.by_name, result.stages)
        assert list(pool.transitions()) == result.transitions
        assert list(pool.profiles()) == [profile for _, profile in sorted(profiles.items())]


@pytest.mark.parametrize("processes", [1, 3])
def test_of_the_events_of_one_line_the_first_is_the_example(processes: int) -> None:
    def about(name: str, **properties: object) -> bytes:
        events = [
            {"event": name, "userId": f"c{it}", "timestamp": "2025-01-01T00:00:00Z", "properties": properties}
            for it in range(12)
        ]
        return orjson.dumps([{**it, "messageId": f"{name} {n}"} for n, it in enumerate(events, 1)])

    good = about("Order Completed", order_id="1", total=5)
    lines = [good, about("Order Completed", order_id="2", total="much"), about("Order Cancelled", order_id="3"), good]
    with backtest_pool(BacktestOptions(None, NOW, with_profiles=False), processes) as pool:
        read = pool.read(enumerate(lines, 1), lambda _more: None)
        decided = pool.decide(NOW, lambda _more: None)
    assert read.tally.rejects["invalid"].example.startswith("line 2: event 1 of its record: ")
    assert decided.unknown_orders.count == decided.duplicates.count == 12
    assert decided.unknown_orders.example.startswith("line 3: Order Cancelled of order '3', ")
    assert decided.duplicates.example.endswith(", messageId Order Completed 1")


def test_a_lost_process_is_reported() -> None:
    with backtest_pool(BacktestOptions(None, NOW, with_profiles=False), 2) as pool:
        multiprocessing.active_children()[0].kill()
        with pytest.raises(ProcessLostError):
            pool.read(history(), lambda _more: None)


def test_processes_send_nothing_that_nobody_reads() -> None:
    with backtest_pool(BacktestOptions(None, NOW, with_profiles=False), 2) as pool:
        pool.read(history(), lambda _more: None)
        pool.decide(NOW, lambda _more: None)
        assert list(pool.transitions())
        with pytest.raises(ProcessLostError):  # they have ended, in order
            list(pool.profiles())
