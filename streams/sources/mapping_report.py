"""What a mapping made of a file: the counts, and every record that could not be used."""

from collections import Counter
from dataclasses import dataclass, field

from schemas.reject import RejectedError, rejected_line


@dataclass(slots=True)
class MappingReport:
    """The counts of one file, which hold once it is read.

    ``records`` were read from ``source``, of which ``skipped`` are by no rule of ``mapping`` an event; ``made`` events
    came out. ``silent`` customers of the customers' file have no event in the file and no date of their own.
    ``rejects`` counts what could not be used by reason, with the number and the detail of the ``first`` of each;
    ``refused`` has all as JSON lines.
    """

    source: str
    mapping: str
    records: int = 0
    skipped: int = 0
    made: int = 0
    silent: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)

    def refuse(self, number: int, value: bytes, error: RejectedError) -> None:
        """Add a record that could not be used; ``value`` are its bytes."""
        detail = f"{self.source}:{number} {error.detail}"
        self.rejects[error.reason] += 1
        self.first.setdefault(error.reason, (number, detail))
        self.refused.append(rejected_line(number, 0, error.reason, detail, value))

    def told(self) -> str:
        """Return a line for people: what the records became."""
        parts = [f"{self.source}: {self.records:,} records became {self.made:,} events by {self.mapping}"]
        if self.skipped:
            parts.append(f"{self.skipped:,} are no events by its rules")
        if self.silent:
            parts.append(f"{self.silent:,} customers have none")
        return "; ".join(parts)
