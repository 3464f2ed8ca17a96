"""Purchase occasions: orders that are close together count as one, for the rhythm and the frequency of a customer.

An occasion begins at the first order, and at each order that lies at least the length of an occasion after the
beginning of the current one. Split carts and several orders of one day are so one decision to buy.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Occasions(NamedTuple):
    """How many occasions there were until some order, and the instant at which the last of them began.

    ``squares`` is the sum of the squares of the gaps between them, in ms.
    """

    number: int = 0
    last: int = 0
    squares: int = 0

    def after(self, ats: Iterable[int], length_ms: int) -> "Occasions":
        """Return the occasions after further orders, whose instants ascend."""
        number, last, squares = self
        for at in ats:
            gap = at - last
            if not number or gap >= length_ms:
                squares += gap * gap if number else 0
                number += 1
                last = at
        return Occasions(number, last, squares)
