"""The lines of an order: its rows, or the elements of a list in its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.reject import RejectedError
from streams.mapping.paths import Paths
from streams.mapping.shape import Products
from streams.mapping.values import Rows, Values, as_number, of_minor

Product = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """The products of one order, and what they come to: None if a line has no price."""

    products: list[Product]
    total: Decimal | None


class LineReader:
    """Reads the lines of an order from its rows."""

    def __init__(self, products: Products, values: Values, decimal: str) -> None:
        # The elements of a list have no columns: each is an object with fields of its own.
        inner = Values(Paths(), decimal) if products.each else values
        self._each = values.getter(products.each) if products.each else None
        self._product_id, self._category = inner.text(products.product_id), inner.text(products.category)
        self._quantity, self._price = inner.as_written(products.quantity), inner.as_written(products.price)
        self._has_minor_units = products.price is not None and products.price.minor_units
        reads = (
            (products.product_id, self._product_id),
            (products.quantity, self._quantity),
            (products.price, self._price),
        )
        self._needed = [read for value, read in reads if value is not None and inner.has(value)]

    def is_line(self, row: Any) -> bool:
        """Tell whether a row has what a line has: product, quantity and price, as far as there are columns for them."""
        if self._each is not None:
            return False
        try:
            return bool(self._needed) and all(read((row,)) is not None for read in self._needed)
        except RejectedError:
            return False

    def read(self, rows: Rows, currency: str | None) -> Lines:
        """Return all lines, in the currency of their order; a row without any of the values is none.

        Raises ``RejectedError``.
        """
        found: list[Product] = []
        total: Decimal | None = Decimal(0)
        for element in self._elements(rows):
            one = (element,)
            product: Product = {}
            product_id, category = self._product_id(one), self._category(one)
            quantity, price = self._quantity(one), self._price(one)
            if product_id is None and quantity is None and price is None:
                continue
            if product_id is not None:
                product["product_id"] = product_id
            if category is not None:
                product["category"] = category
            if quantity is not None:
                product["quantity"] = as_number(quantity)
            if price is not None:
                price = of_minor(price, currency) if self._has_minor_units else price
                product["price"] = as_number(price)
            total = None if price is None or total is None else total + price * (1 if quantity is None else quantity)
            found.append(product)
        return Lines(found, total if found else None)

    def _elements(self, rows: Rows) -> Sequence[Any]:
        if self._each is None:
            return rows
        found: list[Any] = []
        for row in rows:
            listed = self._each(row)
            if listed is None:
                continue
            if not isinstance(listed, list) or not all(isinstance(it, dict) for it in listed):
                raise RejectedError("invalid", "the products are no list of objects: mend `each` in [products]")
            found += listed
        return found
