"""The picture of a year in the terminal: stages over time, transitions, segments, and three stories."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.instant import to_text
from schemas.profile import Profile
from streams.demo.bars import COLOURS, PATTERNS, single, stacked
from streams.demo.periods import periods
from streams.demo.standing import Standing, stages_at
from streams.demo.stories import Line, Story, expectation, known_since, stories
from streams.terminal_text import printable

_WIDEST = 100
_SIDE_BY_SIDE = 92
_SEGMENT = "#9a7fd1"
_TRANSITIONS = {
    "acquired": "new",
    "repeated": "repeat",
    "became_loyal": "loyal",
    "loyalty_lapsed": "repeat",
    "at_risk": "at_risk",
    "recovered": "loyal",
    "churned": "churned",
    "won_back": "loyal",
    "reverted": "prospect",
}


@dataclass(frozen=True, slots=True)
class Year:
    """What is drawn: the standing transitions and the profiles, between two instants (ms since 1970)."""

    standing: Standing
    profiles: Mapping[str, Profile]
    first: int
    last: int
    currency: str
    day_ms: int


def picture(year: Year, console: Console) -> RenderableType:
    """Everything there is to see, as wide as the console, and 100 cells at the most."""
    width = min(console.width, _WIDEST)
    colour = console.color_system is not None
    drawing = _Drawing(year, width, colour)
    return Group(
        *drawing.section("Customers by stage", drawing.over_time()),
        *drawing.changes(),
        *drawing.section("Three of them" if len(drawing.stories) == 3 else "Some of them", drawing.told()),
    )


class _Drawing:
    def __init__(self, year: Year, width: int, colour: bool) -> None:
        self._year = year
        self._width = width
        self._colour = colour
        self.stories = stories(year.standing, year.profiles)

    def section(self, title: str, content: RenderableType) -> list[RenderableType]:
        rule = Text.assemble((f"── {title} ", "bold"), ("─" * max(0, self._width - len(title) - 4), "dim"))
        return [Text(""), rule, Text(""), content]

    def over_time(self) -> RenderableType:
        year = self._year
        found = periods(year.first, year.last)
        seen = {customer: known_since(profile, year.day_ms) for customer, profile in year.profiles.items()}
        # A customer is not known before their first step, whatever a figure that was rounded says.
        for customer, steps in year.standing.stages.items():
            seen[customer] = min(seen.get(customer, steps[0].at), steps[0].at)
        counts = stages_at(year.standing.stages, seen, (row.end for row in found.rows))
        most = max((of_one.total() for of_one in counts), default=0)
        shown = [stage for stage in COLOURS if any(of_one[stage] for of_one in counts)]
        label = max(len(row.label) for row in found.rows)
        table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1), header_style="")
        table.add_column(Text("end of", "dim"), width=label, no_wrap=True)
        number = max(len(_words(stage)) for stage in shown) + 1
        bar = self._width - label - 1 - number * (len(shown) + 1)
        table.add_column(width=bar, no_wrap=True)
        for stage in shown:
            table.add_column(Text(_words(stage), self._style(stage)), justify="right", width=number - 1, no_wrap=True)
        table.add_column(Text("all", "dim"), justify="right", width=number - 1, no_wrap=True)
        for row, of_one in zip(found.rows, counts, strict=True):
            numbers = [Text(f"{of_one[stage]:,}" if of_one[stage] else "-", self._style(stage)) for stage in shown]
            total = Text(f"{of_one.total():,}", "dim")
            table.add_row(Text(row.label), stacked(of_one, most, bar, colour=self._colour), *numbers, total)
        if self._colour:  # the numbers' headings have the bars' colours
            return table
        return Group(Text("   ".join(f"{PATTERNS[stage]} {_words(stage)}" for stage in shown)), Text(""), table)

    def changes(self) -> list[RenderableType]:
        wide = self._width >= _SIDE_BY_SIDE
        left = self._width * 42 // 100 if wide else self._width
        right = self._width - left - 2 if wide else self._width
        transitions, segments = self._transitions(left), self._segments(right)
        if not wide:
            return [*self.section("Transitions", transitions), *self.section("Segments", segments)]
        both = Table.grid(padding=(0, 2, 0, 0))
        both.add_column(width=left)
        both.add_column(width=right)
        both.add_row(transitions, segments)
        return self.section("Transitions, and the segments that customers are in", both)

    def told(self) -> RenderableType:
        lines: list[RenderableType] = []
        for story in self.stories:
            lines += [*self._story(story), Text("")]
        return Group(*lines[:-1])

    def _transitions(self, width: int) -> RenderableType:
        names = self._year.standing.by_name()
        others = sorted(set(names) - set(_TRANSITIONS))
        most = max(names.values(), default=0)
        table = _columns(16, 7, width - 25)
        for name in [*(name for name in _TRANSITIONS if names[name]), *others]:
            style = self._style(_TRANSITIONS.get(name, "prospect"))
            bar = single(names[name], most, width - 25, style, colour=self._colour)
            table.add_row(Text(_words(name)), Text(f"{names[name]:,}"), bar)
        return table

    def _segments(self, width: int) -> RenderableType:
        standing = self._year.standing
        members, changes = standing.members(), standing.by_segment()
        most = max(members.values(), default=0)
        room = width - 47
        table = _columns(22, 7, room, 15)
        for key in sorted(standing.names, key=lambda key: (-members[key], key)):
            bar = single(members[key], most, room, _SEGMENT, colour=self._colour)
            moved = Text(f"+{changes[key, 'in']:,} -{changes[key, 'out']:,}", "dim")
            table.add_row(Text(printable(standing.names[key])), Text(f"{members[key]:,}"), bar, moved)
        return table

    def _story(self, story: Story) -> list[RenderableType]:
        profile = story.profile
        orders, revenue = profile.figures.get("orders"), profile.figures.get("revenue")
        standing = f"{orders:,} orders, {revenue:,.2f} {self._year.currency}"
        title = Text.assemble(
            (f"Customer {printable(profile.user_id)}", "bold"),
            f", {story.title}: now ",
            (profile.stage.replace("_", " "), self._style(profile.stage)),
            (f", {standing}", "dim"),
        )
        way = Table.grid(padding=(0, 2, 0, 0))
        way.add_column(no_wrap=True, width=12)
        way.add_column(no_wrap=True)
        way.add_column()
        for line in story.beginning:
            way.add_row(*self._line(line))
        if story.left_out:
            way.add_row("", Text(f"… {story.left_out} more …", "dim"), "")
        for line in story.end:
            way.add_row(*self._line(line))
        return [title, way, Text.assemble(("  next        ", "dim"), (expectation(profile), "italic"))]

    def _line(self, line: Line) -> tuple[Text, Text, Text]:
        when = Text.assemble(("● ", self._style(line.stage)), (to_text(line.at)[:10], "dim"))
        return when, Text(line.words), Text(printable(line.why), "dim")

    def _style(self, stage: str) -> str:
        return COLOURS.get(stage, "")


def _columns(*widths: int) -> Table:
    """A grid of columns of these widths, the second one for numbers."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for number, width in enumerate(widths):
        table.add_column(width=width, no_wrap=True, justify="right" if number == 1 else "left")
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")
