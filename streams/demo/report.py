"""The report of a run in the terminal: stages over time, transitions, steps, segments, and three stories."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.instant import to_text
from schemas.profile import Profile
from streams.demo.bars import single_bar
from streams.demo.legend import Legend, in_words
from streams.demo.periods import periods_between
from streams.demo.stage_table import StageTable
from streams.demo.stories import Story, StoryLine, choose_stories, expectation, known_since
from streams.demo.transition_history import TransitionHistory, count_stages
from streams.terminal_text import printable

_MAX_WIDTH = 100
_MIN_WIDTH_SIDE_BY_SIDE = 92
_NAME = 16
_SHORTEST_BAR = 8
_SEGMENT = "#9a7fd1"


@dataclass(frozen=True, slots=True)
class ReportData:
    """The transitions and the profiles of a run; ``first`` and ``last`` instant of its events in ms since 1970."""

    history: TransitionHistory
    profiles: Mapping[str, Profile]
    legend: Legend
    first: int
    last: int
    currency: str
    day_ms: int


def render_report(data: ReportData, console: Console) -> RenderableType:
    """Return the whole report, as wide as the console, and 100 cells at most."""
    width = min(console.width, _MAX_WIDTH)
    report = _Report(data, width, console.color_system)
    return Group(
        *report.section("Customers by stage", report.stages_over_time()),
        *report.transitions_and_groupings(),
        *report.section("Three of them" if len(report.stories) == 3 else "Some of them", report.all_stories()),
    )


class _Group(NamedTuple):
    """The customers in a segment or on a step at the end, and how many came and left."""

    name: str
    members: int
    came: int
    left: int


class _Report:
    def __init__(self, data: ReportData, width: int, color_system: str | None) -> None:
        self._data = data
        self._width = width
        self._colour = color_system is not None
        self._solid = data.legend.is_told_by_colour(color_system)
        self.stories = choose_stories(data.history, data.profiles, own_stages=data.legend.is_own)

    def section(self, title: str, content: RenderableType) -> list[RenderableType]:
        rule = Text.assemble((f"── {title} ", "bold"), ("─" * max(0, self._width - len(title) - 4), "dim"))
        return [Text(""), rule, Text(""), content]

    def stages_over_time(self) -> RenderableType:
        data = self._data
        periods = periods_between(data.first, data.last)
        since = {customer: known_since(profile, data.day_ms) for customer, profile in data.profiles.items()}
        # ``days_known`` is rounded: the instant computed from it can lie after the first step.
        for customer, steps in data.history.stages.items():
            since[customer] = min(since.get(customer, steps[0].at), steps[0].at)
        counts = count_stages(data.history.stages, since, (row.end for row in periods.rows), data.legend.first)
        table = StageTable([row.label for row in periods.rows], counts, data.legend, self._width)
        return table.render(solid=self._solid)

    def transitions_and_groupings(self) -> list[RenderableType]:
        wide = self._width >= _MIN_WIDTH_SIDE_BY_SIDE
        left = self._width * 42 // 100 if wide else self._width
        right = self._width - left - 2 if wide else self._width
        transitions, groupings = self._transitions(left), self._groupings(right)
        what = "steps and segments" if self._data.history.ladder_names else "segments"
        if not wide:
            return [*self.section("Transitions", transitions), *self.section(what.capitalize(), groupings)]
        both = Table.grid(padding=(0, 2, 0, 0))
        both.add_column(width=left)
        both.add_column(width=right)
        both.add_row(transitions, groupings)
        return self.section(f"Transitions, and the {what} that customers are in", both)

    def all_stories(self) -> RenderableType:
        lines: list[RenderableType] = []
        for story in self.stories:
            lines += [*self._story(story), Text("")]
        return Group(*lines[:-1])

    def _transitions(self, width: int) -> RenderableType:
        history, steps = self._data.history, self._data.legend.steps
        names, led_to = history.by_name(), history.stages_by_name()
        scale = max(names.values(), default=0)
        words = max(_NAME, min(max(map(len, names), default=0), width - 9 - _SHORTEST_BAR))
        room = width - words - 9
        table = _columns(words, 7, room)
        for name in [*(it for it in steps if names[it]), *sorted(names.keys() - set(steps))]:
            bar = single_bar(names[name], scale, room, self._style(led_to[name]), colour=self._colour)
            table.add_row(Text(in_words(name)), Text(f"{names[name]:,}"), bar)
        return table

    def _groupings(self, width: int) -> RenderableType:
        groups = [*self._steps(), *self._segments()]
        scale = max((it.members for it in groups), default=0)
        room = width - 47
        table = _columns(22, 7, room, 15)
        for it in groups:
            bar = single_bar(it.members, scale, room, _SEGMENT, colour=self._colour)
            moved = Text(f"+{it.came:,} -{it.left:,}", "dim")
            table.add_row(Text(printable(it.name)), Text(f"{it.members:,}"), bar, moved)
        return table

    def _steps(self) -> Iterator["_Group"]:
        history = self._data.history
        on, changes = history.on_steps(), history.by_step()
        ever = {(ladder, step) for ladder, step, _ in changes}
        for ladder, step in sorted(ever, key=lambda it: (it[0], -on[it], it)):
            name = f"{history.ladder_names[ladder]}: {in_words(step)}"
            yield _Group(name, on[ladder, step], changes[ladder, step, "in"], changes[ladder, step, "out"])

    def _segments(self) -> Iterator["_Group"]:
        history = self._data.history
        members, changes = history.members(), history.by_segment()
        for key in sorted(history.names, key=lambda key: (-members[key], key)):
            yield _Group(history.names[key], members[key], changes[key, "in"], changes[key, "out"])

    def _story(self, story: Story) -> list[RenderableType]:
        profile = story.profile
        orders, revenue = profile.figures.get("orders"), profile.figures.get("revenue")
        totals = f"{orders:,} order{'' if orders == 1 else 's'}, {revenue:,.2f} {self._data.currency}"
        title = Text.assemble(
            (f"Customer {printable(profile.user_id)}", "bold"),
            f", {story.title}: now ",
            (in_words(profile.stage), self._style(profile.stage)),
            (f", {totals}", "dim"),
        )
        steps = Table.grid(padding=(0, 2, 0, 0))
        steps.add_column(no_wrap=True, width=12)
        steps.add_column(no_wrap=True)
        steps.add_column()
        for line in story.beginning:
            steps.add_row(*self._line(line))
        if story.left_out:
            steps.add_row("", Text(f"… {story.left_out} more …", "dim"), "")
        for line in story.end:
            steps.add_row(*self._line(line))
        return [title, steps, Text.assemble(("  next        ", "dim"), (expectation(profile), "italic"))]

    def _line(self, line: StoryLine) -> tuple[Text, Text, Text]:
        when = Text.assemble(("● ", self._style(line.stage)), (to_text(line.at)[:10], "dim"))
        return when, Text(line.words), Text(printable(line.why), "dim")

    def _style(self, stage: str) -> str:
        return self._data.legend.colour(stage)


def _columns(*widths: int) -> Table:
    """Return a grid with columns of these widths, the first for names, which may take lines, the second for numbers."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for number, width in enumerate(widths):
        table.add_column(width=width, no_wrap=number > 0, justify="right" if number == 1 else "left")
    return table
