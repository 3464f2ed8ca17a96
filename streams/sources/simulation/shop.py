"""The simulated shop: its products, the visits of one customer, and their baskets."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

# Category: the prices of its cheapest and its most expensive product, in cents.
_PRICE_RANGES = {
    "Coffee": (590, 2490),
    "Kitchen": (890, 12900),
    "Garden": (490, 8900),
    "Books": (690, 3490),
    "Toys": (790, 5990),
    "Clothing": (1290, 9900),
    "Electronics": (1990, 49900),
    "Beauty": (390, 4990),
}
_PRODUCTS_PER_CATEGORY = 40

Action = tuple[str, dict[str, Any]]
"""The name of an event, and its properties."""


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A product in a basket; ``price`` of one piece in cents."""

    product_id: str
    category: str
    price: int
    quantity: int = 1

    @property
    def value(self) -> int:
        """The price of the whole line, in cents."""
        return self.price * self.quantity

    def properties(self) -> dict[str, Any]:
        """Return the line as an element of ``products``."""
        product = {"product_id": self.product_id, "category": self.category}
        return {**product, "quantity": self.quantity, "price": self.price / 100}


@dataclass(frozen=True, slots=True)
class Basket:
    """An order: its lines, and the discount of a coupon, in cents."""

    order_id: str
    lines: tuple[BasketLine, ...]
    discount: int = 0

    @property
    def total(self) -> int:
        """The amount to pay, in cents."""
        return sum(line.value for line in self.lines) - self.discount

    def one_more(self) -> "Basket":
        """Return the same order with one more piece of its first product."""
        first, *others = self.lines
        return replace(self, lines=(replace(first, quantity=first.quantity + 1), *others))

    def properties(self) -> dict[str, Any]:
        """Return the order as the properties of an event."""
        products = [line.properties() for line in self.lines]
        amounts = {"total": self.total / 100, "discount": self.discount / 100, "currency": "USD"}
        return {"order_id": self.order_id, **amounts, "products": products}


class Shop:
    """The shop as one customer uses it: mostly two favourite categories, now and then another."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._favourites = random.sample(list(_PRICE_RANGES), 2)

    def visit(self) -> list[Action]:
        """Draw a visit that ends without an order."""
        actions: list[Action] = [_page("Home")]
        if self._random.random() < 0.3:
            actions.append(self._search())
        actions += [("Product Viewed", _product_properties(self._product())) for _ in range(self._random.randint(1, 5))]
        if self._random.random() < 0.2:
            added = _product_properties(self._product())
            actions += [("Product Added", added), ("Cart Viewed", {})]
            if self._random.random() < 0.5:
                actions.append(("Product Removed", added))
        return actions

    def basket(self, order_id: str, *, wholesale: bool) -> Basket:
        """Draw an order; ``wholesale`` ones have more of each product."""
        pieces = self._random.choices((1, 2, 3, 4, 6), (45, 25, 15, 10, 5))[0]
        lines = tuple(replace(self._product(), quantity=self._quantity(wholesale)) for _ in range(pieces))
        basket = Basket(order_id, lines)
        return replace(basket, discount=basket.total // 10) if self._random.random() < 0.12 else basket

    def checkout(self, basket: Basket) -> list[Action]:
        """Draw the actions that lead to an order."""
        actions: list[Action] = [_page("Home")]
        if self._random.random() < 0.4:
            actions.append(self._search())
        for line in basket.lines:
            actions += [("Product Viewed", _product_properties(line)), ("Product Added", _product_properties(line))]
        if self._random.random() < 0.6:
            actions.append(("Cart Viewed", {}))
        actions.append(("Checkout Started", {"order_id": basket.order_id}))
        if basket.discount:
            coupon = {"order_id": basket.order_id, "coupon_id": "TEN", "discount": basket.discount / 100}
            actions.append(("Coupon Applied", coupon))
        return actions

    def _search(self) -> Action:
        return "Products Searched", {"query": self._category().lower()}

    def _product(self) -> BasketLine:
        category = self._category()
        lowest, highest = _PRICE_RANGES[category]
        # Squared: cheap products are drawn more often.
        number = int(self._random.random() ** 2 * _PRODUCTS_PER_CATEGORY)
        price = lowest + (highest - lowest) * number // _PRODUCTS_PER_CATEGORY
        return BasketLine(f"{category.lower()}-{number:02d}", category, price)

    def _category(self) -> str:
        favourite = self._random.random() < 0.8
        return self._random.choice(self._favourites if favourite else list(_PRICE_RANGES))

    def _quantity(self, wholesale: bool) -> int:
        return self._random.randint(2, 12) if wholesale else self._random.choices((1, 2, 3), (85, 12, 3))[0]


def _page(title: str) -> Action:
    return "page", {"title": title}


def _product_properties(line: BasketLine) -> dict[str, Any]:
    return {"product_id": line.product_id, "category": line.category, "price": line.price / 100}
