"""What goes wrong around the page is told on it, and it goes on by itself when it is mended."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.page.house import House
from tests.support.browser import UNANSWERED, Look, looking
from tests.support.serving import serving
from tests.support.waiting import wait_until

READ, STREAM, ADMIN = "read-token-0123456789", "both-token-0123456789", 'odd;"admin-token=, 0123'.replace(" ", "")
TOKENS = f"read {READ}\nread {STREAM}\nstream {STREAM}\nadmin {ADMIN}\n"


@pytest.fixture
def look(browser: Browser, house: House) -> Iterator[Look]:
    with looking(browser, house.address, expected=(UNANSWERED,)) as made:
        yield made


def sign_in(look: Look, token: str) -> None:
    look.page.get_by_label("Token").fill(token)
    look.page.get_by_role("button", name="Sign in").click()


def cookies(look: Look) -> list[Any]:
    return list(look.page.context.cookies())


def test_a_token_is_asked_for_and_kept_where_no_script_reads_it(browser: Browser, house: House, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(TOKENS)
    variables = {"LIFESTAGE_SERVE_TOKENS": str(tmp_path / "tokens")}
    with (
        serving(house.settings, tmp_path / "serve.log", **variables) as server,
        looking(browser, server.address, expected=(UNANSWERED,)) as look,
    ):
        wait_until(lambda: server.get("/v1/history/recent", Authorization=f"Bearer {READ}").status == 200)
        look.go("#/segments")
        sign_in(look, "no such token at all")
        expect(look.page.get_by_role("alert")).to_contain_text("no such token")
        assert cookies(look) == []
        sign_in(look, READ)
        expect(look.panel("Segments")).to_be_visible()
        (cookie,) = cookies(look)
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Strict", False)
        assert look.page.evaluate("document.cookie") == ""
        look.go("#/transitions")
        expect(look.page.locator(".feed-status")).to_have_text(re.compile("does not have the scope stream"))
        expect(look.page.locator("li.row").first).to_be_visible()
        look.go("#/rejects")
        expect(look.page.locator("main")).to_contain_text("a token with the scope admin")
        look.page.get_by_role("button", name="Sign out").click()
        expect(look.page.get_by_label("Token")).to_be_visible()
        assert cookies(look) == []
        sign_in(look, ADMIN)
        expect(look.page.locator(".reject-reasons")).to_be_visible()
        look.go("#/transitions")
        expect(look.page.locator(".feed-status")).to_have_text("Live")


def test_nobody_there_yet_is_told(browser: Browser, house: House, tmp_path: Path) -> None:
    empty = replace(house.settings, app_id="nobody-yet")
    with (
        serving(empty, tmp_path / "serve.log") as server,
        looking(browser, server.address, expected=(UNANSWERED,)) as look,
    ):
        look.go("#/")
        expect(look.panel("Customers now")).to_contain_text(re.compile("no customers yet|no worker has written", re.I))
        look.go("#/workers")
        expect(look.page.locator("main")).to_contain_text("No worker has told anything of itself")
        expect(look.page.locator(".health")).to_have_text("no worker")


def test_a_server_that_was_killed_leaves_neither_gap_nor_double(look: Look, house: House) -> None:
    look.go("#/transitions")
    expect(look.page.locator(".feed-status")).to_have_text("Live")
    house.order("before")
    expect(look.page.locator("li.row .who", has_text="before").first).to_be_visible()
    house.kill_server()
    expect(look.page.locator("#banner")).to_be_visible()
    house.order("meanwhile")
    house.serve()
    expect(look.page.locator("#banner")).to_be_hidden()
    expect(look.page.locator(".feed-status")).to_have_text("Live")
    house.order("after")
    expect(look.page.locator("li.row .who", has_text="after").first).to_be_visible()
    rows = look.page.locator("li.row").evaluate_all("rows => rows.map(it => it.dataset.id)")
    assert len(rows) == len(set(rows))
    for customer in ("before", "meanwhile", "after"):
        path = f"/v1/history/customers/{customer}"
        wait_until(lambda: house.get(path).status == 200)  # noqa: B023
        wanted = {it["messageId"] for it in house.json(path)["transitions"]}
        assert wanted and wanted <= set(rows)
    assert look.page.locator("li.gap").count() == 0


def test_redis_is_away_and_comes_back(look: Look, house: House) -> None:
    look.go("#/")
    expect(look.page.locator(".tile")).to_have_count(6)
    house.redis.kill()
    told = look.panel("Customers now").locator(".trouble")
    expect(told).to_contain_text("Redis")
    expect(look.page.locator(".tile")).to_have_count(6)  # what was known stays
    house.redis.start()
    # Empty at first: the worker fills it again.
    expect(told).to_have_text("")
    expect(look.page.locator(".tile").first).to_be_visible()


def test_a_worker_that_is_gone_is_seen(look: Look, house: House) -> None:
    look.go("#/workers")
    worker = look.page.locator('[data-worker="one"]')
    expect(worker).to_contain_text("ready")
    house.made.kill()
    expect(worker).to_contain_text("silent for")
    expect(look.page.locator(".health")).to_have_text("0 of 1 worker ready")
    house.made.start()
    expect(worker.locator(".state")).to_have_text("ready")


# The last one: nothing starts this broker again.
def test_kafka_is_away(look: Look, house: House) -> None:
    look.go("#/transitions")
    expect(look.page.locator(".feed-status")).to_have_text("Live")
    os.kill(house.broker.pid, signal.SIGKILL)
    expect(look.page.locator(".feed-status")).to_have_text(re.compile("Not live: .*(Kafka|broker)"))
    look.go("#/flows")
    look.page.reload()
    expect(look.page.locator("main")).to_contain_text(re.compile("Kafka|customer.transitions"))
    look.go("#/segments")
    look.go("#/policy")
    expect(look.page.locator(".policy dd").first).to_be_visible()
