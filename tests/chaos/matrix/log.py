"""A log with transactions, as small as can be: what Kafka does for one partition group, in memory."""

from dataclasses import dataclass, field

from aiokafka.errors import ProducerFenced

Row = tuple[bytes | None, bytes | None]


@dataclass
class Entry:
    """One offset of a topic: a record, or (without ``row``) the marker that ends a transaction."""

    row: Row | None
    transaction: int


@dataclass
class ModelLog:
    """``inputs`` are there from the beginning; the producer of the last epoch writes ``outputs`` in transactions.

    Like Kafka, it commits whatever has arrived of a transaction, and refuses everything of an older epoch.
    """

    inputs: dict[str, list[bytes]]
    outputs: dict[str, list[Entry]] = field(
        default_factory=lambda: {"changes": [], "transitions": [], "rejects": [], "account_events": []}
    )
    committed: set[int] = field(default_factory=set)
    epoch: int = 0
    transaction: int = 0
    open: bool = False

    def fence(self) -> int:
        """Begin a new epoch; what the old one left open is aborted."""
        if self.open:
            self._end()
        self.epoch += 1
        return self.epoch

    def append(self, epoch: int, topic: str, rows: list[Row]) -> int:
        """Add to the open transaction, which begins with its first record; returns the offset after the last."""
        self._check(epoch)
        if not self.open:
            self.open = True
            self.transaction += 1
        self.outputs[topic] += [Entry(row, self.transaction) for row in rows]
        return len(self.outputs[topic])

    def commit(self, epoch: int) -> None:
        """Make visible what has arrived."""
        self._check(epoch)
        if self.open:
            self.committed.add(self.transaction)
            self._end()

    def abort(self, epoch: int) -> None:
        """Make it invisible for good."""
        self._check(epoch)
        if self.open:
            self._end()

    def visible(self, topic: str, begin: int = 0) -> list[tuple[int, Row]]:
        """What a reader of committed records sees, by offset; nothing from an open transaction on."""
        seen = []
        for offset, entry in enumerate(self.outputs[topic][begin:], begin):
            if self.open and entry.transaction == self.transaction:
                break
            if entry.row is not None and entry.transaction in self.committed:
                seen.append((offset, entry.row))
        return seen

    def _check(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise ProducerFenced

    def _end(self) -> None:
        for entries in self.outputs.values():
            if any(entry.transaction == self.transaction for entry in entries):
                entries.append(Entry(None, self.transaction))
        self.open = False
