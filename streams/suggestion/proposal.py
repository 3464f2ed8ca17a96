"""The text of a proposed mapping, from the columns of a sample, and the doubts about it."""

from collections.abc import Iterable, Sequence
from typing import Any

from streams.suggestion import roles
from streams.suggestion.column import Column, columns_of, lists_of
from streams.suggestion.line_amounts import is_product, varies_within
from streams.suggestion.roles import find
from streams.suggestion.states import columns_of_kinds, ordered_states
from streams.suggestion.toml_text import quoted
from streams.suggestion.written_currency import written_currency
from streams.suggestion.written_instants import written_instants

_MAX_TOLD = 6


class Proposal:
    """A mapping for records with these columns; ``doubts`` are sentences for the person who has to look at it.

    ``is_complete``: it says who the customer is and when it happened, without which nothing is an event.
    """

    def __init__(self, name: str, columns: Sequence[Column], sample: Sequence[Any], *, are_rows: bool) -> None:
        self.doubts: list[str] = []
        self._columns = columns
        self._top = [f"name = {quoted(name)}", ""]
        self._tables: list[str] = []
        self._taken: set[str] = set()
        has_customer, has_instant = self._customer(), self._instant()
        self.is_complete = has_customer and has_instant
        order = self._order()
        self._grouped: Column | None = None
        self._line: dict[str, Column] = {}
        has_lines = self._products(order, sample, are_rows=are_rows)
        self._currency()
        self._events(order, has_lines=has_lines)

    @property
    def text(self) -> str:
        """The mapping as TOML."""
        return "\n".join([*self._top, *self._tables]) + "\n"

    def skip(self, lines: int) -> None:
        """Leave out the first lines of the file, which are titles above its header."""
        self.doubts.append(f"line {lines + 1} is taken for the header: those above it look like titles")
        self._tables += ["", "[file]", f"skip_lines = {lines}"]

    def _customer(self) -> bool:
        found = find(self._columns, roles.CUSTOMER) or [it for it in self._columns if it.is_email]
        if not found:
            self.doubts.append("no column looks like a customer: without one there is nobody to follow")
            self._top.append('customer = ""  # which column says who the customer is?')
            return False
        best, *others = found
        if best.filled < 0.999:
            told = f"{best.name} is empty in {best.blank:,} of the records, which then cannot be used"
            self.doubts.append(told + (f"; {others[0].name} could fill in: [{_names(found[:2])}]" if others else ""))
        elif others:
            self.doubts.append(f"the customer is {best.name}; it could also be {_told(others)}")
        option = ", whole = true" if best.are_whole_decimals else ", lower = true" if best.is_email else ""
        self._set("customer", best, option)
        return True

    def _instant(self) -> bool:
        written = {it.name: how for it in self._columns if (how := written_instants(it)) and self._may_be_instant(it)}
        found = find(self._columns, roles.INSTANT, lambda it: it.name in written)
        found = found or [it for it in self._columns if it.name in written]
        if not found:
            self.doubts.append("no column looks like a date or a time")
            self._top.append('at = ""  # which column says when it happened?')
            return False
        best, *others = found
        how = written[best.name]
        self._set("at", best)
        if others:
            self.doubts.append(f"the instant is {best.name}; it could also be {_told(others)}")
        if how.formats:
            example = next(iter(best.texts))
            if how.is_ambiguous:
                first = "day" if how.formats[0].startswith("%d") else "month"
                told = f"{best.name}: all dates, such as {example}, can have the day or the month first"
                self.doubts.append(f"{told}; the {first} is assumed")
            self._top.append(f"formats = [{', '.join(map(quoted, how.formats))}]  # {example}")
        if not how.names_zone:
            self.doubts.append(f'{best.name} names no time zone: UTC is assumed; write yours, as in "Europe/Berlin"')
            self._top.append('zone = "UTC"')
        return True

    def _may_be_instant(self, column: Column) -> bool:
        # Many numbers could be epoch times: only a name makes one of them an instant.
        return not column.is_number or bool(find([column], roles.INSTANT))

    def _order(self) -> Column | None:
        found = [it for it in find(self._columns, roles.ORDER) if it.name not in self._taken and it.filled > 0.5]
        if not found:
            self.doubts.append("no column looks like the id of an order: equal rows count as one order")
            return None
        self._set("order_id", found[0])
        return found[0]

    def _products(self, order: Column | None, sample: Sequence[Any], *, are_rows: bool) -> bool:
        inner, each = self._columns, ""
        for path, elements in ({} if are_rows else lists_of(sample)).items():
            within = columns_of(elements, None)
            if find(within, roles.PRICE, lambda it: it.is_number):
                inner, each = within, path
                break
        prices = [it for it in find(inner, roles.PRICE, lambda it: it.is_number) if each or roles.is_unit_price(it)]
        quantities = find(inner, roles.QUANTITY, lambda it: it.is_number)
        if not each:
            if not prices:
                self._group_amounts(order)
                return False
            if order is not None and order.repeats:
                self._group(order)
            elif not quantities or self._totals():
                return False
            else:
                told = f"{quantities[0].name} times {prices[0].name}"
                self.doubts.append(f"no column looks like what was paid: an order is worth {told}")
        self._tables += ["", "[products]", *([f"each = {quoted(each)}"] if each else [])]
        texts = ("product_id", find(inner, roles.PRODUCT)), ("category", find(inner, roles.CATEGORY))
        self._tables += [f"{key} = {quoted(found[0].name)}" for key, found in texts if found]
        for key, found in (("quantity", quantities), ("price", prices)):
            for column in found[:1]:
                self._tables.append(f"{key} = {quoted(column.name)}")
                if not each:
                    self._taken.add(column.name)
                    self._decimal(column)
                    self._line[key] = column
        return True

    def _group_amounts(self, order: Column | None) -> None:
        """Group rows that differ in their amounts only: lines of orders whose products nobody names."""
        amounts = self._totals()
        if order is None or not amounts or not varies_within(amounts[0], order) or amounts[0].has_negative:
            return
        kinds = [*find(self._columns, (*roles.EVENT, *roles.STATE)), *columns_of_kinds(self._columns)]
        of_order = [it for it in self._columns if it.name in self._taken and it is not order]
        if any(varies_within(it, order) for it in kinds):
            return
        if not any(varies_within(it, order) for it in of_order):
            self._group(order)
            return
        told = f"{order.name} comes again at another time or for somebody else, with another {amounts[0].name}"
        self.doubts.append(f"{told}: the last one replaces those before it")

    def _group(self, order: Column) -> None:
        self._grouped = order
        self._top.append(f"group_by = {quoted(order.name)}  # rows with the same value are the lines of one order")

    def _currency(self) -> None:
        found = [it for it in self._columns if it.is_currency and it.name not in self._taken]
        if found:
            self._set("currency", found[0])
            return
        amounts = find(self._columns, (*roles.TOTAL, *roles.PRICE), lambda it: it.is_number)
        code, told = written_currency(amounts)
        if code:
            self.doubts.append(f"{told}: all amounts are taken to be in {code}")
            self._top.append(f'currency = {{ value = "{code}" }}')
        else:
            self.doubts.append(f"{told}: amounts are taken to be in that of the policy")

    def _events(self, order: Column | None, *, has_lines: bool) -> None:
        named = find(self._columns, roles.EVENT, lambda it: any(map(roles.known_event, it.texts)))
        named = named or columns_of_kinds(self._columns)
        are_orders = named and "Order Completed" in map(roles.known_event, named[0].texts)
        if named and not are_orders and not has_lines and not self._totals():
            self._named_events(named[0], [])
            return
        total, amount = self._total(has_lines=has_lines)
        if named:
            self._named_events(named[0], amount)
            return
        when, doubts = ordered_states(self._columns)
        self.doubts += doubts
        signed = total or next(iter(find(self._columns, roles.QUANTITY, lambda it: it.is_number)), None)
        if signed is None or not signed.has_negative:
            self._event("Order Completed", when, amount)
            return
        self._event("Order Completed", [*when, f'{quoted(signed.name)} = "! < 0"'], amount)
        told = f"{signed.name} below zero is taken for a refund"
        if has_lines:
            self.doubts.append(f"{told}, of what the customer bought before")
            self._event("Order Refunded", [*when, f'{quoted(signed.name)} = "< 0"'], ["returns = true"])
            return
        if order is None:
            self.doubts.append(f"{signed.name} below zero undoes some order, and no column says which: it is left out")
            return
        self.doubts.append(f"{told}, of the order that {order.name} names")
        self._event("Order Refunded", [*when, f'{quoted(signed.name)} = "< 0"'], amount)

    def _totals(self) -> list[Column]:
        return [it for it in find(self._numbers(), roles.TOTAL) if not roles.is_unit_price(it)]

    def _numbers(self) -> list[Column]:
        return [it for it in self._columns if it.is_number and it.name not in self._taken]

    def _total(self, *, has_lines: bool) -> tuple[Column | None, list[str]]:
        """Return the column of what was paid, and the line that says so; none if the lines of an order say it."""
        found = self._totals()
        if self._grouped is not None:
            return self._total_of_rows(found, self._grouped)
        found = found or ([] if has_lines else find(self._numbers(), roles.TOTAL))
        if not has_lines and not found:
            others = (*roles.QUANTITY, *roles.ORDER, *roles.INSTANT)
            found = [it for it in self._numbers() if not find([it], others)]
            if len(found) != 1:
                self.doubts.append("no column looks like what was paid: write total = ... into [[events]]")
                return None, []
        return self._likeliest(found)

    def _total_of_rows(self, found: list[Column], order: Column) -> tuple[Column | None, list[str]]:
        quantity, price = self._line.get("quantity"), self._line.get("price")
        products = [it for it in found if is_product(it, order, quantity, price)]
        of_lines = [it for it in found if it in products or varies_within(it, order)]
        of_orders = [it for it in found if it not in of_lines]
        if of_orders or not found:
            return self._likeliest(of_orders)
        amount = of_lines[0]
        told = f"{amount.name} is that of a line, and differs within an order: an order is worth"
        if amount in products:
            self.doubts.append(
                f"{told} the sum of {' times '.join(it.name for it in self._line.values())} over its lines"
            )
            return None, []
        self.doubts.append(f"{told} their sum")
        self._decimal(amount)
        return amount, [f"total = {{ sum = {quoted(amount.name)} }}"]

    def _likeliest(self, found: list[Column]) -> tuple[Column | None, list[str]]:
        if not found:
            return None, []
        if found[1:]:
            self.doubts.append(f"the amount is {found[0].name}; it could also be {_told(found[1:])}")
        self._decimal(found[0])
        return found[0], [f"total = {quoted(found[0].name)}"]

    def _named_events(self, column: Column, amount: list[str]) -> None:
        known = {text: roles.known_event(text) for text in column.texts}
        others = [text for text, name in known.items() if not name]
        if others:
            told = ", ".join(others[:_MAX_TOLD])
            self.doubts.append(f"{column.name} is also {told}, which lifestage does not know: they are left out")
        kinds = [f"{text} is {name}" for text, name in known.items() if text != name and roles.kind_of(text)]
        if kinds:
            self.doubts.append(f"{column.name} says what a row is: {', '.join(kinds[:_MAX_TOLD])}")
        if self._grouped is not None and varies_within(column, self._grouped):
            told = f"{column.name} differs within an order, and its first row says what all its rows are"
            self.doubts.append(f"{told}: give refunds ids of their own in the file, or leave them out")
        self._tables += ["", "[[events]]", *amount, "[events.event]", f"column = {quoted(column.name)}"]
        self._tables += ["[events.event.values]"]
        self._tables += [f"{quoted(text)} = {quoted(name)}" for text, name in known.items() if name]

    def _decimal(self, column: Column) -> None:
        mark, example = column.decimal, column.doubtful
        if mark and not any(line.startswith("decimal") for line in self._top):
            written = "comma" if "," in example else "point"
            what = "the decimal point" if mark in example else "a mark between thousands"
            self.doubts.append(f"{column.name}: the {written} in {example} is taken for {what}")
            self._top.append(f'decimal = "{mark}"')

    def _event(self, name: str, when: list[str], more: list[str]) -> None:
        conditions = [f"when = {{ {', '.join(when)} }}"] if when else []
        self._tables += ["", "[[events]]", f"event = {quoted(name)}", *conditions, *more]

    def _set(self, key: str, column: Column, option: str = "") -> None:
        self._taken.add(column.name)
        written = quoted(column.name)
        self._top.append(f"{key} = {{ column = {written}{option} }}" if option else f"{key} = {written}")


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(quoted(it.name) for it in columns)


def _told(columns: Sequence[Column]) -> str:
    return ", ".join(it.name for it in columns[:_MAX_TOLD])
