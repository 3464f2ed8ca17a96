"""The records that a mapping could not use, in the tally of a feed."""

from streams.sources.mapping_report import MappingReport
from streams.tally.tally import Tally


def add_report(tally: Tally, report: MappingReport | None) -> None:
    """Count the records of a mapped file that could not be used among the rejects."""
    if report is not None:
        for reason, count in report.rejects.items():
            tally.reject(reason, count, *report.first[reason])
