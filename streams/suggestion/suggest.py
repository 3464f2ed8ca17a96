"""The proposal for one file: read from a sample, tried on it, and told with its doubts."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from schemas.reject import RejectedError
from streams.mapping.columns import check_columns
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.shape import File, names_of
from streams.mapping.text import MappingError, read_mapping
from streams.mapping_file import shipped_mappings
from streams.sources.content import open_content
from streams.sources.event_lines import fitting_mappings
from streams.sources.order_rows import grouped
from streams.sources.records import Records
from streams.sources.source import SourceError
from streams.suggestion.column import columns_of, is_number
from streams.suggestion.proposal import Proposal
from streams.suggestion.written_instants import written_instants

_SAMPLE = 2000


def suggest(name: str) -> tuple[str, bool]:
    """Return the text of a mapping for a file, and whether it can be used as it stands. Raises ``SourceError``."""
    records, sample = _read(name, File())
    titles = records.titles
    if titles and name != "-":  # which can be read only once
        records, sample = _read(name, File(skip_lines=titles))
    columns, are_rows = records.columns, records.are_lists
    if not sample:
        raise SourceError(f"{name} has no record: a mapping is proposed from a header and some records")
    for shipped in fitting_mappings(list(columns or dict.fromkeys(key for record in sample for key in record))):
        text = shipped_mappings()[shipped].read_text("utf-8")
        known = f"{Path(name).name} has the columns of a mapping that ships: --mapping {shipped}. This is it."
        above = f"\n[file]\nskip_lines = {titles}  # titles above the header\n" if titles else ""
        return f"# {known}{_tried_shipped(text, sample, columns if are_rows else None)}\n\n{text}{above}", True
    names = columns if are_rows else None
    proposal = Proposal(_slug(name), columns_of(sample, names), sample, are_rows=are_rows)
    if titles:
        proposal.skip(titles)
    made, tried = 0, "Not tried: it is not complete."
    if proposal.is_complete:
        made, tried = _tried(proposal.text, sample, names)
    if records.are_lists and any(is_number(it) or "@" in it for it in names or ()):
        proposal.doubts.append(
            "the first row looks like data: if there is no header, name the columns in [file] header"
        )
    told = [f"Proposed from the first {len(sample):,} records of {Path(name).name}. {tried}"]
    if proposal.doubts:
        told += ["", "Please look at what is not sure:", *(f"- {doubt}." for doubt in proposal.doubts)]
    return "\n".join([*(f"# {line}".rstrip() for line in told), "", proposal.text]), made > 0


def _read(name: str, file: File) -> tuple[Records, list[Any]]:
    with open_content(name) as content:
        records = Records(content, file)
        return records, [record for _, record in islice(records.read(lambda *_: None), _SAMPLE)]


def _tried_shipped(text: str, sample: Sequence[Any], columns: Sequence[str] | None) -> str:
    shape, _ = read_mapping(text)
    if shape.joins:
        return ""  # it needs its other files
    told = f"\n# From the first {len(sample):,} records. {_tried(text, sample, columns)[1]}"
    at = names_of(shape.at.column) if shape.at is not None else ()
    for column in (it for it in columns_of(sample, columns) if it.name in at):
        how = written_instants(column)
        if how is not None and how.is_ambiguous:
            dates = f"{column.name}: all dates, such as {next(iter(column.texts))}, can have the day or the month first"
            told += f"\n# {dates}; it is read by {shape.formats[0]}." if shape.formats else ""
    return told


def _tried(text: str, sample: Sequence[Any], columns: Sequence[str] | None) -> tuple[int, str]:
    """Return how many events a mapping makes of a sample, and a sentence about it."""
    try:
        shape, lines = read_mapping(text)
        if columns is not None:
            check_columns(shape, lines, columns)
    except MappingError as error:
        return 0, f"It cannot be used as it stands: {error}"
    mapping = RecordMapping(shape, columns)
    rows_of: Iterable[Sequence[Any]] = ([record] for record in sample)
    if mapping.group_of is not None:
        rows_of = (rows for _, rows in grouped(iter(enumerate(sample)), mapping.group_of, mapping.stands_alone))
    outcomes = [outcome for rows in rows_of for outcome in mapping.outcomes_of_rows(rows)]
    refused = [it for it in outcomes if isinstance(it, RejectedError)]
    made = len(outcomes) - len(refused)
    told = f"Tried on them: {made:,} events"
    return made, f"{told}, and {len(refused):,} that cannot be used ({refused[0]})." if refused else f"{told}."


def _slug(name: str) -> str:
    stem = Path(name).name.split(".")[0].lower()
    slug = "".join(it if it.isascii() and it.isalnum() else "-" for it in stem).strip("-")
    return slug[:64] or "mine"
