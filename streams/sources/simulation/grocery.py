"""A grocer who delivers a box every week: trials, subscriptions that pause and end, boxes with several products."""

from typing import Any

from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY

_SUBSCRIBES, _USES_TRIAL = 0.62, 0.75
_SKIPS, _PAUSES, _CANCELS, _FAILS, _LATE = 0.10, 0.02, 0.012, 0.03, 0.05
_RATES, _REFERS, _OPENS = 0.35, 0.015, 2.2

_PLANS = {"two": 55, "four": 35, "six": 10}
_SIZES = {"two": 2, "four": 4, "six": 6}
_DIETS = ("vegetarian", "vegan", "gluten free", "lactose free")
_COUNTRIES = {"DE": 60, "AT": 20, "CH": 20}
_ZONES = {"DE": "Europe/Berlin", "AT": "Europe/Vienna", "CH": "Europe/Zurich"}
_PLATFORMS = {"ios": 48, "android": 40, "web": 12}
_BRANDS = {"Vegetables": "Green Acre", "Fruit": "Orchard", "Meat": "Hillside", "Dairy": "Alpine", "Pantry": "Own"}
_PRICES = {"Vegetables": 390, "Fruit": 350, "Meat": 990, "Dairy": 270, "Pantry": 450}


def live(recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
    """Record the life of one subscriber, or of somebody who does not become one."""
    _Subscriber(recorder, user_id, draws).live(start + int(draws.random.random() ** 1.5 * (end - start)), end)


class _Subscriber:
    def __init__(self, recorder: Recorder, user_id: str, draws: Draws) -> None:
        self._recorder = recorder
        self._user_id = user_id
        self._draws = draws
        self._plan = draws.one_of(_PLANS)
        self._platform = draws.one_of(_PLATFORMS)
        self._diet = [it for it in _DIETS if draws.chance(0.18)]
        self._boxes = 0
        self._cases = 0

    def live(self, joined: int, end: int) -> None:
        """Record everything from the day on which they join."""
        draws, recorder = self._draws, self._recorder
        self._introduce(joined)
        recorder.track(joined + _HOUR, "Trial Started", {"plan": self._plan})
        if draws.chance(_USES_TRIAL):
            self._deliver(joined + 2 * _DAY, price=0.5)
        at = joined + 7 * _DAY + draws.wait(4 * _DAY)
        if not draws.chance(_SUBSCRIBES):
            return
        recorder.track(at, "Subscription Started", {"plan": self._plan, "monthly": self._plan != "two"})
        while at < end:
            self._week(at)
            if draws.chance(_CANCELS * (2.5 if self._cases else 1)):
                reason = draws.one_of({"price": 40, "quality": 25, "moving": 20, "other": 15})
                recorder.track(at + 3 * _DAY, "Subscription Cancelled", {"reason": reason})
                if not draws.chance(0.2):
                    return
                at += 60 * _DAY + draws.wait(30 * _DAY)
                recorder.track(at, "Subscription Started", {"plan": self._plan, "again": True})
            elif draws.chance(_PAUSES):
                recorder.track(at + _DAY, "Subscription Paused", {"weeks": 3})
                at += 4 * _WEEK
                recorder.track(at - _HOUR, "Subscription Resumed", {})
            else:
                at += _WEEK

    def _introduce(self, at: int) -> None:
        draws = self._draws
        country = draws.one_of(_COUNTRIES)
        born = f"{draws.between(1950, 2005)}-{draws.between(1, 13):02d}-{draws.between(1, 29):02d}"
        traits: dict[str, Any] = {
            "kind": "internal" if draws.chance(0.01) else "consumer",
            "country": country,
            "timezone": _ZONES[country],
            "household_size": _SIZES[self._plan],
            "born_on": born,
            "diet": self._diet,
        }
        self._recorder.identify(at, traits)

    def _week(self, at: int) -> None:
        draws, recorder = self._draws, self._recorder
        opened = at - 3 * _DAY
        for _ in range(draws.between(0, 1 + int(2 * _OPENS))):
            opened += draws.wait(_DAY / 2)
            context = {"os": {"name": self._platform}, "app": {"name": "Box"}, "timezone": "Europe/Berlin"}
            recorder.track(opened, "App Opened", {"platform": self._platform}, context)
            if draws.chance(0.4):
                recorder.track(opened + 60_000, "Product Viewed", self._product())
        if draws.chance(_SKIPS):
            recorder.track(at - _DAY, "Box Skipped", {"week": at // _WEEK})
            return
        if draws.chance(_FAILS):
            recorder.track(at - 2 * _HOUR, "Payment Failed", {"method": "card"})
            if draws.chance(0.3):
                recorder.track(at - _HOUR, "Payment Failed", {"method": "card"})
        self._deliver(at)
        if draws.chance(_REFERS):
            recorder.track(at + 2 * _DAY, "Referral Sent", {"channel": "link"})

    def _deliver(self, at: int, price: float = 1.0) -> None:
        draws, recorder = self._draws, self._recorder
        self._boxes += 1
        order = f"{self._user_id}-box-{self._boxes}"
        products = [self._product() for _ in range(_SIZES[self._plan] + draws.between(1, 4))]
        total = round(sum(it["price"] for it in products) * price, 2)
        properties = {"order_id": order, "total": total, "currency": "EUR", "channel": "app", "products": products}
        if price < 1:
            properties |= {"coupon": "TRIAL", "discount": round(sum(it["price"] for it in products) - total, 2)}
        recorder.track(at, "Order Completed", properties)
        delivered = at + _DAY + (2 * _DAY if draws.chance(_LATE) else 0)
        recorder.track(delivered, "Parcel Delivered", {"order_id": order})
        late = delivered - at > 2 * _DAY
        if draws.chance(_RATES):
            stars = draws.one_of({"1": 30, "2": 40, "3": 30} if late else {"2": 4, "3": 16, "4": 40, "5": 40})
            recorder.track(delivered + 5 * _HOUR, "Review Written", {"order_id": order, "stars": int(stars)})
        if late and draws.chance(0.6):
            self._cases += 1
            ticket = f"{self._user_id}-ticket-{self._cases}"
            recorder.track(at + 2 * _DAY, "Support Ticket Created", {"ticket_id": ticket, "topic": "delivery"})
            recorder.track(at + 2 * _DAY + draws.wait(_DAY), "Support Ticket Solved", {"ticket_id": ticket})

    def _product(self) -> dict[str, Any]:
        weights = {"Vegetables": 35, "Fruit": 20, "Meat": 20, "Dairy": 15, "Pantry": 10}
        if "vegetarian" in self._diet or "vegan" in self._diet:
            del weights["Meat"]
        category = self._draws.one_of(weights)
        number = self._draws.between(0, 12)
        price = (_PRICES[category] + 35 * number) / 100
        product = {"product_id": f"{category.lower()}-{number:02d}", "category": category, "brand": _BRANDS[category]}
        return {**product, "quantity": 1, "price": price}
