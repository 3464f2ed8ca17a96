"""Products: the lines of an order or a refund, what they add up to, and the items and categories among them."""

from decimal import Decimal

from schemas.coercion import MAX_TEXT
from schemas.money import Exchange
from schemas.properties import MAX_QUANTITY, Product
from schemas.reject import RejectedError

MAX_CATEGORIES = 32


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


def items_of(products: list[Product]) -> int:
    """Return how many items the lines are. Raises ``RejectedError`` for an impossible quantity."""
    count = 0
    for product in products:
        quantity = product.quantity
        if quantity == 1.0 and not _is_taken_off(product):  # nearly all are
            count += 1
            continue
        _check_quantity(quantity)
        if _is_taken_off(product):
            continue
        whole = int(quantity)
        count += whole if whole == quantity else 1  # a product sold by weight counts as one item
    return count


def _is_taken_off(product: Product) -> bool:
    """Tell whether a line is a return or a discount: it counts in the sum, and is no item."""
    return product.quantity < 0 or (product.price is not None and product.price < 0)


def categories_of(products: list[Product]) -> tuple[str, ...]:
    """Return the categories of the lines, each once."""
    found = {product.category: None for product in products if not _is_taken_off(product)}
    return tuple([category[:MAX_TEXT] for category in found if category][:MAX_CATEGORIES])


def _check_quantity(quantity: float) -> None:
    if abs(quantity) > MAX_QUANTITY:
        raise RejectedError("bad_amount", f"a product's quantity is {quantity}: the most is {MAX_QUANTITY}")
