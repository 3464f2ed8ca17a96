"""What fell to which category, brand, product, channel or store: of views, of orders, and of revenue."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.reference_model.calls import FIELDS_OF, Call
from tests.reference_model.names import VIEW_KEYS
from tests.reference_model.properties import Trait

MOST_VALUES = 128


def values_of(said: Trait | None) -> tuple[str, ...]:
    if isinstance(said, tuple):
        return said
    if isinstance(said, bool | float) or said is None or not str(said).strip():
        return ()
    return (str(said),)


def fell(call: Call, properties: dict[str, Trait], worth: int) -> dict[str, int]:
    """What fell to each value of one view or order."""
    name = FIELDS_OF[call.of]
    values = values_of(properties.get(name))
    if call.weight != "revenue":
        return dict.fromkeys(values, 1)
    amounts = properties.get(f"amounts of {name}")
    if isinstance(amounts, tuple):
        return {value: int(amount) for value, amount in zip(values, amounts, strict=True) if int(amount)}
    return dict.fromkeys(values, worth) if len(values) == 1 and worth else {}


def together(call: Call, each: dict[str, int]) -> int:
    return sum(each.values()) if call.weight == "revenue" else min(len(each), 1)


def of_window(call: Call, memory: Any, first: int) -> list[dict[str, int]]:
    """What fell to values in each view or order from a day on."""
    asked, policy = memory.asked, memory.policy
    first = max(first, asked.first_kept(call, policy))
    if call.weight == "views":
        viewed = [each for each in memory.happened if each.key in VIEW_KEYS and each.day >= first]
        return [fell(call, it.properties, 0) for it in viewed if asked.counts(call, policy, it.at)]
    orders = [each for each in memory.orders if each.day >= first and asked.counts_order(call, policy, each)]
    return [fell(call, order.properties, order.worth) for order in orders]


def share(call: Call, memory: Any, first: int) -> Fraction | None:
    every = of_window(call, memory, first)
    whole = sum(together(call, each) for each in every)
    return Fraction(sum(each.get(call.value, 0) for each in every), whole) if whole else None


@dataclass
class TopList:
    """The values that are told apart, with what fell to them: (day, value, how much, the order)."""

    call: Call
    days: int
    entries: list[tuple[int, str, int, Any]] = field(default_factory=list)

    def take(self, memory: Any, happened: Any, changed: Any) -> None:
        """Takes a fact in that was taken by the memory."""
        first = happened.day - self.days + 1
        if self.call.weight == "views":
            if happened.key in VIEW_KEYS:
                self.add(first, happened.day, fell(self.call, happened.properties, 0), None)
            return
        standing = memory.orders
        self.entries = [each for each in self.entries if any(each[3] is order for order in standing)]
        if changed is not None:
            self.entries = [each for each in self.entries if each[3] is not changed]
            self.add(first, changed.day, fell(self.call, changed.properties, changed.worth), changed)

    def add(self, first: int, day: int, given: dict[str, int], order: Any) -> None:
        new = [(day, value, weight, order) for value, weight in given.items() if day >= first]
        self.entries = [each for each in self.entries if each[0] >= first] + new
        while len(names := {value for _, value, _, _ in self.entries}) > MOST_VALUES:
            gone = min(names, key=self.last_and_least)
            self.entries = [each for each in self.entries if each[1] != gone]

    def last_and_least(self, value: str) -> tuple[int, int, str]:
        mine = [each for each in self.entries if each[1] == value]
        return max(each[0] for each in mine), sum(each[2] for each in mine), value

    def ranked(self, first: int) -> Iterator[tuple[int, str]]:
        """The values from the greatest on, with the negative of what fell to them."""
        weights: dict[str, int] = {}
        for day, value, weight, _ in self.entries:
            if day >= first:
                weights[value] = weights.get(value, 0) + weight
        yield from sorted((-weight, value) for value, weight in weights.items())


def top(call: Call, top_list: TopList, memory: Any, first: int) -> Fraction | str | None:
    """The value to which most fell, or the share that fell to it."""
    most, value = next(top_list.ranked(first), (0, None))
    if call.function == "top":
        return value
    whole = sum(together(call, each) for each in of_window(call, memory, first))
    return Fraction(-most, whole) if whole else None
