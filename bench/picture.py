"""Pictures of reports, as SVG files for a page."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator

from bench.report import Bar, Bars, Lines

OURS = "#2f6fde"
THEIRS = ("#8a94a3", "#c98a2b", "#5d9e6b", "#a0629e", "#b5574f", "#4f9aa3")


def draw(picture: Bars | Lines, folder: Path) -> Path:
    """Draw a picture into ``folder`` and return its file."""
    path = folder / f"{picture.name}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(
        {
            "font.family": "sans-serif",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "lifestage",  # the same figures make the same file
        }
    ):
        figure = _bars(picture) if isinstance(picture, Bars) else _lines(picture)
        figure.savefig(path, metadata={"Date": None})
    return path


def _bars(picture: Bars) -> Figure:
    most = max(len(bars) for bars in picture.panels.values())
    columns = min(2, len(picture.panels))
    lines = -(-len(picture.panels) // columns)
    figure = Figure(figsize=(9, 0.8 + lines * (0.7 + 0.27 * most)), layout="constrained")
    figure.suptitle(picture.title, fontsize=11, fontweight="bold")
    all_axes = figure.subplots(lines, columns, squeeze=False, sharex=True).flatten()
    for axes, (title, bars) in zip(all_axes, picture.panels.items(), strict=False):
        axes.set_title(title, loc="left", fontsize=9.5)
        _panel(axes, bars, most, picture.log)
        axes.set_xlabel(picture.unit)
    for axes in all_axes[len(picture.panels) :]:
        axes.set_axis_off()
    return figure


def _panel(axes: Axes, bars: Sequence[Bar], most: int, log: bool) -> None:
    for place, bar in enumerate(reversed(bars)):
        value = bar.value
        axes.barh(place, value.median, height=0.62, color=OURS if bar.ours else THEIRS[0])
        axes.plot([value.low, value.high], [place, place], color="#222222", linewidth=1.2)
        axes.annotate(
            f"{value.median:,.0f}" if value.median >= 100 else f"{value.median:,.3g}",
            (max(value.high, value.median), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(bars)), [bar.label for bar in reversed(bars)])
    axes.set_ylim(len(bars) - most - 0.5, len(bars) - 0.5)  # bars of one thickness in all panels
    if log:
        axes.set_xscale("log")
    axes.margins(x=0.16)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.tick_params(axis="y", length=0)


def _lines(picture: Lines) -> Figure:
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(picture.title, fontsize=11, fontweight="bold", loc="left")
    colours = iter(THEIRS * (1 + len(picture.lines) // len(THEIRS)))
    for line in picture.lines:
        colour = OURS if line.ours else next(colours)
        places = sorted(line.points)
        spreads = [line.points[place] for place in places]
        axes.plot(places, [it.median for it in spreads], "o-", color=colour, label=line.label, markersize=4)
        axes.fill_between(
            places, [it.low for it in spreads], [it.high for it in spreads], color=colour, alpha=0.15, linewidth=0
        )
    if picture.log_x:
        axes.set_xscale("log")
    if picture.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(picture.x)
    axes.set_ylabel(picture.y)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(EngFormatter(sep=""))
        if axis.get_scale() == "log":
            axis.set_minor_locator(LogLocator(subs=(2, 5)))
            axis.set_minor_formatter(EngFormatter(sep=""))
            axis.set_tick_params(which="minor", pad=5)  # shorter ticks, labels on one line
    axes.legend(frameon=False)
    return figure
