"""Coverage: each condition on the page docs/coverage.md is met by one history and missed by another."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cases.intake import Intake, both, event

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
FIRST = datetime(2024, 3, 1, 12, tzinfo=UTC)
END = 500
TRAITS = """
[traits]
born_on = "date"
income_a_year = "number"
education = "texts"
interests = "texts"
tags = "tags"
points_expire_on = "date"
"""


def ladders_of(policy: str) -> str:
    """The ladders of a policy that ships, without anything else of it."""
    text = (Path(__file__).parents[2] / "policies" / f"{policy}.toml").read_text("utf-8")
    tables: list[tuple[str, dict[str, Any]]] = []
    for ladder in tomllib.loads(text)["ladders"]:
        steps = ladder.pop("steps")
        tables += [("ladders", ladder), *(("ladders.steps", it) for it in steps)]
    return "".join(
        f"[[{name}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables
    )


KINDS = """
[[lifecycles]]
applies_to = "kind == 'business'"
one_time_patience_days = 1900
one_time_churn_days = 3800
"""
LADDERS = ladders_of("default") + ladders_of("club")
Line = tuple[float, str, dict[str, Any]]


def at(day: float, name: str, **properties: Any) -> Line:
    return day, name, properties


def order(day: float, total: float = 100, **more: Any) -> Line:
    return at(day, "Order Completed", order_id=f"o{day}", total=total, **more)


def orders(*days: float, total: float = 100) -> list[Line]:
    return [order(day, total) for day in days]


def basket(day: float, **prices: float) -> Line:
    """An order of one line for each category."""
    return order(day, products=[{"category": category, "price": price} for category, price in prices.items()])


def person(**traits: Any) -> list[Line]:
    return [at(0, "identify", **traits)]


def rated(*ratings: float) -> list[Line]:
    return [at(480 + n, "Support Ticket Rated", ticket_id=f"t{n}", rating=it) for n, it in enumerate(ratings)]


LATE = orders(440, 460, 480)
WEEKLY = orders(*range(100, 500, 14))
SEEN = [at(490 + n / 10, "Product Viewed", category="Shoes") for n in range(5)]
EXAMPLES: dict[str, tuple[list[Line], list[Line]]] = {
    'orders == 0 and count("Brochure Requested") >= 1': ([at(1, "brochure_requested")], LATE),
    'views_90d >= 1 and orders_90d >= 1 and count("Parcel Delivered", 90) >= 1': (
        [*SEEN, *LATE, at(495, "Parcel Delivered")],
        [*SEEN, *LATE],
    ),
    'count("Feedback Given", 90) >= 1 or latest("Review Written", stars) <= 2': (
        [at(450, "Review Written", stars=5), at(460, "Review Written", stars="1")],
        [at(10, "Feedback Given"), at(20, "Review Written", stars=4)],
    ),
    "days_since_first_order > 365 and revenue_365d >= 1500": (orders(1, *range(200, 400, 10)), LATE),
    "orders == 1": (orders(480), LATE),
    "orders >= 2 and not loyal": (orders(440, 460), orders(460)),
    "stage == 'loyal'": (WEEKLY, LATE),
    "revenue_365d >= 1500": (orders(400, total=1500), LATE),
    "orders >= 1 and revenue_365d < 150": (orders(490), LATE),
    "stage == 'prospect'": (SEEN, LATE),
    "stage in ['new', 'repeat', 'loyal', 'at_risk']": (LATE, SEEN),
    "stage == 'churned'": (orders(1), LATE),
    "orders < 1 and days_since_visit > 30": ([at(400, "Product Viewed")], SEEN),
    "kind == 'consumer'": (person(kind="consumer"), person(kind="business")),
    'traits.children >= 2 and count("Order Completed", 30) >= 3': (
        [*person(children=2), *orders(480, 485, 490)],
        [*person(children=2), *orders(440, 485, 490)],
    ),
    'traits.industry == "automotive" and revenue_365d >= 1000': (
        [*person(industry="automotive"), *orders(300, 310, total=600)],
        [*person(industry="automotive"), *orders(300, total=600)],
    ),
    "kind == 'channel'": (person(kind="channel"), SEEN),
    "kind == 'internal'": (person(kind="internal"), person(kind="consumer")),
    'silence == "none" and days_since_order > 300': (
        [*person(kind="business"), *orders(150)],
        [*person(kind="consumer"), *orders(150)],
    ),
    'step("tier") == "core"': (WEEKLY, orders(440, 450, 460, 480)),
    "orders_90d >= 2 and revenue_90d * 4 >= 1.5 * revenue_365d and days_since_first_order > 365": (
        orders(1, 460, 480),
        orders(1, 250, 300, 350, 480),
    ),
    "frequency_score + monetary_score <= 4": (orders(490, total=20), WEEKLY),
    'step("tier") == "strategic"': (orders(440, 450, 460, 480), WEEKLY),
    "mean_gap_days <= 35 and gap_variation <= 0.3": (orders(400, 430, 458, 490), orders(400, 402, 404, 490)),
    "orders_365d >= 2 and gap_variation > 1": (orders(300, 302, 304, 490), orders(400, 430, 458, 490)),
    "traits.income >= 300000 and traits.vehicle_use == 'private'": (
        person(income=400000, vehicle_use="private"),
        person(income=400000, vehicle_use="commercial"),
    ),
    "traits.children >= 1": (person(children=2), person(children="two")),
    "traits.fleet_size >= 10 or traits.vehicle_use == 'commercial'": (person(fleet_size=12), person(fleet_size=3)),
    "30 <= traits.age < 40 and traits.gender == 'female'": (
        person(age=35, gender="female"),
        person(age=40, gender="female"),
    ),
    "traits.occupation in ['teacher', 'nurse']": (person(occupation="nurse"), person(occupation="pilot")),
    "30 <= age(traits.born_on) < 40": (person(born_on="1994-01-01"), person(born_on="1999-12-31")),
    "traits.country == 'DE' and traits.address_city == 'Berlin'": (
        person(country="DE", address={"city": "Berlin"}),
        person(country="DE"),
    ),
    'traits.income_a_year >= 50000 and "university" in traits.education': (
        person(income_a_year="60000", education=["school", "university"]),
        person(income_a_year="60 k", education="university"),
    ),
    "orders_60d >= 3 and revenue_45d >= 150": (orders(445, 470, 480), orders(430, 470, 480)),
    'count("Order Completed", 90, where = channel == "app") >= 2': (
        [order(450, channel="app"), order(460, channel="web"), order(470, channel="app")],
        [order(450, channel="app"), order(460, channel="web"), order(470)],
    ),
    'share("category", "Grocery", revenue, 365) >= 0.4': (
        [basket(400, Grocery=30), basket(450, Grocery=30, Coffee=90)],
        [basket(400, Grocery=10), basket(450, Grocery=30, Coffee=90)],
    ),
    'top("product", orders, 365) == "p7"': (
        [order(400, product_id="p7"), order(410, product_id="p8"), order(420, product_id="p7")],
        [order(400, product_id="p7"), order(410, product_id="p8"), order(420, product_id="p8")],
    ),
    'count("Order Completed", 365, where = "Acme" in brands) >= 0.5 * orders_365d': (
        [order(450, products=[{"brand": "Acme"}, {"brand": "Bolt"}]), order(460)],
        [order(450, products=[{"brand": "Acme"}]), order(460), order(470, brand="Bolt")],
    ),
    'top_share("brand", orders, 365) >= 0.6 and orders_365d >= 3': (
        [order(400, brand="Acme"), order(420, brand="Bolt"), order(440, brand="Acme")],
        [order(400, brand="Acme"), order(420, brand="Bolt"), order(440, brand="Cape")],
    ),
    "orders_90d >= 3 and coupons_90d >= 0.5 * orders_90d": (
        [order(n, coupon="SPRING") for n in (450, 470, 490)],
        LATE,
    ),
    "discount_share_365d >= 0.2": ([order(480, 80, discount=20)], [order(480, 90, discount=10)]),
    "orders_365d >= 3 and coupons_365d == 0 and average_order_value_365d >= 100": (LATE, orders(440, 460, total=10)),
    '"sport" in traits.interests and "family" not in traits.interests': (
        person(interests=["sport", "music"]),
        person(interests=["sport", "family"]),
    ),
    'count("Campaign Shown", 90) >= 3 and count("Campaign Opened", 90) == 0': (
        [at(n, "Campaign Shown") for n in (450, 460, 470)],
        [*(at(n, "Campaign Shown") for n in (450, 460, 470)), at(471, "Campaign Opened")],
    ),
    'latest("Survey Answered", score) <= 6': (
        [at(10, "Survey Answered", score=9), at(20, "Survey Answered", score=6)],
        [at(10, "Survey Answered", score=6), at(20, "Survey Answered", score=9)],
    ),
    'count("App Opened", 30, where = platform == "ios") >= 2': (
        [at(n, "App Opened", platform="ios") for n in (480, 490)],
        [at(480, "App Opened", platform="ios"), at(490, "App Opened", platform="android")],
    ),
    '"decides alone" in traits.tags': (
        person(tags={"decides alone": "2026-01-01"}),
        person(tags={"decides alone": "2025-01-01"}),
    ),
    'contains(traits.wishes, "service")': (person(wishes="good service"), person(wishes="Service")),
    'count("Order Completed", 90, where = hour >= 18 or weekday in ["Saturday", "Sunday"]) >= 2': (
        orders(450.3, 477),
        orders(453.2, 477),
    ),
    'count("Product Viewed", 30, where = device_type == "ios") >= 1': (
        [at(490, "Product Viewed", device_type="ios")],
        [at(490, "Product Viewed", device_type="android")],
    ),
    'count("Order Completed", 365, where = weekday in ["Saturday", "Sunday"]) >= 0.5 * orders_365d': (
        orders(449, 453, 457),
        orders(449, 453, 454),
    ),
    'count("Order Completed", 90, where = channel == "web") > 0.5 * orders_90d': (
        [order(450, channel="store"), order(460, channel="web"), order(470, channel="web")],
        [order(450, channel="store"), order(460, channel="web")],
    ),
    "traits.values_sustainability": (person(values={"sustainability": True}), person(values={"sustainability": 1})),
    "average_rating_365d >= 4.5 and ratings_365d >= 2": (rated(5, 4), rated(5)),
    "2.5 < average_rating_365d < 4.5": (rated(5, 3), rated(5, 5)),
    "average_rating_365d <= 2.5": (rated(2, 3), rated(3)),
    "return_rate(365) >= 0.3 and orders_365d >= 2": (
        [*LATE, at(490, "Order Refunded", order_id="o480", total=1)],
        [*LATE, order(485), at(490, "Order Refunded", order_id="o480", total=1)],
    ),
    "refunds_365d >= 0.2 * revenue_365d and revenue_365d > 0": (
        [*LATE, at(490, "Order Refunded", order_id="o480", total=60)],
        [*LATE, at(490, "Order Refunded", order_id="o480", total=40)],
    ),
    "tickets_opened_30d >= 3": (
        [at(480 + n, "Support Ticket Created", ticket_id=f"t{n}") for n in range(3)],
        [at(460 + 9 * n, "Support Ticket Created", ticket_id=f"t{n}") for n in range(3)],
    ),
    'count("Support Ticket Created", 90, where = topic == "delivery") >= 2': (
        [at(480 + n, "Support Ticket Created", ticket_id=f"t{n}", topic="delivery") for n in range(2)],
        [at(480 + n, "Support Ticket Created", ticket_id=f"t{n}", topic=f"delivery{n}") for n in range(2)],
    ),
    'frequency_score >= 3 or sum("Contribution", amount, 365) >= 500': (
        [at(300, "Contribution", amount=300), at(400, "Contribution", amount="200.00")],
        [at(100, "Contribution", amount=300), at(400, "Contribution", amount=200)],
    ),
    'count("Payment Failed", 30) >= 2 or count("Parcel Lost", 90) >= 1': (
        [at(480, "Payment Failed"), at(490, "Payment Failed")],
        [at(460, "Payment Failed"), at(490, "Payment Failed")],
    ),
    'mean("Survey Answered", nps, 365) <= 6': (
        [at(400, "Survey Answered", nps=4), at(410, "Survey Answered", nps=8)],
        [at(400, "Survey Answered", nps=4), at(410, "Survey Answered", nps=9)],
    ),
    'count("Referral Sent", 90) >= 2 or count("Product Shared", 30) >= 3': (
        [at(450, "Referral Sent"), at(490, "Referral Sent")],
        [at(300, "Referral Sent"), at(490, "Referral Sent")],
    ),
    'stage == "loyal" and latest("Survey Answered", nps) >= 9': (
        [*WEEKLY, at(495, "Survey Answered", nps=9)],
        [*WEEKLY, at(495, "Survey Answered", nps=5)],
    ),
    'not stage == "loyal" and latest("Survey Answered", nps) >= 9': (
        [*LATE, at(495, "Survey Answered", nps=10)],
        [*WEEKLY, at(495, "Survey Answered", nps=10)],
    ),
    'stage == "loyal" and latest("Survey Answered", nps) <= 6': (
        [*WEEKLY, at(495, "Survey Answered", nps=5)],
        [*LATE, at(495, "Survey Answered", nps=5)],
    ),
    'silence == "churned"': (orders(10), LATE),
    "occasions >= 2 and loyal": (WEEKLY, LATE),
    'times_entered(stage = "loyal") >= 1 and not stage == "loyal"': (orders(*range(1, 200, 14)), WEEKLY),
    'previous_stage == "churned" and days_since_entered(stage = "churned") <= 90': (
        orders(400, 414, 428, 495),
        orders(1, 15, 29, 495),
    ),
    'days_since_left(stage = "new") <= 30 and total_days_in(stage = "new") > 30': (orders(440, 480), orders(460, 480)),
    'times_entered(step = "tier:core") >= 1 and not step("tier") == "core"': (orders(*range(1, 200, 14)), WEEKLY),
    "revenue < traits.cac": ([*orders(480), *person(cac=150)], [*orders(480), *person(cac=50)]),
    "days_until_anniversary(traits.born_on) <= 7": (person(born_on="1990-07-18"), person(born_on="1990-07-13")),
    "days_until(traits.points_expire_on) <= 14": (
        person(points_expire_on="2025-07-28"),
        person(points_expire_on="2025-07-29"),
    ),
    'sum("Points Earned", points) - sum("Points Spent", points) >= 1000': (
        [at(1, "Points Earned", points=1500), at(2, "Points Spent", points=500)],
        [at(1, "Points Earned", points=1500), at(2, "Points Spent", points=500.01)],
    ),
    'step("level") in ["gold", "diamond"]': (
        [at(200, "Points Earned", points=1500)],  # kept for a year
        [at(20, "Points Earned", points=1500), at(150, "Points Earned", points=699)],  # not renewed on day 385
    ),
    'count("Contract Signed") >= 1 and count("Installation Finished") == 0 '
    'and days_since_last("Contract Signed") > 14': (
        [at(480, "Contract Signed")],
        [at(480, "Contract Signed"), at(490, "Installation Finished")],
    ),
    "revenue_365d >= 300 and stage in ['at_risk', 'churned']": (orders(200, 210, 220), LATE),
    'days_since_first("Trial Started") > 7 and count("Feature Used", 7) == 0 and orders == 0': (
        [at(480, "Trial Started"), at(481, "Feature Used")],
        [at(480, "Trial Started"), at(498, "Feature Used")],
    ),
    'top("category", views, 90) == "Grocery"': (
        [at(480, "Product Viewed", category="Grocery"), at(100, "Product Viewed", category="Shoes")],
        [*SEEN, at(480, "Product Viewed", category="Grocery")],
    ),
    'share("category", "Grocery", views, 90) >= 0.5 and views_90d >= 5': (
        [*SEEN, *(at(480 + n, "Product Viewed", category="Grocery") for n in range(5))],
        [*SEEN, *(at(480 + n, "Product Viewed", category="Grocery") for n in range(4))],
    ),
    'top("category", revenue, 365) == "Coffee" and share("category", "Grocery", orders, 365) == 0': (
        [basket(400, Tea=30), basket(420, Coffee=40), basket(1, Grocery=10)],
        [basket(400, Tea=30), basket(420, Coffee=40, Grocery=1)],
    ),
    "2 * frequency_score + 3 * monetary_score + recency_score >= 20": (WEEKLY, orders(490)),
    'at_most(10 * count("Demo Requested", 30) + 5 * count("Demo Requested", 90), 40) '
    '+ at_most(2 * count("Email Opened", 30), 20) >= 50': (
        [at(480 + n, "Demo Requested") for n in range(3)] + [at(490 + n / 4, "Email Opened") for n in range(6)],
        [at(480 + n, "Demo Requested") for n in range(9)] + [at(420 + n / 4, "Email Opened") for n in range(90)],
    ),
    'count("Sensor Alert", 7) >= 3': (
        [at(494 + n, "Sensor Alert") for n in range(4)],
        [at(480 + 9 * n, "Sensor Alert") for n in range(3)],
    ),
}


OF_ACCOUNTS = {
    'traits.children >= 2 and count("Order Completed", 30) >= 3',
    'traits.industry == "automotive" and revenue_365d >= 1000',
}
"""Conditions about what several members of an account do together."""


def of_members(lines: list[bytes]) -> list[bytes]:
    """The same events, of two members in turn of the account that the customer is."""
    made = []
    for number, line in enumerate(lines):
        value = json.loads(line)
        account = value["userId"]
        named = {"groupId": account, "userId": f"{account}-{number % 2}"}
        made.append(json.dumps(value | named | ({"type": "group"} if value["type"] == "identify" else {})).encode())
    return made


def written(lines: list[Line], customer: str) -> list[bytes]:
    made = []
    for number, (day, name, content) in enumerate(sorted(lines, key=lambda it: it[0])):
        time = (FIRST + timedelta(days=day)).isoformat()
        if name == "identify":
            value = {"type": name, "userId": customer, "timestamp": time, "messageId": f"i{number}", "traits": content}
            made.append(json.dumps(value).encode())
        else:
            made.append(event(name, customer, time, f"{name}{number}", **content))
    return made


def conditions_on_the_page() -> list[str]:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [it for row in rows for it in re.findall(r"`([^`]+)`", row.split(" | ")[3]) if "|" not in it]


def test_every_condition_on_the_page_has_its_examples() -> None:
    assert list(dict.fromkeys(conditions_on_the_page())) == list(EXAMPLES)


@both
@pytest.mark.parametrize("condition", EXAMPLES)
def test_a_condition_is_met_by_one_history_and_missed_by_another(intake: Intake, condition: str) -> None:
    meets, misses = EXAMPLES[condition]
    is_of_account = condition in OF_ACCOUNTS
    subject = 'subject = "account"' if is_of_account else ""
    asked = f"[[segments]]\nkey = \"asked\"\nname = \"Asked\"\nenter = '''{condition}'''\n"
    policy = f'name = "coverage"\n{subject}\n{TRAITS}{KINDS}{LADDERS}{asked}'
    end = int((FIRST + timedelta(days=END)).timestamp() * 1000)
    lines = [*written(meets, "meets"), *written(misses, "misses")]
    result = intake(of_members(lines) if is_of_account else lines, policy, end)
    assert result.rejects == []
    assert {name: list(it["segments"]) for name, it in result.profiles.items()} == {"meets": ["asked"], "misses": []}
