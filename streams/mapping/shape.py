"""A mapping as it is written: which columns or paths of a foreign record are what of an event."""

from typing import Annotated, Literal

from msgspec import Meta, field

from state.policy.section import Section
from state.policy.value_types import Text

Names = str | tuple[str, ...]
"""One column or path, or several of which the first that is not empty counts."""

Condition = str | bool | tuple[str, ...]


class Value(Section, frozen=True):
    """Where a value comes from, and how it is read. A text or a list instead of the table is its ``column``.

    ``column`` is the name of a column, or the path in a JSON record. ``sum`` adds the numbers of all rows of an order,
    or of all elements of a list. ``values`` translates; what is not in it is kept or, with ``other = "skip"``, makes
    the event none.
    """

    column: Names = ()
    value: str | float | bool | None = None
    values: dict[str, str] = field(default_factory=dict)
    other: Literal["keep", "skip", ""] = ""
    sum: Names = ()
    minus: Names = ()
    minor_units: bool = False
    whole: bool = False
    lower: bool = False
    optional: bool = False
    type: Literal["text", "number", "boolean"] = "text"


class Products(Section, frozen=True):
    """The lines of an order: its rows, or the elements of the list ``each``."""

    each: str = ""
    product_id: Value | None = None
    category: Value | None = None
    quantity: Value | None = None
    price: Value | None = None


class Event(Section, frozen=True):
    """One kind of event that a record can be. All conditions of ``when`` must hold.

    A value that is not given here is the one at the top of the mapping. ``returns`` says that the rows give back what
    earlier orders of the customer brought.
    """

    event: Value
    when: dict[str, Condition] = field(default_factory=dict)
    customer: Value | None = None
    at: Value | None = None
    message_id: Value | None = None
    order_id: Value | None = None
    ticket_id: Value | None = None
    total: Value | None = None
    currency: Value | None = None
    coupon: Value | None = None
    discount: Value | None = None
    rating: Value | None = None
    properties: dict[str, Value] = field(default_factory=dict)
    traits: dict[str, Value] = field(default_factory=dict)
    returns: bool = False


class File(Section, frozen=True):
    """How a file of this shape is read; what is not given is found out."""

    delimiter: Annotated[str, Meta(max_length=1)] = ""
    quote: Annotated[str, Meta(max_length=1)] = '"'
    encoding: str = ""
    header: tuple[str, ...] = ()
    skip_lines: Annotated[int, Meta(ge=0, le=1000)] = 0


class Join(Section, frozen=True):
    """A second file whose rows belong to a record: those with the same value, under the name ``into``.

    They are a list, or, with ``one``, the first of them.
    """

    file: Text
    on: Text
    into: Text
    key: str = ""
    one: bool = False


class Customers(Section, frozen=True):
    """A file of customers, whose rows become ``identify`` events: typed traits by their names.

    Without ``at``, traits are dated a second before the customer's first event.
    """

    file: Text
    key: Text
    traits: dict[str, Value]
    at: Value | None = None


class MappingShape(Section, frozen=True):
    """Everything that says how records of one shape become events."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    events: tuple[Event, ...]
    title: str = ""
    customer: Value | None = None
    at: Value | None = None
    formats: tuple[str, ...] = ()
    zone: str = ""
    decimal: Literal[".", ",", ""] = ""
    order_id: Value | None = None
    currency: Value | None = None
    message_id: Value | None = None
    group_by: str = ""
    sorted: bool = False
    products: Products | None = None
    file: File = File()
    joins: tuple[Join, ...] = ()
    customers: Customers | None = None


def names_of(names: Names) -> tuple[str, ...]:
    """Return the names as a tuple, without empty ones."""
    return tuple(name for name in ((names,) if isinstance(names, str) else names) if name)


def columns_of(value: Value | None) -> tuple[str, ...]:
    """Return all columns that a value is read from."""
    if value is None:
        return ()
    return names_of(value.column) + names_of(value.sum) + names_of(value.minus)
