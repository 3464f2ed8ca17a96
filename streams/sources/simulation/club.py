"""A chain of coffee houses with a club: points that are earned, spent and expire, levels, visits by day and hour."""

from typing import Any

from schemas.instant import to_text
from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY

_LEAVES, _REDEEMS, _REFERS, _SHARES = 0.012, 0.05, 0.01, 0.02
_HABITS = {"commuter": 45, "weekend": 30, "evening": 25}
_HOURS = {"commuter": (7, 9), "weekend": (9, 16), "evening": (17, 21)}
_DRINKS = {"Coffee": 55, "Tea": 15, "Cold": 20, "Food": 10}
_PRICES = {"Coffee": 4.2, "Tea": 3.6, "Cold": 5.1, "Food": 6.4}
_CAMPAIGNS = ("Autumn", "New Year", "Spring")


def live(recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
    """Record the life of one member."""
    joined = start if draws.chance(0.4) else start + int(draws.random.random() * (end - start))
    _Member(recorder, user_id, draws).live(joined, end)


class _Member:
    def __init__(self, recorder: Recorder, user_id: str, draws: Draws) -> None:
        self._recorder = recorder
        self._user_id = user_id
        self._draws = draws
        self._habit = draws.one_of(_HABITS)
        self._in_app = draws.chance(0.6)
        self._favourite = draws.one_of(_DRINKS)
        self._store = f"store-{draws.between(1, 40):02d}"
        self._orders = 0
        self._points = 0

    def live(self, joined: int, end: int) -> None:
        """Record everything from the day on which they join."""
        draws = self._draws
        born = f"{draws.between(1955, 2007)}-{draws.between(1, 13):02d}-{draws.between(1, 29):02d}"
        interests = [it for it in ("sport", "music", "travel", "family") if draws.chance(0.3)]
        traits: dict[str, Any] = {"kind": "consumer", "born_on": born, "interests": interests, "level": "green"}
        self._recorder.identify(joined, {**traits, "preferred_channel": "app" if self._in_app else "store"})
        self._campaigns(joined, end)
        a_week = draws.random.gammavariate(1.3, 1.2)
        at = joined
        while (at := at + draws.wait(_WEEK / max(a_week, 0.05))) < end:
            self._visit(self._at_their_hour(at))
            if draws.chance(_LEAVES):
                return

    def _at_their_hour(self, at: int) -> int:
        """Return the instant at which somebody of this habit comes: on the right day, at the right hour."""
        day = at // _DAY
        is_weekend = (day + 3) % 7 >= 5  # 1970 began on a Thursday
        if is_weekend != (self._habit == "weekend") and self._draws.chance(0.8):
            day += 2 if is_weekend else 5 - (day + 3) % 7
        first, last = _HOURS[self._habit]
        return day * _DAY + self._draws.between(first * _HOUR, last * _HOUR)

    def _visit(self, at: int) -> None:
        draws, recorder = self._draws, self._recorder
        self._orders += 1
        channel = "app" if self._in_app and draws.chance(0.7) else "store"
        products = [self._product() for _ in range(draws.between(1, 4))]
        total = round(sum(it["price"] for it in products), 2)
        order = f"{self._user_id}-order-{self._orders}"
        where = {"channel": channel, "store": self._store}
        if channel == "app":
            recorder.track(at - 10 * 60_000, "App Opened", {"platform": "ios"}, {"os": {"name": "iOS"}})
        if draws.chance(_REDEEMS) and self._points >= 150:
            self._points -= 150
            recorder.track(at - 60_000, "Points Spent", {"points": 150, "reward": "drink"})
        recorder.track(
            at, "Order Completed", {"order_id": order, "total": total, "currency": "USD", **where, "products": products}
        )
        points = int(total * 2)
        self._points += points
        recorder.track(at + 1000, "Points Earned", {"points": points, "order_id": order})
        if self._orders % 10 == 0:
            expiring = {"points": self._points, "points_expire_on": to_text(at + 180 * _DAY)[:10]}
            recorder.identify(at + 2000, expiring)
        if draws.chance(_REFERS):
            recorder.track(at + _HOUR, "Referral Sent", {"channel": channel})
        if draws.chance(_SHARES):
            recorder.track(at + _HOUR, "Product Shared", {"network": "photos", "category": self._favourite})
        if draws.chance(0.06):
            nps = draws.one_of({"4": 10, "6": 15, "8": 30, "9": 25, "10": 20})
            recorder.track(at + _DAY, "Survey Answered", {"nps": int(nps)})

    def _campaigns(self, joined: int, end: int) -> None:
        draws = self._draws
        for number, at in enumerate(range(joined + 20 * _DAY, end, 90 * _DAY)):
            campaign = {"campaign": _CAMPAIGNS[number % len(_CAMPAIGNS)]}
            self._recorder.track(at, "Campaign Shown", campaign)
            if draws.chance(0.4):
                self._recorder.track(at + draws.wait(_DAY), "Campaign Opened", campaign)

    def _product(self) -> dict[str, Any]:
        category = self._favourite if self._draws.chance(0.7) else self._draws.one_of(_DRINKS)
        brand = "House" if self._draws.chance(0.8) else "Guest Roaster"
        product = {
            "product_id": f"{category.lower()}-{self._draws.between(1, 9)}",
            "category": category,
            "brand": brand,
        }
        return {**product, "quantity": 1, "price": _PRICES[category]}
