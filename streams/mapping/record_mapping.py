"""A compiled mapping: one foreign record, or all rows of an order, into the events that it tells of."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from schemas.event_names import track_name
from schemas.instant import to_text
from schemas.reject import RejectedError
from streams.mapping.conditions import condition_of
from streams.mapping.lines import LineReader
from streams.mapping.moments import moment_reader
from streams.mapping.paths import Getter, Paths, is_blank
from streams.mapping.shape import Event, MappingShape, Value, columns_of
from streams.mapping.values import Rows, Values, as_number

MappedEvent = dict[str, Any]
"""An event in Segment's shape, ready to be encoded as JSON."""

Outcome = MappedEvent | RejectedError
"""What a rule of a mapping made of a record; the error says why it could make nothing."""

_ORDERS = ("Order Completed", "Order Updated")
_PURCHASES = (*_ORDERS, "Order Refunded", "Order Cancelled")


class RecordMapping:
    """A mapping for one kind of record: rows with these columns, or, without columns, JSON objects.

    It is pure: the same record gives the same events with the same bytes, so that one that comes twice is a duplicate.
    ``columns`` must have what the mapping names (``check_columns``).
    """

    def __init__(self, shape: MappingShape, columns: Sequence[str] | None = None) -> None:
        self.shape = shape
        paths = Paths(columns)
        self._values = Values(paths, shape.decimal)
        self._read_moment = moment_reader(shape.formats, shape.zone)
        products = shape.products
        self._lines = None if products is None else LineReader(products, self._values, shape.decimal)
        self._rules = [_Rule(self, event) for event in shape.events]
        self._customers = self._filled(shape.customer, *(event.customer for event in shape.events))
        self._instants = self._filled(shape.at, *(event.at for event in shape.events))
        self.group_of: Getter | None = paths.getter(shape.group_by) if shape.group_by else None

    def stands_alone(self, record: Any) -> bool:
        """Tell whether a row that names no order is none of its lines either, as the total below a table is none.

        It names no customer or no instant, and lacks something that a line has.
        """
        names_both = any(it(record) for it in self._customers) and any(it(record) for it in self._instants)
        return not names_both and not (self._lines is not None and self._lines.is_line(record))

    def outcomes(self, record: Any) -> list[Outcome]:
        """Return the events of one record, in the mapping's order. None: by no rule is it an event."""
        return self.outcomes_of_rows((record,))

    def outcomes_of_rows(self, rows: Rows) -> list[Outcome]:
        """Return the events of all rows of one order."""
        found: list[Outcome] = []
        for rule in self._rules:
            try:
                event = rule.event(rows)
            except RejectedError as error:
                # What several rules lack, such as the customer, is told once.
                if not any(isinstance(it, RejectedError) and str(it) == str(error) for it in found):
                    found.append(error)
            else:
                if event is not None:
                    found.append(event)
        return found

    @property
    def values(self) -> Values:
        """How single values are read."""
        return self._values

    @property
    def lines(self) -> LineReader | None:
        """How the lines of an order are read."""
        return self._lines

    def instant(self, value: Value) -> Callable[[Rows], int]:
        """Return a function that reads when something happened; it raises ``RejectedError``."""
        get = self._values.getter(value.column, optional=value.optional)
        read, place = self._read_moment, _place(value)

        def instant(rows: Rows) -> int:
            written = get(rows[0])
            try:
                found = read(written)
            except RejectedError as error:
                raise RejectedError(error.reason, f"{place}: {error.detail}") from None
            if found is None:
                raise RejectedError("missing_timestamp", f"{place} is empty: say when it happened")
            return found

        return instant

    def _filled(self, *written: Value | None) -> list[Callable[[Any], bool]]:
        """Return a test for each value whether a record has it."""
        found = [it for it in written if it is not None]
        return [_is_there(self._values.getter(it.column, optional=it.optional)) for it in found if it.column]


class _Rule:
    """One kind of event of a mapping, compiled."""

    def __init__(self, mapping: RecordMapping, event: Event) -> None:
        shape, values = mapping.shape, mapping.values
        self._tests = [condition_of(values.getter(name), it, values.read_number) for name, it in event.when.items()]
        self._name = values.text(event.event)
        customer, at = event.customer or shape.customer, event.at or shape.at
        if customer is None or at is None:
            raise ValueError("an event needs a customer and an instant")
        self._customer, self._customer_place = values.text(customer), _place(customer)
        self._instant = mapping.instant(at)
        self._message_id = values.text(event.message_id or shape.message_id)
        self._order_id = values.text(event.order_id or shape.order_id)
        self._currency = values.text(event.currency or shape.currency)
        self._total = None if event.total is None else values.amount(event.total, self._currency)
        self._total_place = "" if event.total is None else _place(event.total)
        self._lines = mapping.lines
        self._returns = event.returns
        self._texts = [(name, values.text(it)) for name in ("coupon", "ticket_id") if (it := getattr(event, name))]
        self._numbers = [
            (name, values.amount(it, self._currency)) for name in ("discount", "rating") if (it := getattr(event, name))
        ]
        self._properties = [(name, values.scalar(it, self._currency)) for name, it in event.properties.items()]
        self._traits = [(name, values.scalar(it, self._currency)) for name, it in event.traits.items()]

    def event(self, rows: Rows) -> MappedEvent | None:
        """Return the event of these rows; None if they are none by this rule. Raises ``RejectedError``."""
        record = rows[0]
        for test in self._tests:
            if not test(record):
                return None
        written = self._name(rows)
        if written is None:
            return None
        name = track_name(written) or written
        customer = self._customer(rows)
        if customer is None:
            raise RejectedError("missing_user", f"{self._customer_place} is empty: say who the customer is")
        event: MappedEvent = {"type": "track", "event": name, "userId": customer}
        message_id = self._message_id(rows)
        if message_id is not None:
            event["messageId"] = message_id
        event["timestamp"] = to_text(self._instant(rows))
        if name == "identify":
            traits = {key: trait for key, read in self._traits if (trait := read(rows)) is not None}
            del event["event"]
            return {**event, "type": "identify", "traits": traits} if traits else None
        properties = event["properties"] = self._properties_of(name, rows)
        if name in _PURCHASES and "order_id" not in properties and not self._returns:
            if name not in _ORDERS:
                raise RejectedError("invalid", f"order_id is empty: say which order the {name} undoes")
            # Without an id of its own, an order is known by all that is known of it.
            properties["order_id"] = blake2b(orjson.dumps(event), digest_size=8).hexdigest()
        return event

    def _properties_of(self, name: str, rows: Rows) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if name in _PURCHASES:
            self._add_purchase(found, name, rows)
        for key, read in self._texts:
            if (text := read(rows)) is not None:
                found[key] = text
        for key, read_number in self._numbers:
            # Exports write a discount of 0 where there is none.
            if (number := read_number(rows)) is not None and (number or key != "discount"):
                found[key] = as_number(number)
        for key, read_scalar in self._properties:
            if (scalar := read_scalar(rows)) is not None:
                found[key] = scalar
        return found

    def _add_purchase(self, found: dict[str, Any], name: str, rows: Rows) -> None:
        order_id = None if self._returns else self._order_id(rows)
        if order_id is not None:
            found["order_id"] = order_id
        if name == "Order Cancelled":
            return
        refund, currency = name == "Order Refunded", self._currency(rows)
        lines = None if self._lines is None or (refund and not self._returns) else self._lines.read(rows, currency)
        total = None if self._total is None else self._total(rows)
        if total is None and lines is not None:
            total = lines.total
        if total is None and (self._total is not None or not refund):
            raise RejectedError("bad_amount", f"{self._total_place or 'the price'} is empty: say what the order cost")
        if total is not None:
            found["total"] = as_number(abs(total) if refund else total)
        if currency is not None:
            found["currency"] = currency.upper()
        if lines is not None and lines.products:
            found["products"] = lines.products


def _is_there(get: Getter) -> Callable[[Any], bool]:
    return lambda record: not is_blank(get(record))


def _place(value: Value) -> str:
    return " or ".join(columns_of(value)) or "the value"
