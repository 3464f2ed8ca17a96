"""The page of features: the published catalogue as Markdown, for those who write conditions."""

from collections.abc import Iterable, Iterator

from state.features.published_shape import PublishedCatalogue
from streams.cli.feature_rows import (
    CALLS,
    CALLS_HEAD,
    COSTS_HEAD,
    FIELDS_HEAD,
    HEAD,
    calls_of,
    costs_note,
    events_of,
    fields_of,
    sections_of,
)
from streams.cli.policy_costs import Costs

_OPENING = """\
# Features

What a condition may ask of a customer, and which of it the policy `{policy}` reads. How a condition asks is in
[semantics, conditions](semantics.md#6-conditions), the exact rule of each value in
[semantics, features](semantics.md#5-features). This page is what `lifestage features --markdown` prints;
`lifestage features FILE` prints the same for a policy of your own.

- **type**: what is *or missing* is not known of every customer, and no comparison with it holds then. So
  `kind != 'internal'` leaves out everybody whose kind is not known; `not kind == 'internal'` takes them in.
- **from**: what it is read from; the events behind that are [below](#from-which-events).
- **by time alone**: how it changes while nothing happens. *Continuously* is at every instant, *in steps* at instants of
  the customer's own, *at midnight* is when a day leaves the window, *at a deadline* when silence decides the lifecycle.
"""

_COSTS = """\
**What it costs** in bytes a customer and in time depends on your events: `lifestage features FILE --events SAMPLE`
measures it on a sample of them, and has it as two columns more ([policies](policies.md) says how). As a rule of thumb,
this is what is stored for one name alone, beside what is stored in any case. Names that need the same share it.

| what is stored | for | bytes a customer |
| --- | --- | --- |
| nothing more: every profile has it | values of now, windows of up to 365 days without a call, traits | 0 or 1 |
| how often, first and last | `count("E")`, `days_since_first`, `days_since_last` | 40 |
| counts by day | `count("E", 90)`; 365 days take no more | 80: 2 for each day with one |
| counts by slot | `count("E", hours = 24)` | 50 |
| the last number, a sum of all time | `latest("E", x)`, `sum("E", x)` | 65 |
| sums by day | `sum("E", x, 90)`, `mean` | 200: 7 for each day with one |
| extremes by day | `min("E", x, 90)`, `max` | 175: 6 for each day with one |
| different values | `distinct("E", x, 90)` | 390: 9 for each value |
| tallies by category or product | `share`, `top`, `top_share` | 300 to 550 |
| what each order said, so that it can be undone | `where` or a number of `Order Completed` | 560 to 840 |
| what was given back of each order | `return_rate(365)` | 85 |
| past stays | `times_entered` and the like, `quiet_days` of a segment | 12 for each that was left |
| what a signal waits for, and when it was told | `[[signals]]` with `unless` and `quiet_days` | 25 |

Measured on 2026-11-27 with `lifestage simulate --business club --customers 45`: 45 customers in a year, each with 34
orders of 15 products, and 34 events E on 24 days. Without any of these, such a customer takes 860 bytes.
"""

_FIELDS = """\
## Fields of an event

What a name in `where`, and the number of a function, stands for. The first path that leads to something counts, and the
property of the field's own name comes before what the context says. Any other name is the property of that name. The
`[context]` of a policy says otherwise: `channel = ["context.channel", "properties.source"]`. An order has several
products, so their brands, categories and ids are lists: `"Acme" in brands`.
"""


def features_page(catalogue: PublishedCatalogue, costs: Costs | None = None) -> str:
    """Return the page; with ``costs``, these are columns of it."""
    return "\n".join(_lines(catalogue, costs)) + "\n"


def _lines(catalogue: PublishedCatalogue, costs: Costs | None) -> Iterator[str]:
    yield _OPENING.format(policy=catalogue.policy)
    yield _COSTS if costs is None else f"{costs_note(costs)}\n"
    head = HEAD if costs is None else HEAD + COSTS_HEAD
    for title, rows in sections_of(catalogue, costs):
        yield from (f"## {title}", "", *_table(head, ((_code(name), *more) for name, *more in rows)), "")
    if costs is not None and (calls := calls_of(catalogue, costs)):
        yield from (f"## {CALLS}", "", *_table(CALLS_HEAD, ((_code(name), *more) for name, *more in calls)), "")
    yield _FIELDS
    yield from (*_table(FIELDS_HEAD, ((_code(name), *more) for name, *more in fields_of(catalogue))), "")
    yield from ("## From which events", "", *_table(("from", "events"), events_of(catalogue)))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


def _code(text: str) -> str:
    return f"`{text}`"
