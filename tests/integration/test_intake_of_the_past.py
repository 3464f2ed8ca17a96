"""Events over HTTP where the clock is the stream's: a history that is imported, and what is sent after it."""

import asyncio
import json
import random
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from schemas.instant import to_text
from streams.policy_file import load_rules
from streams.replay.replay import Progress, replay
from streams.sources import simulated
from streams.sources.source import Source
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import installation, settings_for
from tests.support.serving import Server, serving
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


def test_what_is_sent_after_a_replay_happens_now_by_its_clock(
    embedded_broker: str, redis_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    events = simulated.events(customers=20, days=60, start=START)
    end = events[-1].instant
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, clock="stream", redis_url=redis_url)
    with installation(settings, tmp_path) as made, serving(settings, tmp_path / "serve.log") as server:
        asyncio.run(replay(Source("simulated", "simulated", events), settings, quietly, end=end))
        made.start()
        asyncio.run(made.wait_until_done(end))
        wait_until(lambda: server.get("/v1/workers").json["workers"] != [], what=server.log.read_text)
        with serving(replace(settings, clock="wall"), tmp_path / "today.log") as of_today:
            refused = of_today.post("/v1/track", {"event": "Order Completed", "userId": "today"})
            assert refused.status == 503
            assert "LIFESTAGE_CLOCK is wall here and stream at the worker one" in refused.detail
            assert of_today.get("/ready").json["missing"]["intake"] == refused.detail
        order = {"event": "Order Completed", "properties": {"order_id": "77", "total": 40}}
        today, coming = to_text(time.time_ns() // 1_000_000), to_text(end + 3_600_000)
        as_sdks_send = {"sentAt": today, "batch": [{**order, "type": "track", "userId": "sdk", "timestamp": today}]}
        for path, body in (
            ("/v1/track", {**order, "userId": "curl"}),
            ("/v1/batch", as_sdks_send),
            ("/v1/track", {**order, "userId": "later", "timestamp": coming}),
        ):
            wait_until(partial(_is_taken, server, path, body), what=server.log.read_text)

        def told() -> dict[str, str]:
            changes = [json.loads(it) for it in asyncio.run(made.transitions())]
            return {it["userId"]: it["timestamp"] for it in changes if it["properties"].get("to") == "new"}

        wait_until(lambda: {"curl", "sdk", "later"} <= told().keys(), what=made.logs)
        found = told()
        assert found["later"] == coming
        assert to_text(end) <= min(found["curl"], found["sdk"]) <= max(found["curl"], found["sdk"]) <= coming
        # Had one of them brought the clock of this machine, a year of customers would have churned.
        groups = made.workers["one"].health()["partitions"].values()
        assert max(it["upto"] for it in groups) == coming


def _is_taken(server: Server, path: str, body: object) -> bool:
    answer = server.post(path, body)
    return answer.status == 200 and answer.json == {"success": True}
