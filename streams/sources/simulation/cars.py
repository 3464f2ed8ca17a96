"""A car maker: a purchase every few years, test drives and configurations before it, services and leases after it."""

from typing import Any

from schemas.instant import to_text
from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY

_GROUPS = {"luxury": 15, "family": 55, "commercial": 30}
_PRICES = {"luxury": 96_000, "family": 34_000, "commercial": 41_000}
_YEARS = {"luxury": 4.0, "family": 6.0, "commercial": 3.0}
_BUYS_AGAIN = {"luxury": 0.7, "family": 0.55, "commercial": 0.8}


def live(recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
    """Record the life of one customer, over many years."""
    _Driver(recorder, user_id, draws).live(start + int(draws.random.random() * 0.7 * (end - start)), end)


class _Driver:
    def __init__(self, recorder: Recorder, user_id: str, draws: Draws) -> None:
        self._recorder = recorder
        self._user_id = user_id
        self._draws = draws
        self._group = draws.one_of(_GROUPS)
        self._cars = 0

    def live(self, joined: int, end: int) -> None:
        """Record everything from the first contact on."""
        draws = self._draws
        self._introduce(joined)
        at = joined + draws.wait(60 * _DAY)
        while at < end:
            self._look_around(at)
            if not draws.chance(0.6 if self._cars == 0 else 0.95):
                return
            self._buy(at + 20 * _DAY + draws.wait(20 * _DAY), end)
            if not draws.chance(_BUYS_AGAIN[self._group]):
                return
            at += int(_YEARS[self._group] * _YEAR * draws.random.uniform(0.75, 1.3))

    def _introduce(self, at: int) -> None:
        draws = self._draws
        traits: dict[str, Any] = {"country": draws.one_of({"DE": 60, "FR": 25, "IT": 15})}
        if self._group == "commercial":
            traits |= {"kind": "business", "vehicle_use": "commercial", "fleet_size": draws.between(2, 80)}
        else:
            income = draws.between(300_000, 900_000) if self._group == "luxury" else draws.between(40_000, 120_000)
            children = draws.between(1, 4) if self._group == "family" else 0
            traits |= {"kind": "consumer", "vehicle_use": "private", "income": income, "children": children}
        self._recorder.identify(at, traits)

    def _look_around(self, at: int) -> None:
        draws, recorder = self._draws, self._recorder
        for _ in range(draws.between(1, 6)):
            at += draws.wait(3 * _DAY)
            recorder.track(at, "Car Configured", {"model": self._model(), "price": self._price()})
        if draws.chance(0.5):
            recorder.track(at + _HOUR, "Brochure Requested", {"topic": self._model()})
        if draws.chance(0.7):
            recorder.track(at + _DAY, "Test Drive Booked", {"model": self._model()})
            if draws.chance(0.85):
                recorder.track(at + 6 * _DAY, "Test Drive Taken", {"model": self._model()})

    def _buy(self, at: int, end: int) -> None:
        draws, recorder = self._draws, self._recorder
        pieces = draws.between(1, 6) if self._group == "commercial" else 1
        self._cars += 1
        price = self._price()
        product = {
            "product_id": self._model(),
            "category": "Car",
            "brand": "Aurora",
            "quantity": pieces,
            "price": price,
        }
        order = {"order_id": f"{self._user_id}-order-{self._cars}", "total": price * pieces, "currency": "EUR"}
        recorder.track(at, "Order Completed", {**order, "channel": "dealer", "products": [product]})
        delivered = at + 60 * _DAY + draws.wait(30 * _DAY)
        recorder.track(delivered, "Car Delivered", {"model": self._model()})
        if draws.chance(0.5):
            years = round(_YEARS[self._group])
            recorder.identify(at, {"lease_ends_on": to_text(at + years * _YEAR)[:10]})
        for year in range(1, round(_YEARS[self._group]) + 1):
            service = delivered + year * _YEAR + draws.wait(30 * _DAY)
            if service < end and draws.chance(0.75):
                recorder.track(service, "Service Completed", {"kilometres": 15_000 * year})
                if draws.chance(0.3):
                    rating = draws.one_of({"2": 15, "4": 45, "5": 40})
                    recorder.track(service + _DAY, "Survey Answered", {"satisfaction": int(rating)})
            if draws.chance(0.04):
                ticket = f"{self._user_id}-ticket-{self._cars}-{year}"
                recorder.track(service + 9 * _DAY, "Support Ticket Created", {"ticket_id": ticket, "topic": "warranty"})
                recorder.track(service + 20 * _DAY, "Support Ticket Solved", {"ticket_id": ticket})

    def _model(self) -> str:
        return {"luxury": "aurora-s", "family": "aurora-f", "commercial": "aurora-v"}[self._group]

    def _price(self) -> float:
        return float(_PRICES[self._group] + 500 * self._draws.between(0, 20))
