"""Bars of block characters for a terminal: coloured to an eighth of a cell, or patterned where there is no colour."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from rich.style import Style
from rich.text import Text

# One hue from cold to warm along the lifecycle, light enough on black and dark enough on white.
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


def stacked_bar(counts: Mapping[str, int], scale: float, width: int, *, colour: bool) -> Text:
    """Return one bar of all stages in their order; ``scale`` is the count that fills ``width`` cells."""
    ends = list(accumulate(counts.get(stage, 0) * width / scale if scale else 0.0 for stage in COLOURS))
    return _coloured(ends) if colour else _patterned(counts, ends)


def single_bar(count: int, scale: float, width: int, style: str, *, colour: bool) -> Text:
    """Return a bar of one kind; a count above 0 is always visible."""
    eighths = max(round(count * width * 8 / scale), 1) if count and scale else 0
    if not colour:
        return Text("█" * max(eighths // 8, min(eighths, 1)))
    return Text("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), style)


def _coloured(ends: Sequence[float]) -> Text:
    bounds = [round(end * 8) for end in ends]  # in eighths of a cell
    text = Text()
    for cell in range(-(-bounds[-1] // 8)):
        # A cell can show two colours: where three meet in it, the first and the last.
        begin, end = cell * 8, min(cell * 8 + 8, bounds[-1])
        left, right = _stage_at(bounds, begin), _stage_at(bounds, end - 1)
        boundary = bounds[left] - begin if left != right else end - begin
        background = None if left == right else _colour(right)
        text.append(_EIGHTHS[min(boundary, 8)], Style(color=_colour(left), bgcolor=background))
        if left != right and end - begin < 8:
            text.right_crop(1)
            text.append(_EIGHTHS[end - begin], Style(color=_colour(left if boundary * 2 >= end - begin else right)))
    return text


def _stage_at(bounds: Sequence[int], eighth: int) -> int:
    return next(index for index, end in enumerate(bounds) if eighth < end)


def _colour(index: int) -> str:
    return list(COLOURS.values())[index]


def _patterned(counts: Mapping[str, int], ends: Sequence[float]) -> Text:
    cells: dict[str, int] = {}
    for stage, end in zip(COLOURS, ends, strict=True):
        cells[stage] = max(round(end) - sum(cells.values()), 1 if counts.get(stage, 0) else 0)
    # A stage too small for a cell still gets one; the longest stage gives it up.
    longest = max(cells, key=lambda stage: cells[stage])
    cells[longest] -= max(0, sum(cells.values()) - round(ends[-1]))
    return Text("".join(PATTERNS[stage] * count for stage, count in cells.items()))
