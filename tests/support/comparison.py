"""What the backtest says of the same events, and how transitions are compared with it."""

import json
from collections import Counter
from collections.abc import Sequence

from state.rules.rulebook import Rulebook
from state.timeline.history import LaterRules
from streams.backtest.backtest import BacktestResult, UnusableLine, read_events, run
from streams.sources.source import SourceEvent


def backtest(
    events: Sequence[SourceEvent], until: int, rules: Rulebook, later: Sequence[LaterRules] = ()
) -> BacktestResult:
    """Decide the events at once; each can be used, but for those that name no account where accounts are decided."""
    refused: list[UnusableLine] = []
    lines = [(number, event.value) for number, event in enumerate(events)]
    read = read_events(lines, until + 1, rules, refused.append, later)
    assert {json.loads(it)["reason"] for *_, it in refused} <= (
        {"missing_account"} if rules.intake.of_accounts else set()
    )
    return run(read, until, rules, later=later)


def by_customer(values: Sequence[bytes]) -> dict[str, list[bytes]]:
    """Return the values of each customer, in their order."""
    found: dict[str, list[bytes]] = {}
    for value in values:
        found.setdefault(json.loads(value)["userId"], []).append(value)
    return found


def differences(live: Sequence[bytes], truth: Sequence[bytes]) -> tuple[Counter[bytes], Counter[bytes]]:
    """Return what is only live, and what is only in the backtest."""
    return Counter(live) - Counter(truth), Counter(truth) - Counter(live)


def standing(values: Sequence[bytes]) -> list[str]:
    """Return the identities of the transitions that stand, sorted: each that was not retracted, whatever its revision.

    Where a record arrives just behind a deadline, live takes back what the backtest never said.
    """
    told = [json.loads(value) for value in values]
    retracted = {it["properties"]["corrects"] for it in told if it["properties"]["retracted"]}
    left = (it["messageId"] for it in told if not it["properties"]["retracted"])
    return sorted(it.partition(".")[0] for it in left if it not in retracted)
