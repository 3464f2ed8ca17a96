"""What few orders say besides their amount, items and categories: another currency, a discount, a coupon."""

from schemas.events import OrderDetails
from schemas.money import Exchange
from schemas.products import cost_of
from schemas.properties import OrderProperties


def details_of(order: OrderProperties, exchange: Exchange) -> OrderDetails | None:
    """Return the details of an order; None where it has none. Raises ``AmountError``."""
    currency = order.currency
    if not (order.coupon or order.discount or order.reinstated or (currency and currency != exchange.currency)):
        return None
    own = None
    if currency and currency != exchange.currency:
        stated = order.stated()
        own = exchange.own(cost_of(order.products) if stated is None else stated, currency)
    discount = exchange.discount(order.discount, currency) if order.discount else 0
    coupon = any(map(str.strip, order.coupon if isinstance(order.coupon, list) else [order.coupon or ""]))
    if own is None and not discount and not coupon and not order.reinstated:
        return None
    return OrderDetails(own=own, discount=discount, coupon=coupon, reinstated=order.reinstated)
