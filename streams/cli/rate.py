"""Rates as command line parameters."""

import click


class Rate(click.ParamType):
    """Events a second: 500 or 500/s."""

    name = "n/s"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the number, without its unit."""
        try:
            rate = float(value.removesuffix("/s") if isinstance(value, str) else value)
        except ValueError:
            rate = 0.0
        if not 0 < rate < float("inf"):
            self.fail(f"{value!r} is no rate: write it like 500/s", param, ctx)
        return rate


RATE = Rate()
