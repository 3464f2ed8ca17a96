"""Instants as command line parameters."""

import click

from schemas.instant import from_text


class Instant(click.ParamType):
    """RFC 3339 text or a date, converted to ms since 1970."""

    name = "instant"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the text; an int is already an instant."""
        if isinstance(value, int):
            return value
        try:
            return from_text(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


INSTANT = Instant()
