"""Bars of block characters for a terminal: coloured to an eighth of a cell, or of patterns."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from rich.style import Style
from rich.text import Text

from streams.demo.legend import Look

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def stacked_bar(counts: Mapping[str, int], looks: Mapping[str, Look], scale: float, width: int, *, solid: bool) -> Text:
    """Return one bar of all stages in the order of ``looks``; ``scale`` is the count that fills ``width`` cells.

    A ``solid`` bar tells them by their colours alone, another one by their patterns.
    """
    ends = list(accumulate(counts.get(stage, 0) * width / scale if scale else 0.0 for stage in looks))
    return _solid(ends, [it.colour for it in looks.values()]) if solid else _patterned(counts, looks, ends)


def single_bar(count: int, scale: float, width: int, style: str, *, colour: bool) -> Text:
    """Return a bar of one kind; a count above 0 is always visible."""
    eighths = max(round(count * width * 8 / scale), 1) if count and scale else 0
    if not colour:
        return Text("█" * max(eighths // 8, min(eighths, 1)))
    return Text("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), style)


def _solid(ends: Sequence[float], colours: Sequence[str]) -> Text:
    bounds = [round(end * 8) for end in ends]  # in eighths of a cell
    text = Text()
    for cell in range(-(-bounds[-1] // 8)):
        # A cell can show two colours: where three meet in it, the first and the last.
        begin, end = cell * 8, min(cell * 8 + 8, bounds[-1])
        left, right = _stage_at(bounds, begin), _stage_at(bounds, end - 1)
        boundary = bounds[left] - begin if left != right else end - begin
        background = None if left == right else colours[right]
        text.append(_EIGHTHS[min(boundary, 8)], Style(color=colours[left], bgcolor=background))
        if left != right and end - begin < 8:
            text.right_crop(1)
            text.append(_EIGHTHS[end - begin], Style(color=colours[left if boundary * 2 >= end - begin else right]))
    return text


def _stage_at(bounds: Sequence[int], eighth: int) -> int:
    return next(index for index, end in enumerate(bounds) if eighth < end)


def _patterned(counts: Mapping[str, int], looks: Mapping[str, Look], ends: Sequence[float]) -> Text:
    cells: dict[str, int] = {}
    for stage, end in zip(looks, ends, strict=True):
        cells[stage] = max(round(end) - sum(cells.values()), 1 if counts.get(stage, 0) else 0)
    # A stage too small for a cell still gets one; the longest stages give it up, and the smallest if all have but one.
    for _ in range(sum(cells.values()) - round(ends[-1])):
        cells[max(cells, key=lambda stage: (cells[stage], -counts.get(stage, 0)))] -= 1
    return Text.assemble(*((looks[stage].pattern * count, looks[stage].colour) for stage, count in cells.items()))
