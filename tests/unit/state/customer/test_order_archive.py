"""The archive knows the day of its oldest order without decoding the block that has it."""

import pytest

from schemas.events import OrderCompleted
from state.calendar import Calendar
from state.customer.order_archive import unpack_archive
from state.customer.order_rows import no_rows

DAY = 86_400_000


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"])
@pytest.mark.parametrize("hours", [0, 1, 8, 23.5])
def test_the_day_of_the_oldest_order(zone: str, hours: float) -> None:
    day_of = Calendar(zone).day_of
    archive, rows = unpack_archive(None), no_rows()
    for number in range(40):
        order = OrderCompleted(19_000 * DAY + int(hours * DAY / 24) + number * 7 * DAY, "m", f"o{number}", 100, 1, ())
        rows.add(number + 1, order, day_of(order.at))
    days = list(rows.days)
    archive.add(rows, 0, DAY)
    assert archive.oldest_day() == days[0]
    archive.forget_before(days[5], DAY)
    assert archive.oldest_day() == days[5]
