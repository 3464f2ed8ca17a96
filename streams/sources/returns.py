"""Goods that came back, matched with the earlier orders of the same customer that brought them.

Some exports have returns as orders of their own, which do not name the order they undo.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from schemas.reject import RejectedError
from streams.mapping.record_mapping import MappedEvent


@dataclass(slots=True)
class _Bought:
    at: str
    order_id: str
    left: float


class Returns:
    """The lines of all orders, by customer and product, and the returns that wait for the end of the file."""

    def __init__(self) -> None:
        self._bought: defaultdict[tuple[str, str], list[_Bought]] = defaultdict(list)
        self._waiting: list[tuple[int, MappedEvent]] = []

    def keep(self, number: int, event: MappedEvent) -> bool:
        """Remember an order's lines; keep a refund that names no order, and tell whether it was one."""
        properties = event.get("properties", {})
        if event.get("event") == "Order Refunded" and "order_id" not in properties:
            self._waiting.append((number, event))
            return True
        if event.get("event") == "Order Completed":
            for line in properties.get("products", ()):
                bought = _Bought(event["timestamp"], properties["order_id"], line.get("quantity", 1))
                if bought.left > 0:
                    self._bought[event["userId"], line.get("product_id", "")].append(bought)
        return False

    def matched(self) -> list[tuple[int, MappedEvent, list[MappedEvent | RejectedError]]]:
        """Return each return with its refunds: one for each order from which something came back, the latest first.

        What no earlier order has is an error, beside the refunds of the rest.
        """
        for lines in self._bought.values():
            lines.sort(key=lambda it: it.at)
        self._waiting.sort(key=lambda it: it[1]["timestamp"])
        return [(number, event, self._match(event)) for number, event in self._waiting]

    def _match(self, event: MappedEvent) -> list[MappedEvent | RejectedError]:
        amounts: dict[str, float] = {}
        unknown: list[str] = []
        for line in event["properties"].get("products", ()):
            if not self._take(event, line, amounts):
                unknown.append(line.get("product_id", "a line without a product"))
        found: list[MappedEvent | RejectedError] = [
            _refund(event, order_id, amount) for order_id, amount in amounts.items()
        ]
        if unknown or not found:
            listed = ", ".join(dict.fromkeys(unknown[:3])) or "nothing"
            told = f"no earlier order of this customer in the file has what came back ({listed}): add the earlier data"
            found.append(RejectedError("invalid", told))
        return found

    def _take(self, event: MappedEvent, line: dict[str, Any], amounts: dict[str, float]) -> bool:
        needed, price = float(abs(line.get("quantity", 1))), float(abs(line.get("price", 0)))
        for bought in reversed(self._bought.get((event["userId"], line.get("product_id", "")), ())):
            if needed <= 0:
                break
            if bought.left > 0 and bought.at <= event["timestamp"]:
                taken = min(needed, bought.left)
                bought.left -= taken
                needed -= taken
                amounts[bought.order_id] = amounts.get(bought.order_id, 0) + taken * price
        return needed <= 0


def _refund(event: MappedEvent, order_id: str, amount: float) -> MappedEvent:
    rest = {key: it for key, it in event["properties"].items() if key not in ("products", "total")}
    return {**event, "properties": {"order_id": order_id, "total": round(amount, 6), **rest}}
