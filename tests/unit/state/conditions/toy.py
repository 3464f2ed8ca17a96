"""A toy customer with a day of ten milliseconds, so that a law can be checked at every millisecond."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import msgspec

from schemas.events import Trait
from state.conditions.catalogue import Catalogue
from state.conditions.features import Feature, Instants, Trend
from state.conditions.formula import Formula
from state.customer.customer import Customer
from state.customer.silence import SILENCES

DAY = 10
WINDOWS = (7, 30)
YEAR_DAYS = 9


class Toy(Customer, kw_only=True):
    """A customer whose aggregates are replaced by a few plain facts; ``reads`` are the features that were read."""

    first_event_at: int = 0
    traits: dict[str, Trait] = msgspec.field(default_factory=dict)
    stage: str = "new"
    orders: list[tuple[int, float]] = msgspec.field(default_factory=list)
    gap: float | None = None
    birth_day: int | None = None
    end: int | None = None
    categories: tuple[str, ...] = ()
    loyal: bool = False
    reads: list[str] = msgspec.field(default_factory=list)

    def noting(self, name: str) -> Self:
        self.reads.append(name)
        return self

    def within(self, window: int, day: int) -> list[float]:
        return [amount for at, amount in self.orders if at // DAY >= day - window + 1]

    @property
    def first(self) -> int | None:
        return min((at for at, _ in self.orders), default=None)

    @property
    def last(self) -> int | None:
        return max((at for at, _ in self.orders), default=None)


def _roll_offs(window: int, features: Sequence[Feature]) -> Instants:
    def instants(toy: Customer, after: int, until: int) -> list[int]:
        assert isinstance(toy, Toy)
        ends = {(at // DAY + window) * DAY for at, _ in toy.orders}
        return sorted(end for end in ends if after < end <= until)

    return instants


def _birthdays(toy: Customer, after: int, until: int) -> list[int]:
    assert isinstance(toy, Toy)
    if toy.birth_day is None:
        return []
    days = range(after // DAY, until // DAY + 1)
    return [it * DAY for it in days if (it - toy.birth_day) % YEAR_DAYS == 0 and after < it * DAY <= until]


def _days_after_birthdays(toy: Customer, after: int, until: int) -> list[int]:
    return [it + DAY for it in _birthdays(toy, after - DAY, until - DAY)]


def _midnights(toy: Customer, after: int, until: int) -> list[int]:
    return [it * DAY for it in range(after // DAY + 1, until // DAY + 1)]


def _age(customer: Toy, day: int) -> int | None:
    return None if (birth := customer.noting("age").birth_day) is None else (day - birth) // YEAR_DAYS


def _days_to_birthday(customer: Toy, day: int) -> int | None:
    return None if (birth := customer.noting("days_to_birthday").birth_day) is None else (birth - day) % YEAR_DAYS


def _days_to_end(customer: Toy, at: int) -> float | None:
    return None if (end := customer.noting("days_to_end").end) is None else (end - at) / DAY


def _days_since_order(customer: Toy, at: int) -> float | None:
    return None if (last := customer.noting("days_since_order").last) is None else (at - last) / DAY


def _days_since_first_order(customer: Toy, at: int) -> float | None:
    return None if (first := customer.noting("days_since_first_order").first) is None else (at - first) / DAY


def _p_alive(customer: Toy, at: int) -> float | None:
    return (
        None if (last := customer.noting("p_alive").last) is None else 1 / (1 + 0.1 * (1 + (at - last) / DAY / 5) ** 3)
    )


def _recency(idle: float) -> int:
    return 5 - sum(idle >= limit for limit in (1, 3, 8, 20))


def _recency_score(customer: Toy, at: int) -> int | None:
    return None if (last := customer.noting("recency_score").last) is None else _recency((at - last) / DAY)


def _mean_gap_days(customer: Toy) -> float | None:
    return customer.noting("mean_gap_days").gap


def _orders(customer: Toy) -> int:
    return len(customer.noting("orders").orders)


def _loyal(customer: Toy) -> bool:
    return customer.noting("loyal").loyal


def _kind(customer: Toy) -> str | None:
    return kind if isinstance(kind := customer.noting("kind").traits.get("kind"), str) else None


def _categories(customer: Toy) -> tuple[str, ...]:
    return customer.noting("categories").categories


def _stage(customer: Toy) -> str:
    return customer.noting("stage").stage


def _silence(customer: Toy) -> str:
    return customer.noting("silence").silence


def _orders_within(customer: Toy, day: int, window: int, name: str) -> int:
    return len(customer.noting(name).within(window, day))


def _revenue_within(customer: Toy, day: int, window: int, name: str) -> float:
    return float(sum(customer.noting(name).within(window, day)))


def _average_within(customer: Toy, day: int, window: int, name: str) -> float | None:
    return sum(amounts) / len(amounts) if (amounts := customer.noting(name).within(window, day)) else None


def _feature(
    name: str, unit: str, formula: Formula, trend: Trend = Trend.CONSTANT, window: int | None = None, *allowed: str
) -> Feature:
    return Feature(
        name=name, unit=unit, meaning="", formula=formula, parts=0, trend=trend, window=window, allowed=allowed
    )


def _features() -> list[Feature]:
    falling = Trend.FALLING
    found = [
        _feature("days_since_order", "days", Formula(_days_since_order), Trend.RISING),
        _feature("days_since_first_order", "days", Formula(_days_since_first_order), Trend.RISING),
        _feature("p_alive", "", Formula(_p_alive), falling),
        _feature("recency_score", "1 to 5", Formula(_recency_score), falling),
        _feature("mean_gap_days", "days", Formula(_mean_gap_days)),
        _feature("orders", "orders", Formula(_orders)),
        _feature("occasions", "occasions", Formula(_orders)),
        _feature("silence", "", Formula(_silence), Trend.CONSTANT, None, *SILENCES),
        _feature("loyal", "", Formula(_loyal)),
        _feature("kind", "", Formula(_kind)),
        _feature("categories", "", Formula(_categories)),
        _feature("stage", "", Formula(_stage), Trend.CONSTANT, None, "new", "loyal", "at_risk"),
    ]
    found += [
        replace(_feature("age", "", Formula(_age), Trend.RISING), changes_at=_birthdays),
        replace(
            _feature("days_to_birthday", "", Formula(_days_to_birthday), falling),
            changes_at=_midnights,
            turns_at=_days_after_birthdays,
        ),
        _feature("days_to_end", "days", Formula(_days_to_end), Trend.COUNTING_DOWN),
    ]
    for window in WINDOWS:
        for of, unit, function, trend in (
            ("orders", "orders", _orders_within, falling),
            ("revenue", "currency", _revenue_within, falling),
            ("average_order_value", "currency", _average_within, Trend.FREE),
        ):
            name = f"{of}_{window}d"
            found.append(_feature(name, unit, Formula(function, window=window, name=name), trend, window))
    return found


CATALOGUE = Catalogue(
    title="toy",
    features={feature.name: feature for feature in _features()},
    functions={},
    windowed=lambda days: (),
    max_window_days=max(WINDOWS),
    roll_offs=_roll_offs,
    day_of=DAY.__rfloordiv__,
)
