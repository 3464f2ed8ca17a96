"""The records that a mapping could not use, in the tally of a feed."""

from streams.sources.mapping_report import MappingReport
from streams.tally.reading import place_of
from streams.tally.tally import Tally


def add_report(tally: Tally, report: MappingReport | None) -> None:
    """Count the records of a mapped file that could not be used among the rejects."""
    if report is not None:
        for reason, count in report.rejects.items():
            number, detail = report.first[reason]
            tally.reject(reason, count, place_of(number), detail)
