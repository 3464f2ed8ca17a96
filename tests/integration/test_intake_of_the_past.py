"""A history that was sent to `/v1/import` before the workers start is decided as by a backtest, byte for byte."""

import asyncio
import json
import random
from pathlib import Path

from streams.policy_file import load_rules
from streams.replay.replay import Progress, replay
from streams.sources import simulated
from streams.sources.source import Source
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import installation, settings_for
from tests.support.serving import serving
from tests.support.waiting import wait_until

START = 1_700_000_000_000
IN_BATCH = 1_000


def quietly(progress: Progress) -> None:
    """Print nothing."""


def test_history_is_decided_as_by_a_backtest(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    rules = load_rules(None)
    events = simulated.events(customers=60, days=200, start=START)
    end = events[-1].instant
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, clock="stream")
    chance = random.Random(7)
    with installation(settings, tmp_path) as made:
        with serving(settings, tmp_path / "serve.log") as server:
            wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
            for first in range(0, len(events), IN_BATCH):
                batch = [json.loads(it.value) for it in events[first : first + IN_BATCH]]
                chance.shuffle(batch)  # within a request, the server sees to the order
                answer = server.post("/v1/import", {"batch": batch})
                assert answer.json == {"success": True}
        # Nothing follows: so time may pass in all partitions up to the last event.
        asyncio.run(replay(Source("none", "nothing", []), settings, quietly, end=end))
        made.start()
        asyncio.run(made.wait_until_done(end))
        live = asyncio.run(made.transitions())
    truth = backtest(events, end, rules).transitions
    only_live, only_truth = differences(live, truth)
    assert (sum(only_live.values()), sum(only_truth.values())) == (0, 0)
    assert by_customer(live) == by_customer(truth)
    assert len(truth) > 200
