"""Support as a decision table: which tickets are open, which rating counts, and what a window sees."""

import pytest

from schemas.events import TicketOpened, TicketRated, TicketSolved
from state.customer.support import (
    MAX_OPEN_TICKETS,
    OPENED,
    RATING_SUM,
    RATINGS,
    SOLVED,
    Support,
    no_support,
)
from tests.unit.state.customers import DAY, ms

Event = TicketOpened | TicketSolved | TicketRated


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


def opened(day: float, ticket: str) -> TicketOpened:
    return TicketOpened(ms(day), "m", ticket, "Support Ticket Created")


def reopened(day: float, ticket: str) -> TicketOpened:
    return TicketOpened(ms(day), "m", ticket, "Support Ticket Reopened")


def solved(day: float, ticket: str) -> TicketSolved:
    return TicketSolved(ms(day), "m", ticket, "Support Ticket Solved")


def rated(day: float, rating: int, ticket: str = "a") -> TicketRated:
    return TicketRated(ms(day), "m", ticket, rating)


def after(*events: Event) -> Support:
    support = no_support()
    for event in events:
        day = event.at // DAY
        if isinstance(event, TicketOpened):
            support.open_ticket(event, day)
        elif isinstance(event, TicketSolved):
            support.solve_ticket(event, day)
        else:
            support.rate(event, day)
    return support


@pytest.mark.parametrize(
    ("events", "open_since", "counted_opened", "counted_solved"),
    [
        case("nobody ever asked", [], {}, 0, 0),
        case("a ticket is open from its instant on", [opened(1.5, "a")], {"a": 1.5}, 1, 0),
        case("two tickets", [opened(1, "a"), opened(2, "b")], {"a": 1, "b": 2}, 2, 0),
        case("an open ticket keeps its first instant", [opened(1, "a"), opened(5, "a")], {"a": 1}, 1, 0),
        case("so it does if it is reopened while open", [opened(1, "a"), reopened(5, "a")], {"a": 1}, 1, 0),
        case("a solved ticket is closed", [opened(1, "a"), solved(2, "a")], {}, 1, 1),
        case("only the one that is solved", [opened(1, "a"), opened(1, "b"), solved(2, "a")], {"b": 1}, 2, 1),
        case("solved twice counts once", [opened(1, "a"), solved(2, "a"), solved(3, "a")], {}, 1, 1),
        case("an unknown ticket cannot be solved", [solved(2, "a")], {}, 0, 0),
        case("reopened it is open anew", [opened(1, "a"), solved(2, "a"), reopened(3, "a")], {"a": 3}, 2, 1),
        case("a rating closes nothing", [opened(1, "a"), rated(2, 5)], {"a": 1}, 1, 0),
    ],
)
def test_the_tickets(events, open_since, counted_opened, counted_solved):
    support = after(*events)
    assert support.open == {ticket: ms(day) for ticket, day in open_since.items()}
    assert support.oldest_open() == (ms(min(open_since.values())) if open_since else None)
    assert (support.daily.total(OPENED, 0), support.daily.total(SOLVED, 0)) == (counted_opened, counted_solved)


@pytest.mark.parametrize(
    ("events", "last", "rated_at", "ratings", "points"),
    [
        case("no rating", [opened(1, "a")], None, 0, 0, 0),
        case("one rating", [rated(2, 4)], 4, 2, 1, 4),
        case("the last one counts, even if it is better", [rated(2, 1), rated(3, 5)], 5, 3, 2, 6),
        case("a ticket may be rated twice", [rated(2, 3), rated(2, 1)], 1, 2, 2, 4),
        case("a ticket that nobody opened may be rated", [rated(2, 2, "x")], 2, 2, 1, 2),
    ],
)
def test_the_ratings(events, last, rated_at, ratings, points):
    support = after(*events)
    assert support.last_rating == last
    assert support.rated_at == ms(rated_at)
    assert (support.daily.total(RATINGS, 0), support.daily.total(RATING_SUM, 0)) == (ratings, points)


@pytest.mark.parametrize(
    ("since", "tickets_opened", "ratings"),
    [
        case("all", 0, 2, 1),
        case("the day itself is inside", 3, 1, 1),
        case("the day after is not", 4, 0, 1),
        case("after all", 6, 0, 0),
    ],
)
def test_a_window_sees_what_was_counted_from_its_first_day_on(since, tickets_opened, ratings):
    daily = after(opened(1, "a"), opened(3, "b"), rated(5, 1)).daily
    assert (daily.total(OPENED, since), daily.total(RATINGS, since)) == (tickets_opened, ratings)


def test_of_too_many_open_tickets_the_oldest_are_known_and_all_are_counted():
    support = after(*(opened(1 + number / 100, f"t{number}") for number in range(MAX_OPEN_TICKETS + 6)))
    assert list(support.open) == [f"t{number}" for number in range(MAX_OPEN_TICKETS)]
    assert support.daily.total(OPENED, 0) == MAX_OPEN_TICKETS + 6


@pytest.mark.parametrize(
    "events",
    [
        case("nothing", ()),
        case("an open ticket", (opened(1, "a"),)),
        case("a rating alone", (rated(2, 5),)),
        case("a history", (opened(1, "a"), opened(2, "b"), solved(300, "a"), rated(301, 1))),
    ],
)
def test_what_is_packed_comes_back(events):
    support = after(*events)
    assert Support.unpacked(support.packed()) == support
