"""This machine's clock against the broker's: which batches may not be committed, and for how long one waits."""

import pytest

from streams.partitions import wall_clock
from streams.partitions.wall_clock import MAX_OFF_MS, WrongClockError, check, until_right

BROKER = 1_700_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("before", "upto", "now"),
    [
        (BROKER - 10, BROKER, BROKER),
        (0, BROKER + MAX_OFF_MS, BROKER + MAX_OFF_MS),
        (BROKER - HOUR, BROKER - HOUR + 1, BROKER),  # a backlog, or a suspended machine
        (BROKER + HOUR, BROKER + HOUR, BROKER),  # ahead already: this batch adds nothing to that
        (0, BROKER, BROKER + MAX_OFF_MS),  # the answer took long
        (0, BROKER - MAX_OFF_MS, BROKER - MAX_OFF_MS),
    ],
)
def test_a_batch_that_the_broker_could_have_decided_too_is_committed(before: int, upto: int, now: int) -> None:
    check(before, upto, BROKER, now)


@pytest.mark.parametrize(
    ("upto", "now", "distance"),
    [
        (BROKER + 2 * HOUR, BROKER + 2 * HOUR, "7,200 s ahead of"),
        (BROKER + 2 * HOUR, BROKER, "7,200 s ahead of"),  # set right since the batch was made
        (BROKER + 6_000, BROKER + 2 * HOUR, "7,200 s ahead of"),  # no policy is known for later
        (BROKER - HOUR, BROKER - HOUR, "3,600 s behind"),
        (BROKER - 2 * HOUR, BROKER - HOUR, "3,600 s behind"),
    ],
)
def test_a_batch_of_a_wrong_clock_is_refused_and_says_whose_clock(upto: int, now: int, distance: str) -> None:
    with pytest.raises(WrongClockError, match=f"this machine's clock is {distance} the broker's") as raised:
        check(BROKER - 3 * HOUR, upto, BROKER, now)
    assert "2023-11-14T22:13:20.000Z there" in str(raised.value)
    assert raised.value.broker_now() >= BROKER


async def test_one_waits_until_the_clock_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall_clock, "_LOOK_SECONDS", 0)
    shown = [BROKER + HOUR, BROKER - HOUR, BROKER + MAX_OFF_MS // 2, BROKER + HOUR]
    await until_right(WrongClockError("", BROKER), lambda: shown.pop(0))
    assert shown == [BROKER + HOUR]


async def test_the_broker_is_asked_again_after_a_while_since_its_clock_may_be_the_wrong_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wall_clock, "_ASK_AGAIN_SECONDS", 0)
    await until_right(WrongClockError("", BROKER), lambda: BROKER + HOUR)
