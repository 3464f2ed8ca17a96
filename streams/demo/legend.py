"""The legend of a run's pictures: the stages of the policy in their order, each with its colour and its pattern."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from rich.color import Color
from rich.console import COLOR_SYSTEMS
from rich.text import Text

from state.customer.customer import EXCLUDED
from state.policy.compiled import CompiledPolicy
from state.policy.stage_checks import INCLUDED, REVERTED


class Look(NamedTuple):
    """How a stage looks: its colour, and its pattern where that does not tell it."""

    colour: str
    pattern: str


# One hue from cold to warm along the lifecycle, light enough on black and dark enough on white.
_SHIPPED = {
    "prospect": Look("#8a8f98", "·"),
    "new": Look("#3fb5d8", "░"),
    "repeat": Look("#3a7bd5", "▒"),
    "loyal": Look("#2fa36b", "█"),
    "at_risk": Look("#e0a526", "/"),
    "churned": Look("#c9483f", "x"),
}
_EXCLUDED = Look("#6b6f76", "-")
_BEGINNING = _SHIPPED["prospect"]
_COLOURS = tuple("#3fb5d8 #3a7bd5 #9a7fd1 #2fa36b #8fbf3f #e0a526 #d9762b #c9483f #c75c9a #5fb8a5".split())
# Two that follow each other look as different as they can.
_PATTERNS = ("░", "█", "/", "▒", "x", "+", "▓", "o", "=", "#", "*", "%", ":", *"~>^&abcdefghijklmnpqrstuvwyz")
_GAP = Text("   ")


class Legend:
    """The stages in the order of the picture: from the one in which everybody begins, ``first``, to the last.

    The order is that in which the policy tries its stages, backwards; that of the six that ship follows the lifecycle.
    ``is_own``: the policy names stages of its own. ``looks`` has every stage, ``steps`` the names of the steps between
    them, of which those into and out of a stage come together.
    """

    def __init__(self, policy: CompiledPolicy) -> None:
        stages = {it.key: it for it in reversed(policy.stages)}
        self.first = policy.stages[-1].key
        self.is_own = bool(policy.policy.lifecycle.stages)
        keys = [it for it in _SHIPPED if it in stages] if stages.keys() <= _SHIPPED.keys() else list(stages)
        self.looks = _looks(keys, self.first)
        if policy.policy.customers.excluded.strip():
            self.looks[EXCLUDED] = _EXCLUDED
        names = chain.from_iterable((stages[key].entered, stages[key].left) for key in keys)
        self.steps = tuple(dict.fromkeys((*names, REVERTED, EXCLUDED, INCLUDED)))

    def colour(self, stage: str) -> str:
        """Return the colour of a stage, nothing for one that the policy does not have."""
        return look.colour if (look := self.looks.get(stage)) is not None else ""

    def is_told_by_colour(self, color_system: str | None) -> bool:
        """Tell whether a console with such colours, as rich names them, shows each stage in a colour of its own."""
        if color_system is None:
            return False
        shown = {Color.parse(it.colour).downgrade(COLOR_SYSTEMS[color_system]) for it in self.looks.values()}
        return len({(it.number, it.triplet) for it in shown}) == len(self.looks)

    def lines(self, stages: Iterable[str], width: int, *, solid: bool) -> Iterator[Text]:
        """Return lines of at most ``width`` cells that tell how these stages look."""
        pieces = (Text(f"{self.sign(it, solid=solid)} {in_words(it)}", self.colour(it)) for it in stages)
        return broken(pieces, width)

    def sign(self, stage: str, *, solid: bool) -> str:
        """Return the cell that a stage has in a bar; if that is ``solid``, its colour alone tells it."""
        return "█" if solid else self.looks[stage].pattern


def broken(pieces: Iterable[Text], width: int) -> Iterator[Text]:
    """Yield lines of at most ``width`` cells with as many pieces as they hold; a piece is never broken itself."""
    line = Text()
    for piece in pieces:
        if line and len(line) + len(_GAP) + len(piece) > width:
            yield line
            line = Text()
        line = _GAP.join((line, piece)) if line else piece
    if line:
        yield line


def in_words(name: str) -> str:
    """Return a name of the policy as people write it."""
    return name.replace("_", " ")


def _looks(keys: list[str], first: str) -> dict[str, Look]:
    """Return the look of each stage: known names have their own, the others what is left."""
    fixed = {it: _SHIPPED[it] for it in keys if it in _SHIPPED}
    if _BEGINNING not in fixed.values():
        fixed[first] = _BEGINNING
    others = [it for it in keys if it not in fixed]
    colours = _spread([it for it in _COLOURS if it not in {look.colour for look in fixed.values()}], len(others))
    patterns = [it for it in _PATTERNS if it not in {look.pattern for look in fixed.values()}]
    left = {it: Look(colours[number], patterns[number % len(patterns)]) for number, it in enumerate(others)}
    return {it: fixed.get(it) or left[it] for it in keys}


def _spread(colours: list[str], number: int) -> list[str]:
    """Return so many colours that lie as far from each other as they can; more than there are repeat themselves."""
    few = min(number, len(colours))
    chosen = [colours[place * len(colours) // few] for place in range(few)]
    return [chosen[place % few] for place in range(number)]
