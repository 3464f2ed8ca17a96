"""Bars of blocks for a terminal: an eighth of a cell exact in colour, and of different patterns without."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from rich.style import Style
from rich.text import Text

# One hue from cold to warm for the way of a customer, light enough on black and dark enough on white.
COLOURS = {
    "prospect": "#8a8f98",
    "new": "#3fb5d8",
    "repeat": "#3a7bd5",
    "loyal": "#2fa36b",
    "at_risk": "#e0a526",
    "churned": "#c9483f",
}
PATTERNS = {"prospect": "·", "new": "░", "repeat": "▒", "loyal": "█", "at_risk": "/", "churned": "x"}
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def stacked(counts: Mapping[str, int], scale: float, width: int, *, colour: bool) -> Text:
    """A bar of all stages in their order; ``scale`` is the number that fills the ``width`` (cells)."""
    ends = list(accumulate(counts.get(stage, 0) * width / scale if scale else 0.0 for stage in COLOURS))
    return _coloured(ends) if colour else _patterned(counts, ends)


def single(count: int, scale: float, width: int, style: str, *, colour: bool) -> Text:
    """A bar of one kind; what is there at all is seen."""
    eighths = max(round(count * width * 8 / scale), 1) if count and scale else 0
    if not colour:
        return Text("█" * max(eighths // 8, min(eighths, 1)))
    return Text("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), style)


def _coloured(ends: Sequence[float]) -> Text:
    marks = [round(end * 8) for end in ends]
    text = Text()
    for cell in range(-(-marks[-1] // 8)):
        # A cell holds two colours at most: of three, the one that begins it and the one that ends it.
        begin, end = cell * 8, min(cell * 8 + 8, marks[-1])
        left, right = _owner(marks, begin), _owner(marks, end - 1)
        boundary = marks[left] - begin if left != right else end - begin
        behind = None if left == right else _colour(right)
        text.append(_EIGHTHS[min(boundary, 8)], Style(color=_colour(left), bgcolor=behind))
        if left != right and end - begin < 8:
            text.right_crop(1)
            text.append(_EIGHTHS[end - begin], Style(color=_colour(left if boundary * 2 >= end - begin else right)))
    return text


def _owner(marks: Sequence[int], eighth: int) -> int:
    return next(place for place, end in enumerate(marks) if eighth < end)


def _colour(place: int) -> str:
    return list(COLOURS.values())[place]


def _patterned(counts: Mapping[str, int], ends: Sequence[float]) -> Text:
    cells: dict[str, int] = {}
    for stage, end in zip(COLOURS, ends, strict=True):
        cells[stage] = max(round(end) - sum(cells.values()), 1 if counts.get(stage, 0) else 0)
    # What made room for a stage that is hardly there is taken from the one that can spare it.
    longest = max(cells, key=lambda stage: cells[stage])
    cells[longest] -= max(0, sum(cells.values()) - round(ends[-1]))
    return Text("".join(PATTERNS[stage] * count for stage, count in cells.items()))
