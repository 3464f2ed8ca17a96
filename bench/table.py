"""Tables as Markdown, aligned in columns."""

from collections.abc import Sequence

from bench.report import Spread, Table


def text(table: Table) -> str:
    """Return the table and its title."""
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(table.header, *rows, strict=True)]
    right = [all(isinstance(row[place], int | float | Spread) for row in table.rows) for place in range(len(widths))]
    rule = ["-" * (width - 1) + (":" if at_right else "-") for width, at_right in zip(widths, right, strict=True)]
    return "\n".join([table.title, "", *(_line(cells, widths, right) for cells in (table.header, rule, *rows))])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = zip(cells, widths, right, strict=True)
    return f"| {' | '.join(cell.rjust(width) if at_right else cell.ljust(width) for cell, width, at_right in placed)} |"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
