"""The events of a file of another shape, by a mapping: rows are counted, and nothing is left out in silence."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from schemas.instant import from_text, to_text
from schemas.reject import RejectedError
from streams.mapping.columns import check_columns
from streams.mapping.record_mapping import MappedEvent, Outcome, RecordMapping
from streams.mapping.shape import Customers
from streams.mapping.text import MappingError
from streams.mapping_file import MappingFile
from streams.sources.content import open_content
from streams.sources.joined import JoinedFile, beside, records_of
from streams.sources.mapping_report import MappingReport
from streams.sources.order_rows import adjacent, grouped, key_text
from streams.sources.records import Records
from streams.sources.returns import Returns
from streams.sources.source import SourceError

_SECOND = 1000


class MappedFile:
    """A file (``-``: standard input) with its mapping, read once by ``events`` or ``lines``."""

    def __init__(self, name: str, mapping: MappingFile) -> None:
        self.report = MappingReport(name, mapping.place)
        self._name = name
        self._mapping = mapping
        self._first: dict[str, str] | None = {} if mapping.shape.customers else None

    def events(self) -> Iterator[tuple[int, MappedEvent]]:
        """Yield each event with the number of its record or line. Raises ``SourceError``."""
        shape = self._mapping.shape
        with open_content(self._name) as content:
            records = Records(content, shape.file, as_objects=bool(shape.joins))
            mapping = self._compiled(records)
            joined = [JoinedFile(join, self._name) for join in shape.joins]
            returns = Returns() if any(event.returns for event in shape.events) else None
            for number, rows in self._orders(records, mapping):
                for join in joined:
                    for row in rows:
                        join.add_to(row)
                outcomes = mapping.outcomes_of_rows(rows)
                if not outcomes:
                    self.report.skipped += len(rows)
                yield from self._used(number, outcomes, rows[0], returns)
            if returns is not None:
                for number, event, found in returns.matched():
                    yield from self._used(number, found, event, None)
        if shape.customers is not None:
            yield from self._identities(shape.customers)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each event as a line of JSON, with the number of its record or line. Raises ``SourceError``."""
        dumps = orjson.dumps
        for number, event in self.events():
            self.report.made += 1
            yield number, dumps(event)

    def _compiled(self, records: Records) -> RecordMapping:
        shape, columns = self._mapping.shape, records.columns
        if columns is not None:  # of JSON nobody knows the fields
            known = [*columns, *(join.into for join in shape.joins)]
            try:
                check_columns(shape, self._mapping.text, known, nested=not records.are_lists)
            except MappingError as error:
                told = str(self._mapping.error(error, f"{self._name}: "))
                if records.titles:
                    found = f"{self._name}:{records.titles + 1} looks like the header"
                    told += f"\n{found}: write skip_lines = {records.titles} below [file] in the mapping"
                raise SourceError(told) from None
        return RecordMapping(shape, columns if records.are_lists else None)

    def _orders(self, records: Records, mapping: RecordMapping) -> Iterator[tuple[int, Sequence[Any]]]:
        counted = self._counted(records)
        if mapping.group_of is None:
            return ((number, (record,)) for number, record in counted)
        if self._mapping.shape.sorted:
            return adjacent(self._name, counted, mapping.group_of, mapping.stands_alone)
        return grouped(counted, mapping.group_of, mapping.stands_alone)

    def _counted(self, records: Records) -> Iterator[tuple[int, Any]]:
        def on_unreadable(number: int, value: bytes, error: RejectedError) -> None:
            self.report.records += 1
            self.report.refuse(number, value, error)

        for numbered in records.read(on_unreadable):
            self.report.records += 1
            yield numbered

    def _used(
        self, number: int, outcomes: Sequence[Outcome], record: Any, returns: Returns | None
    ) -> Iterator[tuple[int, MappedEvent]]:
        for outcome in outcomes:
            if isinstance(outcome, RejectedError):
                self.report.refuse(number, orjson.dumps(record, default=str), outcome)
                continue
            if returns is not None and returns.keep(number, outcome):
                continue
            if self._first is not None:
                user, at = outcome["userId"], outcome["timestamp"]
                self._first[user] = min(self._first.get(user, at), at)
            yield number, outcome

    def _identities(self, customers: Customers) -> Iterator[tuple[int, MappedEvent]]:
        mapping = RecordMapping(self._mapping.shape)
        traits = [(name, mapping.values.scalar(it, lambda rows: None)) for name, it in customers.traits.items()]
        instant = None if customers.at is None else mapping.instant(customers.at)
        seen: set[str] = set()
        for number, row in records_of(beside(self._name, customers.file)):
            user = key_text(row.get(customers.key))
            if not user or (user in seen and instant is None):
                continue
            seen.add(user)
            first = (self._first or {}).get(user)
            if instant is None and first is None:
                self.report.silent += 1
                continue
            rows = (row,)
            try:
                at = from_text(first or "") - _SECOND if instant is None else instant(rows)
                found = {name: trait for name, read in traits if (trait := read(rows)) is not None}
            except RejectedError as error:
                self.report.refuse(number, orjson.dumps(row, default=str), error)
                continue
            yield number, {"type": "identify", "userId": user, "timestamp": to_text(at), "traits": found}
