"""Sentences about a tally: what was put aside lately, and what to do when nothing could be used."""

import re

from streams.sources.mapping_report import MappingReport
from streams.tally.table import meant
from streams.tally.tally import Counted, Tally, most_first
from streams.terminal_text import shortened

_MAX_NAMES = 5
_MAX_EXAMPLE = 120
# What a detail repeats of the event: ``properties.total is "EUR 4": send a number``, ``Total: 'x' is no number: ...``.
_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
_VALUE = re.compile(r"^(.{1,60}?) is (?!missing|empty).*: ", re.DOTALL)


def without_values(detail: str) -> str:
    """Return the detail of a reject without what it repeats of the event, which may name a customer."""
    told, colon, fix = detail.rpartition(": ")
    return shortened(_VALUE.sub(r"\1: ", f"{_QUOTED.sub('…', told)}{colon}{fix}"), _MAX_EXAMPLE)


def lately(tally: Tally, span: str) -> str:
    """Return one line about the events of a span of time, such as ``the last minute``; it names no customer."""
    parts = [f"{tally.applied:,} applied", f"{tally.duplicates.count:,} duplicate"]
    if tally.rejects:
        entries = most_first(tally.rejects)
        example = next((it.example for _, it in entries if it.example), "")
        parts.append(f"{tally.rejected:,} rejected ({_listed(entries)}{f'; e.g. {example}' if example else ''})")
    if tally.unknown:
        entries = most_first(tally.unknown)
        told = ", ".join(_with_nearest(name, it) for name, it in entries[:_MAX_NAMES])
        more = f", {len(entries) - _MAX_NAMES} more names" if len(entries) > _MAX_NAMES else ""
        parts.append(f"{tally.unknown_events:,} of unknown names ({told}{more})")
    if tally.unknown_orders.count:
        parts.append(f"{tally.unknown_orders.count:,} of orders never seen")
    if tally.unusable_accounts:
        parts.append(f"{tally.unusable_accounts:,} that reach no account, since groupId is no usable id")
    if tally.bounds:
        parts.append(f"bounds that held: {_listed(most_first(tally.bounds))}")
    return f"in {span}: {', '.join(parts)}"


def nothing_usable(tally: Tally, source: str, report: MappingReport | None = None) -> str:
    """Return what to do about a source of which nothing could be used; ``report`` is that of its mapping."""
    if report is not None and not report.records:
        return f"{source} holds no record: there is nothing to map"
    if report is not None and not tally.events:
        return f"none of the {report.records:,} records of {source} fulfils a `when` of {report.mapping}: change it"
    if not tally.events:
        return f"{source} holds no event: give it one JSON event a line, as docs/events.md says"
    if tally.unknown_events >= tally.rejected:
        return f"nothing in {source} has a name that lifestage knows: use those in docs/events.md, or give a --mapping"
    reason, _ = most_first(tally.rejects)[0]
    if reason == "not_json":
        return f"{source} holds no JSON events, one a line: see docs/events.md, or give a --mapping"
    told = f"nothing in {source} could be used, mostly because of {reason}"
    if reason == "unknown_currency":
        return f"{told}: lifestage policy init --currency prints a policy that counts in the currency of your orders"
    other = "" if report is not None else f"; if it is of another shape, lifestage map --suggest {source} helps"
    return f"{told}: mend what the example says and try again{other}"


def _listed(entries: list[tuple[str, Counted]]) -> str:
    return ", ".join(f"{name} {it.count:,}" for name, it in entries)


def _with_nearest(name: str, counted: Counted) -> str:
    question = meant(name)
    return f"{name} {counted.count:,}{f': {question}' if question else ''}"
