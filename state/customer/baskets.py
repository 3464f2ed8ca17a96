"""Baskets: the categories of the newest orders, as they are stored: each name once, and the places of the names."""

from itertools import chain

import msgspec

MAX_BASKETS = 10
_MANY_NAMES = 200
"""Beyond so many, names that may be in no basket any more are looked for at once, and not only when all is stored."""


class Baskets(msgspec.Struct, eq=False, gc=False):
    """One basket per order, the newest last; ``places`` has for each basket the places of its categories in ``names``.

    ``is_loose`` says that some names may be in no basket any more, or not in order of their first appearance.
    """

    names: list[str]
    places: list[list[int]]
    is_loose: bool = False

    def __len__(self) -> int:
        """Return the number of baskets."""
        return len(self.places)

    def __eq__(self, other: object) -> bool:
        """Tell whether others are the same baskets, loose or not."""
        return isinstance(other, Baskets) and self.named() == other.named()

    __hash__ = None  # type: ignore[assignment]

    def named(self) -> list[tuple[str, ...]]:
        """Return the categories of each basket."""
        names = self.names
        return [tuple([names[place] for place in basket]) for basket in self.places]

    def add(self, categories: tuple[str, ...]) -> None:
        """Add the basket of a new order; beyond ``MAX_BASKETS``, the oldest one goes."""
        self.places.append(self._placed(categories))
        if len(self.places) > MAX_BASKETS:
            self.remove(0)

    def replace(self, basket: int, categories: tuple[str, ...]) -> None:
        """Give a basket other categories."""
        self.places[basket] = self._placed(categories)
        self._loosen()

    def remove(self, basket: int) -> None:
        """Remove a basket."""
        del self.places[basket]
        self._loosen()

    def categories(self) -> tuple[str, ...]:
        """Return the categories of all baskets, each once, newest basket first."""
        names = self.names
        return tuple([names[place] for place in dict.fromkeys(chain.from_iterable(reversed(self.places)))])

    def tidy(self) -> None:
        """Bring the names in order, so that equal baskets have equal bytes."""
        if self.is_loose:
            used = dict.fromkeys(chain.from_iterable(self.places))
            place_of = {before: place for place, before in enumerate(used)}
            self.names = [self.names[before] for before in used]
            self.places = [[place_of[before] for before in basket] for basket in self.places]
            self.is_loose = False

    def _loosen(self) -> None:
        self.is_loose = True
        if len(self.names) > _MANY_NAMES:
            self.tidy()

    def _placed(self, categories: tuple[str, ...]) -> list[int]:
        names = self.names
        place_of = {name: place for place, name in enumerate(names)}
        for name in categories:
            if name not in place_of:
                place_of[name] = len(names)
                names.append(name)
        return [place_of[name] for name in categories]


def no_baskets() -> Baskets:
    """Return the baskets of a customer who has bought nothing."""
    return Baskets([], [])
