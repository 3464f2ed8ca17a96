"""Engagement as a decision table: what browsing counts as, when a session begins, what is a visit."""

import pytest

from schemas.event_types import EVENT_TYPES
from schemas.events import Browsed
from state.customer import parts
from state.customer.engagement import COLUMN_PARTS, COLUMNS, Engagement, no_engagement

MINUTE = 60_000
DAY = 86_400_000
SESSION = 30 * MINUTE

VIEWS, SEARCHES, CARTS, SESSIONS, COUPONS = COLUMN_PARTS[:5]


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


def after(*seen: tuple[float, str]) -> Engagement:
    """Engagement after events, each at a minute of day 1."""
    engagement = no_engagement()
    for minute, event in seen:
        engagement.browse(Browsed(DAY + round(minute * MINUTE), "m", event), 1, SESSION)
    return engagement


def counted(engagement: Engagement, since: int = 0) -> dict[str, int]:
    counts = {name: engagement.daily.total(column, since) for name, column in COLUMNS.items()}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("event", "counts", "changed"),
    [
        case("a page is a view", "page", {"views": 1, "sessions": 1}, VIEWS | SESSIONS | parts.VISITS),
        case("a screen is a view", "screen", {"views": 1, "sessions": 1}, VIEWS | SESSIONS | parts.VISITS),
        case(
            "a search",
            "Products Searched",
            {"searches": 1, "sessions": 1},
            SEARCHES | SESSIONS | parts.VISITS,
        ),
        case("a cart", "Product Added", {"carts": 1, "sessions": 1}, CARTS | SESSIONS | parts.VISITS),
        case("other interest is a visit only", "Product Removed", {"sessions": 1}, SESSIONS | parts.VISITS),
        case("a coupon is no visit", "Coupon Applied", {"coupons": 1}, COUPONS),
    ],
)
def test_what_an_event_counts_as(event, counts, changed):
    engagement = no_engagement()
    assert engagement.browse(Browsed(DAY, "m", event), 1, SESSION) == changed
    assert counted(engagement) == counts
    assert engagement.last_visit == (DAY if changed & parts.VISITS else None)


@pytest.mark.parametrize(
    ("seen", "sessions"),
    [
        case("one look", [(0, "page")], 1),
        case("looks without a pause", [(0, "page"), (20, "page"), (40, "page")], 1),
        case("a pause of just the session's length", [(0, "page"), (30, "page")], 1),
        case("a longer pause", [(0, "page"), (30.1, "page")], 2),
        case("a coupon does not bridge a pause", [(0, "page"), (20, "Coupon Applied"), (40, "page")], 2),
        case("a coupon alone is no session", [(0, "Coupon Applied")], 0),
    ],
)
def test_the_sessions(seen, sessions):
    assert counted(after(*seen)).get("sessions", 0) == sessions


def test_every_count_of_an_event_type_has_a_column():
    assert {it.counted_as for it in EVENT_TYPES.values()} - {None} == COLUMNS.keys() - {"sessions"}


def test_columns_keep_their_place_in_stored_snapshots():
    assert list(COLUMNS)[:5] == ["views", "searches", "carts", "sessions", "coupons"]


@pytest.mark.parametrize("seen", [(), ((0, "page"),), ((0, "page"), (50, "Coupon Applied"), (90, "Product Added"))])
def test_what_is_packed_comes_back(seen):
    engagement = after(*seen)
    again = Engagement.unpacked(engagement.packed())
    assert (counted(again), again.last_visit) == (counted(engagement), engagement.last_visit)
    assert again.packed() == engagement.packed()
