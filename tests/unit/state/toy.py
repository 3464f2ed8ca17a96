"""A toy customer with a day of ten milliseconds, so that a law can be checked at every millisecond."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from state.conditions.feature_expression import Reading
from state.conditions.features import Catalogue, Feature, Kind, Trend

DAY = 10
WINDOWS = (7, 30)


@dataclass
class Toy:
    orders: list[tuple[int, float]] = field(default_factory=list)
    gap: float | None = None
    categories: tuple[str, ...] = ()
    stage: str = "new"
    loyal: bool = False
    traits: dict[str, Any] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def within(self, window: int, t: int) -> list[float]:
        first = t // DAY - window + 1
        return [amount for at, amount in self.orders if at // DAY >= first]

    @property
    def last(self) -> int | None:
        return max((at for at, _ in self.orders), default=None)


def _day_of(t: int) -> int:
    return t // DAY


def _rolloffs(toy: Toy, window: int, after: int, until: int) -> list[int]:
    ends = {(at // DAY + window) * DAY for at, _ in toy.orders}
    return sorted(end for end in ends if after < end <= until)


def _since(toy: Toy, t: int, day: int) -> float | None:
    return None if toy.last is None else (t - toy.last) / DAY


def _since_first(toy: Toy, t: int, day: int) -> float | None:
    return (t - min(at for at, _ in toy.orders)) / DAY if toy.orders else None


def _alive(toy: Toy, t: int, day: int) -> float | None:
    idle = _since(toy, t, day)
    return None if idle is None else 1 / (1 + 0.1 * (1 + idle / 5) ** 3)


def _recency(toy: Toy, t: int, day: int) -> int | None:
    idle = _since(toy, t, day)
    return None if idle is None else 5 - sum(idle >= limit for limit in (1, 3, 8, 20))


def _within(window: int, of: Callable[[list[float]], float]) -> Callable[[Toy, int, int], float]:
    return lambda toy, t, day: of(toy.within(window, t))


def _average(window: int):
    def read(toy: Toy, t: int, day: int) -> float | None:
        amounts = toy.within(window, t)
        return sum(amounts) / len(amounts) if amounts else None

    return read


def _feature(
    name: str, kind: Kind, unit: str, nullable: bool, trend: Trend, window: int | None, read: Any, *limits: str
) -> Feature:
    reading = Reading(f"{name}_of(customer, at, day)", {f"{name}_of": read})
    return Feature(name, kind, unit, "", nullable, trend, window, reading, 0, limits)


def _features() -> list[Feature]:
    number, falling, constant = Kind.NUMBER, Trend.FALLING, Trend.CONSTANT
    found = [
        _feature("days_since_order", number, "days", True, Trend.RISING, None, _since),
        _feature("days_since_first_order", number, "days", True, Trend.RISING, None, _since_first),
        _feature("p_alive", number, "", True, falling, None, _alive),
        _feature("recency_score", number, "1 to 5", True, falling, None, _recency),
        _feature("mean_gap_days", number, "days", True, constant, None, lambda c, t, d: c.gap),
        _feature("orders", number, "orders", False, constant, None, lambda c, t, d: len(c.orders)),
        _feature("loyal", Kind.FLAG, "", False, constant, None, lambda c, t, d: c.loyal),
        _feature("kind", Kind.TEXT, "", True, constant, None, lambda c, t, d: c.traits.get("kind")),
        _feature("categories", Kind.TEXTS, "", False, constant, None, lambda c, t, d: c.categories),
        _feature("stage", Kind.TEXT, "", False, constant, None, lambda c, t, d: c.stage, "new", "loyal", "at_risk"),
    ]
    for window in WINDOWS:
        revenue = _within(window, lambda amounts: float(sum(amounts)))
        found += [
            _feature(f"orders_{window}d", number, "orders", False, falling, window, _within(window, len)),
            _feature(f"revenue_{window}d", number, "currency", False, falling, window, revenue),
            _feature(f"average_order_value_{window}d", number, "currency", True, Trend.FREE, window, _average(window)),
        ]
    return found


def _noted(feature: Feature) -> Feature:
    def read(toy: Toy, t: int, day: int) -> Any:
        toy.reads.append(feature.name)
        return feature.reading.value(toy, t, day)

    return replace(feature, reading=Reading(f"{feature.name}_of(customer, at, day)", {f"{feature.name}_of": read}))


CATALOGUE = Catalogue(
    {feature.name: feature for feature in _features()}, _rolloffs, lambda toy, name: toy.traits.get(name), 0, _day_of
)
NOTING = Catalogue(
    {name: _noted(feature) for name, feature in CATALOGUE.features.items()},
    CATALOGUE.rolloffs,
    CATALOGUE.trait,
    0,
    _day_of,
)
