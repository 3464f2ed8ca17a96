"""Baskets: the categories of the newest orders, as they are stored: each name once, and the places of the names."""

from itertools import chain

import msgspec

MAX_BASKETS = 10


class Baskets(msgspec.Struct, gc=False):
    """One basket per order, the newest last; ``places`` has for each basket the places of its categories in ``names``.

    ``names`` are in order of their first appearance, so that equal baskets have equal bytes.
    """

    names: list[str]
    places: list[list[int]]

    def __len__(self) -> int:
        """Return the number of baskets."""
        return len(self.places)

    def add(self, categories: tuple[str, ...]) -> None:
        """Add the basket of a new order; beyond ``MAX_BASKETS``, the oldest one goes."""
        names = self.names
        names += [name for name in dict.fromkeys(categories) if name not in names]
        self.places.append([names.index(name) for name in categories])
        if len(self.places) > MAX_BASKETS:
            self.remove(0)

    def replace(self, basket: int, categories: tuple[str, ...]) -> None:
        """Give a basket other categories."""
        baskets = self._named()
        baskets[basket] = categories
        self._set(baskets)

    def remove(self, basket: int) -> None:
        """Remove a basket."""
        baskets = self._named()
        del baskets[basket]
        self._set(baskets)

    def categories(self) -> tuple[str, ...]:
        """Return the categories of all baskets, each once, newest basket first."""
        names = self.names
        return tuple([names[place] for place in dict.fromkeys(chain.from_iterable(reversed(self.places)))])

    def _named(self) -> list[tuple[str, ...]]:
        names = self.names
        return [tuple([names[place] for place in basket]) for basket in self.places]

    def _set(self, baskets: list[tuple[str, ...]]) -> None:
        self.names, self.places = [], []
        for categories in baskets:
            self.add(categories)


def no_baskets() -> Baskets:
    """Return the baskets of a customer who has bought nothing."""
    return Baskets([], [])
