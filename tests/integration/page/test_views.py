"""Each view shows what the server answers, in a real browser, and nothing that it should not."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect
from redis import Redis

from schemas.instant import to_text
from streams.policy_file import shipped_policy
from streams.sinks.redis import Keys
from tests.integration.page.house import BOUGHT, HOSTILE, House
from tests.support.browser import UNANSWERED, Look, looking
from tests.support.waiting import wait_until
from tests.support.workers import LIFESTAGE, environment

VIEWS = ("", "transitions", "flows", "segments", "forecast", "customers", "rejects", "policy", "workers")


@pytest.fixture
def look(browser: Browser, house: House) -> Iterator[Look]:
    with looking(browser, house.address) as made:
        yield made


def told(number: int) -> str:
    return f"{number:,}"


def customer(name: str) -> str:
    return f"#/customers/{quote(name, safe='')}"


def test_the_tiles_are_the_sets_in_redis(look: Look, house: House) -> None:
    look.go("#/")
    expect(look.page.locator(".tile")).to_have_count(6)
    with Redis.from_url(house.settings.redis_url) as redis:
        for stage in house.json("/page/legend.json")["stages"]:
            size = redis.scard(Keys.of(house.settings).members(f"stage:{stage['key']}"))
            assert look.text(f'[data-stage="{stage["key"]}"]') == told(int(str(size)))
    assert look.text(".total") == f"{sum(it['count'] for it in house.json('/v1/stages')['stages'])} customers"


def test_the_chart_tells_the_last_day(look: Look, house: House) -> None:
    look.go("#/")
    expect(look.page.locator(".plot canvas")).to_be_visible()
    past = house.json("/v1/history/stages?days=90")
    keys = look.page.locator(".keys .stage")
    expect(keys).to_have_count(6)
    for name, counts in past["stages"].items():
        expect(keys.filter(has_text=re.compile(f"^{name.replace('_', ' ')}"))).to_have_text(
            re.compile(rf"\b{told(counts[-1])}$")
        )
    for name in ("Lines", "30 days", "A year", "Stacked"):
        look.page.get_by_role("radio", name=name).click()
        expect(look.page.locator(".plot canvas")).to_be_visible()


def test_flows_are_those_of_the_dates_in_the_address(look: Look, house: House) -> None:
    day = house.json("/v1/history/stages?days=10")["dates"][0]
    flows = house.json(f"/v1/history/flows?from={day}&to={day}&to=".removesuffix("&to="))
    week = house.json("/v1/history/flows")
    assert week["stages"]
    look.go("#/flows")
    assert flow_rows(look) == expected_flows(week)
    assert len(look.page.locator(".sankey .ribbon").all()) == len(week["stages"])
    look.go(f"#/flows?from={day}&to={day}")
    look.page.reload()
    if flows["stages"]:
        assert flow_rows(look) == expected_flows(flows)
    else:
        expect(look.panel("Between stages")).to_contain_text("No customer changed their stage")
    expect(look.page.get_by_label("From", exact=True)).to_have_value(day)


def flow_rows(look: Look) -> list[tuple[str, str, str]]:
    return sorted((from_, to, count) for from_, to, count in look.rows("Between stages"))


def expected_flows(flows: Any) -> list[tuple[str, str, str]]:
    def name(key: str | None, missing: str) -> str:
        return missing if key is None else key.replace("_", " ")

    rows = [(name(it["from"], "first seen"), name(it["to"], "gone"), told(it["count"])) for it in flows["stages"]]
    return sorted(rows)


def test_segments_and_steps_have_their_sizes_and_how_they_changed(look: Look, house: House) -> None:
    sets = house.json("/v1/history/sets?days=90")
    look.go("#/segments")
    for key, row in zip(house.names, look.rows("Segments"), strict=True):
        sizes = sets["segments"][key]
        assert row[0].startswith(house.names[key])
        assert row[1] == told(sizes[-1])
        assert [number(it) for it in row[3:5]] == [sizes[-1] - sizes[-8], sizes[-1] - sizes[-31]]
    ladder = house.json("/page/legend.json")["ladders"][0]
    shown = {row[0]: row[1] for row in look.rows(ladder["name"])}
    for step in ladder["steps"]:
        size = sets["steps"][f"{ladder['key']}:{step['key']}"][-1]
        assert [it for name, it in shown.items() if name.startswith(step["name"])] == [told(size)]
    assert look.page.locator(".spark").count() == len(house.names) + len(ladder["steps"])


def number(text: str) -> int:
    return int(text.lstrip("▲▼").replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", ""))


def test_the_forecast_is_told_for_tomorrow_and_the_month(look: Look, house: House) -> None:
    ahead = house.json("/v1/history/forecast")
    changes = sum(it["count"] for day in ahead["days"] for it in day["changes"])
    assert changes
    look.go("#/forecast")
    keys = look.panel("The next 30 days").locator(".keys b")
    expect(keys.first).to_be_visible()
    assert sum(int(it.replace(",", "")) for it in keys.all_inner_texts()) == changes
    if ahead["tomorrow"]:
        assert sorted(row[1] for row in look.rows("Tomorrow")) == sorted(told(it["count"]) for it in ahead["tomorrow"])
    else:
        expect(look.panel("Tomorrow")).to_contain_text("Nobody will change tomorrow")


def test_a_customer_has_their_whole_story(look: Look, house: House) -> None:
    profile = house.json(f"/v1/customers/{BOUGHT}")
    transitions = house.json(f"/v1/history/customers/{BOUGHT}")["transitions"]
    outlook = house.json(f"/v1/history/outlook/{BOUGHT}")
    look.go("#/")
    look.page.get_by_label("Customer id").fill(BOUGHT)
    look.page.keyboard.press("Enter")
    expect(look.page.get_by_role("heading", level=1, name=BOUGHT)).to_be_visible()
    assert look.page.url.endswith(customer(BOUGHT))
    expect(look.page.locator(".facts")).to_contain_text(profile["stage"].replace("_", " "))
    rows = look.panel("Every change").locator("li.row")
    expect(rows).to_have_count(len(transitions))
    assert rows.evaluate_all("rows => rows.map(it => it.dataset.id)") == [it["messageId"] for it in transitions[::-1]]
    stages = 1 + sum(it["event"] == "Lifecycle Stage Changed" for it in transitions)
    expect(look.page.locator(".story .band[class*=look-]")).to_have_count(stages)
    expect(look.page.locator(".story .mark")).to_have_count(len(transitions))
    if outlook["next"]:
        expect(look.panel("What comes next")).to_contain_text(outlook["next"]["change"].replace("_", " "))
    groups = look.panel("What would change it").locator(".outlook > li")
    expect(groups).to_have_count(len(outlook["segments"]) + len(outlook["ladders"]))
    assert_value(look, "orders", profile["figures"]["orders"])
    assert_value(look, "days known", profile["figures"]["days_known"])


def assert_value(look: Look, name: str, value: float) -> None:
    shown = look.panel("Values").locator("dl > div").filter(has=look.page.get_by_text(name, exact=True))
    text = shown.first.locator("dd").inner_text().replace(",", "")
    assert float(text) == pytest.approx(value, abs=0.02)


def test_an_id_that_is_markup_is_shown_as_it_is(look: Look, house: House) -> None:
    transitions = house.json(f"/v1/history/customers/{quote(HOSTILE, safe='')}")["transitions"]
    assert transitions
    look.go(customer(HOSTILE))
    expect(look.page.get_by_role("heading", level=1, name=HOSTILE)).to_be_visible()
    expect(look.panel("Every change").locator("li.row")).to_have_count(len(transitions))
    arriving = f"{HOSTILE}2"
    look.go(f"#/transitions?customer={quote(HOSTILE)}")
    house.order(arriving)
    expect(look.page.locator(".who a").first).to_have_text(arriving)
    look.page.locator(".who a").first.click()
    expect(look.page.get_by_role("heading", level=1, name=arriving)).to_be_visible()
    assert look.page.locator("main img").count() == 0
    assert look.page.title() != "taken"


def test_members_are_found_by_stage_segment_and_step(look: Look, house: House) -> None:
    look.go("#/customers")
    for choice, path in (
        ("stage:churned", "/v1/stages/churned/members"),
        ("step:tier:long_tail", "/v1/ladders/tier/steps/long_tail/members"),
    ):
        page = house.json(path)
        look.page.get_by_label("Members of").select_option(choice)
        expect(look.page.locator(".members li")).to_have_count(len(page["members"]))
        assert sorted(look.page.locator(".members li").all_inner_texts()) == sorted(page["members"])
        assert quote(choice, safe="") in look.page.url


def test_rejects_stand_by_reason_with_what_was_sent(look: Look, house: House) -> None:
    (reason,) = house.json("/v1/rejects")["reasons"]
    look.go("#/rejects")
    look.page.get_by_text(reason["reason"].replace("_", " "), exact=True).first.click()
    expect(look.page.locator(".examples pre")).to_contain_text("<b>four</b>")
    assert look.page.locator(".examples b b").count() == 0


def test_the_policy_is_told_in_words(look: Look, house: House) -> None:
    policy = house.json("/v1/policy")
    look.go("#/policy")
    expect(look.panel("The policy in words")).to_contain_text(policy["version"])
    expect(look.page.locator(".policy dd")).to_have_count(len(policy["sentences"]))


def test_workers_tell_how_they_are(look: Look, house: House) -> None:
    look.go("#/workers")
    worker = look.page.locator('[data-worker="one"]')
    expect(worker).to_contain_text("ready")
    expect(worker.locator("tbody tr")).to_have_count(house.settings.partitions)
    expect(look.page.locator(".health")).to_have_text("1 of 1 worker ready")


def test_a_customer_who_is_none_is_told_kindly(browser: Browser, house: House) -> None:
    with looking(browser, house.address, expected=(UNANSWERED,)) as look:
        look.go(customer("nobody"))
        expect(look.page.locator("main")).to_contain_text("No customer has this id")


def test_an_address_that_is_no_view_is_told(browser: Browser, house: House) -> None:
    with looking(browser, house.address) as look:
        look.go("#/segmentz")
        expect(look.page.locator("main")).to_contain_text("There is no view #/segmentz here")
        look.go("#/segments")
        expect(look.page.locator("main")).not_to_contain_text("There is no view")


def test_a_date_that_cannot_be_read_is_told(browser: Browser, house: House) -> None:
    with looking(browser, house.address) as look:
        look.go("#/flows?from=x&to=2026-13-45")
        expect(look.page.locator("main")).to_contain_text("a date that cannot be read, x")
        expect(look.page.locator("main")).to_contain_text("Between stages")


def test_an_event_appears_at_once_with_its_reason(look: Look, house: House) -> None:
    look.go("#/transitions")
    expect(look.page.locator(".feed-status")).to_have_text("Live")
    house.order("arrives")
    path = "/v1/history/customers/arrives"
    wait_until(lambda: house.get(path).status == 200)  # history reads the topic as well, at its own pace
    for it in house.json(path)["transitions"]:
        row = look.page.locator(f'[data-id="{it["messageId"]}"]')
        expect(row).to_contain_text("after Order Completed")
    ids = look.page.locator("li.row").evaluate_all("rows => rows.map(it => it.dataset.id)")
    assert len(ids) == len(set(ids))


def test_a_paused_feed_stands_still_and_goes_on(look: Look, house: House) -> None:
    look.go("#/transitions?kind=stage")
    expect(look.page.locator(".feed-status")).to_have_text("Live")
    expect(look.page.locator("li.row").first).to_be_visible()
    assert set(look.page.locator("li.row").evaluate_all("rows => rows.map(it => it.dataset.kind)")) == {"stage"}
    look.page.get_by_role("button", name="Pause").click()
    first = look.page.locator("li.row").first.get_attribute("data-id")
    assert first
    house.order("comes-late")
    expect(look.page.locator(".waiting")).to_have_text(re.compile("more$"))
    assert look.page.locator("li.row").first.get_attribute("data-id") == first
    look.page.get_by_role("button", name="Go on").click()
    # Not always the newest: the day that has passed changes others too, in partitions of their own.
    late = look.page.locator("li.row").filter(has_text="comes-late").first
    expect(late).to_be_visible()
    ids = look.page.locator("li.row").evaluate_all("rows => rows.map(it => it.dataset.id)")
    assert ids.index(late.get_attribute("data-id")) < ids.index(first)


def test_what_is_told_is_as_of_the_stream_and_not_of_the_browser(look: Look, house: House) -> None:
    look.go("#/")
    expect(look.page.locator("#as-of")).to_have_text(re.compile(r"as of \d+ \w+ 2025, .* UTC"))


def test_reasons_are_told_in_words(look: Look) -> None:
    look.go("#/policy")
    shown = look.page.evaluate(
        """async (whys) => {
            const { reasonsOf } = await import("/page/reasons.js");
            return whys.map(why => reasonsOf(why).map(it => it.text));
        }""",
        [
            "days_since_order 30 >= 30 (shorten_to 0.5 x 60, one_time_patience_days 60); last_rating 1 <= 2",
            "occasions 2 >= 2; not loyal",
            "frequency_score is known",
            "coupons_90d 3 < (0.25 * orders_90d) 3.25",
            "(frequency_score + monetary_score) 6 >= 6",
            "revenue_365d 4686.09 >= 1500; stage \"at_risk\" in ['at_risk', 'churned']",
            "kind \"business\" == 'business'",
            "days_since_order 95.9442 >= 95.9442",
        ],
    )
    assert shown == [
        ["days since order 30, at least 30", "last rating 1, at most 2"],
        ["occasions 2, at least 2", "not loyal"],
        ["frequency score is known"],
        ["coupons in 90 days 3, less than 3.25 (0.25 \N{MULTIPLICATION SIGN} orders in 90 days)"],
        ["frequency score + monetary score 6, at least 6"],
        ["revenue in 365 days 4,686.09, at least 1,500", "stage at risk, one of at risk, churned"],
        ["kind is business"],
        ["days since order 95.9442, at least 95.9442"],
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_view_fits_a_narrow_screen_in_both_themes(browser: Browser, house: House, theme: Any) -> None:
    with looking(browser, house.address, viewport={"width": 360, "height": 740}, color_scheme=theme) as look:
        for view in (*VIEWS, f"customers/{BOUGHT}"):
            look.go(f"#/{view}")
            expect(look.page.locator(f'main[data-view="{"customer" if "/" in view else view}"]')).to_be_visible()
            expect(look.page.locator('[aria-busy="true"]')).to_have_count(0)
            assert look.page.evaluate("document.documentElement.scrollWidth") <= 360, view
            assert len(look.page.locator("h1").all()) == 1, view
        assert look.page.evaluate("document.documentElement.dataset.theme") == theme


def test_the_theme_that_was_chosen_is_remembered(browser: Browser, house: House) -> None:
    with looking(browser, house.address, color_scheme="light") as look:
        look.go("#/policy")
        switch = look.page.get_by_role("button", name="Theme")
        for wanted in ("light", "dark"):
            switch.click()
            expect(switch).to_have_text(f"Theme: {wanted}")
        look.page.reload()
        assert look.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_keyboard_reaches_everything(look: Look) -> None:
    look.go("#/")
    expect(look.page.locator(".tile")).to_have_count(6)
    press = look.page.keyboard.press
    press("Tab")
    expect(look.page.get_by_text("Skip to the content")).to_be_focused()
    press("Enter")
    expect(look.page.locator("main")).to_be_focused()
    overview = look.page.get_by_role("tab", name="Overview")
    overview.focus()
    press("ArrowRight")
    expect(look.page.get_by_role("tab", name="Transitions")).to_be_focused()
    expect(look.page.get_by_role("tab", name="Transitions")).to_have_attribute("aria-selected", "true")
    press("End")
    expect(look.page.locator('[data-worker="one"]')).to_be_visible()
    press("Home")
    expect(look.page.locator(".tile")).to_have_count(6)
    reached = focused_in_turn(look)
    wanted = look.page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, summary')]"
        ".filter(it => it.checkVisibility() && it.tabIndex >= 0).length"
    )
    assert reached >= wanted - 1
    visible = "getComputedStyle(document.activeElement).outlineStyle"
    press("Tab")
    assert look.page.evaluate(visible) != "none"


def focused_in_turn(look: Look) -> int:
    """Press Tab until the first element comes again; return how many there are."""
    look.page.evaluate("document.querySelector('.brand').focus()")
    seen = 0
    mark = """(() => {
        const it = document.activeElement;
        const known = it === document.body || it.dataset.seen === "1";
        it.dataset.seen = "1";
        return known;
    })()"""
    while not look.page.evaluate(mark):
        seen += 1
        assert seen < 400
        look.page.keyboard.press("Tab")
    return seen


def test_a_page_that_is_not_looked_at_asks_for_nothing(look: Look) -> None:
    look.go("#/")
    expect(look.page.locator(".tile")).to_have_count(6)
    look.page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { get: () => true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    look.page.evaluate("fetch('live')")  # behind what was under way
    asked = len(look.asked)
    look.page.wait_for_timeout(6500)  # longer than the shortest interval, in which the counts are asked for
    assert [it for it in look.asked[asked:] if "/v1/" in it] == []


def test_the_page_shows_another_policy_as_soon_as_it_is_in_force(look: Look, house: House, tmp_path: Path) -> None:
    """The last one here: it changes the policy."""
    look.go("#/segments")
    expect(look.panel("Segments")).not_to_contain_text("Any buyer")
    before = house.json("/page/legend.json")["policy"]
    look.page.evaluate("window.wasNotReloaded = true")
    policy = tmp_path / "policy.toml"
    extra = '\n[[segments]]\nkey = "anybuyer"\nname = "Any buyer"\nenter = "orders >= 1"\n'
    policy.write_text(shipped_policy().read_text("utf-8") + extra, "utf-8")
    at = to_text(house.now + 1)
    given = environment(house.settings)
    subprocess.run([*LIFESTAGE, "policy", "publish", str(policy), "--at", at], env=given, check=True)
    house.order(BOUGHT)
    expect(look.panel("Segments")).to_contain_text("Any buyer")
    expect(look.page.locator("#foot")).not_to_contain_text(before)
    assert look.page.evaluate("window.wasNotReloaded") is True
