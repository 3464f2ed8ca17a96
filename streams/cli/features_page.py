"""The page of features: the published catalogue as Markdown, for those who write conditions."""

from collections.abc import Iterable, Iterator

from state.features.published_shape import PublishedCatalogue
from streams.cli.feature_rows import FIELDS_HEAD, HEAD, events_of, fields_of, sections_of

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

_FIELDS = """\
## Fields of an event

What a name in `where`, and the number of a function, stands for. The first path that leads to something counts, and the
property of the field's own name comes before what the context says. Any other name is the property of that name. The
`[context]` of a policy says otherwise: `channel = ["context.channel", "properties.source"]`. An order has several
products, so their brands, categories and ids are lists: `"Acme" in brands`.
"""


def features_page(catalogue: PublishedCatalogue) -> str:
    """Return the page."""
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: PublishedCatalogue) -> Iterator[str]:
    yield _OPENING.format(policy=catalogue.policy)
    for title, rows in sections_of(catalogue):
        yield from (f"## {title}", "", *_table(HEAD, ((_code(name), *more) for name, *more in rows)), "")
    yield _FIELDS
    yield from (*_table(FIELDS_HEAD, ((_code(name), *more) for name, *more in fields_of(catalogue))), "")
    yield from ("## From which events", "", *_table(("from", "events"), events_of(catalogue)))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


def _code(text: str) -> str:
    return f"`{text}`"
