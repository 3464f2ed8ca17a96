"""Products: the lines of an order or a refund, what they add up to, and the items and categories among them."""

from decimal import Decimal

from schemas.money import Exchange
from schemas.properties import MAX_QUANTITY, Product
from schemas.reject import RejectedError


def sum_of(products: list[Product], currency: str | None, exchange: Exchange) -> int:
    """Return what lines add up to, in minor units; returns and discounts are negative.

    Raises ``RejectedError``, or ``AmountError`` for a line that no order can have.
    """
    for product in products:
        if product.price is None:
            raise RejectedError("invalid", "properties.total is missing, and a product has no price either")
        _check_quantity(product.quantity)
    if not products:
        raise RejectedError("invalid", "properties.total is missing, and there are no products to make it up")
    total = 0
    for product in products:
        cost = Decimal(repr(product.price)) * Decimal(repr(product.quantity))
        size = exchange.minor(abs(cost), currency, "price times quantity")
        total += size if cost >= 0 else -size
    if abs(total) > exchange.max_amount * exchange.unit:
        raise RejectedError("bad_amount", "the products' prices are together over the policy's most_per_order")
    return total


def cost_of(products: list[Product]) -> Decimal:
    """Return what lines with prices add up to in their own currency, without rounding."""
    return sum((Decimal(repr(it.price)) * Decimal(repr(it.quantity)) for it in products), Decimal(0))


def contents_of(products: list[Product]) -> tuple[int, tuple[str, ...]]:
    """Return how many items the lines are, and their categories, each once.

    A line with a negative quantity or price is a return or a discount, and no item. Raises ``RejectedError`` for an
    impossible quantity.
    """
    items = 0
    categories: dict[str, None] = {}
    for product in products:
        quantity, price = product.quantity, product.price
        whole = 1
        if quantity != 1.0:  # nearly all are; doubles are compared with doubles, since that costs less
            _check_quantity(quantity)
            if quantity < 0.0:
                continue
            if quantity.is_integer():  # a product sold by weight is one item
                whole = int(quantity)
        if price is None or price >= 0.0:
            items += whole
            category = product.category
            if category:
                categories[category] = None
    return items, tuple(categories)


def _check_quantity(quantity: float) -> None:
    if abs(quantity) > MAX_QUANTITY:
        raise RejectedError("bad_amount", f"a product's quantity is {quantity}: the most is {MAX_QUANTITY}")
