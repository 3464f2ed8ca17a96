"""The simulated shop's side: its shelves, a visitor's way through it, and what lies in a basket."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

# Category, its cheapest and its dearest product, in cents.
_SHELVES = {
    "Coffee": (590, 2490),
    "Kitchen": (890, 12900),
    "Garden": (490, 8900),
    "Books": (690, 3490),
    "Toys": (790, 5990),
    "Clothing": (1290, 9900),
    "Electronics": (1990, 49900),
    "Beauty": (390, 4990),
}
_PRODUCTS_PER_SHELF = 40

Step = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Line:
    """A product in a basket; ``price`` of one piece in cents."""

    product_id: str
    category: str
    price: int
    quantity: int = 1

    @property
    def value(self) -> int:
        """The whole line, in cents."""
        return self.price * self.quantity

    def properties(self) -> dict[str, Any]:
        """As an element of ``products``."""
        shown = {"product_id": self.product_id, "category": self.category}
        return {**shown, "quantity": self.quantity, "price": self.price / 100}


@dataclass(frozen=True, slots=True)
class Basket:
    """An order: its lines, and what a coupon took off, in cents."""

    order_id: str
    lines: tuple[Line, ...]
    discount: int = 0

    @property
    def total(self) -> int:
        """What is to be paid, in cents."""
        return sum(line.value for line in self.lines) - self.discount

    def one_more(self) -> "Basket":
        """The same order with one more piece of its first product."""
        first, *others = self.lines
        return replace(self, lines=(replace(first, quantity=first.quantity + 1), *others))

    def properties(self) -> dict[str, Any]:
        """As the properties of an order event."""
        products = [line.properties() for line in self.lines]
        amounts = {"total": self.total / 100, "discount": self.discount / 100, "currency": "USD"}
        return {"order_id": self.order_id, **amounts, "products": products}


class Shop:
    """What one customer finds there: two favourite shelves, now and then another."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._favourites = random.sample(list(_SHELVES), 2)

    def visit(self) -> list[Step]:
        """A visit that ends without an order, step by step: the event's name and its properties."""
        steps: list[Step] = [_page("Home")]
        if self._random.random() < 0.3:
            steps.append(self._search())
        steps += [("Product Viewed", _shown(self._product())) for _ in range(self._random.randint(1, 5))]
        if self._random.random() < 0.2:
            added = _shown(self._product())
            steps += [("Product Added", added), ("Cart Viewed", {})]
            if self._random.random() < 0.5:
                steps.append(("Product Removed", added))
        return steps

    def basket(self, order_id: str, *, wholesale: bool) -> Basket:
        """An order; ``wholesale`` ones take more of each product."""
        pieces = self._random.choices((1, 2, 3, 4, 6), (45, 25, 15, 10, 5))[0]
        lines = tuple(replace(self._product(), quantity=self._quantity(wholesale)) for _ in range(pieces))
        basket = Basket(order_id, lines)
        return replace(basket, discount=basket.total // 10) if self._random.random() < 0.12 else basket

    def way_to(self, basket: Basket) -> list[Step]:
        """The steps that lead to an order."""
        steps: list[Step] = [_page("Home")]
        if self._random.random() < 0.4:
            steps.append(self._search())
        for line in basket.lines:
            steps += [("Product Viewed", _shown(line)), ("Product Added", _shown(line))]
        if self._random.random() < 0.6:
            steps.append(("Cart Viewed", {}))
        steps.append(("Checkout Started", {"order_id": basket.order_id}))
        if basket.discount:
            coupon = {"order_id": basket.order_id, "coupon_id": "TEN", "discount": basket.discount / 100}
            steps.append(("Coupon Applied", coupon))
        return steps

    def _search(self) -> Step:
        return "Products Searched", {"query": self._shelf().lower()}

    def _product(self) -> Line:
        shelf = self._shelf()
        cheapest, dearest = _SHELVES[shelf]
        # Squared: most products stand near the cheap end of a shelf.
        number = int(self._random.random() ** 2 * _PRODUCTS_PER_SHELF)
        price = cheapest + (dearest - cheapest) * number // _PRODUCTS_PER_SHELF
        return Line(f"{shelf.lower()}-{number:02d}", shelf, price)

    def _shelf(self) -> str:
        favourite = self._random.random() < 0.8
        return self._random.choice(self._favourites if favourite else list(_SHELVES))

    def _quantity(self, wholesale: bool) -> int:
        return self._random.randint(2, 12) if wholesale else self._random.choices((1, 2, 3), (85, 12, 3))[0]


def _page(title: str) -> Step:
    return "page", {"title": title}


def _shown(line: Line) -> dict[str, Any]:
    return {"product_id": line.product_id, "category": line.category, "price": line.price / 100}
